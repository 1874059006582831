"""Transfers without a person: tokens, the endpoint's scope, the drop folders."""

import datetime as dt
import io
import os
import threading
import time

import pytest
from sqlalchemy import select

from app.commands import transfers
from app.core import clock
from app.exchange.layouts import layout
from app.extensions import db
from app.jobs import lease, load, runner
from app.models.access import SecurityEvent
from app.models.exchange import Batch
from app.models.job import Job
from app.models.transfer import Transfer, UploadToken
from app.security import scope
from app.security.actor import Actor
from tests.exchange.making import row, rows, write_csv


def make(county="10004", days=30):
    return transfers.make_token(Actor.system("test"), "縣府福利系統", days, county)[1]


def post(app, token, content=None, **typed):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = {"source": "roster", **typed}
    if content is not None:
        data["file"] = (io.BytesIO(content), "名冊.csv")
    return app.test_client().post("/incoming", data=data, headers=headers, content_type="multipart/form-data")


@pytest.fixture
def content(tmp_path):
    return write_csv(tmp_path / "a.csv", rows()).read_bytes()


def test_a_countys_system_delivers_for_its_county_only(app, session, tmp_path, content):
    token = make()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        done = post(app, token, content)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert done.status_code == 200 and done.json["ok"] and (done.json["accepted"], done.json["county"]) == (10, "10004"), done.text
    assert "error_file" not in done.json
    again = post(app, token, content)
    assert again.status_code == 200 and again.json["duplicate_of"] == done.json["batch_no"]
    other = write_csv(tmp_path / "b.csv", rows(county_code="10005", town_code="10005010")).read_bytes()
    for typed in ({}, {"county": "10005"}):
        refused = post(app, token, other, **typed)
        assert refused.status_code == 422 and refused.json["code"] == "county_other" and "新竹縣" in refused.json["error"]
    session.rollback()
    with scope.use(scope.SYSTEM):
        batches = session.scalars(select(Batch)).all()
        assert {(b.county_code, b.received_by) for b in batches} == {("10004", "介接：縣府福利系統")}
        logged = session.scalars(select(Transfer).order_by(Transfer.id)).all()
        assert [t.outcome for t in logged] == ["taken", "duplicate", "refused", "refused"]
        assert all((app.config["SWIS_HOME"] / t.path).is_file() and len(t.file_sha256) == 64 for t in logged)
        kept = session.scalars(select(UploadToken)).one()
        assert token not in repr(vars(kept)) and kept.used_at is not None


def test_counties_see_their_own_transfers(app, client_as, session, content):
    post(app, make(), content)
    assert "名冊.csv" in client_as("officer.10004").get("/transfers/list/").text
    assert "名冊.csv" in client_as("ministry").get("/transfers/list/").text
    assert "名冊.csv" not in client_as("officer.10005").get("/transfers/list/").text
    assert client_as("clerk.10004010").get("/transfers/list/").status_code == 403


def test_what_is_remarkable_needs_a_reason_here_too(app, session, tmp_path, content):
    token = make()
    assert post(app, token, content).status_code == 200
    path = write_csv(tmp_path / "b.csv", rows(count=14, ref_month="09804", pay_month_from="09804", pay_month_to="09804"))
    asked = post(app, token, path.read_bytes())
    assert asked.status_code == 422 and asked.json["code"] == "E-EXC-CONFIRM" and "多 40%" in asked.json["error"]
    assert post(app, token, path.read_bytes(), reason="擴大補助").status_code == 200


def test_tokens_that_are_not_valid(app, session, content, monkeypatch):
    token = make(days=1)
    for wrong in ("", "nonsense", token + "x"):
        assert post(app, wrong, content).status_code == 401
    with clock.frozen(clock.now() + dt.timedelta(days=3)):
        assert post(app, token, content).status_code == 401
    with scope.use(scope.SYSTEM):
        number = session.scalars(select(UploadToken)).one().id
    transfers.revoke_token(Actor.system("test"), number)
    refused = post(app, token, content)
    assert refused.status_code == 401 and "新的權杖" in refused.json["error"]
    session.rollback()
    assert len(session.scalars(select(SecurityEvent).where(SecurityEvent.kind == "token_refused")).all()) == 5
    monkeypatch.setattr("app.views.transfers.FAILURES", 5)
    assert post(app, make(), content).status_code == 429


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"source": "nothing"}, "E-EXC-SOURCE"),
        ({"month": "9813"}, "E-EXC-MONTH"),
        ({"mode": "sideways"}, "E-EXC-MODE"),
        ({"mode": "supplement"}, "E-EXC-BASE"),
        ({"kind": "nothing"}, "kind_unknown"),
    ],
)
def test_bad_requests_say_what_to_do(app, session, content, typed, code):
    refused = post(app, make(), content, **typed)
    assert refused.status_code == 422 and refused.json["code"] == code and len(refused.json["error"]) > 8
    assert post(app, make(), None).json["code"] == "E-EXC-FILE"


