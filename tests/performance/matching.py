"""The monthly match of a generated nation: end to end, the rules against bare joins, PostgreSQL and pandas, month after month, one person.

Alternatives run in the same process over the same rows; PostgreSQL and pandas on a smaller country (`SMALL` of the scale at most), for
loading rows into PostgreSQL one by one would be the longest part. Seconds beside CPU seconds: on a busy machine only the latter say much.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from app.core import roc
from app.exchange import codes, person_index, snapshots
from app.matching import conditions, doubts, engine
from app.matching.rules import RULES
from tests.matching import frames
from tests.matching.databases import SqlEngine
from tests.matching.nation import Nation, nation

MONTH = roc.month(98, 3)
SMALL = 0.01
GOALS = {"seconds": 10.0, "joins": 3.0, "postgresql": 6.0, "person": 0.2}
"""The first two at the size of the country: in a small one starting and planning are most of the time."""
REGISTERS = ("household_register", "household_change", "custody", "border_crossing", "pension", "benefit_elsewhere")


class Clock:
    """Seconds and CPU seconds (all threads) of what ran inside."""

    def __enter__(self) -> "Clock":
        self._began, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self._began, time.process_time() - self._cpu

    def __str__(self) -> str:
        return f"{self.seconds:8.2f} 秒（CPU {self.cpu:.2f} 秒）"


def work_of(made: Nation, paths: dict[str, list[Path]]) -> engine.Work:
    counties = made.sources["roster"]["county_code"].unique().to_list()
    table = conditions.rows(counties, [made.month - 2, made.month - 1, made.month, made.month + 1], frames.pairs())
    return engine.Work(made.month, paths, lambda _m: table, lambda _m: 17280, sorted(codes.CASH_KINDS), lambda _m: frames.RATES)


def match(folder: Path, work: engine.Work) -> tuple[engine.Evidence, list[dict[str, Any]]]:
    """Rules, gates and doubts of a month on DuckDB with two threads."""
    running = engine.DuckEngine(folder / "tmp", threads=2)
    try:
        found = engine.find(work, running, folder / "evidence.parquet")
    finally:
        running.close()
    return found, doubts.gather(doubts.settle(pl.read_parquet(found.path)), frames.NAMES, work.month)


def bare_joins(folder: Path, paths: dict[str, list[Path]]) -> None:
    """Every register and the roster itself against the roster by person, counted: the least any match must do."""
    running = engine.DuckEngine(folder / "tmp", threads=2)
    for name, parts in paths.items():
        running.view(name, parts, snapshots.empty(name))
    for name in (*REGISTERS, "roster"):
        running.one(f"SELECT count(*) FROM roster r JOIN {name} x ON x.person_id = r.person_id WHERE r.amount > 0")
    running.close()


def pandas_frames(made: Nation) -> dict[str, pd.DataFrame]:
    """Person and amount of every source, in memory."""
    return {
        name: pd.DataFrame({c: frame[c].to_list() for c in ("person_id", "amount") if c in frame.columns}) for name, frame in made.sources.items()
    }


def with_pandas(read: dict[str, pd.DataFrame]) -> None:
    """The bare joins in pandas, nothing read from disk: far less than the match does."""
    cash = read["roster"][read["roster"].amount > 0]
    for name in (*REGISTERS, "roster"):
        len(cash.merge(read[name], on="person_id"))


def in_postgresql(folder: Path, work: engine.Work) -> Clock:
    """Stage 0 and the rules inside PostgreSQL, the rows loaded and counted before the clock starts."""
    from sqlalchemy import create_engine

    from tests import postgres

    connection: Any = create_engine(postgres.cluster().create_database("match")).raw_connection()
    running = SqlEngine("postgresql", connection)
    clock = Clock()
    make = running.make

    def first_make(name: str, text: str) -> None:
        if not hasattr(clock, "_began"):
            for table in (*REGISTERS, "roster"):
                running._run(f'CREATE INDEX ON "{table}" (person_id)')
                running._run(f'ANALYZE "{table}"')
            clock.__enter__()
        make(name, text)

    running.make = first_make  # type: ignore[method-assign]
    found = engine.find(work, running, folder / "pg.parquet")
    clock.__exit__()
    connection.close()
    if found.failed:
        raise RuntimeError(str(found.failed))
    return clock


def lookup(made: Nation, folder: Path, months: int) -> float:
    """The median seconds to find one person in so many months of all counties' rosters."""
    indexes = []
    for n in range(months):
        path = folder / f"roster-{n}.parquet"
        part = made.sources["roster"].with_columns(pl.lit(made.month - n, dtype=pl.Int32).alias("ref_month"))
        part.write_parquet(path, compression="zstd")
        indexes.append(person_index.ready(folder, made.month - n, {str(n): path}))
        path.unlink()
    ids = made.sources["roster"]["person_id"]
    taken = []
    for i in np.random.default_rng(1).integers(0, len(ids), 30):
        began = time.perf_counter()
        person_index.find(indexes, [ids[int(i)]])
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def timed(task: Callable[[], Any]) -> tuple[Clock, Any]:
    with Clock() as clock:
        out = task()
    return clock, out


