"""The three sample months, end to end: how many doubts of each kind, and where everything that only looks wrong was stopped."""

import csv
from collections.abc import Callable
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


@pytest.fixture(scope="module")
def settled_of(sources: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], pl.DataFrame]:
    """The settled evidence of a month, found once."""
    kept: dict[int, pl.DataFrame] = {}

    def find(month: int) -> pl.DataFrame:
        if month not in kept:
            folder = tmp_path_factory.mktemp("samples")
            kept[month] = frames.evidence(folder, frames.work_of(folder, sources, month))
        return kept[month]

    return find


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_doubts_of_each_month(settled_of: Callable[[int], pl.DataFrame], nth: int) -> None:
    month = roc.month(98, nth + 1)
    settled = settled_of(month)
    found = [d for d in doubts.gather(settled, frames.NAMES, month) if not d["mirror"]]
    assert {r: sum(d["rule"] == r for d in found if d["grade"] == "A") for r in HARD} == {r: n[nth] for r, n in HARD.items()}
    assert {r: sum(d["rule"] == r for d in found if d["grade"] == "B") for r in LIKELY} == {r: n[nth] for r, n in LIKELY.items()}
    assert {d["rule"] for d in found if d["grade"] == "C"} == {"IDENTITY"}
    assert len(found) == sum(n[nth] for n in HARD.values()) + sum(n[nth] for n in LIKELY.values()) + 76
    for doubt in found:
        assert (
            doubt["law"] and doubt["facts"].endswith("。") and doubt["over"] == sum(line["paid"] - line["due"] for line in doubt["lines"])
        )


def test_where_everything_that_only_looks_wrong_was_stopped(settled_of: Callable[[int], pl.DataFrame]) -> None:
    settled = settled_of(roc.month(98, 3))
    held = {(r, s): n for r, s, n in settled.filter(pl.col("stop").is_not_null()).group_by("rule", "stop").len().iter_rows()}
    assert {key: held.get(key, 0) for key in STOPPED} == STOPPED


def test_a_careful_person_agrees_case_by_case(settled_of: Callable[[int], pl.DataFrame]) -> None:
    """98/03: rows read beside their register entries and judged by the law of ROC 98. `overpaid`: a hard doubt of that rule and amount;
    `due:…`: no hard or likely doubt on the row, and what looked wrong was stopped for the reason the reader gives."""
    cases = list(csv.DictReader((Path(__file__).parent / "data" / "hand_checked.csv").read_text("utf-8").splitlines()))
    assert sum(c["verdict"] == "overpaid" for c in cases) >= 200
    month = roc.month(98, 3)
    settled = settled_of(month)
    found = [d for d in doubts.gather(settled, frames.NAMES, month) if not d["mirror"]]
    hard = {(d["county"], d["kind"], d["rec_no"], d["rule"]): d["over"] for d in found if d["grade"] == "A"}
    asked = {(d["county"], d["kind"], d["rec_no"]) for d in found if d["grade"] in "AB"}
    held = set(settled.filter(pl.col("stop").is_not_null()).select("county", "kind", "rec_no", "rule", "stop").iter_rows())
    wrong = []
    for c in cases:
        row = (c["county_code"], c["data_kind"], c["rec_no"])
        if c["verdict"] == "overpaid":
            agrees = hard.get((*row, c["rule"])) == int(c["overpaid"])
        else:
            agrees = row not in asked and (*row, c["rule"], c["verdict"].removeprefix("due:")) in held
        if not agrees:
            wrong.append(c)
    assert not wrong
