"""身心障礙者生活補助 as the offices do it, from the counter to 核定."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands.base import Refused
from app.core import clock, roc
from app.models.award import Award
from app.models.decision import Decision

BENEFIT = "disability_living_allowance"
CARD = {
    "card_held": True, "card_number": "J0000001", "card_grade": "severe", "card_classes": "1、7", "card_issued": dt.date(2024, 3, 1),
    "card_expires": dt.date(2029, 2, 28), "card_permanent": False,
}  # fmt: skip
HERE = {"lives_at_registration": True, "days_in_taiwan": 366, "public_placement": False, "housed": False, "in_custody": False}


@pytest.fixture
def case(desk):
    """A man of 40 with a severe disability, listed as low income, living with his mother."""

    def make(low_income_status="low", **facts):
        desk.open(benefit=BENEFIT, born=dt.date(1986, 3, 1))
        desk.save(fields={**HERE, **CARD, "low_income_status": low_income_status, **facts}, lines={1: {"tax_year": 114, "employed": False}})
        return desk.papers().account()

    return make


def test_a_listed_man_with_a_severe_card_gets_the_higher_amount(case, session):
    desk = case().to_decision()
    decision = session.get(Decision, desk.approve())
    assert (decision.amount, decision.band, decision.start_month) == (9_485, "low_severe", roc.month_of(clock.today()))
    assert decision.decision_no.startswith("府社障字第115")
    assert decision.facts["card"]["grade"] == "severe" and decision.facts["card"]["classes"] == ["1", "7"]
    award = session.scalars(select(Award)).one()
    assert (award.benefit, award.amount, award.household_no) == (BENEFIT, 9_485, None)
    assert desk.case.case_no.startswith("DLA115")


def test_a_mild_card_without_low_income_gets_the_lowest_amount_after_the_means_tests(case, session):
    desk = case("none", card_grade="mild").to_decision()
    decision = session.get(Decision, desk.approve())
    assert (decision.amount, decision.band) == (4_049, "other_mild")
    codes = {line["code"] for line in decision.judgement["trace"]}
    assert {"income_minimum", "income_consumption", "movable", "real_estate"} <= codes


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"card_expires": dt.date(2026, 1, 31), "card_annotated": False}, "card"),
        ({"housed": True, "housed_since": dt.date(2026, 5, 1)}, "institution"),
        ({"in_custody": True}, "custody"),
        ({"days_in_taiwan": 183}, "days_in_taiwan"),
        ({"misuse": True}, "misuse"),
    ],
)
def test_what_is_not_met_is_named_and_refused(case, session, facts, code):
    desk = case(**facts).submit().complete().first_review("fail").forward().second_review()
    with pytest.raises(Refused, match="不符合請領條件"):
        desk.approve()
    decision = session.get(Decision, desk.reject("不符合請領條件"))
    assert code in {line["code"] for line in decision.judgement["trace"] if line["outcome"] == "not_met"}


def test_an_unknown_card_is_asked_never_assumed(case):
    desk = case(**dict.fromkeys(CARD)).to_decision()
    with pytest.raises(Refused, match="手冊或證明"):
        desk.approve()


def test_a_change_of_grade_is_judged_again_and_changes_the_award(case, session):
    from app.commands.casework import changes

    desk = case("none").to_decision()
    desk.approve()
    today = clock.today()
    change = changes.record_change(desk.who("clerk"), desk.id, "means", today)
    desk.id = changes.apply_change(desk.who("officer"), change)
    assert desk.case.card_grade == "severe" and desk.case.purpose == "change"
    desk.save(fields={"card_grade": "mild"})
    desk.to_decision()
    desk.approve()
    award = session.scalars(select(Award)).one()
    assert (award.amount, award.band, len(award.changes)) == (4_049, "other_mild", 2)
