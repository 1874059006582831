"""The clock of a doubt: until when the county answers it, from the day it was sent; what is late and what is due soon, per county.

No law gives a term, so it is a county's setting (`doubt_answer.days`) over the ministry's. What only informs has none.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.doubt import Doubt
from app.rules.parameters import Missing

from .parameters import parameters_in_force

TERM: Final = "doubt_answer.days"
SOON: Final = 7
ASKED: Final = ("A", "B")


def terms(session: Session, counties: Iterable[str], sent: dt.date) -> dict[str, dt.date | None]:
    """By county the day until which what is sent on `sent` is to be answered; None where nobody set a term."""
    out: dict[str, dt.date | None] = {}
    for county in set(counties):
        found = parameters_in_force(session, county).on(sent, TERM)
        out[county] = None if isinstance(found, Missing) or found.value is None else sent + dt.timedelta(days=int(found.value))
    return out


def waiting(session: Session) -> dict[str, tuple[int, int]]:
    """By county the open doubts that are late, and those due within `SOON` days, within the scope in force."""
    today = clock.today()
    rows = session.execute(
        select(Doubt.county_code, func.sum(case((Doubt.due_on < today, 1), else_=0)), func.sum(case((Doubt.due_on >= today, 1), else_=0)))
        .where(Doubt.state == "open", Doubt.due_on <= today + dt.timedelta(days=SOON))
        .group_by(Doubt.county_code)
    )
    return {county: (int(late), int(soon)) for county, late, soon in rows}
