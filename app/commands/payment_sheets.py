"""The register out to Excel and back: what the sheet changes is shown first, then applied as a whole or not at all."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.exchange.messages import FileProblem
from app.exchange.own_forms import PAYMENT_SHEET, read_rows
from app.models.payment_run import PaymentRun
from app.payments import reconcile, work_sheet
from app.security.actor import Actor
from app.security.roles import ACCOUNTANT, COUNTY_OFFICER, TOWN_CLERK

from . import payment_files, payment_lines, payment_results, payments
from .base import Context, Refused, command
from .payer_settings import payer_setting

CHANGEABLE = ("built", "checked")
BACK = (*CHANGEABLE, "filed")
SHOWN = 20
Rows = tuple[list[dict[str, Any]], Mapping[str, str] | None]
Reader = Callable[[Path, str], Rows]


@command("payments.print_list", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER))
def write(ctx: Context, run_id: int) -> tuple[bytes, str, int]:
    """The work sheet of a register; (XLSX, file name, lines). Raises Refused when it no longer takes changes."""
    run = ctx.get(PaymentRun, run_id)
    if run.state not in BACK:
        raise Refused("清冊在造冊、檢核或送出後尚未對帳時，才有工作表可以更改", "E-PAY-STATE")
    lines = payment_lines.unchanged(ctx.session, run)
    above = payment_files.heading(ctx, run, payer_setting(ctx.session, run.benefit, run.town_code))
    return work_sheet.write(above, lines), f"{run.run_no}_工作表.xlsx", len(lines)


def keep(run_no: str, content: bytes) -> str:
    """Store a sheet that came back until it is confirmed, instead of the one before it; its SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    for older in (payment_files.log_path().parent / run_no).glob("back-*.xlsx"):
        older.unlink(missing_ok=True)
    payment_files.store(run_no, f"back-{sha256}.xlsx", content)
    return sha256


def kept(run_no: str, sha256: str) -> bytes:
    """A sheet that came back, exactly as it was. Raises Refused."""
    path = payment_files.log_path().parent / run_no / f"back-{sha256}.xlsx"
    if len(sha256) != 64 or not sha256.isalnum() or not path.is_file() or hashlib.sha256(content := path.read_bytes()).hexdigest() != sha256:
        raise Refused("找不到剛才的工作表，請重新選擇檔案", "E-PAY-SHEET")
    return content


def look(who: Actor | Context, run_id: int, content: bytes, reader: Reader = read_rows) -> work_sheet.Plan:
    """What a sheet would change; nothing is changed. One from outside is read with `confined.rows_confined`. Raises Refused."""
    return _plan(who, run_id, _rows(content, reader))


def apply(who: Actor, run_id: int, content: bytes, seen_version: int | None, reader: Reader = read_rows) -> work_sheet.Plan:
    """Apply a sheet in one transaction: amounts and lines held back before approval, results after the files left. Raises Refused, Conflict."""
    return _apply(who, run_id, _rows(content, reader), hashlib.sha256(content).hexdigest(), seen_version)


def _rows(content: bytes, reader: Reader) -> Rows:
    with TemporaryDirectory(prefix="swis-sheet-") as folder:
        path = Path(folder) / "sheet.xlsx"
        path.write_bytes(content)
        try:
            return reader(path, PAYMENT_SHEET.source)
        except FileProblem as problem:
            raise Refused(f"工作表無法讀取，全部未登錄：{problem}", "E-PAY-SHEET") from None


def _planned(ctx: Context, run: PaymentRun, read: Rows) -> work_sheet.Plan:
    if run.state not in BACK:
        raise Refused("清冊已核准、撥款、對帳完成或取消，不能再匯入工作表", "E-PAY-STATE")
    lines = payment_lines.unchanged(ctx.session, run)
    found = work_sheet.plan(run.run_no, lines, *read, sent=run.state == "filed", codes=list(reconcile.RETURN_ACTIONS))
    if found.faults:
        shown = "\n".join(found.faults[:SHOWN]) + (f"\n……另有 {len(found.faults) - SHOWN} 項" if len(found.faults) > SHOWN else "")
        raise Refused(f"工作表有 {len(found.faults)} 項不符，全部未登錄：\n{shown}", "E-PAY-SHEET")
    return found


@command("payments.print_list", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER))
def _plan(ctx: Context, run_id: int, read: Rows) -> work_sheet.Plan:
    return _planned(ctx, ctx.get(PaymentRun, run_id), read)


@command("payments.print_list", roles=(ACCOUNTANT, TOWN_CLERK, COUNTY_OFFICER))
def _apply(ctx: Context, run_id: int, read: Rows, sha256: str, seen_version: int | None) -> work_sheet.Plan:
    run = ctx.get(PaymentRun, run_id, lock=True)
    ctx.check_version(run, seen_version)
    found = _planned(ctx, run, read)
    if not found.changes:
        raise Refused("工作表與清冊相同，沒有要登錄的更改", "E-PAY-SHEET")
    if run.state == "filed":
        payment_results.apply_transfer_results(ctx, work_sheet.results(found, run.run_no, run.value_date), sha256)
    else:
        if changed := found.of(""):
            payments.adjust_lines(ctx, run_id, {c.line.line_no: (c.amount, c.reason) for c in changed})
        if held := found.of(work_sheet.HOLD):
            said = "；".join(f"第 {c.line.line_no} 筆{c.reason}" for c in held)
            payments.withhold_lines(ctx, run_id, [c.line.line_no for c in held], said[:200])
    ctx.audit("payment_run.sheet", run, sha256=sha256, changes=len(found.changes))
    return found
