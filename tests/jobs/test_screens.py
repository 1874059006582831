"""The job screens: who sees which run, who starts, stops, repeats and settles."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.commands import jobs
from app.commands.job_kinds import KINDS, Argument, Kind
from app.extensions import db
from app.models.job import DONE, FAILED, NEEDS_PERSON, QUEUED, Job


@pytest.fixture
def app(backend: object) -> Iterator[Flask]:
    """The whole product, not the bare application of this folder."""
    with backend.app.app_context():  # type: ignore[attr-defined]
        yield backend.app  # type: ignore[attr-defined]
        db.session.remove()


@pytest.fixture(autouse=True)
def kinds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    month = Argument("month", "月份", "month")
    monkeypatch.setitem(KINDS, "probe", Kind("probe", "試驗作業", lambda ctx: iter(()), arguments=(month,)))


def start(client: FlaskClient, month: str = "09803") -> int:
    answer = client.post("/job-grid/start/probe", data={"month": month, "reason": "測試"})
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def job(job_id: int) -> Job:
    db.session.rollback()
    found = db.session.get(Job, job_id)
    assert found is not None
    return found


def test_county_staff_start_watch_stop_and_repeat(client_as: Callable[[str], FlaskClient]) -> None:
    client = client_as("officer.10004")
    assert "試驗作業" in client.get("/job-grid/").text
    job_id = start(client)
    made = job(job_id)
    assert (made.args, made.scope, made.county_code, made.reason) == ({"month": 2009 * 12 + 2}, "09803", "10004", "測試")
    assert start(client, "98年3月") == job_id, "the second click finds the first run"
    page = client.get(f"/jobs/show/{job_id}")
    assert page.status_code == 200 and "等候中" in page.text
    assert client.get(f"/jobs/progress/{job_id}").json["live"] is True
    assert "試驗作業" in client.get("/jobs/list/").text
    client.post(f"/jobs/move/{job_id}/cancel", data={"comment": ""})
    assert job(job_id).state == QUEUED, "a reason is asked for"
    client.post(f"/jobs/move/{job_id}/cancel", data={"comment": "檔案還沒到齊"})
    assert job(job_id).state == "cancelled"
    answer = client.post(f"/jobs/move/{job_id}/rerun", data={"comment": ""})
    again = int(answer.location.rsplit("/", 1)[1])
    assert job(again).rerun_of_id == job_id and job(job_id).state == "cancelled"


def test_a_run_of_another_county_is_not_there(client_as: Callable[[str], FlaskClient]) -> None:
    job_id = start(client_as("officer.10004"))
    foreign = client_as("officer.10005")
    assert foreign.get(f"/jobs/show/{job_id}").status_code == 404
    assert foreign.get(f"/jobs/progress/{job_id}").status_code == 404
    assert f"/jobs/show/{job_id}" not in foreign.get("/jobs/list/").text + foreign.get("/job-grid/").text
    foreign.post(f"/jobs/move/{job_id}/cancel", data={"comment": "別縣"})
    assert job(job_id).state == QUEUED
    assert client_as("clerk.10004010").get(f"/jobs/show/{job_id}").status_code == 404
    assert client_as("ministry").get(f"/jobs/show/{job_id}").status_code == 200


def test_a_township_clerk_starts_nothing(client_as: Callable[[str], FlaskClient]) -> None:
    answer = client_as("clerk.10004010").post("/job-grid/start/probe", data={"month": "09803"})
    assert answer.status_code in (302, 403)
    assert db.session.scalars(select(Job)).all() == []


@pytest.mark.parametrize("typed", ["", "十三月", "09813"])
def test_what_cannot_be_read_is_asked_again(client_as: Callable[[str], FlaskClient], typed: str) -> None:
    answer = client_as("officer.10004").post("/job-grid/start/probe", data={"month": typed})
    assert answer.status_code == 422 and "月份" in answer.text
    assert db.session.scalars(select(Job)).all() == []


@pytest.mark.parametrize(("button", "state"), [("happened", DONE), ("did_not_happen", FAILED)])
def test_an_unknown_outcome_is_settled_by_a_person(client_as: Callable[[str], FlaskClient], button: str, state: str) -> None:
    client = client_as("director.10004")
    job_id = start(client)
    job(job_id).state = NEEDS_PERSON
    db.session.commit()
    assert "待查明" in client.get(f"/jobs/show/{job_id}").text
    client.post(f"/jobs/move/{job_id}/{button}", data={"comment": "已電話確認"})
    assert job(job_id).state == state


def test_a_kind_with_a_permission_of_its_own_asks_for_it(app: Flask, client_as: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "probe", Kind("probe", "試驗作業", lambda ctx: iter(()), permission="payments.nobody"))
    assert client_as("officer.10004").post("/job-grid/start/probe").status_code in (403, 422)
    assert db.session.scalars(select(Job)).all() == []


def test_waiting_too_long_is_said(app: Flask, client_as: Callable[[str], FlaskClient]) -> None:
    import datetime as dt

    client = client_as("officer.10004")
    job_id = start(client)
    assert "沒有人執行" not in client.get("/job-grid/").text
    job(job_id).requested_at -= dt.timedelta(minutes=5)
    db.session.commit()
    assert jobs.in_waiting(db.session()) == 1
    assert "沒有人執行" in client.get("/job-grid/").text
