"""What a register changes against the last one, counted and listed by the database, within the scope in force."""

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.payments.line import Payee
from app.payments.register import Difference, show_account

SHOWN = 500


def _pairs(run: PaymentRun) -> tuple[type[PaymentLine], type[PaymentLine], ColumnElement[bool], ColumnElement[bool]]:
    """(this register's lines, the last one's, how they meet, that their accounts differ)."""
    now, before = aliased(PaymentLine), aliased(PaymentLine)
    on = and_(before.award_id == now.award_id, before.run_id == run.previous_id, before.status != "withheld")
    account = or_(before.channel != now.channel, before.institution != now.institution, before.account != now.account)
    return now, before, on, account


def counts(session: Session, run: PaymentRun) -> dict[str, int] | None:
    """Lines by kind of difference (new, dropped, amount, account); None when there is no register to compare with."""
    if run.previous_id is None:
        return None
    now, before, on, account = _pairs(run)
    row = session.execute(
        select(
            func.sum(case((before.id.is_(None), 1), else_=0)),
            func.sum(case((before.amount != now.amount, 1), else_=0)),
            func.sum(case((account, 1), else_=0)),
        )
        .select_from(now)
        .outerjoin(before, on)
        .where(now.run_id == run.id, now.status != "withheld")
    ).one()
    dropped = session.scalar(_dropped(run).with_only_columns(func.count()).order_by(None)) or 0
    return {"new": int(row[0] or 0), "dropped": dropped, "amount": int(row[1] or 0), "account": int(row[2] or 0)}


def _dropped(run: PaymentRun) -> Select[PaymentLine]:
    now, before = aliased(PaymentLine), aliased(PaymentLine)
    still = select(now.id).where(now.award_id == before.award_id, now.run_id == run.id, now.status != "withheld").exists()
    return select(before).where(before.run_id == run.previous_id, before.status != "withheld", ~still).order_by(before.line_no)


def listed(session: Session, run: PaymentRun) -> list[Difference]:
    """The differences, at most SHOWN of each sort; the 發放清冊 has all of them."""
    if run.previous_id is None:
        return []
    now, before, on, account = _pairs(run)
    changed = select(now, before).select_from(now).outerjoin(before, on).where(now.run_id == run.id, now.status != "withheld")
    out: list[Difference] = []
    for kind, condition in (("new", before.id.is_(None)), ("amount", before.amount != now.amount), ("account", account)):
        for x, y in session.execute(changed.where(condition).order_by(now.line_no).limit(SHOWN)):
            texts = ("", f"{x.amount:,} 元") if y is None else (_said(y, kind), _said(x, kind))
            out.append(Difference(kind, x.award_id, x.person_id, x.name, *texts))
    for y in session.scalars(_dropped(run).limit(SHOWN)):
        out.append(Difference("dropped", y.award_id, y.person_id, y.name, f"{y.amount:,} 元", ""))
    return out


def _said(x: PaymentLine, kind: str) -> str:
    if kind == "amount":
        return f"{x.amount:,} 元"
    return show_account(Payee(x.channel, x.payee_person_id, x.payee_name, x.institution, x.account))
