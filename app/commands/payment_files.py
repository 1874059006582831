"""The files of a released run: built from the frozen lines, stored under the installation's folder, noted in the log outside the database."""

import hashlib
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import select, update

from app.core import collector, roc
from app.models.office import Township
from app.models.payment import PaymentLine
from app.models.payment_run import PayerSetting, PaymentFile, PaymentRun
from app.payments import ach, bank_csv, cash_list, delivery_slip, export_log, own_layout, post_office, rare_names, register, signature_pdf
from app.payments.fixed_width import Layout, LayoutError, RecordError
from app.payments.line import Line
from app.printing.documents import Sheet
from app.security.roles import ACCOUNTANT, COUNTY_OFFICER, SUPERVISORS, TOWN_CLERK

from . import channel_layouts, payment_lines
from .base import Context, NotFound, Refused, command
from .benefit_rows import band_names, benefit_row
from .payer_settings import payer_setting
from .working_days import calendar_of

SENT = ("released", "filed", "reconciled")
KINDS = {"post_office": "郵局媒體轉存檔", "ach": "ACH 代付檔", "bank_csv": "金融機構轉帳檔", "own": "自訂格式轉帳檔", "cash_list": "印領清冊"}


def log_path() -> Path:
    """The export log: beside the database, never inside it."""
    return Path(current_app.config["SWIS_HOME"]) / "payments" / "export.log"


def refuse_after_restore(ctx: Context, benefit: str, payer: str, month: int) -> None:
    """Raises Refused when files of this payer, benefit and month left that the database knows nothing about."""
    registers = select(PaymentRun.run_no, PaymentRun.content_hash).where(
        PaymentRun.town_code == payer, PaymentRun.benefit == benefit, PaymentRun.month == month, PaymentRun.state.in_(SENT)
    )
    known = dict(ctx.session.execute(registers).all())
    lost = export_log.unknown(export_log.read(log_path()), payer, benefit, month, known)
    if lost:
        e = lost[-1]
        raise Refused(
            f"匯出紀錄顯示{roc.show_month(month)}的清冊 {e.run_no} 已於 {e.at} 送出 {e.count} 筆 {e.total:,} 元，資料庫卻沒有這份清冊的撥款紀錄；"
            "資料庫可能由較舊的備份還原。為避免重複撥款已停止作業，請改用較新的備份或由主計人員查明",
            "E-PAY-RESTORED",
        )


def heading(ctx: Context, run: PaymentRun, setting: PayerSetting) -> cash_list.Heading:
    """What stands above the printed lists of a run."""
    towns = select(Township.code, Township.name).where(Township.county_code == run.county_code)
    return cash_list.Heading(
        office=setting.payer_name,
        benefit=benefit_row(ctx.session, run.benefit).name,
        month=run.month,
        run_no=run.run_no,
        content_hash=run.content_hash,
        made_at=run.released_at or run.made_at,
        town_names=dict(ctx.session.execute(towns).all()),
        value_date=run.value_date,
        band_names=band_names(run.benefit),
    )


@dataclass(frozen=True)
class Made:
    """A file of a run before it is stored; `layout_id`: the county's own layout it follows."""

    kind: str
    name: str
    content: bytes
    count: int
    total: int
    layout_id: int | None = None


def make(ctx: Context, run: PaymentRun, setting: PayerSetting, lines: list[Line]) -> list[Made]:
    """Every file the run's channels need; the same run gives the same bytes. Raises Refused."""
    name = benefit_row(ctx.session, run.benefit).name
    above = heading(ctx, run, setting)
    chosen, lines = channel_layouts.split(ctx.session, run, setting, lines)
    channels = {x.payee.channel for x in lines}
    out = [_own(ctx, run, setting, c) for c in chosen]
    credits = setting.bank_format == "ach"
    if "post" in channels and not (credits and setting.ach_with_post):
        payer = post_office.Payer(setting.payer_name, setting.post_office, setting.post_account)
        try:
            layout = Layout.load(setting.post_layout)
            made = post_office.write(lines, payer, run.value_date, layout=layout, newline=setting.newline)
        except (RecordError, LayoutError) as error:
            raise Refused(f"郵局媒體檔無法產生：{error}", "E-PAY-FILE") from None
        out.append(Made("post_office", f"{run.run_no}_psbp-pay.txt", made.content, made.slip.count, made.slip.total))
    if credits and any(ach.covers(x, setting.ach_with_post) for x in lines):
        made_credits = _credits(ctx, run, setting, lines, benefit_row(ctx.session, run.benefit).short_name)
        out.append(Made("ach", f"{run.run_no}_ACHP01.txt", made_credits.content, made_credits.count, made_credits.total))
    elif channels & set(ach.BANK_CHANNELS):
        content, count, amount, _ = bank_csv.write(lines, f"{name}{roc.month5(run.month)}")
        out.append(Made("bank_csv", f"{run.run_no}_bank.csv", content, count, amount))
    if "cash" in channels:
        cash = [x for x in lines if x.payee.channel == "cash"]
        out.append(
            Made("cash_list", f"{run.run_no}_印領清冊.xlsx", cash_list.signature_list(above, lines), len(cash), sum(x.amount for x in cash))
        )
    if (sum(f.count for f in out), sum(f.total for f in out)) != (run.line_count, run.total):
        raise Refused("各檔案的筆數與金額合計與清冊不符，沒有產生檔案；請通知系統管理人員", "E-PAY-FILE")
    return _told_apart(out)


