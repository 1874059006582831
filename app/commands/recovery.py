"""Recovery of overpayments: open a claim, hear the person, decide, serve, plan instalments, take money in, close.

What was due and what was paid is read from the award's changes and the ledger, month by month; nothing is typed twice.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, object_session

from app.core import clock, identity, roc
from app.models.award import Award
from app.models.overpayment import (
    METHODS,
    ORIGINS,
    RELATIONS,
    STATES,
    ClaimHeir,
    Overpayment,
    OverpaymentMonth,
    PlannedInstalment,
    Repayment,
)
from app.models.person import Person
from app.payments import recovery
from app.payments.recovery import MonthRow
from app.security.roles import ACCOUNTANT, COUNTY, COUNTY_SUPERVISOR

from . import overpaid
from .base import Context, Refused, command
from .benefit_rows import benefit_row
from .lifecycle import Lifecycle, Move
from .numbers import take

OPEN = ("opened", "heard", "decided", "served", "referred")

CLAIM = Lifecycle(
    Overpayment,
    STATES,
    (
        Move("invite", _l("Invite opinion"), ("opened",), "heard", "recovery.handle", style="primary"),
        Move(
            "decide", _l("Decide the recovery"), ("heard",), "decided", "recovery.decide",
            by="decided_by_id", differs_from=("made_by_id",), style="primary",
        ),
        Move("serve", _l("Record service"), ("decided",), "served", "recovery.handle", style="primary"),
        Move("refer", _l("Refer to enforcement"), ("served",), "referred", "recovery.decide"),
        Move("settle", _l("Claim paid back"), OPEN, "settled", "recovery.receive"),
        Move(
            "write_off", _l("Write off the claim"), ("served", "referred"), "written_off", "recovery.decide",
            by="written_off_by_id", differs_from=("made_by_id",), needs_comment=True, style="danger",
        ),
        Move(
            "drop", _l("No overpayment"), ("opened", "heard"), "dropped", "recovery.decide",
            by="dropped_by_id", differs_from=("made_by_id",), needs_comment=True, style="danger",
        ),
    ),
)  # fmt: skip


# -- opening -----------------------------------------------------------------------------------------------------------------------------


@command("recovery.open", roles=COUNTY)
def open_overpayment(
    ctx: Context,
    *,
    origin: str,
    origin_ref: str | None,
    benefit: str,
    reason: str,
    award_id: int | None = None,
    person_id: str | None = None,
    name: str | None = None,
    county_code: str | None = None,
    town_code: str | None = None,
    first_month: int | None = None,
    last_month: int | None = None,
    amount: int | None = None,
    rule_code: str | None = None,
    known_on: dt.date | None = None,
    made_by_id: int | None = None,
) -> Overpayment:
    """Open a claim, from an answer (`doubt`), a change with past effect, a returned payment, an audit or the person's own report.

    With an award the months come from the ledger; an `amount` given besides must agree with what was paid in those months.
    Without one (a roster kept elsewhere) person, place, months and amount must be given. The same origin twice gives the same claim.
    `made_by_id`: who made it, when that is not the actor (somebody who approves what another proposed). Raises Refused.
    """
    if origin not in ORIGINS:
        raise Refused("請選擇溢領案的來源", "E-REC-ORIGIN")
    if origin_ref is not None:
        known = ctx.session.scalar(select(Overpayment).where(Overpayment.origin == origin, Overpayment.origin_ref == origin_ref))
        if known is not None:
            return known
    rows: list[MonthRow] = []
    if award_id is not None:
        award = ctx.get(Award, award_id)
        county_code, town_code, benefit = award.county_code, award.town_code, award.benefit
        person_id, name = award.recipient.person_id, award.recipient.name
        rows = _rows(ctx.session, award_id, first_month, last_month, amount)
        if rows:
            amount, first_month, last_month = recovery.total(rows), rows[0].month, rows[-1].month
    if not (amount and person_id and name and county_code and town_code and first_month is not None and last_month is not None):
        raise Refused("沒有溢領：所列月份的已發金額沒有超過應發金額；請先登錄停發或變更，或填寫溢領起訖月與金額", "E-REC-NONE")
    known_on = known_on or clock.today()
    claim = Overpayment(
        county_code=county_code,
        town_code=town_code,
        benefit=benefit,
        claim_no=_claim_no(ctx, county_code),
        award_id=award_id,
        person_id=person_id,
        name=name,
        origin=origin,
        origin_ref=origin_ref,
        rule_code=rule_code,
        first_month=first_month,
        last_month=last_month,
        amount=amount,
        reason=reason,
        known_on=known_on,
        revoke_by=recovery.revoke_by(known_on),
        lapses_on=recovery.claim_lapses(known_on),
        made_by_id=ctx.actor.user_id if made_by_id is None else made_by_id,
        created_by_id=ctx.actor.user_id,
    )
    ctx.session.add(claim)
    ctx.session.flush()
    for r in rows:
        ctx.session.add(
            OverpaymentMonth(
                county_code=county_code, town_code=town_code, benefit=benefit, overpayment_id=claim.id, award_id=award_id,
                month=r.month, due=r.due, paid=r.paid, rule_version=r.rule_version,
            )
        )  # fmt: skip
    ctx.audit("overpayment.open", claim, claim_no=claim.claim_no, amount=amount, origin=origin, months=len(rows))
    return claim


def _rows(session: Session, award_id: int, first: int | None, last: int | None, amount: int | None) -> list[MonthRow]:
    """The months to claim: what the changes make undue; or, when an answer names months and a sum, all that was paid in them."""
    low, high = first if first is not None else 0, last if last is not None else 9999 * 12
    taken = set(session.scalars(select(OverpaymentMonth.month).where(OverpaymentMonth.award_id == award_id, OverpaymentMonth.live)))
    rows = [r for r in overpaid.overpaid_months(session, award_id, low, high) if r.month not in taken]
    if amount is None or recovery.total(rows) == amount:
        return rows
    paid = {m: a for m, a in overpaid.paid_out(session, [award_id]).get(award_id, {}).items() if low <= m <= high and m not in taken}
    if sum(paid.values()) == amount:
        known = overpaid.versions(session, [award_id]).get(award_id, [])
        return [MonthRow(m, 0, a, overpaid.version_in(known, m)) for m, a in sorted(paid.items())]
    raise Refused(
        f"溢領金額 {amount:,} 元與帳上不符：這些月份已發 {sum(paid.values()):,} 元、超過應發 {recovery.total(rows):,} 元；請核對起訖月與金額",
        "E-REC-AMOUNT",
    )


def _claim_no(ctx: Context, county: str) -> str:
    head = f"{county}-追{clock.today().year - roc.EPOCH:03d}"
    return f"{head}-{take(ctx.session, 'claim ' + head):05d}"


# -- the procedure -----------------------------------------------------------------------------------------------------------------------


def claim_for(ctx: Context, claim_id: int, seen_version: int | None) -> Overpayment:
    claim = ctx.get(Overpayment, claim_id, lock=True)
    ctx.check_version(claim, seen_version)
    return claim


@command("recovery.handle", roles=COUNTY)
def invite_opinion(ctx: Context, claim_id: int, opinion_by: dt.date, seen_version: int | None = None) -> Overpayment:
    """Give the person a chance to state his or her view before the decision (行政程序法§102)."""
    claim = claim_for(ctx, claim_id, seen_version)
    if opinion_by <= clock.today():
        raise Refused("陳述意見期限須在今日之後", "E-REC-DATE")
    CLAIM.advance(ctx, claim, "invite", opinion_by=opinion_by)
    return claim


@command("recovery.handle", roles=COUNTY)
def record_opinion(ctx: Context, claim_id: int, opinion: str, seen_version: int | None = None) -> Overpayment:
    """Write down what the person said."""
    claim = claim_for(ctx, claim_id, seen_version)
    if claim.state != "heard" or not opinion.strip():
        raise Refused("只有在通知陳述意見後、處分前才能登錄意見，且不可空白", "E-MOVE")
    claim.opinion = opinion.strip()
    ctx.audit("overpayment.opinion", claim)
    return claim


@command("recovery.decide", roles=(COUNTY_SUPERVISOR,))
def decide(
    ctx: Context, claim_id: int, *, decision_no: str, article: str = "", days: int | None = None, seen_version: int | None = None
) -> Overpayment:
    """The recovery decision: ground, amount (as claimed) and the day to pay by; 60 days where the law says so. Never by the claim's maker."""
    claim = claim_for(ctx, claim_id, seen_version)
    by_law = recovery.ground(claim.benefit, clock.today())
    days = days if days is not None else by_law.days
    article = article.strip() or by_law.article
    if days is None or days <= 0 or not article or not decision_no.strip():
        raise Refused("請填寫處分文號、法令依據與繳還期限（日數）", "E-REC-DECISION")
    if claim.opinion is None and claim.opinion_by is not None and clock.today() <= claim.opinion_by:
        raise Refused(f"陳述意見期限到 {roc.show_date(claim.opinion_by)}，尚未登錄意見，還不能作成處分", "E-REC-OPINION")
    today = clock.today()
    if today > claim.revoke_by:
        raise Refused(f"撤銷期限 {roc.show_date(claim.revoke_by)} 已過（行政程序法第121條：知悉後二年），不能再作成追繳處分", "E-REC-REVOKE")
    CLAIM.advance(
        ctx, claim, "decide",
        decision_no=decision_no.strip(), article=article, decided_on=today, pay_by=recovery.pay_by(today, days),
    )  # fmt: skip
    return claim


