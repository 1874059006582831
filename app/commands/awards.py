"""Awards: put a decision to work, change it, suspend, resume and end it. Every change is a new row; nothing that was due is edited.

Casework calls these inside its own transaction (pass its Context); what a change means for months already paid is read by
`app.commands.overpaid.overpaid_months` and by the difference run.
"""

from typing import Any

from sqlalchemy import func, select, update

from app.core import clock, roc
from app.models.award import NO_CASH, STATUS_BENEFITS, Award, AwardChange
from app.models.person import Person
from app.payments.line import CHANNELS, Payee
from app.security.roles import COUNTY

from .base import Context, Refused, command


@command("awards.create", roles=COUNTY)
def create_award(
    ctx: Context,
    *,
    recipient_id: int,
    benefit: str,
    case_no: str,
    decision_no: str,
    from_month: int,
    amount: int,
    payee: Payee,
    application_id: int | None = None,
    band: str = "",
    to_month: int | None = None,
    paid_until: int | None = None,
    household_no: str | None = None,
    every: int = 1,
    rule_version: str = "",
    reason: str = "核定",
) -> Award:
    """Put an approved decision to work. Months up to `paid_until` count as paid elsewhere; `every` n pays each nth month. Raises Refused."""
    person = ctx.get(Person, recipient_id)
    if not payable(benefit, amount):
        raise Refused("核定金額須大於 0 元", "E-AWARD")
    if amount or payee.channel != NO_CASH:
        _known_channel(payee)
    if to_month is not None and to_month < from_month:
        raise Refused("核定迄月早於起月，請修正", "E-AWARD")
    award = Award(
        county_code=person.county_code,
        town_code=person.town_code,
        benefit=benefit,
        recipient_id=recipient_id,
        application_id=application_id,
        case_no=case_no,
        decision_no=decision_no,
        from_month=from_month,
        to_month=to_month,
        paid_until=paid_until,
        amount=amount,
        band=band,
        household_no=household_no,
        every=every,
        created_by_id=ctx.actor.user_id,
        **_payee_columns(payee),
    )
    ctx.session.add(award)
    ctx.session.flush()
    _record(ctx, award, "grant", from_month, reason, rule_version, amount=amount, band=band, payee=payee)
    ctx.audit("award.create", award, decision_no=decision_no, from_month=roc.month5(from_month), amount=amount)
    return award


@command("awards.change", roles=COUNTY)
def change_award(
    ctx: Context,
    award_id: int,
    *,
    from_month: int,
    reason: str,
    amount: int | None = None,
    band: str | None = None,
    payee: Payee | None = None,
    rule_version: str = "",
) -> Award:
    """Another amount (and band) or another account from a month on, past or coming. Raises Refused, NotFound."""
    award = _open(ctx, award_id)
    if amount is None and payee is None:
        raise Refused("請填寫要變更的金額或帳戶", "E-AWARD")
    if amount is not None:
        if not payable(award.benefit, amount):
            raise Refused("變更後金額須大於 0 元；不再發放請辦理停發", "E-AWARD")
        _record(ctx, award, "amount", from_month, reason, rule_version, amount=amount, band=band if band is not None else award.band)
    if payee is not None:
        _known_channel(payee)
        _record(ctx, award, "account", from_month, reason, rule_version, payee=payee)
    _refresh(ctx, award)
    ctx.audit("award.change", award, from_month=roc.month5(from_month), amount=amount, account=payee is not None, reason=reason)
    return award


@command("awards.change", roles=COUNTY)
def suspend_award(ctx: Context, award_id: int, from_month: int, reason: str) -> Award:
    """Pay nothing from `from_month` on, until it is resumed."""
    return _stop(ctx, award_id, "suspend", from_month, reason)


@command("awards.change", roles=COUNTY)
def resume_award(ctx: Context, award_id: int, from_month: int, reason: str) -> Award:
    """Pay again from `from_month` on."""
    award = _open(ctx, award_id)
    if not any(c.kind == "suspend" for c in award.changes):
        raise Refused("此案沒有停發，不需恢復", "E-AWARD")
    return _moved(ctx, award, "resume", from_month, reason)


@command("awards.change", roles=COUNTY)
def end_award(ctx: Context, award_id: int, from_month: int, reason: str) -> Award:
    """Close the award for good: `from_month` is the first month not paid (death: the month after, 老津辦法§11)."""
    return _stop(ctx, award_id, "end", from_month, reason)


