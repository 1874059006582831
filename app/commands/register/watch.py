"""What the night finds in the register: cards that end soon, holders who died, permits that run out. Set-based, and repeatable."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Select, and_, exists, select, update
from sqlalchemy.orm import Session, aliased

from app.commands.base import Context
from app.core import clock, roc
from app.models.application import CLOSED, Application
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.disability_card import DisabilityCard
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.rules import clocks
from app.rules.clocks import months_after
from app.rules.disability import ACT, Card, Grade
from app.rules.disability_register import BENEFIT, consequences
from app.rules.parking_permit import BENEFIT as PERMIT
from app.rules.parking_permit import LAW as PERMIT_LAW

from .cards import card_task
from .dependants import DEPENDENT, Dependant, dependants, task
from .tasks import close_tasks, open_tasks, row

CHUNK: Final = 1000
Found = Callable[[Context, dt.date], int]


def steps() -> Iterator[tuple[str, Found]]:
    """The night's steps by name; each may be repeated, and each does at most one chunk at a call: 0 = nothing left."""
    yield "已可申請重新鑑定", may_apply
    yield "應書面通知重新鑑定", must_notify
    yield "依附給付：證明將到期", expiring
    yield "已申請換證，通知免辦", applied_meanwhile
    yield "持證人死亡", holders_died
    yield "識別證逾期", permits_expired
    yield "識別證可換發", permits_may_renew


def _ending(days: int, kind: str, today: dt.date) -> Select[DisabilityCard, Person, str]:
    """(card, holder, case number) of cards in use that end within so many days and have no task of the kind for that end yet."""
    card = DisabilityCard
    asked = exists().where(CaseTask.card_id == card.id, CaseTask.kind == kind, CaseTask.happened_on == card.expires)
    return (
        select(card, Person, Application.case_no)
        .join(Person, Person.id == card.holder_id)
        .outerjoin(Application, Application.id == card.application_id)
        .where(card.status == "current", card.expires >= today, card.expires <= today + dt.timedelta(days=days), ~asked)
        .order_by(card.id)
        .limit(CHUNK)
    )


def _last(card: DisabilityCard) -> dt.date:
    """The last day of a card that has one."""
    assert card.expires is not None
    return card.expires


def renewal_under_way(holder: Any) -> Any:
    """The holder has handed in an application for the register that is not decided."""
    renewal = aliased(Application)  # the query around it may name the card's own application
    return exists().where(renewal.applicant_id == holder, renewal.benefit == BENEFIT, renewal.state.not_in(("draft", *CLOSED)))


def may_apply(ctx: Context, today: dt.date) -> int:
    """90 days before its last day the holder may ask for the re-assessment (身權法第14條第1項)."""
    law = clocks.clock(BENEFIT, "renewal_opens", today)
    if law is None:
        return 0
    found = ctx.session.execute(_ending(-law.length, "may_apply", today).where(~renewal_under_way(DisabilityCard.holder_id))).all()
    return open_tasks(
        ctx,
        [
            card_task(c, who, no, "may_apply", f"{c.card_no} 效期至 {roc.show_date(c.expires)}，得申請重新鑑定", law.article, _last(c), _last(c))
            for c, who, no in found
        ],
    )


def must_notify(ctx: Context, today: dt.date) -> int:
    """60 days before, whoever has not applied must be notified in writing (第14條第2項)."""
    law = clocks.clock(BENEFIT, "renewal_notice", today)
    if law is None:
        return 0
    lacking = (DisabilityCard.notified_on.is_(None), ~renewal_under_way(DisabilityCard.holder_id))
    found = ctx.session.execute(_ending(-law.length, "notify", today).where(*lacking)).all()
    rows = []
    for c, who, no in found:
        by = max(_last(c) + dt.timedelta(days=law.length), today)
        rows.append(card_task(c, who, no, "notify", f"{c.card_no} 效期至 {roc.show_date(c.expires)}，尚未申請，應書面通知", law.article, _last(c), by))
    return open_tasks(ctx, rows)


def expiring(ctx: Context, today: dt.date) -> int:
    """Everything that runs on a card which ends within 90 days: from which month it is no longer due, unless the card is renewed."""
    cards = _with_dependants(ctx.session, today)
    if not cards:
        return 0
    by_holder = {c.holder_id: c for c in cards}
    rows = []
    for d in dependants(ctx.session, list(by_holder), applications=False):
        c = by_holder[d.holder_id]
        assert c.expires is not None
        before = Card(True, Grade(c.grade), (), c.issued_on, c.expires, False)
        found = next((x for x in consequences(before, None, c.expires) if x.benefit == d.benefit), None)
        if found is not None:
            made = task(d, "expiring", found, "card_void", c.expires, c.id, f"{c.id}:{c.expires:%Y%m%d}", today)
            month = f"，未換證自 {roc.show_month(made['effective_month'])} 起停發" if made["effective_month"] else "，未換證應重新確認資格"
            rows.append({**made, "facts": f"證明 {c.card_no} 效期至 {roc.show_date(c.expires)}{month}", "due_on": c.expires})
    return open_tasks(ctx, rows)


