"""自願扣抵: signed consents, what a register keeps back by them, and the claim credited when the rest of the money arrived.

Nobody is forced: without a consent in force nothing is kept back, and what the county set must be left is left.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.award import Award
from app.models.offset_consent import SIGNERS, STATES, OffsetConsent, PaymentDeduction
from app.models.overpayment import Overpayment, Repayment
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.payments.line import Line
from app.rules.parameters import Missing, label_of
from app.security import scope
from app.security.actor import Actor
from app.security.roles import COUNTY_OFFICER, COUNTY_SUPERVISOR

from . import bulk, recovery
from .base import Context, Refused, command
from .lifecycle import Lifecycle, Move
from .parameters import parameters_in_force

MINIMUM = "offset_minimum"
CONSENT = Lifecycle(
    OffsetConsent,
    STATES,
    (
        Move(
            "approve", _l("Approve the consent"), ("entered",), "approved", "recovery.decide",
            by="approved_by_id", differs_from=("entered_by_id",), style="primary",
        ),
        Move(
            "refuse", _l("Do not accept the consent"), ("entered",), "refused", "recovery.decide",
            by="approved_by_id", differs_from=("entered_by_id",), needs_comment=True,
        ),
        Move("withdraw", _l("Withdraw the consent"), ("entered", "approved"), "withdrawn", "recovery.handle", needs_comment=True, style="danger"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """What one line keeps back: whole NTD, for one claim by one consent."""

    consent_id: int
    overpayment_id: int
    amount: int


# -- consents ----------------------------------------------------------------------------------------------------------------------------


def minimum_left(session: Session, county: str, on: dt.date) -> int | Missing:
    """NTD a month that a deduction must leave, as the county set it; `Missing` when it did not."""
    found = parameters_in_force(session, county).on(on, MINIMUM)
    if isinstance(found, Missing):
        return found
    if found.value is not None:
        return int(found.value)
    return Missing(MINIMUM, label_of(MINIMUM), county, on)


@command("recovery.handle", roles=(COUNTY_OFFICER,))
def enter_consent(
    ctx: Context, *, claim_no: str, case_no: str, document_no: str, signed_by: str, signed_as: str, signed_on: dt.date | None,
    monthly_limit: int | None, from_month: int | None, to_month: int | None = None,
) -> int:  # fmt: skip
    """Record a signed consent for another person to approve; its id. Raises Refused."""
    claim = ctx.session.scalar(select(Overpayment).where(Overpayment.claim_no == claim_no.strip()))
    award = ctx.session.scalar(select(Award).where(Award.case_no == case_no.strip()))
    if claim is None or claim.state not in recovery.OPEN:
        raise Refused("查無未結的追繳案，請確認追繳案號", "E-OFFSET")
    if award is None or award.status == "ended":
        raise Refused("查無發放中的案件，請確認案號", "E-OFFSET")
    if not document_no.strip() or not signed_by.strip() or signed_as not in SIGNERS or signed_on is None:
        raise Refused("請填寫同意書編號、簽署人、簽署身分與簽署日期", "E-OFFSET")
    if signed_on > clock.today():
        raise Refused("簽署日期不可在今日之後", "E-OFFSET")
    holder = ctx.session.scalar(select(Person.person_id).where(Person.id == award.recipient_id))
    if signed_as != "heir" and holder != claim.person_id:
        raise Refused("扣抵的案件與追繳案不是同一人；由繼承人以自己的津貼扣抵時，簽署身分請選繼承人", "E-OFFSET")
    if not monthly_limit or monthly_limit <= 0:
        raise Refused("請填寫每月最多扣抵的金額（元）", "E-OFFSET")
    if from_month is None or (to_month is not None and to_month < from_month):
        raise Refused("請填寫起訖月份，迄月不可在起月之前", "E-OFFSET")
    row = OffsetConsent(
        county_code=award.county_code, town_code=award.town_code, benefit=award.benefit, overpayment_id=claim.id, award_id=award.id,
        document_no=document_no.strip()[:30], signed_by=signed_by.strip()[:50], signed_as=signed_as, signed_on=signed_on,
        monthly_limit=monthly_limit, from_month=from_month, to_month=to_month, entered_by_id=ctx.actor.user_id, entered_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("offset_consent.enter", row, claim=claim.claim_no, monthly_limit=monthly_limit)
    return row.id


@command("recovery.decide", roles=(COUNTY_SUPERVISOR,))
def approve_consent(ctx: Context, consent_id: int, comment: str = "", seen_version: int | None = None) -> OffsetConsent:
    """Put a consent into force. Raises Refused while the county has not set what must be left."""
    row = ctx.get(OffsetConsent, consent_id, lock=True)
    least = minimum_left(ctx.session, row.county_code, clock.today())
    if isinstance(least, Missing):
        raise Refused(least.text, "E-OFFSET-MINIMUM")
    CONSENT.advance(ctx, row, "approve", comment, seen_version, approved_at=ctx.now)
    return row


@command("recovery.decide", roles=(COUNTY_SUPERVISOR,))
def refuse_consent(ctx: Context, consent_id: int, comment: str = "", seen_version: int | None = None) -> OffsetConsent:
    """Do not accept a consent, with the reason."""
    row = ctx.get(OffsetConsent, consent_id, lock=True)
    CONSENT.advance(ctx, row, "refuse", comment, seen_version, approved_at=ctx.now)
    return row


@command("recovery.handle", roles=(COUNTY_OFFICER,))
def withdraw_consent(ctx: Context, consent_id: int, comment: str = "", seen_version: int | None = None) -> OffsetConsent:
    """The person takes the consent back: registers made from now on keep nothing back, those not released must be made again."""
    row = ctx.get(OffsetConsent, consent_id, lock=True)
    CONSENT.advance(ctx, row, "withdraw", comment, seen_version, withdrawn_on=clock.today())
    return row


# -- registers ---------------------------------------------------------------------------------------------------------------------------


def deduct(ctx: Context, county: str, benefit: str, month: int, lines: Sequence[Line]) -> tuple[list[Line], dict[int, Cut]]:
    """Lines with what consents keep back taken off, and line_no → cut. At most the monthly limit, what is owed and what must be left.

    Without a county setting of what must be left nothing is kept back. Claims are locked, so two registers never keep back the same debt.
    """
    c = OffsetConsent
    consents = list(
        ctx.session.scalars(
            select(c)
            .where(c.county_code == county, c.benefit == benefit, c.state == "approved", c.from_month <= month, (c.to_month.is_(None)) | (c.to_month >= month))
            .order_by(c.id)
        )
    )
    least = minimum_left(ctx.session, county, roc.last_day(month)) if consents else 0
    if not consents or isinstance(least, Missing):
        return list(lines), {}
    claims = {
        x.id: x
        for x in ctx.session.scalars(
            select(Overpayment).where(Overpayment.id.in_({k.overpayment_id for k in consents})).order_by(Overpayment.id).with_for_update()
        )
    }
    owed = {k: x.balance if x.state in recovery.OPEN else 0 for k, x in claims.items()}
    for claim_id, amount in under_way(ctx.session, owed).items():
        owed[claim_id] -= amount
    by_award: dict[int, list[OffsetConsent]] = defaultdict(list)
    for consent in consents:
        by_award[consent.award_id].append(consent)
    out: list[Line] = []
    cuts: dict[int, Cut] = {}
    for line in lines:
        for consent in by_award.get(line.award_id, ()):
            months = len({p.month for p in line.parts if p.month >= consent.from_month}) or 1
            cut = min(consent.monthly_limit * months, owed[consent.overpayment_id], line.amount - max(1, least * months))
            if cut > 0:
                owed[consent.overpayment_id] -= cut
                cuts[line.line_no] = Cut(consent.id, consent.overpayment_id, cut)
                line = replace(line, amount=line.amount - cut, deduction=cut)
                break
        out.append(line)
    return out, cuts


def record(ctx: Context, run: PaymentRun, lines: Iterable[Line], cuts: dict[int, Cut]) -> None:
    """Write down what the lines of a fresh register keep back."""
    rows = [
        {
            "county_code": run.county_code, "town_code": x.town_code, "benefit": run.benefit, "run_id": run.id, "line_no": x.line_no,
            "consent_id": cuts[x.line_no].consent_id, "overpayment_id": cuts[x.line_no].overpayment_id, "amount": cuts[x.line_no].amount,
        }
        for x in lines
        if x.line_no in cuts
    ]  # fmt: skip
    bulk.add_rows(ctx.session, PaymentDeduction, rows)


def slip_no(run_no: str, line_no: int) -> str:
    """The slip under which a claim is credited with what a line kept back; taken once per county."""
    return f"{run_no}-{line_no}"


def under_way(session: Session, claims: Iterable[int]) -> dict[int, int]:
    """claim → NTD kept back in registers whose money has not arrived yet."""
    d, line = PaymentDeduction, PaymentLine
    credited = select(Repayment.id).where(
        Repayment.overpayment_id == d.overpayment_id, Repayment.slip_no == PaymentRun.run_no + "-" + cast(d.line_no, String)
    )
    rows = session.execute(
        select(d.overpayment_id, func.sum(d.amount))
        .join(PaymentRun, PaymentRun.id == d.run_id)
        .join(line, (line.run_id == d.run_id) & (line.line_no == d.line_no))
        .where(d.overpayment_id.in_(list(claims)), line.status.not_in(("withheld", "closed")), ~credited.exists())
        .group_by(d.overpayment_id)
    )
    return {claim: int(amount) for claim, amount in rows}


def of_run(session: Session, run: PaymentRun) -> dict[int, tuple[str, int, str]]:
    """line_no → (consent document, NTD, what is wrong with it now or ""), of a register's own lines that still count."""
    d = PaymentDeduction
    rows = session.execute(
        select(d.line_no, OffsetConsent.document_no, d.amount, OffsetConsent.state, d.overpayment_id)
        .join(OffsetConsent, OffsetConsent.id == d.consent_id)
        .join(PaymentLine, (PaymentLine.run_id == d.run_id) & (PaymentLine.line_no == d.line_no))
        .where(d.run_id == run.id, PaymentLine.status != "withheld")
    ).all()
    claims = {x.id: x for x in session.scalars(select(Overpayment).where(Overpayment.id.in_({r[4] for r in rows})))}
    pending = under_way(session, claims)
    out = {}
    for line_no, document, amount, state, claim_id in rows:
        claim = claims[claim_id]
        problem = ""
        if state != "approved":
            problem = f"同意書 {document} 已撤回，不能再扣抵；請重新造冊"
        elif claim.state not in recovery.OPEN or claim.balance < pending.get(claim_id, 0):
            problem = f"追繳案 {claim.claim_no} 的待繳餘額已不足，扣抵會超過應繳；請重新造冊"
        out[line_no] = (document, int(amount), problem)
    return out


