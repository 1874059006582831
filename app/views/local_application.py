"""Applications for local benefits on screen: one set of pages for all; what is asked comes from the county's definition."""

import time
from collections.abc import Sequence
from typing import Any

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands.base import CommandError
from app.commands.casework.judge import decide
from app.commands.local_benefits import definitions_in_force, names_in_force
from app.core import clock
from app.extensions import db
from app.models.application import Application
from app.models.local_application import LocalApplication
from app.rules.local_definition import Definition
from app.security import web

from .base import Field, Section, ViewInterface, column_at
from .base_layout import APPLICATIONS
from .base_values import Cell
from .casework import ApplicationView, add_benefit, fieldsets

ORDER = 27
FRESH = 60.0
"""Seconds for which the menu keeps the names of local benefits."""
_kept: dict[tuple[str, str], tuple[float, dict[str, str]]] = {}


def definitions() -> dict[str, Definition]:
    """The signed-in person's county's local benefits in force, by code."""
    who = web.actor()
    return definitions_in_force(db.session(), who.scope.county_code) if who and who.scope.county_code else {}


class LocalApplicationView(ApplicationView):
    """Applications for any local benefit."""

    datamodel = ViewInterface(LocalApplication)
    record_name = _l("Local benefit application")
    list_columns = ["case_no", "benefit", "applicant.name", "applicant.person_id", "town_code", "purpose", "received_on", "state"]
    order_columns = ["case_no", "received_on", "state"]
    search_columns = ["benefit", *ApplicationView.search_columns]
    show_fieldsets = fieldsets(("account",), ())
    list_hint = "縣（市）自訂的津貼都在這裡；要件與金額由縣府於「地方津貼」設定，表單只詢問該津貼需要的資料。"

    def record_subtitle(self, item: Application) -> str:
        more = super().record_subtitle(item)
        return f"{item.form_asked.get('name', '')}{'　' + more if more else ''}"

    def search_options(self, name: str) -> Sequence[tuple[str, str]] | None:
        if name == "benefit":
            return [(code, d.name) for code, d in definitions().items()]
        return super().search_options(name)

    # -- opening a case ---------------------------------------------------------------------------------------------------
    @expose("/open", methods=["GET", "POST"])
    @has_access
    @permission_name("intake")
    def open(self) -> ResponseReturnValue:
        """The counter's first page, after the benefit was chosen."""
        known = definitions()
        if self.benefit_to_open() in known:
            found: ResponseReturnValue = super().open()
            return found
        links = [(d.name, d.on(clock.today()).who, url_for(f"{self.endpoint}.open", benefit=code)) for code, d in known.items() if _runs(d)]
        return self.render_template("casework/choose_local.html", title="受理新申請案", links=links, back=url_for(f"{self.endpoint}.list"))

    def benefit_to_open(self) -> str:
        return request.args.get("benefit", "")[:40]

    def open_title(self) -> str:
        return f"受理新申請案：{definitions()[self.benefit_to_open()].name}"

    # -- the page ---------------------------------------------------------------------------------------------------------
    def sections(self, item: Any, revealed: frozenset[str] = frozenset()) -> Sequence[Section]:
        def field(name: str) -> Field:
            if column_at(type(item), name) is None:
                if "." not in name:
                    return Field(name, str(item.label_of(name)), Cell.of(getattr(item, name), None))
            elif "." not in name and name not in self.label_columns:
                return Field(name, str(item.label_of(name)), Cell.of(getattr(item, name), column_at(type(item), name)))
            return self._field(item, name, revealed)

        groups = fieldsets(item.SECTIONS, item.FACTS)
        return [Section(str(title), [field(n) for n in spec["fields"]]) for title, spec in groups if spec["fields"]]

    def judged(self, item: Application) -> Any:
        """What the definition says now; None on a day without one in force."""
        if not any(m.relation == "applicant" for m in item.members):
            return None
        try:
            return decide(db.session(), item, clock.today())
        except CommandError:
            return None


def _runs(definition: Definition) -> bool:
    today = clock.today()
    return any(v.effective_from <= today and (v.effective_to is None or today <= v.effective_to) for v in definition.versions)


def menu_more(group: str) -> list[tuple[str, str, bool]]:
    """(label, address, is it this page) of the county's own benefits, for the menu."""
    if group != APPLICATIONS["category"]:
        return []
    chosen = request.args.get("_flt_0_benefit", "") if request.blueprint == "LocalApplicationView" else ""
    base = url_for("LocalApplicationView.list")
    return [(name, f"{base}?_flt_0_benefit={code}", code == chosen) for code, name in _names().items()]


def _names() -> dict[str, str]:
    """The names of the county's benefits, kept in memory for a minute: the menu is on every page."""
    who = web.actor()
    county = who.scope.county_code if who else None
    if not county:
        return {}
    key = (str(db.engine.url), county)
    kept = _kept.get(key)
    if kept is None or time.monotonic() - kept[0] > FRESH:
        kept = _kept[key] = (time.monotonic(), names_in_force(db.session(), county))
    return kept[1]


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, LocalApplicationView, ORDER, "fa-map-marker")
    current_app.jinja_env.globals["menu_more"] = menu_more