def run(scale: float) -> list[str]:
    """Prints each figure; says which goals were missed."""
    missed: list[str] = []

    def goal(name: str, value: float, holds: bool, text: str) -> None:
        if not holds:
            missed.append(f"{text}：{value:.2f}，目標 {GOALS[name]:g}")

    with tempfile.TemporaryDirectory(prefix="swis-bench-") as temp:
        folder = Path(temp)
        clock, made = timed(lambda: nation(1, MONTH, scale))
        print(f"   產生 {', '.join(f'{n} {f.height:,}' for n, f in made.sources.items())}：{clock}，負載 {os.getloadavg()[0]:.1f}", flush=True)
        paths = made.write(folder)
        work = work_of(made, paths)
        whole, (found, told) = timed(lambda: match(folder, work))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"   全國一個月（DuckDB，讀檔到疑義）{whole}，疑義 {len(told):,} 筆，本程序記憶體最高 {peak:.2f} GiB（含產生資料）", flush=True)
        for name, seconds in found.seconds.items():
            print(f"      {RULES[name].title if name in RULES else name:<24}{seconds:8.2f} 秒", flush=True)
        joins, _ = timed(lambda: bare_joins(folder, paths))
        ratio = whole.cpu / joins.cpu
        print(f"   只做人員連結並計數        {joins}；整個比對為其 {ratio:.1f} 倍（CPU）", flush=True)
        rules = sum(found.seconds[c] for c in RULES)
        print(f"   只算規則為連結的          {rules / joins.seconds:.1f} 倍（經過時間）", flush=True)
        if scale >= 1:
            goal("seconds", whole.seconds, whole.seconds < GOALS["seconds"], "全國一個月的秒數")
            goal("joins", rules / joins.seconds, rules / joins.seconds < GOALS["joins"], "規則對單純連結的倍數")
        for count in (1, 3):
            again, _ = timed(lambda count=count: [match(folder, work) for _ in range(count)])
            now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"   連續 {count} 個月              {again}，每月 CPU {again.cpu / count:.2f} 秒，記憶體最高 {now:.2f} GiB", flush=True)
        person = lookup(made, folder, 12)
        print(f"   歸戶查詢（十二個月 {made.sources['roster'].height * 12:,} 列）中位數 {person * 1000:.0f} 毫秒", flush=True)
        goal("person", person, person < GOALS["person"], "歸戶查詢秒數")
        small = nation(2, MONTH, min(scale, SMALL))
        there = folder / "small"
        parts = small.write(there)
        little = work_of(small, parts)
        duck, _ = timed(lambda: match(there, little))
        read = pandas_frames(small)
        pandas, _ = timed(lambda: with_pandas(read))
        bare, _ = timed(lambda: bare_joins(there, parts))
        print(f"   {small.sources['roster'].height:,} 列：DuckDB 整個比對 {duck}、只做連結（含讀檔）{bare}；pandas 只做連結（不含讀檔）{pandas}", flush=True)
        database = in_postgresql(there, little)
        print(f"   同一批查詢在 PostgreSQL（已載入、建索引）{database}，為 DuckDB 的 {database.seconds / duck.seconds:.1f} 倍", flush=True)
        goal("postgresql", database.seconds / duck.seconds, database.seconds / duck.seconds > GOALS["postgresql"], "PostgreSQL 對 DuckDB 的倍數")
    return missed
