"""低收入戶生活扶助 as the offices do it: one case is one household, the award is its representative's."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands.base import Refused
from app.core import clock
from app.models.award import Award
from app.models.decision import Decision
from tests.casework.conftest import person_id

BENEFIT = "low_income_living_assistance"
HERE = {"lives_at_registration": True, "days_in_taiwan": 366, "public_placement": False, "cause": "illness", "housing": "rented"}
MEMBER = {"listed": True, "residence_lives_there": True, "residence_days_in_taiwan": 366, "card": False, "student": False}


@pytest.fixture
def household(desk):
    """A mother of 40 and her children by age; `wage` is hers a month."""

    def make(children=(8, 16), wage=0, **own):
        desk.open(benefit=BENEFIT, born=dt.date(1986, 3, 1), sex="F", name="羅美蘭")
        members = [
            {"position": 2 + i, "relation": "child", "person_id": person_id(800 + i), "name": f"羅小{'明華強'[i]}", "birth": dt.date(2026 - age, 1, 5),
             "sex": "M", "lives_together": True, "same_registration": True, "claims_dependant": False, "employed": False, **MEMBER,
             "student": age >= 15, "circumstances": [{"kind": "day_student", "proven": True, "proof": "在學證明"}] if age >= 15 else []}
            for i, age in enumerate(children)
        ]  # fmt: skip
        incomes = [{"kind": "wage", "amount": wage * 12, "per": "year", "tax_year": 114, "source": "tax"}] if wage else []
        lines = {1: {"tax_year": 114, "employed": bool(wage), "incomes": incomes, "assets": [], **MEMBER, **own}}
        lines |= {2 + i: {"tax_year": 114, "incomes": [], "assets": []} for i in range(len(children))}
        desk.save(fields=HERE, members=members, lines=lines)
        return desk.papers().account()

    return make


def decided(desk, session):
    desk.submit().complete().first_review("pass", visited_on=clock.today(), visit_report="租屋，母親臥病，子女就學").forward().second_review()
    return session.get(Decision, desk.approve())


def test_a_household_of_the_third_class_draws_for_its_child_and_its_student(household, session):
    desk = household(wage=36_000)
    decision = decided(desk, session)
    assert decision.band == "class3"
    parts = {(p["name"], p["item"]) for p in decision.judgement["payments"]}
    assert parts == {("羅小明", "兒童生活補助費"), ("羅小華", "就學生活補助費")}
    award = session.scalars(select(Award)).one()
    assert award.amount == decision.amount == 3_008 + 6_825
    assert award.recipient_id == desk.case.applicant_id and award.household_no == desk.case.case_no
    assert decision.decision_no.startswith("府社救字")


def test_nobody_able_and_nothing_owned_is_the_first_class_paid_per_person(household, session):
    desk = household(children=(8,))
    desk.save(members=[
        {"position": 1, "circumstances": [{"kind": "serious_illness", "proven": True, "proof": "診斷書"}]},
        {"position": 2},
    ])  # fmt: skip
    decision = decided(desk, session)
    assert decision.band == "class1"
    assert sorted(p["name"] for p in decision.judgement["payments"]) == ["羅小明", "羅美蘭"]


def test_the_second_class_is_a_household_amount_put_on_the_representative(household, session):
    desk = household(children=(8, 4), wage=29_500)
    decision = decided(desk, session)
    assert decision.band == "class2"
    basic = [p for p in decision.judgement["payments"] if p["item"] == "家庭生活補助費"]
    assert [p["name"] for p in basic] == ["羅美蘭"]


def test_no_household_is_decided_without_the_visit(household):
    desk = household(wage=29_500).submit().complete().first_review()
    with pytest.raises(Refused, match="訪視"):
        desk.forward()


def test_a_member_whose_registration_is_not_known_is_asked(household, session):
    desk = household(wage=29_500)
    desk.save(lines={2: {"residence_days_in_taiwan": None}})
    desk.submit().complete().first_review(visited_on=clock.today(), visit_report="在家").forward().second_review()
    with pytest.raises(Refused, match="羅小明最近一年居住國內"):
        desk.approve()


def test_the_member_who_left_is_not_counted_when_the_household_is_judged_again(household, session):
    from app.commands.casework import changes

    desk = household(wage=29_500)
    decided(desk, session)
    change = changes.record_change(desk.who("clerk"), desk.id, "household", clock.today())
    desk.id = changes.apply_change(desk.who("officer"), change)
    assert [m.residence_days_in_taiwan for m in desk.case.members] == [366] * 3
    desk.save(members=[{"position": 1}, {"position": 2, "relation": "child", "name": "羅小明"}], lines={1: {"incomes": [
        {"kind": "wage", "amount": 15_000 * 12, "per": "year", "tax_year": 114, "source": "tax"}]}})  # fmt: skip
    decision = decided(desk, session)
    assert len(decision.judgement["household"]) == 2
    award = session.scalars(select(Award)).one()
    assert award.amount == decision.amount


def reopened(desk, happened_on):
    from app.commands.casework import changes

    change = changes.record_change(desk.who("clerk"), desk.id, "household", happened_on, happened_on)
    desk.id = changes.apply_change(desk.who("officer"), change)
    return desk


def at(day):
    return clock.frozen(dt.datetime.combine(day, dt.time(1), dt.UTC))


def test_a_child_who_leaves_lowers_the_amount_from_the_month_after_and_the_history_says_so(household, session, client_as):
    """社會救助法第14條（月份依實務）：減少自次月起；月份、款別、金額與離開的成員逐月列出。"""
    from app.commands.casework import household_history
    from app.core import roc
    from tests.casework.test_screens import opened

    with at(dt.date(2026, 9, 3)):
        desk = household(wage=36_000)
        decided(desk, session)
    with at(dt.date(2026, 10, 5)):
        reopened(desk, dt.date(2026, 10, 2))
        desk.save(members=[{"position": 1}, {"position": 2, "relation": "child", "name": "羅小明"}], lines={1: {"tax_year": 114, "incomes": [
            {"kind": "wage", "amount": 24_000 * 12, "per": "year", "tax_year": 114, "source": "tax"}]}, 2: {"tax_year": 114}}).papers()  # fmt: skip
        later = decided(desk, session)
    award = session.scalars(select(Award)).one()
    assert later.band == "class3" and later.start_month == roc.month(115, 11)
    line = later.judgement["trace"][-1]
    assert (line["code"], line["article"], line["note"]) == ("change", "社會救助法第14條（月份依實務為次月）", "月份法無明文，依實務")
    assert line["measured"] == "第3款、每月9,833元改為第3款、每月3,008元，115年11月起"
    first, second = household_history.spans(session, award)
    assert (first.first, first.last, first.amount, first.persons) == (roc.month(115, 9), roc.month(115, 10), 3_008 + 6_825, 3)
    assert (second.first, second.amount, second.persons, second.left, second.joined) == (roc.month(115, 11), 3_008, 2, ("羅小華",), ())
    page = opened(client_as("officer.10004"), desk.id, base="/low_income_living_assistance")
    assert "逐月沿革" in page and "離開：羅小華" in page and "為戶代表" in page


def test_a_newborn_who_joins_raises_the_amount_from_the_month_of_the_papers(household, session):
    from app.commands.casework import household_history
    from app.core import roc

    with at(dt.date(2026, 9, 3)):
        desk = household(children=(8,), wage=24_000)
        decided(desk, session)
    with at(dt.date(2026, 11, 5)):
        reopened(desk, dt.date(2026, 10, 28))
        baby = {"position": 3, "relation": "child", "person_id": person_id(850), "name": "羅小寶", "birth": dt.date(2026, 10, 28), "sex": "M",
                "lives_together": True, "same_registration": True, "claims_dependant": False, "employed": False, **MEMBER}  # fmt: skip
        desk.save(members=[{"position": 1}, {"position": 2, "relation": "child", "name": "羅小明"}, baby],
                  lines={3: {"tax_year": 114, "incomes": [], "assets": []}}).papers()  # fmt: skip
        later = decided(desk, session)
    assert later.start_month == roc.month(115, 11) and later.amount is not None
    assert household_history.spans(session, session.scalars(select(Award)).one())[-1].joined == ("羅小寶",)
