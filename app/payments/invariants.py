"""What must always hold about money: each function returns the rows that break it (empty = holds). See `commands.verify_payments`.

Sentences name registers, lines and cases by number, never people.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import String, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.offset_consent import PaymentDeduction
from app.models.overpayment import Overpayment, OverpaymentMonth, PlannedInstalment, Repayment
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentFile, PaymentRun

LIMIT = 20


@dataclass(frozen=True)
class Break:
    """One row that breaks an invariant."""

    invariant: str
    message: str


Check = Callable[[Session], Iterator[str]]
CHECKS: dict[str, tuple[str, Check]] = {}


def _check(name: str, title: str) -> Callable[[Check], Check]:
    def decorate(function: Check) -> Check:
        CHECKS[name] = (title, function)
        return function

    return decorate


def payment_invariants(session: Session) -> list[Break]:
    """Every break of every invariant of this room."""
    return [Break(name, message) for name, (_, function) in CHECKS.items() for message in function(session)]


@_check("payment_once", "同一人、同一給付、同一月份沒有兩筆有效的定期發放")
def once(session: Session) -> Iterator[str]:
    rows = session.execute(
        select(Payment.benefit, Payment.month, func.min(Payment.award_id), func.count())
        .where(Payment.live, Payment.kind == "regular", Payment.benefit != "assistive_device_subsidy")
        .group_by(Payment.recipient_id, Payment.benefit, Payment.month)
        .having(func.count() > 1)
        .limit(LIMIT)
    )
    for benefit, month, award, count in rows:
        yield f"給付 {benefit} 月份 {month} 有 {count} 筆有效發放（案件編號 {award} 等）"


@_check("payment_run_sums", "清冊合計、各筆合計、各月合計與檔案合計相等")
def sums(session: Session) -> Iterator[str]:
    lines = (
        select(PaymentLine.run_id, func.count().label("count"), func.sum(PaymentLine.amount).label("amount"))
        .where(PaymentLine.status != "withheld")
        .group_by(PaymentLine.run_id)
        .subquery()
    )
    files = (
        select(PaymentFile.run_id, func.sum(PaymentFile.line_count).label("count"), func.sum(PaymentFile.total).label("amount"))
        .group_by(PaymentFile.run_id)
        .subquery()
    )
    statement = (
        select(PaymentRun.run_no, PaymentRun.line_count, PaymentRun.total, lines.c.count, lines.c.amount, files.c.count, files.c.amount)
        .outerjoin(lines, lines.c.run_id == PaymentRun.id)
        .outerjoin(files, files.c.run_id == PaymentRun.id)
        .where(
            PaymentRun.state != "cancelled",
            or_(
                PaymentRun.line_count != func.coalesce(lines.c.count, 0),
                PaymentRun.total != func.coalesce(lines.c.amount, 0),
                and_(files.c.run_id.is_not(None), or_(files.c.count != PaymentRun.line_count, files.c.amount != PaymentRun.total)),
                and_(PaymentRun.state.in_(("filed", "reconciled")), files.c.run_id.is_(None)),
            ),
        )
        .limit(LIMIT)
    )
    for run_no, count, total, n, amount, fn, fa in session.execute(statement):
        yield f"清冊 {run_no}：清冊 {count} 筆 {total} 元，各筆 {n or 0} 筆 {amount or 0} 元，檔案 {fn} 筆 {fa} 元"


@_check("payment_line_months", "每一筆的金額加扣抵等於其各月金額的合計")
def months(session: Session) -> Iterator[str]:
    parts = (
        select(Payment.run_id, Payment.line_no, func.sum(Payment.amount).label("amount"))
        .where(Payment.live)
        .group_by(Payment.run_id, Payment.line_no)
        .subquery()
    )
    statement = (
        select(PaymentRun.run_no, PaymentLine.line_no, PaymentLine.amount + PaymentLine.deduction, parts.c.amount)
        .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
        .outerjoin(parts, and_(parts.c.run_id == PaymentLine.root_run_id, parts.c.line_no == PaymentLine.root_line_no))
        .where(PaymentLine.status.in_(("planned", "filed", "credited")), PaymentLine.amount + PaymentLine.deduction != func.coalesce(parts.c.amount, 0))
        .limit(LIMIT)
    )
    for run_no, line_no, amount, parts_amount in session.execute(statement):
        yield f"清冊 {run_no} 第 {line_no} 筆 {amount} 元，各月合計 {parts_amount or 0} 元"


@_check("payment_live_line", "每一筆款項最多只有一個有效的撥付，且月份沒有失效")
def one_live_line(session: Session) -> Iterator[str]:
    rows = session.execute(
        select(PaymentLine.root_run_id, PaymentLine.root_line_no, func.count())
        .where(PaymentLine.status.in_(("planned", "filed", "credited")))
        .group_by(PaymentLine.root_run_id, PaymentLine.root_line_no)
        .having(func.count() > 1)
        .limit(LIMIT)
    )
    for run, line, count in rows:
        yield f"清冊編號 {run} 第 {line} 筆有 {count} 個有效的撥付"
    dead = (
        select(PaymentRun.run_no, PaymentLine.line_no)
        .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
        .join(Payment, and_(Payment.run_id == PaymentLine.root_run_id, Payment.line_no == PaymentLine.root_line_no))
        .where(PaymentLine.status.in_(("filed", "credited")), ~Payment.live)
        .limit(LIMIT)
    )
    for run_no, line_no in session.execute(dead):
        yield f"清冊 {run_no} 第 {line_no} 筆已送出，所付月份卻已失效"


@_check("payment_four_eyes", "造冊、核准、撥款是三個不同的人，且依序發生")
def four_eyes(session: Session) -> Iterator[str]:
    r = PaymentRun
    statement = (
        select(r.run_no)
        .where(
            r.state.in_(("approved", "released", "filed", "reconciled")),
            or_(
                r.approved_by_id == r.made_by_id,
                r.released_by_id == r.made_by_id,
                r.released_by_id == r.approved_by_id,
                r.approved_at < r.made_at,
                r.released_at < r.approved_at,
                r.filed_at < r.released_at,
            ),
        )
        .limit(LIMIT)
    )
    for (run_no,) in session.execute(statement):
        yield f"清冊 {run_no} 的造冊、核准、撥款不是三個人或先後不符"


@_check("payment_results", "已對帳的清冊每一筆都有結果：核准＝送出＝入帳＋退匯")
def results(session: Session) -> Iterator[str]:
    statement = (
        select(PaymentRun.run_no, func.count())
        .join(PaymentLine, PaymentLine.run_id == PaymentRun.id)
        .where(
            or_(
                and_(PaymentRun.state == "reconciled", PaymentLine.status.in_(("planned", "filed"))),
                and_(
                    PaymentRun.state.in_(("built", "checked", "approved", "released")), PaymentLine.status.not_in(("planned", "withheld"))
                ),
                and_(PaymentRun.state == "filed", PaymentLine.status == "planned"),
                and_(PaymentRun.state == "cancelled", PaymentLine.status != "withheld"),
            )
        )
        .group_by(PaymentRun.run_no)
        .limit(LIMIT)
    )
    for run_no, count in session.execute(statement):
        yield f"清冊 {run_no} 有 {count} 筆的狀態與清冊狀態不符"


@_check("payment_chain", "重匯的金額與原款項相同，且接在退匯之後")
def chain(session: Session) -> Iterator[str]:
    root = aliased(PaymentLine)
    statement = (
        select(PaymentRun.run_no, PaymentLine.line_no)
        .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
        .outerjoin(root, and_(root.run_id == PaymentLine.root_run_id, root.line_no == PaymentLine.root_line_no))
        .where(
            PaymentLine.run_id != PaymentLine.root_run_id,
            PaymentLine.status != "withheld",
            or_(root.id.is_(None), root.amount != PaymentLine.amount, root.award_id != PaymentLine.award_id, root.status != "returned"),
        )
        .limit(LIMIT)
    )
    for run_no, line_no in session.execute(statement):
        yield f"清冊 {run_no} 第 {line_no} 筆與其退匯的原款項不符"


@_check("payment_deduction_credited", "已入帳款項的扣抵都已登錄在追繳案，金額相同")
def deductions(session: Session) -> Iterator[str]:
    d, root = PaymentDeduction, PaymentLine
    attempt = aliased(PaymentLine)
    arrived = select(attempt.id).where(attempt.root_run_id == d.run_id, attempt.root_line_no == d.line_no, attempt.status == "credited")
    statement = (
        select(PaymentRun.run_no, d.line_no, d.amount, root.deduction, func.coalesce(Repayment.amount, 0), arrived.exists())
        .join(PaymentRun, PaymentRun.id == d.run_id)
        .outerjoin(root, and_(root.run_id == d.run_id, root.line_no == d.line_no))
        .outerjoin(Repayment, and_(Repayment.overpayment_id == d.overpayment_id, Repayment.slip_no == PaymentRun.run_no + "-" + cast(d.line_no, String)))
        .where(
            or_(
                root.deduction != d.amount,
                and_(arrived.exists(), func.coalesce(Repayment.amount, 0) != d.amount),
                and_(~arrived.exists(), Repayment.id.is_not(None)),
            )
        )
        .limit(LIMIT)
    )
    for run_no, line_no, amount, kept, credited, _ in session.execute(statement):
        yield f"清冊 {run_no} 第 {line_no} 筆扣抵 {amount} 元（清冊 {kept} 元），追繳案登錄 {credited} 元；差額請退還本人"


@_check("overpayment_balance", "溢領金額等於各月差額合計，已繳等於繳款紀錄合計")
def claims(session: Session) -> Iterator[str]:
    due = (
        select(OverpaymentMonth.overpayment_id, func.sum(OverpaymentMonth.paid - OverpaymentMonth.due).label("amount"))
        .group_by(OverpaymentMonth.overpayment_id)
        .subquery()
    )
    paid = select(Repayment.overpayment_id, func.sum(Repayment.amount).label("amount")).group_by(Repayment.overpayment_id).subquery()
    statement = (
        select(Overpayment.claim_no)
        .outerjoin(due, due.c.overpayment_id == Overpayment.id)
        .outerjoin(paid, paid.c.overpayment_id == Overpayment.id)
        .where(
            or_(
                and_(due.c.amount.is_not(None), due.c.amount != Overpayment.amount),
                Overpayment.repaid != func.coalesce(paid.c.amount, 0),
                and_(Overpayment.state == "settled", Overpayment.repaid + Overpayment.written_off != Overpayment.amount),
            )
        )
        .limit(LIMIT)
    )
    for (claim_no,) in session.execute(statement):
        yield f"追繳案 {claim_no} 的金額、各月差額或繳款紀錄不相符"


@_check("overpayment_plan", "分期各期合計等於訂定時的待繳餘額")
def plans(session: Session) -> Iterator[str]:
    statement = (
        select(Overpayment.claim_no, PlannedInstalment.plan_no)
        .join(PlannedInstalment, PlannedInstalment.overpayment_id == Overpayment.id)
        .group_by(Overpayment.id, Overpayment.claim_no, Overpayment.amount, PlannedInstalment.plan_no)
        .having(func.sum(PlannedInstalment.amount) + func.max(PlannedInstalment.repaid_before) != Overpayment.amount)
        .limit(LIMIT)
    )
    for claim_no, plan_no in session.execute(statement):
        yield f"追繳案 {claim_no} 第 {plan_no} 次分期的合計與待繳餘額不符"
