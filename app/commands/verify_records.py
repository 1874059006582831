"""What must hold of every record in `flask swis verify`: states follow their history, every step is in the trail, posted rows cannot change,
delivered files add up, nobody dead is about to be paid, and what recovery has to get ties to the claims.
"""

from collections.abc import Iterator

from sqlalchemy import String, and_, case, cast, extract, func, inspect, literal, or_, select, text
from sqlalchemy.orm import Session

from app.core import clock
from app.models.append_only import TABLES
from app.models.audit import AuditEntry, Step
from app.models.exchange import Batch
from app.models.overpayment import Overpayment, Repayment
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person

from . import recovery_books
from .lifecycle import LIFECYCLES
from .verify import invariant

LIMIT = 20
ONE_BY_ONE = ("payment_run", "overpayment", "notice")


@invariant("batch_rows", "收件每一批：檔案列數＝接受＋退回")
def _batches(session: Session) -> Iterator[str]:
    broken = select(Batch.id).where(or_(Batch.rows != Batch.accepted + Batch.rejected, Batch.noticed > Batch.accepted)).limit(LIMIT)
    yield from (f"第 {number} 批的列數不符" for number in session.scalars(broken))


@invariant("record_history", "每筆紀錄的狀態就是歷程最後一步的結果，歷程每一步接著前一步")
def _history(session: Session) -> Iterator[str]:
    for cycle in LIFECYCLES:
        table, key = cycle.model.__tablename__, inspect(cycle.model).primary_key[0]
        last = select(func.max(Step.id).label("id")).where(Step.subject_table == table).group_by(Step.subject_id).subquery()
        differs = (
            select(key)
            .join(Step, and_(Step.subject_table == table, Step.subject_id == key))
            .join(last, last.c.id == Step.id)
            .where(Step.to_state != getattr(cycle.model, cycle.column))
            .limit(LIMIT)
        )
        yield from (f"{table} 第 {pk} 筆的狀態與歷程最後一步不同" for pk in session.scalars(differs))
    before = func.lag(Step.to_state).over(partition_by=(Step.subject_table, Step.subject_id), order_by=Step.id)
    steps = select(Step.subject_table, Step.subject_id, Step.from_state, before.label("was")).subquery()
    gaps = select(steps.c.subject_table, steps.c.subject_id).where(steps.c.was.is_not(None), steps.c.was != steps.c.from_state).limit(LIMIT)
    yield from (f"{table} 第 {pk} 筆的歷程中斷" for table, pk in session.execute(gaps))


@invariant("steps_audited", "清冊、追繳案與通知書狀態的每一次變更，在稽核軌跡都有且只有一筆")
def _audited(session: Session) -> Iterator[str]:
    """Money and what was sent out: applications taken over bring a history this trail never saw, and tasks are closed in bulk under one entry."""
    steps = (
        select(Step.subject_table.label("t"), cast(Step.subject_id, String).label("k"), (Step.subject_table + "." + Step.move).label("e"), func.count().label("n"))
        .where(Step.subject_table.in_(ONE_BY_ONE))
        .group_by(Step.subject_table, Step.subject_id, Step.move)
        .subquery()
    )
    entries = (
        select(AuditEntry.subject_table.label("t"), AuditEntry.subject_id.label("k"), AuditEntry.event.label("e"), func.count().label("n"))
        .where(AuditEntry.event.in_(select(steps.c.e)))
        .group_by(AuditEntry.subject_table, AuditEntry.subject_id, AuditEntry.event)
        .subquery()
    )
    same = and_(entries.c.t == steps.c.t, entries.c.k == steps.c.k, entries.c.e == steps.c.e)
    broken = select(steps.c.t, steps.c.k, steps.c.n, entries.c.n).outerjoin(entries, same).where(func.coalesce(entries.c.n, 0) != steps.c.n)
    for table, pk, n, m in session.execute(broken.limit(LIMIT)):
        yield f"{table} 第 {pk} 筆：歷程 {n} 步，稽核 {m or 0} 筆"


@invariant("posted_rows", "只能增加的資料表都有拒絕修改與刪除的觸發器")
def _triggers(session: Session) -> Iterator[str]:
    catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if session.get_bind().dialect.name == "postgresql":
        catalogue = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    have = set(session.scalars(text(catalogue)))
    for table in sorted(TABLES):
        lacking = [w for name, w in (("update", "修改"), ("delete", "刪除")) if f"{table}_no_{name}" not in have]
        if lacking:
            yield f"資料表 {table} 可以{'、'.join(lacking)}"


@invariant("nobody_dead_approved", "已核准或已撥款而未送出的清冊，沒有死亡次月以後的款項")
def _dead(session: Session) -> Iterator[str]:
    died = extract("year", Person.died_on) * 12 + extract("month", Person.died_on) - 1
    rows = session.execute(
        select(PaymentRun.run_no, PaymentLine.line_no)
        .join(PaymentLine, PaymentLine.run_id == PaymentRun.id)
        .join(Payment, and_(Payment.run_id == PaymentLine.root_run_id, Payment.line_no == PaymentLine.root_line_no, Payment.live))
        .join(Person, Person.id == PaymentLine.recipient_id)
        .where(PaymentRun.state.in_(("approved", "released")), PaymentLine.status == "planned", Person.died_on.is_not(None), Payment.month > died)
        .distinct()
        .limit(LIMIT)
    )
    yield from (f"清冊 {run_no} 第 {line_no} 筆付給已死亡者，請退回承辦" for run_no, line_no in rows)


@invariant("recovery_books", "追繳款帳務的期末等於各案待繳餘額的合計")
def _books(session: Session) -> Iterator[str]:
    today = clock.today()
    books = {b.benefit: b.closing for b in recovery_books.movements(session, today, today)}
    owed = recovery_books.open_balances(session)
    for benefit in sorted(set(books) | set(owed)):
        if books.get(benefit, 0) != owed.get(benefit, 0):
            yield f"{benefit}：帳務期末 {books.get(benefit, 0):,} 元，各案待繳 {owed.get(benefit, 0):,} 元"


@invariant("recovered_once", "收回的每一元都記在一件追繳案上，結案的案件沒有餘額")
def _recovered(session: Session) -> Iterator[str]:
    paid = select(Repayment.overpayment_id, func.sum(Repayment.amount).label("n")).group_by(Repayment.overpayment_id).subquery()
    closed = case((Overpayment.state == "settled", literal(0)), (Overpayment.state == "written_off", literal(0)), else_=literal(None))
    rows = session.execute(
        select(Overpayment.claim_no)
        .outerjoin(paid, paid.c.overpayment_id == Overpayment.id)
        .where(
            or_(
                Overpayment.repaid != func.coalesce(paid.c.n, 0),
                Overpayment.amount - Overpayment.repaid - Overpayment.written_off != closed,
                and_(Overpayment.state == "dropped", or_(Overpayment.repaid != 0, Overpayment.dropped_by_id == Overpayment.made_by_id)),
                and_(Overpayment.state.in_(("settled", "written_off", "dropped")), Overpayment.closed_on.is_(None)),
            )
        )
        .limit(LIMIT)
    )
    yield from (f"追繳案 {claim_no} 的收回、餘額或結案不符" for (claim_no,) in rows)
