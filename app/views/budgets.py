"""預算執行: what each benefit may spend in a year, what it has spent and will have spent; amounts entered by one and approved by another."""

import io
import re
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands import budgets, funding
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row, local_rows
from app.core import clock, roc
from app.core.text import row_number
from app.exchange import codes
from app.extensions import db
from app.models.budget import EXCESS, FUNDS, STATES
from app.models.closing import SOURCES
from app.models.fund_share import STATES as SHARE_STATES
from app.rules.benefits import benefits
from app.security import roles, web

from .base import PageView, name_events
from .base_values import show
from .export import Facts, Spreadsheet, file_response

ORDER = 41
NOT_SET = "未設定"
COLUMNS = [
    ("縣市", "text"), ("給付項目", "text"), ("中央補助", "money"), ("縣（市）自籌", "money"), ("鄉（鎮、市）自籌", "money"), ("預算合計", "money"), ("已支用", "money"),
    ("支用：中央補助", "money"), ("支用：縣（市）自籌", "money"), ("支用：鄉（鎮、市）自籌", "money"), ("支用：未分攤", "money"), ("尚餘", "money"), ("推估全年", "money"), ("超支時", "text"),
]  # fmt: skip


class _Amount(str):
    """An amount as text with its value beside it; what is not known has none."""

    raw: int | None


def _amount(value: int | None, unknown: str = NOT_SET) -> _Amount:
    cell = _Amount(unknown if value is None else show(value))
    cell.raw = value
    return cell


def _parts_of_percent(text: str) -> int:
    """Parts of 10,000 from a percentage with at most two decimals. Raises ValueError."""
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?", text.strip())
    if found is None:
        raise ValueError(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


class BudgetView(PageView):
    """One page for a year."""

    route_base = "/budgets"
    title = _l("Budgets")
    default_roles = {
        "can_index": (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR),
        "can_export": (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR),
        "can_enter": (roles.COUNTY_OFFICER,),
        "can_decide": (roles.COUNTY_SUPERVISOR, roles.ACCOUNTANT),
    }

    def _year(self) -> int:
        asked = row_number(request.values.get("year", ""))
        return asked if asked is not None and 90 <= asked <= 300 else budgets.year_of(roc.month_of(clock.today()))

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """The year's positions, and the lines they are made of."""
        session, who, year = db.session(), web.signed_in(), self._year()
        known = (*benefits().values(), *local_rows(session, who.scope.county_code).values())
        lines = budgets.lines_of(session, year)
        township = who.scope.level == "township"
        rows = [] if township else budgets.positions(session, year)
        return self.page(
            "payments/budgets.html", year=year, township=township, counties=codes.COUNTIES, many=who.scope.county_code is None,
            rows=[(p, benefit_row(session, p.benefit).name) for p in rows], funds=FUNDS, excess=EXCESS, states=STATES,
            lines=[(x, benefit_row(session, x.benefit).name) for x in lines], benefits=[(b.code, b.name) for b in known if b.pays],
            shares=[(x, benefit_row(session, x.benefit).name) for x in funding.shares_of(session, year)], share_states=SHARE_STATES, sources=SOURCES,
            may_enter=who.can("budgets.enter") and not township, may_decide=who.can("budgets.approve"), me=who.user_id,
        )  # fmt: skip

    @expose("/enter", methods=["POST"])
    @has_access
    def enter(self) -> ResponseReturnValue:
        """A new line, for somebody else to approve."""
        form, year = request.form, self._year()
        text = form.get("amount", "").replace(",", "").strip()
        digits = row_number(text.removeprefix("-"))
        try:
            if digits is None:
                raise CommandError("金額請填整數（元）；追減填負數，例如 -500000", "E-BUDGET")
            budgets.enter(
                web.signed_in(), benefit=form.get("benefit", ""), year=year, fund=form.get("fund", ""), reason=form.get("reason", ""),
                amount=-digits if text.startswith("-") else digits, on_excess=form.get("on_excess", "warn"),
            )  # fmt: skip
            flash("已登錄，請另一位同仁核定。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", year=year), 303)

    @expose("/decide/<int:line_id>", methods=["POST"])
    @has_access
    @permission_name("decide")
    def decide(self, line_id: int) -> ResponseReturnValue:
        """Approve or refuse a line."""
        approve = request.form.get("approve") == "1"
        try:
            budgets.decide(web.signed_in(), line_id, approve, row_number(request.form.get("_seen_version", "")))
            flash("預算已核定。" if approve else "已退回，不列入預算。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", year=self._year()), 303)

    @expose("/share", methods=["POST"])
    @has_access
    @permission_name("enter")
    def share(self) -> ResponseReturnValue:
        """The shares of the funding sources from a month on, for somebody else to approve."""
        form = request.form
        try:
            month = roc.parse_month(form.get("from_month", ""))
            parts = {s: _parts_of_percent(form.get(s, "")) for s in FUNDS}
            funding.enter(web.signed_in(), benefit=form.get("benefit", ""), from_month=month, reason=form.get("reason", ""), **parts)
            flash("已登錄，請另一位同仁核定。", "success")
        except ValueError:
            flash("起用月份請填民國年月（例如 09801），比率請填百分比，最多兩位小數。", "danger")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", year=self._year()) + "#shares", 303)

    @expose("/share/<int:share_id>", methods=["POST"])
    @has_access
    @permission_name("decide")
    def decide_share(self, share_id: int) -> ResponseReturnValue:
        """Approve or refuse shares."""
        approve = request.form.get("approve") == "1"
        try:
            funding.decide(web.signed_in(), share_id, approve, row_number(request.form.get("_seen_version", "")))
            flash("分攤比率已核定。" if approve else "已退回，不採用。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", year=self._year()) + "#shares", 303)

    @expose("/export", methods=["POST"])
    @has_access
    def export(self) -> Response:
        """The page's table as a spreadsheet."""
        session, who, year = db.session(), web.signed_in(), self._year()
        rows = [] if who.scope.level == "township" else budgets.positions(session, year)
        memory = io.BytesIO()
        book = Spreadsheet(memory, Facts("預算執行", who.display, who.office, clock.now(), [("年度", f"{year} 年度")], "預算執行"), COLUMNS)
        for p in rows:
            funds = [_amount(p.funds.get(fund)) for fund in FUNDS]
            by_source = [_amount(p.used_by.get(s, 0)) for s in (*FUNDS, "none")]
            rest = (_amount(p.budget), _amount(p.used), *by_source, _amount(p.left), _amount(p.forecast, "無法推估"))
            book.add([codes.COUNTIES.get(p.county_code, p.county_code), benefit_row(session, p.benefit).name, *funds, *rest, str(EXCESS[p.on_excess])])
        book.close(len(rows))
        memory.seek(0)
        return file_response(memory, f"預算執行_{year}", clock.now())


def register(appbuilder: Any) -> None:
    name_events({"budget_line.enter": _l("Budget entered"), "budget_line.approve": _l("Budget approved"), "budget_line.refuse": _l("Budget refused")})
    appbuilder.add_view(BudgetView, "Budgets", label=_l("Budgets"), icon="fa-pie-chart", category="Payments", category_label=_l("Payments"))