@command("recovery.handle", roles=COUNTY)
def record_service(ctx: Context, claim_id: int, served_on: dt.date, service: str, seen_version: int | None = None) -> Overpayment:
    """The decision reached the person, or every heir not yet noted as served: date and way. The period to pay runs from the last one served."""
    claim = claim_for(ctx, claim_id, seen_version)
    _served_when(claim, served_on, service)
    for heir in claim.heirs:
        if heir.served_on is None:
            heir.served_on, heir.service = served_on, service.strip()[:40]
    return _all_served(ctx, claim, max([served_on, *(h.served_on for h in claim.heirs if h.served_on)]), service)


def _served_when(claim: Overpayment, served_on: dt.date, service: str) -> None:
    if claim.decided_on is None or not claim.decided_on <= served_on <= clock.today():
        raise Refused("送達日期須在處分日與今日之間", "E-REC-DATE")
    if not service.strip():
        raise Refused("請填寫送達方式，例如郵務送達、寄存送達", "E-REC-SERVICE")


def _all_served(ctx: Context, claim: Overpayment, last: dt.date, service: str) -> Overpayment:
    assert claim.pay_by is not None and claim.decided_on is not None
    until = recovery.pay_by(last, (claim.pay_by - claim.decided_on).days)
    CLAIM.advance(
        ctx, claim, "serve", served_on=last, service=service.strip()[:40], pay_by=until, enforce_by=recovery.enforceable_until(until)
    )
    return claim


