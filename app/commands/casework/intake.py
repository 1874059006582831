"""At the counter: open a draft, keep what was typed so far, submit. A draft may be wrong and incomplete; a submitted application may not."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.commands.base import Context, Elsewhere, Refused, command
from app.commands.benefit_rows import benefit_row
from app.commands.numbers import take
from app.core import clock, identity, roc, text
from app.models.application import CLOSED, EDITABLE, LOCAL, Application, Document
from app.models.base import BenefitScoped
from app.models.household import AssetLine, Circumstance, HouseholdMember, IncomeLine
from app.models.office import Township
from app.models.person import Person
from app.security import roles, scope

from . import deadlines, local
from .hooks import OPENED
from .judge import assess
from .problems import refuse_if_any
from .steps import APPLICATION

PERSON_FIELDS = ("name", "birth", "sex", "registered_address", "actual_address", "phone")
COMMON_FIELDS = (
    "received_on", "agent_name", "agent_relation", "agent_phone", "consent_on", "affidavit_on", "channel", "institution", "account",
    "payee_name", "payee_person_id", "payee_reason", "protected_account", "household_taken_on",
)  # fmt: skip
MEMBER_FIELDS = (
    "relation", "person_id", "name", "birth", "sex", "death", "via", "same_registration", "lives_together", "claims_dependant",
    "employed", "occupation", "monthly_pay", "source", "as_of", "tax_year", "listed", "card", "student", "pregnant_months", "residence_lives_there",
    "residence_days_in_taiwan",
)  # fmt: skip
LINES = {
    "circumstances": (Circumstance, ("kind", "proven", "since", "until", "proof")),
    "incomes": (IncomeLine, ("kind", "payer", "amount", "per", "counted", "principal", "tax_year", "source")),
    "assets": (AssetLine, ("kind", "location", "value", "share_num", "share_den", "exemption", "certified", "tax_year", "source")),
}


@dataclass(frozen=True)
class NewPerson:
    """Who stands at the counter, as the identity document says."""

    person_id: str
    name: str
    birth: dt.date
    sex: str
    registered_address: str = ""
    actual_address: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Draft:
    """What a form sends; only what is given is changed. `members` and each member's lines replace the stored ones.

    `unread` keeps, by `section.field`, what was typed and could not be understood, so that nothing typed is ever lost.
    """

    person: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    members: Sequence[Mapping[str, Any]] | None = None
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Per relationship of `ROWS`: all its rows, each with its `position`."""
    lines: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Per member position: `tax_year` and the keys of `LINES`."""
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    sections: Sequence[str] = ()
    """The sections this draft speaks for: their old unread texts are dropped."""


def model_of(benefit: str) -> type[Application]:
    """The application class of a benefit. Raises Refused for one without casework."""
    mapper = inspect(Application).polymorphic_map.get(LOCAL if local.is_local(benefit) else benefit)
    if mapper is None:
        raise Refused("這項給付尚未開放線上受理", "E-BENEFIT")
    return mapper.class_


@command("casework.open", roles=roles.TOWNSHIP)
def open_draft(ctx: Context, benefit: str, who: NewPerson, received_on: dt.date | None = None, checksum_confirmed: bool = False) -> int:
    """A new draft for a person registered in the actor's township; its id. Raises Refused."""
    town = ctx.actor.scope.town_code
    county = ctx.actor.scope.county_code
    if not town or not county:
        raise Refused("申請案由戶籍地鄉（鎮、市）公所受理，請以公所帳號登入辦理", "E-INTAKE-TOWN")
    model = model_of(benefit)
    person = _person(ctx, county, town, who, checksum_confirmed)
    _no_other_case(ctx.session, person, benefit)
    today = clock.today()
    application = model(
        county_code=county,
        town_code=town,
        benefit=benefit,
        case_no=case_number(ctx.session, benefit, town, today),
        applicant=person,
        received_on=received_on or today,
        payee_name=person.name,
        payee_person_id=person.person_id,
        created_by_id=ctx.actor.user_id,
        changed_by_id=ctx.actor.user_id,
    )
    where = {"county_code": county, "town_code": town}
    application.members = [
        HouseholdMember(
            position=1, relation="applicant", person_id=person.person_id, name=person.name, birth=person.birth, sex=person.sex, **where
        )
    ]
    application.documents = [Document(code=code, required=required, **where) for code, required in model.DOCUMENTS]
    with ctx.session.no_autoflush:
        local.ask(ctx.session, application)
        local.refuse_second(ctx.session, person, benefit, application.form_asked)
    ctx.session.add(application)
    ctx.session.flush()
    for fill in OPENED:
        fill(ctx, application)
    ctx.audit("application.opened", application, case_no=application.case_no)
    return application.id


