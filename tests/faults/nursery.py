"""Grows jobs processes quickly: everything is imported once, each worker is a fork. One line on stdin, one pid on stdout.

`python -m tests.faults.nursery DATABASE_URL`, then `grow` (a worker),
`grow clock` (one whose timetable ticks every second) or `grow calm` (one whose heart beats slowly).
"""

import logging
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from apscheduler.triggers.cron import CronTrigger
from flask import Flask

from app import models  # noqa: F401
from app.commands.job_kinds import KINDS
from app.core import clock
from app.extensions import db
from app.jobs import JobContext, job, timetable
from app.jobs.process import JobsProcess, Settings

LINES = sa.Table("fault_line", sa.MetaData(), sa.Column("job_id", sa.Integer), sa.Column("line", sa.Integer))
FAST = Settings(workers=1, lease=0.4, poll=0.03, grace=5)
CALM = Settings(workers=1, lease=4.0, poll=0.03, grace=5)  # its first heartbeat comes after a second
CHUNK, TOTAL = 40, 2400


@job("count", label="count", max_attempts=1000)
def count(ctx: JobContext) -> Iterator[None]:
    """Writes the lines 0 … TOTAL-1, CHUNK at a time."""
    for start in range(ctx.checkpoint.get("next", 0), TOTAL, CHUNK):
        ctx.session.execute(LINES.insert(), [{"job_id": ctx.job_id, "line": line} for line in range(start, start + CHUNK)])
        time.sleep(random.random() * 0.01)
        ctx.checkpoint["next"] = start + CHUNK
        ctx.progress(start + CHUNK, TOTAL)
        yield


@job("once", label="once", max_attempts=1000)
def once(ctx: JobContext) -> Iterator[None]:
    """One line, one chunk, and its checkpoint: between the chunk's commit and the end of the run the lease may be lost too."""
    if not ctx.checkpoint.get("written"):
        ctx.session.execute(LINES.insert(), {"job_id": ctx.job_id, "line": 0})
        ctx.checkpoint["written"] = True
        yield


@job("freeze", label="freeze", max_attempts=1000)
def freeze(ctx: JobContext) -> Iterator[None]:
    """Like `count`; the first attempt stops its whole process between two chunks, as a suspended machine would."""
    for number, _chunk in enumerate(count(ctx)):
        yield
        if ctx.lease.attempt == 1 and number == 2:
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.2)  # the stop reaches this thread here, not in the middle of the next chunk


@job("halted", label="halted", max_attempts=1000)
def halted(ctx: JobContext) -> Iterator[None]:
    """Like `count`; the first attempt does not get beyond the fifth chunk."""
    for number, _chunk in enumerate(count(ctx)):
        yield
        while ctx.lease.attempt == 1 and number == 4:
            time.sleep(0.01)
            yield


@job("every_second", label="every second")
def every_second(ctx: JobContext) -> Iterator[None]:
    """Does next to nothing, on the clock."""
    ctx.result = {"ran": True}
    yield


MINE = {name: KINDS.pop(name) for name in ("count", "once", "freeze", "halted", "every_second")}
"""The kinds above are nobody's but these tests': they are registered only while `lent`."""


@contextmanager
def lent() -> Iterator[None]:
    """The kinds of this file are the product's for a while."""
    KINDS.update(MINE)
    try:
        yield
    finally:
        for name in MINE:
            KINDS.pop(name, None)


def bare_app(url: str) -> Flask:
    """An application with a database and nothing else."""
    app = Flask("faults")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True}, AUDIT_KEY="k" * 40)
    db.init_app(app)
    return app


def _grow(url: str, order: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    random.seed(os.getpid())
    kind = timetable.KINDS["every_second"]
    if "clock" in order:
        object.__setattr__(kind, "schedule", "* * * * *")
        timetable.trigger = lambda _kind: CronTrigger(second="*", timezone=clock.TAIPEI)
    JobsProcess(bare_app(url), CALM if "calm" in order else FAST).serve()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    KINDS.update(MINE)
    for order in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                _grow(sys.argv[1], order)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