@command("recovery.handle", roles=COUNTY)
def name_heir(
    ctx: Context, claim_id: int, *, person_id: str, name: str, relation: str, address: str, seen_version: int | None = None
) -> ClaimHeir:
    """The person died: the decision is addressed to this heir too. Only until it was served. Raises Refused, Conflict."""
    claim = claim_for(ctx, claim_id, seen_version)
    if claim.state not in ("opened", "heard", "decided"):
        raise Refused("處分送達前才能登錄繼承人；已送達後才死亡的，請於移送時列明", "E-MOVE")
    number = identity.normal(person_id)
    if not identity.checksum_ok(number) or number == claim.person_id:
        raise Refused("請填寫繼承人本人正確的身分證統一編號", "E-REC-HEIR")
    if not name.strip() or not address.strip() or relation not in RELATIONS:
        raise Refused("請填寫繼承人姓名、關係與送達地址", "E-REC-HEIR")
    heir = ClaimHeir(
        county_code=claim.county_code, town_code=claim.town_code, benefit=claim.benefit, overpayment_id=claim_id, person_id=number,
        name=name.strip()[:50], relation=relation, address=address.strip()[:120], added_by_id=ctx.actor.user_id, added_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(heir)
    ctx.session.flush()
    ctx.session.expire(claim, ["heirs"])
    ctx.audit("overpayment.heir", claim, heir=heir.id)
    return heir


@command("recovery.handle", roles=COUNTY)
def record_heir_service(ctx: Context, claim_id: int, heir_id: int, served_on: dt.date, service: str) -> Overpayment:
    """The decision reached one heir; with the last of them the claim counts as served."""
    claim, heir = claim_for(ctx, claim_id, None), ctx.get(ClaimHeir, heir_id, lock=True)
    if heir.overpayment_id != claim_id or claim.state != "decided" or heir.served_on is not None:
        raise Refused("這位繼承人已登錄送達，或處分尚未作成", "E-MOVE")
    _served_when(claim, served_on, service)
    heir.served_on, heir.service = served_on, service.strip()[:40]
    ctx.audit("overpayment.heir_served", claim, heir=heir_id)
    days = [h.served_on for h in claim.heirs]
    return claim if None in days else _all_served(ctx, claim, max(d for d in days if d), service)


@command("recovery.handle", roles=COUNTY)
def make_plan(
    ctx: Context,
    claim_id: int,
    *,
    first_due: dt.date,
    parts: int | None = None,
    monthly: int | None = None,
    seen_version: int | None = None,
) -> list[PlannedInstalment]:
    """Let the open balance be paid in instalments: in `parts` equal ones or `monthly` NTD each. A new plan replaces the one before."""
    claim = claim_for(ctx, claim_id, seen_version)
    if claim.state not in ("decided", "served", "referred"):
        raise Refused("作成追繳處分後才能訂分期", "E-MOVE")
    try:
        if parts is not None:
            made = recovery.plan(claim.balance, parts, first_due)
        elif monthly is not None:
            made = recovery.plan_by_amount(claim.balance, monthly, first_due)
        else:
            raise recovery.PlanError("請填寫期數或每期金額")
    except recovery.PlanError as error:
        raise Refused(str(error), "E-REC-PLAN") from None
    last = ctx.session.scalar(select(func.max(PlannedInstalment.plan_no)).where(PlannedInstalment.overpayment_id == claim_id)) or 0
    rows = [
        PlannedInstalment(
            county_code=claim.county_code, town_code=claim.town_code, benefit=claim.benefit, overpayment_id=claim_id, plan_no=last + 1,
            no=p.no, due_on=p.due_on, amount=p.amount, repaid_before=claim.amount - claim.balance,
        )
        for p in made
    ]  # fmt: skip
    ctx.session.add_all(rows)
    ctx.session.flush()
    ctx.session.expire(claim, ["instalments"])
    ctx.audit("overpayment.plan", claim, plan=last + 1, parts=len(rows), amount=sum(p.amount for p in made))
    return rows


def plan_in_force(claim: Overpayment, today: dt.date) -> list[recovery.InstalmentState]:
    """The instalments of the plan in force, with what has been paid on each since it was made."""
    last = max((i.plan_no for i in claim.instalments), default=0)
    rows = [i for i in claim.instalments if i.plan_no == last]
    parts = [recovery.Instalment(i.no, i.due_on, i.amount) for i in rows]
    before = rows[0].repaid_before if rows else 0
    return recovery.allocate(parts, claim.repaid + claim.written_off - before, today)


@command("recovery.receive", roles=(ACCOUNTANT,))
def record_repayment(
    ctx: Context, claim_id: int, *, amount: int, received_on: dt.date, method: str, slip_no: str, seen_version: int | None = None
) -> Repayment:
    """Money came back. A slip counts once per county; more than is owed is refused. The last dollar closes the claim.

    An `offset` needs the number of the signed consent as its slip (社會救助法 forbids 扣押; it is voluntary).
    """
    claim = claim_for(ctx, claim_id, seen_version)
    if claim.state not in OPEN:
        raise Refused("這件追繳案已結案，不能再登錄繳款", "E-MOVE")
    if method not in METHODS or not slip_no.strip():
        raise Refused("請填寫繳款方式與繳款書（或同意書）編號", "E-REC-SLIP")
    if not 0 < amount <= claim.balance:
        raise Refused(f"金額須在 1 元到待繳餘額 {claim.balance:,} 元之間；超過的款項請退還", "E-REC-AMOUNT")
    if received_on > clock.today():
        raise Refused("收款日期不可在今日之後", "E-REC-DATE")
    row = Repayment(
        county_code=claim.county_code, town_code=claim.town_code, benefit=claim.benefit, overpayment_id=claim_id, amount=amount,
        received_on=received_on, method=method, slip_no=slip_no.strip(), recorded_by_id=ctx.actor.user_id, recorded_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    claim.repaid += amount
    ctx.session.flush()
    ctx.session.expire(claim, ["repayments"])
    ctx.audit("overpayment.repaid", claim, amount=amount, slip_no=row.slip_no, balance=claim.balance)
    if claim.balance == 0:
        CLAIM.advance(ctx, claim, "settle", closed_on=clock.today())
    return row


@command("recovery.decide", roles=(COUNTY_SUPERVISOR,))
def drop(ctx: Context, claim_id: int, reason: str, seen_version: int | None = None) -> Overpayment:
    """There was no overpayment after all; its months are free again. Only before anything was paid or decided, never by the claim's maker."""
    claim = claim_for(ctx, claim_id, seen_version)
    if claim.repaid:
        raise Refused("已有繳款紀錄，請先辦理退還再撤銷", "E-REC-AMOUNT")
    CLAIM.advance(ctx, claim, "drop", reason, closed_on=clock.today())
    months = update(OverpaymentMonth).where(OverpaymentMonth.overpayment_id == claim_id).values(live=False)
    ctx.session.execute(months.execution_options(synchronize_session=False))
    return claim


def person_of(session: Session, claim: Overpayment) -> Person | None:
    """The person of a claim in the county's files, where there is one."""
    return session.scalars(select(Person).where(Person.county_code == claim.county_code, Person.person_id == claim.person_id)).one_or_none()


def _name(claim: Overpayment) -> str:
    session = object_session(claim)
    assert session is not None
    return benefit_row(session, claim.benefit).name


def title(claim: Overpayment) -> str:
    """`中低收入老人生活津貼 98年3月至98年5月`."""
    span = roc.show_month(claim.first_month)
    if claim.last_month != claim.first_month:
        span += "至" + roc.show_month(claim.last_month)
    return f"{_name(claim)} {span}"


def months_of(claim: Overpayment) -> tuple[tuple[str, ...], ...]:
    """The months of a claim as a table of a letter, with its total; empty when the ledger of the months is kept elsewhere."""
    if not claim.months:
        return ()
    rows = [(roc.show_month(m.month), f"{m.due:,}", f"{m.paid:,}", f"{m.difference:,}", m.rule_version or "－") for m in claim.months]
    total = ("合計", *(f"{sum(getattr(m, name) for m in claim.months):,}" for name in ("due", "paid", "difference")), "")
    return (("月份", "應發（元）", "已發（元）", "溢領（元）", "規則版本"), *rows, total)
