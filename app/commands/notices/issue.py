"""Issuing notices: from a decision, a change, a correction, a claim, or as a certificate; one at a time or many in one go.

A notice is made of the wording in force, the fields of what it is about and the sending office, and kept as it left.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, defer, selectinload

from app.commands import recovery
from app.commands.base import Context, NotFound, Refused, command
from app.commands.benefit_rows import benefit_row
from app.commands.casework.changes import STOPS
from app.commands.casework.own import own
from app.commands.numbers import take
from app.commands.recovery import months_of
from app.core import clock, roc
from app.models.application import Application, CorrectionNotice
from app.models.award import Award
from app.models.campaign import Campaign, CampaignCase
from app.models.decision import REVIEWED_AGAIN, Change, Decision
from app.models.notice import ACTS, KINDS, Notice, NoticeSender
from app.models.office import County, Office
from app.models.overpayment import Overpayment
from app.models.person import Person
from app.printing.documents import Letter, Section, numbered
from app.rules.facts import Relation
from app.security import roles

from . import fields, wording
from .senders import sender_of
from .templates import Wording, in_force

SOURCES: dict[str, type[Any]] = {
    "decision": Decision,
    "change": Change,
    "correction": CorrectionNotice,
    "hearing": Overpayment,
    "claim": Overpayment,
    "reminder": Overpayment,
    "certificate": Application,
}
"""What a notice can be about, by the word that stands in addresses."""
BY_TOWNSHIP = ("correction", "certificate")
LOW_INCOME = "low_income_living_assistance"
MANY = 500
"""Notices issued and printed at once."""
_REQUIRED = ("姓名", "出生日期", "性別", "身分證統一編號", "住址")


@dataclass(frozen=True)
class Subject:
    """What a notice is about, read once: `keys` are the notice's foreign keys, `number` a number it already has."""

    kind: str
    benefit: str
    county_code: str
    town_code: str
    person: Person
    values: fields.Values
    keys: dict[str, int]
    number: str | None = None
    members: tuple[tuple[str, ...], ...] = ()
    receiver: str = ""
    address: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """(receiver, address) of those who get the same letter: the other heirs."""

    @property
    def office(self) -> str:
        """The code of the office that sends."""
        return self.town_code if self.kind in BY_TOWNSHIP else self.county_code


@dataclass
class Desk:
    """The wording, senders and names one round of issuing needs, each read once."""

    session: Session
    on: dt.date
    _kept: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def wording(self, county: str, kind: str, benefit: str) -> Wording:
        return self._keep(("wording", county, kind, benefit), lambda: in_force(self.session, county, kind, benefit, self.on))

    def sender(self, office: str) -> NoticeSender:
        return self._keep(("sender", office), lambda: sender_of(self.session, office))

    def county(self, code: str) -> str:
        return self._keep(("county", code), lambda: ((found := self.session.get(County, code)) and found.name) or code)

    def township(self, code: str) -> str:
        name = select(Office.name).where(Office.town_code == code, Office.kind == "township")
        return self._keep(("office", code), lambda: self.session.scalar(name) or "")

    def _keep(self, key: tuple[str, ...], read: Any) -> Any:
        if key not in self._kept:
            self._kept[key] = read()
        return self._kept[key]


# -- what a notice is about --------------------------------------------------------------------------------------------------------------


def subject_of(ctx: Context, source: str, key: int) -> Subject:
    """Read what a notice would be about. Raises NotFound, Refused where there is nothing to notify."""
    if source not in SOURCES:
        raise NotFound("沒有這種通知書", "E-404")
    return _READERS[source](ctx, ctx.get(SOURCES[source], key))


def _case(application: Application, kind: str, values: fields.Values, keys: dict[str, int], **more: Any) -> Subject:
    a, p = application, application.applicant
    place = {"receiver": p.name, "address": p.actual_address or p.registered_address or ""}
    return Subject(kind, a.benefit, a.county_code, a.town_code, p, values, {"application_id": a.id, **keys}, **{**place, **more})