@command("awards.change", roles=COUNTY)
def move_award(ctx: Context, award_id: int, town_code: str) -> Award:
    """The recipient moved within the county: the award goes with him or her. Payments made stay where they were made."""
    award = ctx.get(Award, award_id)
    if not town_code.startswith(award.county_code):
        raise Refused("遷出本縣的案件請辦理停發，由新戶籍地重新申請", "E-AWARD")
    award.town_code = town_code
    changes = update(AwardChange).where(AwardChange.award_id == award_id).values(town_code=town_code)
    ctx.session.execute(changes.execution_options(synchronize_session=False))
    ctx.session.expire(award, ["changes"])
    ctx.audit("award.move", award, town_code=town_code)
    return award


def _stop(ctx: Context, award_id: int, kind: str, from_month: int, reason: str) -> Award:
    return _moved(ctx, _open(ctx, award_id), kind, from_month, reason)


def _moved(ctx: Context, award: Award, kind: str, from_month: int, reason: str) -> Award:
    if not reason.strip():
        raise Refused("請填寫原因", "E-COMMENT")
    _record(ctx, award, kind, from_month, reason)
    _refresh(ctx, award)
    ctx.audit(f"award.{kind}", award, from_month=roc.month5(from_month), reason=reason)
    return award


def _open(ctx: Context, award_id: int) -> Award:
    award = ctx.get(Award, award_id, lock=True)
    if award.status == "ended":
        raise Refused("此案已終止，不能再變更；再次符合資格請重新申請", "E-AWARD")
    return award


def payable(benefit: str, amount: int | None) -> bool:
    """Can an award of this benefit be worth `amount`? More than 0, or 0 where the benefit grants a status that may come without cash."""
    return amount is not None and (amount > 0 or (amount == 0 and benefit in STATUS_BENEFITS))


def _known_channel(payee: Payee) -> None:
    if payee.channel not in CHANNELS:
        raise Refused("請選擇領款方式：郵局、銀行、跨行代付、現金或機構", "E-PAYEE")


def _payee_columns(payee: Payee) -> dict[str, Any]:
    return {
        "channel": payee.channel,
        "payee_person_id": payee.person_id,
        "payee_name": payee.name,
        "institution": payee.institution,
        "account": payee.account,
    }


def _record(
    ctx: Context,
    award: Award,
    kind: str,
    month: int,
    reason: str,
    rule_version: str = "",
    *,
    amount: int | None = None,
    band: str | None = None,
    payee: Payee | None = None,
) -> None:
    last = ctx.session.scalar(select(func.max(AwardChange.seq)).where(AwardChange.award_id == award.id))
    ctx.session.add(
        AwardChange(
            county_code=award.county_code,
            town_code=award.town_code,
            benefit=award.benefit,
            award_id=award.id,
            seq=0 if last is None else last + 1,
            kind=kind,
            month=month,
            recorded_on=clock.today(),
            recorded_at=ctx.now,
            recorded_by_id=ctx.actor.user_id,
            reason=reason.strip()[:200],
            rule_version=rule_version,
            amount=amount,
            band=band,
            **(_payee_columns(payee) if payee else {}),
        )
    )
    ctx.session.flush()
    ctx.session.expire(award, ["changes"])


def _refresh(ctx: Context, award: Award) -> None:
    """Set what lists show from the changes: the latest amount and account, and whether it runs from now on."""
    changes = sorted(award.changes, key=lambda c: (c.month, c.seq))
    for change in changes:
        if change.kind in ("grant", "amount"):
            award.amount, award.band = award.amount if change.amount is None else change.amount, change.band if change.band is not None else award.band
        if change.kind in ("grant", "account") and change.channel is not None:
            for name in ("channel", "payee_person_id", "payee_name", "institution", "account"):
                setattr(award, name, getattr(change, name))
    ends = [c.month for c in changes if c.kind == "end"]
    runs = [c.kind for c in changes if c.kind in ("grant", "suspend", "resume")]
    award.status = "ended" if ends else "suspended" if runs and runs[-1] == "suspend" else "active"
    if ends:
        award.to_month = max(award.from_month, min(ends) - 1)
    award.changed_by_id = ctx.actor.user_id
    ctx.session.flush()
