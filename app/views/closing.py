"""月結與年結: what each month paid by benefit and funding source, what is still open, closing it, and reopening by two people."""

import io
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands import closing
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row
from app.commands.budgets import year_of
from app.commands.closing import CLOSING
from app.core import clock, roc
from app.core.text import row_number
from app.extensions import db
from app.models.closing import PERIODS, SOURCES, STATES, AccountingClosing
from app.models.user import User
from app.security import roles, web

from .base import PageView, name_events
from .export import Facts, Spreadsheet, file_response

ORDER = 42
READERS = (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR)
COLUMNS = [
    ("給付項目", "text"), ("經費來源", "text"), ("筆數", "number"), ("核定", "money"), ("其中扣抵", "money"), ("送出", "money"), ("入帳", "money"),
    ("退匯", "money"), ("相符", "text"),
]  # fmt: skip


class ClosingView(PageView):
    """A year's months on one page, one month in full."""

    route_base = "/closing"
    title = _l("Month and year closing")
    default_roles = {
        "can_index": READERS,
        "can_export": READERS,
        "can_close": (roles.ACCOUNTANT,),
        "can_move": (roles.ACCOUNTANT, roles.COUNTY_SUPERVISOR),
    }

    def _month(self) -> int:
        """The month asked for; else the last one that is over."""
        try:
            return roc.parse_month(request.values.get("month", ""))
        except roc.RocError:
            return roc.month_of(clock.today()) - 1

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """The month's figures, what blocks, the year's closings."""
        session, who, month = db.session(), web.signed_in(), self._month()
        county, year = who.scope.county_code, year_of(month)
        if county is None or who.scope.level == "township":
            return self.page("payments/closing.html", county=False, month=month, year=year)
        history = closing.history(session, county, year)
        standing = {(c.period, c.month): c for c in history if c.state != "reopened"}
        december = (year + roc.EPOCH) * 12 + 11
        shown = standing.get(("month", month))
        names = {u.id: u.get_full_name() for u in session.query(User).where(User.id.in_([i for c in history for i in _people(c)]))}
        return self.page(
            "payments/closing.html", county=True, month=month, year=year, months=range(december - 11, december + 1), standing=standing,
            shown=shown, year_end=standing.get(("year", december)), figures=self._figures(county, month), sources=SOURCES, states=STATES,
            periods=PERIODS, blockers=[] if shown else closing.blockers(session, county, month),
            year_blockers=[] if ("year", december) in standing else closing.year_blockers(session, county, december),
            booked=[(x, benefit_row(session, x.benefit).name) for x in closing.booked_lines(session, county, month)],
            history=history, names=names, may_close=who.can("closing.close"),
            moves={c.id: CLOSING.open_to(who, c) for c in standing.values()}, today=roc.month_of(clock.today()),
        )  # fmt: skip

    def _figures(self, county: str, month: int) -> list[tuple[str, closing.Figure]]:
        session = db.session()
        return [(benefit_row(session, f.benefit).name, f) for f in closing.figures(session, county, month, month)]

    @expose("/close", methods=["POST"])
    @has_access
    def close(self) -> ResponseReturnValue:
        """Close the month shown, or its year."""
        month = self._month()
        try:
            if request.form.get("period") == "year":
                closing.close_year(web.signed_in(), year_of(month))
                flash(f"{year_of(month)} 年度已結帳。", "success")
            else:
                closing.close_month(web.signed_in(), month)
                flash(f"{roc.show_month(month)}已結帳。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", month=roc.month5(month)), 303)

    @expose("/move/<int:closing_id>/<name>", methods=["POST"])
    @has_access
    @permission_name("move")
    def move(self, closing_id: int, name: str) -> ResponseReturnValue:
        """Ask for a reopening, agree to it, or not."""
        command = {"ask": closing.ask_to_reopen, "reopen": closing.reopen, "keep": closing.keep_closed}.get(name)
        said = {"ask": "已申請重開，請另一位同仁核准。", "reopen": "已重開，更正後請再結帳。", "keep": "維持結帳。"}
        try:
            if command is None:
                raise CommandError("沒有這個動作", "E-MOVE")
            command(web.signed_in(), closing_id, request.form.get("comment", ""), row_number(request.form.get("_seen_version", "")))
            flash(said[name], "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", month=roc.month5(self._month())), 303)

    @expose("/export", methods=["POST"])
    @has_access
    def export(self) -> Response:
        """The month's figures as a spreadsheet."""
        who, month = web.signed_in(), self._month()
        county = who.scope.county_code if who.scope.level != "township" else None
        memory = io.BytesIO()
        book = Spreadsheet(memory, Facts("月結", who.display, who.office, clock.now(), [("月份", roc.show_month(month))], "月結"), COLUMNS)
        rows = self._figures(county, month) if county else []
        for name, f in rows:
            cells = [f.lines, f.approved, f.deducted, f.filed, f.credited, f.returned]
            book.add([name, str(SOURCES[f.source]), *cells, "相符" if f.agrees else "不符"])
        book.close(len(rows))
        memory.seek(0)
        return file_response(memory, f"月結_{roc.month5(month)}", clock.now())


def _people(c: AccountingClosing) -> list[int]:
    return [i for i in (c.closed_by_id, c.asked_by_id, c.reopened_by_id) if i is not None]


def register(appbuilder: Any) -> None:
    name_events(
        {
            "accounting_closing.month": _l("Month closed"), "accounting_closing.year": _l("Year closed"),
            "accounting_line.return_kept": _l("Returned money of a closed month kept"),
            "fund_share.enter": _l("Funding shares entered"), "fund_share.approve": _l("Funding shares approved"),
            "fund_share.refuse": _l("Funding shares refused"),
        }
    )  # fmt: skip
    appbuilder.add_view(ClosingView, "Month and year closing", label=_l("Month and year closing"), icon="fa-lock", category="Payments", category_label=_l("Payments"))
