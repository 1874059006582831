"""The goal: on months the rules have never seen, at least 99 of 100 hard doubts are right, and 99 of 100 overpayments are found."""

from pathlib import Path
from typing import Final

import polars as pl

from app.core import roc
from app.exchange import codes
from app.matching import conditions, doubts, engine

from . import frames
from .nation import Nation, nation

UNSEEN: Final = (20261122, roc.month(98, 5))
"""Neither this seed nor this month was looked at while rules or generator were written."""
GOAL: Final = 0.99


def hard_doubts(folder: Path, made: Nation) -> pl.DataFrame:
    """Hard doubts by roster row: what is expected back of it."""
    counties = made.sources["roster"]["county_code"].unique().to_list()
    work = engine.Work(
        made.month, made.write(folder), lambda months: conditions.rows(counties, months, frames.pairs()), lambda _m: 17280,
        sorted(codes.CASH_KINDS), lambda _m: frames.RATES,
    )  # fmt: skip
    with engine.opened("duckdb", folder / "tmp") as running:
        found = engine.find(work, running, folder / "evidence.parquet")
    assert not found.failed, found.failed
    told = doubts.gather(doubts.settle(pl.read_parquet(found.path)), frames.NAMES, made.month)
    hard = [{"rec_key": d["rec_key"], "over": d["over"], "rule": d["rule"]} for d in told if d["grade"] == "A" and not d["mirror"]]
    return pl.DataFrame(hard).group_by("rec_key").agg(pl.col("over").sum(), pl.col("rule").first())


def measured(folder: Path, seed: int, month: int, scale: float) -> tuple[float, float, pl.DataFrame, pl.DataFrame]:
    """Precision and recall of the hard doubts, to the dollar, with the wrong and the missed ones."""
    made = nation(seed, month, scale)
    found, truth = hard_doubts(folder, made), made.truth
    wrong = found.join(truth, on=["rec_key", "over"], how="anti")
    missed = truth.join(found, on=["rec_key", "over"], how="anti")
    return 1 - wrong.height / found.height, 1 - missed.height / truth.height, wrong, missed


def test_precision_and_recall_on_an_unseen_month(tmp_path: Path) -> None:
    precision, recall, wrong, missed = measured(tmp_path, *UNSEEN, scale=0.02)
    assert precision >= GOAL, wrong.group_by("rule").len()
    assert recall >= GOAL, missed.group_by("why").len()


def test_the_truth_that_was_planted_is_of_every_kind(tmp_path: Path) -> None:
    made = nation(7, frames.MAR, 0.005)
    kinds = {"death", "moved", "custody", "placement", "abroad", "twice", "choose", "care", "elsewhere", "cap", "age"}
    assert set(made.truth["why"]) == kinds
    rows = made.sources["roster"].height
    assert made.truth.height < rows / 20
    assert nation(7, frames.MAR, 0.005).truth.equals(made.truth)
