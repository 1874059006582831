"""Overpayment and recovery (溢領追繳): months due against months paid, dates that run, instalments that add up."""

import calendar
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core import roc


@dataclass(frozen=True)
class Ground:
    """The article a benefit's recovery rests on since a day; `days` to pay back where the law itself fixes them, else the decision does."""

    benefit: str
    since: dt.date
    article: str
    days: int | None = None


ALWAYS = dt.date.min
DISABILITY_71 = dt.date(2012, 7, 11)
"""身心障礙者權益保障法第107條: 第71條 in force from 101/7/11."""
GROUNDS = (
    Ground("elderly_living_allowance", ALWAYS, "老人福利法第12條", 60),
    Ground("disability_living_allowance", DISABILITY_71, "身心障礙者權益保障法第71條", 60),
    Ground("disability_care_subsidy", DISABILITY_71, "身心障礙者權益保障法第71條", 60),
    Ground("low_income_living_assistance", ALWAYS, "社會救助法第9條"),
)
GENERAL = "行政程序法第127條"
FINAL_FIRST = dt.date(2015, 12, 30)
"""行政程序法第127條第4項: decisions since then are not enforced before they are final."""


def ground(benefit: str, on: dt.date) -> Ground:
    """What a recovery decided on a day rests on: the benefit's own law, else the general rule without a fixed period."""
    own = [g for g in GROUNDS if g.benefit == benefit and g.since <= on]
    return max(own, key=lambda g: g.since) if own else Ground(benefit, on, GENERAL)


@dataclass(frozen=True)
class MonthRow:
    """One month: what was due, what was paid, by which rule version."""

    month: int
    due: int
    paid: int
    rule_version: str = ""

    @property
    def difference(self) -> int:
        """NTD paid above what was due (0 when it was not)."""
        return max(0, self.paid - self.due)


def months_table(
    paid: Mapping[int, int], due: Callable[[int], int], rule_version: Callable[[int], str], first: int, last: int
) -> list[MonthRow]:
    """Every month paid from `first` to `last`, in order. Months never paid owe nothing and are not listed."""
    return [MonthRow(m, due(m), paid[m], rule_version(m)) for m in sorted(paid) if first <= m <= last]


def total(rows: Iterable[MonthRow]) -> int:
    """NTD to be paid back."""
    return sum(r.difference for r in rows)


def pay_by(start: dt.date, days: int) -> dt.date:
    """The last day to pay: `days` days counted from the day after `start` (民法§120)."""
    return start + dt.timedelta(days=days)


def years_later(start: dt.date, years: int) -> dt.date:
    """The last day of a period of years that begins the day after `start`: the same date, or the month's last day (民法§121)."""
    year = start.year + years
    return dt.date(year, start.month, min(start.day, calendar.monthrange(year, start.month)[1]))


def revoke_by(known_on: dt.date) -> dt.date:
    """Last day to revoke the unlawful decision: two years from knowing the ground (行政程序法§121)."""
    return years_later(known_on, 2)


def claim_lapses(claimable_on: dt.date) -> dt.date:
    """Last day of the claim: five years from when it could be exercised (行政程序法§131)."""
    return years_later(claimable_on, 5)


def enforceable_until(pay_by_day: dt.date) -> dt.date:
    """Last day of enforcement: five years from the end of the period to pay (行政執行法§7)."""
    return years_later(pay_by_day, 5)


@dataclass(frozen=True)
class Instalment:
    """One part of a plan: number from 1, due date, NTD."""

    no: int
    due_on: dt.date
    amount: int


class PlanError(ValueError):
    """The plan cannot be made; the message says what to change."""


def next_month(day: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the month's last day."""
    number = roc.month_of(day) + months
    return dt.date(number // 12, number % 12 + 1, min(day.day, roc.last_day(number).day))


def plan(amount: int, parts: int, first_due: dt.date) -> list[Instalment]:
    """`amount` in `parts` monthly instalments: equal, the remaining dollars one each on the first ones. Raises PlanError."""
    if amount <= 0:
        raise PlanError("沒有待繳餘額，不需分期")
    if not 1 <= parts <= amount:
        raise PlanError(f"期數須在 1 到 {amount:,} 之間")
    each, rest = divmod(amount, parts)
    return [Instalment(i + 1, next_month(first_due, i), each + (1 if i < rest else 0)) for i in range(parts)]


def plan_by_amount(amount: int, monthly: int, first_due: dt.date) -> list[Instalment]:
    """`amount` in instalments of `monthly` NTD; the last one is what is left. Raises PlanError."""
    if amount <= 0:
        raise PlanError("沒有待繳餘額，不需分期")
    if monthly <= 0:
        raise PlanError("每期金額須大於 0 元")
    full, rest = divmod(amount, monthly)
    amounts = [monthly] * full + ([rest] if rest else [])
    return [Instalment(i + 1, next_month(first_due, i), a) for i, a in enumerate(amounts)]


@dataclass(frozen=True)
class InstalmentState:
    """An instalment with what has been paid on it. `overdue` on the day asked about."""

    instalment: Instalment
    paid: int
    overdue: bool

    @property
    def open(self) -> int:
        return self.instalment.amount - self.paid


def allocate(instalments: Sequence[Instalment], repaid: int, today: dt.date) -> list[InstalmentState]:
    """Money received fills the instalments oldest first; `repaid` above their sum stays unallocated."""
    out: list[InstalmentState] = []
    left = repaid
    for part in sorted(instalments, key=lambda p: (p.due_on, p.no)):
        paid = min(part.amount, left)
        left -= paid
        out.append(InstalmentState(part, paid, paid < part.amount and part.due_on < today))
    return out


def due_since(plan_states: Sequence[InstalmentState], pay_by_day: dt.date | None) -> dt.date | None:
    """The day the oldest unpaid part was to be paid: of a plan its first open instalment, else the day of the decision; None before it."""
    open_parts = [s.instalment.due_on for s in plan_states if s.open]
    return min(open_parts) if open_parts else pay_by_day


def balance(amount: int, repaid: int, written_off: int = 0) -> int:
    """NTD still owed; negative = too much came in and must go back."""
    return amount - repaid - written_off


AGES = ((30, "30 日內"), (90, "31 至 90 日"), (180, "91 至 180 日"), (365, "181 日至 1 年"), (None, "逾 1 年"))


def age(due_on: dt.date, today: dt.date) -> str:
    """Which column of the ageing list an open claim belongs to."""
    late = (today - due_on).days
    if late <= 0:
        return "未到期"
    return next(name for days, name in AGES if days is None or late <= days)
