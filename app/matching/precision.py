"""How often a rule was right, said with its uncertainty: Wilson intervals, smoothed precision for the queue, recall from a sample."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054
UNMEASURED: Final = {"A": 0.95, "B": 0.5, "C": 0.05}
"""What a doubt of a grade is taken to be worth before anybody has answered one: see docs/decisions/0013."""
PSEUDO_ANSWERS: Final = 2


def wilson(confirmed: float, answered: float) -> tuple[float, float] | None:
    """The 95 % Wilson score interval of a share (0–1); None when nothing was answered."""
    if answered <= 0:
        return None
    share, z2 = confirmed / answered, Z95 * Z95
    middle = share + z2 / (2 * answered)
    spread = Z95 * sqrt(share * (1 - share) / answered + z2 / (4 * answered * answered))
    whole = 1 + z2 / answered
    low = 0.0 if confirmed == 0 else (middle - spread) / whole
    high = 1.0 if confirmed == answered else (middle + spread) / whole
    return max(0.0, low), min(1.0, high)


def smoothed(confirmed: int, answered: int, grade: str) -> float:
    """The precision the queue reckons with (0–1): Laplace-smoothed by two pseudo-answers that agree with the grade's own expectation, so that
    an unmeasured rule is worth what its grade is."""
    return (confirmed + PSEUDO_ANSWERS * UNMEASURED[grade]) / (answered + PSEUDO_ANSWERS)


@dataclass(frozen=True)
class Stratum:
    """One county-month of the sample: rows not listed as doubts, how many of the drawn ones were answered, how many of those were overpaid."""

    unflagged: int
    answered: int
    overpaid: int


@dataclass(frozen=True)
class Recall:
    """Share of the overpaid rows that the match found (0–1), lowest and highest of the 95 % interval."""

    value: float
    low: float
    high: float


def recall(confirmed: int, strata: Iterable[Stratum]) -> Recall | None:
    """The recall that confirmed doubts and a stratified random sample speak for; None when no sample was answered or nothing was overpaid.

    Strata are weighted by their rows; the interval is Wilson's at the effective sample size (Kish), so that unequal strata widen it.
    """
    known = [s for s in strata if s.answered > 0 and s.unflagged > 0]
    rows = sum(s.unflagged for s in known)
    if not rows:
        return None
    share = sum(s.unflagged * s.overpaid / s.answered for s in known) / rows
    size = rows * rows / sum(s.unflagged * s.unflagged / s.answered for s in known)
    if confirmed == 0 and share == 0:
        return None
    low, high = wilson(share * size, size) or (0.0, 1.0)
    return Recall(confirmed / (confirmed + rows * share), confirmed / (confirmed + rows * high), confirmed / (confirmed + rows * low) if confirmed else 0.0)
