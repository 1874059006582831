"""What stands in the received registers about one person, source by source: pure readings of rows into facts that touch a case.

A later record may take an earlier one back (an annulled death, a return to the county, a release, a journey home); only what stands
after all of them is a fact. Rows are dicts of the snapshot's columns with `batch_no`.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.core import roc
from app.exchange import codes

Row = dict[str, Any]
YEAR, LIMIT = 365, 183


@dataclass(frozen=True, slots=True)
class Fact:
    """`key` is stable for the same fact of the same source; `pair` is the code of the exclusion table that must hold for the case's
    benefit (empty: always matters). `of_recipient`: it says something of the recipient alone, not of other members."""

    key: str
    kind: str
    change_kind: str
    happened_on: dt.date
    text: str
    batch_no: int | None = None
    until: dt.date | None = None
    pair: str = ""
    of_recipient: bool = True
    details: dict[str, Any] = field(default_factory=dict)


def _day(day: dt.date) -> str:
    return roc.show_date(day)


def _place(code: str | None) -> str:
    return codes.COUNTIES.get(code or "", code or "其他縣市")


def household_changes(rows: Sequence[Row], county: str) -> list[Fact]:
    """Death and move out as they stand after all events; each other event of its own."""
    died: Row | None = None
    moved: Row | None = None
    out = []
    for row in sorted(rows, key=lambda r: (r["event_date"], r["registered_date"] or r["event_date"], r["change_no"])):
        event = row["event"]
        if event == "death":
            died = row
        elif event == "death_annulled":
            died = None
        elif event == "move_out" and row["county_to"] != county and row["county_from"] in (None, county):
            moved = row
        elif event == "move_in" and row["county_to"] == county:
            moved = None
        elif event == "move_within" and row["county_to"] in (None, county):
            town = str(row["new_value"] or "")[:8]
            details = {"town_code": town} if town.isdigit() and town.startswith(county) and len(town) == 8 else {}
            out.append(_event(row, "move_within", "move_within", f"{_day(row['event_date'])} 在縣內遷徙", details))
        elif event in ("name_change", "id_change"):
            out.append(_event(row, "identity", "", f"{_day(row['event_date'])} {codes.CHANGE_EVENT[event]}，請核對並更正個案基本資料"))
        elif event in ("marriage", "divorce", "removed", "missing", "found"):
            out.append(_event(row, "household", "household", f"{_day(row['event_date'])} {codes.CHANGE_EVENT[event]}，請重新認定應計人口"))
    if died is not None:
        out.append(_event(died, "death", "death", f"{_day(died['event_date'])} 死亡"))
    if moved is not None:
        to = {"county_code": moved["county_to"] or ""}
        out.append(_event(moved, "move_out", "move_out", f"{_day(moved['event_date'])} 遷出至{_place(moved['county_to'])}", to))
    return out


def _event(row: Row, kind: str, change: str, said: str, details: dict[str, Any] | None = None) -> Fact:
    late = f"（{_day(row['registered_date'])} 登記）" if row["registered_date"] else ""
    base = kind if kind in ("death", "move_out") else f"{kind}/{row['change_no']}"
    return Fact(f"{base}@{row['event_date']:%Y%m%d}", kind, change, row["event_date"], f"戶籍異動資料：{said}{late}", row["batch_no"],
                of_recipient=kind != "death", details=details or {})  # fmt: skip


def custody(rows: Sequence[Row], county: str) -> list[Fact]:
    """Every stay."""
    return [
        Fact(
            f"custody/{r['record_no']}@{r['from_date']:%Y%m%d}", "custody", "custody", r["from_date"],
            f"監管資料：{_day(r['from_date'])} 起{codes.CUSTODY_KIND[r['kind']]}" + (f"，{_day(r['to_date'])} 離開" if r["to_date"] else "，尚未離開"),
            r["batch_no"], r["to_date"], "incarceration",
        )
        for r in rows
    ]  # fmt: skip


def benefits_elsewhere(rows: Sequence[Row], county: str) -> list[Fact]:
    """Public placement, and every other benefit that the exclusion table names beside the case's own."""
    out = []
    for r in rows:
        first = roc.first_day(r["month_from"])
        last = None if r["month_to"] is None else roc.last_day(r["month_to"])
        span = f"{roc.show_month(r['month_from'])}起" + ("" if r["month_to"] is None else f"至{roc.show_month(r['month_to'])}")
        key = f"{r['kind']}/{r['record_no']}@{first:%Y%m%d}"
        agency = r["agency"] or "其他機關"
        if r["kind"] == "public_placement":
            out.append(Fact(key, "placement", "placement", first, f"{agency}：{span}公費安置", r["batch_no"], last, "public_placement"))
        else:
            said = f"{agency}：{span}領取{codes.BENEFIT_ELSEWHERE_KIND[r['kind']]}" + (f"每月 {r['amount']:,} 元" if r["amount"] else "")
            out.append(Fact(key, "elsewhere", "", first, said, r["batch_no"], last, r["kind"]))
    return out


