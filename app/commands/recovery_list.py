"""Claims from an audit's list: rows pasted from a worksheet, all opened or none, every fault named by its row."""

from dataclasses import dataclass

from sqlalchemy import select

from app.core import roc
from app.core.text import fold
from app.models.award import Award
from app.models.overpayment import Overpayment
from app.security.roles import COUNTY

from .base import Context, Refused, command
from .recovery import open_overpayment

MANY = 500
SHOWN = 20


@dataclass(frozen=True)
class ListRow:
    """One row of the list: a case, months (None = all), NTD (None = as the ledger says) and the reason."""

    no: int
    case_no: str
    first: int | None
    last: int | None
    amount: int | None
    reason: str


def rows_of(pasted: str) -> list[ListRow]:
    """Case number, from month, to month, amount, reason, with tabs or commas between; empty cells may be left out at the end. Raises Refused."""
    rows, faults = [], []
    for no, line in enumerate(pasted.splitlines(), 1):
        if not line.strip():
            continue
        cells = [c.strip() for c in (line.split("\t") if "\t" in line else fold(line).split(","))]
        cells += [""] * (5 - len(cells))
        try:
            first, last = (roc.parse_month(fold(c)) if c else None for c in cells[1:3])
            amount = int(fold(cells[3]).replace(",", "").removesuffix("元")) if cells[3] else None
        except (roc.RocError, ValueError):
            faults.append(f"第 {no} 列：月份或金額看不懂（月份如 98/3 或 09803，金額為整數元）")
            continue
        rows.append(ListRow(no, fold(cells[0]), first, last, amount, " ".join(c for c in cells[4:] if c)))
    if faults:
        raise _refused(faults)
    if not rows or len(rows) > MANY:
        raise Refused(f"請貼上 1 到 {MANY} 列名單，每列依序為案號、溢領起月、溢領迄月、金額、原因", "E-REC-LIST")
    return rows


def _refused(faults: list[str]) -> Refused:
    more = f"；共 {len(faults)} 處" if len(faults) > SHOWN else ""
    return Refused("名單有錯，全部沒有立案：" + "；".join(faults[:SHOWN]) + more, "E-REC-LIST")


@command("recovery.open", roles=COUNTY)
def open_list(ctx: Context, pasted: str, reference: str) -> list[Overpayment]:
    """Open a claim for every row of an audit's list named by its `reference`. The same list again gives the same claims. Raises Refused."""
    if not reference.strip():
        raise Refused("請填寫審計或查核的文號", "E-REC-LIST")
    rows, faults = rows_of(pasted), []
    wanted = select(Award).where(Award.case_no.in_({r.case_no for r in rows})).order_by(Award.id)
    found = {award.case_no: award for award in ctx.session.scalars(wanted)}
    out = []
    for row in rows:
        award = found.get(row.case_no)
        if award is None:
            faults.append(f"第 {row.no} 列：查無案號 {row.case_no}，或不在您的業務範圍")
            continue
        try:
            claim = open_overpayment(
                ctx, origin="audit", origin_ref=f"{reference.strip()[:40]}/{row.case_no}"[:60], benefit=award.benefit, award_id=award.id,
                reason=row.reason or "依查核名單", first_month=row.first, last_month=row.last, amount=row.amount,
            )  # fmt: skip
            out.append(claim)
        except Refused as error:
            faults.append(f"第 {row.no} 列：{error.message}")
    if faults:
        raise _refused(faults)
    return out
