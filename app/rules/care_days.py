"""Care by days (日間照顧及住宿式照顧費用補助辦法第9條): what is due of a month for the days spent in an institution, to the dollar.

Days of one whole-month amount add up to the month exactly, however they are cut; before 101-07-11 a month begun is a month due.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from app.core import roc

from .clocks import Calendar
from .disability import SINCE_101


def rounded(value: Fraction) -> int:
    """To the nearest dollar, a half upwards."""
    return int(value + Fraction(1, 2))


def whole_month(fee: int, ceiling: int, percent: int) -> int:
    """The subsidy of a whole month: the fee (NTD) up to the ceiling, times the rate (percent), to the nearest dollar."""
    return rounded(Fraction(min(fee, ceiling) * percent, 100))


def part(monthly: int, month: int, first: dt.date, last: dt.date) -> int:
    """What the days from `first` to `last` (both counted, inside `month`) are worth of `monthly` NTD: the difference of two rounded sums."""
    start = roc.first_day(month)
    length = (roc.last_day(month) - start).days + 1
    return rounded(Fraction(monthly * ((last - start).days + 1), length)) - rounded(Fraction(monthly * (first - start).days, length))


@dataclass(frozen=True, slots=True)
class Span:
    """A monthly amount due from `first` to `last` (None = open), both days counted."""

    first: dt.date
    last: dt.date | None
    monthly: int


@dataclass(frozen=True, slots=True)
class DayShare:
    """Part of one month: days and NTD. `whole` = the whole month, no sharing out."""

    first: dt.date
    last: dt.date
    days: int
    amount: int
    whole: bool


def month_shares(month: int, spans: tuple[Span, ...]) -> tuple[DayShare, ...]:
    """What is due in a month. Since 101-07-11 by days (§9): each part is the difference of two rounded sums, so that parts of one
    amount add up to the month exactly. Before, a month begun is a month due (practice).

    Raises ValueError when spans overlap.
    """
    start, end = roc.first_day(month), roc.last_day(month)
    inside = sorted(
        (max(s.first, start), min(s.last or end, end), s.monthly) for s in spans if s.first <= end and (s.last is None or s.last >= start)
    )
    if any(b[0] <= a[1] for a, b in pairwise(inside)):
        raise ValueError("同一個月的補助期間重疊，請檢查起訖日")
    out = []
    for first, last, monthly in inside:
        days = (last - first).days + 1
        if end < SINCE_101:
            out.append(DayShare(first, last, days, monthly, True))
        else:
            out.append(DayShare(first, last, days, part(monthly, month, first, last), (first, last) == (start, end)))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Leave:
    """Away from the institution: absent from the day of leaving to the day before the return. `back` None = not back yet."""

    left: dt.date
    back: dt.date | None = None

    def away(self, day: dt.date) -> bool:
        return self.left <= day and (self.back is None or day < self.back)


def days_of(month: int) -> list[dt.date]:
    """Every day of a month."""
    first = roc.first_day(month)
    return [first + dt.timedelta(days=n) for n in range((roc.last_day(month) - first).days + 1)]


def absent_days(month: int, leaves: Collection[Leave], calendar: Calendar | None = None) -> list[dt.date]:
    """The days of a month that count as absent. With a `calendar`, days off (weekends, holidays) spent at home do not count."""
    away = [d for d in days_of(month) if any(leave.away(d) for leave in leaves)]
    return away if calendar is None else [d for d in away if calendar.is_working(d)]


@dataclass(frozen=True, slots=True)
class MonthDue:
    """One stay in one month: days of the stay, days not paid for absence, NTD, and whether the month is paid whole."""

    days: int
    deducted: int
    amount: int
    whole: bool


def month_due(month: int, worth: Mapping[dt.date, int], absent: Iterable[dt.date] = (), allowed: int = 0) -> MonthDue:
    """What one stay is due in a month. `worth`: each day of the stay in the month → the whole month's subsidy as of that day (NTD);
    of the `absent` days those beyond the first `allowed` are not paid. Before 101-07-11 the month is due whole, by its last day's subsidy.
    """
    mine = sorted(worth)
    if not mine:
        return MonthDue(0, 0, 0, False)
    if roc.last_day(month) < SINCE_101:
        return MonthDue(len(mine), 0, worth[mine[-1]], True)
    unpaid = set(sorted(d for d in set(absent) if d in worth)[max(0, allowed) :])
    paid = [d for d in mine if d not in unpaid]
    amount, begin = 0, 0
    for i, d in enumerate(paid):
        after = paid[i + 1] if i + 1 < len(paid) else None
        if after is None or after != d + dt.timedelta(days=1) or worth[after] != worth[d]:
            amount += part(worth[d], month, paid[begin], d)
            begin = i + 1
    return MonthDue(len(mine), len(unpaid), amount, len(paid) == len(days_of(month)))


def within_month(amount: int, worth: Collection[int], already: int) -> int:
    """`amount`, cut so that with what other stays of the person got `already` for this month it does not pass one whole month (NTD)."""
    return max(0, min(amount, max(worth, default=0) - already))


@dataclass(frozen=True, slots=True)
class Turn:
    """From `day` on the subsidy runs or rests (`runs`) or has another rate (`percent`); None = as before. In the order recorded."""

    day: dt.date
    percent: int | None = None
    runs: bool | None = None


def percents(month: int, turns: Iterable[Turn], last: dt.date | None = None) -> dict[dt.date, int]:
    """The rate of every day of a month on which the subsidy runs, up to `last` (the day of death is still due)."""
    ordered = sorted(turns, key=lambda t: t.day)
    out: dict[dt.date, int] = {}
    for day in days_of(month):
        percent, runs = 0, False
        for t in ordered:
            if t.day > day:
                break
            percent = percent if t.percent is None else t.percent
            runs = runs if t.runs is None else t.runs
        if runs and percent and (last is None or day <= last):
            out[day] = percent
    return out
