"""What was paid and what was due, month by month, from the award's changes and the ledger; and what was paid too much and nobody claims yet."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, extract, func, select
from sqlalchemy.orm import Session

from app.models.award import Award, AwardChange
from app.models.overpayment import OverpaymentMonth
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.payments import entitlement, recovery
from app.payments.recovery import MonthRow
from app.payments.register import AwardFacts

from . import award_facts
from .benefit_rows import benefit_row
from .care.invoices import due_months

GONE = ("filed", "credited")
"""States of a line whose money left and did not come back."""
MANY = 2000
"""Awards looked at in one go for what nobody claims."""


def paid_out(session: Session, award_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Award → month → NTD that left and did not come back."""
    rows = session.execute(
        select(Payment.award_id, Payment.month, func.sum(Payment.amount))
        .join(
            PaymentLine,
            and_(PaymentLine.root_run_id == Payment.run_id, PaymentLine.root_line_no == Payment.line_no, PaymentLine.status.in_(GONE)),
        )
        .where(Payment.award_id.in_(award_ids), Payment.live)
        .group_by(Payment.award_id, Payment.month)
    )
    out: dict[int, dict[int, int]] = {}
    for award_id, month, amount in rows:
        out.setdefault(award_id, {})[month] = int(amount)
    return out


def overpaid_months(session: Session, award_id: int, first: int = 0, last: int = 9999 * 12) -> list[MonthRow]:
    """Months of an award paid above what is due by everything known today, each with the rule version of its last change."""
    facts = award_facts.load(session, [Award.id == award_id], 0, amounts=True)
    if not facts:
        return []
    paid = paid_out(session, [award_id]).get(award_id, {})
    return _overpaid(session, facts[0], session.get_one(Award, award_id), paid, versions(session, [award_id]).get(award_id, []), first, last)


def _overpaid(
    session: Session, facts: AwardFacts, award: Award, paid: dict[int, int], known: list[tuple[int, str]], first: int, last: int
) -> list[MonthRow]:
    parts = facts.entitlement(dt.date.max)
    by_days = due_months(session, award, paid) if benefit_row(session, award.benefit).payment_unit == "institution" else None

    def due(month: int) -> int:
        return entitlement.due(parts, month) if by_days is None else by_days.get(month, 0)

    rows = recovery.months_table(paid, due, lambda m: version_in(known, m), first, last)
    return [r for r in rows if r.difference]


def versions(session: Session, award_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Award → (from month, rule version) of its changes, oldest first."""
    rows = session.execute(
        select(AwardChange.award_id, AwardChange.month, AwardChange.rule_version)
        .where(AwardChange.award_id.in_(award_ids), AwardChange.rule_version != "")
        .order_by(AwardChange.award_id, AwardChange.month, AwardChange.seq)
    )
    out: dict[int, list[tuple[int, str]]] = {}
    for award_id, month, version in rows:
        out.setdefault(award_id, []).append((month, version))
    return out


def version_in(known: list[tuple[int, str]], month: int) -> str:
    return next((v for m, v in reversed(known) if m <= month), "")


@dataclass(frozen=True)
class Unclaimed:
    """An award that was paid too much in months no claim names."""

    award: Award
    rows: tuple[MonthRow, ...]

    @property
    def amount(self) -> int:
        return recovery.total(self.rows)


def unclaimed(session: Session) -> list[Unclaimed]:
    """Awards within scope with a change that reaches back over money already paid, and no claim about those months: the largest sums first.

    A handful of queries over the awards that can be concerned, whatever the size of the register.
    """
    later = and_(AwardChange.award_id == Payment.award_id, AwardChange.month <= Payment.month, AwardChange.recorded_at >= PaymentRun.made_at)
    claimed = (
        select(OverpaymentMonth.id)
        .where(OverpaymentMonth.award_id == Payment.award_id, OverpaymentMonth.month == Payment.month, OverpaymentMonth.live)
        .exists()
    )
    paid_then = (Payment.live, PaymentRun.state.in_(("filed", "reconciled")), ~claimed)
    changed = (
        select(Payment.award_id)
        .join(PaymentRun, PaymentRun.id == Payment.run_id)
        .join(AwardChange, later)
        .where(*paid_then, AwardChange.kind.in_(("end", "suspend", "amount")))
    )
    died = extract("year", Person.died_on) * 12 + extract("month", Person.died_on) - 1
    dead = (
        select(Payment.award_id)
        .join(PaymentRun, PaymentRun.id == Payment.run_id)
        .join(Person, Person.id == Payment.recipient_id)
        .where(*paid_then, Person.died_on.is_not(None), Payment.month > died)
    )
    candidates = sorted(session.scalars(changed.union(dead).limit(MANY)))
    if not candidates:
        return []
    facts = {f.award_id: f for f in award_facts.load(session, [Award.id.in_(candidates)], 0, amounts=True)}
    awards = {a.id: a for a in session.scalars(select(Award).where(Award.id.in_(candidates)))}
    paid, known = paid_out(session, candidates), versions(session, candidates)
    taken: dict[int, set[int]] = {}
    months = select(OverpaymentMonth.award_id, OverpaymentMonth.month).where(OverpaymentMonth.award_id.in_(candidates), OverpaymentMonth.live)
    for award_id, month in session.execute(months):
        taken.setdefault(int(award_id or 0), set()).add(month)
    out = []
    for award_id in candidates:
        if award_id not in facts or award_id not in awards:
            continue
        rows = _overpaid(session, facts[award_id], awards[award_id], paid.get(award_id, {}), known.get(award_id, []), 0, 9999 * 12)
        if left := tuple(r for r in rows if r.month not in taken.get(award_id, set())):
            out.append(Unclaimed(awards[award_id], left))
    return sorted(out, key=lambda u: (-u.amount, u.award.id))
