"""全國社會福利資源歸戶查詢 on screen: number and purpose in a form, never in the address; every look is in the query log."""

from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands import national_person
from app.commands.base import CommandError
from app.commands.national_person import LOOKERS
from app.core import clock, roc
from app.exchange import codes
from app.extensions import db
from app.rules.benefits import benefits
from app.security import web

from .base import PageView

ORDER = 61
STATUS = {"active": "發放中", "suspended": "停發", "ended": "已終止"}


class NationalPersonView(PageView):
    """One person in the rosters of every county."""

    route_base = "/national-person"
    title = _l("National person lookup")
    default_roles = {"can_index": LOOKERS}

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> ResponseReturnValue:
        typed = {k: request.form.get(k, "").strip()[:200] for k in ("person_id", "purpose")}
        found, problem = None, ""
        if request.method == "POST":
            last = national_person.newest_month(db.session(), roc.month_of(clock.today()))
            try:
                found = national_person.look_up(web.signed_in(), typed["person_id"], typed["purpose"], last, current_app.config["AUDIT_KEY"])
            except CommandError as refused:
                problem = str(refused)
        names = {**codes.KINDS, **{b.code: b.name for b in benefits().values()}, **codes.BENEFIT_ELSEWHERE_KIND}
        return self.page(
            "matching/national_person.html",
            typed=typed,
            problem=problem,
            found=found,
            names=names,
            counties=codes.COUNTIES,
            status=STATUS,
            months=national_person.month_text,
        )


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        NationalPersonView, "National person lookup", label=_l("National person lookup"), icon="fa-user-circle", category="Matching",
        category_label=_l("Matching"),
    )  # fmt: skip
