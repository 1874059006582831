"""中低收入戶兒少生活補助, 身心障礙者資料管理 and 停車證 as the offices do them; what the declarations of all benefits must fulfil."""

import datetime as dt
from dataclasses import fields

import pytest
from sqlalchemy import inspect, select

from app.commands import parameters
from app.commands.base import Refused
from app.commands.payment_roster import own_fields
from app.core import clock, roc
from app.models.application import DOCUMENTS, LOCAL, Application
from app.models.award import Award
from app.models.decision import Decision
from app.rules.benefits import benefits
from app.rules.facts import CaseFacts
from app.rules.laws import law_of
from app.rules.personal import birthday
from app.views.casework_intake import SECTIONS as LABELLED


def models():
    import app.models  # noqa: F401

    """The benefits with a class of their own, by code."""
    return {m.class_.BENEFIT: m.class_ for m in inspect(Application).self_and_descendants if m.class_.BENEFIT not in ("", LOCAL)}


# -- 中低收入戶兒少生活補助 -------------------------------------------------------------------------------------------------------
BORN = dt.date(2017, 5, 6)


@pytest.fixture
def child(desk, actor):
    """A girl of nine in a listed household; the county has entered its amount."""
    row = parameters.propose_parameter(actor("officer.10004"), "child_youth_living_assistance", "2197", dt.date(2024, 1, 1), "縣府公告（測試）")
    parameters.approve_parameter(actor("director.10004"), row)

    def make(**facts):
        desk.open(benefit="child_youth_living_assistance", born=BORN, name="林小安")
        desk.save(fields={"lives_at_registration": True, "low_income_status": "near_low", "category": "near_low", "hardship": True,
                          "public_placement": False, "custodian": "mother", **facts})  # fmt: skip
        return desk.papers().account()

    return make


def test_a_child_is_paid_until_the_month_after_its_eighteenth_birthday(child, session):
    desk = child().to_decision()
    decision = session.get(Decision, desk.approve())
    assert (decision.amount, decision.band) == (2_197, "near_low")
    award = session.scalars(select(Award)).one()
    assert award.amount == decision.amount and award.payee_name == "林小安"
    assert award.to_month == decision.end_month == roc.month_of(birthday(BORN, 18))


def test_the_childs_hardship_must_be_found_not_assumed(child):
    desk = child(hardship=None).to_decision()
    with pytest.raises(Refused, match="還不能核定"):
        desk.approve()


def test_no_tax_data_are_asked_where_the_law_asks_no_means(child):
    from app.commands.casework.problems import find

    desk = child()
    assert {p.section for p in find(desk.case, clock.today())} <= {"person", "facts", "documents", "account"}


# -- 身心障礙者資料管理 -----------------------------------------------------------------------------------------------------------
ASSESSED = {
    "lives_at_registration": True, "issue": "first", "assessment_hospital": "臺大醫院新竹分院", "assessment_day": dt.date(2026, 9, 1),
    "assessment_qualifies": True, "assessment_grade": "moderate", "assessment_classes": "７、1", "assessment_irreversible": False,
    "assessment_needs_assessed": dt.date(2026, 10, 1),
}  # fmt: skip


@pytest.fixture
def register(desk):
    def make(**facts):
        desk.open(benefit="disability_register", born=dt.date(1970, 1, 1))
        desk.save(fields={**ASSESSED, **facts})
        return desk.papers()

    return make


def test_a_card_is_issued_for_at_most_five_years_and_pays_nothing(register, session):
    desk = register().to_decision()
    decision = session.get(Decision, desk.approve())
    today = clock.today()
    assert (decision.amount, decision.valid_from, decision.band) == (0, today, "moderate")
    assert decision.valid_to == today.replace(year=today.year + 5)
    assert (desk.case.valid_from, desk.case.valid_to) == (decision.valid_from, decision.valid_to)
    assert decision.facts["assessment"]["classes"] == ["7", "1"]
    assert session.scalars(select(Award)).all() == []


def test_a_condition_that_cannot_improve_gets_a_card_without_a_last_day(register, session):
    desk = register(assessment_irreversible=True).to_decision()
    decision = session.get(Decision, desk.approve())
    assert decision.valid_from and decision.valid_to is None