def _decision(ctx: Context, decision: Decision) -> Subject:
    application = decision.application
    values = fields.decision_values(decision, application, benefit_row(ctx.session, application.benefit).law)
    if decision.outcome == "rejected" and (campaign := reviewed_in(ctx.session, decision)):
        stop = fields.review_stop_values(values, campaign.year, campaign.judged_for)
        return _case(application, "stopped", stop, {"decision_id": decision.id}, number=decision.decision_no)
    rows = own(application.benefit, "notice_rows")
    members = rows(application) if rows else ()
    return _case(application, decision.outcome, values, {"decision_id": decision.id}, number=decision.decision_no, members=members)


def reviewed_in(session: Session, decision: Decision) -> Campaign | None:
    """The yearly review that ended a running benefit by this decision."""
    return session.scalar(select(Campaign).join(CampaignCase, CampaignCase.campaign_id == Campaign.id).where(CampaignCase.decision_id == decision.id))


def _change(ctx: Context, change: Change) -> Subject:
    if change.state != "applied":
        raise Refused("異動核定生效後才能發通知書", "E-NOTICE-STATE")
    application = change.application
    stops = change.kind in STOPS or change.kind == "suspend"
    award = ctx.session.scalar(select(Award).where(Award.recipient_id == application.applicant_id, Award.benefit == application.benefit, Award.status == "active"))
    values = fields.change_values(change, application, None if stops or award is None else award.amount)
    more = {"receiver": ""} if change.kind == "death" else {}
    return _case(application, "stopped" if stops else "changed", values, {"change_id": change.id}, **more)


def _correction(ctx: Context, correction: CorrectionNotice) -> Subject:
    application = correction.application
    return _case(application, "correction", fields.correction_values(correction, application), {"correction_id": correction.id})


def _hearing(ctx: Context, claim: Overpayment) -> Subject:
    if claim.state != "heard" or claim.opinion_by is None:
        raise Refused("訂定陳述意見期限後、作成處分前，才能發陳述意見通知書", "E-NOTICE-STATE")
    return _of_claim(ctx, claim, "hearing", None)


def _claim(ctx: Context, claim: Overpayment) -> Subject:
    if claim.state not in ("decided", "served", "referred") or not claim.decision_no:
        raise Refused("作成追繳處分後才能發追繳處分書", "E-NOTICE-STATE")
    return _of_claim(ctx, claim, "recovery", claim.decision_no)


def _reminder(ctx: Context, claim: Overpayment) -> Subject:
    if claim.state not in ("served", "referred") or claim.balance <= 0:
        raise Refused("追繳處分送達後仍有待繳金額，才能催繳", "E-NOTICE-STATE")
    return _of_claim(ctx, claim, "reminder", None)


def _of_claim(ctx: Context, claim: Overpayment, kind: str, number: str | None) -> Subject:
    person = recovery.person_of(ctx.session, claim)
    if person is None:
        raise Refused("本系統沒有此人的基本資料，請先建立個人資料（出生日期、性別、住址為處分書必要記載事項）", "E-NOTICE-PERSON")
    heirs = [(f"{h.name}（{person.name}之繼承人）", h.address) for h in claim.heirs]
    receivers = heirs or [(person.name, person.actual_address or person.registered_address or "")]
    return Subject(
        kind, claim.benefit, claim.county_code, claim.town_code, person, fields.claim_values(claim), {"overpayment_id": claim.id}, number,
        members=() if kind == "reminder" else months_of(claim), receiver=receivers[0][0], address=receivers[0][1], others=tuple(receivers[1:]),
    )  # fmt: skip


