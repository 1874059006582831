"""A leased run: chunks under the fence, every way to end, what a lost worker means."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.commands import jobs
from app.commands.base import Context, Refused
from app.commands.job_kinds import KINDS, Kind
from app.extensions import db
from app.jobs import JobContext, OutcomeUnknown, lease, runner
from app.models.audit import AuditEntry
from app.models.job import CANCELLED, DONE, FAILED, NEEDS_PERSON, QUEUED, RUNNING, Job, JobLog
from app.security.actor import Actor

Chunks = Iterator[None]


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a kind for one test."""

    def make(run: Callable[[JobContext], Chunks], name: str = "probe", **options: object) -> None:
        monkeypatch.setitem(KINDS, name, Kind(name, name, run, **options))  # type: ignore[arg-type]

    return make


def queue(name: str = "probe", **args: object) -> int:
    with lease.writing(db.engine) as session:
        job_id = jobs.enqueue(Context(session, Actor.system("test")), name, args).id
        session.commit()
        return job_id


def work(app: Flask, seconds: float = 30) -> None:
    held = lease.claim(db.engine, "worker", seconds)
    assert held is not None
    runner.execute(app, held, threading.Event())


def state_of(job_id: int) -> Job:
    with Session(db.engine) as session:
        return session.get_one(Job, job_id)


def log_of(job_id: int) -> list[str]:
    with Session(db.engine) as session:
        return list(session.scalars(select(JobLog.text).where(JobLog.job_id == job_id).order_by(JobLog.id)))


def test_a_run_commits_chunk_by_chunk_and_ends_done(app: Flask, kind: Callable[..., None]) -> None:
    seen = []

    def run(ctx: JobContext) -> Chunks:
        for part in range(3):
            ctx.log(f"part {part}")
            ctx.audit("probe.part", ("job", ctx.job_id), part=part)
            ctx.checkpoint["part"] = part
            ctx.progress(part + 1, 3)
            yield
            seen.append(state_of(ctx.job_id).checkpoint["part"])
        ctx.result = {"parts": 3}

    kind(run)
    job_id = queue()
    work(app)
    job = state_of(job_id)
    assert (job.state, job.done, job.total, job.result, job.percent) == (DONE, 3, 3, {"parts": 3}, 100)
    assert seen == [0, 1, 2] and job.finished_at and job.lease_owner is None
    assert [line for line in log_of(job_id) if line.startswith("part")] == ["part 0", "part 1", "part 2"]
    with Session(db.engine) as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.event == "probe.part")).all()) == 3


def test_an_error_rolls_the_chunk_back_and_says_where_without_the_message(app: Flask, kind: Callable[..., None]) -> None:
    def run(ctx: JobContext) -> Chunks:
        ctx.checkpoint["part"] = 1
        yield
        ctx.log("gone")
        ctx.checkpoint["part"] = 2
        raise KeyError("A123456789")

    kind(run)
    job_id = queue()
    work(app)
    job = state_of(job_id)
    assert (job.state, job.checkpoint, job.error_code) == (FAILED, {"part": 1}, "E-JOB-ERROR")
    assert "KeyError" in (job.error_text or "") and "A123456789" not in (job.error_text or "")
    assert "gone" not in log_of(job_id)


def test_a_refusal_is_told_in_its_own_words(app: Flask, kind: Callable[..., None]) -> None:
    def run(ctx: JobContext) -> Chunks:
        raise Refused("九十八年三月的清冊尚未到齊", "E-MATCH-01")
        yield

    kind(run)
    job_id = queue()
    work(app)
    job = state_of(job_id)
    assert (job.state, job.error_code, job.error_text) == (FAILED, "E-MATCH-01", "九十八年三月的清冊尚未到齊")


def test_a_worker_whose_lease_went_on_stores_nothing(app: Flask, kind: Callable[..., None]) -> None:
    def run(ctx: JobContext) -> Chunks:
        ctx.checkpoint["by"] = ctx.lease.attempt
        yield
        if ctx.lease.attempt == 1:
            expire(ctx.job_id)
            assert lease.sweep(db.engine) == 1
            second = lease.claim(db.engine, "second", 30)
            assert second is not None and second.attempt == 2
        ctx.log("stale")
        ctx.checkpoint["by"] = "stale"
        yield

    kind(run)
    job_id = queue()
    work(app)
    job = state_of(job_id)
    assert (job.state, job.lease_owner, job.attempt, job.checkpoint) == (RUNNING, "second", 2, {"by": 1})
    assert "stale" not in log_of(job_id)


def expire(job_id: int) -> None:
    with lease.writing(db.engine) as session:
        session.execute(update(Job).where(Job.id == job_id).values(lease_until=lease.DatabaseClock(-1)))
        session.commit()


def lose(times: int) -> None:
    for _ in range(times):
        held = lease.claim(db.engine, "dead", 30)
        assert held is not None
        expire(held.job_id)
        lease.sweep(db.engine)


def test_a_lost_worker_is_followed_until_nothing_moves_any_more(app: Flask, kind: Callable[..., None]) -> None:
    kind(lambda ctx: iter(()))
    job_id = queue()
    lose(2)
    assert state_of(job_id).state == QUEUED
    lose(1)
    job = state_of(job_id)
    assert (job.state, job.error_code) == (FAILED, "E-JOB-ATTEMPTS")


