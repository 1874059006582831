"""The rules on DuckDB against the slow oracle: on random worlds, on the samples, and on other databases."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.core import roc
from app.exchange import codes
from app.exchange.delivery import load_folder
from app.extensions import db
from app.matching import conditions, doubts, engine, sql, stage
from app.matching.rules import RULES

from . import frames, oracle, worlds
from .databases import SqlEngine

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the checkout")


def by_rule_row_and_counterpart(settled: pl.DataFrame) -> dict[tuple[Any, ...], dict[int, int]]:
    out: dict[tuple[Any, ...], dict[int, int]] = {}
    for row in settled.filter(pl.col("stop").is_null()).iter_rows(named=True):
        out.setdefault((row["rule"], row["grade"], row["rec_key"], row["c_rec"], row["c_county"]), {})[row["month"]] = row["claim"]
    return out


def slow(month: int, rows: Mapping[str, Any], cap: int | None = 17280) -> dict[tuple[Any, ...], dict[int, int]]:
    pairs = frames.pairs()
    known: dict[tuple[str, int], Any] = {}

    def in_force(county: str, at: int) -> Any:
        if (county, at) not in known:
            known[county, at] = conditions.resolve(pairs(county, roc.first_day(at)), roc.first_day(at))
        return known[county, at]

    return oracle.World(month, rows, in_force, cap, codes.CASH_KINDS, (4000, 3000)).doubts()


def quick(folder: Path, month: int, sources: Mapping[str, pl.DataFrame], name: str = "duckdb") -> dict[tuple[Any, ...], dict[int, int]]:
    return by_rule_row_and_counterpart(frames.evidence(folder, frames.work_of(folder, sources, month), name))


def same(found: dict[tuple[Any, ...], dict[int, int]], wanted: dict[tuple[Any, ...], dict[int, int]]) -> None:
    missed = {k: v for k, v in wanted.items() if found.get(k) != v}
    extra = {k: v for k, v in found.items() if wanted.get(k) != v}
    assert not missed and not extra, (sorted(missed.items(), key=str)[:5], sorted(extra.items(), key=str)[:5])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("month", [frames.MAR, roc.month(102, 6)])
def test_random_worlds(tmp_path: Path, seed: int, month: int) -> None:
    rows = {
        name: [{c: r.get(c) for c in frames.frame_of(name, []).columns} for r in part] for name, part in worlds.world(seed, month).items()
    }
    found = quick(tmp_path, month, {name: frames.frame_of(name, part) for name, part in rows.items()})
    assert len(found) > 10
    same(found, slow(month, rows))


@needs_samples
@pytest.mark.slow
def test_the_samples(tmp_path: Path) -> None:
    folder = load_folder(SAMPLES)
    assert not folder["refused"]
    sources = {name: d.frame for name, d in folder["registers"].items()}
    sources["roster"] = pl.concat([d.frame for d in folder["rosters"].values()])
    rows = {name: frame.to_dicts() for name, frame in sources.items()}
    for month in (roc.month(98, 1), roc.month(98, 2), roc.month(98, 3)):
        same(quick(tmp_path, month, sources), slow(month, rows))


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(engine.EngineRefused, match="引擎"), engine.opened("abacus", tmp_path):
        pass


@pytest.mark.parametrize("seed", [3])
def test_sqlite_says_the_same(tmp_path: Path, seed: int) -> None:
    rows = world_rows(seed)
    with sqlite3.connect(":memory:") as connection:
        found = _on(SqlEngine("sqlite", connection), tmp_path, rows)
    assert found == quick(tmp_path, frames.MAR, {name: frames.frame_of(name, part) for name, part in rows.items()})


@pytest.mark.postgres
def test_postgresql_says_the_same(tmp_path: Path, backend: Any) -> None:
    rows = world_rows(4)
    with backend.app.app_context():
        connection = db.engine.raw_connection()
        found = _on(SqlEngine("postgresql", connection), tmp_path, rows)
        connection.close()
    assert found == quick(tmp_path, frames.MAR, {name: frames.frame_of(name, part) for name, part in rows.items()})


def world_rows(seed: int) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{c: r.get(c) for c in frames.frame_of(name, []).columns} for r in part]
        for name, part in worlds.world(seed, frames.MAR).items()
    }


def _on(running: SqlEngine, folder: Path, rows: Mapping[str, Any]) -> dict[tuple[Any, ...], dict[int, int]]:
    work = frames.work_of(folder, {name: frames.frame_of(name, part) for name, part in rows.items()})
    found = engine.find(work, running, folder / "other.parquet")
    assert not found.failed, found.failed
    return by_rule_row_and_counterpart(doubts.settle(pl.read_parquet(found.path)))


@pytest.mark.parametrize("dialect", list(sql.DIALECTS))
def test_every_select_compiles_with_every_value_written_in(dialect: str) -> None:
    texts = [sql.text_of(s, dialect) for s in stage.steps(frames.MAR, frames.MAR, frames.MAR).values()]
    texts += [sql.text_of(rule.build(), dialect) for rule in RULES.values()]
    assert all(":" + name not in text for text in texts for name in ("param_1", "event_1"))
    if dialect == "spark":
        assert not any("VARCHAR" in text or "julianday" in text for text in texts)
        assert any("datediff(" in text for text in texts)
