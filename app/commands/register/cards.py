"""Cards: issued by approvals; picked up, notified, delayed, annotated, ordered to re-assessment, cancelled, moved by commands. Each is an event."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.commands.base import Context, Refused, command
from app.commands.casework.hooks import CHANGED
from app.commands.numbers import take
from app.core import clock, roc
from app.core.text import fold
from app.models.application import CLOSED, Application
from app.models.case_task import CaseTask
from app.models.decision import Change, Decision
from app.models.disability_card import END_REASONS, DisabilityCard, DisabilityEvent
from app.models.disability_register import RegisterApplication
from app.models.person import Person
from app.rules import clocks
from app.rules.disability import ACT, SINCE_101, Card, Grade
from app.rules.disability_register import BENEFIT, OLD_ISSUE, PERMANENT_NEEDS_YEARS
from app.rules.disability_register import ISSUE as ISSUE_LAW
from app.security import roles

from . import dependants
from .dependants import settle_card, tell
from .reading import as_card, codes_of, current_card
from .tasks import close_tasks, open_tasks, row

NEW_ASSESSMENT = ("first", "reassessed")
RENEWAL_TASKS = ("may_apply", "notify", "expiring", "reassess", "pick_up")
PICK_UP_DAYS = 30
"""After so many days an unclaimed card is looked after (practice; no article says so)."""


def note_event(ctx: Context, kind: str, of: Any, holder_id: int, happened_on: dt.date, **values: Any) -> DisabilityEvent:
    """Write an event on the holder's timeline; `of` says county and township."""
    event = DisabilityEvent(
        county_code=of.county_code, town_code=of.town_code, holder_id=holder_id, kind=kind, happened_on=happened_on, recorded_at=ctx.now,
        recorded_by_id=ctx.actor.user_id, **values,
    )  # fmt: skip
    ctx.session.add(event)
    ctx.session.flush()
    return event


@dataclass(frozen=True, slots=True)
class CardCase:
    """A card as the case its own tasks stand in."""

    county_code: str
    town_code: str
    case_no: str
    person_id: str
    name: str
    benefit: str = BENEFIT


def card_task(card: DisabilityCard, holder: Person, case_no: str | None, kind: str, facts: str, article: str, happened_on: dt.date, due_on: dt.date) -> dict[str, Any]:
    """The row of a task of the register itself about one card, once per day it is about."""
    of = CardCase(card.county_code, card.town_code, case_no or card.card_no, holder.person_id, holder.name)
    return row(
        of, f"{kind}:{card.id}:{happened_on:%Y%m%d}", kind, card_id=card.id, application_id=card.application_id, facts=facts, article=article,
        happened_on=happened_on, due_on=due_on,
    )  # fmt: skip


def _open(ctx: Context, card: DisabilityCard, kind: str, facts: str, article: str, happened_on: dt.date, due_on: dt.date) -> None:
    holder = ctx.get(Person, card.holder_id)
    case = ctx.session.get(Application, card.application_id) if card.application_id else None
    open_tasks(ctx, [card_task(card, holder, case.case_no if case else None, kind, facts, article, happened_on, due_on)])


