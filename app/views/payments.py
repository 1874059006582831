"""Payment runs: the list, making one, and the page on which it is checked, approved, released, written and reconciled."""

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from wtforms import BooleanField, FileField, Form, SelectField, StringField

from app.commands import funding, payment_differences, payment_files, payment_results, payment_roster, payments, printing
from app.commands.base import CommandError
from app.commands.benefit_rows import band_names, benefit_row, local_rows
from app.commands.payments import RUN
from app.core import clock, roc
from app.core.text import mask_id, row_number
from app.exchange import confined
from app.extensions import db
from app.models.award import Award
from app.models.closing import SOURCES
from app.models.office import Township
from app.models.payment import PaymentLine
from app.models.payment_run import KINDS, PayerSetting, PaymentFile, PaymentRun, RunFinding
from app.models.user import User
from app.payments.checks import HARD, TITLES
from app.payments.line import CHANNEL_NAMES
from app.payments.register import DIFFERENCE, DIFFERENCE_NAMES, REGULAR, REPAY
from app.rules.benefits import benefits
from app.security import roles, web
from app.security.actor import Actor

from . import locking
from .base import MoveButton, RegisterView, ViewInterface, describe, name_events
from .base_layout import place_names
from .fields_roc import RocDateField, RocMonthField
from .home import tile
from .payment_lines import PayerSettingView, PaymentLineView, ReturnsView, case_pages

ORDER = 40
SHOWN = 50
"""Rows of one sort of finding on the page."""

describe(
    PaymentRun.state,
    styles={"checked": "info", "approved": "info", "released": "warn", "filed": "warn", "reconciled": "good", "cancelled": "neutral"},
)
describe(RunFinding.severity, styles={"hard": "bad", "soft": "warn"})


def kind_of(file: PaymentFile) -> str:
    """What a written file is; one of the county's own formats is called by its name."""
    return f"{file.layout}" if file.layout else payment_files.KINDS[file.kind]


class BuildForm(Form):
    """What a register is made of."""

    benefit = SelectField("給付項目")
    payer = SelectField("發放單位")
    kind = SelectField("清冊種類", choices=[(REGULAR, "每月清冊"), (DIFFERENCE, "補發差額清冊（法令調整）")])
    month = RocMonthField("發放月份")
    cutoff_on = RocDateField("異動截止日", description="留白採發放單位設定的截止日；停發不受截止日限制")
    value_date = RocDateField("撥款日", description="寫入轉帳檔的入帳日；留白採當月最後一日")
    ground = StringField("法令依據", description="補發差額時必填，例如調整給付標準的公告文號")


class ResultForm(Form):
    """A transfer result."""

    file = FileField("轉帳結果檔", description="郵局或金融機構回覆的「轉帳結果」標準格式（.csv、.txt 或 .xlsx，欄位見檔案規格）；也可以直接選票據交換所的 ACH 退件檔（ACHR01）；全部相符才會登錄")
    rest_credited = BooleanField("退件已全部到齊，ACH 代付檔的其餘各筆登錄為已入帳", description="只用於 ACH 退件檔：退件檔只列退件，不會列入帳的各筆")


def _check(actor: Actor, pk: int, comment: str, seen_version: int | None) -> None:
    left = payments.check_run(actor, pk, seen_version=seen_version)
    flash(f"檢核完成，有 {left} 項待處理。" if left else "檢核完成，沒有待處理的項目。", "info")


def _no_comment(command: Any) -> Any:
    def move(actor: Actor, pk: int, comment: str, seen_version: int | None) -> Any:
        return command(actor, pk, seen_version=seen_version)

    return move


def _with_reason(command: Any) -> Any:
    def move(actor: Actor, pk: int, comment: str, seen_version: int | None) -> Any:
        return command(actor, pk, comment, seen_version=seen_version)

    return move


