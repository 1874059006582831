"""Lines of registers, returned payments, and how each office pays."""

import io
from typing import Any

from flask import current_app, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectField, SelectMultipleField

from app.commands import channel_layouts, payer_settings, payment_results, payment_returns, printing
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row
from app.commands.payments import MAKERS
from app.core import clock, roc
from app.core.text import mask_id, row_number
from app.extensions import db
from app.models.application import Application
from app.models.award import Award
from app.models.office import Township
from app.models.payment import PaymentLine
from app.models.payment_run import PayerSetting, PaymentRun
from app.payments import reconcile
from app.security import roles, web

from .base import ListView, PageView, ReferenceView, ViewInterface, describe
from .base_layout import place_names
from .casework_changes import application_url

describe(PaymentLine.status, styles={"credited": "good", "returned": "bad", "filed": "warn", "withheld": "neutral", "closed": "neutral"})
NEWLINES = {"crlf": "CRLF（Windows）", "lf": "LF"}
LAYOUT_NAMES = {"post_office_80": "郵局 80 碼（金額含角分 10 碼）", "post_office_80_whole": "郵局 80 碼（金額 8 碼，較早版本）"}


class PaymentLineView(ListView):
    """Who is paid what, and what came of it."""

    datamodel = ViewInterface(PaymentLine)
    route_base = "/payment_lines"
    record_name = _l("Payment line")
    base_order = ("id", "asc")
    list_columns = [
        "run.run_no", "line_no", "town_code", "name", "person_id", "deduction", "amount", "month_from", "month_to", "channel", "account", "status",
    ]  # fmt: skip
    order_columns = ["line_no", "amount", "status"]
    search_columns = ["run.run_no", "person_id", "name", "benefit", "town_code", "status", "channel"]
    base_permissions = ["can_list", "can_export"]
    default_roles = {"can_list": roles.READERS, "can_export": (*roles.SUPERVISORS, roles.ACCOUNTANT, roles.AUDITOR)}


class ReturnsView(PageView):
    """Money that came back: what to do about each line, paying it again, or closing it."""

    route_base = "/returned_payments"
    title = _l("Returned payments")
    default_roles = {"can_index": roles.READERS, "can_repay": MAKERS, "can_letters": MAKERS, "can_close": roles.SUPERVISORS}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """Returned lines that nothing follows yet, by payer and benefit."""
        session, who = db.session(), web.signed_in()
        pairs = session.execute(
            select(PaymentRun.town_code, PaymentRun.benefit)
            .join(PaymentLine, PaymentLine.run_id == PaymentRun.id)
            .where(PaymentLine.status == "returned")
            .distinct()
            .order_by(PaymentRun.town_code, PaymentRun.benefit)
        ).all()
        towns = place_names(Township)
        groups, count = [], 0
        for payer, benefit in pairs:
            lines = payment_results.unpaid_returns(session, benefit, payer)
            awards = {a.id: a for a in session.scalars(select(Award).where(Award.id.in_([x.award_id for x in lines])))}
            cases = case_pages(set(awards))
            rows = [self._row(x, awards.get(x.award_id), cases.get(x.award_id, "")) for x in lines]
            if rows:
                groups.append(
                    {"payer": payer, "benefit": benefit, "title": f"{towns.get(payer, '縣府')}　{benefit_row(session, benefit).name}", "rows": rows}
                )
            count += len(rows)
        web.log_access("show", (PaymentLine.__tablename__, None), "撥款作業：退匯清單", rows=count)
        return self.page(
            "payments/returns.html", groups=groups, may_repay=who.can("payments.build"), may_write=who.can("payments.return_letters"), may_close=who.can("payments.close_return"),
            month=roc.month5(roc.month_of(clock.today())),
        )  # fmt: skip

    @staticmethod
    def _row(x: PaymentLine, award: Award | None, case: str) -> dict[str, Any]:
        now = payment_results.payee_now(db.session(), x, award) if award is not None else None
        changed = now is not None and (now.channel, now.institution, now.account) != (x.channel, x.institution, x.account)
        return {
            "line": x,
            "person_id": mask_id(x.person_id),
            "action": reconcile.action_for(x.return_code or "").action,
            "ready": changed or x.return_code in ("91", "99"),
            "changed": changed,
            "letter": payment_returns.wants_letter(x),
            "case": case,
        }

    @expose("/repay", methods=["POST"])
    @has_access
    def repay(self) -> ResponseReturnValue:
        """Pay the ticked lines again, as a register of its own."""
        ids = [number for v in request.form.getlist("line") if (number := row_number(v)) is not None]
        try:
            if not ids:
                raise CommandError("請先勾選要重匯的項目", "E-PAY-RETURN")
            benefit, payer = request.form.get("benefit", ""), request.form.get("payer", "")
            run = payment_results.repay_returned(web.signed_in(), benefit=benefit, payer=payer, line_ids=ids)
            flash(f"已產生重匯清冊 {run.run_no}，請檢核。", "success")
            return redirect(url_for("PaymentRunView.show", pk=run.id), 303)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index"), 303)

    @expose("/letters", methods=["POST"])
    @has_access
    def letters(self) -> ResponseReturnValue:
        """改匯通知 with reply slips as one PDF: of the line whose button was pressed, or of all that are ticked; logged."""
        asked = [request.form["only"]] if "only" in request.form else request.form.getlist("letter")
        try:
            made, made_at = payment_returns.change_letters(web.signed_in(), [number for v in asked if (number := row_number(v)) is not None])
            content = printing.print_letters(made, made_at)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index"), 303)
        web.log_access("print", (PaymentLine.__tablename__, None), "撥款作業：列印改匯通知", rows=len(made))
        return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name="改匯通知.pdf")

    @expose("/close/<int:line_id>", methods=["POST"])
    @has_access
    @permission_name("close")
    def close(self, line_id: int) -> ResponseReturnValue:
        """Keep the money here."""
        try:
            payment_results.close_return(web.signed_in(), line_id, request.form.get("reason", ""))
            flash("退匯已結案，該月份改列未發放。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index"), 303)


