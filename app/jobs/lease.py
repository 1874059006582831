"""Leases on rows of the job table: claim, keep, guard, let go, sweep. Every change of a running job is conditional on its lease.

The fencing token is `attempt`: a worker whose lease went to somebody else matches no row and so changes nothing. Leases run by the
database's clock, which all workers share.
"""

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, case, or_, select, update
from sqlalchemy.orm import Session

from app.commands.job_kinds import KINDS
from app.core import clock
from app.extensions import WRITE
from app.models.job import CANCELLED, DONE, FAILED, NEEDS_PERSON, QUEUED, RUNNING, DatabaseClock, Job, JobLog

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The lease went to somebody else or the row is no longer running; what was about to be stored is not."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one job until `seconds` after the last sign of life."""

    job_id: int
    owner: str
    attempt: int
    seconds: float
    kind: str
    args: dict[str, Any]
    checkpoint: dict[str, Any]
    done: int
    total: int | None
    started_by_id: int | None

    def holds(self) -> tuple[Any, ...]:
        """The conditions of the fence."""
        return (Job.id == self.job_id, Job.lease_owner == self.owner, Job.attempt == self.attempt, Job.state == RUNNING)


def writing(engine: Engine) -> Session:
    """A session whose transaction takes SQLite's write lock at its first statement."""
    return Session(engine.execution_options(**WRITE))


def claim(engine: Engine, owner: str, seconds: float) -> Lease | None:
    """Take the oldest waiting job; None when there is none."""
    waiting = (
        select(Job.id)
        .where(Job.state == QUEUED, or_(Job.not_before.is_(None), Job.not_before <= DatabaseClock()))
        .order_by(Job.id)
        .limit(1)
    )
    with Session(engine) as session:  # look before taking the write lock
        if session.scalar(waiting) is None:
            return None
    taken = {
        Job.state: RUNNING,
        Job.lease_owner: owner,
        Job.attempt: Job.attempt + 1,
        Job.setbacks: Job.setbacks + 1,
        Job.lease_until: DatabaseClock(seconds),
        Job.heartbeat_at: DatabaseClock(),
    }
    with writing(engine) as session:
        job_id = session.scalar(waiting.with_for_update(skip_locked=True))
        if job_id is None:
            return None
        job = session.scalars(
            update(Job).where(Job.id == job_id, Job.state == QUEUED).values(taken).returning(Job),
            execution_options={"synchronize_session": False},
        ).one_or_none()
        if job is None:
            return None
        job.started_at = job.started_at or clock.now()
        resumed = f"，從檢查點續行（已處理 {job.done}）" if job.attempt > 1 else ""
        session.add(JobLog(job_id=job.id, attempt=job.attempt, text=f"第 {job.attempt} 次執行開始{resumed}"))
        found = Lease(
            job.id, owner, job.attempt, seconds, job.kind, job.args, job.checkpoint, job.done, job.total, job.started_by_id
        )
        session.commit()
        return found


def beat(engine: Engine, lease: Lease) -> bool:
    """A sign of life: extend the lease; False when it is no longer ours."""
    with writing(engine) as session:
        won = session.execute(
            update(Job).where(*lease.holds()).values(heartbeat_at=DatabaseClock(), lease_until=DatabaseClock(lease.seconds))
        )
        session.commit()
        return bool(won.rowcount)  # type: ignore[attr-defined]


def guard(
    session: Session,
    lease: Lease,
    checkpoint: dict[str, Any],
    done: int,
    total: int | None,
    finished: bool,
    result: dict[str, Any] | None,
) -> bool:
    """Inside the chunk's transaction: store checkpoint and progress, extend the lease, say whether to cancel. Raises LeaseLost."""
    values: dict[str, Any] = {
        "checkpoint": checkpoint,
        "done": done,
        "total": total,
        "setbacks": 0,
        "heartbeat_at": DatabaseClock(),
        "lease_until": DatabaseClock(lease.seconds),
    }
    if finished:
        values |= {"state": DONE, "finished_at": clock.now(), "result": result, "lease_owner": None, "lease_until": None}
    row = session.execute(
        update(Job).where(*lease.holds()).values(values).returning(Job.cancel_requested).execution_options(synchronize_session=False)
    ).first()
    if row is None:
        session.rollback()
        raise LeaseLost(f"job {lease.job_id} attempt {lease.attempt}")
    return bool(row.cancel_requested)


def close(engine: Engine, lease: Lease, state: str, text: str, *, code: str | None = None, level: str = "info") -> bool:
    """End a leased run with its reason, or give it back (`state` queued) to go on elsewhere; False when the lease was gone."""
    values: dict[str, Any] = {"state": state, "lease_owner": None, "lease_until": None}
    if state == QUEUED:
        values["setbacks"] = case((Job.setbacks > 0, Job.setbacks - 1), else_=0)
    elif state != NEEDS_PERSON:
        values["finished_at"] = clock.now()
    if code:
        values |= {"error_code": code, "error_text": text}
    with writing(engine) as session:
        won = session.execute(update(Job).where(*lease.holds()).values(values).execution_options(synchronize_session=False))
        if not won.rowcount:  # type: ignore[attr-defined]
            return False
        session.add(JobLog(job_id=lease.job_id, attempt=lease.attempt, level=level, text=text[:500]))
        session.commit()
        return True


def abandon(engine: Engine, lease: Lease, delay: float, text: str) -> None:
    """Let a lease run out in `delay` seconds, as if the worker had died: the sweep decides how it goes on."""
    with writing(engine) as session:
        won = session.execute(update(Job).where(*lease.holds()).values(lease_until=DatabaseClock(delay)))
        if not won.rowcount:  # type: ignore[attr-defined]
            return
        session.add(JobLog(job_id=lease.job_id, attempt=lease.attempt, level="warning", text=text[:500]))
        session.commit()


def sweep(engine: Engine) -> int:
    """Give back the runs whose worker is gone (lease over); how many. What must not be repeated waits for a person."""
    over = (Job.state == RUNNING, Job.lease_until < DatabaseClock())
    with Session(engine) as session:  # look before taking the write lock
        if session.scalar(select(Job.id).where(*over).limit(1)) is None:
            return 0
    swept = 0
    with writing(engine) as session:
        for job in session.scalars(select(Job).where(*over).with_for_update(skip_locked=True)):
            state, text, code = _after_loss(job)
            job.state, job.lease_owner, job.lease_until = state, None, None
            if state != QUEUED:
                job.finished_at = None if state == NEEDS_PERSON else clock.now()
                job.error_code, job.error_text = code, text if code else None
            session.add(JobLog(job_id=job.id, attempt=job.attempt, level="warning", text=text))
            log.warning("job %s attempt %s: worker lost, now %s", job.id, job.attempt, state)
            swept += 1
        session.commit()
    return swept


def _after_loss(job: Job) -> tuple[str, str, str | None]:
    """(state, text, code) for a run whose worker disappeared."""
    kind = KINDS.get(job.kind)
    if job.cancel_requested:
        return CANCELLED, "執行程序中斷，依要求取消", None
    if kind is not None and not kind.idempotent:
        return NEEDS_PERSON, "執行程序中斷，無法判定是否已送出；請查明實際結果後登錄", "E-JOB-UNKNOWN"
    if job.setbacks >= job.max_attempts:
        return FAILED, f"連續 {job.setbacks} 次執行中斷且沒有進展，已停止重試；請通知系統管理人員", "E-JOB-ATTEMPTS"
    return QUEUED, f"第 {job.attempt} 次執行中斷，將從檢查點自動續行（已處理 {job.done}）", None
