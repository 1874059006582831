"""The three sample months, end to end: how many doubts of each kind, and where everything that only looks wrong was stopped."""

from pathlib import Path

import polars as pl
import pytest

from app.core import roc
from app.exchange.delivery import load_folder
from app.matching import doubts

from . import frames

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the checkout")

HARD = {  # rule: doubts of grade A in 98/01, 98/02, 98/03
    "DEATH": (20, 34, 63),
    "MOVED": (23, 47, 63),
    "CUSTODY": (32, 32, 32),
    "PLACEMENT": (14, 17, 17),
    "ABSENCE": (20, 20, 20),
    "DUPLICATE": (39, 39, 39),
    "SUSPENDED_BY": (36, 36, 36),
    "CHOOSE_ONE": (69, 69, 69),
    "ELSEWHERE": (66, 72, 72),
    "CAP": (7, 7, 7),
}
LIKELY = {"PLACEMENT": (3, 0, 0)}
STOPPED = {  # what only looks wrong, in 98/03
    ("DEATH", "month_of_fact"): 405,
    ("DEATH", "annulled"): 12,
    ("DEATH", "other_person"): 76,
    ("DEATH", "no_payment"): 75,
    ("MOVED", "at_home"): 14,
    ("MOVED", "no_rule"): 105,
    ("CUSTODY", "fact_over"): 45,
    ("CHOOSE_ONE", "lawful_together"): 365,
    ("CHOOSE_ONE", "no_payment"): 60,
    ("CHOOSE_ONE", "exempt"): 9,
    ("ELSEWHERE", "lawful_together"): 225,
    ("ELSEWHERE", "info_only"): 60,
    ("PENSION", "info_only"): 225,
    ("PENSION", "no_rule"): 225,
}


@pytest.fixture(scope="module")
def sources() -> dict[str, pl.DataFrame]:
    folder = load_folder(SAMPLES)
    out = {name: d.frame for name, d in folder["registers"].items()}
    out["roster"] = pl.concat([d.frame for d in folder["rosters"].values()])
    return out


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_doubts_of_each_month(tmp_path: Path, sources: dict[str, pl.DataFrame], nth: int) -> None:
    month = roc.month(98, nth + 1)
    settled = frames.evidence(tmp_path, frames.work_of(tmp_path, sources, month))
    found = [d for d in doubts.gather(settled, frames.NAMES, month) if not d["mirror"]]
    assert {r: sum(d["rule"] == r for d in found if d["grade"] == "A") for r in HARD} == {r: n[nth] for r, n in HARD.items()}
    assert {r: sum(d["rule"] == r for d in found if d["grade"] == "B") for r in LIKELY} == {r: n[nth] for r, n in LIKELY.items()}
    assert {d["rule"] for d in found if d["grade"] == "C"} == {"IDENTITY"}
    assert len(found) == sum(n[nth] for n in HARD.values()) + sum(n[nth] for n in LIKELY.values()) + 76
    for doubt in found:
        assert (
            doubt["law"] and doubt["facts"].endswith("。") and doubt["over"] == sum(line["paid"] - line["due"] for line in doubt["lines"])
        )


def test_where_everything_that_only_looks_wrong_was_stopped(tmp_path: Path, sources: dict[str, pl.DataFrame]) -> None:
    settled = frames.evidence(tmp_path, frames.work_of(tmp_path, sources, roc.month(98, 3)))
    held = {(r, s): n for r, s, n in settled.filter(pl.col("stop").is_not_null()).group_by("rule", "stop").len().iter_rows()}
    assert {key: held.get(key, 0) for key in STOPPED} == STOPPED
