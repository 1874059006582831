"""The recovery desk: what to do and by when, what nobody claims yet, the receivables of a period, and the ageing list for accounting."""

import datetime as dt
import io
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands import overpaid, recovery, recovery_books, recovery_list, recovery_watch
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row, local_rows
from app.core import clock, roc
from app.extensions import db
from app.models.overpayment import METHODS, STATES, Overpayment
from app.rules.benefits import benefits
from app.security import roles, web

from .base import PageView
from .base_values import show
from .export import Facts, Spreadsheet, file_response
from .home import tile
from .recovery_forms import ListForm

ORDER = 46
SHOWN = 200
COLUMNS = [(title, "money" if title in ("應追繳", "已繳", "待繳餘額") else "text") for title in recovery_watch.AGEING_HEAD]


class _Amount(str):
    """An amount as text with its value beside it."""

    raw: int


def _cell(value: str | int | None) -> str:
    if not isinstance(value, int):
        return value or ""
    cell = _Amount(show(value))
    cell.raw = value
    return cell


class RecoveryDeskView(PageView):
    """One page; money figures tie to the claims."""

    route_base = "/recovery"
    title = _l("Recovery desk")
    default_roles = {
        "can_index": (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR),
        "can_export": (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR),
        "can_claim": roles.COUNTY,
        "can_open_list": roles.COUNTY,
    }

    def _may(self, permission: str) -> bool:
        return bool(self.appbuilder.sm.has_access(permission, self.class_permission_name))

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """To do, unclaimed, books."""
        session, today = db.session(), clock.today()
        month = self._month()
        books = recovery_books.movements(session, roc.first_day(month), roc.last_day(month))
        due, found = recovery_watch.watch(session, today), overpaid.unclaimed(session)
        web.log_access("show", (Overpayment.__tablename__, None), "撥款作業：追繳待辦", rows=len(due) + len(found))
        return self.page(
            "recovery/desk.html", due=due[:SHOWN], due_count=len(due), found=found[:SHOWN], found_count=len(found), month=month,
            title_of=recovery.title, benefit_name=lambda code: benefit_row(session, code).name, books=books, methods=METHODS,
            ageing=recovery_watch.ageing(session, today), ties=self._ties(month, today, books), may_claim=self._may("can_claim"), shown=SHOWN,
        )  # fmt: skip

    def _month(self) -> int:
        try:
            return roc.parse_month(request.values.get("month", ""))
        except roc.RocError:
            return roc.month_of(clock.today())

    def _ties(self, month: int, today: dt.date, books: list[recovery_books.Book]) -> bool | None:
        """Do the books of the running month end in what the claims still owe? None for another month."""
        if month != roc.month_of(today):
            return None
        return {b.benefit: b.closing for b in books if b.closing} == recovery_books.open_balances(db.session())

    @expose("/claim/<int:award_id>", methods=["POST"])
    @has_access
    def claim(self, award_id: int) -> ResponseReturnValue:
        """Open the claim of an award that was paid too much after a change."""
        try:
            made = recovery.open_overpayment(
                web.signed_in(), origin="change", origin_ref=None, benefit="", award_id=award_id, reason=request.form.get("reason", "").strip() or "異動生效月份以後續領",
            )  # fmt: skip
            web.give_purpose(f"{Overpayment.__tablename__}:{made.id}", "溢領追繳")
            flash("已立案。", "success")
            return redirect(url_for("OverpaymentView.show", pk=made.id), 303)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index"), 303)

    @expose("/list", methods=["GET", "POST"])
    @has_access
    def open_list(self) -> ResponseReturnValue:
        """Claims from an audit's list that is pasted."""
        form, problem = ListForm(request.form if request.method == "POST" else None), ""
        if request.method == "POST" and form.validate():
            try:
                made = recovery_list.open_list(web.signed_in(), form.pasted.data or "", form.reference.data or "")
                flash(f"已立案 {len(made)} 件。", "success")
                return redirect(url_for(f"{self.endpoint}.index"), 303)
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "payments/form.html", title="依查核名單立案", form=form, problem=problem, failed=bool(problem), back=url_for(f"{self.endpoint}.index"), button="立案",
        )  # fmt: skip
        return (page, 422) if problem else page

    @expose("/export", methods=["POST"])
    @has_access
    def export(self) -> Response:
        """The ageing list, claim by claim, as a spreadsheet."""
        session, who, today = db.session(), web.signed_in(), clock.today()
        names = {code: row.name for code, row in (*benefits().items(), *local_rows(session, who.scope.county_code).items())}
        rows = recovery_watch.ageing_rows(session, today, names, {k: str(v) for k, v in STATES.items()})
        memory = io.BytesIO()
        book = Spreadsheet(memory, Facts("追繳款帳齡明細", who.display, who.office, clock.now(), [("日期", roc.show_date(today))], "追繳款帳齡"), COLUMNS)
        for row in rows:
            book.add([_cell(value) for value in row])
        book.close(len(rows))
        memory.seek(0)
        web.log_access("export", (Overpayment.__tablename__, None), "追繳款帳齡明細", rows=len(rows))
        return file_response(memory, "追繳款帳齡明細", clock.now())


def register(appbuilder: Any) -> None:
    appbuilder.add_view(RecoveryDeskView, "Recovery desk", label=_l("Recovery desk"), icon="fa-calendar-check-o", category="Payments", category_label=_l("Payments"))

    def bad() -> int:
        return len({d.claim.id for d in recovery_watch.watch(db.session(), clock.today()) if d.tone == recovery_watch.BAD})

    tile(_l("Recovery: overdue or near a limit"), bad, lambda: url_for("RecoveryDeskView.index"), roles=roles.COUNTY, permission=("can_index", "RecoveryDeskView"), order=73, tone="bad")  # fmt: skip
