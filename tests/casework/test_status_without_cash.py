"""第三款低收入戶沒有現金給付：核定的是身分（社會救助法第4條），現金依第11條另計；沒有錢的戶不進清冊，但處處算低收入戶。"""

import datetime as dt

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.commands import awards, outgoing, payments
from app.commands.base import Refused
from app.commands.casework import changes, exclusions, household_history
from app.commands.notices import issue
from app.core import clock, roc
from app.models.award import NO_CASH, Award
from app.models.decision import Decision
from app.models.payment_run import PayerSetting
from app.payments.line import Payee
from tests.casework.conftest import Desk, person_id
from tests.casework.test_low_income_living_assistance import BENEFIT, HERE, MEMBER, at, decided, reopened
from tests.notices.conftest import offices  # noqa: F401

SEPTEMBER = roc.month(115, 9)


def parent(n, born, name, **more):
    return {"position": n, "relation": "parent", "person_id": person_id(700 + n, "M" if n == 2 else "F"), "name": name, "birth": born,
            "sex": "M" if n == 2 else "F", "lives_together": True, "same_registration": True, "claims_dependant": False, "employed": False, **MEMBER, **more}  # fmt: skip


def means(wage):
    incomes = [{"kind": "wage", "amount": wage * 12, "per": "year", "tax_year": 114, "source": "tax"}]
    none = {"tax_year": 114, "incomes": [], "assets": []}
    return {1: {"tax_year": 114, "employed": True, "incomes": incomes, "assets": [], **MEMBER}, 2: none, 3: none}


@pytest.fixture
def adults(desk):
    """A daughter of 40 who works for her parents of 71 and 68: no child, no student, more than two thirds of the line a head."""

    def make(wage=36_000, account=True):
        desk.open(benefit=BENEFIT, born=dt.date(1986, 3, 1), sex="F", name="羅美蘭")
        desk.save(fields=HERE, members=[parent(2, dt.date(1955, 1, 5), "羅阿土"), parent(3, dt.date(1958, 1, 5), "羅秀妹")], lines=means(wage))
        desk.papers()
        return desk.account() if account else desk

    return make


@pytest.fixture
def listed(adults, session):
    """The household above, granted in September."""
    with at(dt.date(2026, 9, 3)):
        desk = adults()
        decision = decided(desk, session)
    return desk, decision


def award_of(session):
    session.expire_all()
    return session.scalars(select(Award).where(Award.benefit == BENEFIT)).one()


def test_the_status_is_granted_from_its_month_without_cash(listed, session):
    """社會救助法第4條、第11條。"""
    _, decision = listed
    assert (decision.outcome, decision.band, decision.amount, decision.start_month) == ("granted", "class3", 0, SEPTEMBER)
    assert decision.judgement["payments"] == []
    award = award_of(session)
    assert (award.amount, award.band, award.status) == (0, "class3", "active")
    assert [(s.band, s.amount, s.persons) for s in household_history.spans(session, award)] == [("class3", 0, 3)]


def test_nothing_of_it_comes_onto_a_register(listed, session, actor):
    session.add(PayerSetting(county_code="10004", town_code="10004", benefit=BENEFIT, payer_name="新竹縣政府", post_office="0061234", post_account="12345678"))
    session.commit()
    with at(dt.date(2026, 10, 21)), pytest.raises(Refused, match="沒有造冊"):
        payments.build_run(actor("officer.10004"), benefit=BENEFIT, payer="10004", month=SEPTEMBER + 1)


@pytest.mark.parametrize("account", [True, False], ids=["with the account", "without"])
def test_an_account_is_asked_only_when_there_is_cash(adults, session, account):
    """第三款沒有現金給付，不必填帳戶；改列第二款時沒有帳戶不能核定，有帳戶就自該月起付到該帳戶。"""
    with at(dt.date(2026, 9, 3)):
        desk = adults(account=False)
        assert decided(desk, session).amount == 0
    assert award_of(session).channel == NO_CASH
    with at(dt.date(2026, 10, 5)):
        desk = reopened(desk, dt.date(2026, 10, 2)).save(lines=means(29_500)).papers()
        if not account:
            with pytest.raises(Refused, match="沒有撥款帳戶"):
                decided(desk, session)
            return
        second = decided(desk.account(), session)
    award = award_of(session)
    assert second.amount == award.amount > 0 and award.channel == "post" and award.account
    paid = {c.month: c.channel for c in award.changes if c.kind == "account"}
    assert paid == {second.start_month: "post"}


