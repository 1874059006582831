"""The statutory clocks of a case: which run, until when, how long that still is. The law is data (`rules/data/clocks.csv`).

The next deadline stands on the application, so that queues can be sorted by it; everything else is reckoned when it is shown.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session, selectin_polymorphic
from sqlalchemy.orm.attributes import set_committed_value

from app.commands.base import Context
from app.commands.working_days import calendar_of
from app.core import clock
from app.models.application import Application
from app.rules import clocks
from app.rules.clocks import Calendar, Clock, Due

WHO = {
    "township": "公所", "county": "縣府", "hospital": "鑑定機構", "health_bureau": "衛生局", "assessor": "評估單位", "recipient": "申請人",
}  # fmt: skip
CHUNK = 500


@dataclass(frozen=True)
class Running:
    """A clock that runs on a case. `left` counts in the clock's own unit, working days or days; negative = over."""

    clock: Clock
    since: dt.date
    day: dt.date
    left: int
    provisional: bool

    @property
    def who(self) -> str:
        return WHO.get(self.clock.who, self.clock.who)

    @property
    def tone(self) -> str:
        """good | warn | bad: fine, soon, over."""
        return tone(self.left, self.clock.soon)

    @property
    def words(self) -> str:
        return words(self.left, self.clock.unit)


def tone(left: int, soon: int) -> str:
    return "bad" if left < 0 else "warn" if left <= soon else "good"


def words(left: int, unit: str) -> str:
    """`剩 5 日`, `今天到期`, `已逾 2 個工作日`."""
    days = "個工作日" if unit == "working_days" else "日"
    return "今天到期" if left == 0 else f"剩 {left} {days}" if left > 0 else f"已逾 {-left} {days}"


def happened(application: Application, event: str) -> dt.date | None:
    """The date of an event the law names: the column the benefit's model says, or the one of that name."""
    for name in (application.EVENTS.get(event), f"{event}_on", event):
        if name is not None and isinstance(value := getattr(application, name, None), dt.date):
            return value
    return None


def may_run(application: Application) -> bool:
    """Is there a clock for the state the case is in? (Only then is the calendar worth reading.)"""
    return any(application.state in c.runs_in for c in clocks.case_clocks(application.BENEFIT))


def dues(application: Application, calendar: Calendar) -> list[tuple[dt.date, Due]]:
    """(day it counts from, deadline) of the clocks that run now, the next one first."""
    found = []
    for c in clocks.case_clocks(application.BENEFIT):
        if application.state not in c.runs_in or any(happened(application, end) for end in c.ends):
            continue
        since = happened(application, c.event)
        if since is not None and c.in_force(since):
            found.append((since, clocks.due(c, since, calendar)))
    return sorted(found, key=lambda pair: pair[1].day)


def running(session: Session, application: Application, today: dt.date) -> list[Running]:
    """The clocks of a case as its page shows them."""
    if not may_run(application):
        return []
    calendar = calendar_of(session, application.county_code)
    return [Running(d.clock, since, d.day, d.days_left(today, calendar), d.provisional) for since, d in dues(application, calendar)]


def asks_visit(application: Application) -> bool:
    """Does the law, or the county's own definition, send somebody to the household before the case goes on?"""
    return "visit" in application.STEPS or any(c.code == "visit" and c.in_force(application.received_on) for c in clocks.case_clocks(application.BENEFIT))


def note(ctx: Context, application: Application) -> None:
    """Write the next deadline on the application, after it moved or its dates changed. Leaves its version alone."""
    if not may_run(application) and application.due_on is None:
        return
    values = _values(application, calendar_of(ctx.session, application.county_code))
    if any(getattr(application, name) != value for name, value in values.items()):
        _write(ctx.session, [(application, values)])


def _values(application: Application, calendar: Calendar) -> dict[str, object]:
    next_one = next((d for _, d in dues(application, calendar)), None)
    if next_one is None:
        return {"due_on": None, "due_clock": None, "due_provisional": None}
    return {"due_on": next_one.day, "due_clock": next_one.clock.code, "due_provisional": next_one.provisional}


def _write(session: Session, rows: Sequence[tuple[Application, dict[str, object]]]) -> None:
    table = Application.__table__
    for application, values in rows:
        session.execute(update(table).where(table.c.id == application.id).values(**values))
        for name, value in values.items():
            set_committed_value(application, name, value)


def refresh(session: Session, county: str | None = None, after: int = 0, limit: int | None = None) -> int | None:
    """Reckon the deadlines of running cases anew (of one county, after an id, so many); the last id, or None when there were no more."""
    states = {state for c in clocks.clocks() for state in c.runs_in}
    benefits = {c.benefit for c in clocks.clocks() if c.runs_in}
    calendars: dict[str, Calendar] = {}
    last: int | None = after
    while last is not None:
        statement = (
            select(Application)
            .where(Application.id > last, Application.state.in_(states), Application.benefit.in_(benefits))
            .options(selectin_polymorphic(Application, [m.class_ for m in inspect(Application).self_and_descendants]))
            .order_by(Application.id)
            .limit(limit or CHUNK)
        )
        if county is not None:
            statement = statement.where(Application.county_code == county)
        found = list(session.scalars(statement))
        changed = []
        for application in found:
            calendar = calendars.get(application.county_code)
            if calendar is None:
                calendar = calendars[application.county_code] = calendar_of(session, application.county_code)
            values = _values(application, calendar)
            if any(getattr(application, name) != value for name, value in values.items()):
                changed.append((application, values))
        _write(session, changed)
        last = found[-1].id if found else None
        if limit is not None:
            return last
    return None


def label(application: Application) -> tuple[str, str]:
    """(words, tone) of the next deadline for a list: days of the calendar, from what stands on the row. Empty when no clock runs."""
    if application.due_on is None:
        return "", ""
    found = next((c for c in clocks.case_clocks(application.BENEFIT) if c.code == application.due_clock), None)
    left = (application.due_on - clock.today()).days
    text = words(left, "days") + ("（日曆尚未確認）" if application.due_provisional else "")
    return text, tone(left, found.soon if found else 0)
