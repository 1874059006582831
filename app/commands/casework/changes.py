"""What happens to a running case: recorded by one person, applied by another, effective from the month the law says.

A change of household or means has to be judged again: applying it opens an application that is a copy of the last one.
"""

import datetime as dt
from typing import Any

from sqlalchemy import inspect, select, update

from app.commands import awards
from app.commands.base import Context, Refused, command
from app.core import clock, roc
from app.models.application import Application, CorrectionNotice, Document
from app.models.application_facts import HoldsCard
from app.models.award import Award
from app.models.campaign import CampaignCase, CampaignCorrection, CampaignMember, CampaignVisit
from app.models.case_task import CaseTask
from app.models.decision import CARD_KINDS, CHANGE_KINDS, REVIEWED_AGAIN, Change, Decision
from app.models.disability_card import DisabilityCard, DisabilityEvent
from app.models.household import AssetLine, Circumstance, HouseholdMember, IncomeLine
from app.models.household_download import HouseholdDownload
from app.models.notice import Notice
from app.models.objection import Objection
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.payments.line import Payee
from app.rules import timing
from app.rules.timing import StopReason
from app.security import roles

from .hooks import CHANGED, OPENED
from .intake import LINES, MEMBER_FIELDS, case_number
from .problems import account_problems
from .review import running_award
from .steps import CHANGE, TASK

STOPS = {
    "death": StopReason.DEATH,
    "move_out": StopReason.MOVED_OUT,
    "custody": StopReason.CUSTODY,
    "placement": StopReason.PLACEMENT,
    "abroad": StopReason.ABSENCE,
    "terminate": StopReason.WITHDRAWN,
    "card_void": StopReason.CERTIFICATE,
}
ENDS = ("death", "move_out", "terminate", "card_void")
ONCE = ("death", "move_out", "move_within", "account")
"""What can happen to a case that is paid once, against a receipt."""
PAYEE_FIELDS = ("channel", "institution", "account", "payee_name", "payee_person_id")
_NOT_COPIED = ("id", "version", "created_at", "changed_at", "form_kind")


def effective(benefit: str, kind: str, happened_on: dt.date, reported_on: dt.date) -> tuple[int, str]:
    """The month a change takes effect and the article that says so. Stops follow the event's own date, not the day it was reported."""
    if reason := STOPS.get(kind):
        stop = timing.stop(benefit, reason, happened_on)
        return stop.month, stop.article
    if kind == "suspend":
        return roc.month_of(happened_on) + 1, "縣府決定：自事實發生之次月起"
    if kind in ("card_up", "card_down"):
        change = timing.change(benefit, kind == "card_up", happened_on)
        return change.month, change.article
    if kind in REVIEWED_AGAIN:
        return roc.month_of(reported_on), "實務：自申報變更並備齊文件當月起"
    return roc.month_of(reported_on), "實務：自登錄當月起"


@command("casework.record_change", roles=(*roles.TOWNSHIP, roles.COUNTY_OFFICER))
def record_change(
    ctx: Context,
    application_id: int,
    kind: str,
    happened_on: dt.date,
    reported_on: dt.date | None = None,
    details: dict[str, Any] | None = None,
    note: str = "",
) -> int:
    """Note a change on a granted case; its id. Somebody else applies it. Raises Refused, NotFound."""
    application = ctx.get(Application, application_id, lock=True)
    today = clock.today()
    reported_on = reported_on or today
    if kind not in CHANGE_KINDS:
        raise Refused("請選擇異動種類", "E-CHANGE")
    if application.state != "approved":
        raise Refused("只有已核定的案件可以登錄異動；審核中的案件請直接修改", "E-CHANGE")
    if happened_on > today or reported_on > today:
        raise Refused("日期不可晚於今天", "E-DATE")
    if reported_on < happened_on:
        raise Refused("申報日期不可早於發生日期", "E-DATE")
    if application.PAID_ON_CLAIM and kind not in ONCE:
        raise Refused("一次性補助沒有停發、復發或重新審核；不再購買時請在輔具項目辦理註銷", "E-CHANGE")
    if kind in CARD_KINDS and not isinstance(application, HoldsCard):
        raise Refused("這項給付不以身心障礙手冊、證明為要件，請改選其他異動種類", "E-CHANGE")
    details = dict(details or {})
    if kind == "account" and "account" not in application.SECTIONS:
        raise Refused("這個項目的款項撥給機構或不撥款，沒有個人帳戶；機構帳戶請在照顧機構修改", "E-CHANGE")
    if kind == "account":
        _check_account(application, details)
    if kind == "move_out" and not details.get("county_code"):
        raise Refused("請選擇遷往的縣市", "E-CHANGE")
    if kind == "move_within" and not str(details.get("town_code") or "").startswith(application.county_code):
        raise Refused("請選擇遷往本縣哪一個鄉鎮市", "E-CHANGE")
    month, article = effective(application.benefit, kind, happened_on, reported_on)
    same = ctx.session.scalar(
        select(Change.id).where(Change.application_id == application.id, Change.kind == kind, Change.state == "recorded")
    )
    if same:
        raise Refused("同一種異動已登錄待審，請先處理該筆", "E-CHANGE-OPEN")
    change = Change(
        county_code=application.county_code,
        town_code=application.town_code,
        benefit=application.benefit,
        application_id=application.id,
        kind=kind,
        happened_on=happened_on,
        reported_on=reported_on,
        effective_month=month,
        article=article,
        details=details,
        note=note.strip()[:200] or None,
        recorded_by_id=ctx.actor.user_id,
        created_by_id=ctx.actor.user_id,
        changed_by_id=ctx.actor.user_id,
    )
    ctx.session.add(change)
    ctx.session.flush()
    ctx.audit("case_change.recorded", change, kind=kind, effective_month=month)
    _answer_reports(ctx, change)
    return change.id