def test_progress_makes_the_count_of_setbacks_begin_anew(app: Flask, kind: Callable[..., None]) -> None:
    def run(ctx: JobContext) -> Chunks:
        yield
        raise OperationalError("x", {}, Exception("server closed the connection"), connection_invalidated=True)

    kind(run)
    job_id = queue()
    for _ in range(5):
        work(app)
        expire(job_id)
        lease.sweep(db.engine)
    assert state_of(job_id).state == QUEUED


def test_what_must_not_be_repeated_waits_for_a_person(app: Flask, kind: Callable[..., None]) -> None:
    kind(lambda ctx: iter(()), idempotent=False)
    job_id = queue()
    lose(1)
    assert state_of(job_id).state == NEEDS_PERSON
    actor = Actor.system("test")
    with pytest.raises(Refused):
        jobs.rerun(actor, job_id=job_id)
    jobs.settle(actor, job_id=job_id, happened=False, reason="銀行回覆未收到檔案")
    again = jobs.rerun(actor, job_id=job_id)
    old, new = state_of(job_id), state_of(again)
    assert (old.state, new.state, new.rerun_of_id) == (FAILED, QUEUED, job_id)


def test_an_unknown_outcome_said_by_the_job_itself(app: Flask, kind: Callable[..., None]) -> None:
    def run(ctx: JobContext) -> Chunks:
        yield
        raise OutcomeUnknown("檔案送出後連線中斷，請向郵局查詢是否收到")

    kind(run)
    job_id = queue()
    work(app)
    assert state_of(job_id).state == NEEDS_PERSON


def test_cancelling_stops_between_chunks_and_keeps_what_is_done(app: Flask, kind: Callable[..., None]) -> None:
    actor = Actor.system("test")

    def run(ctx: JobContext) -> Chunks:
        ctx.progress(1, 2)
        yield
        jobs.cancel(actor, job_id=ctx.job_id, reason="檔案有誤")
        ctx.progress(2, 2)
        yield
        raise AssertionError("went on")

    kind(run)
    job_id, waiting = queue(), queue(month=1)
    work(app)
    job = state_of(job_id)
    assert (job.state, job.done) == (CANCELLED, 2)
    assert jobs.cancel(actor, job_id=waiting, reason="不需要了") == CANCELLED
    assert lease.claim(db.engine, "worker", 30) is None
    with pytest.raises(Refused):
        jobs.cancel(actor, job_id=job_id, reason="再一次")


def test_the_second_click_finds_the_first_run(app: Flask, kind: Callable[..., None]) -> None:
    kind(lambda ctx: iter(()))
    first = queue(month="09803")
    assert queue(month="09803") == first != queue(month="09804")
    work(app)
    assert queue(month="09803") != first


def test_one_tick_is_one_run_whoever_ticks(app: Flask, kind: Callable[..., None]) -> None:
    from app.core import clock
    from app.jobs import timetable

    kind(lambda ctx: iter(()), schedule="* * * * *")
    timetable.fire(db.engine, "probe")
    timetable.fire(db.engine, "probe")
    work(app)
    due = timetable.last_due(timetable.trigger(KINDS["probe"]), clock.now())
    with lease.writing(db.engine) as session:
        assert due is not None and jobs.tick(session, "probe", due) is None
    with Session(db.engine) as session:
        assert len(session.scalars(select(Job).where(Job.kind == "probe")).all()) == 1


def test_a_missed_tick_is_run_once_and_late(app: Flask, kind: Callable[..., None]) -> None:
    from app.core import clock
    from app.jobs import timetable

    kind(lambda ctx: iter(()), schedule="30 2 * * *")
    assert "probe" not in timetable.catch_up(db.engine), "what never ran was not missed"
    with clock.frozen(dt.datetime(2026, 3, 1, 19, 0)):
        timetable.fire(db.engine, "probe")
        work(app)
        assert "probe" not in timetable.catch_up(db.engine)
    with clock.frozen(dt.datetime(2026, 3, 5, 1, 0)):
        assert "probe" in timetable.catch_up(db.engine)
        assert "probe" not in timetable.catch_up(db.engine)
    with Session(db.engine) as session:
        runs = session.scalars(select(Job).where(Job.kind == "probe").order_by(Job.id)).all()
        assert [run.due_at for run in runs] == [dt.datetime(2026, 3, 1, 18, 30), dt.datetime(2026, 3, 4, 18, 30)], "three nights, one run"
    assert any("補跑" in text for text in log_of(runs[1].id))


def test_a_kind_of_another_version_is_told_not_run(app: Flask, kind: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    kind(lambda ctx: iter(()))
    job_id = queue()
    monkeypatch.delitem(KINDS, "probe")
    work(app)
    assert state_of(job_id).error_code == "E-JOB-KIND"


def test_a_dropped_connection_is_tried_again(app: Flask, kind: Callable[..., None]) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("a SQLite file has no connection to drop")

    def run(ctx: JobContext) -> Chunks:
        ctx.progress(1, 1)
        pid = ctx.session.scalar(text("select pg_backend_pid()"))
        if ctx.lease.attempt == 1:
            with ctx.read() as other:
                other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        yield

    kind(run)
    job_id = queue()
    work(app)
    assert state_of(job_id).state == RUNNING  # its lease runs out in two seconds
    expire(job_id)
    lease.sweep(db.engine)
    work(app)
    assert state_of(job_id).state == DONE