def _certificate(ctx: Context, application: Application) -> Subject:
    if application.benefit != LOW_INCOME:
        raise Refused("只有低收入戶可以核發低收入戶證明", "E-NOTICE-KIND")
    award = ctx.session.scalar(select(Award).where(Award.recipient_id == application.applicant_id, Award.benefit == LOW_INCOME, Award.status == "active"))
    granted = [d for d in application.decisions if d.outcome == "granted"]
    if application.state != "approved" or award is None or not granted:
        raise Refused("本戶目前不是列冊中的低收入戶，不能核發證明；有新的核定案時請由該案核發", "E-NOTICE-STATE")
    household = [m for m in application.members if m.counted is not False and not m.death]
    named = {r.value: r.zh for r in Relation} | {"applicant": "申請人"}
    rows = [("姓名", "稱謂", "出生日期", "身分證統一編號")]
    rows += [(m.name, named.get(m.relation, m.relation), roc.long_date(m.birth) if m.birth else "", m.person_id or "") for m in household]
    values = fields.certificate_values(granted[-1], application, len(household))
    return _case(application, "certificate", values, {}, members=tuple(rows))


_READERS: dict[str, Any] = {
    "decision": _decision, "change": _change, "correction": _correction, "hearing": _hearing, "claim": _claim, "reminder": _reminder, "certificate": _certificate,
}  # fmt: skip


# -- the letter --------------------------------------------------------------------------------------------------------------------------


def letter(desk: Desk, subject: Subject, number: str) -> tuple[Letter, fields.Values, Wording]:
    """The document, the values it was filled from and the wording. Raises Refused naming what is missing."""
    sender = desk.sender(subject.office)
    used = desk.wording(subject.county_code, subject.kind, subject.benefit)
    known = {
        **fields.person_values(subject.person),
        **fields.benefit_values(benefit_row(desk.session, subject.benefit)),
        **subject.values,
        **fields.remedy_values(subject.benefit, subject.kind in BY_TOWNSHIP, desk.county(subject.county_code), desk.on),
        "發文日期": roc.long_date(desk.on),
        "發文字號": number,
        "機關": sender.agency,
    }
    if lacking := [name for name in _REQUIRED if not known.get(name)] if subject.kind in ACTS else []:
        raise Refused(f"當事人的{'、'.join(lacking)}沒有資料，是處分書的必要記載事項（行政程序法第96條）；請先補登", "E-NOTICE-PERSON")
    copies = ["正本：" + "、".join(f"{name} 君" for name in (subject.receiver, *(n for n, _ in subject.others)))]
    if subject.kind not in BY_TOWNSHIP and (town := desk.township(subject.town_code)):
        copies.append(f"副本：{town}")
    made = filled(used, subject.kind, known, sender)
    made = replace(made, receiver=f"{subject.receiver} 君", receiver_address=subject.address, copies=tuple(copies), members=subject.members)
    others = tuple((f"{name} 君", address) for name, address in subject.others)
    return replace(made, others=others, **_opinion_slip(subject, sender, number)), known, used


def _opinion_slip(subject: Subject, sender: NoticeSender, number: str) -> dict[str, Any]:
    """The form on which the person answers a hearing (行政程序法第105條); nothing for other kinds."""
    if subject.kind != "hearing":
        return {}
    slip = (
        ("通知文號", number), ("給付項目", str(subject.values.get("溢領期間") or "")), ("陳述期限", str(subject.values.get("陳述期限") or "")),
        ("陳述人姓名", ""), ("與當事人之關係", "□ 本人　□ 繼承人　□ 代理人（附委任書）"), ("聯絡電話", ""),
        ("對事實之意見", "\n\n\n"), ("對法律上之意見", "\n\n"), ("繳還方式", "□ 一次繳還　□ 申請分期（每月　　　　　元）　□ 同意由後續給付扣抵"),
        ("檢附證據", ""), ("簽名或蓋章", ""), ("日期", "中華民國　　　　年　　　　月　　　　日"),
    )  # fmt: skip
    return {"attachments": "陳述書", "slip_title": f"{sender.agency}　陳述書", "slip": slip}


