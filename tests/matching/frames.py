"""Tiny worlds for the match: rows as dicts, the rest filled in; written as snapshots, matched, and the doubts handed back."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from app.core import roc
from app.exchange import codes, snapshots
from app.matching import conditions, doubts, engine
from app.rules import exclusions

ELA, DLA, DCS, LILA = (
    "elderly_living_allowance", "disability_living_allowance", "disability_care_subsidy", "low_income_living_assistance",
)  # fmt: skip
MAR = roc.month(98, 3)
RATES = {"mild_low": 4000, "mild_other": 3000}
PERSON = "A123456789"
NAMES = doubts.Names(codes.COUNTIES, {**codes.BENEFIT_ELSEWHERE_KIND, **codes.PENSION_KIND, **codes.CUSTODY_KIND, **codes.KINDS})
_number = itertools.count(1)


def day(text: str) -> dt.date:
    return roc.parse_date(text)


def paid(kind: str = ELA, county: str = "10004", amount: int = 6000, month: int = MAR, **more: Any) -> dict[str, Any]:
    """A roster row that pays `amount` for its reference month."""
    n = next(_number)
    return {
        "rec_no": f"R{n:07d}", "county_code": county, "town_code": f"{county}010", "data_kind": kind, "ref_month": month,
        "person_id": PERSON, "name": "王大明", "birth": dt.date(1930, 5, 17), "sex": "M", "case_no": f"C{n:07d}", "start_month": month - 12,
        "status": "active", "pay_month_from": month, "pay_month_to": month, "pay_unit": "person", "amount": amount, "channel": "post",
        "service_type": "residential" if kind == DCS else None, "class": "1" if kind == LILA else None, **more,
    }  # fmt: skip


def entry(**more: Any) -> dict[str, Any]:
    """A household register entry of the person, resident in 新竹縣."""
    return {
        "person_id": PERSON, "name": "王大明", "birth": dt.date(1930, 5, 17), "sex": "M", "household_no": "F1", "county_code": "10004",
        "town_code": "10004010", "status": "resident", **more,
    }  # fmt: skip


def change(event: str, on: str, registered: str | None = None, **more: Any) -> dict[str, Any]:
    """A household change of the person."""
    return {
        "change_no": f"H{next(_number):08d}", "person_id": PERSON, "name": "王大明", "birth": dt.date(1930, 5, 17), "event": event,
        "event_date": day(on), "registered_date": day(registered or on), **more,
    }  # fmt: skip


def record(**more: Any) -> dict[str, Any]:
    """A row of another register about the person."""
    return {"record_no": f"N{next(_number):08d}", "person_id": PERSON, "name": "王大明", "birth": dt.date(1930, 5, 17), **more}


def frame_of(source: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a snapshot frame."""
    schema = snapshots.schema(source)
    return pl.DataFrame([{c: r.get(c) for c in schema} for r in rows], schema=schema)


def pairs(own: Sequence[exclusions.Exclusion] = ()) -> Any:
    """The conditions of a county: the nation's table with settings over it."""
    return lambda county, on: exclusions.merged(exclusions.reference(), own, county, on)


def work_of(
    folder: Path, sources: Mapping[str, pl.DataFrame], month: int = MAR, own: Sequence[exclusions.Exclusion] = (), cap: int | None = 17280
) -> engine.Work:
    """A run over frames: every source given is delivered, the others are not."""
    paths = {}
    for source, frame in sources.items():
        paths[source] = [folder / f"{source}.parquet"]
        frame.write_parquet(paths[source][0])
    counties = sources["roster"]["county_code"].unique().to_list()
    return engine.Work(
        month, paths, lambda months: conditions.rows(counties, months, pairs(own)), lambda _m: cap, sorted(codes.CASH_KINDS), lambda _m: RATES
    )


def evidence(folder: Path, work: engine.Work, name: str = "duckdb") -> pl.DataFrame:
    """What the rules of a run found, settled."""
    with engine.opened(name, folder / "tmp") as running:
        found = engine.find(work, running, folder / "evidence.parquet")
    assert not found.failed, found.failed
    return doubts.settle(pl.read_parquet(found.path))


def match(
    folder: Path, month: int = MAR, own: Sequence[exclusions.Exclusion] = (), **rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The doubts of a tiny world; sources as keyword arguments. A register entry of the person at home is there unless given."""
    rows.setdefault("household_register", [entry()])
    work = work_of(folder, {source: frame_of(source, r) for source, r in rows.items()}, month, own)
    return doubts.gather(evidence(folder, work), NAMES, month)


def stops(
    folder: Path, month: int = MAR, own: Sequence[exclusions.Exclusion] = (), **rows: Sequence[Mapping[str, Any]]
) -> set[tuple[str, str]]:
    """(rule, stop code) of everything the gates held back."""
    rows.setdefault("household_register", [entry()])
    work = work_of(folder, {source: frame_of(source, r) for source, r in rows.items()}, month, own)
    held = evidence(folder, work).filter(pl.col("stop").is_not_null())
    return set(held.select("rule", "stop").iter_rows())


def brief(found: list[dict[str, Any]]) -> set[tuple[str, str, str, tuple[int, ...], int]]:
    """(rule, grade, kind, months, NTD) of the doubts that are not mirrors."""
    return {(d["rule"], d["grade"], d["kind"], tuple(d["months"]), d["over"]) for d in found if not d["mirror"]}