def _with_dependants(session: Session, today: dt.date) -> list[DisabilityCard]:
    """Ending cards whose holders have a running award or permit without its task yet."""
    card = DisabilityCard
    told = and_(CaseTask.card_id == card.id, CaseTask.kind == "expiring", CaseTask.happened_on == card.expires)
    award = exists().where(
        Award.recipient_id == card.holder_id, Award.benefit.in_(DEPENDENT), Award.status != "ended",
        ~exists().where(told, CaseTask.award_id == Award.id).correlate(card, Award),
    )  # fmt: skip
    permit = exists().where(
        ParkingPermit.person_id == card.holder_id, ParkingPermit.status == "valid",
        ~exists().where(told, CaseTask.permit_id == ParkingPermit.id).correlate(card, ParkingPermit),
    )  # fmt: skip
    until = today + dt.timedelta(days=90)
    query = select(card).where(card.status == "current", card.expires >= today, card.expires <= until, award | permit)
    return list(session.scalars(query.order_by(card.id).limit(CHUNK)))


def applied_meanwhile(ctx: Context, today: dt.date) -> int:
    """Who has applied in the meantime need not be notified."""
    applied = select(DisabilityCard.id).where(DisabilityCard.status == "current", renewal_under_way(DisabilityCard.holder_id))
    close_tasks(ctx, "已受理重新鑑定或換證申請", CaseTask.kind.in_(("notify", "may_apply")), CaseTask.card_id.in_(applied))
    return 0


def holders_died(ctx: Context, today: dt.date) -> int:
    """A card or permit of somebody who died is given back or cancelled by the county itself (身權法第15條; 停車位辦法第11條)."""
    told = exists().where(CaseTask.card_id == DisabilityCard.id, CaseTask.kind == "holder_died")
    cards = ctx.session.execute(
        select(DisabilityCard, Person, Application.case_no)
        .join(Person, Person.id == DisabilityCard.holder_id)
        .outerjoin(Application, Application.id == DisabilityCard.application_id)
        .where(DisabilityCard.status == "current", Person.died_on.is_not(None), ~told)
        .limit(CHUNK)
    ).all()
    told = exists().where(CaseTask.permit_id == ParkingPermit.id, CaseTask.kind == "permit_back")
    permits = ctx.session.execute(_permits().where(Person.died_on.is_not(None), ~told)).all()
    rows = [
        card_task(c, who, no, "holder_died", f"{c.card_no} 持證人已死亡，請繳還或逕行註銷", f"{ACT}第15條第3項", who.died_on or today, today)
        for c, who, no in cards
    ] + [
        _permit_task(p, who, no, "permit_back", f"識別證 {p.permit_no} 之身心障礙者已死亡，請繳還或逕行註銷", f"{PERMIT_LAW}第11條第1項", who.died_on or today, today)
        for p, who, no in permits
    ]  # fmt: skip
    return open_tasks(ctx, rows)


def _permits() -> Select[ParkingPermit, Person, str]:
    """(permit, disabled person, case number) of permits in use."""
    return (
        select(ParkingPermit, Person, Application.case_no)
        .join(Person, Person.id == ParkingPermit.person_id)
        .join(Application, Application.id == ParkingPermit.application_id)
        .where(ParkingPermit.status == "valid")
        .order_by(ParkingPermit.id)
        .limit(CHUNK)
    )


def _permit_task(p: ParkingPermit, who: Person, case_no: str, kind: str, facts: str, article: str, happened_on: dt.date, due_on: dt.date) -> dict[str, Any]:
    of = Dependant(PERMIT, who.id, p.county_code, p.town_code, case_no, who.person_id, who.name)
    return row(
        of, f"{kind}:p{p.id}", kind, permit_id=p.id, application_id=p.application_id, facts=facts, article=article, happened_on=happened_on,
        due_on=due_on, change_kind="death" if kind == "permit_back" else "",
    )  # fmt: skip


def permits_expired(ctx: Context, today: dt.date) -> int:
    """Permits past their last day are no longer in use."""
    keys = list(ctx.session.scalars(select(ParkingPermit.id).where(ParkingPermit.status == "valid", ParkingPermit.expires < today).limit(CHUNK)))
    if not keys:
        return 0
    ctx.session.execute(
        update(ParkingPermit).where(ParkingPermit.id.in_(keys), ParkingPermit.status == "valid")
        .values(status="expired", ended_on=ParkingPermit.expires, end_reason="使用期限屆滿", version=ParkingPermit.version + 1)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    close_tasks(ctx, "識別證使用期限屆滿", CaseTask.permit_id.in_(keys))
    ctx.audit("parking_permit.expired", (ParkingPermit.__tablename__, "*"), count=len(keys))
    return len(keys)


def permits_may_renew(ctx: Context, today: dt.date) -> int:
    """Within a month before its last day a permit may be asked for again (停車位辦法第10條)."""
    law = clocks.clock(PERMIT, "renewal_opens", today)
    if law is None:
        return 0
    asked = exists().where(CaseTask.permit_id == ParkingPermit.id, CaseTask.kind == "permit_renew")
    soon = (ParkingPermit.expires >= today, ParkingPermit.expires <= months_after(today, -law.length))
    return open_tasks(ctx, [
        _permit_task(p, who, no, "permit_renew", f"識別證 {p.permit_no} 至 {roc.show_date(p.expires)}，得申請換發", law.article, p.expires, p.expires)
        for p, who, no in ctx.session.execute(_permits().where(*soon, ~asked))
    ])  # fmt: skip


def run(ctx: Context, on: dt.date | None = None) -> dict[str, int]:
    """All steps to their end in one go (a job commits between the chunks); what each opened or closed."""
    today, out = on or clock.today(), {}
    for name, step in steps():
        out[name] = 0
        while done := step(ctx, today):
            out[name] += done
    return out
