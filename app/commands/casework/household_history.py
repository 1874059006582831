"""A household's assistance month by month: class, amount, who was counted, who joined and left, and from which month a change counts."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.models.application import Application
from app.models.award import Award
from app.models.decision import Change, Decision
from app.payments.entitlement import Change as AwardStep
from app.payments.entitlement import segments
from app.rules import codec
from app.rules import low_income_living_assistance as low_income
from app.rules.trace import Decision as Judgement
from app.rules.trace import Outcome as TraceOutcome
from app.rules.trace import TestLine


@dataclass(frozen=True)
class Span:
    """Months (`last` inclusive) with the same class, amount and members. `joined`, `left`: names against the span before."""

    first: int
    last: int
    band: str
    amount: int
    persons: int
    joined: tuple[str, ...]
    left: tuple[str, ...]
    decision_no: str


def granted(session: Session, applicant_id: int, benefit: str) -> list[Decision]:
    """The decisions that granted, oldest first."""
    of = (Application.applicant_id == applicant_id, Application.benefit == benefit, Decision.outcome == "granted")
    return list(session.scalars(select(Decision).join(Application, Application.id == Decision.application_id).where(*of).order_by(Decision.id)))


def spans(session: Session, award: Award) -> list[Span]:
    """The history of an award that is paid to a household, oldest first; months not paid (suspended) are left out."""
    decisions = granted(session, award.recipient_id, award.benefit)
    steps = [AwardStep(c.seq, c.kind, c.month, c.recorded_on, c.amount, None, c.band) for c in award.changes]
    out: list[Span] = []
    before: dict[str, str] = {}
    for segment in segments(steps, award.recipient.died_on, award.to_month, award.every):
        cuts = sorted({d.start_month for d in decisions if d.start_month and segment.first < d.start_month <= segment.last})
        for first, last in zip([segment.first, *cuts], [*(c - 1 for c in cuts), segment.last], strict=True):
            decision = next((d for d in reversed(decisions) if d.start_month is not None and d.start_month <= first), None)
            people = _counted(decision)
            joined = tuple(name for ref, name in people.items() if ref not in before) if out else ()
            left = tuple(name for ref, name in before.items() if ref not in people) if out else ()
            out.append(Span(first, last, segment.band, segment.amount, len(people), joined, left, decision.decision_no if decision else award.decision_no))
            before = people
    return out


def _counted(decision: Decision | None) -> dict[str, str]:
    """Reference → name of the members the decision counts."""
    return {c["ref"]: c["name"] for c in decision.judgement.get("household", []) if c["counted"]} if decision else {}


def turned(session: Session, application: Application, judged: Judgement) -> low_income.Change | None:
    """From which month a household judged again is paid otherwise, and by which article; None for a first decision and other benefits."""
    if application.benefit != low_income.BENEFIT or application.purpose == "new":
        return None
    earlier = granted(session, application.applicant_id, application.benefit)
    if not earlier:
        return None
    event = session.scalar(select(Change).where(Change.reopened_id == application.id))
    before: Judgement = codec.from_plain(Judgement, earlier[-1].judgement)
    return low_income.change(before, judged, event.happened_on if event else application.received_on)


def written(judged: Judgement, turn: low_income.Change, month: int) -> Judgement:
    """The judgement with the article from which the change counts, as the last line of its trace. `month`: the first month decided."""
    was, now = (f"{low_income.ITEMS.get(band.removeprefix('class'), '未列冊')}、每月{amount or 0:,}元"
                for band, amount in ((turn.class_before, turn.amount_before), (turn.class_after, turn.amount_after)))  # fmt: skip
    note = "" if turn.sourced else "月份法無明文，依實務"
    line = TestLine("change", turn.article, "變更自何月起生效？", f"{was}改為{now}，{roc.show_month(month)}起", "", TraceOutcome.MET, note=note)
    return replace(judged, trace=(*judged.trace, line))


def first_month(turn: low_income.Change, complete: int | None) -> int:
    """More is not paid before the papers for it were complete (第10條第4項); less counts from the law's month whenever it is decided."""
    more = (turn.amount_after or 0) > turn.amount_before
    return max(turn.month, complete or 0) if more else turn.month
