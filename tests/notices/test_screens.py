"""Notices on screen: from the case page to the printed letter and its service; templates; who sees what."""

import io
import re
import threading

import pypdf
import pytest
from sqlalchemy import select

from app.commands.base import Refused
from app.commands.notices import bulk, issue
from app.core import clock, roc
from app.extensions import db
from app.models.access import AccessEntry
from app.models.job import Job
from app.models.notice import Notice, NoticeTemplate
from tests.seed import HOME_TOWN

ARTICLE_96 = ("姓名", "彭水木", "性別", "出生日期", "37年3月1日", "身分證統一編號", "住址", "竹北市福坪里", "主旨", "事實", "理由", "法令依據", "新竹縣政府", "縣長", "范測試",
              "發文字號", "發文日期", "訴願", "次日起30日內", "衛生福利部")  # fmt: skip


def printed(answer):
    """The text of a PDF answer without blanks."""
    assert answer.status_code == 200 and answer.mimetype == "application/pdf", answer.text[:400]
    return ["".join(p.extract_text().split()) for p in pypdf.PdfReader(io.BytesIO(answer.data)).pages]


def opened(browser, path):
    """A record's page after its purpose was given."""
    browser.post(path.replace("/show/", "/purpose/"), data={"purpose": "核定"})
    return browser.get(path).text


def test_from_the_case_page_to_paper_and_service(desk, granted, client_as, session):
    browser = client_as("officer.10004")
    case = f"/elderly_living_allowance/show/{desk.id}"
    assert "發核定通知書" in opened(browser, case)
    url = f"/notices/issue/decision/{granted}"
    shown = browser.get(url).text
    assert "每月發給新臺幣8,329元" in shown and "新竹縣竹北市福坪里1鄰和順路1號" in shown
    answer = browser.post(url, data={"receiver": "彭水木", "address": "新竹縣竹北市自強南路8號"})
    assert answer.status_code == 303
    notice = session.scalars(select(Notice)).one()
    page = browser.get(f"/notices/show/{notice.id}").text
    assert "尚未登錄送達" in page and "列印（PDF）" in page and "自強南路8號" in page
    sheet = "".join(printed(browser.post(f"/notices/print/{notice.id}")))
    for item in (*ARTICLE_96, desk.case.applicant.person_id, notice.number):
        assert item in sheet, item
    assert "受文者：彭水木君" in sheet and "自強南路8號" in sheet
    serve = f"/notices/serve/{notice.id}"
    assert browser.get(serve).status_code == 200
    bad = browser.post(serve, data={"method": "deposit", "on": roc.date7(clock.today()), "note": ""})
    assert bad.status_code == 422 and "寄存機關" in bad.text
    assert browser.post(serve, data={"method": "post", "on": roc.date7(clock.today()), "note": "RR123"}).status_code == 303
    session.rollback()
    assert session.get(Notice, notice.id).state == "served"
    case_page = opened(browser, case)
    assert "發核定通知書" not in case_page and notice.number in case_page and "已送達" in case_page
    assert notice.number in opened(browser, f"/people/show/{desk.case.applicant_id}")
    log = session.scalars(select(AccessEntry).where(AccessEntry.action == "print")).all()
    assert [(e.subject_table, e.subject_id, e.purpose) for e in log] == [("notice", str(notice.id), "通知書發文")] and log[0].person_hash


def test_what_waits_is_counted_on_the_home_page_issued_together_and_printed_as_one_file(desk, granted, client_as, session):
    desk.open(n=2, name="范水火").fill(children=[(45, 42_000)]).to_decision()
    other = desk.approve()
    browser = client_as("officer.10004")
    home = browser.get("/").text
    assert re.search(r"待發文的核定案[\s\S]{0,300}?2", home)
    listed = browser.get("/decisions_to_notify/list/").text
    assert "彭水木" in listed and "范水火" in listed and "全部發文並列印" in listed
    answer = browser.post("/decisions_to_notify/action_post", data={"action": "issue_ticked", "rowid": [str(granted), str(other)]})
    assert answer.status_code == 303 and "_flt_0_batch=" in answer.location
    batch = session.scalars(select(Notice.batch)).first()
    assert "整批列印（PDF）" in browser.get(answer.location).text
    pages = printed(browser.post("/notices/print_batch", data={"batch": batch}))
    firsts = [p for p in pages if "受文者" in p]
    assert len(firsts) == 2 and {"受文者：彭水木君" in p for p in firsts} == {True, False}
    session.rollback()
    assert len(session.scalars(select(AccessEntry).where(AccessEntry.action == "print")).all()) == 2
    assert "沒有待發文的核定案" in browser.get("/decisions_to_notify/list/").text
    ids = [str(n) for n in session.scalars(select(Notice.id))]
    assert len(printed(browser.post("/notices/action_post", data={"action": "print_all", "rowid": ids}))) == len(pages)
    form = browser.post("/notices/action_post", data={"action": "serve_all", "rowid": ids})
    assert "登錄送達　2 件" in form.text
    done = browser.post("/notices/serve_many", data={"notice": ids, "method": "post", "on": roc.date7(clock.today())})
    assert done.status_code == 303
    session.rollback()
    assert {n.state for n in session.scalars(select(Notice))} == {"served"}


