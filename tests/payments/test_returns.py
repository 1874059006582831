"""Money that came back: signs about the person become tasks of the case, and the person is asked for a new account."""

import io

import pypdf
import pytest
from sqlalchemy import select

from app.commands import awards, payment_results, payment_returns
from app.commands.base import Forbidden, Refused
from app.commands.casework import arrival_tasks
from app.commands.notices import senders
from app.extensions import db
from app.models.audit import Step
from app.models.case_task import CaseTask
from app.models.payment import PaymentLine
from app.security import scope

from .county import ELA
from .making import MARCH, payee, person_id


def tasks():
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return list(db.session.scalars(select(CaseTask).where(CaseTask.source == "transfer_result").order_by(CaseTask.id)))


def sender(county, **more):
    values = {"agency": "新竹縣政府", "head_title": "縣長", "head_name": "鍾○○", "word": "府社福字", "address": "新竹縣竹北市光明六路10號",
              "unit": "社會處", "phone": "03-5518101"}  # fmt: skip
    senders.add_sender(county.director, **{**values, **more})


@pytest.fixture
def returned(county):
    """A closed account, a dead payee, a mistyped number, a payee paid as he should be."""
    ids = [county.award(n) for n in range(1, 5)]
    run_id = county.filed(county.build())
    content = county.result(run_id, {1: "22", 2: "27", 3: "04"})
    county.take_in(run_id, content)
    return ids, run_id, content


def test_only_codes_about_the_person_open_a_task_that_says_month_and_what_to_do(county, returned):
    ids, run_id, content = returned
    closed, dead = tasks()
    assert (closed.award_id, dead.award_id, closed.kind, closed.state) == (ids[0], ids[1], "returned", "open")
    assert closed.facts.startswith("98年3月的 6,000 元退匯：帳戶已結清") and "改匯通知" in closed.facts
    assert "收受者已死亡" in dead.facts and "次月起停發" in dead.facts and dead.person_id == person_id(2)
    assert (dead.details["month_from"], dead.details["code"]) == (MARCH, "27")
    county.take_in(run_id, content)  # the same result again
    assert len(tasks()) == 2


def test_the_repayment_that_arrives_closes_the_task_and_a_second_return_opens_its_own(county, returned):
    ids, run_id, _ = returned
    line = county.lines(run_id)[0]
    for account, codes in (("7654321", {1: "24"}), ("7654322", {})):
        awards.change_award(county.director, ids[0], from_month=MARCH, payee=payee(1, account=account), reason="改匯")
        repay = payment_results.repay_returned(county.officer, benefit=ELA, payer="10004", line_ids=[line.id]).id
        county.filed(repay)
        assert tasks()[0].state == "open"  # not before the money is there
        county.take_in(repay, county.result(repay, codes))
        line = county.lines(repay)[0]
    closed, dead, frozen = tasks()
    assert (closed.state, dead.state, frozen.state) == ("done", "open", "done") and "凍結戶" in frozen.facts
    with scope.use(scope.SYSTEM):
        comments = db.session.scalars(select(Step.comment).where(Step.subject_table == "case_task", Step.subject_id == closed.id)).all()
    assert len(comments) == 1 and "重匯已入帳" in comments[0]


def test_a_task_is_closed_by_hand_with_what_was_found(county, returned):
    dead = tasks()[1]
    with pytest.raises(Refused):
        arrival_tasks.settle(county.officer, dead.id, "")
    arrival_tasks.settle(county.officer, dead.id, "戶籍查明 98/3/2 死亡，已登錄異動")
    assert tasks()[1].state == "done"


def test_no_letter_goes_to_an_institution_or_the_dead():
    asked = [payment_returns.wants_letter(PaymentLine(channel=c, return_code=r)) for c, r in (("institution", "22"), ("post", "27"), ("bank", "22"), ("bank", "91"))]
    assert asked == [False, False, True, False]


def test_letters_ask_those_a_new_account_would_help(county, returned):
    _, run_id, _ = returned
    closed, dead, wrong, paid = county.lines(run_id)
    with pytest.raises(Refused, match="發文機關"):
        payment_returns.change_letters(county.officer, [closed.id])
    sender(county)
    letters, _ = payment_returns.change_letters(county.officer, [closed.id, wrong.id])
    assert [x.number for x in letters] == ["府社福字第0980000001號", "府社福字第0980000002號"]
    assert "98年3月" in letters[0].subject and "6,000 元" in letters[0].subject
    text = "".join(t for _, t in letters[0].sections[0].items)
    assert "帳戶已結清" in text and "末四碼 0001" in text and closed.account not in text
    slip = dict(letters[0].slip)
    assert slip["清冊及筆次"] == f"{county.run(run_id).run_no} 第 1 筆" and slip["身分證統一編號"] == ""
    for wrong_line in (dead, paid):
        with pytest.raises(Refused, match="不需更換帳戶"):
            payment_returns.change_letters(county.officer, [wrong_line.id])
    with pytest.raises(Forbidden):
        payment_returns.change_letters(county.accountant, [closed.id])


def test_letters_from_the_page_of_returns(county, returned, client_as):
    _, run_id, _ = returned
    sender(county)
    officer = client_as("officer.10004")
    page = officer.get("/returned_payments/").text
    assert page.count('name="letter"') == 2 and "列印勾選的改匯通知" in page
    ids = [x.id for x in county.lines(run_id)]
    many = officer.post("/returned_payments/letters", data={"letter": [ids[0], ids[2]]})
    assert many.mimetype == "application/pdf"
    pages = ["".join(p.extract_text().split()) for p in pypdf.PdfReader(io.BytesIO(many.data)).pages]
    assert len(pages) == 4 and "改匯通知" in pages[0] and "改匯帳戶回條" in pages[1] and "第2頁，共2頁" in pages[3]
    one = officer.post("/returned_payments/letters", data={"letter": [ids[0], ids[2]], "only": ids[2]})
    assert len(pypdf.PdfReader(io.BytesIO(one.data)).pages) == 2
    assert "請先勾選" in officer.post("/returned_payments/letters", follow_redirects=True).text
    assert client_as("accountant.10004").post("/returned_payments/letters", data={"letter": [ids[0]]}).status_code in (302, 303, 403)
