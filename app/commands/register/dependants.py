"""What hangs on a disability card: the awards, permits and open applications of its holder, and the tasks a change of the card opens in them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.commands.base import Context
from app.core import clock, roc
from app.models.application import CLOSED, Application
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.decision import Change
from app.models.device import DeviceRequest
from app.models.disability_card import DisabilityCard
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.rules.disability import Card, Grade
from app.rules.disability_register import Consequence, consequences
from app.security import scope

from .tasks import close_tasks, open_tasks, row

DEPENDENT = ("disability_living_allowance", "disability_care_subsidy", "parking_permit", "assistive_device_subsidy")
PAYING = DEPENDENT[:2]
PERMIT = "parking_permit"
CARD_TASKS = ("expiring", "card_ended", "card_changed")


@dataclass(frozen=True, slots=True)
class Dependant:
    """One thing that hangs on the card: an award, a permit, or (neither of them) an application under way. `application_id` is the case to
    record a change on: the one decided last."""

    benefit: str
    holder_id: int
    county_code: str
    town_code: str
    case_no: str
    person_id: str
    name: str
    award_id: int | None = None
    permit_id: int | None = None
    application_id: int | None = None

    @property
    def key(self) -> str:
        return f"a{self.award_id}" if self.award_id else f"p{self.permit_id}" if self.permit_id else f"c{self.application_id}"


def dependants(session: Session, holders: Sequence[int], *, applications: bool = True) -> list[Dependant]:
    """Running awards, permits in use and (unless switched off) applications under way of these holders, of every programme: five queries."""
    session.flush()
    who = (Person.person_id, Person.name)
    with scope.use(scope.SYSTEM):
        decided = select(Application.applicant_id, Application.benefit, func.max(Application.id)).where(
            Application.applicant_id.in_(holders), Application.benefit.in_(DEPENDENT), Application.state == "approved"
        )
        newest = {(p, b): i for p, b, i in session.execute(decided.group_by(Application.applicant_id, Application.benefit))}
        awards = session.execute(
            select(Award.benefit, Award.recipient_id, Award.county_code, Award.town_code, Award.case_no, *who, Award.id, Award.application_id)
            .join(Person, Person.id == Award.recipient_id)
            .where(Award.recipient_id.in_(holders), Award.benefit.in_(DEPENDENT), Award.status != "ended")
        ).all()
        out = [Dependant(*r[:7], award_id=r[7], application_id=newest.get((r[1], r[0]), r[8])) for r in awards]
        permits = session.execute(
            select(ParkingPermit.person_id, ParkingPermit.county_code, ParkingPermit.town_code, Application.case_no, *who, ParkingPermit.id, Application.id)
            .join(Person, Person.id == ParkingPermit.person_id)
            .join(Application, Application.id == ParkingPermit.application_id)
            .where(ParkingPermit.person_id.in_(holders), ParkingPermit.status == "valid")
        ).all()
        out += [Dependant(PERMIT, *r[:6], permit_id=r[6], application_id=r[7]) for r in permits]
        if applications:
            under_way = session.execute(
                select(Application.benefit, Application.applicant_id, Application.county_code, Application.town_code, Application.case_no, *who, Application.id)
                .join(Person, Person.id == Application.applicant_id)
                .where(Application.applicant_id.in_(holders), Application.benefit.in_(DEPENDENT), Application.state.not_in(CLOSED))
            ).all()
            out += [Dependant(*r[:7], application_id=r[7]) for r in under_way]
        bought = exists().where(DeviceRequest.application_id == Application.id, DeviceRequest.state == "approved")
        devices = session.execute(
            select(Application.benefit, Application.applicant_id, Application.county_code, Application.town_code, Application.case_no, *who, Application.id)
            .join(Person, Person.id == Application.applicant_id)
            .where(Application.applicant_id.in_(holders), Application.state == "approved", bought)
        ).all()
        out += [Dependant(*r[:7], application_id=r[7]) for r in devices]  # approved and not bought yet
    return out


def task(of: Dependant, kind: str, found: Consequence, change_kind: str, happened_on: dt.date, card_id: int | None, tail: str, today: dt.date) -> dict[str, Any]:
    """The row of a task. `tail` makes its key one per thing that happened."""
    decided = of.award_id is not None or of.permit_id is not None
    return row(
        of, f"{kind}:{of.key}:{tail}", kind, award_id=of.award_id, permit_id=of.permit_id, application_id=of.application_id, card_id=card_id,
        change_kind=change_kind if decided and of.application_id and of.benefit in (*PAYING, PERMIT) else "", happened_on=happened_on,
        effective_month=roc.month_of(found.day) if of.benefit in PAYING else None,
        article=(found.article if found.sourced else f"{found.article}（實務，請縣府確認）")[:160], facts=found.text, due_on=max(found.day, today),
    )  # fmt: skip


def tell(ctx: Context, holder_id: int, kind: str, before: Card, after: Card | None, day: dt.date, card_id: int | None, tail: str) -> int:
    """A card was cancelled, left the county or changed its grade: open a task in everything that hangs on it. How many."""
    found = {c.benefit: c for c in consequences(before, after, day)}
    if not found:
        return 0
    today, proposed = clock.today(), _change_kind(before, after)
    return open_tasks(ctx, [
        task(d, kind, found[d.benefit], "" if d.benefit == PERMIT and after is not None else proposed, day, card_id, tail, today)
        for d in dependants(ctx.session, [holder_id])
        if d.benefit in found
    ])  # fmt: skip


def _change_kind(before: Card, after: Card | None) -> str:
    """The case change that answers what became of the card."""
    if after is None or after.grade is None or before.grade is None:
        return "card_void"
    ranks = list(Grade)
    return "card_up" if ranks.index(after.grade) > ranks.index(before.grade) else "card_down"


def settle_card(ctx: Context, card: DisabilityCard, outcome: str, kinds: Iterable[str]) -> int:
    """Close the open tasks of these kinds that a card had opened."""
    return close_tasks(ctx, outcome, CaseTask.card_id == card.id, CaseTask.kind.in_(tuple(kinds)))


def follow_change(ctx: Context, application: Application, change: Change) -> None:
    """A change that answers a task settles it: the grade, the lost card, or the end of the benefit."""
    if application.benefit not in DEPENDENT:
        return
    kinds: tuple[str, ...] | None = {"card_up": ("card_changed",), "card_down": ("card_changed",), "card_void": ("expiring", "card_ended")}.get(change.kind)
    if kinds is None and change.kind in ("death", "move_out", "terminate"):
        kinds = CARD_TASKS
    if kinds:
        same = select(Application.id).where(Application.applicant_id == application.applicant_id, Application.benefit == application.benefit)
        words = f"已登錄異動並生效（{roc.show_month(change.effective_month)}）"
        close_tasks(ctx, words, CaseTask.application_id.in_(same), CaseTask.benefit == application.benefit, CaseTask.kind.in_(kinds))