def test_no_more_than_so_many_a_minute(app, session, content, monkeypatch):
    monkeypatch.setattr(transfers, "PER_MINUTE", 2)
    token = make()
    assert [post(app, token, content).status_code for _ in range(3)] == [200, 200, 429]
    monkeypatch.setattr(transfers, "LARGEST", 10)
    assert post(app, make(), content).status_code == 413


def test_tokens_are_made_shown_once_and_revoked_in_the_console(client_as, session):
    director = client_as("director.10004")
    assert director.post("/upload-tokens/make", data={"label": "", "days": "30"}).status_code == 422
    assert director.post("/upload-tokens/make", data={"label": "系統", "days": "9999"}).status_code == 422
    page = director.post("/upload-tokens/make", data={"label": "縣府系統", "days": "30", "county": "10005"}).text
    assert "swis_" in page and "只顯示這一次" in page
    session.rollback()
    with scope.use(scope.SYSTEM):
        token = session.scalars(select(UploadToken)).one()
        number, county = token.id, token.county_code
    assert county == "10004" and "swis_" not in director.get(f"/upload-tokens/show/{number}").text
    assert client_as("director.10005").get(f"/upload-tokens/show/{number}").status_code == 404
    assert client_as("director.10005").post(f"/upload-tokens/move/{number}/revoke").status_code == 404
    assert client_as("officer.10004").get("/upload-tokens/make").status_code == 403
    assert client_as("director.10004").post(f"/upload-tokens/move/{number}/revoke").status_code == 303
    session.rollback()
    with scope.use(scope.SYSTEM):
        assert session.scalars(select(UploadToken)).one().revoked_at is not None


def drop(app, place, name, content, age=3600):
    folder = app.config["DROP_FOLDER"] / place
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.fixture
def folders(app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "DROP_FOLDER", tmp_path / "drop")
    load()

    def work():
        session = db.session()
        session.add(Job(kind="drop_folder", scope="", args={}, max_attempts=3, requested_at=clock.now()))
        session.commit()
        held = lease.claim(db.engine, "worker", 30)
        runner.execute(app, held, threading.Event())
        session.rollback()
        job = session.get(Job, held.job_id)
        assert job.state == "done", job.error_text
        return job.result

    return work


def test_dropped_files_are_taken_in_or_stand_aside_with_the_reason(app, session, folders, tmp_path, content):
    good = drop(app, "roster/10004", "名冊.csv", content)
    half = drop(app, "roster/10004", "慢.csv", content, age=5)
    part = drop(app, "roster/10004", "慢.csv.part", content)
    foreign = drop(app, "roster/10005", "別縣.csv", content)
    broken = drop(app, "custody", "x.csv", b"<html></html>")
    mixed = write_csv(tmp_path / "m.csv", [row(layout("custody"), n, **({"from_date": "x"} if n == 2 else {})) for n in range(1, 5)])
    custody = drop(app, "custody", "監管.csv", mixed.read_bytes())
    link = app.config["DROP_FOLDER"] / "custody" / "link.csv"
    link.symlink_to("/etc/passwd")
    assert folders() == {"收下": 2, "退回": 2}
    assert not good.exists() and not custody.exists() and half.exists() and part.exists() and link.is_symlink()
    (reason,) = foreign.parent.glob("_refused/*.原因.txt")
    assert not foreign.exists() and "county_other" in reason.read_text("utf-8-sig")
    assert any(p.name.endswith("x.csv") for p in broken.parent.glob("_refused/*"))
    (back,) = custody.parent.glob("_returned/*")
    assert "不是存在的日期" in back.read_text("utf-8-sig")
    with scope.use(scope.SYSTEM):
        assert sorted((t.outcome, t.county_code) for t in session.scalars(select(Transfer))) == [
            ("refused", ""), ("refused", "10005"), ("taken", ""), ("taken", "10004"),
        ]  # fmt: skip
    assert folders() == {"收下": 0, "退回": 0}


def test_a_file_taken_in_before_its_run_was_killed_is_only_cleared_away(app, session, folders, content):
    path = drop(app, "roster/10004", "名冊.csv", content)
    assert folders()["收下"] == 1
    path = drop(app, "roster/10004", "名冊.csv", content)
    assert folders() == {"收下": 1, "退回": 0} and not path.exists()
    with scope.use(scope.SYSTEM):
        assert len(session.scalars(select(Batch)).all()) == 1
        assert [t.outcome for t in session.scalars(select(Transfer).order_by(Transfer.id))] == ["taken", "duplicate"]
