"""Awards as the registers and the recovery arithmetic need them: a few set-based queries, whatever their number."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.core.months import Months
from app.models.award import Award, AwardChange
from app.models.payment import Payment
from app.models.person import Person
from app.payments.entitlement import Change
from app.payments.line import Payee
from app.payments.register import AwardFacts

CHUNK = 5000
HORIZON = 60
"""Months of payments looked back on: a claim lapses after five years (行政程序法§131)."""


def load(session: Session, criteria: Sequence[ColumnElement[bool]], since: int, *, amounts: bool) -> list[AwardFacts]:
    """The facts of the awards that meet `criteria` (conditions on Award), with their live payments from month `since` on.

    `amounts`: with what was paid month by month; else only which months have a regular payment.
    """
    criteria = [*criteria, or_(Award.to_month.is_(None), Award.to_month >= since)]
    paid, parts = _paid(session, criteria, since) if amounts else ({}, {})
    paid_months = {} if amounts else _paid_months(session, criteria, since)
    changes = _changes(session, criteria)
    rows = session.execute(
        select(
            Award.id,
            Award.recipient_id,
            Person.person_id,
            Person.name,
            Award.town_code,
            Person.actual_address,
            Person.registered_address,
            Person.died_on,
            Award.to_month,
            Award.paid_until,
            Award.every,
        )
        .join(Person, Person.id == Award.recipient_id)
        .where(*criteria)
    )
    return [
        AwardFacts(
            award_id=award_id,
            person_key=key,
            person_id=person_id,
            name=name,
            town_code=town,
            changes=changes.get(award_id, ()),
            address=actual or registered or "",
            died_on=died_on,
            to_month=to_month,
            paid_until=paid_until,
            every=every,
            paid=paid.get(award_id, {}),
            paid_parts=parts.get(award_id, {}),
            paid_months=paid_months.get(award_id, Months()),
        )
        for award_id, key, person_id, name, town, actual, registered, died_on, to_month, paid_until, every in rows
    ]


def _changes(session: Session, criteria: Sequence[ColumnElement[bool]]) -> dict[int, list[Change]]:
    c = AwardChange
    rows = session.execute(
        select(
            c.award_id, c.seq, c.kind, c.month, c.recorded_on, c.amount, c.band,
            c.channel, c.payee_person_id, c.payee_name, c.institution, c.account,
        ).where(c.award_id.in_(select(Award.id).where(*criteria)))
    )  # fmt: skip
    out: dict[int, list[Change]] = defaultdict(list)
    for award_id, seq, kind, month, recorded_on, amount, band, channel, person_id, name, institution, account in rows:
        payee = Payee(channel, person_id or "", name or "", institution or "", account or "") if channel else None
        out[award_id].append(Change(seq, kind, month, recorded_on, amount, payee, band))
    return out


def _paid(
    session: Session, criteria: Sequence[ColumnElement[bool]], since: int
) -> tuple[dict[int, dict[int, int]], dict[int, dict[int, int]]]:
    rows = session.execute(
        select(Payment.award_id, Payment.month, func.sum(Payment.amount), func.count())
        .where(Payment.live, Payment.month >= since, Payment.award_id.in_(select(Award.id).where(*criteria)))
        .group_by(Payment.award_id, Payment.month)
    )
    paid: dict[int, dict[int, int]] = defaultdict(dict)
    parts: dict[int, dict[int, int]] = defaultdict(dict)
    for award_id, month, amount, count in rows:
        paid[award_id][month], parts[award_id][month] = int(amount), count
    return paid, parts


def _paid_months(session: Session, criteria: Sequence[ColumnElement[bool]], since: int) -> dict[int, Months]:
    """One row an award where its months run on; only awards with gaps are read month by month."""
    mine = (Payment.live, Payment.kind == "regular", Payment.month >= since, Payment.award_id.in_(select(Award.id).where(*criteria)))
    out: dict[int, Months] = {}
    gaps = []
    first, last, count = func.min(Payment.month), func.max(Payment.month), func.count()
    for award_id, a, b, n in session.execute(select(Payment.award_id, first, last, count).where(*mine).group_by(Payment.award_id)):
        if b - a + 1 == n:
            out[award_id] = Months(((a, b),))
        else:
            gaps.append(award_id)
    months: dict[int, list[int]] = defaultdict(list)
    for start in range(0, len(gaps), CHUNK):
        part = Payment.award_id.in_(gaps[start : start + CHUNK])
        for award_id, month in session.execute(select(Payment.award_id, Payment.month).where(*mine, part)):
            months[award_id].append(month)
    return out | {award_id: Months.each(m) for award_id, m in months.items()}