def credit(ctx: Context, run: PaymentRun, line_nos: Sequence[int]) -> None:
    """The money of these lines arrived: what their first attempts kept back is credited to the claims, once each.

    More than a claim still takes stays uncredited and breaks the invariant `payment_deduction_credited`, which says what to pay back.
    """
    d, line = PaymentDeduction, PaymentLine
    with scope.use(scope.SYSTEM):
        if ctx.session.scalar(select(d.id).join(line, (line.root_run_id == d.run_id) & (line.root_line_no == d.line_no)).where(line.run_id == run.id).limit(1)) is None:
            return
        rows = ctx.session.execute(
            select(PaymentRun.run_no, d.line_no, d.overpayment_id, d.amount, line.line_no)
            .join(line, (line.root_run_id == d.run_id) & (line.root_line_no == d.line_no))
            .join(PaymentRun, PaymentRun.id == d.run_id)
            .where(line.run_id == run.id)
            .order_by(d.overpayment_id, d.id)
        ).all()
        arrived = set(line_nos)
        by_the_product = Context(ctx.session, Actor.system("撥款對帳"), ctx.now, ctx.drafts)
        for run_no, root_line, claim_id, amount, number in rows:
            if number not in arrived:
                continue
            claim = ctx.session.get_one(Overpayment, claim_id, with_for_update=True, populate_existing=True)
            takes = min(int(amount), claim.balance) if claim.state in recovery.OPEN else 0
            if takes:
                recovery.record_repayment(
                    by_the_product, claim_id, amount=takes, received_on=clock.today(), method="offset", slip_no=slip_no(run_no, root_line)
                )