def test_a_card_ends_when_its_return_is_applied(register, session):
    from app.commands.casework import changes

    desk = register().to_decision()
    desk.approve()
    day = clock.today()
    changes.apply_change(desk.who("officer"), changes.record_change(desk.who("clerk"), desk.id, "terminate", day))
    assert desk.case.valid_to == day


def test_below_the_legal_grade_no_card_is_issued(register):
    desk = register(assessment_qualifies=False).submit().complete().first_review("fail").forward().second_review()
    with pytest.raises(Refused, match="不符合"):
        desk.approve()
    desk.reject("未達法定等級")
    assert desk.case.state == "rejected" and desk.case.valid_from is None


# -- 停車證 -------------------------------------------------------------------------------------------------------------------
PERMIT = {
    "lives_at_registration": True, "card_held": True, "card_grade": "severe", "card_classes": "7", "card_issued": dt.date(2024, 3, 1),
    "card_expires": dt.date(2028, 2, 29), "mobility": True, "holder": "self", "vehicle": "car", "plate": "ABC-1234", "special_plate": False,
    "other_permit": False,
}  # fmt: skip


@pytest.fixture
def permit(desk):
    def make(**facts):
        desk.open(benefit="parking_permit", born=dt.date(1970, 1, 1))
        desk.save(fields={**PERMIT, **facts})
        return desk.papers()

    return make


def test_a_permit_ends_with_the_card(permit, session):
    desk = permit().to_decision()
    decision = session.get(Decision, desk.approve())
    assert (decision.valid_from, decision.valid_to) == (clock.today(), dt.date(2028, 2, 29))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"special_plate": True}, "special_plate"),
        ({"other_permit": True}, "other_permit"),
        ({"holder": "other_relative", "holder_name": "林大同", "same_home": False}, "holder"),
        ({"vehicle": "taxi", "owner_is_self": True, "driver_is_self": False}, "vehicle"),
        ({"misuse_found": dt.date(2025, 1, 1)}, "ban"),
    ],
)
def test_what_forbids_a_permit_is_named(permit, session, facts, code):
    desk = permit(**facts).submit().complete().first_review("fail").forward().second_review()
    decision = session.get(Decision, desk.reject("不符合申請資格"))
    assert {line["code"] for line in decision.judgement["trace"] if line["outcome"] == "not_met"} == {code}


def test_a_plate_nobody_asked_the_motor_office_about_is_not_known(permit):
    desk = permit(special_plate=None).to_decision()
    with pytest.raises(Refused, match="專用牌照"):
        desk.approve()


# -- every benefit ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", models())
def test_what_a_benefit_declares_fits_together(code):
    model = models()[code]
    assert code in benefits() and str(model.LABEL)
    common = set(Application.__table__.c.keys()) - {"id"}
    own = set(model.__table__.c.keys()) - {"id"}
    assert not own & common, "a column of the benefit hides a common one"
    assert {*model.FACTS, *model.COUNTY_FINDINGS} == own, "every column is asked or found by the county, and every field asked is a column"
    assert not set(model.FACTS) & set(model.COUNTY_FINDINGS)
    assert set(model.ASKED) <= own
    assert set(model.SECTIONS) <= set(LABELLED)
    assert {c for c, _ in model.DOCUMENTS} <= set(DOCUMENTS)
    row = benefits()[code]
    assert ("account" in model.SECTIONS) == (row.pays and row.payment_unit != "institution"), "an institution has its own account"
    facts = law_of(code).facts
    assert all(len(band) <= Decision.band.type.length for band in model.BANDS)
    wanted = set() if facts is CaseFacts else {f.name for f in fields(facts)}
    assert not wanted & common - set(model.FACT_SOURCES), "a fact would be answered by a common column of the same name"
    assert set(model.FACT_SOURCES) <= wanted


def test_the_roster_says_grade_and_class_by_the_codes_of_the_contract():
    assert own_fields("disability_living_allowance", "low_severe") == {"grade": "severe", "low_income_flag": "Y"}
    assert own_fields("disability_living_allowance", "other_mild") == {"grade": "mild", "low_income_flag": "N"}
    assert own_fields("low_income_living_assistance", "class2") == {"class": "2"}
    assert own_fields("child_youth_living_assistance", "near_low") == {}