def filled(used: Wording, kind: str, known: fields.Values, sender: NoticeSender) -> Letter:
    """A letter from a wording and values. Raises Refused naming the field that has no value."""
    allowed = fields.fields_of(kind)
    try:
        texts = {name: wording.fill(text, known, allowed) for name, text in used.parts.items()}
    except wording.FieldMissing as error:
        raise Refused(f"欄位「{error.name}」沒有資料，通知書不能完成；請補登資料，或請縣府在範本中以 {{% if {error.name} %}} 處理", "E-NOTICE-FIELD") from None
    sections = [Section("說明", numbered(texts["explanation"]))]
    if texts["basis"]:
        sections.append(Section("法令依據", numbered(texts["basis"])))
    return Letter(
        agency=sender.agency,
        title=used.title,
        contact=(f"地址：{sender.address}", f"承辦單位：{sender.unit}", f"電話：{sender.phone}"),
        receiver=f"{known.get('姓名') or ''} 君",
        receiver_address=known.get("住址") or "",
        date=f"中華民國{known.get('發文日期')}",
        number=known.get("發文字號") or "",
        subject="".join(texts["subject"]),
        party=() if kind == "certificate" else tuple((n, known.get(n) or "", n == "住址") for n in ("姓名", "性別", "出生日期", "身分證統一編號", "住址")),
        sections=tuple(sections),
        remedy=numbered(texts["remedy"]),
        copies=(),
        head_title=sender.head_title,
        head_name=sender.head_name,
        certificate=kind == "certificate",
    )


def marked(made: Letter, watermark: str) -> Letter:
    """A letter that cannot be taken for a real one."""
    return replace(made, watermark=watermark)


# -- issuing -----------------------------------------------------------------------------------------------------------------------------


def _may(ctx: Context, subject: Subject) -> None:
    if subject.kind not in BY_TOWNSHIP and ctx.actor.scope.level == "township":
        raise Refused(f"「{KINDS[subject.kind]}」由縣府發文", "E-NOTICE-OFFICE")
    if subject.kind in BY_TOWNSHIP and ctx.actor.scope.level == "county":
        raise Refused(f"「{KINDS[subject.kind]}」由公所發文", "E-NOTICE-OFFICE")


@command("notices.issue", roles=roles.CASEWORKERS)
def preview(ctx: Context, source: str, key: int) -> tuple[Subject, Letter]:
    """What would be issued, without a number. Raises Refused, NotFound."""
    subject = subject_of(ctx, source, key)
    _may(ctx, subject)
    return subject, letter(Desk(ctx.session, clock.today()), subject, subject.number or "（發文時取號）")[0]


@command("notices.issue", roles=roles.CASEWORKERS)
def issue(ctx: Context, source: str, key: int, receiver: str = "", address: str = "") -> int:
    """Issue one notice, to the person or to whom and where the form says; its id. Raises Refused, NotFound, Conflict."""
    subject = subject_of(ctx, source, key)
    _may(ctx, subject)
    subject = replace(subject, receiver=receiver.strip()[:50] or subject.receiver, address=address.strip()[:120] or subject.address)
    if standing(ctx.session, subject):
        raise Refused("這項處分的通知書已經發文；要更正時請先撤回原通知書，再重新發文", "E-NOTICE-TWICE")
    notice = _made(ctx, Desk(ctx.session, clock.today()), subject, None)
    _issued(ctx, [notice])
    return notice.id


def _made(ctx: Context, desk: Desk, subject: Subject, batch: str | None) -> Notice:
    """The notice, not yet in the session. Raises Refused."""
    if not subject.receiver or not subject.address:
        raise Refused("請填寫受文者與送達地址（當事人死亡時填家屬或繼承人）", "E-NOTICE-ADDRESS")
    number = subject.number or _number(ctx, desk.sender(subject.office), desk.on)
    made, known, used = letter(desk, subject, number)
    return Notice(
        county_code=subject.county_code, town_code=subject.town_code, benefit=subject.benefit, kind=subject.kind, number=number,
        agency=made.agency, issued_on=desk.on, issued_at=ctx.now, issued_by_id=ctx.actor.user_id, created_by_id=ctx.actor.user_id,
        template_id=used.template_id, edition=used.edition, person_id=subject.person.person_id, name=subject.receiver, address=subject.address,
        subject=made.subject, letter=asdict(made), fields={k: v for k, v in known.items() if v}, batch=batch, **subject.keys,
    )  # fmt: skip


