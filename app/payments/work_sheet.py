"""The work sheet of a register: an XLSX the office changes in Excel and brings back, and what its changes are against the register.

One row a line, then one row of totals that the office keeps right itself: a sum that does not fit says that something was changed by mistake.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core import roc
from app.core.text import row_number

from .cash_list import Heading
from .line import CHANNEL_NAMES, Line
from .reconcile import CREDITED, RETURNED, TransferResult
from .sheet import Book, put_row

COLUMNS = (
    ("清冊號", 22), ("編號", 7), ("鄉鎮市", 10), ("姓名", 14), ("身分證統一編號", 16), ("發放月份", 18), ("管道", 10), ("局號／銀行代號", 14), ("帳號", 18),
    ("金額", 12), ("處理", 8), ("原因", 30),
)  # fmt: skip
HOLD, IN, BACK = "暫緩", "入帳", "退匯"
LARGEST = 10**9


def write(heading: Heading, lines: Sequence[Line]) -> bytes:
    """The work sheet of the lines; the same lines give the same bytes."""
    book = Book(f"{heading.benefit}發放清冊工作表", heading.made_at)
    sheet = book.sheet("工作表")
    plain, amount, head = book.format(border=1), book.format(border=1, num_format="#,##0"), book.format(border=1, bold=True)
    for column, (_, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
    put_row(sheet, 0, [name for name, _ in COLUMNS], head, head)
    sheet.freeze_panes(1, 0)
    for row, x in enumerate(lines, 1):
        months = roc.show_month(x.month_from) + ("" if x.month_from == x.month_to else f"至{roc.show_month(x.month_to)}")
        p = x.payee
        put_row(
            sheet, row,
            [heading.run_no, x.line_no, heading.town(x.town_code), x.name, x.person_id, months, CHANNEL_NAMES.get(p.channel, p.channel), p.institution, p.account, x.amount, "", ""],
            plain, amount,
        )  # fmt: skip
    cells: list[str | int | None] = [None] * len(COLUMNS)
    cells[0], cells[1], cells[9] = "總計", len(lines), sum(x.amount for x in lines)
    put_row(sheet, len(lines) + 1, cells, head, book.format(border=1, bold=True, num_format="#,##0"))
    return book.close()


def _whole(text: str) -> int | None:
    return row_number(text.replace(",", "").strip())


@dataclass(frozen=True)
class Change:
    """One line that the sheet changes: its new amount (NTD) or what became of it, and why."""

    line: Line
    handling: str
    amount: int
    reason: str

    @property
    def said(self) -> str:
        """For people: what changes."""
        if self.handling:
            return self.handling + (f"（{self.reason}）" if self.reason else "")
        return f"金額 {self.line.amount:,} 元改為 {self.amount:,} 元"


@dataclass
class Plan:
    """What a sheet would change; with `faults` nothing of it."""

    changes: list[Change] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def of(self, *handling: str) -> list[Change]:
        return [c for c in self.changes if c.handling in handling]


def plan(
    run_no: str, lines: Sequence[Line], rows: Sequence[Mapping[str, Any]], totals: Mapping[str, str] | None, sent: bool, codes: Sequence[str]
) -> Plan:
    """Compare a sheet's rows with the register's lines. `sent`: the files left, so only results may be said; `codes`: known return codes."""
    out, known, seen, total = Plan(), {x.line_no: x for x in lines}, set[int](), 0
    for row in rows:
        at = f"第 {row['row_no']} 列："
        number, amount = _whole(row.get("line_no", "")), _whole(row.get("amount", ""))
        line = known.get(number) if number is not None else None
        if row.get("problem"):
            out.faults.append(f"{at}欄位數與標題列不同")
        elif row.get("run_no", "") != run_no:
            out.faults.append(f"{at}清冊號「{row.get('run_no', '')}」不是這份清冊（{run_no}）")
        elif line is None or number is None:
            out.faults.append(f"{at}清冊沒有編號「{row.get('line_no', '')}」這一筆，或這一筆已暫緩")
        elif number in seen:
            out.faults.append(f"{at}編號 {number} 重複")
        elif row.get("person_id", "").upper() != line.person_id:
            out.faults.append(f"{at}身分證統一編號與清冊第 {number} 筆不同，請勿移動或更改編號")
        elif amount is None or not 0 < amount <= LARGEST:
            out.faults.append(f"{at}金額請填大於 0 的整數（元）；這次不發請在「處理」填暫緩")
        else:
            seen.add(number)
            total += amount
            _row(out, line, amount, row, at, sent, codes)
    if (missing := sorted(set(known) - seen)) and not out.faults:
        shown = "、".join(map(str, missing[:10]))
        out.faults.append(f"少了 {len(missing)} 筆（編號 {shown}）；不發的請填暫緩，不要刪列")
    _totals(out, totals, len(seen), total)
    return out


def _row(out: Plan, line: Line, amount: int, row: Mapping[str, Any], at: str, sent: bool, codes: Sequence[str]) -> None:
    handling, reason = row.get("handling", "").strip(), row.get("reason", "").strip()
    allowed = (IN, BACK) if sent else (HOLD,)
    if handling and handling not in allowed:
        out.faults.append(f"{at}「處理」只能留白或填{'、'.join(allowed)}")
    elif sent and amount != line.amount:
        out.faults.append(f"{at}檔案已送出，金額不能再改（清冊 {line.amount:,} 元）")
    elif handling == BACK and reason not in codes:
        out.faults.append(f"{at}退匯要在「原因」填退匯代碼，例如 04")
    elif (handling == HOLD or amount != line.amount) and not reason:
        out.faults.append(f"{at}暫緩或更改金額要填原因")
    elif handling == HOLD and amount != line.amount:
        out.faults.append(f"{at}暫緩的一筆不要更改金額")
    elif handling or amount != line.amount:
        out.changes.append(Change(line, handling, amount, reason))


def _totals(out: Plan, totals: Mapping[str, str] | None, count: int, total: int) -> None:
    if out.faults:
        return
    if totals is None:
        out.faults.append("沒有總計列；請保留最後一列的筆數與金額")
        return
    said = _whole(totals.get("line_no", "")), _whole(totals.get("amount", ""))
    if said != (count, total):
        out.faults.append(f"總計列寫 {said[0] or 0:,} 筆 {said[1] or 0:,} 元，各列合計 {count:,} 筆 {total:,} 元；更改金額後請一併更改總計")


def results(plan_: Plan, run_no: str, value_date: dt.date) -> list[TransferResult]:
    """What the sheet says about lines that left, as a transfer result."""
    return [
        TransferResult(
            n, run_no, c.line.line_no, c.line.person_id, c.line.amount, CREDITED if c.handling == IN else RETURNED,
            c.reason if c.handling == BACK else "", value_date,
        )
        for n, c in enumerate(plan_.of(IN, BACK), 2)
    ]  # fmt: skip


def adjusted(line: Line, line_no: int, amount: int) -> Line:
    """The line with another amount under a new number: more goes to its last month, less comes off from the last month backwards."""
    rest, parts = amount - line.amount, list(line.parts)
    for i in range(len(parts) - 1, -1, -1):
        after = max(0, parts[i].amount + rest)
        rest -= after - parts[i].amount
        parts[i] = replace(parts[i], amount=after)
    left = tuple(p for p in parts if p.amount)
    return replace(line, line_no=line_no, amount=amount, parts=left, month_from=left[0].month, month_to=left[-1].month, adjusts=line.line_no)
