"""The benefit checker: the rules that decide cases, asked with a few answers; never a promise."""

import datetime as dt
import re

import pytest

from app.commands import citizen_check
from app.commands.citizen_check import Answers
from app.rules.laws import law_of


def worth(session, **answers):
    return {b.code for b in citizen_check.check(session, Answers("10004", **answers)) if not b.against}


def against(session, code, **answers):
    return [question for b in citizen_check.check(session, Answers("10004", **answers)) if b.code == code for question, _ in b.against]


def test_who_answers_nothing_is_turned_away_from_nothing(session, county_settings):
    assert {"elderly_living_allowance", "low_income_living_assistance", "parking_permit"} <= worth(session)


def test_an_old_person_with_little_is_sent_to_the_allowance_of_the_old(session, county_settings):
    old = {"birth": dt.date(1948, 3, 1), "registered": True, "most_of_year": True, "people": 1, "income": 9_000, "movable": 20_000, "real_estate": 0}
    assert against(session, "low_income_living_assistance", **old) == []
    assert {"elderly_living_allowance", "low_income_living_assistance"} <= worth(session, **old)


def test_the_young_are_told_which_test_speaks_against_it(session, county_settings):
    assert "elderly_living_allowance" not in worth(session, birth=dt.date(1990, 1, 1))
    assert any("六十五歲" in q or "65" in q for q in against(session, "elderly_living_allowance", birth=dt.date(1990, 1, 1)))


def test_income_is_the_familys(session, county_settings):
    one = {"birth": dt.date(1948, 3, 1), "registered": True, "income": 60_000, "movable": 0, "real_estate": 0, "status": "none"}
    assert "elderly_living_allowance" not in worth(session, people=1, **one)
    assert "elderly_living_allowance" in worth(session, people=4, **one)
    assert "elderly_living_allowance" in worth(session, people=1, **one | {"status": None}), "a listed family is not asked for its means, so nothing is settled"


def test_without_a_card_no_benefit_of_the_card(session, county_settings):
    found = worth(session, card="none")
    assert not found & {"disability_living_allowance", "disability_care_subsidy", "parking_permit", "assistive_device_subsidy"}
    assert "disability_register" in found, "but the card itself may be asked for"


def test_it_is_the_rule_that_answers(session, county_settings, monkeypatch):
    """Not a copy of the rule: when the law's module says no, so does the page."""
    law = law_of("parking_permit")
    asked = []

    def decide(facts, parameters, exclusions):
        asked.append(facts)
        return law.decide(facts, parameters, exclusions)

    monkeypatch.setattr(citizen_check, "law_of", lambda code, d: law_of(code, d) if code != "parking_permit" else type(law)(law.facts, decide))
    citizen_check.check(session, Answers("10004", card="severe"))
    assert asked[0].card.held and asked[0].card.grade == "severe"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_names_papers_and_promises_nothing(app, county_settings, lang):
    browser = app.test_client()
    page = browser.post(f"/citizen/{lang}/check", data={"county_code": "10004", "birth": "37/03/01", "registered": "y", "income": "9,000", "people": "1"}).text
    assert ("請準備" if lang == "zh" else "Bring:") in page and ("不是核定" in page or "由機關審查決定" in page or "Only the office can decide" in page)


@pytest.mark.sqlite
@pytest.mark.parametrize(("name", "value"), [("birth", "x"), ("income", "-5"), ("people", "99"), ("county_code", "99999"), ("card", "gold")])
def test_bad_answers_are_told_at_the_field(app, name, value):
    page = app.test_client().post("/citizen/zh/check", data={"county_code": "10004", name: value}).text
    field = re.search(rf'<div class="field[^"]*">(?:(?!</div>).)*id="{name}".*?</div>', page, re.S).group()
    assert 'class="error"' in field and "請修改下面標示的答案" in page
    assert not re.search(r'class="error"[^>]*>[^<]*[A-Za-z]{4}', field), "no English left"
