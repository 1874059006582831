"""Receivables of recovery for accounting: what stood open, what was added, paid back, written off or dropped in a period, and what stands open then.

A claim counts from the day it was opened, money from the day it was recorded, so a period that has been closed never changes.
"""

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.overpayment import METHODS, Overpayment, Repayment

from .recovery import OPEN


@dataclass
class Book:
    """One benefit in a period, in NTD. Holds by construction: opening + opened - dropped - received - written off = closing."""

    benefit: str
    opening: int = 0
    opened: int = 0
    dropped: int = 0
    received: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METHODS, 0))
    written_off: int = 0

    @property
    def received_total(self) -> int:
        return sum(self.received.values())

    @property
    def closing(self) -> int:
        return self.opening + self.opened - self.dropped - self.received_total - self.written_off


def _moment(day: dt.date) -> dt.datetime:
    """The beginning of a day in Taipei, as moments are stored."""
    return dt.datetime.combine(day, dt.time(), clock.TAIPEI).astimezone(dt.UTC).replace(tzinfo=None)


def movements(session: Session, first: dt.date, last: dt.date) -> list[Book]:
    """Every benefit with claims within scope, from `first` to `last` (both included)."""
    begin, end = _moment(first), _moment(last + dt.timedelta(days=1))
    books: dict[str, Book] = {}

    def at(benefit: str) -> Book:
        return books.setdefault(benefit, Book(benefit))

    o = Overpayment
    early = func.sum(case((o.created_at < begin, o.amount), else_=0))
    for benefit, before, amount in session.execute(select(o.benefit, early, func.sum(o.amount)).where(o.created_at < end).group_by(o.benefit)):
        at(benefit).opening, at(benefit).opened = int(before), int(amount) - int(before)
    for state, column, name in (("dropped", o.amount, "dropped"), ("written_off", o.written_off, "written_off")):
        early = func.sum(case((o.closed_on < first, column), else_=0))
        rows = session.execute(select(o.benefit, early, func.sum(column)).where(o.state == state, o.closed_on <= last).group_by(o.benefit))
        for benefit, before, amount in rows:
            at(benefit).opening -= int(before)
            setattr(at(benefit), name, int(amount) - int(before))
    r = Repayment
    early = func.sum(case((r.recorded_at < begin, r.amount), else_=0))
    paid = session.execute(select(r.benefit, r.method, early, func.sum(r.amount)).where(r.recorded_at < end).group_by(r.benefit, r.method))
    for benefit, method, before, amount in paid:
        at(benefit).opening -= int(before)
        at(benefit).received[method] += int(amount) - int(before)
    return [books[code] for code in sorted(books)]


def open_balances(session: Session) -> dict[str, int]:
    """Benefit → what the open claims say is still owed today: what the books must come to."""
    balance = func.sum(Overpayment.amount - Overpayment.repaid - Overpayment.written_off)
    rows = session.execute(select(Overpayment.benefit, balance).where(Overpayment.state.in_(OPEN)).group_by(Overpayment.benefit))
    return {benefit: int(amount) for benefit, amount in rows}