def _told_apart(files: list[Made]) -> list[Made]:
    """Files of one name would overwrite each other (a county names its layouts as it likes): each of its own then carries its layout's number."""
    names = Counter(f.name for f in files)
    return [replace(f, name=f"{f.layout_id}_{f.name}") if f.layout_id and names[f.name] > 1 else f for f in files]


def _own(ctx: Context, run: PaymentRun, setting: PayerSetting, c: channel_layouts.Chosen) -> Made:
    """A file by the county's own layout. Raises Refused."""
    memo = f"{benefit_row(ctx.session, run.benefit).short_name}{roc.month5(run.month)}"
    try:
        content = own_layout.write(c.layout, c.lines, channel_layouts.frame_of(run, setting, memo))
    except RecordError as error:
        raise Refused(f"檔案「{c.row}」無法產生：{error}", "E-PAY-FILE") from None
    name = f"{run.run_no}_{c.row.name}.{'csv' if c.layout.carrier == 'csv' else 'txt'}"
    return Made("own", re.sub(r'[\\/:*?"<>|\s]', "_", name), content, len(c.lines), sum(x.amount for x in c.lines), c.row.id)


def _credits(ctx: Context, run: PaymentRun, setting: PayerSetting, lines: list[Line], memo: str) -> ach.CreditFile:
    """The clearing house's file: handed in one working day before the money is credited. Raises Refused."""
    days = calendar_of(ctx.session, run.county_code)
    handed_in = days.before(run.value_date, 1)
    who = ach.Originator(setting.ach_sender, setting.ach_bank, setting.ach_account, setting.tax_id, setting.ach_transaction)
    try:
        return ach.write(
            lines, who, run.run_no, handed_in, days.before(handed_in, 1), (run.released_at or run.made_at).time(), memo,
            with_post=setting.ach_with_post,
        )  # fmt: skip
    except (RecordError, LayoutError) as error:
        raise Refused(f"ACH 代付檔無法產生：{error}", "E-PAY-FILE") from None


def store(run_no: str, name: str, content: bytes) -> None:
    """Write one file under the run's folder: whole or not at all, readable by the product only."""
    folder = log_path().parent / run_no
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{secrets.token_hex(4)}.part"
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())
    part.replace(folder / name)


def content_of(run_no: str, file: PaymentFile) -> bytes:
    """The bytes of a written file, exactly as they were. Raises NotFound, Refused when they changed."""
    path = log_path().parent / run_no / file.name
    if not path.is_file():
        raise NotFound("檔案不在存放區，請通知系統管理人員由備份取回", "E-PAY-STORE")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Refused("檔案內容與產生時的核對碼不符，已停止下載；請通知系統管理人員", "E-PAY-STORE")
    return content


def write(ctx: Context, run: PaymentRun, setting: PayerSetting) -> list[PaymentFile]:
    """Build, store and note all files of a released run, and mark its lines as sent. The log outside the database comes last but one."""
    lines = payment_lines.unchanged(ctx.session, run, parts=False)
    rows: list[PaymentFile] = []
    entries: list[export_log.Entry] = []
    for made in make(ctx, run, setting, lines):
        store(run.run_no, made.name, made.content)
        sha256 = hashlib.sha256(made.content).hexdigest()
        rows.append(
            PaymentFile(
                county_code=run.county_code, town_code=run.town_code, benefit=run.benefit, run_id=run.id, kind=made.kind, name=made.name,
                sha256=sha256, size=len(made.content), line_count=made.count, total=made.total, layout_id=made.layout_id,
                made_by_id=ctx.actor.user_id, made_at=ctx.now,
            )
        )  # fmt: skip
        entries.append(
            export_log.Entry(
                ctx.now.isoformat(),
                run.run_no,
                run.town_code,
                run.benefit,
                run.month,
                run.kind,
                run.content_hash,
                made.name,
                sha256,
                made.count,
                made.total,
            )
        )
    ctx.session.add_all(rows)
    mark_filed(ctx, run.id)
    ctx.session.flush()
    export_log.append(log_path(), entries)
    return rows


def mark_filed(ctx: Context, run_id: int) -> None:
    ctx.session.execute(
        update(PaymentLine)
        .where(PaymentLine.run_id == run_id, PaymentLine.status == "planned")
        .values(status="filed")
        .execution_options(synchronize_session=False)
    )


