"""Remedies against a decision: 訴願 for every administrative act, and what a benefit's own law offers before it (申復, 異議)."""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from app.core import roc

from .clocks import Calendar

APPEAL_DAYS = 30
"""From the day after service (訴願法第14條第1項)."""
PUBLIC_SERVICE_DAYS = 20
"""After which a public notice counts as served (行政程序法第81條)."""
_MINISTRY_SINCE = dt.date(2013, 7, 23)


@dataclass(frozen=True, slots=True)
class OwnRemedy:
    """What a benefit's law offers beside the appeal. `days` run from the day after service."""

    benefit: str
    since: dt.date
    kind: str
    days: int
    law: str
    article: str
    text: str


@cache
def _own() -> dict[str, OwnRemedy]:
    rows = csv.DictReader((files(__package__) / "data" / "remedies.csv").read_text("utf-8").splitlines())
    return {
        r["benefit"]: OwnRemedy(r["benefit"], roc.parse_date(r["from"]), r["kind"], int(r["days"]), r["law"], r["article"], r["text"]) for r in rows
    }


def own_remedy(benefit: str, on: dt.date) -> OwnRemedy | None:
    """The benefit's own remedy against a decision of a day, if its law has one."""
    found = _own().get(benefit)
    return found if found is not None and on >= found.since else None


def has_own(benefit: str) -> bool:
    """Does the benefit's law (of any day) offer a remedy of its own? For all benefits together (`""`): does any?"""
    return bool(_own()) if not benefit else benefit in _own()


def appeal_authority(town: bool, county_name: str, on: dt.date) -> str:
    """Who decides the appeal: the county over its townships, the central ministry over the county (訴願法第4條第1款、第3款)."""
    if town:
        return county_name
    return "衛生福利部" if on >= _MINISTRY_SINCE else "內政部"


def effective_service(method: str, on: dt.date) -> dt.date:
    """The day on which service takes effect: the act itself, also for deposit (第74條); a public notice 20 days later (第81條)."""
    return on + dt.timedelta(days=PUBLIC_SERVICE_DAYS) if method == "public" else on


def appeal_until(served_on: dt.date, calendar: Calendar) -> dt.date:
    """The last day to appeal: 30 days, the first of which is the day after service (訴願法第14條第1項).

    A last day that is a day off is followed by the next working day (訴願法第17條準用民法第122條; 行政程序法第48條第4項).
    """
    return calendar.next_working(served_on + dt.timedelta(days=APPEAL_DAYS))
