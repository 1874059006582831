"""The monthly match as a job: started by the ministry, told in figures."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.commands import exchange, matching
from app.core import roc
from app.extensions import db
from app.jobs import lease, runner
from app.models.job import DONE, FAILED, Job, JobLog
from app.models.match_run import MatchRun
from app.security import scope
from app.security.actor import Actor

from ..exchange.making import rows, write_csv


@pytest.fixture
def app(backend: object) -> Iterator[Flask]:
    """The whole product, not the bare application of this folder."""
    with backend.app.app_context():  # type: ignore[attr-defined]
        yield backend.app  # type: ignore[attr-defined]
        db.session.remove()


def work(app: Flask) -> Job:
    held = lease.claim(db.engine, "worker", 30)
    assert held is not None
    runner.execute(app, held, threading.Event())
    db.session.rollback()
    return db.session.get_one(Job, held.job_id)


def test_a_month_without_rosters_is_refused_in_words(app: Flask, client_as: Callable[[str], FlaskClient]) -> None:
    assert client_as("ministry").post("/job-grid/start/match", data={"month": "09803"}).status_code == 303
    job = work(app)
    assert (job.state, job.error_code, job.scope) == (FAILED, "E-MAT-ROSTER", "09803")


def test_the_figures_stand_on_the_page(app: Flask, client_as: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    month = roc.parse_month("09803")
    found = matching.Matched(7, month, None, 3, 1_200, 5, {}, {}, {"custody": "尚未送達"}, 1.0, "duckdb")
    asked = []
    monkeypatch.setattr(matching, "run_match", lambda ctx, *args: asked.append((ctx.actor.username, *args)) or found)
    client = client_as("ministry")
    client.post("/job-grid/start/match", data={"month": "09803"})
    job = work(app)
    assert job.state == DONE and asked == [("ministry", month, None)]
    said = db.session.scalars(select(JobLog.text).where(JobLog.job_id == job.id)).all()
    assert any(text.startswith("未比對") and text.endswith("尚未送達") for text in said)
    assert "疑義：5" in client.get(f"/jobs/show/{job.id}").text


def test_who_may_not_match_may_not_start_it(app: Flask, client_as: Callable[[str], FlaskClient]) -> None:
    assert client_as("clerk.10004010").post("/job-grid/start/match", data={"month": "09803"}).status_code in (302, 403)
    assert db.session.scalars(select(Job)).all() == []


def test_a_run_whose_lease_was_taken_over_stores_nothing(
    app: Flask, client_as: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exchange.import_file(Actor.system("test"), "roster", write_csv(tmp_path / "a.csv", rows()))
    client = client_as("ministry")
    keep = matching._keep

    def taken_over(*args: Any) -> str:
        with db.engine.begin() as connection:
            connection.execute(update(Job).values(attempt=Job.attempt + 1))
        return keep(*args)

    client.post("/job-grid/start/match", data={"month": "09803"})
    with monkeypatch.context() as patch:
        patch.setattr(matching, "_keep", taken_over)
        work(app)
    with scope.use(scope.SYSTEM):
        assert db.session.scalars(select(MatchRun)).all() == []
        db.session.execute(update(Job).values(state="queued"))
        db.session.commit()
    assert work(app).state == DONE
    with scope.use(scope.SYSTEM):
        assert db.session.scalars(select(MatchRun.month)).all() == [roc.parse_month("09803")]
