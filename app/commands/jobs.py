"""What people do with jobs: start, cancel, repeat, settle. The web only enqueues; `app.jobs` runs."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.job import CANCELLED, DONE, FAILED, LIVE, NEEDS_PERSON, QUEUED, RUNNING, Job, JobLog
from app.security.actor import Actor
from app.security.roles import ACCOUNTANT, ADMINISTRATOR, COUNTY, MINISTRY_OFFICER

from .base import Context, NotFound, Refused, command
from .job_kinds import KINDS, Argument
from .verify import invariant

STUCK_MINUTES = 10
STARTERS = (*COUNTY, ACCOUNTANT, MINISTRY_OFFICER, ADMINISTRATOR)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The WHERE part for the jobs an actor may see.

    A township sees what its office asked for; a county that of all its offices and what the clock runs; the ministry and those who
    look after the installation see every run (a run carries codes and counts, no case data).
    """
    if actor.scope.level == "township":
        return Job.office_id == actor.office_id
    if actor.scope.level == "county":
        return or_(Job.county_code == actor.scope.county_code, Job.started_by_id.is_(None))
    return true()


def default_scope(args: dict[str, Any]) -> str:
    """What a run covers, in a word: the same arguments give the same scope."""
    text = json.dumps(args, ensure_ascii=False, sort_keys=True, default=str)
    if not args:
        return ""
    if len(args) == 1:
        (value,) = args.values()
        if isinstance(value, str | int) and len(str(value)) <= 100:
            return str(value)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def enqueue(
    ctx: Context,
    kind: str,
    args: dict[str, Any] | None = None,
    *,
    scope: str | None = None,
    reason: str | None = None,
    rerun_of: Job | None = None,
) -> Job:
    """Queue a run in the caller's transaction. While one for the same kind and scope is queued or running, that one is returned."""
    if kind not in KINDS:
        raise NotFound(f"沒有「{kind}」這種作業", "E-JOB-KIND")
    args = args or {}
    covers = default_scope(args) if scope is None else scope
    found = live(ctx.session, kind, covers)
    if found is not None:
        return found
    job = Job(
        kind=kind,
        scope=covers,
        args=args,
        reason=reason,
        rerun_of_id=rerun_of.id if rerun_of else None,
        started_by_id=ctx.actor.user_id,
        office_id=ctx.actor.office_id,
        county_code=ctx.actor.scope.county_code,
        max_attempts=KINDS[kind].max_attempts,
        requested_at=ctx.now,
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(job)
    except IntegrityError:  # somebody else's click came between; theirs is the run
        found = live(ctx.session, kind, covers)
        if found is None:
            raise
        return found
    ctx.audit("job.queued", job, kind=kind, scope=covers)
    return job


def live(session: Session, kind: str, scope: str) -> Job | None:
    """The queued or running job of a kind and scope."""
    return session.scalars(select(Job).where(Job.kind == kind, Job.scope == scope, Job.state.in_(LIVE))).one_or_none()


def tick(session: Session, kind: str, due_at: dt.datetime, late: bool = False) -> int | None:
    """The clock's way in: one run for the tick `due_at` (UTC). None when it is already there or the last one still runs."""
    if live(session, kind, "") is not None:
        return None
    job = Job(kind=kind, scope="", due_at=due_at, args={}, max_attempts=KINDS[kind].max_attempts, requested_at=clock.now())
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:
        return None
    if late:
        session.add(JobLog(job_id=job.id, level="warning", text="排定時間已過（服務當時未執行），本次為補跑"))
    return job.id


def _seen(ctx: Context, job_id: int) -> Job:
    job = ctx.session.scalars(select(Job).where(Job.id == job_id, visible(ctx.actor))).one_or_none()
    if job is None:
        raise NotFound("查無這筆作業，或不在您的業務範圍", "E-404")
    return job


@command("jobs.start", roles=STARTERS)
def start(ctx: Context, kind: str, args: dict[str, Any] | None = None, reason: str | None = None) -> int:
    """Queue a run of a kind by hand; the number of the run (the running one, when there is one). Raises NotFound, Forbidden, Refused."""
    found = KINDS.get(kind)
    if found is None or not found.by_hand:
        raise NotFound(f"沒有「{kind}」這種作業", "E-JOB-KIND")
    ctx.require(found.permission)
    args = args or {}
    known = [a for a in found.arguments if args.get(a.name) not in (None, "")]
    for argument in found.arguments:
        if argument.required and argument not in known:
            raise Refused(f"請填寫「{argument.label}」後再開始作業", "E-JOB-ARG")
    covers = " ".join(in_words(args[a.name], a) for a in known)[:120]
    return enqueue(ctx, kind, {a.name: args[a.name] for a in known}, scope=covers, reason=reason).id


def in_words(value: Any, argument: Argument) -> str:
    """An argument as people write it: months as `09803`, dates as `0980301`, a choice by its name."""
    if argument.choices:
        return str(dict(argument.choices).get(value, value))
    if argument.type == "month":
        return roc.month5(value)
    if argument.type == "date":
        return roc.date7(dt.date.fromisoformat(value))
    return str(value)


@command("jobs.cancel", roles=STARTERS)
def cancel(ctx: Context, job_id: int, reason: str) -> str:
    """Stop a run: at once when it waits, after the chunk under way when it runs. The state afterwards. What is committed stays."""
    job = _seen(ctx, job_id)
    if not reason.strip():
        raise Refused("請填寫取消的理由", "E-COMMENT")
    if job.state not in LIVE:
        raise Refused("這項作業已經結束，不能取消", "E-JOB-STATE")
    waiting = update(Job).where(Job.id == job_id, Job.state == QUEUED).values(state=CANCELLED, finished_at=ctx.now)
    running = update(Job).where(Job.id == job_id, Job.state == RUNNING).values(cancel_requested=True)
    if not any(ctx.session.execute(statement).rowcount for statement in (waiting, running)):  # type: ignore[attr-defined]
        raise Refused("這項作業剛剛結束，不能取消", "E-JOB-STATE")
    ctx.session.add(JobLog(job_id=job_id, attempt=job.attempt, text=f"{ctx.actor.display}要求取消：{reason.strip()}"[:500]))
    ctx.audit("job.cancel", ("job", job_id), reason=reason.strip())
    ctx.session.refresh(job)
    return job.state


@command("jobs.start", roles=STARTERS)
def rerun(ctx: Context, job_id: int, reason: str | None = None) -> int:
    """Repeat an ended run from its beginning as a new run that names the old one; the old one stays as it is. The new number."""
    job = _seen(ctx, job_id)
    if job.kind in KINDS:
        ctx.require(KINDS[job.kind].permission)
    if job.state in LIVE:
        raise Refused("這項作業還沒有結束，請等它結束或先取消", "E-JOB-STATE")
    if job.state == NEEDS_PERSON:
        raise Refused("這項作業的結果不明，請先查明並登錄結果，再決定是否重做", "E-JOB-STATE")
    return enqueue(ctx, job.kind, dict(job.args), scope=job.scope, reason=reason, rerun_of=job).id


@command("jobs.settle", roles=STARTERS)
def settle(ctx: Context, job_id: int, happened: bool, reason: str) -> None:
    """Say how a run with unknown outcome ended in truth: it happened (done) or it did not (failed, may be repeated)."""
    job = _seen(ctx, job_id)
    if job.state != NEEDS_PERSON:
        raise Refused("這項作業沒有待查明的結果", "E-JOB-STATE")
    if not reason.strip():
        raise Refused("請說明如何查明", "E-COMMENT")
    job.state, job.finished_at = (DONE if happened else FAILED), ctx.now
    outcome = "已完成" if happened else "未完成"
    ctx.session.add(JobLog(job_id=job_id, attempt=job.attempt, text=f"{ctx.actor.display}查明結果為{outcome}：{reason.strip()}"[:500]))
    ctx.audit("job.settle", job, happened=happened, reason=reason.strip())


def in_waiting(session: Session, seconds: int = 60) -> int:
    """Runs that nobody has taken for longer than `seconds`: is there a jobs process at all?"""
    before = clock.now() - dt.timedelta(seconds=seconds)
    waiting = select(func.count()).where(Job.state == QUEUED, Job.requested_at < before, or_(Job.not_before.is_(None), Job.not_before < before))
    busy = session.scalar(select(func.count()).where(Job.state == RUNNING, Job.lease_until > clock.now()))
    return 0 if busy else session.scalar(waiting) or 0


def last_runs(session: Session, actor: Actor, per_kind: int = 12) -> dict[str, list[Job]]:
    """The last runs of every kind that the actor may see, newest first."""
    place = func.row_number().over(partition_by=Job.kind, order_by=Job.id.desc()).label("place")
    ranked = select(Job.id, place).where(visible(actor)).subquery()
    rows = session.scalars(select(Job).join(ranked, ranked.c.id == Job.id).where(ranked.c.place <= per_kind).order_by(Job.id.desc()))
    found: dict[str, list[Job]] = {}
    for job in rows:
        found.setdefault(job.kind, []).append(job)
    return found


@invariant("jobs_leased", "執行中的作業都有執行程序回報")
def _jobs_leased(session: Session) -> Iterable[str]:
    before = clock.now() - dt.timedelta(minutes=STUCK_MINUTES)
    statement = select(Job.id).where(Job.state == RUNNING, Job.lease_until < before).order_by(Job.id).limit(100)
    return [f"第 {number} 號作業沒有執行程序回報，也沒有程序接手；請確認作業程序已啟動" for number in session.scalars(statement)]