class PaymentRunView(RegisterView):
    """One page per register, with its next step as a button."""

    datamodel = ViewInterface(PaymentRun)
    route_base = "/payment_runs"
    record_name = _l("Payment register")
    personal = False
    lifecycle = RUN
    base_order = ("id", "desc")
    list_template = "payments/runs.html"
    show_template = "payments/run.html"
    list_columns = ["run_no", "benefit", "month", "kind", "town_code", "line_count", "total", "value_date", "state"]
    order_columns = ["run_no", "month", "state", "total", "value_date"]
    search_columns = ["run_no", "benefit", "month", "kind", "state"]
    show_fieldsets = [
        (_l("Payment register"), {"fields": [
            "run_no", "benefit", "kind", "month", "first_month", "last_month", "cutoff_on", "value_date", "ground", "content_hash",
        ]}),
    ]  # fmt: skip
    progress = (
        (_l("Register made"), ("built",)),
        (_l("Check the register"), ("checked",)),
        (_l("Approve the register"), ("approved",)),
        (_l("Release the money"), ("released",)),
        (_l("Write files"), ("filed",)),
        (_l("Reconcile the register"), ("reconciled", "cancelled")),
    )
    stopped_states = ("cancelled",)
    move_commands = {
        "check": _check,
        "approve": payments.approve_run,
        "release": _no_comment(payments.release_run),
        "file": _no_comment(payment_results.write_files),
        "return": _with_reason(payments.return_run),
        "cancel": _with_reason(payments.cancel_run),
    }
    default_roles = {
        "can_list": roles.READERS,
        "can_show": roles.READERS,
        "can_export": roles.READERS,
        "can_build": payments.MAKERS,
        "can_download": (roles.ACCOUNTANT, *payments.MAKERS),
        "can_result": (roles.ACCOUNTANT, *payments.MAKERS),
        "can_roster": roles.COUNTY,
    }
    formatters_columns = {"town_code": lambda code: place_names(Township).get(code) or "縣府"}
    list_hint = "每個給付項目、發放單位與月份一份清冊；造冊、核准、撥款須由三位同仁分別辦理。"

    def record_title(self, item: PaymentRun) -> str:
        return item.run_no

    def record_subtitle(self, item: PaymentRun) -> str:
        return f"{benefit_row(db.session(), item.benefit).name}　{roc.show_month(item.month)}　{KINDS[item.kind]}"

    def list_context(self) -> dict[str, Any]:
        return {"build_url": url_for(f"{self.endpoint}.build") if self.permits("build") else ""}

    def moves(self, item: PaymentRun) -> Sequence[MoveButton]:
        """The lifecycle's buttons; releasing and writing files ask once more."""
        asks = {
            "release": f"確定撥款 {item.line_count:,} 筆、{item.total:,} 元嗎？",
            "file": "確定產生轉帳檔與清冊嗎？產生後即視為已送出。",
        }
        return [MoveButton(m.name, m.label, m.style, m.needs_comment, asks.get(m.name, "")) for m in super().moves(item)]

    def waiting(self, item: PaymentRun) -> Sequence[str]:
        """What stands before the next step, besides whose turn it is."""
        left = payments.open_findings(item) if item.state == "checked" else []
        hard = sum(f.severity == HARD for f in left)
        lines = []
        if hard:
            lines.append(f"還有 {hard} 項不得發放：請更正案件後「重新造冊」，或勾選暫緩。")
        if len(left) > hard:
            lines.append(f"還有 {len(left) - hard} 項待確認：請查明後以自己的名義確認。")
        return [*lines, *super().waiting(item)]

    # -- the page -------------------------------------------------------------------------------------------------------
    def show_context(self, item: PaymentRun) -> dict[str, Any]:
        session, who = db.session(), web.signed_in()
        towns = place_names(Township)
        sums, bands = item.totals or {}, band_names(item.benefit)
        waiting = payments.open_findings(item)
        may_print = self.permits("download") and who.can("payments.print_list") and item.state in ("approved", *payment_files.SENT)
        return {
            "groups": [
                ("鄉鎮市", [(towns.get(k, k), *v) for k, v in sums.get("by_town", {}).items()]),
                ("類別", [(bands.get(k, k) or "（未分類）", *v) for k, v in sums.get("by_band", {}).items()]),
                ("發放方式", [(CHANNEL_NAMES.get(k, k), *v) for k, v in sums.get("by_channel", {}).items()]),
            ],
            "sources": [(SOURCES[s], amount) for s, amount in funding.of_run(session, item)],
            "changes": payment_differences.counts(session, item),
            "change_names": DIFFERENCE_NAMES,
            "findings": self._groups(item),
            "hard": sum(f.severity == HARD for f in waiting),
            "open": len(waiting),
            "may_confirm": item.state == "checked" and who.can("payments.confirm"),
            "may_withhold": item.state in ("built", "checked") and who.can("payments.build") and item.line_count > 1,
            "may_rebuild": item.state in ("built", "checked") and item.kind != REPAY and who.can("payments.build"),
            "files": [(f, kind_of(f)) for f in item.files],
            "may_preview": item.state in ("built", "checked", "approved", "released") and who.can("payments.preview_files"),
            "may_slip": self.permits("download") and who.can("payments.print_list") and any(f.kind in payment_files.SLIPS for f in item.files),
            "may_download": self.permits("download"),
            "may_sheet": may_print,
            "may_print": may_print and bool(sums.get("by_channel", {}).get("cash")),
            "levels": [(towns.get(x.name, "") or "全冊", x) for x in payment_results.levels(session, item)] if item.files else [],
            "may_work_sheet": item.state in ("built", "checked", "filed") and who.can("payments.print_list"),
            "may_take_in": item.state == "filed" and self.permits("result"),
            "may_report": item.state in payment_roster.PAID and self.permits("roster"),
            "hands": self._hands(item),
            "people_url": f"{url_for('PaymentPersonView.list')}?{urlencode({'_flt_0_line.run.run_no': item.run_no})}"
            if benefit_row(session, item.benefit).payment_unit == "household" else "",
            "lines_url": f"{url_for('PaymentLineView.list')}?{urlencode({'_flt_0_run.run_no': item.run_no})}",
        }

    def _groups(self, item: PaymentRun) -> list[dict[str, Any]]:
        """The findings by what they are, hard ones first, each with the first rows and the case behind every row."""
        by_code: dict[str, list[RunFinding]] = {}
        for f in sorted(item.findings, key=lambda f: (f.severity != HARD, f.line_no)):
            by_code.setdefault(f.code, []).append(f)
        shown = [f for rows in by_code.values() for f in rows[:SHOWN]]
        cases, held = case_pages({f.award_id for f in shown if f.award_id}), self._held(item)
        return [
            {
                "code": code,
                "title": TITLES.get(code, code),
                "hard": rows[0].severity == HARD,
                "count": len(rows),
                "open": sum(f.acknowledged_at is None and f.line_no not in held for f in rows),
                "rows": [(f, cases.get(f.award_id or 0, ""), f.line_no in held) for f in rows[:SHOWN]],
            }
            for code, rows in by_code.items()
        ]

    def _held(self, item: PaymentRun) -> set[int]:
        """The lines held back since the last check, whose findings no longer matter."""
        return set(db.session.scalars(select(PaymentLine.line_no).where(PaymentLine.run_id == item.id, PaymentLine.status == "withheld")))

    def _hands(self, item: PaymentRun) -> list[tuple[str, str, dt.datetime]]:
        """(step, who, when) of the hands the register went through."""
        hands = [("造冊", item.made_by_id, item.made_at), ("檢核", item.checked_by_id, item.checked_at)]
        hands += [("核准", item.approved_by_id, item.approved_at), ("撥款", item.released_by_id, item.released_at)]
        ids = [h[1] for h in hands if h[1]]
        names = {u.id: u.get_full_name() for u in db.session.scalars(select(User).where(User.id.in_(ids)))}
        return [(step, names.get(who or 0, "系統"), when) for step, who, when in hands if when is not None]

    # -- making ---------------------------------------------------------------------------------------------------------
    @expose("/build", methods=["GET", "POST"])
    @has_access
    def build(self) -> ResponseReturnValue:
        """Make a register."""
        form = BuildForm(request.form if request.method == "POST" else None, data={"month": roc.month_of(clock.today()), "kind": REGULAR} | request.args.to_dict())
        running = set(db.session.scalars(select(Award.benefit).distinct()))
        known = (*benefits().values(), *local_rows(db.session(), web.signed_in().scope.county_code).values())
        form.benefit.choices = [(b.code, b.name) for b in known if b.pays and (b.code in running or not running)]
        form.payer.choices = self._payers()
        problem = ""
        if request.method == "POST" and form.validate():
            if form.month.data is None:
                problem = "請填寫發放月份，例如 09803"
            else:
                try:
                    run = payments.build_run(
                        web.signed_in(), benefit=form.benefit.data, payer=form.payer.data, month=form.month.data, kind=form.kind.data,
                        value_date=form.value_date.data, cutoff_on=form.cutoff_on.data, ground=(form.ground.data or "").strip() or None,
                    )  # fmt: skip
                    flash("清冊已產生，請檢核。", "success")
                    return redirect(url_for(f"{self.endpoint}.show", pk=run.id), 303)
                except CommandError as error:
                    problem = error.message
        return self._form("造冊", form, problem, url_for(f"{self.endpoint}.list"), "產生清冊")

    def _payers(self) -> list[tuple[str, str]]:
        """Who may pay: the county, and every office with a setting of its own in reach."""
        scope = web.signed_in().scope
        towns = place_names(Township)
        own = [(s.town_code, s.payer_name) for s in db.session.scalars(select(PayerSetting).order_by(PayerSetting.town_code))]
        if scope.level == "township":
            return own or [(scope.town_code or "", towns.get(scope.town_code or "", ""))]
        county = scope.county_code or ""
        return [(county, "縣府統一發放"), *((code, name) for code, name in dict(own).items() if len(code) == 8)]

    def _form(self, title: str, form: Form, problem: str, back: str, button: str, **more: Any) -> ResponseReturnValue:
        failed = bool(problem or form.errors)
        page = self.render_template(
            "payments/form.html", title=title, form=form, problem=problem, failed=failed, back=back, button=button, **more
        )
        return (page, 422) if failed else page

    @expose("/rebuild/<pk>", methods=["POST"])
    @has_access
    @permission_name("build")
    def rebuild(self, pk: str) -> ResponseReturnValue:
        """Make the register again from the cases as they are now."""
        item = self.item(pk)
        try:
            run = payments.rebuild_run(web.signed_in(), item.id, seen_version=locking.seen_version(request.form))
            flash("已依目前的案件資料重新造冊，請檢核。", "success")
            return redirect(url_for(f"{self.endpoint}.show", pk=run.id), 303)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)

    # -- checking -------------------------------------------------------------------------------------------------------
    @expose("/confirm/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def confirm(self, pk: str) -> ResponseReturnValue:
        """Tick findings with one's name."""
        item = self.item(pk)
        ticked = {f.id for f in item.findings} & {row_number(v) for v in request.form.getlist("finding")}
        who, note, code = web.signed_in(), request.form.get("note", ""), request.form.get("code", "")
        try:
            if code:
                count = payments.acknowledge_sort(who, item.id, code, note)
            else:
                count = len([payments.acknowledge_finding(who, finding_id, note) for finding_id in sorted(ticked)])
            flash(f"已確認 {count} 項。" if count else "請先勾選要確認的項目。", "success" if count else "warning")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk) + "#findings", 303)

    @expose("/withhold/<pk>", methods=["POST"])
    @has_access
    @permission_name("build")
    def withhold(self, pk: str) -> ResponseReturnValue:
        """Take lines out: those ticked or typed, or all that one sort of finding speaks of."""
        item = self.item(pk)
        numbers, code = request.form.getlist("line_no"), request.form.get("code", "")
        if code:
            held = self._held(item)
            numbers = [str(f.line_no) for f in item.findings if f.code == code and f.severity == HARD and f.line_no not in held]
        try:
            if not numbers or None in map(row_number, numbers):
                raise CommandError("請勾選或填寫要暫緩的筆次（數字）", "E-PAY-LINE")
            payments.withhold_lines(
                web.signed_in(), item.id, [int(n) for n in numbers], request.form.get("reason", ""),
                seen_version=locking.seen_version(request.form),
            )  # fmt: skip
            flash(f"第 {'、'.join(numbers)} 筆已暫緩，請重新檢核。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk) + "#findings", 303)

    @expose("/differences/<pk>")
    @has_access
    @permission_name("show")
    def differences(self, pk: str) -> ResponseReturnValue:
        """Who is new, dropped or changed against the last register."""
        item = self.item(pk)
        rows = payment_differences.listed(db.session(), item)
        web.log_access("show", (PaymentRun.__tablename__, str(item.id)), "撥款作業：與上次差異", rows=len(rows))
        return self.render_template(
            "payments/differences.html", title=f"與上次差異　{item.run_no}", item=item, rows=rows, names=DIFFERENCE_NAMES, mask=mask_id,
            back=url_for(f"{self.endpoint}.show", pk=pk), cap=payment_differences.SHOWN,
        )  # fmt: skip

    # -- files and results ----------------------------------------------------------------------------------------------
    @expose("/file/<pk>/<int:file_id>", methods=["POST"])
    @has_access
    @permission_name("download")
    def file(self, pk: str, file_id: int) -> ResponseReturnValue:
        """A written file, exactly as it was; logged."""
        item = self.item(pk)
        row = db.session.scalar(select(PaymentFile).where(PaymentFile.id == file_id, PaymentFile.run_id == item.id))
        if row is None:
            abort(404)
        try:
            content = payment_files.content_of(item.run_no, row)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        web.log_access(
            "export", (PaymentFile.__tablename__, str(row.id)), f"撥款作業：下載{kind_of(row)}", rows=row.line_count
        )
        return send_file(io.BytesIO(content), "application/octet-stream", as_attachment=True, download_name=row.name)

    @expose("/preview/<pk>")
    @has_access
    @permission_name("show")
    def preview(self, pk: str) -> ResponseReturnValue:
        """What would be written, file by file, and whose names the files cannot hold; logged."""
        item = self.item(pk)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        try:
            found = payment_files.preview(web.signed_in(), item.id)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(back, 303)
        web.log_access("show", (PaymentRun.__tablename__, str(item.id)), "撥款作業：檔案預覽", rows=len(found.names))
        return self.render_template("payments/preview.html", title=f"檔案預覽　{item.run_no}", found=found, item=item, back=back, shown=SHOWN)

    @expose("/signature/<pk>", methods=["POST"])
    @has_access
    @permission_name("download")
    def signature(self, pk: str) -> ResponseReturnValue:
        """印領清冊 as PDF with page totals, to be signed; logged."""
        return self._printed(pk, payment_files.signature_volumes, "列印印領清冊")

    @expose("/slips/<pk>", methods=["POST"])
    @has_access
    @permission_name("download")
    def slips(self, pk: str) -> ResponseReturnValue:
        """The papers that go with the files, as PDF; logged."""
        return self._printed(pk, payment_files.delivery_slips, "列印遞送單")

    def _printed(self, pk: str, command: Any, what: str) -> ResponseReturnValue:
        item = self.item(pk)
        try:
            volumes, name, made_at, count = command(web.signed_in(), item.id)
            content, name = printing.print_volumes(volumes, name, made_at)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        web.log_access("print", (PaymentRun.__tablename__, str(item.id)), f"撥款作業：{what}", rows=count)
        return send_file(io.BytesIO(content), as_attachment=True, download_name=name)

    @expose("/sheet/<pk>", methods=["POST"])
    @has_access
    @permission_name("download")
    def sheet(self, pk: str) -> ResponseReturnValue:
        """發放清冊 as XLSX with differences and totals, from the frozen lines; logged."""
        item = self.item(pk)
        try:
            content, name, count = payment_files.register_sheet(web.signed_in(), item.id)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        web.log_access("export", (PaymentRun.__tablename__, str(item.id)), "撥款作業：下載發放清冊", rows=count)
        return send_file(io.BytesIO(content), as_attachment=True, download_name=name)

    @expose("/roster/<pk>", methods=["POST"])
    @has_access
    def roster(self, pk: str) -> ResponseReturnValue:
        """What was paid in the register's month, as a roster to send to the match; logged."""
        item = self.item(pk)
        name = f"{item.county_code}-{roc.month5(item.month)}-{item.benefit}.csv"
        with TemporaryDirectory(prefix="swis-roster-") as folder:
            path = Path(folder) / name
            try:
                made = payment_roster.write_roster(web.signed_in(), item.county_code, item.month, item.benefit, path)
            except CommandError as error:
                flash(error.message, "danger")
                return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
            content = path.read_bytes()
        web.log_access("export", (PaymentRun.__tablename__, str(item.id)), "撥款作業：下載交換名冊", rows=made["rows"])
        return send_file(io.BytesIO(content), "text/csv", as_attachment=True, download_name=name)

    @expose("/result/<pk>", methods=["GET", "POST"])
    @has_access
    def result(self, pk: str) -> ResponseReturnValue:
        """Take in what came back."""
        item, form, problem = self.item(pk), ResultForm(), ""
        back = url_for(f"{self.endpoint}.show", pk=pk)
        upload = request.files.get("file")
        if request.method == "POST" and (upload is None or not upload.filename):
            problem = "請選擇轉帳結果檔"
        elif request.method == "POST" and upload is not None:
            try:
                made = payment_results.import_transfer_result(
                    web.signed_in(), item.id, upload.read(), upload.filename or "", reader=confined.read_confined,
                    rest_credited=form.rest_credited.data,
                )
                left = f"，尚有 {len(made.missing):,} 筆沒有結果" if made.missing else "，全部對帳完成"
                flash(f"已登錄入帳 {len(made.credited):,} 筆、退匯 {len(made.returned):,} 筆{left}。", "success")
                return redirect(back, 303)
            except CommandError as error:
                problem = error.message
        return self._form(f"登錄轉帳結果　{item.run_no}", form, problem, back, "登錄結果", upload=True)


name_events(
    {
        "payment_run.build": _l("Register made"),
        "payment_run.confirm": _l("Finding confirmed"),
        "payment_run.file_written": _l("File written"),
        "payment_run.result": _l("Transfer result taken in"),
        "payment_line.letter": _l("Letters asking for a new account printed"),
    }
)


def register(appbuilder: Any) -> None:
    appbuilder.add_view_no_menu(PaymentLineView)
    menu = {"category": "Payments", "category_label": _l("Payments"), "category_icon": "fa-money"}
    appbuilder.add_view(PaymentRunView, "Payment registers", label=_l("Payment registers"), icon="fa-money", **menu)
    appbuilder.add_view(ReturnsView, "Returned payments", label=_l("Returned payments"), icon="fa-reply", **menu)
    appbuilder.add_view(PayerSettingView, "Payer settings", label=_l("Payer settings"), icon="fa-cog", **menu)

    def waiting(*states: str) -> Any:
        return lambda: select(PaymentRun.id).where(PaymentRun.state.in_(states))

    def link(state: str) -> Any:
        return lambda: f"{url_for('PaymentRunView.list')}?_flt_0_state={state}"

    page = ("can_list", "PaymentRunView")
    tile(_l("Registers to check"), waiting("built"), link("built"), roles=payments.MAKERS, permission=page, order=60)
    tile(
        _l("Registers with findings to settle"),
        lambda: waiting("checked")().where(
            PaymentRun.findings.any(or_(RunFinding.severity == HARD, RunFinding.acknowledged_at.is_(None)))
        ),
        link("checked"), roles=payments.MAKERS, permission=page, order=61, tone="warn",
    )  # fmt: skip
    tile(_l("Registers to approve"), waiting("checked"), link("checked"), roles=roles.SUPERVISORS, permission=page, order=61)
    tile(_l("Registers to release"), waiting("approved"), link("approved"), roles=(roles.ACCOUNTANT,), permission=page, order=62)
    tile(_l("Files to write"), waiting("released"), link("released"), roles=(roles.ACCOUNTANT,), permission=page, order=63, tone="warn")
    tile(
        _l("Registers to reconcile"), waiting("filed"), link("filed"), roles=(roles.ACCOUNTANT, *payments.MAKERS), permission=page, order=64
    )