# -- issue --------------------------------------------------------------------------------------------------------------------
def issue(ctx: Context, application: Application, decision: Decision) -> None:
    """核定 issues the card: the one before is replaced, its tasks are closed, and who depends on the grade is told. Raises Refused."""
    if decision.outcome != "granted":
        return
    assert isinstance(application, RegisterApplication) and decision.valid_from is not None
    a, day = application, decision.valid_from
    old = current_card(ctx.session, a.applicant_id, lock=True)
    before = as_card(old) if old else _earlier(a)
    grade, classes = _what(a, decision, before)
    if old is not None:
        old.status, old.ended_on = "replaced", day
        ctx.session.flush()
    assessed = a.issue in NEW_ASSESSMENT
    card = DisabilityCard(
        county_code=a.county_code, town_code=a.town_code, holder_id=a.applicant_id, application_id=a.id, card_no=_number(ctx, a),
        issue=a.issue or "first", grade=grade, classes="、".join(classes), assessment_no=a.assessment_number if assessed else None,
        assessed_on=a.assessment_day if assessed else None, issued_on=day, expires=decision.valid_to, permanent=decision.valid_to is None,
        needs_due_on=clocks.months_after(day, 12 * PERMANENT_NEEDS_YEARS) if decision.valid_to is None else None,
        mobility_difficulty=a.mobility_difficulty, created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(card)
    ctx.session.flush()
    if assessed and a.assessment_day:
        _note_assessment(ctx, a)
    note_event(
        ctx, card.issue, card, a.applicant_id, day, card_id=card.id, application_id=a.id, card_no=card.card_no, grade=card.grade,
        classes=card.classes, expires=card.expires, permanent=card.permanent, assessment_no=card.assessment_no,
        reason=f"{decision.decision_no}", article=f"{ACT}第5條、第14條" if day >= SINCE_101 else OLD_ISSUE,
    )  # fmt: skip
    ctx.audit("disability_card.issued", card, issue=card.issue, decision_no=decision.decision_no)
    if old is not None:
        settle_card(ctx, old, f"已換發 {card.card_no}", RENEWAL_TASKS)
        close_tasks(ctx, f"已核發 {card.card_no}", CaseTask.card_id == old.id, CaseTask.kind == "unclaimed")
    if before is not None:
        tell(ctx, a.applicant_id, "card_changed", before, as_card(card), day, card.id, str(card.id))
    pick_up_by = day + dt.timedelta(days=PICK_UP_DAYS)
    _open(ctx, card, "pick_up", f"{card.card_no} 已製發，待領取", f"實務：製發後{PICK_UP_DAYS}日內領取", day, pick_up_by)


def _earlier(a: RegisterApplication) -> Card | None:
    """The card the form says was held before (issued before this register, or elsewhere)."""
    if not a.old_held or a.old_grade is None:
        return None
    return Card(True, Grade(a.old_grade), codes_of(a.old_classes), a.old_issued, a.old_expires, a.old_permanent, number=a.old_number or "")


def _what(a: RegisterApplication, decision: Decision, before: Card | None) -> tuple[str, tuple[str, ...]]:
    """Grade and classes of what is issued. Raises Refused when a copy has nothing to copy."""
    if a.issue in NEW_ASSESSMENT:
        return str(decision.band), codes_of(a.assessment_classes)
    if before is None or before.grade is None or not before.classes:
        raise Refused("換發、補發與遷入沿用原證明的等級與類別，請先補登原證明的等級與類別", "E-CARD-OLD")
    return before.grade.value, before.classes


def _number(ctx: Context, a: RegisterApplication) -> str:
    given = fold(a.card_no or "").upper()
    if given:
        if ctx.session.scalar(select(DisabilityCard.id).where(DisabilityCard.county_code == a.county_code, DisabilityCard.card_no == given)):
            raise Refused(f"手冊（證明）號碼 {given} 已經核發過，請核對號碼；要由系統編號請留白", "E-CARD-NO")
        return given
    year = clock.today().year - roc.EPOCH
    return f"D{year:03d}{take(ctx.session, f'card:{a.county_code}:{year}'):06d}"


def _note_assessment(ctx: Context, a: RegisterApplication) -> None:
    known = select(DisabilityEvent.id).where(DisabilityEvent.county_code == a.county_code, DisabilityEvent.kind == "assessed")
    if a.assessment_number and ctx.session.scalar(known.where(DisabilityEvent.assessment_no == a.assessment_number)):
        return
    assert a.assessment_day is not None
    note_event(
        ctx, "assessed", a, a.applicant_id, a.assessment_day, application_id=a.id, assessment_no=a.assessment_number or None,
        hospital=a.assessment_hospital, doctor=a.assessment_doctor, grade=a.assessment_grade, classes="、".join(codes_of(a.assessment_classes)),
        function_codes=a.function_codes, due_on=a.assessment_reassess,
    )  # fmt: skip


# -- commands on a card -------------------------------------------------------------------------------------------------------
def _card(ctx: Context, card_id: int, on: dt.date, seen_version: int | None, *, what: str) -> DisabilityCard:
    """The card in use, locked, for something that happened on a day. Raises Refused, Conflict, NotFound."""
    card = ctx.get(DisabilityCard, card_id, lock=True)
    ctx.check_version(card, seen_version)
    if card.status != "current":
        raise Refused("這張手冊、證明已換發、註銷或遷出，請到目前有效的那一張辦理", "E-CARD-STATUS")
    if on > clock.today():
        raise Refused(f"{what}日期不可晚於今天", "E-DATE")
    if on < card.issued_on:
        raise Refused(f"{what}日期不可早於核發日期 {roc.show_date(card.issued_on)}", "E-DATE")
    card.changed_by_id = ctx.actor.user_id
    return card


def _event(ctx: Context, kind: str, card: DisabilityCard, on: dt.date, **values: Any) -> DisabilityEvent:
    event = note_event(ctx, kind, card, card.holder_id, on, card_id=card.id, card_no=card.card_no, **values)
    ctx.audit(f"disability_card.{kind}", card, on=on.isoformat())
    return event


@command("register.keep", roles=roles.CASEWORKERS)
def pick_up(ctx: Context, card_id: int, on: dt.date, seen_version: int | None = None) -> None:
    """The holder, or somebody for him or her, has the card. Raises Refused, Conflict."""
    card = _card(ctx, card_id, on, seen_version, what="領取")
    if card.picked_up_on:
        raise Refused(f"已於 {roc.show_date(card.picked_up_on)} 領取，不必重複登錄", "E-CARD-STATUS")
    card.picked_up_on = on
    _event(ctx, "picked_up", card, on)
    settle_card(ctx, card, f"{roc.show_date(on)} 領取", ("pick_up",))


@command("register.notify", roles=roles.COUNTY)
def notified(ctx: Context, card_ids: Sequence[int], on: dt.date) -> int:
    """The written notice of the re-assessment went out to these holders (身權法第14條第2項); how many. Raises Refused."""
    if on > clock.today():
        raise Refused("通知日期不可晚於今天", "E-DATE")
    done = 0
    for card in ctx.session.scalars(select(DisabilityCard).where(DisabilityCard.id.in_(card_ids), DisabilityCard.status == "current")):
        if card.notified_on is not None or card.expires is None:
            continue
        card.notified_on = on
        _event(ctx, "notified", card, on, due_on=card.expires, article=f"{ACT}第14條第2項")
        settle_card(ctx, card, f"{roc.show_date(on)} 書面通知", ("notify",))
        done += 1
    return done


@command("register.dispose", roles=roles.COUNTY)
def extend(ctx: Context, card_id: int, on: dt.date, reason: str, seen_version: int | None = None) -> None:
    """A delay with a good reason, asked for before the last day: 60 days more to be assessed (身權法第14條第3項). Raises Refused, Conflict."""
    card = _card(ctx, card_id, on, seen_version, what="申請")
    if card.expires is None:
        raise Refused("這張證明沒有有效期限，不必展延", "E-CARD-ENDLESS")
    if on > card.expires:
        raise Refused("正當理由須於效期屆滿前提出，本證明已逾期，請受理重新鑑定", "E-CARD-LATE")
    if not reason.strip():
        raise Refused("請填寫無法於期限內申請的正當理由", "E-COMMENT")
    law = clocks.clock(BENEFIT, "renewal_extended", on)
    if law is None:
        raise Refused("101年7月11日以前沒有展延的規定", "E-NO-LAW")
    card.extended_to = card.expires + dt.timedelta(days=law.length)
    _event(ctx, "extended", card, on, due_on=card.extended_to, reason=reason.strip()[:200], article=law.article)


@command("register.keep", roles=roles.CASEWORKERS)
def annotate(ctx: Context, card_id: int, on: dt.date, seen_version: int | None = None) -> None:
    """Note on the old card that it may be used until the new one is there (身權法第15條第2項): a renewal must be under way. Raises Refused, Conflict."""
    card = _card(ctx, card_id, on, seen_version, what="註記")
    if card.annotated_on:
        raise Refused(f"已於 {roc.show_date(card.annotated_on)} 註記，不必重複註記", "E-CARD-STATUS")
    under_way = select(Application.id).where(
        Application.applicant_id == card.holder_id, Application.benefit == BENEFIT, Application.state.not_in(("draft", *CLOSED))
    )
    if ctx.session.scalar(under_way.limit(1)) is None:
        raise Refused("沒有審核中的換證申請案，不能註記；請先受理重新鑑定或換發", "E-CARD-NO-RENEWAL")
    card.annotated_on = on
    _event(ctx, "annotated", card, on, article=f"{ACT}第15條第2項")


@command("register.dispose", roles=roles.COUNTY)
def order_reassessment(ctx: Context, card_id: int, on: dt.date, reason: str, seen_version: int | None = None) -> None:
    """The condition changed: the holder is ordered to be assessed within 60 days of the notice (身權法第14條第5項). Raises Refused, Conflict."""
    card = _card(ctx, card_id, on, seen_version, what="送達")
    if not reason.strip():
        raise Refused("請填寫障礙情況改變的事實", "E-COMMENT")
    law = clocks.clock(BENEFIT, "condition_changed", on)
    if law is None:
        raise Refused("101年7月11日以前沒有限期重新鑑定的規定", "E-NO-LAW")
    by = clocks.due(law, on, clocks.Calendar()).day
    _event(ctx, "reassessment_ordered", card, on, due_on=by, reason=reason.strip()[:200], article=law.article)
    _open(ctx, card, "reassess", f"{card.card_no} 通知重新鑑定：{reason.strip()}", law.article, on, by)


@command("register.dispose", roles=roles.COUNTY)
def cancel(ctx: Context, card_id: int, on: dt.date, reason: str, note: str = "", seen_version: int | None = None) -> None:
    """註銷: the card is void from the day on, and everything that hangs on it gets a task. Raises Refused, Conflict."""
    card = _card(ctx, card_id, on, seen_version, what="註銷")
    if reason not in END_REASONS:
        raise Refused("請選擇註銷原因", "E-CARD-REASON")
    end(ctx, card, on, "cancelled", reason, note)


@command("register.dispose", roles=roles.COUNTY)
def move_out(ctx: Context, card_id: int, on: dt.date, place: str, seen_version: int | None = None) -> None:
    """The holder moved to another county, which annotates the card; the old county's entitlements end. Raises Refused, Conflict."""
    card = _card(ctx, card_id, on, seen_version, what="遷出")
    if not place.strip():
        raise Refused("請填寫遷往的縣市", "E-CARD-PLACE")
    end(ctx, card, on, "moved_out", None, f"遷往{place.strip()}")


def end(ctx: Context, card: DisabilityCard, on: dt.date, status: str, reason: str | None, note: str) -> None:
    """Take a card out of use (`cancelled` or `moved_out`), close its own tasks, tell who depends on it."""
    before = as_card(card)
    card.status, card.ended_on, card.end_reason = status, on, reason
    words = "；".join(x for x in (str(END_REASONS[reason]) if reason else "", note.strip()) if x)
    article = f"{ACT}第15條" if status == "cancelled" else f"{ISSUE_LAW}第5條"
    event = _event(ctx, status, card, on, reason=words[:200] or None, article=article)
    settle_card(ctx, card, "已註銷" if status == "cancelled" else "已遷出", (*RENEWAL_TASKS, "holder_died"))
    tell(ctx, card.holder_id, "card_ended", before, None, on, card.id, f"e{event.id}")


# -- what other cases say about the holder ------------------------------------------------------------------------------------
def follow_change(ctx: Context, application: Application, change: Change) -> None:
    """A change of any case that also is news for the register: a move, a death, or the card's own end."""
    card = current_card(ctx.session, application.applicant_id, lock=True)
    if card is None or change.happened_on < card.issued_on:
        return
    if change.kind == "move_within":
        _event(ctx, "moved_within", card, change.happened_on, reason=f"{change.details.get('address') or ''}"[:200] or None)
    elif change.kind == "move_out":
        end(ctx, card, change.happened_on, "moved_out", None, change.details.get("county_code") or "")
    elif change.kind == "death":
        end(ctx, card, change.happened_on, "cancelled", "died", "")
    elif application.benefit == BENEFIT and change.kind in ("terminate", "card_void"):
        end(ctx, card, change.happened_on, "cancelled", "returned" if change.kind == "terminate" else "expired", change.note or "")


CHANGED.extend((follow_change, dependants.follow_change))  # in this order: what the change itself ends needs no task