def case_pages(award_ids: set[int]) -> dict[int, str]:
    """award → the page of its case, where the signed-in person may open it."""
    rows = db.session.execute(
        select(Award.id, Application).join(Application, Application.id == Award.application_id).where(Award.id.in_(award_ids))
    )
    may = current_app.appbuilder.sm.has_access  # type: ignore[attr-defined]
    return {award_id: application_url(case) for award_id, case in rows if may("can_show", f"{type(case).__name__}View")}


OWN_LAYOUTS = SelectMultipleField(
    _l("The county's own file formats"), choices=lambda: [(n, n) for n in _layouts_in_force()], validate_choice=False,
    description="勾選後，該格式適用的機構改採自訂格式，其餘仍依上面的設定；清單是已生效的檔案格式，到「檔案格式」訂定",
)
CLEARING = ("bank_format", "ach_with_post", "ach_sender", "ach_bank", "ach_account", "tax_id", "ach_transaction")


class PayerSettingView(ReferenceView):
    """Which office pays which benefit, how often, and its numbers at the post office."""

    datamodel = ViewInterface(PayerSetting)
    route_base = "/payer_settings"
    record_name = _l("Payer setting")
    list_columns = ["payer_name", "benefit", "rhythm", "cutoff_day", "post_office", "post_account", "bank_format", "own_layouts"]
    search_columns = ["benefit", "payer_name"]
    show_columns = ["payer_name", "benefit", "rhythm", "cutoff_day", "post_office", "post_account", "post_layout", "newline", *CLEARING, "own_layouts"]
    add_columns = ["benefit", "payer_name", "rhythm", "cutoff_day", "post_office", "post_account", "post_layout", "newline", *CLEARING]
    edit_columns = ["payer_name", "rhythm", "cutoff_day", "post_office", "post_account", "post_layout", "newline", *CLEARING]
    add_form_extra_fields = {"town": SelectField(_l("Paying office"), choices=lambda: _offices()), "own_layouts": OWN_LAYOUTS}
    edit_form_extra_fields = {"own_layouts": OWN_LAYOUTS}
    description_columns = {
        "payer_name": "印在清冊上的單位名稱；留白採單位全名",
        "cutoff_day": "每月幾日以前登錄的異動列入當月清冊（1 到 28）",
        "post_office": "經辦局號，7 碼以內",
        "post_account": "委存帳號，8 碼以內",
        "bank_format": "選 ACH 代付時，一個檔案付到所有銀行、農漁會（可含郵局）；以下各欄都要登錄",
        "ach_sender": "票據交換所編給的發送單位代號，7 碼",
        "ach_bank": "轉出行庫總行與分行代號，7 碼",
        "ach_account": "轉出帳號，16 碼以內",
        "tax_id": "機關統一編號，8 碼",
    }
    add_command = payer_settings.add_payer_setting
    edit_command = payer_settings.change_payer_setting
    default_roles = {
        "can_list": roles.READERS,
        "can_show": roles.READERS,
        "can_add": (roles.COUNTY_SUPERVISOR,),
        "can_edit": (roles.COUNTY_SUPERVISOR,),
    }
    list_hint = "沒有設定的鄉鎮市由縣府統一發放；鄉鎮市要自行發放時，在這裡新增該公所的設定。"

    def add_values(self, form: Any) -> dict[str, Any]:
        values = super().add_values(form)
        values["town_code"] = values.pop("town", "") or None
        return values


def _layouts_in_force() -> list[str]:
    who = web.actor()
    return channel_layouts.names_in_force(db.session(), who.scope.county_code or "") if who else []


def _offices() -> list[tuple[str, str]]:
    """The county itself, then its townships."""
    who = web.actor()
    county = who.scope.county_code if who else None
    towns = [(code, name) for code, name in place_names(Township).items() if county and code.startswith(county)]
    return [("", "縣府（統一發放）"), *towns]


describe(PayerSetting.newline, choices=NEWLINES)
describe(PayerSetting.post_layout, choices=lambda: {code: LAYOUT_NAMES.get(code, code) for code in payer_settings.layouts()})  # type: ignore[arg-type]
