"""The persons of every line of a register that pays households: those of the decision in force for its months, with what it puts on each."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.application import Application
from app.models.award import Award
from app.models.decision import Decision
from app.models.household import HouseholdMember
from app.models.payment_person import PaymentPerson
from app.models.payment_run import PaymentRun
from app.payments.line import Line

from . import bulk

CHUNK = 500


def add(session: Session, run: PaymentRun, lines: Sequence[Line]) -> None:
    """Write the persons of a fresh run's lines, a few hundred households at a time."""
    for start in range(0, len(lines), CHUNK):
        part = lines[start : start + CHUNK]
        decisions = _in_force(session, [x.award_id for x in part], run.last_month)
        people = _people(session, [d.application_id for d in decisions.values()])
        rows: list[dict[str, Any]] = []
        for line in part:
            if decision := decisions.get(line.award_id):
                rows += [_row(run, line, m, _parts(decision, m.position)) for m in people[decision.application_id]]
        bulk.add_rows(session, PaymentPerson, rows)


def _in_force(session: Session, awards: Sequence[int], month: int) -> dict[int, Any]:
    """award → its newest decision that had taken effect by `month`: (application_id, payments of its judgement)."""
    rows = session.execute(
        select(Award.id, Decision.id, Decision.start_month)
        .join(Application, (Application.applicant_id == Award.recipient_id) & (Application.benefit == Award.benefit))
        .join(Decision, Decision.application_id == Application.id)
        .where(Award.id.in_(awards), Decision.outcome == "granted", Decision.start_month <= month)
        .order_by(Decision.id)
    )
    newest = {award: decision for award, decision, _ in rows}
    found = {
        d.id: d for d in session.execute(select(Decision.id, Decision.application_id, Decision.judgement).where(Decision.id.in_(newest.values())))
    }
    return {award: found[decision] for award, decision in newest.items()}


def _people(session: Session, applications: Sequence[int]) -> dict[int, list[HouseholdMember]]:
    """application → its members who are counted and alive."""
    m = HouseholdMember
    out: dict[int, list[HouseholdMember]] = defaultdict(list)
    for member in session.scalars(select(m).where(m.application_id.in_(applications), m.counted.is_(True), m.death.is_(None)).order_by(m.position)):
        out[member.application_id].append(member)
    return out


def _parts(decision: Any, position: int) -> list[list[str | int]]:
    """[item, whole NTD] of the lines the decision puts on the person."""
    mine = [s for s in decision.judgement.get("payments", []) if s["ref"] == str(position) and s["amount"] is not None]
    return [[s["item"], int(Fraction(s["amount"]))] for s in mine if Fraction(s["amount"])]


def _row(run: PaymentRun, line: Line, member: HouseholdMember, parts: list[list[str | int]]) -> dict[str, Any]:
    listed = member.relation == "applicant" or (member.listed if member.listed is not None else bool(member.same_registration))
    return {
        "county_code": run.county_code, "town_code": line.town_code, "benefit": run.benefit, "run_id": run.id, "line_no": line.line_no,
        "position": member.position, "relation": member.relation, "person_id": member.person_id, "name": member.name, "birth": member.birth,
        "sex": member.sex, "listed": listed or bool(parts), "parts": parts, "amount": max(0, sum(int(amount) for _, amount in parts)),
    }  # fmt: skip
