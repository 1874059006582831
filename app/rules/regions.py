"""Counties, the region each belongs to on a date, and the two ways of writing 臺.

A region is what the poverty line is announced for: a municipality, 臺灣省, 福建省, and in ROC 98 also 臺北縣.
"""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from app.core import roc


@dataclass(frozen=True, slots=True)
class County:
    """One county as it existed between two dates (None = open). `successor` is the code that took it over."""

    code: str
    name: str
    region: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    successor: str

    def exists_on(self, day: dt.date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def same_name(name: str) -> str:
    """One spelling for comparing: 台 becomes 臺."""
    return name.strip().replace("台", "臺")


@cache
def counties() -> tuple[County, ...]:
    """Every county and municipality since ROC 98, abolished ones too."""
    text = (files(__package__) / "data" / "counties.csv").read_text("utf-8")
    return tuple(
        County(
            row["code"],
            row["name"],
            row["region"],
            roc.parse_date(row["valid_from"]) if row["valid_from"] else None,
            roc.parse_date(row["valid_to"]) if row["valid_to"] else None,
            row["successor"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def county(code: str) -> County | None:
    """The county of a five-digit code; None when there never was one."""
    return next((c for c in counties() if c.code == code), None)


@lru_cache(maxsize=4096)
def county_on(code: str, day: dt.date) -> County | None:
    """The county that stands for `code` on `day`: itself, or the one it was merged into."""
    found = county(code)
    while found and not found.exists_on(day) and found.successor:
        found = county(found.successor)
    return found


def region_on(code: str, day: dt.date) -> str | None:
    """`臺灣省`, `福建省`, `臺北縣` or a municipality; None for an unknown code."""
    found = county_on(code, day)
    return found.region if found else None


@lru_cache(maxsize=4096)
def places_on(code: str, day: dt.date) -> tuple[str, ...]:
    """The names a parameter row for this county may carry on `day`, nearest first."""
    found = county_on(code, day)
    own = (found.name, found.region) if found else ()
    return (*dict.fromkeys(own), "縣市", "臺灣地區", "全國")
