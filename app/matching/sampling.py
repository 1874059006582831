"""The random sample: which unflagged rows are looked at, and what their findings say about the overpayments the rules miss."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf

import polars as pl

from .precision import wilson


def unflagged(rows: pl.DataFrame, flagged: Collection[tuple[str, str]]) -> pl.DataFrame:
    """The cash rows (amount above 0) of one county and month of which no doubt is sent. `rows`: roster rows with `data_kind`, `rec_no`,
    `amount`; `flagged`: (data_kind, rec_no)."""
    sent = pl.DataFrame(sorted(flagged), schema={"data_kind": pl.String, "rec_no": pl.String}, orient="row")
    return rows.filter(pl.col("amount") > 0).join(sent, on=["data_kind", "rec_no"], how="anti")


def draw(free: pl.DataFrame, seed: str, size: int) -> pl.DataFrame:
    """A simple random sample without replacement of the unflagged rows. The same rows and seed give the same sample, in whatever order the
    rows come."""
    ordered = free.sort("data_kind", "rec_no")
    return ordered[sorted(random.Random(seed).sample(range(ordered.height), min(size, ordered.height)))]


@dataclass(frozen=True)
class Stratum:
    """One county's month. `population`: rows without a doubt; `looked`: rows of the sample with a finding; `missed`: those overpaid;
    `caught`: rows of which a doubt was confirmed as overpaid."""

    population: int
    looked: int
    missed: int
    caught: int


@dataclass(frozen=True)
class Recall:
    """The share (0–1) of overpaid rows that the rules found, its 95 % interval, and the overpaid rows estimated to be missed."""

    share: float
    low: float
    high: float
    missed: float


def recall(strata: Sequence[Stratum]) -> Recall | None:
    """Recall over counties and months, from the samples of what was not flagged; None when nothing was looked at or nothing is overpaid.

    Estimator: the stratified expansion estimator of a total (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, §5.3): rows missed =
    Σ population × missed ÷ looked. Recall = caught ÷ (caught + rows missed). Interval: the Wilson score interval (E. B. Wilson, JASA 22, 1927,
    209–212) of the share missed among the unflagged rows, with the effective sample size n = 1 ÷ Σ W²(1 − f)/looked, W a stratum's share of
    the unflagged rows and f its sampling fraction (Kish's design effect of unequal weights with the finite population correction, Cochran
    §2.6); its ends are carried through the formula of recall, which falls as the share rises. It holds with none missed, where a normal
    interval would have no width. `caught` is taken as known: doubts not answered yet are not in it. Strata without a finding say nothing and
    are left out, with what was caught in them.
    """
    known = [s for s in strata if s.looked]
    rows, caught = sum(s.population for s in known), sum(s.caught for s in known)
    if not known:
        return None
    share = sum(s.population * s.missed / s.looked for s in known) / rows if rows else 0.0
    spread = sum((s.population / rows) ** 2 * (1 - min(1.0, s.looked / s.population)) / s.looked for s in known) if rows else 0.0
    size = 1 / spread if spread else inf
    low, high = (share, share) if size == inf else wilson(share * size, size) or (0.0, 1.0)
    seen = sum(s.missed for s in known)

    def of(missed: float) -> float:
        return caught / (caught + missed)

    missed = rows * share
    if not caught and not missed and not high:
        return None
    if not caught:
        return Recall(0.0, 0.0, 0.0, missed) if missed else None
    return Recall(of(missed), of(rows * high), of(max(seen, rows * low)), missed)
