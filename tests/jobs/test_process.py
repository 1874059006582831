"""The jobs process outlives a database that comes and goes: whatever a turn was doing, the next one goes on."""

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.jobs import lease, timetable
from app.jobs.process import JobsProcess, Settings
from app.models.job import DONE
from tests.jobs.test_runs import Chunks, JobContext, kind, queue, state_of

__all__ = ["kind"]


def failing(times: int, real: Callable[..., object]) -> Callable[..., object]:
    """`real`, after the database went away so many times."""
    left = [times]

    def call(*args: object) -> object:
        if left[0]:
            left[0] -= 1
            raise OperationalError("SELECT", {}, Exception("gone"))
        return real(*args)

    return call


@pytest.mark.parametrize(("module", "name"), [(lease, "claim"), (lease, "sweep"), (timetable, "start")])
def test_a_turn_cut_short_by_the_database_costs_nothing_for_good(
    app: Flask, kind: Callable[..., None], monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    def run(ctx: JobContext) -> Chunks:
        ctx.progress(1, 1)
        yield

    kind(run)
    job_id = queue()
    started = []
    real = timetable.start
    monkeypatch.setattr(timetable, "start", lambda *args: (real(*args), started.append(True)))
    monkeypatch.setattr(module, name, failing(3, getattr(module, name)))  # more often than the process has workers
    monkeypatch.setattr("app.jobs.process.os._exit", lambda code: started.append(f"left with {code}"))  # else pytest itself would end
    process = JobsProcess(app, Settings(workers=2, poll=0.02, grace=5))
    thread = threading.Thread(target=process.serve)
    thread.start()
    deadline = time.monotonic() + 300
    while state_of(job_id).state != DONE and time.monotonic() < deadline:
        time.sleep(0.05)
    process.stop()
    thread.join(300)
    assert state_of(job_id).state == DONE and started == [True]
    db.session.remove()
