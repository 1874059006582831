"""What received registers and other counties' rosters say about the people of a case: one look for the whole household.

A row counts when the ID number agrees and the birth date or the name does too; else it is a question of data quality, not of entitlement.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from app.commands.deliveries import current_snapshots
from app.core import clock, roc
from app.exchange import codes, snapshots
from app.models.application import Application

from .exclusions import Consulted, Draw

REGISTERS = {"benefit_elsewhere": "其他機關給付資料", "custody": "監管資料", "pension": "退休撫卹給與資料"}
ROSTERS = "其他縣市名冊"
PENSIONS = {"civil_lump_sum": "lump_sum_retirement", "military_lump_sum": "lump_sum_retirement"}


def registers(session: Session, application: Application, month: int) -> tuple[list[Draw], list[Consulted]]:
    """Benefits elsewhere, custody and pensions of every member that run in `month` or later, and how fresh each register is."""
    people = _people(application)
    found = current_snapshots(session, month)
    draws: list[Draw] = []
    consulted = []
    for source, name in REGISTERS.items():
        mine = [s for s in found if s.source == source]
        as_of = max((s.received_at for s in mine), default=None)
        day = clock.to_taipei(as_of).date() if as_of else None
        consulted.append(Consulted(name, day))
        for row in _rows([s.path for s in mine if s.path], people):
            draws += _draw(source, name, row, day)
    return [d for d in draws if d.last is None or d.last >= month], consulted


def rosters(session: Session, application: Application, month: int) -> tuple[list[Draw], list[Consulted]]:
    """The newest rosters of other counties, this month's or one of the two before: the same or another benefit paid there."""
    people = _people(application)
    newest: dict[tuple[str, str], Any] = {}
    for m in (month - 2, month - 1, month):
        for s in current_snapshots(session, m):
            if s.source == "roster" and s.month == m and s.county and s.county != application.county_code:
                newest[s.county, s.kind or ""] = s
    draws = []
    for (county, kind), s in newest.items():
        for row in _rows([s.path] if s.path else [], people):
            if row["status"] == "active":
                draws.append(
                    Draw(row["person_id"], kind, row["start_month"], row["end_month"], row["amount"], ROSTERS, codes.COUNTIES.get(county, county),
                         as_of=roc.last_day(s.month))
                )  # fmt: skip
    latest = max((s.month for s in newest.values()), default=None)
    return draws, [Consulted(ROSTERS, roc.last_day(latest) if latest is not None else None)]


def _people(application: Application) -> pl.DataFrame:
    rows = [(m.person_id, m.name, m.birth) for m in application.members if m.person_id]
    return pl.DataFrame(rows, schema={"person_id": pl.String, "known_name": pl.String, "known_birth": pl.Date}, orient="row").unique("person_id")


def _rows(paths: Iterable[Path], people: pl.DataFrame) -> list[dict[str, Any]]:
    paths = list(paths)
    if not paths:
        return []
    same = (pl.col("birth") == pl.col("known_birth")) | (pl.col("name") == pl.col("known_name"))
    frame = snapshots.scan(paths).join(people.lazy(), on="person_id").filter(same)
    return frame.collect().to_dicts()


def _draw(source: str, name: str, row: dict[str, Any], as_of: dt.date | None) -> list[Draw]:
    if source == "benefit_elsewhere":
        return [Draw(row["person_id"], row["kind"], row["month_from"], row["month_to"], row["amount"], name, row["agency"] or "", as_of=as_of)]
    first, last = roc.month_of(row["from_date"]), row["to_date"] and roc.month_of(row["to_date"])
    if source == "custody":
        return [Draw(row["person_id"], "incarceration", first, last, None, name, detail=row["kind"], as_of=as_of)]
    kind = PENSIONS.get(row["kind"], "monthly_retirement")
    return [Draw(row["person_id"], kind, first, last, row["amount"], name, detail=row["kind"], as_of=as_of)]


