"""What the received registers say about one person, entry by entry, as people read it: beside a doubt and beside a sampled row."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy.orm import Session

from app.core import money, roc
from app.exchange import codes, snapshots

from .deliveries import current_snapshots

MOST: Final = 8
"""So many entries of one register are shown, the latest first; a traveller has hundreds."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One entry: the register, its day (None when it has none), what it says."""

    register: str
    on: dt.date | None
    says: str


def entries_of(session: Session, person_id: str, month: int) -> tuple[list[Entry], list[str]]:
    """The entries in force for `month` under an ID number, and the registers that were not received (an absent register says nothing)."""
    found = current_snapshots(session, month)
    out: list[Entry] = []
    absent = []
    for source, (name, day, say) in REGISTERS.items():
        mine = [s for s in found if s.source == source]
        if not mine:
            absent.append(name)
        paths = [s.path for s in mine if s.path is not None]
        rows = snapshots.scan(paths).filter(pl.col("person_id") == person_id).collect().to_dicts() if paths else []
        rows = sorted({str(r): r for r in rows}.values(), key=lambda r: str(r.get(day) or ""), reverse=True)
        out += [Entry(name, r[day] if isinstance(r.get(day), dt.date) else None, say(r)) for r in rows[:MOST]]
        if len(rows) > MOST:
            out.append(Entry(name, None, f"另有較早的 {len(rows) - MOST} 筆"))
    return out, absent


def _place(code: str | None) -> str:
    return codes.COUNTIES.get(code, code) if code else ""


def _until(row: Row) -> str:
    return f"，至{roc.show_date(row['to_date'])}" if row.get("to_date") else "，持續中"


def _household(row: Row) -> str:
    return f"{row['name']}　設籍{_place(row['county_code'])}　{codes.RESIDENT_STATUS.get(row['status'] or '', row['status'] or '')}"


def _change(row: Row) -> str:
    places = "→".join(_place(row[c]) for c in ("county_from", "county_to") if row[c])
    said = f"{codes.CHANGE_EVENT.get(row['event'], row['event'])}　{row['name']}"
    return said + (f"　{places}" if places else "") + (f"　登記日{roc.show_date(row['registered_date'])}" if row["registered_date"] else "")


def _custody(row: Row) -> str:
    return f"{codes.CUSTODY_KIND.get(row['kind'], row['kind'])}　{row['name']}{_until(row)}"


def _crossing(row: Row) -> str:
    return str(codes.DIRECTION.get(row["direction"], row["direction"]))


def _pension(row: Row) -> str:
    return f"{codes.PENSION_KIND.get(row['kind'], row['kind'])}　{money.show(row['amount'])}元{_until(row)}"


def _elsewhere(row: Row) -> str:
    last = roc.show_month(row["month_to"]) if row["month_to"] else "持續中"
    kind = codes.BENEFIT_ELSEWHERE_KIND.get(row["kind"], row["kind"])
    return f"{kind}　每月{money.show(row['amount'])}元　{roc.show_month(row['month_from'])}～{last}"


REGISTERS: Final[Mapping[str, tuple[str, str, Callable[[Row], str]]]] = {
    "household_register": ("戶籍資料", "move_in_date", _household),
    "household_change": ("戶籍異動", "event_date", _change),
    "custody": ("監管資料", "from_date", _custody),
    "border_crossing": ("國人入出境", "date", _crossing),
    "pension": ("退休撫卹給與", "from_date", _pension),
    "benefit_elsewhere": ("其他機關給付", "month_from", _elsewhere),
}
"""Register → its name, the column its entries are ordered by, how one is said."""