def _answer_reports(ctx: Context, change: Change) -> None:
    """What a register reported of this case and day is answered by the change, whoever recorded it from whatever paper."""
    reported = select(CaseTask).where(
        CaseTask.application_id == change.application_id, CaseTask.change_kind == change.kind, CaseTask.happened_on == change.happened_on, CaseTask.state == "open"
    )  # fmt: skip
    for task in ctx.session.scalars(reported).all():
        TASK.advance(ctx, task, "record", "已登錄同一日的異動", change_id=change.id)


def _check_account(application: Application, details: dict[str, Any]) -> None:
    if unknown := set(details) - {*PAYEE_FIELDS, "payee_reason"}:
        raise Refused(f"帳戶異動不接受欄位：{'、'.join(sorted(unknown))}", "E-FIELD")
    trial = type("Trial", (), {})()
    for name in (*PAYEE_FIELDS, "payee_reason"):
        setattr(trial, name, details.get(name))
    trial.applicant = application.applicant
    if wrong := list(account_problems(trial)):
        raise Refused("；".join(p.message for p in wrong), "E-ACCOUNT")


@command("casework.decide_change", roles=roles.COUNTY)
def apply_change(ctx: Context, change_id: int, comment: str = "", seen_version: int | None = None) -> int | None:
    """Put a recorded change into effect. Returns the application it reopened, if it has to be judged again. Raises Refused, Conflict."""
    change = ctx.get(Change, change_id, lock=True)
    CHANGE.advance(ctx, change, "apply", comment, seen_version)
    application = ctx.get(Application, change.application_id)
    award = running_award(ctx, application)
    label = str(CHANGE_KINDS[change.kind])
    for follow in CHANGED:
        follow(ctx, application, change)
    if change.kind in REVIEWED_AGAIN:
        reopened = reopen(ctx, application, change)
        change.reopened_id = reopened.id
        return reopened.id
    if change.kind == "move_within":
        move_person(ctx, application.applicant, change.details["town_code"], change.details.get("address") or "")
        return None
    if change.kind == "death":
        application.applicant.died_on = change.happened_on
    if kind_ends(application, change):
        application.valid_to = change.happened_on
    if application.PAID_ON_CLAIM:
        if change.kind == "account":
            _pay_to(application, change.details)
        return None
    if award is None:
        return None
    if change.kind == "account":
        d = change.details
        payee = Payee(d["channel"], d.get("payee_person_id") or application.applicant.person_id, d["payee_name"], d.get("institution") or "", d.get("account") or "")
        awards.change_award(ctx, award.id, from_month=change.effective_month, payee=payee, reason=label)
    elif change.kind == "resume":
        awards.resume_award(ctx, award.id, from_month=change.effective_month, reason=label)
    elif change.kind in ENDS:
        awards.end_award(ctx, award.id, from_month=change.effective_month, reason=f"{label}（{change.article}）")
    else:
        awards.suspend_award(ctx, award.id, from_month=change.effective_month, reason=f"{label}（{change.article}）")
    return None


def _pay_to(application: Application, details: dict[str, Any]) -> None:
    """The account the next checked receipt is paid to."""
    for name in (*PAYEE_FIELDS, "payee_reason"):
        setattr(application, name, details.get(name) or None)


def kind_ends(application: Application, change: Change) -> bool:
    """Does this change void a card or permit that is still valid?"""
    valid = application.valid_from is not None and (application.valid_to is None or change.happened_on < application.valid_to)
    return valid and change.kind in ("death", "terminate", "card_void")


@command("casework.decide_change", roles=roles.COUNTY)
def refuse_change(ctx: Context, change_id: int, comment: str, seen_version: int | None = None) -> None:
    """The change is not accepted, with the reason. Raises Refused, Conflict."""
    CHANGE.advance(ctx, ctx.get(Change, change_id, lock=True), "refuse", comment, seen_version)


def reopen(ctx: Context, application: Application, change: Change) -> Application:
    """A draft that continues the case after a change: the same household and means, to be corrected and judged again."""
    copy = copy_of(ctx, application, "change", change.reported_on, change.effective_month)
    ctx.audit("application.reopened", copy, previous=application.case_no, change=change.id)
    return copy


