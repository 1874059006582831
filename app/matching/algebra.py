"""The one algebra of months and amounts: what a roster row paid in which month, what was due, which side gives way, by how much.

Everything the rules say about money is said here once, in plain Python; `sql` holds the same expressions for the engines, and a test
compares the two on random rows. Amounts are whole NTD, months are month numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.months import FOREVER, Months

CUT_ORDER: Final = (
    "disability_living_allowance",
    "paralysis_living_allowance",
    "county_senior_allowance",
    "elderly_living_allowance",
    "child_youth_living_assistance",
    "low_income_living_assistance",
)
"""Cash benefits that count toward the basic-wage cap, in the order in which they are cut when the cap is passed."""


def spread(amount: int, first: int, last: int) -> dict[int, int]:
    """`amount` paid for `first`..`last` together, month by month: equal parts, what does not divide goes on the last month.

    Raises ValueError when the months are reversed or the amount is negative.
    """
    if first > last or amount < 0:
        raise ValueError(f"months {first}..{last}, amount {amount}")
    each, rest = divmod(amount, last - first + 1)
    out = dict.fromkeys(range(first, last + 1), each)
    out[last] += rest
    return out


def after(fact_month: int) -> Months:
    """Months in which a benefit is no longer due after a fact: from the month after it (中低收入老人生活津貼發給辦法§11「次月」)."""
    return Months.of((fact_month + 1, FOREVER))


@dataclass(frozen=True, slots=True)
class Line:
    """One month of one roster row. `home`: is the person registered in the paying county that month (None = not known)?"""

    key: str
    month: int
    paid: int
    home: bool | None = None
    start: int = 0
    case_no: str = ""
    county: str = ""


def gives_way(a: Line, b: Line) -> bool:
    """Of two benefits that exclude each other in one month, does `a` give way? Exactly one of (a, b), (b, a) is true.

    The county where the person is not registered has no ground to pay, so it gives way; else the lesser amount does, because the
    person may keep the greater; else the later row.
    """
    if _away(a) != _away(b):
        return _away(a)
    if a.paid != b.paid:
        return a.paid < b.paid
    return a.key > b.key


def came_later(a: Line, b: Line) -> bool:
    """Of two benefits that exclude each other, does `a` give way because its award began later? Exactly one of (a, b), (b, a) is true.

    As `gives_way`, but of two with equal ground the later award gives way, and only awards of one month are told apart by amount.
    """
    if _away(a) == _away(b) and a.start != b.start:
        return a.start > b.start
    return gives_way(a, b)


def is_second(a: Line, b: Line) -> bool:
    """Of one benefit paid twice in a month, is `a` the payment too many? Exactly one of (a, b), (b, a) is true.

    Two counties: the one where the person is not registered, else the one whose award began later. One county: the case opened later,
    that is the greater case number.
    """
    if a.county != b.county:
        if _away(a) != _away(b):
            return _away(a)
        if a.start != b.start:
            return a.start > b.start
    if a.case_no != b.case_no:
        return a.case_no > b.case_no
    return a.key > b.key


def _away(line: Line) -> bool:
    return line.home is False


def top_up_due(own: int, other: int) -> int:
    """What may still be paid beside a benefit of the same nature: the difference, never less than 0."""
    return max(0, own - other)


def cut(parts: Sequence[tuple[str, int]], total: int, cap: int) -> list[int]:
    """By how much each of the person's own benefits is cut when `total` passes `cap`; parts are (kind, paid) in any order.

    Cut in CUT_ORDER, each at most by what it paid. The answer is in the order of `parts`.
    """
    excess = max(0, total - cap)
    out = [0] * len(parts)
    for i in sorted(range(len(parts)), key=lambda i: (CUT_ORDER.index(parts[i][0]), i)):
        out[i] = min(excess, parts[i][1])
        excess -= out[i]
    return out


def allot(paid: int, claims: Iterable[int]) -> list[int]:
    """Several doubts about one month of one row, strongest first: together they never claim more than was paid."""
    out = []
    for claim in claims:
        take = min(max(0, claim), paid)
        out.append(take)
        paid -= take
    return out


@dataclass(frozen=True, slots=True)
class Month:
    """One line of the months table a doubt shows."""

    month: int
    due: int
    paid: int

    @property
    def difference(self) -> int:
        return self.paid - self.due


def table(paid: Mapping[int, int], overpaid: Mapping[int, int]) -> list[Month]:
    """Due, paid and difference of every month paid, in order. Raises ValueError when a claim exceeds what was paid."""
    if any(overpaid[m] > paid.get(m, 0) for m in overpaid):
        raise ValueError("more claimed than paid")
    return [Month(m, paid[m] - overpaid.get(m, 0), paid[m]) for m in sorted(paid)]
