"""Statutory clocks: until when somebody has to act, in calendar days, working days, months, or by a fixed day of the year.

The first day is not counted; a deadline in calendar time that falls on a day off ends with the next working day (行政程序法第48條).
The calendar of days off is passed in; a year it does not cover makes the deadline provisional, never silently wrong.
"""

import calendar as _calendar
import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from app.core import roc


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off beside Saturdays and Sundays, and weekend days that are worked. `years` (AD) are those announced and entered."""

    holidays: frozenset[dt.date] = frozenset()
    worked: frozenset[dt.date] = frozenset()
    years: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, holidays: Iterable[dt.date], worked: Iterable[dt.date] = (), years: Iterable[int] = ()) -> "Calendar":
        off, on = frozenset(holidays), frozenset(worked)
        return cls(off, on, frozenset(years) | {d.year for d in off})

    def is_working(self, day: dt.date) -> bool:
        return day in self.worked or (day.weekday() < 5 and day not in self.holidays)

    def covers(self, first: dt.date, last: dt.date) -> bool:
        return all(year in self.years for year in range(first.year, last.year + 1))

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The day so many working days after `day`, which is not counted itself."""
        while working_days > 0:
            day += dt.timedelta(days=1)
            working_days -= self.is_working(day)
        return day

    def before(self, day: dt.date, working_days: int) -> dt.date:
        """The day so many working days before `day`, which is not counted itself."""
        while working_days > 0:
            day -= dt.timedelta(days=1)
            working_days -= self.is_working(day)
        return day

    def next_working(self, day: dt.date) -> dt.date:
        """The day itself, or the first working day after it."""
        while not self.is_working(day):
            day += dt.timedelta(days=1)
        return day

    def between(self, first: dt.date, last: dt.date) -> int:
        """Working days after `first` up to and with `last`; negative when `last` lies before `first`."""
        if last < first:
            return -self.between(last, first)
        return sum(self.is_working(first + dt.timedelta(days=i)) for i in range(1, (last - first).days + 1))


def months_after(day: dt.date, months: int) -> dt.date:
    """The last day of a period of months that begins the day after `day`: the same day of the month, or the month's last."""
    month = roc.month_of(day) + months
    return dt.date(month // 12, month % 12 + 1, min(day.day, _calendar.monthrange(month // 12, month % 12 + 1)[1]))


@dataclass(frozen=True, slots=True)
class Clock:
    """One duty. `unit`: days, working_days, months, day_of_next_month, day_of_year (`length` = MMDD); negative = before the event.

    `event` names the date it counts from; `who` has to act. `since`/`until` are the days this rule is in force. A clock of a single
    case says in which states of the case it runs (`runs_in`; empty = it hangs on no case), which dates end it once they are filled
    (`ends`), and from how many days before its end it is coloured (`soon`).
    """

    benefit: str
    code: str
    name: str
    article: str
    event: str
    length: int
    unit: str
    who: str
    since: dt.date | None
    until: dt.date | None = None
    runs_in: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    soon: int = 0

    def in_force(self, day: dt.date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Due:
    """The last day, and whether the calendar of days off was known for all of it."""

    clock: Clock
    day: dt.date
    provisional: bool

    def days_left(self, today: dt.date, calendar: Calendar) -> int:
        """Days until the deadline in the clock's own unit; 0 on the day, negative when it has passed."""
        return calendar.between(today, self.day) if self.clock.unit == "working_days" else (self.day - today).days


@cache
def clocks() -> tuple[Clock, ...]:
    """All clocks the product knows; an empty benefit means any."""
    text = (files(__package__) / "data" / "clocks.csv").read_text("utf-8")
    return tuple(
        Clock(
            row["benefit"], row["code"], row["name"], row["article"], row["event"], int(row["length"]), row["unit"], row["who"],
            roc.parse_date(row["since"]) if row["since"] else None, roc.parse_date(row["until"]) if row["until"] else None,
            tuple(row["runs_in"].split()), tuple(row["ends"].split()), int(row["soon"] or 0),
        )
        for row in csv.DictReader(text.splitlines())
    )  # fmt: skip


def clocks_of(benefit: str, day: dt.date) -> tuple[Clock, ...]:
    """The clocks of a benefit on a day, its own first, then those of every benefit."""
    found = [c for c in clocks() if c.in_force(day) and c.benefit in (benefit, "")]
    return tuple(sorted(found, key=lambda c: c.benefit == ""))


@cache
def case_clocks(benefit: str) -> tuple[Clock, ...]:
    """The clocks of a benefit that run on a single case, of every version of the law."""
    return tuple(c for c in clocks() if c.benefit == benefit and c.runs_in)


def clock(benefit: str, code: str, day: dt.date) -> Clock | None:
    """One clock by its code; None where the law of the day has none."""
    return next((c for c in clocks_of(benefit, day) if c.code == code), None)


def due(of: Clock, event: dt.date, calendar: Calendar) -> Due:
    """The last day for a clock whose event was on `event`."""
    if of.unit == "working_days":
        day = calendar.after(event, of.length)
        return Due(of, day, not calendar.covers(event, day))
    if of.unit == "months":
        day = months_after(event, of.length)
    elif of.unit == "day_of_next_month":
        day = roc.first_day(roc.month_of(event) + 1).replace(day=of.length)
    elif of.unit == "day_of_year":
        day = dt.date(event.year, *divmod(of.length, 100))
    elif of.unit == "working_day_of_next_month":
        day = calendar.after(roc.last_day(roc.month_of(event)), of.length)
        return Due(of, day, not calendar.covers(event, day))
    else:
        day = event + dt.timedelta(days=of.length)
    if of.length < 0 or of.unit == "day_of_year":
        return Due(of, day, False)
    last = calendar.next_working(day)
    return Due(of, last, not calendar.covers(day, last))
