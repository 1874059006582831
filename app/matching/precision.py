"""How often a rule was right, said with its uncertainty: Wilson intervals, and the smoothed precision of the queue."""

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
