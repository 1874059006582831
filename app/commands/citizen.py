"""What a citizen is told without an account: how far the own application is, what it was decided on, and what was paid.

Who asks proves it by case number, ID number and birth date together. Unknown and wrong are one answer, found out by one query, so nobody
learns which of the three was wrong or that a case exists. Every question is logged; too many from one place or about one case number wait.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.commands.benefit_rows import BenefitNames
from app.core import clock, identity
from app.core.text import fold
from app.models.access import SecurityEvent
from app.models.application import DOCUMENTS, Application
from app.models.award import Award
from app.models.payment import PaymentLine
from app.models.person import Person
from app.security import access, scope
from app.security.actor import Actor

WINDOW_MINUTES = 15
PER_ADDRESS, PER_CASE = 30, 5
"""Questions from one address, and wrong ones about one case number, within the window. A town hall's public computer is one address."""
HIT, MISS = "citizen_shown", "citizen_missed"
PAYMENTS_SHOWN = 12
STEPS = ("received", "documents", "township", "county", "decided")
DONE = {
    "draft": 1, "submitted": 1, "returned_for_correction": 1, "complete": 2, "returned_to_township": 2, "preliminary_reviewed": 3, "forwarded": 3,
    "second_reviewed": 4, "approved": 5, "rejected": 5, "withdrawn": 1,
}  # fmt: skip
"""How many of the steps an application has behind it, by its state."""
ELSE = "涉及其他家人的資料，請洽公所說明"
WHO = Actor.system("民眾線上查詢")


@dataclass(frozen=True)
class Asked:
    """What the citizen typed: all three have to be right."""

    case_no: str
    person_id: str
    birth: dt.date


@dataclass(frozen=True)
class Test:
    """One test of the decision in the words of the law; `measured` holds nothing of other family members."""

    question: str
    article: str
    measured: str
    limit: str
    outcome: str


@dataclass(frozen=True)
class Paid:
    """One transfer. `status`: filed, credited, returned or closed."""

    first: int
    last: int
    amount: int
    status: str
    value_date: dt.date | None


@dataclass(frozen=True)
class Progress:
    """`done` of STEPS are behind the application; `missing` are names of documents and what a correction notice asked for."""

    case_no: str
    benefit: str
    label: Any
    state: str
    received_on: dt.date
    done: int
    missing: tuple[Any, ...]
    answer_by: dt.date | None
    outcome: str | None = None
    decided_on: dt.date | None = None
    decision_no: str = ""
    amount: int | None = None
    monthly: bool = True
    start_month: int | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    reason: str = ""
    tests: tuple[Test, ...] = ()
    payments: tuple[Paid, ...] = field(default=())


def too_many(session: Session, case_no: str, address: str | None) -> bool:
    """Has this address asked too often, or has somebody guessed too often at this case number? Counted whether or not there is such a case."""
    e = SecurityEvent
    here = func.count().filter(e.address == address)
    guesses = func.count().filter(and_(e.kind == MISS, e.username == _subject(case_no)))
    since = clock.now() - dt.timedelta(minutes=WINDOW_MINUTES)
    asked, missed = session.execute(select(here, guesses).where(e.kind.in_((HIT, MISS)), e.at > since)).one()
    return asked >= PER_ADDRESS or missed >= PER_CASE


def progress(session: Session, asked: Asked, address: str | None) -> Progress | None:
    """How far the application is; None when the three do not belong together. Either is logged, and committed, before it is told."""
    with scope.use(scope.SYSTEM):
        statement = (
            select(Application)
            .join(Person, Application.applicant_id == Person.id)
            .where(
                Application.case_no == fold(asked.case_no).upper(),
                Person.person_id == identity.normal(asked.person_id),
                Person.birth == asked.birth,
            )
            .order_by(Application.id.desc())
            .limit(1)
        )
        found = session.scalars(statement).first()
        told = _told(session, found) if found else None
        session.add(access.security_event(HIT if found else MISS, _subject(asked.case_no), address))
        if found:
            key = current_app.config["AUDIT_KEY"]
            session.add(access.entry(WHO, "show", access.subject_of(found), "民眾查詢本人案件進度", person=found.applicant.person_id, key=key))
        session.commit()
    return told


def _subject(case_no: str) -> str:
    """A case number as the log keeps it; an ID number typed in its place is not kept."""
    typed = identity.normal(case_no)
    return "民眾查詢" if not typed or identity.kind(typed) != "unknown" else f"民眾查詢 {typed[:20]}"


def _told(session: Session, a: Application) -> Progress:
    decision = a.decisions[-1] if a.decisions and a.state in ("approved", "rejected") else None
    told: dict[str, Any] = {
        "case_no": a.case_no,
        "benefit": a.benefit,
        "label": a.LABEL if a.form_kind == a.benefit else BenefitNames(session)[a.benefit],
        "state": a.state,
        "received_on": a.received_on,
        "done": DONE[a.state],
        "missing": _missing(a),
        "answer_by": _answer_by(a),
    }
    if decision is not None:
        told |= {
            "outcome": decision.outcome,
            "decided_on": clock.to_taipei(decision.decided_at).date(),
            "decision_no": decision.decision_no,
            "amount": decision.amount,
            "monthly": not a.PAID_ON_CLAIM,
            "start_month": decision.start_month,
            "valid_from": decision.valid_from,
            "valid_to": decision.valid_to,
            "reason": decision.reason or "",
            "tests": _tests(a, decision.judgement),
            "payments": _payments(session, a.id),
        }
    return Progress(**told)


def _missing(a: Application) -> tuple[Any, ...]:
    if a.state not in ("draft", "submitted", "returned_for_correction"):
        return ()
    papers = [DOCUMENTS.get(d.code, d.code) for d in a.documents if d.missing]
    asked = [item for notice in a.corrections if notice.answered_on is None for item in notice.items]
    return (*papers, *(item for item in asked if item not in map(str, papers)))


def _answer_by(a: Application) -> dt.date | None:
    """Until when the citizen has to answer a correction notice."""
    open_ = [notice.due_on for notice in a.corrections if notice.answered_on is None]
    return max(open_) if open_ and a.state == "returned_for_correction" else None


def _tests(a: Application, judgement: dict[str, Any]) -> tuple[Test, ...]:
    others = [m.name for m in a.members if m.relation != "applicant" and m.name]

    def own(text: str | None) -> str:
        return ELSE if text and any(name in text for name in others) else text or ""

    return tuple(
        Test(own(line["question"]), line["article"], own(line["measured"]), own(line["limit"]), line["outcome"]) for line in judgement.get("trace", ())
    )


def _payments(session: Session, application_id: int) -> tuple[Paid, ...]:
    line = PaymentLine
    statement = (
        select(line)
        .join(Award, line.award_id == Award.id)
        .where(Award.application_id == application_id, line.status.in_(("filed", "credited", "returned", "closed")))
        .order_by(line.month_to.desc(), line.id.desc())
        .limit(PAYMENTS_SHOWN)
    )
    rows = session.scalars(statement)
    return tuple(Paid(p.month_from, p.month_to, p.amount, p.status, p.value_date) for p in rows)
