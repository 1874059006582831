"""What is remarkable about a delivery against what came before: pointed out always, and confirmed with a reason by whoever sends it by hand."""

from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.exchange import snapshots
from app.exchange.delivery import Delivery
from app.exchange.layouts import LAYOUTS
from app.models.exchange import ACCEPTED, NIL, SUPERSEDED, UNDONE, Batch

from .deliveries import home, slot_of

SWING: Final = 0.20  # change of rows or amount against last month that is pointed out
_STRAYS: Final = ("kind_differs", "month_differs", "county_differs")
_OF_THE_MONTH: Final = ("rec_no", "ref_month", "pay_month_from", "pay_month_to", "decision_no")


@dataclass(frozen=True)
class Concern:
    """`code` for machines; `text` (Chinese) says what is remarkable and what to look at."""

    code: str
    text: str


def concerns(session: Session, delivery: Delivery, frame: pl.DataFrame | None = None, content: str | None = None) -> list[Concern]:
    """What is remarkable; an empty list when nothing is. `frame` and `content` are what would stand in force, when that is more
    than the delivery's own rows (supplement)."""
    meta = delivery.meta
    frame = delivery.frame if frame is None else frame
    out = _strays(delivery)
    slot = slot_of(meta.source, meta.county, meta.month, meta.kind)
    before = select(Batch.id).where(
        Batch.slot == slot, Batch.content_sha256 == (content or meta.content_sha256), Batch.state.in_((SUPERSEDED, UNDONE))
    )
    if (earlier := session.scalars(before.order_by(Batch.id.desc()).limit(1)).one_or_none()) is not None:
        out.append(Concern("resent", f"內容與已被取代或撤銷的第 {earlier} 批完全相同，請確認不是誤送舊檔。"))
    if meta.source != "roster" or meta.month is None:
        return out
    out += _months(session, delivery)
    slot = slot_of(meta.source, meta.county, meta.month - 1, meta.kind)
    last = session.scalars(select(Batch).where(Batch.slot == slot, Batch.state == ACCEPTED)).one_or_none()
    if last is not None and last.snapshot_rows:
        out += _against(last, frame, meta.source)
    return out


def _strays(delivery: Delivery) -> list[Concern]:
    counted = delivery.issues.filter(pl.col("code").is_in(_STRAYS))["row_no"].n_unique()
    if not counted:
        return []
    return [Concern("mixed", f"有 {counted:,} 列的縣市、月份或資料種類與其他列不同，已退回；請確認沒有混入別的檔案。")]


def _months(session: Session, delivery: Delivery) -> list[Concern]:
    """Months that jump: the future, a gap since the newest in force, or a month before it for the first time."""
    meta = delivery.meta
    month = meta.month
    assert month is not None
    if month > roc.month_of(clock.today()):
        return [Concern("month_future", f"資料年月 {roc.show_month(month)} 還沒有到，請確認月份。")]
    known = select(Batch.month).where(
        Batch.source == meta.source, Batch.county_code == (meta.county or ""), Batch.kind == meta.kind, Batch.state.in_((ACCEPTED, NIL))
    )
    months = {m for m in session.scalars(known) if m is not None}
    if not months or month in months or month - 1 in months:
        return []
    if month > max(months):
        first, last = roc.show_month(max(months) + 1), roc.show_month(month - 1)
        gap = f"{first}沒有送件" if first == last else f"{first}起至{last}沒有送件"
        return [Concern("month_gap", f"上一次收到的是{roc.show_month(max(months))}，{gap}；請確認月份，漏送的月份請補送或申報無資料。")]
    return [Concern("month_back", f"已收過{roc.show_month(max(months))}，這次是較早的{roc.show_month(month)}；請確認月份。")]


def _against(last: Batch, frame: pl.DataFrame, source: str) -> list[Concern]:
    """Swings against the month before, and the same rows under a new month."""
    out = []
    change = (frame.height - last.snapshot_rows) / last.snapshot_rows
    if abs(change) > SWING:
        out.append(
            Concern(
                "swing_rows",
                f"本月 {frame.height:,} 列，比上月第 {last.id} 批的 {last.snapshot_rows:,} 列{'多' if change > 0 else '少'} {abs(change):.0%}，"
                "請確認檔案完整。",
            )
        )
    amount = int(frame["amount"].sum()) if "amount" in frame.columns else 0
    if last.sum_amount and abs(amount - last.sum_amount) > SWING * last.sum_amount:
        out.append(
            Concern("swing_amount", f"本月金額合計 {amount:,} 元，上月第 {last.id} 批為 {last.sum_amount:,} 元，相差超過 {SWING:.0%}，請確認金額。")
        )
    if not out and frame.height == last.snapshot_rows and _same_rows(last, frame, source):
        out.append(Concern("same_as_last", f"除月份外，內容與上月第 {last.id} 批完全相同；請確認不是把上月的檔案改了月份。"))
    return out


def _same_rows(last: Batch, frame: pl.DataFrame, source: str) -> bool:
    columns = [name for name in LAYOUTS[source].names if name in frame.columns and name not in _OF_THE_MONTH]
    try:
        before = snapshots.read(home() / str(last.snapshot_path)).select(columns)
    except (OSError, pl.exceptions.PolarsError):
        return False
    return before.hash_rows().sort().equals(frame.select(columns).hash_rows().sort())