def _issued(ctx: Context, made: Sequence[Notice]) -> None:
    """Keep notices, with an audit entry each."""
    ctx.session.add_all(made)
    ctx.session.flush()
    for notice in made:
        ctx.audit("notice.issued", notice, kind=notice.kind, edition=notice.edition)


def standing(session: Session, subject: Subject) -> bool:
    """Is there a notice of this already, not withdrawn? Reminders and certificates may be issued again."""
    if subject.kind in ("reminder", "certificate"):
        return False
    name, key = list(subject.keys.items())[-1]
    found = select(Notice.id).where(getattr(Notice, name) == key, Notice.kind == subject.kind, Notice.state != "withdrawn")
    return session.scalar(found.limit(1)) is not None


def _number(ctx: Context, sender: NoticeSender, on: dt.date) -> str:
    year = on.year - roc.EPOCH
    return f"{sender.word}第{year:03d}{take(ctx.session, f'notice:{sender.town_code}:{year}'):07d}號"


@dataclass
class Round:
    """What became of issuing many: the notices, and what was left out with its reason (case number, sentence)."""

    issued: list[int] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@command("notices.issue", roles=roles.COUNTY)
def issue_decisions(ctx: Context, decision_ids: Sequence[int], batch: str) -> Round:
    """Issue the notices of many decisions; one that cannot be issued is left out and named. Raises Refused for too many at once."""
    if len(decision_ids) > MANY:
        raise Refused(f"一次最多 {MANY} 件", "E-NOTICE-MANY")
    desk, done = Desk(ctx.session, clock.today()), Round()
    rows = ctx.session.scalars(
        select(Decision).where(Decision.id.in_(decision_ids)).order_by(Decision.id)
        .options(defer(Decision.facts), selectinload(Decision.application).selectinload(Application.applicant))
    ).all()  # fmt: skip
    made: list[Notice] = []
    have = set(ctx.session.scalars(select(Notice.decision_id).where(Notice.decision_id.in_(decision_ids), Notice.state != "withdrawn")))
    for row in rows:
        if row.id in have:
            continue
        subject = _decision(ctx, row)
        _may(ctx, subject)
        try:
            made.append(_made(ctx, desk, subject, batch))
        except Refused as error:
            if error.code == "E-NOTICE-SENDER":
                raise
            done.refused.append((row.application.case_no, error.message))
    _issued(ctx, made)
    done.issued = [n.id for n in made]
    return done


# -- what waits --------------------------------------------------------------------------------------------------------------------------


def decisions_due() -> Select[Any]:
    """Decisions whose notice was not issued (or was withdrawn)."""
    return select(Decision.id).where(~exists().where(Notice.decision_id == Decision.id, Notice.state != "withdrawn"))


def changes_due() -> Select[Any]:
    """Changes in effect whose notice was not issued; a move within the county and a change of account decide nothing, a review again decides itself."""
    silent = ("move_within", "account", *REVIEWED_AGAIN)
    return select(Change.id).where(
        Change.state == "applied", Change.kind.not_in(silent), ~exists().where(Notice.change_id == Change.id, Notice.state != "withdrawn")
    )


def unserved() -> Select[Any]:
    """Notices that were issued and not served."""
    return select(Notice.id).where(Notice.state == "issued")


def notices_of(session: Session, *, application_id: int | None = None, overpayment_id: int | None = None, person: Person | None = None) -> list[Notice]:
    """The notices of a case, a claim or a person, newest first."""
    wanted = select(Notice).order_by(Notice.id.desc()).limit(50)
    if application_id is not None:
        wanted = wanted.where(Notice.application_id == application_id)
    if overpayment_id is not None:
        wanted = wanted.where(Notice.overpayment_id == overpayment_id)
    if person is not None:
        wanted = wanted.where(Notice.county_code == person.county_code, Notice.person_id == person.person_id)
    return list(session.scalars(wanted))
