"""The rules on DuckDB against the slow oracle: on random worlds, on the samples, and on other databases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.core import roc
from app.exchange import codes
from app.exchange.delivery import load_folder
from app.matching import conditions, engine

from . import frames, oracle, worlds

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

    return oracle.World(month, rows, in_force, cap, codes.CASH_KINDS).doubts()


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
