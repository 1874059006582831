"""Care in `flask swis verify`: payments are what was approved, nobody is in two places on a day, no month is approved beyond a whole one."""

from collections.abc import Iterable

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.commands.verify import invariant
from app.models.care_institution import CareContract
from app.models.care_invoice import CareInvoice, CareInvoiceLine
from app.models.payment import Payment
from app.rules.disability_care_subsidy import BENEFIT

LIMIT = 20


@invariant("care_paid_as_approved", "托育養護補助每筆發放都有核定的請款，金額相同")
def _paid(session: Session) -> Iterable[str]:
    line = CareInvoiceLine
    rows = session.execute(
        select(Payment.run_id, Payment.line_no, Payment.amount, line.amount)
        .outerjoin(line, and_(line.award_id == Payment.award_id, line.month == Payment.month, line.seq == Payment.seq))
        .outerjoin(CareInvoice, CareInvoice.id == line.invoice_id)
        .where(
            Payment.benefit == BENEFIT, Payment.live, or_(line.id.is_(None), line.amount != Payment.amount, CareInvoice.state != "approved")
        )
        .limit(LIMIT)
    )
    for run, no, paid, approved in rows:
        yield f"清冊編號 {run} 第 {no} 筆發放 {paid} 元，核定的請款是 {approved if approved is not None else '（沒有）'}"


@invariant("care_contract_once", "同一人同一日沒有兩份照顧契約")
def _once(session: Session) -> Iterable[str]:
    a, b = CareContract, aliased(CareContract)
    rows = session.execute(
        select(a.id, b.id)
        .join(
            b,
            and_(
                b.recipient_id == a.recipient_id,
                b.id > a.id,
                or_(a.until.is_(None), a.until >= b.since),
                or_(b.until.is_(None), b.until >= a.since),
            ),
        )
        .limit(LIMIT)
    )
    for one, two in rows:
        yield f"照顧契約 {one} 與 {two} 的期間重疊"


@invariant("care_month_once", "每人每月核定的請款合計不超過整月收費")
def _month(session: Session) -> Iterable[str]:
    line = CareInvoiceLine
    rows = session.execute(
        select(line.award_id, line.month, func.sum(line.amount), func.max(line.fee))
        .join(CareInvoice, CareInvoice.id == line.invoice_id)
        .where(CareInvoice.state == "approved", line.award_id.is_not(None))
        .group_by(line.award_id, line.month)
        .having(func.sum(line.amount) > func.max(line.fee))
        .limit(LIMIT)
    )
    for award, month, amount, fee in rows:
        yield f"案件編號 {award} 月份 {month} 核定合計 {amount} 元，超過整月收費 {fee} 元"
