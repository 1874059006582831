"""Exclusion settings of all counties on one page: how many each set, and pair by pair where a county is stricter or looser than the law."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands import exclusion_compare
from app.extensions import db
from app.rules.benefits import benefits
from app.security import web
from app.security.roles import ADMINISTRATOR, ALL

from .base import PageView

ORDER = 71
READERS = tuple(r for r in ALL if r != ADMINISTRATOR)


class ExclusionComparisonView(PageView):
    """The ministry sees all counties beside each other, a county its own settings beside the nation's."""

    route_base = "/exclusion-comparison"
    title = _l("Exclusions by county")
    default_roles = {"can_index": READERS}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        day, typed, problem = self.asked_day()
        who = web.signed_in()
        benefit = exclusion_compare.known_benefit(request.args.get("benefit", ""))
        nation_wide = who.scope.level in ("ministry", "system")
        found = exclusion_compare.compare(db.session(), benefit, day, None if nation_wide else who.scope.county_code)
        return self.page(
            "parameters/comparison.html",
            found=found,
            benefits=list(benefits().values()),
            benefit=benefit,
            day=day,
            typed=typed,
            problem=problem,
            nation_wide=nation_wide,
            add_url=url_for("ExclusionView.add", benefit=benefit) if who.can("parameters.propose") else "",
        )


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        ExclusionComparisonView, "Exclusions by county", label=_l("Exclusions by county"), icon="fa-columns", category="Rules",
        category_label=_l("Rules and settings"),
    )  # fmt: skip