def copy_of(ctx: Context, application: Application, purpose: str, received_on: dt.date, effective_month: int) -> Application:
    """A draft with everything the application says, and nothing of what was done with it."""
    copy = _copied(application, ("submitted_by_id", "first_reviewed_by_id", "second_reviewed_by_id", "decided_by_id", "decided_at",
                                 "first_result", "first_opinion", "second_opinion", "exclusions", "exclusions_checked_at", "visited_on",
                                 "visit_report", "unread", "documents_complete_on", "valid_from", "valid_to", "decided_rate", "rate_reason", "rate_decided_by_id"))  # fmt: skip
    copy.purpose, copy.state, copy.previous_id = purpose, "draft", application.id
    copy.received_on, copy.effective_month = received_on, effective_month
    copy.case_no = case_number(ctx.session, application.benefit, application.town_code, clock.today())
    copy.created_by_id = copy.changed_by_id = ctx.actor.user_id
    for name in application.FACTS:
        setattr(copy, name, getattr(application, name))
    for member in application.members:
        twin = HouseholdMember(**{k: getattr(member, k) for k in MEMBER_FIELDS}, position=member.position, **_where(application))
        for name, (model, fields) in LINES.items():
            setattr(twin, name, [model(**{k: getattr(line, k) for k in fields}, **_where(application)) for line in getattr(member, name)])
        copy.members.append(twin)
    for document in application.documents:
        copy.documents.append(type(document)(code=document.code, required=document.required, received_on=document.received_on,
                                             waived_because=document.waived_because, **_where(application)))  # fmt: skip
    ctx.session.add(copy)
    ctx.session.flush()
    for fill in OPENED:
        fill(ctx, copy)
    return copy


def move_person(ctx: Context, person: Person, town_code: str, address: str) -> None:
    """The person's household registration moves to another township of the county, and every file with it. Money paid stays where it was."""
    if address:
        person.registered_address = address
    if town_code == person.town_code:
        return
    applications = select(Application.id).where(Application.applicant_id == person.id)
    members = select(HouseholdMember.id).where(HouseholdMember.application_id.in_(applications))
    reviewed = select(CampaignCase.id).where(CampaignCase.application_id.in_(applications))
    for model, key, keys in (
        (Circumstance, Circumstance.member_id, members),
        (IncomeLine, IncomeLine.member_id, members),
        (AssetLine, AssetLine.member_id, members),
        (HouseholdMember, HouseholdMember.application_id, applications),
        (Document, Document.application_id, applications),
        (CorrectionNotice, CorrectionNotice.application_id, applications),
        *((model, model.application_id, applications) for model in own_rows()),
        (Decision, Decision.application_id, applications),
        (HouseholdDownload, HouseholdDownload.application_id, applications),
        (Change, Change.application_id, applications),
        (CaseTask, CaseTask.application_id, applications),
        (DisabilityCard, DisabilityCard.holder_id, [person.id]),
        (DisabilityEvent, DisabilityEvent.holder_id, [person.id]),
        (ParkingPermit, ParkingPermit.person_id, [person.id]),
        (CaseTask, CaseTask.card_id, select(DisabilityCard.id).where(DisabilityCard.holder_id == person.id)),
        (CaseTask, CaseTask.permit_id, select(ParkingPermit.id).where(ParkingPermit.person_id == person.id)),
        (Notice, Notice.application_id, applications),
        (Objection, Objection.application_id, applications),
        (CampaignMember, CampaignMember.case_id, reviewed),
        (CampaignVisit, CampaignVisit.case_id, reviewed),
        (CampaignCorrection, CampaignCorrection.case_id, reviewed),
        (CampaignCase, CampaignCase.application_id, applications),
        (Application, Application.applicant_id, [person.id]),
    ):
        ctx.session.execute(update(model).where(key.in_(keys)).values(town_code=town_code).execution_options(synchronize_session=False))
    for award_id in ctx.session.scalars(select(Award.id).where(Award.recipient_id == person.id, Award.status != "ended")).all():
        awards.move_award(ctx, award_id, town_code)
    before, person.town_code = person.town_code, town_code
    ctx.session.flush()
    ctx.session.expire_all()
    ctx.audit("person.moved", person, before=before, after=town_code)


def own_rows() -> list[Any]:
    """The models of the rows that benefits keep below their applications."""
    classes = [m.class_ for m in inspect(Application).self_and_descendants]
    return [inspect(c).relationships[name].mapper.class_ for c in classes for name in c.ROWS]


def _where(application: Application) -> dict[str, str]:
    return {"county_code": application.county_code, "town_code": application.town_code}


def _copied(application: Application, cleared: tuple[str, ...]) -> Application:
    mapper = inspect(type(application))
    names = [a.key for a in mapper.column_attrs if a.key not in _NOT_COPIED and a.key not in cleared]
    return type(application)(**{name: getattr(application, name) for name in names})

