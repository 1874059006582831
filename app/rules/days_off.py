"""Days off that the law fixes to a day of the solar calendar. Lunar festivals, days in lieu and make-up days are announced year by year."""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from app.core import roc


@dataclass(frozen=True, slots=True)
class FixedDay:
    """One day off and the law that says so."""

    day: dt.date
    name: str
    law: str


@cache
def fixed_days_off(year: int) -> tuple[FixedDay, ...]:
    """The fixed days off of a year (AD), by the law in force on each of them."""
    text = (files(__package__) / "data" / "fixed_days_off.csv").read_text("utf-8")
    found = []
    for row in csv.DictReader(text.splitlines()):
        day = dt.date(year, int(row["day"][:2]), int(row["day"][2:]))
        until = roc.parse_date(row["until"]) if row["until"] else dt.date.max
        if roc.parse_date(row["since"]) <= day <= until:
            found.append(FixedDay(day, row["name"], row["law"]))
    return tuple(sorted(found, key=lambda f: f.day))
