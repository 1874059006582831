"""A citizen asks how far the own case is: all three answers right, or nothing at all."""

import datetime as dt
import re

import pytest
from sqlalchemy import event, select

from app.commands import citizen
from app.core import clock
from app.extensions import db
from app.models.access import AccessEntry, SecurityEvent
from tests.casework.conftest import person_id

BORN = dt.date(1948, 3, 1)
BIRTH = "37/03/01"


@pytest.fixture
def ask(app):
    """Ask as somebody without an account: (status, text of the page's main part)."""
    browser = app.test_client()

    def go(case_no, who=None, birth=BIRTH, lang="zh", **more):
        answer = browser.post(f"/citizen/{lang}/", data={"case_no": case_no, "person_id": who or person_id(1), "birth": birth}, **more)
        return answer.status_code, re.search(r"<main.*?</main>", answer.text, re.S).group()

    return go


def test_every_state_is_told_in_plain_words(desk, ask):
    desk.open().fill(children=[(45, 42_000)])
    number = desk.case.case_no
    told = [ask(number)[1]]
    for move in (desk.submit, desk.complete, desk.first_review, desk.forward, desk.second_review, desk.approve):
        move()
        told.append(ask(number)[1])
    for page, words in zip(
        told, ("正在登錄資料", "正在核對文件", "文件已經備齊", "公所已審查完成", "縣（市）政府正在審查", "縣（市）政府已審查完成", "您的申請已核定"), strict=True
    ):
        assert words in page
    assert "決定內容" not in told[-2] and "4,164" not in told[-2], "nothing of a decision before there is one"
    assert "還沒有發給紀錄" in told[-1] and "老人生活津貼發給辦法第2條" in told[-1]


def test_a_decision_tells_nothing_about_other_members(desk, ask):
    desk.open().fill(children=[(45, 42_000), (40, 38_000)]).to_decision()
    desk.approve()
    page = ask(desk.case.case_no)[1]
    assert "彭志" not in page and person_id(900) not in page and person_id(1) not in page


def test_missing_papers_are_named(desk, ask):
    desk.open().fill()
    desk.save(documents={"passbook": {"received_on": None}})
    assert "存摺封面" in ask(desk.case.case_no)[1]


def test_unknown_and_wrong_are_one_answer_found_out_by_the_same_queries(desk, ask, monkeypatch):
    """Address, page and the database's work are alike, so neither words nor time tell which of the three was wrong."""
    monkeypatch.setattr(citizen, "PER_CASE", 99)
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    desk.approve()
    number = desk.case.case_no
    answers = []
    for guess in (
        {"case_no": number, "birth": "37/03/02"},
        {"case_no": number, "who": person_id(2)},
        {"case_no": "NOSUCHCASE1"},
        {"case_no": number, "who": person_id(900)},
    ):
        seen = []

        def note(_c, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            status, page = ask(**guess)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        answers.append((status, re.sub(r'name="csrf_token"[^>]*', "", page), tuple(seen)))
    assert len(set(answers)) == 1
    assert "查無案號" in answers[0][1] and number not in answers[0][1]


def test_every_question_is_logged_and_the_id_is_not(desk, ask, session):
    desk.open().fill()
    number = desk.case.case_no
    ask(number)
    ask(number, birth="37/03/02")
    ask(person_id(1))
    session.rollback()  # what the requests wrote is seen by a new transaction
    assert [e.kind for e in session.scalars(select(SecurityEvent).where(SecurityEvent.kind.like("citizen%")).order_by(SecurityEvent.id))] == [
        citizen.HIT, citizen.MISS, citizen.MISS,
    ]  # fmt: skip
    logged = session.scalars(select(AccessEntry).where(AccessEntry.user == "民眾線上查詢")).one()
    assert logged.subject_id == str(desk.id) and logged.person_hash
    assert not session.scalars(select(SecurityEvent.id).where(SecurityEvent.username.contains(person_id(1)))).all()


def test_guessing_at_a_case_waits_also_for_the_right_answer(desk, ask):
    desk.open().fill()
    number = desk.case.case_no
    for day in range(2, 2 + citizen.PER_CASE):
        assert ask(number, birth=f"37/03/{day:02}")[0] == 200
    status, page = ask(number)
    assert status == 429 and "查詢次數太多" in page
    assert ask("NOSUCHCASE1")[0] == 200, "another number is not locked with it"
    later = clock.now() + dt.timedelta(minutes=citizen.WINDOW_MINUTES + 1)
    with clock.frozen(later):
        assert "正在登錄資料" in ask(number)[1]


def test_one_address_cannot_ask_for_ever(desk, ask, monkeypatch):
    monkeypatch.setattr(citizen, "PER_ADDRESS", 3)
    for n in range(3):
        assert ask(f"NOSUCHCASE{n}")[0] == 200
    assert ask("NOSUCHCASE9")[0] == 429
    assert ask("NOSUCHCASE9", environ_base={"REMOTE_ADDR": "203.0.113.9"})[0] == 200


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"birth": "99/99/99"}, "這不是日期"),
        ({"birth": ""}, "請填寫這一項"),
        ({"birth": " "}, "請填寫這一項"),
        ({"who": "ABC"}, "1 個英文字母加 9 個數字"),
        ({"case_no": ""}, "請填寫這一項"),
    ],
)
@pytest.mark.sqlite
def test_bad_input_is_told_at_the_field_and_nothing_is_asked(ask, session, given, words):
    status, page = ask(**({"case_no": "X"} | given))
    assert status == 200 and words in page and 'aria-invalid="true"' in page
    session.rollback()
    assert not session.scalars(select(SecurityEvent.id).where(SecurityEvent.kind.like("citizen%"))).all()


@pytest.mark.sqlite
def test_the_page_speaks_english_too(desk, ask):
    desk.open().fill()
    page = ask(desk.case.case_no, birth="1948-03-01", lang="en")[1]
    assert "Your application was received" in page and "Elderly living allowance" in page and "2026" in page


@pytest.mark.sqlite
def test_nothing_of_a_question_stands_in_an_address_and_nothing_is_kept(app, desk):
    desk.open().fill()
    browser = app.test_client()
    answer = browser.post("/citizen/zh/", data={"case_no": desk.case.case_no, "person_id": person_id(1), "birth": BIRTH})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert browser.get(f"/citizen/zh/?case_no={desk.case.case_no}").text.count(desk.case.case_no) == 0
    assert browser.get("/citizen/").headers["Location"] == "/citizen/zh/"
    assert browser.get("/citizen/fr/").status_code == 404
