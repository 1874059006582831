"""A list as a spreadsheet: same rows, scope and masking; strings stay strings; totals are checked."""

import io
import threading
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import app.views.export as export
from app.core import clock
from app.models.access import AccessEntry
from app.views.base_values import Cell

CLERK = "clerk.10004010"
FACTS = export.Facts("試用", "測試員", "竹北市公所", clock.now(), [("姓名", "開頭為「陳」")], "月會")


def sheet(content: bytes, name: str = "資料") -> list[tuple[Any, ...]]:
    return [tuple(row) for row in openpyxl.load_workbook(io.BytesIO(content))[name].values]


def test_an_export_is_what_the_list_shows(people: Any, towns: Any, client_as: Any, session: Any) -> None:
    people(3)
    people(2, towns[1], "鄰鄉")
    client = client_as(CLERK)
    answer = client.post("/try/export", data={"reason": "3 月複審會議"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = sheet(answer.data)
    assert rows[0] == ("姓名", "身分證統一編號", "出生日期", "鄉鎮市區", "戶籍地址")
    assert sorted(r[0] for r in rows[1:]) == ["陳美玲0", "陳美玲1", "陳美玲2"]
    assert rows[1][1:4] == ("J20000****", "19/03/01", "竹北市")
    checks = dict(sheet(answer.data, "核對"))
    assert checks["筆數"] == 3 and checks["案由"] == "3 月複審會議" and "竹北市公所" in checks["匯出人員"]
    session.rollback()
    log = session.scalars(select(AccessEntry).where(AccessEntry.action == "export")).one()
    assert (log.rows, log.purpose) == (3, "3 月複審會議")


def test_an_export_obeys_the_search(people: Any, client_as: Any) -> None:
    people(3)
    client = client_as(CLERK)
    target = client.post("/try/search", data={"_flt_0_name": "陳美玲1"}).headers["Location"]
    answer = client.post(target.replace("/list/", "/export"), data={"reason": "核對"})
    assert [r[0] for r in sheet(answer.data)[1:]] == ["陳美玲1"]
    assert "姓名 開頭為「陳美玲1」" in dict(sheet(answer.data, "核對"))["查詢條件"]


def test_an_export_of_personal_data_asks_why(people: Any, client_as: Any) -> None:
    people(1)
    answer = client_as(CLERK).post("/try/export", data={"reason": " "}, follow_redirects=True)
    assert "請先填寫匯出的案由" in answer.text


def test_a_long_list_becomes_a_job_for_the_person_who_asked(people: Any, client_as: Any, app: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.extensions import db
    from app.jobs import lease, list_export, load, runner
    from app.models.job import Job

    monkeypatch.setattr(export, "AT_ONCE", 5)
    monkeypatch.setattr(list_export, "CHUNK", 3)
    people(8)
    client = client_as(CLERK)
    answer = client.post("/try/export", data={"reason": "年度複查"}, follow_redirects=True)
    assert "已排入背景作業" in answer.text
    load()
    session.rollback()
    held = lease.claim(db.engine, "worker", 30)
    assert held is not None
    runner.execute(app, held, threading.Event())
    session.rollback()
    job = session.scalars(select(Job)).one()
    assert job.state == "done", job.error_text
    assert "複查" in client.get("/exports/list/").text
    (stored,) = list_export.folder().iterdir()
    assert job.result["雜湊"][:16] in stored.name, "the number alone is not the file: after a restored backup it comes again"
    assert (stored.stat().st_mode & 0o077, list_export.folder().stat().st_mode & 0o077) == (0, 0), "nobody else on the machine reads it"
    content = client.get(f"/exports/file/{job.id}")
    rows = sheet(content.data)
    assert len(rows) == 9 and rows[1][1] == "J20000****"
    assert client_as("chief.10004010").get(f"/exports/file/{job.id}").status_code == 404
    assert session.scalars(select(AccessEntry.rows).where(AccessEntry.action == "export")).one() == 8


def write(values: list[Any]) -> tuple[bytes, export.Written]:
    target = io.BytesIO()
    book = export.Spreadsheet(target, FACTS, [("文字", "text"), ("金額", "money")])
    for value in values:
        amount = Cell("6,000")
        amount.raw, amount.kind, amount.style = 6000, "money", ""
        book.add([value, amount])
    written = book.close(len(values))
    return target.getvalue(), written


XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(XML_TEXT | st.sampled_from(["=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "0980301", "00123", "https://x.tw", "＝1", "1e5"]), min_size=1, max_size=5))
def test_any_text_comes_back_as_the_same_text(values: list[str]) -> None:
    content, _ = write(values)
    assert [row[0] for row in sheet(content)[1:]] == values
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert all(cell.data_type == "s" for (cell,) in book["資料"].iter_rows(min_row=2, max_col=1))
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("資料").to_python()
    assert [row[0] for row in rows[1:]] == values


def test_amounts_are_numbers_with_a_total() -> None:
    content, written = write(["甲", "乙"])
    assert sheet(content)[1][1] == 6000
    assert dict(sheet(content, "核對"))["金額合計"] == written.sums["金額"] == 12000


def test_a_row_that_did_not_get_in_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    book = export.Spreadsheet(tmp_path / "x.xlsx", FACTS, [("文字", "text")])
    with pytest.raises(export.ExportFailed):
        book.add(["字" * 40_000])
    with pytest.raises(export.ExportFailed):
        book.close(expected=1)


def test_many_rows_go_on_another_sheet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export, "SHEET_ROWS", 10)
    book = export.Spreadsheet(tmp_path / "x.xlsx", FACTS, [("文字", "text")])
    for i in range(25):
        book.add([str(i)])
    assert book.close(25).rows == 25
    names = openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames
    assert names == ["資料", "資料2", "資料3", "核對"]
