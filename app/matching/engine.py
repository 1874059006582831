"""Runs the rules over sealed Parquet files: DuckDB in this process, or the same selects on Spark (`spark`).

What comes out is the same either way: one Parquet file of evidence per run (what passed and what was stopped, with the reason).
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import polars as pl
from sqlalchemy import Boolean, Date, Integer, String
from sqlalchemy.types import BigInteger

from app.core import roc

from . import sql, stage
from .algebra import CUT_ORDER
from .rules import RULES, Rule
from .spark import Cluster, EngineRefused, SparkEngine
from .tables import INPUTS, condition, evidence, kind_dim, month_dim

ENGINES: Final = ("duckdb", "spark")
OLD_AGE: Final = 65
OLDEST: Final = 60  # months of arrears looked at: the claim lapses after five years


def _no_rates(_month: int) -> Mapping[str, int | None]:
    return {}


@dataclass(frozen=True)
class Work:
    """One run: the month, the Parquet files by source (a source not delivered is absent), the conditions, the cap by month, the kinds paid,
    and by month what a mild disability is paid (`mild_low`, `mild_other`; absent = not known).

    `rules`: the codes asked; `versions`: which version with which parameters answers to a code.
    `paths["roster"]` may hold rosters of other months too; only those up to `month` that paid for the same months are looked at.
    """

    month: int
    paths: Mapping[str, Sequence[Path]]
    conditions: Callable[[Sequence[int]], list[dict[str, object]]]
    cap: Callable[[int], int | None]
    cash_kinds: Sequence[str]
    rates: Callable[[int], Mapping[str, int | None]] = _no_rates
    rules: Sequence[str] = tuple(RULES)
    versions: Mapping[str, Rule] = field(default_factory=lambda: RULES)


@dataclass
class Evidence:
    """What the rules found: a Parquet file with the columns of `tables.EVIDENCE`; `failed`: rule → what was raised."""

    path: Path
    rows: int
    months: tuple[int, int]
    failed: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """What a run needs of an engine."""

    name: str

    def view(self, name: str, paths: Sequence[Path], empty: pl.DataFrame) -> None: ...
    def make(self, name: str, text: str) -> None: ...
    def drop(self, name: str) -> None: ...
    def one(self, text: str) -> tuple[Any, ...]: ...
    def append(self, name: str, text: str) -> None: ...
    def write(self, name: str, path: Path) -> int: ...


_POLARS: Final = {String: pl.String, Integer: pl.Int32, BigInteger: pl.Int64, Date: pl.Date, Boolean: pl.Boolean}


def frame(table: Any, rows: Sequence[Mapping[str, object]] = ()) -> pl.DataFrame:
    """Rows as a frame with the columns and types of a table of `tables`."""
    schema = {c.name: _POLARS[type(c.type)] for c in table.c}
    return pl.DataFrame([{n: r.get(n) for n in schema} for r in rows], schema=schema)


def _years_before(day: Any, years: int) -> Any:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def months_frame(
    first: int, last: int, cap: Callable[[int], int | None], rates: Callable[[int], Mapping[str, int | None]] = _no_rates
) -> pl.DataFrame:
    """The bounds of each month of a run."""
    return frame(
        month_dim,
        [
            {
                "month": m,
                "first_day": roc.first_day(m),
                "last_day": roc.last_day(m),
                "year_ago": _years_before(roc.first_day(m), 1),
                "half_year_ago": roc.first_day(m - 6),
                "born_by": _years_before(roc.last_day(m), OLD_AGE),
                "cap": cap(m),
                **rates(m),
            }
            for m in range(first, last + 1)
        ],
    )


def kinds_frame(cash_kinds: Sequence[str]) -> pl.DataFrame:
    """The cash benefits, with their place in the order of cutting."""
    order = {kind: i for i, kind in enumerate(CUT_ORDER)}
    return frame(kind_dim, [{"kind": k, "cut_order": order.get(k)} for k in cash_kinds])


def find(work: Work, engine: Engine, out: Path) -> Evidence:
    """Run every rule and write the evidence to `out`. A rule that raises is `failed`; stage 0 failing raises."""
    prepared = prepare(work, engine, out.parent)
    found = ask(work, engine, prepared, out)
    for name in (month_dim.name, kind_dim.name):
        (out.parent / f"{name}.parquet").unlink(missing_ok=True)
    return found


@dataclass(frozen=True)
class Prepared:
    """Stage 0 of a run: its span of months, and how long it took."""

    months: tuple[int, int]
    seconds: float


def prepare(work: Work, engine: Engine, folder: Path) -> Prepared:
    """Stage 0: the working tables, which no condition is part of, so rules can be asked several times. `folder` keeps two small files."""
    clock = time.perf_counter()
    for table in INPUTS:
        engine.view(table.name, work.paths.get(table.name, ()), frame(table))
    first, last = engine.one(sql.text_of(stage.span_select(work.month), engine.name))
    first, last = (work.month, work.month) if first is None else (max(int(first), work.month - OLDEST), int(last))
    _small(engine, folder / f"{month_dim.name}.parquet", month_dim.name, months_frame(first, last, work.cap, work.rates))
    _small(engine, folder / f"{kind_dim.name}.parquet", kind_dim.name, kinds_frame(work.cash_kinds))
    made = stage.steps(work.month, first, last)
    if len(work.rules) < len(RULES):
        made = stage.needed(made, [work.versions[code].build() for code in work.rules])
    for name, select in made.items():
        engine.make(name, sql.text_of(select, engine.name))
    for table in stage.SCAFFOLD:
        if table.name in made:
            engine.drop(table.name)
    return Prepared((first, last), round(time.perf_counter() - clock, 3))


def _small(engine: Engine, path: Path, name: str, data: pl.DataFrame) -> None:
    data.write_parquet(path)
    engine.view(name, (path,), data)


def ask(work: Work, engine: Engine, prepared: Prepared, out: Path) -> Evidence:
    """The rules over what is prepared, under the conditions of `work`; the evidence to `out`."""
    seconds = {"stage": prepared.seconds}
    first, last = prepared.months
    conditions = out.with_name(f"{out.stem}-{condition.name}.parquet")
    _small(engine, conditions, condition.name, frame(condition, work.conditions(range(first, last + 1))))
    engine.view("evidence", (), frame(evidence))
    failed: dict[str, str] = {}
    for code in work.rules:
        clock = time.perf_counter()
        try:
            engine.append("evidence", sql.text_of(work.versions[code].build(), engine.name))
        except Exception as error:
            failed[code] = f"{type(error).__name__}: {error}"
        seconds[code] = round(time.perf_counter() - clock, 3)
    clock = time.perf_counter()
    rows = engine.write("evidence", out)
    seconds["write"] = round(time.perf_counter() - clock, 3)
    conditions.unlink(missing_ok=True)
    return Evidence(out, rows, prepared.months, failed, seconds)


class DuckEngine:
    """DuckDB in this process. Working tables live in memory and spill to `temp`."""

    name = "duckdb"

    def __init__(self, temp: Path, threads: int | None = None, memory: str = "1GB") -> None:
        import duckdb

        self._db = duckdb.connect()
        self._db.execute(f"SET threads = {threads or os.cpu_count() or 1}")
        self._db.execute(f"SET memory_limit = '{memory}'")
        self._db.execute(f"SET temp_directory = '{_quoted(temp)}'")
        self._db.execute("SET preserve_insertion_order = false")
        self._db.execute("SET enable_progress_bar = false")

    def view(self, name: str, paths: Sequence[Path], empty: pl.DataFrame) -> None:
        if paths:
            files = ", ".join(f"'{_quoted(p)}'" for p in paths)
            self._db.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet([{files}], union_by_name = true)")  # noqa: S608 (names of our own tables)
            return
        columns = ", ".join(f'"{c}" {_DUCK_TYPE[t]}' for c, t in empty.schema.items())
        self._db.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")

    def make(self, name: str, text: str) -> None:
        self._db.execute(f"CREATE OR REPLACE TABLE {name} AS {text}")

    def drop(self, name: str) -> None:
        self._db.execute(f"DROP TABLE {name}")

    def one(self, text: str) -> tuple[Any, ...]:
        return self._db.execute(text).fetchone() or ()

    def append(self, name: str, text: str) -> None:
        self._db.execute(f"INSERT INTO {name} {text}")

    def write(self, name: str, path: Path) -> int:
        part = path.with_suffix(".part")
        self._db.execute(f"COPY (SELECT * FROM {name}) TO '{_quoted(part)}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608
        part.rename(path)
        return int(self.one(f"SELECT count(*) FROM {name}")[0])  # noqa: S608

    def close(self) -> None:
        self._db.close()


_DUCK_TYPE: Final = {pl.String(): "VARCHAR", pl.Int32(): "INTEGER", pl.Int64(): "BIGINT", pl.Date(): "DATE", pl.Boolean(): "BOOLEAN"}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def opened(name: str, temp: Path, cluster: Cluster | None = None) -> Iterator[Engine]:
    """The engine of a name. Raises EngineRefused (Chinese) when it is unknown or not installed."""
    if name not in ENGINES:
        raise EngineRefused(f"沒有「{name}」這種比對引擎，請用 {' 或 '.join(ENGINES)}")
    temp.mkdir(parents=True, exist_ok=True)
    engine: DuckEngine | SparkEngine = DuckEngine(temp) if name == "duckdb" else SparkEngine(temp, cluster or Cluster())
    try:
        yield engine
    finally:
        engine.close()
