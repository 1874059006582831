"""Monthly invoices of institutions: made from the contracts, the institution's list taken in, lines adjusted and confirmed, approved."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, select
from wtforms import FileField, Form, IntegerField, SelectField, StringField

from app.commands.base import CommandError
from app.commands.care import invoice_file, invoices
from app.commands.care.invoices import INVOICE
from app.core import clock, roc
from app.core.text import mask_id
from app.exchange import confined
from app.exchange.own_forms import CARE_INVOICE
from app.extensions import db
from app.models.care_institution import CareInstitution
from app.models.care_invoice import CareInvoice, CareInvoiceLine
from app.models.disability_care_subsidy import SERVICES
from app.models.payment import LINE_STATES, Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.models.user import User
from app.security import roles, web
from app.security.actor import Actor

from . import locking
from .base import RegisterView, ViewInterface, describe, name_events
from .care import MENU, READERS, small_form
from .fields_roc import MoneyField, RocMonthField
from .home import tile

ORDER = 18

describe(CareInvoice.state, styles={"entered": "warn", "checked": "info", "approved": "good", "cancelled": "neutral"})
name_events(
    {
        "care_invoice.enter": _l("Invoice entered"),
        "care_invoice.import": _l("List of the institution taken in"),
        "care_invoice.line": _l("Line changed"),
        "care_invoice.adjust": _l("Line adjusted"),
        "care_invoice.confirm": _l("Adjustment confirmed"),
        "care_invoice.problems": _l("Check found problems"),
    }
)


class InvoiceForm(Form):
    """What the institution's letter says."""

    institution = SelectField("機構", coerce=int)
    month = RocMonthField("照顧月份")
    invoice_no = StringField("機構請款文號")
    claimed_count = IntegerField("請領人數", filters=[lambda v: v], description="公文所載；填了就與名單核對")
    claimed_total = MoneyField("請領總額", description="公文所載；匯入明細時與各列合計核對")


class LineForm(Form):
    fee = MoneyField("當月實際收費", description="與契約收費不同時修改，例如月中調整收費")
    claimed = MoneyField("機構請領金額", description="留白表示依計算結果發給")


class AdjustForm(Form):
    amount = MoneyField("調整後金額", description="留白並送出表示取消調整")
    reason = StringField("調整理由", description="須由另一位同仁確認後才能核定")


class ListForm(Form):
    file = FileField("請款明細", description=f"CSV 或 XLSX，欄位：{'、'.join(f.label for f in CARE_INVOICE.fields)}；每人一列，第二次請假另起一列、金額留白")


def _check(actor: Actor, pk: int, comment: str, seen_version: int | None) -> None:
    found = invoices.check_invoice(actor, pk, seen_version=seen_version)
    flash(f"檢核有 {len(found)} 項待處理，列在下方。" if found else "檢核完成，可送核定。", "warning" if found else "info")