def case_number(session: Session, benefit: str, town: str, day: dt.date) -> str:
    """`ELA11502000123`: benefit, ROC year, township within the county, running number."""
    year = day.year - roc.EPOCH
    short = benefit_row(session, benefit).short
    return f"{short}{year:03d}{town[5:7]}{take(session, f'case:{town[:5]}:{short}:{year}:{town}'):05d}"


def _person(ctx: Context, county: str, town: str, who: NewPerson, checksum_confirmed: bool) -> Person:
    number, name = identity.normal(who.person_id), text.clean_name(who.name)
    if identity.kind(number) == "unknown":
        raise Refused("身分證統一編號應為 1 個英文字母加 9 個數字，請核對證件", "E-ID")
    if not identity.checksum_ok(number) and not checksum_confirmed:
        raise Refused("統一編號的檢查碼不符，請核對證件；證件確實如此時請勾選「證件確實如此」", "E-ID-CHECK")
    if not name:
        raise Refused("請填申請人姓名", "E-NAME")
    if who.birth > clock.today():
        raise Refused("出生日期在今天之後，請檢查年份", "E-BIRTH")
    if who.sex not in ("M", "F"):
        raise Refused("請選擇性別", "E-SEX")
    with scope.use(scope.SYSTEM):
        known = ctx.session.scalar(select(Person).where(Person.county_code == county, Person.person_id == number))
        if known is not None and known.town_code != town:
            place = ctx.session.get(Township, known.town_code)
            raise Elsewhere(f"此人的戶籍登記在{place.name if place else '其他鄉鎮市'}，請由該公所受理，或先辦理戶籍異動", "E-INTAKE-TOWN", known)
    if known is None:
        known = Person(
            county_code=county, town_code=town, person_id=number, name=name, birth=who.birth, sex=who.sex,
            registered_address=who.registered_address or None, actual_address=who.actual_address or None, phone=who.phone or None,
            created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
        )  # fmt: skip
        ctx.session.add(known)
    elif known.died_on is not None:
        raise Refused(f"戶政資料登記此人已於 {roc.show_date(known.died_on)} 死亡，請核對證件", "E-DEAD")
    elif known.birth != who.birth or known.name != name:
        raise Refused("這個統一編號在檔案中的姓名或出生日期與輸入的不同，請核對證件；確有更名請以「異動」辦理", "E-PERSON-DIFFERS")
    else:
        for key in ("registered_address", "actual_address", "phone"):
            if value := getattr(who, key):
                setattr(known, key, value)
    return known


def _no_other_case(session: Session, person: Person, benefit: str) -> None:
    if person.id is None:
        return
    open_case = session.scalar(
        select(Application.case_no).where(
            Application.applicant_id == person.id, Application.benefit == benefit, Application.state.not_in(CLOSED)
        )
    )
    if open_case:
        raise Refused(f"此人已有審核中的申請案 {open_case}，請繼續辦理該案，不必重新受理", "E-INTAKE-OPEN")


