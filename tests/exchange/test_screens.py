"""The upload as people do it: a broken workbook, the returned rows, the corrected ones; the published specification."""

import io
import threading

import pytest
from sqlalchemy import select

from app.extensions import db
from app.jobs import lease, load, runner
from app.models.exchange import Batch
from app.models.job import Job
from tests.exchange.making import rows, table, write_csv, write_xlsx


def start(client, path, **typed):
    """The first step; its answer leads to the preview."""
    data = {"source": "roster", "mode": "new", **typed, "file": (io.BytesIO(path.read_bytes()), path.name)}
    return client.post("/upload/", data=data, content_type="multipart/form-data")


def upload(client, path, reason="", **typed):
    """All steps; the answer to the confirmation."""
    first = start(client, path, **typed)
    if first.status_code != 303:
        return first
    check = first.location.replace("/preview", "/check")
    assert client.get(check).status_code == 200
    return client.post(check, data={"reason": reason})


def test_a_broken_workbook_comes_back_and_is_corrected(client_as, session, tmp_path):
    officer = client_as("officer.10004")
    assert "上傳並預覽" in officer.get("/upload/").text
    data = rows()
    data[1]["birth"], data[4]["sex"] = "0980230", "X"
    answer = upload(officer, write_xlsx(tmp_path / "名冊.xlsx", table(data)))
    assert answer.status_code == 303, answer.text[-2000:]
    page = officer.get(answer.location).text
    assert "退回 2 列" in page and "不是存在的日期" in page and "下載退回列" in page and "補正" in page
    batch = session.scalars(select(Batch)).one()
    back = officer.get(f"/batches/errors/{batch.id}")
    assert back.status_code == 200 and back.data[:2] == b"PK"
    fixed = write_csv(
        tmp_path / "fixed.csv", [r | {"birth": "0200101", "sex": s} for r, s in ((data[1], data[1]["sex"]), (data[4], rows()[4]["sex"]))]
    )
    again = upload(officer, fixed, mode="supplement")
    assert again.status_code == 303
    assert "收下 2 列，退回 0 列" in officer.get(again.location).text
    session.rollback()
    assert [(b.state, b.snapshot_rows) for b in session.scalars(select(Batch).order_by(Batch.id))] == [("superseded", 8), ("accepted", 10)]


def test_a_refused_file_says_why_on_its_page(client_as, session, tmp_path):
    bad = tmp_path / "名冊.xls"
    bad.write_bytes(b"<html><table></table></html>")
    officer = client_as("officer.10004")
    answer = upload(officer, bad)
    assert answer.status_code == 303
    page = officer.get(answer.location).text
    assert "其實是網頁" in page and "更正後重送" in page


def test_forms_without_what_they_need(client_as, session):
    officer = client_as("officer.10004")
    missing = officer.post("/upload/", data={"source": "roster"})
    assert missing.status_code == 422 and "還沒有選擇檔案" in missing.text
    month = officer.post("/upload/nil", data={"source": "roster", "kind": "elderly_living_allowance", "county": "10004"})
    assert month.status_code == 422 and "資料年月" in month.text
    done = officer.post("/upload/nil", data={"source": "roster", "kind": "elderly_living_allowance", "month": "98/3", "county": "10004"})
    assert done.status_code == 303 and "本月無資料" in officer.get(done.location).text


def test_counties_see_their_own_deliveries(client_as, session, tmp_path):
    officer = client_as("officer.10004")
    location = upload(officer, write_csv(tmp_path / "a.csv", rows())).location
    stranger = client_as("officer.10005")
    assert stranger.get(location).status_code == 404
    number = location.rsplit("/", 1)[1]
    assert stranger.get(f"/batches/errors/{number}").status_code == 404
    assert stranger.post(f"/batches/move/{number}/undo", data={"comment": "x"}).status_code == 404
    assert upload(stranger, tmp_path / "a.csv", county="10004").status_code == 422
    assert client_as("clerk.10004010").get("/upload/").status_code == 403
    assert client_as("ministry").get(location).status_code == 200
    undone = officer.post(f"/batches/move/{number}/undo", data={"comment": "誤送"})
    assert undone.status_code == 303 and "已撤銷" in officer.get(location).text


def test_large_files_become_a_job_with_the_senders_scope(app, client_as, session, tmp_path, monkeypatch):
    load()
    monkeypatch.setattr("app.commands.uploads.AT_ONCE", 100)
    officer = client_as("officer.10004")

    def work(kind, state):
        session.rollback()
        held = lease.claim(db.engine, "worker", 30)
        runner.execute(app, held, threading.Event())
        session.rollback()
        job = session.get(Job, held.job_id)
        assert (job.kind, job.state) == (kind, state), job.error_text

    for county, state in (("10004", "done"), ("10005", "failed")):
        path = write_csv(tmp_path / f"{county}.csv", rows(county_code=county, town_code=f"{county}010"))
        check = start(officer, path).location.replace("/preview", "/check")
        assert "檢核中" in officer.get(check).text
        work("check_upload", "done")
        assert ("可收" in officer.get(check).text) is (county == "10004")
        answer = officer.post(check)
        assert answer.status_code == 303 and "收件中" in officer.get(answer.location).text
        work("import_file", state)
        assert "/batches/show/" in officer.get(check).location
    batches = session.scalars(select(Batch).order_by(Batch.id)).all()
    assert [(b.county_code, b.state, b.accepted) for b in batches] == [("10004", "accepted", 10), ("10004", "rejected", 0)]


@pytest.mark.parametrize("name", ["clerk.10004010", "officer.10004", "ministry"])
def test_the_specification_is_open_to_all_who_sign_in(client_as, session, name, tmp_path):
    from app.exchange.delivery import read_delivery
    from app.exchange.layouts import every_layout

    client = client_as(name)
    page = client.get("/specification/").text
    assert "共同規則" in page and "id_checksum" in page
    for spec in every_layout():
        kind = spec.kind or "all"
        assert spec.label in client.get(f"/specification/{spec.source}/{kind}").text
        path = tmp_path / f"{spec.source}_{kind}.csv"
        path.write_bytes(client.get(f"/specification/{spec.source}/{kind}/sample.csv").data)
        done = read_delivery(path, spec.source)
        assert (done.meta.accepted, done.meta.noticed, done.notices) == (3, 0, [])
    assert client.get("/specification/nothing/all").status_code == 404
    assert client.get("/specification/roster/nothing").status_code == 404
