"""An institution's own list of the month (CSV or XLSX) onto an open invoice: every row fits or nothing is taken, the totals are checked."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.commands.base import Context, Refused, command
from app.core import identity, money, roc
from app.core.text import clean_name
from app.exchange.messages import FileProblem
from app.exchange.own_forms import CARE_INVOICE, read_rows
from app.models.care_invoice import CareInvoice, CareInvoiceLine
from app.security.actor import Actor
from app.security.roles import COUNTY_OFFICER

from .contracts import add_absence
from .invoices import INVOICE, OPEN, compute

SHOWN = 20
Reader = Callable[[Path, str], tuple[list[dict[str, Any]], dict[str, str] | None]]


@dataclass
class _Claim:
    """What the file says about one line: fee and claim (NTD), and the absences with their row numbers."""

    line: CareInvoiceLine
    fee: int | None = None
    claimed: int | None = None
    away: list[tuple[int, dt.date, dt.date | None]] = field(default_factory=list)


def import_invoice(who: Actor, invoice_id: int, content: bytes, file_name: str, seen_version: int | None = None, reader: Reader = read_rows) -> int:
    """Take the institution's list onto its invoice; how many people. A file from outside is read with `confined.rows_confined`.

    Raises Refused with every row that does not fit, Conflict.
    """
    suffix = Path(file_name).suffix.lower() or ".csv"
    with TemporaryDirectory(prefix="swis-care-") as folder:
        path = Path(folder) / f"invoice{suffix}"
        path.write_bytes(content)
        try:
            rows, totals = reader(path, CARE_INVOICE.source)
        except FileProblem as problem:
            raise Refused(f"請款明細無法讀取：{problem}", "E-CARE-FILE") from None
    return _take_in(who, invoice_id, rows, totals, hashlib.sha256(content).hexdigest(), seen_version)


@command("care.invoice", roles=(COUNTY_OFFICER,))
def _take_in(
    ctx: Context, invoice_id: int, rows: list[dict[str, Any]], totals: dict[str, str] | None, sha256: str, seen_version: int | None
) -> int:
    invoice = ctx.get(CareInvoice, invoice_id, lock=True)
    ctx.check_version(invoice, seen_version)
    if invoice.state not in OPEN:
        raise Refused("請款單已核定或取消，不能再匯入", "E-CARE-CLOSED")
    faults: list[str] = []
    claims = _claims(invoice, rows, faults)
    absent = [x for x in invoice.lines if x.line_no not in claims]
    if absent and not faults:
        names = "、".join(x.recipient.name for x in absent[:5])
        faults.append(f"契約名單中有 {len(absent)} 人不在請款明細（{names}）：請機構補列（請領 0 元），或先登錄契約終止")
    _totals(invoice, claims, totals, faults)
    if faults:
        shown = "\n".join(faults[:SHOWN]) + (f"\n……另有 {len(faults) - SHOWN} 項" if len(faults) > SHOWN else "")
        raise Refused(f"請款明細有 {len(faults)} 項不符，整份沒有匯入：\n{shown}", "E-CARE-FILE")
    for claim in claims.values():
        claim.line.fee, claim.line.claimed = claim.fee or claim.line.fee, claim.claimed
        for row_no, left, back in claim.away:
            _absence(ctx, claim.line, row_no, left, back)
    ctx.session.flush()
    compute(ctx.session, invoice)
    if invoice.state == "checked":
        INVOICE.advance(ctx, invoice, "change", checked_by_id=None, checked_at=None)
    invoice.changed_by_id, invoice.changed_at = ctx.actor.user_id, ctx.now
    ctx.audit("care_invoice.import", invoice, sha256=sha256, people=len(claims))
    return len(claims)


def _claims(invoice: CareInvoice, rows: list[dict[str, Any]], faults: list[str]) -> dict[int, _Claim]:
    by_person: dict[str, list[CareInvoiceLine]] = {}
    for x in invoice.lines:
        by_person.setdefault(x.recipient.person_id, []).append(x)
    claims: dict[int, _Claim] = {}
    for row in rows:
        at = f"第 {row['row_no']} 列："
        number = identity.normal(row.get("person_id", ""))
        lines = by_person.get(number)
        if row["problem"]:
            faults.append(f"{at}欄位數與標題列不同，請檢查逗號與引號")
        elif lines is None:
            faults.append(f"{at}此人本月在這家機構沒有契約，請核對統一編號或先登錄契約")
        elif clean_name(row.get("name", "")) != lines[0].recipient.name:
            faults.append(f"{at}姓名與統一編號不符，請核對")
        elif len(lines) > 1:
            faults.append(f"{at}此人本月在這家機構有 {len(lines)} 份契約，請在畫面上逐筆登錄")
        else:
            _row(claims.setdefault(lines[0].line_no, _Claim(lines[0])), row, at, invoice.month, faults)
    faults += [f"{c.line.recipient.name}：沒有請領金額，請補上（不請領填 0）" for c in claims.values() if c.claimed is None and not faults]
    return claims


def _row(claim: _Claim, row: dict[str, Any], at: str, month: int, faults: list[str]) -> None:
    fee, claimed = (_amount(row.get(name, ""), label, at, faults) for name, label in (("fee", "每月收費"), ("claimed", "請領金額")))
    if fee == 0:
        faults.append(f"{at}每月收費須大於 0 元")
    if claimed is not None and claim.claimed is not None:
        faults.append(f"{at}此人的請領金額已在前面的列填過；第二次請假請另起一列，金額留白")
        return
    claim.fee = fee if fee is not None else claim.fee
    claim.claimed = claimed if claimed is not None else claim.claimed
    left, back = (_day(row.get(name, ""), at, faults) for name in ("left_on", "back_on"))
    if back is not None and left is None:
        faults.append(f"{at}有返回日期而沒有離開日期，請補上")
    if left is None:
        return
    last_away = None if back is None else back - dt.timedelta(days=1)
    if left > roc.last_day(month) or (last_away is not None and last_away < roc.first_day(month)):
        faults.append(f"{at}請假日期不在{roc.show_month(month)}，請核對月份")
        return
    if back is not None and back <= left:
        faults.append(f"{at}返回日期應在離開日期之後")
        return
    claim.away.append((row["row_no"], left, back))


def _amount(text: str, label: str, at: str, faults: list[str]) -> int | None:
    plain = text.replace(",", "").removesuffix("元")
    if not plain:
        return None
    if plain.startswith("-"):
        faults.append(f"{at}{label}不可為負數")
    elif not plain.isdigit():
        faults.append(f"{at}{label}「{text}」不是整數金額")
    else:
        return int(plain)
    return None


def _day(text: str, at: str, faults: list[str]) -> dt.date | None:
    if not text:
        return None
    try:
        return roc.parse_date(text)
    except roc.RocError as error:
        faults.append(f"{at}{error}")
        return None


def _totals(invoice: CareInvoice, claims: dict[int, _Claim], totals: dict[str, str] | None, faults: list[str]) -> None:
    """The sum of the rows against the file's own total and the total on the letter."""
    if faults:
        return
    total = sum(c.claimed or 0 for c in claims.values())
    said: list[str] = []
    own = _amount((totals or {}).get("claimed", ""), "合計", "合計列：", said)
    faults += said
    if own is not None and own != total:
        faults.append(f"合計列的請領金額 {money.show(own)} 元，各列合計 {money.show(total)} 元，請核對")
    if invoice.claimed_total is not None and invoice.claimed_total != total:
        faults.append(f"公文請領總額 {money.show(invoice.claimed_total)} 元，各列合計 {money.show(total)} 元，請核對")


def _absence(ctx: Context, line: CareInvoiceLine, row_no: int, left: dt.date, back: dt.date | None) -> None:
    """Note an absence; the same one again changes nothing."""
    contract = line.contract
    if any(a.left_on == left and a.back_on == back and not a.withdrawn for a in contract.absences):
        return
    try:
        add_absence(ctx, contract.id, left, back, "other")
    except Refused as error:
        raise Refused(f"第 {row_no} 列：{error.message}", error.code) from None