def test_everything_that_waits_is_issued_and_printed_in_the_background(desk, granted, app, client_as, session, actor):
    from app.jobs import lease, load, runner

    load()
    browser = client_as("officer.10004")
    assert browser.post("/decisions_to_notify/all", data={"benefit": ""}).status_code == 303
    job_id = session.scalars(select(Job.id).where(Job.kind == bulk.KIND)).one()
    session.rollback()
    held = lease.claim(db.engine, "worker", 30)
    runner.execute(app, held, threading.Event())
    session.rollback()
    job = session.get(Job, job_id)
    assert job.state == "done" and (job.result["發文"], job.result["未發文"]) == (1, 0)
    notice = session.scalars(select(Notice)).one()
    assert notice.decision_id == granted and notice.batch == job.result["批次"] and notice.issued_by_id == actor("officer.10004").user_id
    assert "發文 1 件" in browser.get("/printed/list/").text
    assert "受文者：彭水木君" in printed(browser.get(f"/printed/file/{job_id}"))[0]
    assert client_as("officer2.10004").get(f"/printed/file/{job_id}").status_code == 404


def test_without_a_font_nothing_comes_but_the_name_of_the_package(desk, granted, app, client_as, actor, tmp_path, session):
    notice_id = issue.issue(actor("officer.10004"), "decision", granted)
    browser = client_as("officer.10004")
    opened(browser, f"/notices/show/{notice_id}")
    kept, app.config["FONT_FOLDERS"] = app.config["FONT_FOLDERS"], [tmp_path]
    try:
        shown = browser.post(f"/notices/print/{notice_id}", follow_redirects=True).text
    finally:
        app.config["FONT_FOLDERS"] = kept
    assert "fonts-cns11643-kai" in shown
    assert not session.scalars(select(AccessEntry).where(AccessEntry.action == "print")).all()


def test_another_office_reaches_no_notice_by_any_way(desk, granted, actor, client_as):
    notice_id = issue.issue(actor("officer.10004"), "decision", granted)
    number = "府社老字第1150000001號"
    for username in ("officer.10005", "clerk.10004020", "clerk.10005010"):
        browser = client_as(username)
        assert browser.get(f"/notices/show/{notice_id}").status_code == 404
        for path in (f"/notices/print/{notice_id}", f"/notices/serve/{notice_id}"):
            assert browser.post(path, data={"method": "post"}).status_code == 404
        assert number not in browser.get("/notices/list/").text
        assert browser.post("/notices/print_batch", data={"batch": ""}).status_code == 303
        assert browser.get(f"/notices/issue/decision/{granted}").status_code == 404
    assert number in client_as(f"clerk.{HOME_TOWN}").get("/notices/list/").text
    for username in ("accountant.10004", "ministry"):
        assert client_as(username).get(f"/notices/show/{notice_id}").status_code in (403, 404)
    auditor = client_as("auditor.10004")
    opened(auditor, f"/notices/show/{notice_id}")
    assert auditor.post(f"/notices/print/{notice_id}").status_code == 403


def test_a_template_is_written_looked_at_and_approved_by_another(desk, granted, client_as, session):
    browser = client_as("officer.10004")
    assert "系統預設" in browser.get("/notice_templates/list/").text
    assert "王範例" in browser.get("/notice_templates/delivered/granted").text
    form = browser.get("/notice_templates/write?kind=granted").text
    assert "可用的欄位" in form and "{{訴願天數}}" in form
    start = issue.in_force(session, "10004", "granted", "", clock.today())
    texts = {"kind": "granted", "benefit": "", "effective_from": roc.date7(clock.today()), "title": "核定函", **start.parts}
    wrong = browser.post("/notice_templates/write", data={**texts, "explanation": "依{{案號}}\n給{{姓明}}"})
    assert wrong.status_code == 422 and "「說明」第 2 行：沒有「姓明」這個欄位，是否為「姓名」？" in wrong.text
    looked = browser.post("/notice_templates/write", data={**texts, "look": "1"})
    assert looked.status_code == 200 and "王範例" in looked.text and session.scalars(select(NoticeTemplate)).all() == []
    assert browser.post("/notice_templates/write", data=texts).status_code == 303
    session.rollback()
    row = session.scalars(select(NoticeTemplate)).one()
    page = browser.get(f"/notice_templates/show/{row.id}").text
    assert "核可啟用" not in re.sub(r"由其他同仁辦理[^<]*", "", page)
    sheet = "".join(printed(browser.post(f"/notice_templates/sample/{row.id}")))
    assert "核定函" in sheet and "王範例" in sheet and "預覽" in sheet
    director = client_as("director.10004")
    director.post(f"/notice_templates/move/{row.id}/approve", data={"_seen_version": row.version})
    session.rollback()
    assert session.get(NoticeTemplate, row.id).state == "approved"
    assert "縣府第 1 版" in browser.get("/notice_templates/list/").text
    assert client_as("officer.10005").get(f"/notice_templates/show/{row.id}").status_code == 404
    assert client_as(f"clerk.{HOME_TOWN}").get("/notice_templates/list/").status_code == 403


def test_the_senders_page_adds_and_changes_an_office(client_as, session):
    from .conftest import COUNTY

    director = client_as("director.10004")
    answer = director.post("/notice_senders/add", data={**COUNTY, "town": ""})
    assert answer.status_code == 303, answer.text
    assert "新竹縣政府" in director.get("/notice_senders/list/").text
    assert client_as("officer.10004").get("/notice_senders/add").status_code == 403
    missing = client_as("chief.10004010").post("/notice_senders/add", data={**COUNTY, "head_name": "", "town": ""})
    assert missing.status_code == 422


def test_a_low_income_certificate_is_refused_for_another_benefit(desk, offices):
    desk.open()
    with pytest.raises(Refused, match="只有低收入戶"):
        issue.issue(desk.who("clerk"), "certificate", desk.id)