def absence(rows: Sequence[Row], county: str) -> list[Fact]:
    """The day on which the last 365 days held no more than 183 in the country, during the latest stay abroad that reaches it.

    For somebody who is still abroad that day may lie ahead: the task waits until then, and a return before it takes it back.
    """
    trips: list[tuple[dt.date, dt.date | None, int]] = []
    for r in sorted(rows, key=lambda r: (r["date"], r["direction"] == "out")):
        if r["direction"] == "out" and not (trips and trips[-1][1] is None):
            trips.append((r["date"], None, r["batch_no"]))
        elif r["direction"] == "in" and trips and trips[-1][1] is None:
            trips[-1] = (trips[-1][0], r["date"], trips[-1][2])
    for i in range(len(trips) - 1, -1, -1):
        left, back, batch = trips[i]
        day = _reached(trips[: i + 1])
        if day is not None and (back is None or day <= back):
            home = f"，{_day(back)} 入境" if back else "，尚未入境"
            text = f"入出境資料：{_day(left)} 出境{home}；{_day(day)} 起最近一年居住國內未超過 {LIMIT} 日"
            return [Fact(f"abroad@{left:%Y%m%d}", "abroad", "abroad", day, text, batch, back, "absence_183")]
    return []


def _reached(trips: Sequence[tuple[dt.date, dt.date | None, int]]) -> dt.date | None:
    """The first day of the last trip on which the nights abroad of the year before leave no more than the limit."""
    left, back, _ = trips[-1]
    for ahead in range(1, YEAR + 1):
        day = left + dt.timedelta(days=ahead)
        if back is not None and day > back:
            return None
        begin = day - dt.timedelta(days=YEAR)
        away = sum(max(0, (min(b or day, day) - max(a, begin)).days) for a, b, _ in trips)
        if YEAR - away <= LIMIT:
            return day
    return None


def assessments(rows: Sequence[Row], county: str) -> list[Fact]:
    """The newest assessment; whether it differs from the card of the case is asked where the card is known."""
    if not rows:
        return []
    r = max(rows, key=lambda r: (r["assess_date"], r["assessment_no"]))
    text = f"鑑定報告：{_day(r['assess_date'])} 鑑定等級為{codes.GRADE[r['grade']]}" if r["grade"] else f"鑑定報告：{_day(r['assess_date'])} 鑑定結果不符等級"
    return [Fact(f"assessment/{r['assessment_no']}", "assessment", "means", r["assess_date"], f"{text}，與案件所載不同，請重新審核", r["batch_no"],
                 details={"grade": r["grade"]})]  # fmt: skip


READINGS: Final[dict[str, Callable[[Sequence[Row], str], list[Fact]]]] = {
    "household_change": household_changes,
    "custody": custody,
    "benefit_elsewhere": benefits_elsewhere,
    "border_crossing": absence,
    "disability_assessment": assessments,
}