class CareInvoiceView(RegisterView):
    """One page per invoice, with a line per person and its next step as a button."""

    datamodel = ViewInterface(CareInvoice)
    route_base = "/care_invoices"
    record_name = _l("Care invoice")
    personal = False
    lifecycle = INVOICE
    base_order = ("id", "desc")
    list_template = "care/invoices.html"
    show_template = "care/invoice.html"
    list_columns = ["institution.name", "month", "seq", "invoice_no", "line_count", "claimed_total", "total", "state"]
    order_columns = ["month", "total", "state"]
    search_columns = ["institution.name", "month", "invoice_no", "state"]
    show_fieldsets = [
        (_l("Care invoice"), {"fields": ["institution.name", "month", "seq", "invoice_no", "claimed_count", "claimed_total"]}),
    ]
    label_columns = {"seq": _l("Supplement")}
    progress = (
        (_l("Make the invoice"), ("entered",)),
        (_l("Check the invoice"), ("checked",)),
        (_l("Approve the invoice"), ("approved", "cancelled")),
    )
    stopped_states = ("cancelled",)
    move_commands = {
        "check": _check,
        "approve": invoices.approve_invoice,
        "return": invoices.return_invoice,
        "cancel": invoices.cancel_invoice,
    }
    default_roles = {
        "can_list": READERS,
        "can_show": READERS,
        "can_export": READERS,
        "can_make": (roles.COUNTY_OFFICER,),
        "can_confirm": roles.COUNTY,
    }
    formatters_columns = {"seq": lambda seq: f"補正{seq}" if seq else "本月"}
    list_hint = "一家機構一個月一份請款單；核定後列入下一份發放清冊，逐人發給機構。事後發現少發的，再建一份補正請款單。"

    def record_title(self, item: CareInvoice) -> str:
        return f"{item.institution.name}　{roc.show_month(item.month)}{f'　補正{item.seq}' if item.seq else ''}"

    def list_context(self) -> dict[str, Any]:
        return {"make_url": url_for(f"{self.endpoint}.make") if self.permits("make") else ""}

    def show_context(self, item: CareInvoice) -> dict[str, Any]:
        web.log_access("show", (CareInvoice.__tablename__, str(item.id)), "機構請款：請款明細", rows=len(item.lines))
        is_open = item.state in invoices.OPEN
        hands = {i for x in item.lines for i in (x.adjusted_by_id, x.confirmed_by_id) if i}
        names = {u.id: u.get_full_name() for u in db.session.scalars(select(User).where(User.id.in_(hands)))}
        who = web.signed_in()
        return {
            "problems": invoices.problems(item) if is_open else [],
            "services": SERVICES,
            "mask": mask_id,
            "names": names,
            "me": who.user_id,
            "paid": _paid(item),
            "line_states": LINE_STATES,
            "claimed": sum(x.claimed or 0 for x in item.lines) if any(x.claimed is not None for x in item.lines) else None,
            "computed": sum(x.computed for x in item.lines),
            "may_change": is_open and self.permits("make"),
            "may_confirm": is_open and self.permits("confirm"),
        }

    # -- making and changing --------------------------------------------------------------------------------------------
    @expose("/make", methods=["GET", "POST"])
    @has_access
    def make(self) -> ResponseReturnValue:
        """Make the invoice of a month."""
        form = InvoiceForm(request.form if request.method == "POST" else None, data={"month": roc.month_of(clock.today()) - 1})
        form.institution.choices = [(i.id, i.name) for i in db.session.scalars(select(CareInstitution).order_by(CareInstitution.name))]

        def act() -> str:
            if form.month.data is None:
                raise CommandError("請填寫照顧月份，例如 11508", "E-CARE-MONTH")
            pk = invoices.create_invoice(
                web.signed_in(), institution_id=form.institution.data, month=form.month.data, invoice_no=form.invoice_no.data or "",
                claimed_count=form.claimed_count.data, claimed_total=form.claimed_total.data,
            )  # fmt: skip
            flash("請款單已依當月契約建立；可匯入機構的請款明細，或逐筆核對後檢核。", "success")
            return url_for(f"{self.endpoint}.show", pk=pk)

        return small_form(self, "建立請款單", form, url_for(f"{self.endpoint}.list"), "建立請款單", act)

    @expose("/take_in/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("make")
    def take_in(self, pk: str) -> ResponseReturnValue:
        """Take in the institution's own list."""
        item, back = self.item(pk), url_for(f"{self.endpoint}.show", pk=pk)
        upload = request.files.get("file")

        def act() -> str:
            if upload is None or not upload.filename:
                raise CommandError("請選擇請款明細檔", "E-CARE-FILE")
            people = invoice_file.import_invoice(
                web.signed_in(), item.id, upload.read(), upload.filename, locking.seen_version(request.form), reader=confined.rows_confined
            )
            flash(f"已匯入 {people} 人的請款明細，金額已重新計算。", "success")
            return back

        return small_form(self, f"匯入請款明細　{self.record_title(item)}", ListForm(), back, "匯入", act, upload=True, seen_version=item.version)

    @expose("/line/<pk>/<int:line_no>", methods=["GET", "POST"])
    @has_access
    @permission_name("make")
    def line(self, pk: str, line_no: int) -> ResponseReturnValue:
        """Fee and claim of one line."""
        return self._line(pk, line_no, LineForm, "修改收費與請領", lambda item, form: invoices.change_line(
            web.signed_in(), item.id, line_no, fee=form.fee.data, claimed=form.claimed.data, seen_version=locking.seen_version(request.form)
        ))  # fmt: skip

    @expose("/adjust/<pk>/<int:line_no>", methods=["GET", "POST"])
    @has_access
    @permission_name("make")
    def adjust(self, pk: str, line_no: int) -> ResponseReturnValue:
        """Pay another amount than computed."""
        return self._line(pk, line_no, AdjustForm, "調整金額", lambda item, form: invoices.adjust_line(
            web.signed_in(), item.id, line_no, form.amount.data, form.reason.data or "", seen_version=locking.seen_version(request.form)
        ))  # fmt: skip

    def _line(self, pk: str, line_no: int, kind: type[Form], title: str, act: Callable[[CareInvoice, Any], CareInvoiceLine]) -> ResponseReturnValue:
        item, back = self.item(pk), url_for(f"{self.endpoint}.show", pk=pk)
        found = next((x for x in item.lines if x.line_no == line_no), None)
        if found is None:
            return redirect(back)
        form = kind(request.form if request.method == "POST" else None, obj=found)
        name = found.recipient.name

        def run() -> str:
            done = act(item, form)
            flash(f"第 {line_no} 筆：{done.note}", "success")
            return f"{back}#lines"

        return small_form(self, f"{title}　第 {line_no} 筆　{name}", form, back, "確定", run, seen_version=item.version)

    @expose("/confirm/<pk>/<int:line_no>", methods=["POST"])
    @has_access
    def confirm(self, pk: str, line_no: int) -> ResponseReturnValue:
        """A second person agrees to an adjustment."""
        item = self.item(pk)
        try:
            invoices.confirm_line(web.signed_in(), item.id, line_no, seen_version=locking.seen_version(request.form))
            flash(f"第 {line_no} 筆的調整已確認。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk) + "#lines", 303)


def _paid(item: CareInvoice) -> dict[int, tuple[int, str, str]]:
    """line → (key of the register, its number, state of the payment), where a register carries it."""
    rows = db.session.execute(
        select(CareInvoiceLine.line_no, PaymentRun.id, PaymentRun.run_no, PaymentLine.status)
        .join(
            Payment,
            and_(
                Payment.award_id == CareInvoiceLine.award_id, Payment.month == CareInvoiceLine.month, Payment.seq == CareInvoiceLine.seq, Payment.live
            ),
        )
        .join(PaymentLine, and_(PaymentLine.root_run_id == Payment.run_id, PaymentLine.root_line_no == Payment.line_no))
        .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
        .where(CareInvoiceLine.invoice_id == item.id)
        .order_by(PaymentLine.id)
    )  # fmt: skip
    return {no: (run, run_no, status) for no, run, run_no, status in rows}


def register(appbuilder: Any) -> None:
    appbuilder.add_view(CareInvoiceView, "Care invoices", label=_l("Care invoices"), icon="fa-file-text-o", **MENU)
    page = ("can_list", "CareInvoiceView")

    def waiting(state: str) -> Callable[[], Any]:
        return lambda: select(CareInvoice.id).where(CareInvoice.state == state)

    def link(state: str) -> Callable[[], str]:
        return lambda: f"{url_for('CareInvoiceView.list')}?_flt_0_state={state}"

    tile(_l("Care invoices to check"), waiting("entered"), link("entered"), roles=(roles.COUNTY_OFFICER,), permission=page, order=58)
    tile(_l("Care invoices to approve"), waiting("checked"), link("checked"), roles=(roles.COUNTY_SUPERVISOR,), permission=page, order=59)
