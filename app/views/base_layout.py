"""What the frame of every page needs from Python: moments in Taipei time, the time of printing, names of places and benefits."""

import time
from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands.benefit_rows import BenefitNames
from app.core import clock, money, roc
from app.extensions import db
from app.models.office import County, Township
from app.rules import versions

from .base_values import labels_for, show, show_moment

ORDER = 0
APPLICATIONS = {"category": "Applications and reviews", "category_label": _l("Applications and reviews")}
"""The group of the menu in which every benefit is one line."""
CARDS = {"category": "Cards, permits and devices", "category_label": _l("Cards, permits and devices")}
"""The group of what is issued and lent: registers of their own beside the applications."""
FRESH = 300.0
"""Seconds for which the names of places are kept in memory."""

_places: dict[str, tuple[float, dict[str, str]]] = {}


def place_names(model: type[County] | type[Township]) -> Mapping[str, str]:
    """code → name of all counties or townships."""
    kept = _places.get(model.__tablename__)
    if kept is None or not kept[1] or time.monotonic() - kept[0] > FRESH:
        kept = (time.monotonic(), {row.code: row.name for row in db.session.execute(select(model.code, model.name).order_by(model.code))})
        _places[model.__tablename__] = kept
    return kept[1]


def register(appbuilder: Any) -> None:
    """Give the templates their filters, and coded columns their names."""
    labels_for("county_code", lambda: place_names(County))
    labels_for("town_code", lambda: place_names(Township))
    labels_for("benefit", lambda: BenefitNames(db.session()))
    env = current_app.jinja_env
    env.filters.update(moment=show_moment, roc_date=roc.show_date, roc_month=roc.show_month, month5=roc.month5, money=money.show, shown=show, law_version=versions.shown)
    env.globals["print_time"] = lambda: show_moment(clock.now())