@command("casework.save", roles=roles.TOWNSHIP)
def save_draft(ctx: Context, application_id: int, draft: Draft, seen_version: int | None = None) -> int:
    """Keep what a form sends, also half-done; the new version number. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    ctx.check_version(application, seen_version)
    if application.state not in EDITABLE:
        raise Refused("本案已送出審查，不能再修改；需要更正時請由縣府退回公所", "E-CLOSED")
    local.ask(ctx.session, application)
    _set(application.applicant, draft.person, PERSON_FIELDS)
    _set(application, draft.fields, (*COMMON_FIELDS, *application.FACTS))
    if draft.members is not None:
        _save_members(application, draft.members)
    for name, given_rows in draft.rows.items():
        _save_rows(application, name, given_rows)
    for position, given in draft.lines.items():
        _save_lines(application, position, given)
    for document in application.documents:
        if document.code in draft.documents:
            _set(document, draft.documents[document.code], ("received_on", "waived_because"))
    _sync_applicant(application)
    if draft.sections or draft.unread:
        kept = {k: v for k, v in (application.unread or {}).items() if k.partition(".")[0] not in draft.sections}
        application.unread = {**kept, **draft.unread} or None
    ctx.session.flush()
    assess(ctx.session, application, clock.today())
    touch(ctx, application)
    deadlines.note(ctx, application)
    ctx.audit("application.saved", application, sections=sorted(draft.sections))
    return application.version


def touch(ctx: Context, application: Application) -> None:
    """Raise the version even when only lines below the application changed."""
    application.changed_by_id, application.changed_at = ctx.actor.user_id, ctx.now
    flag_modified(application, "changed_at")
    ctx.session.flush()


def _set(target: Any, values: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for name, value in values.items():
        if name not in allowed:
            raise Refused("表單送出的欄位不在可修改的範圍，請重新整理頁面", "E-FIELD")
        setattr(target, name, value)


def _sync_applicant(application: Application) -> None:
    """The applicant's own line in the household says what the person's file says."""
    person = application.applicant
    for m in application.members:
        if m.relation == "applicant":
            m.person_id, m.name, m.birth, m.sex = person.person_id, person.name, person.birth, person.sex


def _where(application: Application) -> dict[str, str]:
    return {"county_code": application.county_code, "town_code": application.town_code}


def _save_members(application: Application, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows carry `position`; a known position is changed, a new one added, one that is not there any more removed (never the applicant)."""
    have = {m.position: m for m in application.members}
    keep: set[int] = {m.position for m in application.members if m.relation == "applicant"}
    for row in rows:
        position = int(row["position"])
        member = have.get(position)
        if member is None:
            member = HouseholdMember(position=position, **_where(application))
            application.members.append(member)
        keep.add(position)
        values = {k: v for k, v in row.items() if k in MEMBER_FIELDS}
        if member.relation == "applicant":
            values.pop("relation", None)
        _set(member, values, MEMBER_FIELDS)
        if "circumstances" in row:
            _replace(application, member, "circumstances", row["circumstances"])
    for position, member in have.items():
        if position not in keep:
            application.members.remove(member)


def _save_rows(application: Application, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A known position is changed, a new one added, one that is not there any more removed."""
    if name not in application.ROWS:
        raise Refused("表單送出的欄位不在可修改的範圍，請重新整理頁面", "E-FIELD")
    have = {r.position: r for r in getattr(application, name)}
    model = inspect(type(application)).relationships[name].mapper.class_
    where = _where(application) | ({"benefit": application.benefit} if issubclass(model, BenefitScoped) else {})
    kept = []
    for values in rows:
        row = have.get(int(values["position"])) or model(position=int(values["position"]), **where)
        _set(row, {k: v for k, v in values.items() if k != "position"}, application.ROWS[name])
        kept.append(row)
    setattr(application, name, kept)


def _save_lines(application: Application, position: int, given: Mapping[str, Any]) -> None:
    member = next((m for m in application.members if m.position == position), None)
    if member is None:
        raise Refused("這位家庭成員已被刪除，請重新整理頁面", "E-MEMBER")
    _set(member, {k: v for k, v in given.items() if k not in LINES}, MEMBER_FIELDS)
    for name in LINES:
        if name in given:
            _replace(application, member, name, given[name])


def _replace(application: Application, member: HouseholdMember, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    model, allowed = LINES[name]
    lines = []
    for row in rows:
        line = model(**_where(application))
        _set(line, row, allowed)
        lines.append(line)
    setattr(member, name, lines)


@command("casework.submit", roles=roles.TOWNSHIP)
def submit(ctx: Context, application_id: int, seen_version: int | None = None, comment: str = "") -> None:
    """Hand the draft (or the corrected, or the returned application) in. A new round of reviews starts. Raises Incomplete, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    ctx.check_version(application, seen_version)
    refuse_if_any(application, clock.today())
    move = "resubmit" if application.state == "returned_for_correction" else "submit"
    for notice in application.corrections:
        if notice.answered_on is None:
            notice.answered_on = clock.today()
    ctx.session.flush()
    APPLICATION.advance(
        ctx, application, move, comment, first_reviewed_by_id=None, first_result=None, second_reviewed_by_id=None, decided_by_id=None
    )
    assess(ctx.session, application, clock.today())


@command("casework.submit", roles=roles.TOWNSHIP)
def withdraw(ctx: Context, application_id: int, comment: str, seen_version: int | None = None) -> None:
    """The applicant takes the application back. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    APPLICATION.advance(ctx, application, "withdraw", comment, seen_version)
