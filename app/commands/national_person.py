"""全國社會福利資源歸戶查詢: what every county pays one person, and what other agencies pay, with the purpose written down first.

It reads the rosters in force of all counties, so it is no row of a county's own: the permission is the limit, and the query log the guard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy.orm import Session

from app.core import identity, roc
from app.exchange import person_index
from app.security import access
from app.security.roles import COUNTY_OFFICER, COUNTY_SUPERVISOR, MINISTRY_OFFICER

from .base import Context, Refused, command
from .deliveries import InForce, current_snapshots, home

MONTHS: Final = 12
SHORTEST: Final = 4
LOOKERS: Final = (COUNTY_OFFICER, COUNTY_SUPERVISOR, MINISTRY_OFFICER)


@dataclass(frozen=True)
class Found:
    """Roster rows of the person, newest month first; what other agencies pay; the months with rosters, and how many counties sent each."""

    rows: list[dict[str, Any]]
    elsewhere: list[dict[str, Any]]
    counties_by_month: dict[int, int]

    @property
    def total(self) -> int:
        """NTD of all rows together."""
        return sum(row["amount"] or 0 for row in self.rows)


@command("person.national", roles=LOOKERS)
def look_up(ctx: Context, person_id: str, purpose: str, last_month: int, key: str) -> Found:
    """What is paid to a person in the year up to `last_month`. The purpose is logged in the same transaction; without one nothing is read.
    `key`: the key of the query log's hashes. Raises Refused."""
    number = identity.normal(person_id or "")
    if identity.kind(number) == "unknown":
        raise Refused("統一編號格式不正確，請填 1 個英文字母加 9 個數字（或新舊式居留證號）", "E-NAT-ID")
    if len((purpose or "").strip()) < SHORTEST:
        raise Refused("請寫明查詢目的（至少 4 個字，例如文號或案號）；查詢會留下紀錄", "E-NAT-PURPOSE")
    entry = access.entry(ctx.actor, "search", ("person", None), purpose.strip()[:200], person=number, rows=0, key=key)
    ctx.session.add(entry)
    good = current_snapshots(ctx.session, last_month, last_month - MONTHS + 1)
    rosters = _by_month(good)
    rows = person_index.find([person_index.ready(home(), month, parts) for month, parts in sorted(rosters.items())], [number])
    drawn = [b.path for b in good if b.source == "benefit_elsewhere" and b.path is not None]
    elsewhere = _elsewhere(drawn, number, last_month)
    entry.rows = rows.height + len(elsewhere)
    sent = {month: len({b.county for b in good if b.source == "roster" and b.month == month}) for month in sorted(rosters, reverse=True)}
    return Found(rows.to_dicts(), elsewhere, sent)


def _by_month(good: Sequence[InForce]) -> dict[int, dict[str, Path]]:
    """The rosters in force by month, named by county, kind and content."""
    out: dict[int, dict[str, Path]] = {}
    for b in good:
        if b.source == "roster" and b.month is not None and b.path is not None:
            out.setdefault(b.month, {})[f"{b.county}/{b.kind}/{b.content_sha256}"] = b.path
    return out


def _elsewhere(paths: Sequence[Path], number: str, last_month: int) -> list[dict[str, Any]]:
    """Benefits of other agencies that were drawn in the year looked at; the latest told first."""
    if not paths:
        return []
    found = pl.concat([pl.scan_parquet(p).filter(pl.col("person_id") == number) for p in paths]).collect()
    still = pl.col("month_to").is_null() | (pl.col("month_to") > last_month - MONTHS)
    return found.filter(still, pl.col("month_from") <= last_month).unique("record_no", keep="last").sort("month_from", "record_no", descending=True).to_dicts()


def newest_month(session: Session, today_month: int) -> int:
    """The last month, not after today's, of which any roster is in force; today's when there is none."""
    months = [b.month for b in current_snapshots(session, today_month, 0) if b.source == "roster" and b.month is not None]
    return max(months, default=today_month)


def month_text(row: dict[str, Any]) -> str:
    """The months a roster row paid for: `98年2月～98年3月`, or the roster's own month."""
    first, last = row["pay_month_from"] or row["ref_month"], row["pay_month_to"] or row["pay_month_from"] or row["ref_month"]
    return roc.show_month(first) if first == last else f"{roc.show_month(first)}～{roc.show_month(last)}"