def test_it_is_certified_and_no_longer_once_it_ended(listed, offices, session):  # noqa: F811
    desk, _ = listed
    with at(dt.date(2026, 10, 5)):
        _, letter = issue.preview(desk.who("clerk"), "certificate", desk.id)
        assert letter.certificate and [row[0] for row in letter.members] == ["姓名", "羅美蘭", "羅阿土", "羅秀妹"]
        change = changes.record_change(desk.who("clerk"), desk.id, "terminate", clock.today())
        changes.apply_change(desk.who("officer"), change)
        assert award_of(session).status == "ended"
        with pytest.raises(Refused, match="不是列冊中的低收入戶"):
            issue.preview(desk.who("clerk"), "certificate", desk.id)


def test_the_decision_letter_says_that_there_is_no_cash(listed, offices):  # noqa: F811
    desk, decision = listed
    with at(dt.date(2026, 10, 5)):
        _, letter = issue.preview(desk.who("officer"), "decision", decision.id)
    assert "自115年9月起列冊，無現金給付" in letter.subject and "每月發給" not in letter.subject


def test_the_list_of_low_income_members_names_everybody(listed, session):
    of = next(x for x in outgoing.lists().values() if (BENEFIT, "members") in x.parts and not x.changes_only)
    names = {r["name"] for r in outgoing.rows_of(session, of, "10004", SEPTEMBER + 1)}
    assert names == {"羅美蘭", "羅阿土", "羅秀妹"}
    assert outgoing.rows_of(session, of, "10004", SEPTEMBER - 1) == []


def test_cash_begins_and_ends_with_the_class(listed, session):
    """收入減少改列第二款發給家庭生活補助費；再增加改回第三款，自次月起沒有現金，身分繼續。"""
    desk, _ = listed
    with at(dt.date(2026, 10, 5)):
        reopened(desk, dt.date(2026, 10, 2)).save(lines=means(29_500)).papers()
        second = decided(desk, session)
    assert second.band == "class2" and award_of(session).amount == second.amount > 0
    with at(dt.date(2026, 11, 5)):
        reopened(desk, dt.date(2026, 11, 2)).save(lines=means(36_000)).papers()
        third = decided(desk, session)
    assert (third.band, third.amount, third.start_month) == ("class3", 0, SEPTEMBER + 3)
    found = [(s.first, s.band, s.amount) for s in household_history.spans(session, award_of(session))]
    assert found == [(SEPTEMBER, "class3", 0), (SEPTEMBER + 1, "class2", second.amount), (SEPTEMBER + 3, "class3", 0)]
    assert award_of(session).status == "active"


def test_the_status_shows_at_a_review_and_excludes_nothing(listed, actor, session):
    """The father applies for the elderly allowance: the hit names his household, and there is no money to choose between."""
    with at(dt.date(2026, 10, 5)):
        other = Desk(actor, session)
        other.open(n=702, name="羅阿土", born=dt.date(1955, 1, 5)).fill()
        exclusions.check_exclusions(other.who("clerk"), other.id)
    hit = next(h for h in other.case.exclusions["hits"] if h["source"] == "本縣發放資料")
    assert (hit["detail"], hit["amount"], hit["hard"]) == ("class3", 0, False)
    assert hit["rule"] == exclusions.STATUS_ONLY


@pytest.mark.parametrize("table", ["award", "decision"])
def test_the_database_lets_no_other_benefit_be_worth_nothing(listed, session, table):
    columns = [c.name for c in (Award if table == "award" else Decision).__table__.columns if c.name != "id"]
    values = ", ".join({"benefit": "'elderly_living_allowance'", "decision_no": "'另一號'"}.get(c, c) for c in columns)
    with pytest.raises(IntegrityError, match=r"ck_award_amount|ck_decision_granted_has_amount"):
        session.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}"))
    session.rollback()


def test_the_command_lets_no_other_benefit_be_worth_nothing(listed, session):
    desk, _ = listed
    with pytest.raises(Refused, match="大於 0 元"):
        awards.create_award(
            desk.who("officer"), recipient_id=desk.case.applicant_id, benefit="elderly_living_allowance", case_no="T1", decision_no="x",
            from_month=SEPTEMBER, amount=0, payee=Payee("cash", person_id(1), "羅美蘭"),
        )  # fmt: skip