def totals_of(files: Iterable[PaymentFile]) -> tuple[int, int]:
    """Rows and NTD of the files together."""
    found = list(files)
    return sum(f.line_count for f in found), sum(f.total for f in found)


@command("payments.print_list", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER))
@collector.held_back()
def register_sheet(ctx: Context, run_id: int) -> tuple[bytes, str, int]:
    """The 發放清冊 of a run that was approved, from its frozen lines: the same bytes every time; (XLSX, file name, lines). Raises Refused."""
    run = ctx.get(PaymentRun, run_id)
    if run.state not in ("approved", *SENT):
        raise Refused("清冊核准後才能下載發放清冊", "E-PAY-STATE")
    lines = payment_lines.unchanged(ctx.session, run)
    previous = payment_lines.read(ctx.session, run.previous_id) if run.previous_id else []
    changed = register.compare(lines, previous) if run.kind == register.REGULAR else []
    above = heading(ctx, run, payer_setting(ctx.session, run.benefit, run.town_code))
    return cash_list.register_list(above, lines, changed), f"{run.run_no}_發放清冊.xlsx", len(lines)


@command("payments.print_list", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER))
@collector.held_back()
def signature_volumes(ctx: Context, run_id: int) -> tuple[list[list[Sheet]], str, datetime, int]:
    """The 印領清冊 of a run that was approved: its volumes, the file's name, the moment it was made, the lines. Raises Refused, NotFound."""
    run = ctx.get(PaymentRun, run_id)
    if run.state not in ("approved", *SENT):
        raise Refused("清冊核准後才能列印印領清冊", "E-PAY-STATE")
    lines = payment_lines.unchanged(ctx.session, run, parts=False)
    volumes = signature_pdf.volumes(heading(ctx, run, payer_setting(ctx.session, run.benefit, run.town_code)), lines)
    if not volumes:
        raise Refused("這份清冊沒有以現金印領的對象，不需要印領清冊", "E-PAY-NO-CASH")
    return volumes, f"{run.run_no}_印領清冊", run.released_at or run.made_at, sum(len(p.rows) for v in volumes for s in v for p in s.pages)


SLIPS = {"post_office": "委託郵局代存總表", "ach": "ACH 代付委託總表", "bank_csv": "委託轉帳總表", "own": "委託轉帳總表"}


@command("payments.print_list", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER))
def delivery_slips(ctx: Context, run_id: int) -> tuple[list[list[Sheet]], str, datetime, int]:
    """The papers that go with the files of a written run: its sheets, the file's name, the moment, how many. Raises Refused, NotFound."""
    run = ctx.get(PaymentRun, run_id)
    files = [f for f in run.files if f.kind in SLIPS]
    if not files:
        raise Refused("產生轉帳檔後才能列印遞送單；只以現金發放的清冊不需要遞送單", "E-PAY-STATE")
    setting = payer_setting(ctx.session, run.benefit, run.town_code)
    told = {
        "post_office": (("經辦局號", setting.post_office), ("委存帳號", setting.post_account)),
        "ach": (("發送單位代號", setting.ach_sender), ("轉出行庫與帳號", f"{setting.ach_bank}　{setting.ach_account}")),
    }
    layouts = {row.id: str(row) for row in channel_layouts.versions_of(ctx.session, run, setting)}
    sent = [
        delivery_slip.Sent(
            SLIPS[f.kind], f.name, f.line_count, f.total, f.size, f.sha256,
            (("檔案格式", layouts[f.layout_id]),) if f.layout_id else told.get(f.kind, ()),
        )
        for f in files
    ]  # fmt: skip
    name = benefit_row(ctx.session, run.benefit).name
    made = delivery_slip.sheets(setting.payer_name, name, run.month, run.run_no, run.value_date, sent)
    return [made], f"{run.run_no}_遞送單", run.filed_at or run.made_at, len(made)


@dataclass(frozen=True)
class Preview:
    """What would be written for a register as it stands: the files, and the payees whose names change on the way."""

    files: list[tuple[str, Made]]
    names: list[tuple[str, rare_names.Affected]]


@command("payments.preview_files", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER, *SUPERVISORS))
def preview(ctx: Context, run_id: int) -> Preview:
    """Make every file of a register that has not left, and keep none. Raises Refused with what keeps one from being made."""
    run = ctx.get(PaymentRun, run_id)
    if run.state not in ("built", "checked", "approved", "released"):
        raise Refused("清冊已產生檔案或已取消，不需要預覽", "E-PAY-STATE")
    setting = payer_setting(ctx.session, run.benefit, run.town_code)
    lines = payment_lines.unchanged(ctx.session, run)
    chosen, _ = channel_layouts.split(ctx.session, run, setting, lines)
    names = [(str(c.row), a) for c in chosen for a in channel_layouts.changed_names(c)]
    titles = {c.row.id: str(c.row) for c in chosen}
    return Preview([(titles.get(f.layout_id or 0, KINDS[f.kind]), f) for f in make(ctx, run, setting, lines)], names)
