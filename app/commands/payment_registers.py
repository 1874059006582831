"""What the received registers (household changes, custody, benefits elsewhere) say about the people of a run.

A row counts for a person when the ID number agrees and the birth date or the name does too; else it is a question of data quality.
"""

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.core.months import FOREVER
from app.exchange import codes, snapshots
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.payments.checks import OtherBenefit, PersonFacts, Source
from app.rules import exclusions

from .exchange import current_snapshots

_NAMES = {"household_change": "戶籍異動資料", "custody": "監管資料", "benefit_elsewhere": "其他機關給付資料"}
_HORIZON = {"household_change": "registered_date", "custody": "from_date", "benefit_elsewhere": "month_from"}
_Rows = dict[int, list[dict[str, Any]]]


def look(session: Session, run: PaymentRun) -> tuple[dict[int, PersonFacts], list[Source]]:
    """Facts by recipient, and how far each register goes."""
    people = _people(session, run)
    paths: dict[str, list[Path]] = defaultdict(list)
    for batch in current_snapshots(session, run.last_month):
        if batch.source in _NAMES and batch.path is not None:
            paths[batch.source].append(batch.path)
    found: dict[str, _Rows] = {}
    sources = []
    for source, name in _NAMES.items():
        until, found[source] = _rows(source, paths[source], people)
        sources.append(Source(name, until))
    pairs = {p.counterpart: p for p in exclusions.pairs_for(run.benefit, roc.first_day(run.last_month))}
    keys = {key for rows in found.values() for key in rows}
    out = {}
    for key in keys:
        died, moved, to = _household(found["household_change"].get(key, []), run.county_code)
        custody = tuple((r["from_date"], r["to_date"]) for r in found["custody"].get(key, []))
        others, placement = _elsewhere(found["benefit_elsewhere"].get(key, []), pairs)
        out[key] = PersonFacts(died_on=died, moved_out_on=moved, moved_to=to, custody=custody, placement=placement, others=others)
    return out, sources


def _people(session: Session, run: PaymentRun) -> pl.DataFrame:
    rows = session.execute(
        select(Person.id, Person.person_id, Person.name, Person.birth)
        .join(PaymentLine, PaymentLine.recipient_id == Person.id)
        .where(PaymentLine.run_id == run.id)
        .distinct()
    ).all()
    schema = {"key": pl.Int64, "person_id": pl.String, "known_name": pl.String, "known_birth": pl.Date}
    return pl.DataFrame([tuple(r) for r in rows], schema=schema, orient="row")


def _rows(source: str, paths: list[Path], people: pl.DataFrame) -> tuple[dt.date | None, _Rows]:
    """(last day the register speaks of, its rows by recipient)."""
    if not paths:
        return None, {}
    frame = snapshots.scan(paths)
    last = frame.select(pl.col(_HORIZON[source]).max()).collect().item()
    until = roc.last_day(last) if isinstance(last, int) else last
    same = (pl.col("birth") == pl.col("known_birth")) | (pl.col("name") == pl.col("known_name"))
    mine = frame.join(people.lazy(), on="person_id").filter(same).collect()
    rows: _Rows = defaultdict(list)
    for row in mine.iter_rows(named=True):
        rows[row["key"]].append(row)
    return until, rows


def _household(rows: list[dict[str, Any]], county: str) -> tuple[dt.date | None, dt.date | None, str]:
    """Death and move out of the county as they stand after all events: an annulment or a return takes them back."""
    died = moved = None
    to = ""
    for row in sorted(rows, key=lambda r: (r["event_date"], r["registered_date"] or r["event_date"], r["change_no"])):
        event = row["event"]
        if event == "death":
            died = row["event_date"]
        elif event == "death_annulled":
            died = None
        elif event == "move_out" and row["county_to"] != county:
            moved, to = row["event_date"], codes.COUNTIES.get(row["county_to"] or "", row["county_to"] or "")
        elif event == "move_in" and row["county_to"] == county:
            moved, to = None, ""
    return died, moved, to


def _elsewhere(
    rows: list[dict[str, Any]], pairs: dict[str, exclusions.Exclusion]
) -> tuple[tuple[OtherBenefit, ...], tuple[tuple[dt.date, dt.date | None], ...]]:
    others, placement = [], []
    for row in rows:
        first, last = row["month_from"], row["month_to"]
        if row["kind"] == "public_placement":
            placement.append((roc.first_day(first), None if last is None else roc.last_day(last)))
        elif pair := pairs.get(row["kind"]):
            others.append(OtherBenefit(pair.counterpart_zh, pair.relation, first, FOREVER if last is None else last, pair.article_zh))
    return tuple(others), tuple(placement)
