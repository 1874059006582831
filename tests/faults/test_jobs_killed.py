"""Jobs processes are killed at random moments; nothing is lost, nothing is done twice, and the work goes on by itself."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.commands import jobs
from app.commands.base import Context
from app.extensions import WRITE, Model, db
from app.models.job import DONE, LIVE, Job, JobLog
from app.security.actor import Actor
from tests import postgres
from tests.faults import nursery

KILLS = 50
PATIENCE = 300
"""Seconds a condition may take on a machine that is busy with other things."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    return postgres.cluster().create_database("jobs_killed")


@pytest.fixture
def app(url: str) -> Iterator[Flask]:
    """A bare application with the schema, the fault tables beside it."""
    app = nursery.bare_app(url)
    with app.app_context(), nursery.lent():
        Model.metadata.create_all(db.engine)
        nursery.LINES.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


class Workers:
    """Jobs processes of one test, by pid."""

    def __init__(self, url: str) -> None:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pids: list[int] = []

    def grow(self, order: str = "grow") -> int:
        assert self._nursery.stdin and self._nursery.stdout
        self._nursery.stdin.write(order + "\n")
        self._nursery.stdin.flush()
        self.pids.append(int(self._nursery.stdout.readline()))
        return self.pids[-1]

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        self.pids.remove(pid)
        os.kill(pid, number)

    def close(self) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._nursery.communicate()


@pytest.fixture
def workers(app: Flask, url: str) -> Iterator[Workers]:
    grown = Workers(url)
    yield grown
    grown.close()


def enqueue(*scopes: str, kind: str = "count") -> int:
    """Queue a run per scope; the number of the last."""
    with Session(db.engine.execution_options(**WRITE)) as session:
        ctx = Context(session, Actor.system("test"))
        job_id = [jobs.enqueue(ctx, kind, scope=scope).id for scope in scopes][-1]
        session.commit()
        return job_id


def read(statement: sa.Select[tuple[int]]) -> int:
    with db.engine.connect() as connection:
        return connection.execute(statement).scalar() or 0


def wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def each_line_once(runs_asked: int, lines: int = nursery.TOTAL) -> int:
    """Every run is done and wrote each of its lines exactly once; how many attempts were interrupted."""
    runs = db.session.scalars(sa.select(Job)).all()
    assert len(runs) == runs_asked and {run.state for run in runs} == {DONE}
    with db.engine.connect() as connection:
        written = Counter(tuple(row) for row in connection.execute(sa.select(nursery.LINES)))
    assert written == {(run.id, line): 1 for run in runs for line in range(lines)}
    return sum(run.attempt - 1 for run in runs)


def test_killed_fifty_times_nothing_is_lost_and_nothing_is_done_twice(app: Flask, workers: Workers) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    live = sa.select(sa.func.count()).where(Job.state.in_(LIVE))
    written = sa.select(sa.func.count()).select_from(nursery.LINES)
    workers.grow()
    workers.grow()
    asked, stall = 0, 0.0
    for _ in range(KILLS):
        while read(live) < 3:
            enqueue(f"file {asked}")
            asked += 1
        before, since = read(written), time.monotonic()
        time.sleep(chance.uniform(0.0, 0.3))
        workers.kill(chance.choice(workers.pids))
        workers.grow()
        wait(lambda before=before: read(written) > before)
        stall = max(stall, time.monotonic() - since)
    wait(lambda: not read(live))

    interrupted = each_line_once(asked)
    print(f"seed {seed}: {KILLS} kills, {interrupted} runs interrupted, {asked} jobs, longest pause {stall:.2f} s")
    assert interrupted > KILLS / 25, "the kills did not hit the work"


def test_two_schedulers_make_one_run_a_tick_and_the_standby_takes_over(app: Flask, workers: Workers) -> None:
    first = workers.grow("grow clock")
    ticked = sa.select(sa.func.count()).where(Job.kind == "every_second")
    wait(lambda: read(ticked) >= 1)
    workers.grow("grow clock")
    wait(lambda: read(ticked) >= 3)
    workers.kill(first)
    count = read(ticked)
    wait(lambda: read(ticked) >= count + 3)
    due = [run.due_at for run in db.session.scalars(sa.select(Job).where(Job.kind == "every_second").order_by(Job.due_at))]
    assert len(set(due)) == len(due)


def test_a_stop_gives_the_run_back_at_once(app: Flask, workers: Workers) -> None:
    job_id = enqueue("stopped", kind="halted")
    pid = workers.grow()
    written = sa.select(sa.func.count()).select_from(nursery.LINES)
    wait(lambda: read(written) > 100)
    workers.kill(pid, signal.SIGTERM)
    wait(lambda: fresh(job_id).lease_owner is None)
    run = fresh(job_id)
    assert run.state == "queued" and run.done and run.checkpoint["next"] == run.done
    said = db.session.scalars(sa.select(JobLog.text).where(JobLog.job_id == job_id)).all()
    assert any("作業程序停止" in text for text in said)
    workers.grow()
    wait(lambda: fresh(job_id).state == DONE)
    assert read(written) == nursery.TOTAL


def test_a_frozen_worker_that_wakes_up_late_changes_nothing(app: Flask, workers: Workers) -> None:
    job_id = enqueue("frozen", kind="freeze")
    frozen = workers.grow("grow calm")
    wait(lambda: Path(f"/proc/{frozen}/stat").read_text().split()[2] == "T")
    workers.grow()
    wait(lambda: fresh(job_id).attempt == 2)
    os.kill(frozen, signal.SIGCONT)  # it goes on in the middle of its loop, under a lease that is somebody else's
    wait(lambda: fresh(job_id).state == DONE)
    time.sleep(0.5)  # time to do the wrong thing; on a slow machine it can only miss a fault, not make one
    assert each_line_once(1) == 1


def fresh(job_id: int) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id)


def test_four_workers_share_a_hundred_runs_each_once(app: Flask, workers: Workers) -> None:
    enqueue(*(f"run {i}" for i in range(100)), kind="once")
    for _ in range(4):
        workers.grow()
    wait(lambda: not read(sa.select(sa.func.count()).where(Job.state.in_(LIVE))))
    each_line_once(100, lines=1)


def test_dropped_connections_lose_nothing(app: Flask, url: str, workers: Workers) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("a SQLite file has no connections to drop")
    enqueue("dropped 0", "dropped 1")
    workers.grow()
    workers.grow()
    drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _ in range(10):
        time.sleep(random.uniform(0.05, 0.3))
        with db.engine.connect() as connection:
            connection.exec_driver_sql(drop)
    wait(lambda: not read(sa.select(sa.func.count()).where(Job.state.in_(LIVE))))
    each_line_once(2)
