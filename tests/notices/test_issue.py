"""Issuing and serving notices as the offices do it."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from app.commands import working_days
from app.commands.base import Conflict, Forbidden, NotFound, Refused
from app.commands.casework import changes, documents
from app.commands.notices import issue, senders, service, templates
from app.commands.notices.templates import Wording
from app.commands.working_days import calendar_of
from app.core import clock, roc
from app.models.audit import AuditEntry
from app.models.decision import Change
from app.models.notice import Notice, NoticeTemplate
from app.models.person import Person
from app.printing.documents import letter_of
from tests.seed import HOME_TOWN

from .conftest import COUNTY


def issued(session, notice_id):
    session.expire_all()
    return session.get(Notice, notice_id)


def text_of(letter):
    parts = [letter.subject, *(t for s in letter.sections for _, t in s.items), *(t for _, t in letter.remedy)]
    return "\n".join(parts)


def test_a_granted_case_gets_a_notice_with_all_items_of_article_96(desk, granted, session, actor):
    notice = issued(session, issue.issue(actor("officer.10004"), "decision", granted))
    letter = letter_of(notice.letter)
    today = clock.today()
    assert (notice.kind, notice.state, notice.number, notice.issued_on) == ("granted", "issued", "府社老字第1150000001號", today)
    assert {label: value for label, value, _ in letter.party} == {
        "姓名": "彭水木", "性別": "男", "出生日期": "37年3月1日", "身分證統一編號": desk.case.applicant.person_id, "住址": "新竹縣竹北市福坪里1鄰和順路1號",
    }  # fmt: skip
    assert "每月發給新臺幣8,329元" in letter.subject and roc.show_month(roc.month_of(today)) in letter.subject
    titles = [s.title for s in letter.sections]
    assert titles == ["說明", "法令依據"]
    said = text_of(letter)
    assert "事實：" in said and "理由：" in said and "中低收入老人生活津貼發給辦法第2條" in said
    assert (letter.agency, letter.head_title, letter.head_name) == ("新竹縣政府", "縣長", "范測試")
    assert letter.number == notice.number and letter.date == f"中華民國{roc.long_date(today)}"
    assert "送達之次日起30日內" in said and "經由新竹縣政府向衛生福利部提起訴願" in said
    assert "申復" not in said
    assert letter.copies == ("正本：彭水木 君", "副本：竹北市公所")
    assert "notice.issued" in session.scalars(select(AuditEntry.event)).all()


def test_a_rejection_says_which_fact_missed_which_limit(desk, rejected, session, actor):
    notice = issued(session, issue.issue(actor("officer.10004"), "decision", rejected))
    said = text_of(letter_of(notice.letter))
    assert notice.kind == "rejected" and "不予核定" in notice.subject
    assert "事實：" in said and "（標準：" in said and "平均收入超過標準" in said and "法令依據" not in said


def test_a_second_notice_of_the_same_decision_is_refused_until_the_first_is_taken_back(granted, session, actor):
    officer = actor("officer.10004")
    first = issue.issue(officer, "decision", granted)
    with pytest.raises(Refused, match="已經發文"):
        issue.issue(officer, "decision", granted)
    with pytest.raises(Refused, match="填寫理由"):
        service.withdraw(actor("director.10004"), first, " ")
    service.withdraw(actor("director.10004"), first, "住址誤植")
    second = issue.issue(officer, "decision", granted, address="新竹縣竹北市自強南路8號")
    assert issued(session, second).address == "新竹縣竹北市自強南路8號" and issued(session, first).state == "withdrawn"


def test_an_issued_notice_keeps_its_text_and_is_never_changed_or_deleted(granted, session, actor):
    notice_id = issue.issue(actor("officer.10004"), "decision", granted)
    for values in ({"subject": "改"}, {"letter": {}}, {"person_id": "J100000018"}, {"issued_on": dt.date(2020, 1, 1)}):
        with pytest.raises(Exception, match="append-only"):
            session.execute(update(Notice).where(Notice.id == notice_id).values(**values))
        session.rollback()
    with pytest.raises(Exception, match="append-only"):
        session.delete(session.get(Notice, notice_id))
        session.flush()
    session.rollback()
    sender = senders.sender_of(session, "10004")
    senders.change_sender(actor("director.10004"), sender.id, **{**COUNTY, "head_name": "新縣長"})
    assert letter_of(issued(session, notice_id).letter).head_name == "范測試"


def test_without_the_sending_office_or_the_persons_address_nothing_is_issued(desk, session, actor):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    decision = desk.approve()
    with pytest.raises(Refused, match="縣府主管在「通知書 › 發文機關」登錄"):
        issue.issue(actor("officer.10004"), "decision", decision)
    senders.add_sender(actor("director.10004"), **COUNTY)
    session.execute(update(Person).values(registered_address=None))
    session.commit()
    with pytest.raises(Refused, match="住址沒有資料"):
        issue.issue(actor("officer.10004"), "decision", decision, address="新竹縣竹北市自強南路8號")


def test_decisions_are_sent_by_the_county_and_corrections_by_the_township(desk, granted, actor):
    with pytest.raises(Refused, match="由縣府發文"):
        issue.issue(actor(f"clerk.{HOME_TOWN}"), "decision", granted)
    for username in ("accountant.10004", "auditor.10004"):
        with pytest.raises(Forbidden):
            issue.issue(actor(username), "decision", granted)
    for username in ("officer.10005", "clerk.10004020", "clerk.10005010"):
        with pytest.raises(NotFound):
            issue.issue(actor(username), "decision", granted)


def test_a_correction_notice_is_sent_by_the_township_without_appeal(desk, offices, session, actor):
    desk.open().fill(children=[(45, 42_000)])
    desk.save(documents={"passbook": {"received_on": None}}).submit()
    correction = documents.request_correction(desk.who("clerk"), desk.id, ["存摺封面影本", "切結書"], 10)
    with pytest.raises(Refused, match="由公所發文"):
        issue.issue(actor("officer.10004"), "correction", correction)
    notice = issued(session, issue.issue(desk.who("clerk"), "correction", correction))
    letter = letter_of(notice.letter)
    due = roc.long_date(clock.today() + dt.timedelta(days=10))
    assert notice.number == "竹市社字第1150000001號" and letter.agency == "竹北市公所"
    assert "（1）存摺封面影本；（2）切結書" in text_of(letter) and due in letter.subject and letter.remedy == ()


def test_a_change_that_ends_the_allowance_gets_a_notice_of_stop(desk, granted, session, actor):
    moved = changes.record_change(desk.who("clerk"), desk.id, "move_out", clock.today(), details={"county_code": "10005"})
    with pytest.raises(Refused, match="核定生效後"):
        issue.issue(actor("officer.10004"), "change", moved)
    changes.apply_change(actor("director.10004"), moved)
    assert session.scalars(issue.changes_due()).all() == [moved]
    notice = issued(session, issue.issue(actor("officer.10004"), "change", moved))
    said = text_of(letter_of(notice.letter))
    assert notice.kind == "stopped" and "遷出" in said and session.get(Change, moved).article in said and "訴願" in said
    assert session.scalars(issue.changes_due()).all() == []


def test_a_death_is_notified_to_the_family_named_on_the_form(desk, granted, session, actor):
    died = changes.record_change(desk.who("clerk"), desk.id, "death", clock.today())
    changes.apply_change(actor("director.10004"), died)
    with pytest.raises(Refused, match="家屬或繼承人"):
        issue.issue(actor("officer.10004"), "change", died)
    notice = issued(session, issue.issue(actor("officer.10004"), "change", died, receiver="彭志明"))
    assert notice.name == "彭志明" and letter_of(notice.letter).receiver == "彭志明 君"


def last_day(session, served):
    """30 days, and the next working day when the last is a day off (訴願法第14條、第17條, 行政程序法第48條第4項)."""
    return calendar_of(session, "10004").next_working(served + dt.timedelta(days=30))


def test_a_last_day_to_appeal_that_becomes_a_day_off_moves_to_the_next_working_day(granted, session, actor):
    officer = actor("officer.10004")
    notice_id = issue.issue(officer, "decision", granted)
    service.record_service(officer, notice_id, "post", clock.today())
    before = issued(session, notice_id).appeal_until
    working_days.set_day(officer, before, "off", "颱風停止上班", "縣府公告（測試）")
    after = issued(session, notice_id).appeal_until
    assert after > before and calendar_of(session, "10004").between(before, after) == 1
    working_days.drop_day(officer, before)
    assert issued(session, notice_id).appeal_until == before


def test_service_starts_the_appeal_period_and_deposit_needs_its_receipt(granted, session, actor):
    today = clock.today()
    notice_id = issue.issue(actor("officer.10004"), "decision", granted)
    clerk = actor(f"clerk.{HOME_TOWN}")
    assert session.scalars(issue.unserved()).all() == [notice_id]
    with pytest.raises(Refused, match="寄存機關"):
        service.record_service(clerk, notice_id, "deposit", today)
    with pytest.raises(Refused, match="送達日期"):
        service.record_service(clerk, notice_id, "post", today + dt.timedelta(days=1))
    service.record_service(clerk, notice_id, "deposit", today, "竹北郵局第12號")
    notice = issued(session, notice_id)
    assert (notice.state, notice.served_on, notice.appeal_until) == ("served", today, last_day(session, today))
    assert session.scalars(issue.unserved()).all() == []
    with pytest.raises(Refused):
        service.record_service(clerk, notice_id, "post", today)


def test_public_service_takes_effect_after_twenty_days(granted, session, actor):
    today = clock.today()
    notice_id = issue.issue(actor("officer.10004"), "decision", granted)
    service.record_service(actor("officer.10004"), notice_id, "public", today, "府社救字公告第1號")
    notice = issued(session, notice_id)
    assert (notice.service_on, notice.served_on, notice.appeal_until) == (today, today + dt.timedelta(days=20), last_day(session, today + dt.timedelta(days=20)))


def test_two_people_recording_service_the_second_is_told(granted, session, actor):
    notice_id = issue.issue(actor("officer.10004"), "decision", granted)
    with pytest.raises(Conflict):
        service.record_service(actor("officer.10004"), notice_id, "post", clock.today(), seen_version=7)
    assert issued(session, notice_id).state == "issued"


def test_many_decisions_are_issued_at_once_and_what_cannot_be_is_named(desk, granted, session, actor):
    first = desk.case.applicant_id
    desk.open(n=2, name="范水火").fill(children=[(45, 42_000)]).to_decision()
    other = desk.approve()
    session.execute(update(Person).where(Person.id == first).values(registered_address=None))
    session.commit()
    done = issue.issue_decisions(actor("officer.10004"), [granted, other], "測試一批")
    assert len(done.issued) == 1 and [reason for _, reason in done.refused] == ["請填寫受文者與送達地址（當事人死亡時填家屬或繼承人）"]
    assert session.scalars(issue.decisions_due()).all() == [granted]
    assert issued(session, done.issued[0]).batch == "測試一批"
    assert issue.issue_decisions(actor("officer.10004"), [granted, other], "再一批").issued == []
    with pytest.raises(NotFound):
        issue.issue(actor("officer.10005"), "decision", other)
    assert issue.issue_decisions(actor("officer.10005"), [granted], "他縣").refused == []


def own(**changed):
    whole = templates.delivered()["granted"]
    return Wording(**{"title": whole.title, **whole.parts, **changed})


def test_a_countys_wording_is_in_force_from_its_day_after_a_second_person_approved_it(desk, granted, session, actor):
    officer, director = actor("officer.10004"), actor("director.10004")
    today = clock.today()
    row = templates.save_template(officer, "granted", "", today, own(subject="恭喜{{姓名}}，{{給付項目}}自{{起月}}起核定，請查照。"))
    assert "恭喜" not in issue.preview(officer, "decision", granted)[1].subject
    with pytest.raises(Forbidden):
        templates.approve_template(officer, row)
    mine = templates.save_template(director, "granted", "", today, own(subject="主管自寫{{姓名}}"))
    with pytest.raises(Refused, match="同一人"):
        templates.approve_template(director, mine)
    templates.approve_template(director, row)
    notice = issued(session, issue.issue(officer, "decision", granted))
    assert notice.subject.startswith("恭喜彭水木") and (notice.template_id, notice.edition) == (row, 1)
    templates.withdraw_template(director, row, "用語不妥")
    assert templates.in_force(session, "10004", "granted", "elderly_living_allowance", today).edition == 0
    assert issued(session, notice.id).subject.startswith("恭喜彭水木")


def test_a_later_edition_waits_for_its_day_and_a_benefits_own_goes_first(session, actor):
    officer, director = actor("officer.10004"), actor("director.10004")
    today, later = clock.today(), clock.today() + dt.timedelta(days=10)
    for benefit, day, text in (("", today, "甲{{姓名}}"), ("", later, "乙{{姓名}}"), ("elderly_living_allowance", later, "丙{{姓名}}")):
        templates.approve_template(director, templates.save_template(officer, "granted", benefit, day, own(subject=text)))

    def subject(benefit, day):
        return templates.in_force(session, "10004", "granted", benefit, day).subject

    assert subject("elderly_living_allowance", today) == "甲{{姓名}}"
    assert subject("elderly_living_allowance", later) == "丙{{姓名}}" and subject("parking_permit", later) == "乙{{姓名}}"
    assert templates.in_force(session, "10005", "granted", "", later).edition == 0


def test_a_faulty_template_is_refused_when_it_is_saved(session, actor):
    with pytest.raises(Refused, match="「說明」第 2 行：沒有「身份證」這個欄位"):
        templates.save_template(actor("officer.10004"), "granted", "", clock.today(), own(explanation="第一行\n{{身份證}}"))
    with pytest.raises(Refused, match="訴願期間延長為一年"):
        templates.save_template(actor("officer.10004"), "granted", "", clock.today(), own(remedy="請洽本府。"))
    with pytest.raises(Forbidden):
        templates.save_template(actor(f"chief.{HOME_TOWN}"), "granted", "", clock.today(), own())
    assert session.scalars(select(NoticeTemplate)).all() == []


def test_an_approved_edition_is_not_written_over(session, actor):
    officer = actor("officer.10004")
    first = templates.save_template(officer, "granted", "", clock.today(), own())
    assert templates.save_template(officer, "granted", "", clock.today(), own(title="核定函"), template_id=first) == first
    templates.approve_template(actor("director.10004"), first)
    second = templates.save_template(officer, "granted", "", clock.today(), own(title="改"), template_id=first)
    assert second != first and session.get(NoticeTemplate, second).edition == 2 and session.get(NoticeTemplate, first).title == "核定函"
