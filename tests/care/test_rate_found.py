"""98年「或」的兩項基準牴觸: the county's officer finds the rate with its reason, before the supervisor decides."""

import datetime as dt

import pytest

from app.commands.base import Refused
from app.commands.casework import care_rate
from app.core import clock
from app.models.decision import Decision
from app.models.parameter import Parameter
from tests.casework.conftest import Desk

from .conftest import BENEFIT, FACTS

DAY = dt.date(2009, 3, 11)
TAX_YEAR = 96


@pytest.fixture
def desk(care, session):
    """A man of 39 whose family has 70,000 a head: six times the minimum and more, but below three times the average consumption."""
    session.add(
        Parameter(
            name="average_consumption", region="", value=30_000, unit="", effective_from=dt.date(2009, 1, 1), source="測試", confidence="county",
            county_code="10004", state="approved", origin="file", entered_at=clock.now(),
        )
    )  # fmt: skip
    session.commit()
    with clock.frozen(DAY):
        desk = Desk(care.actor, session)
        desk.open(born=dt.date(1970, 1, 1), benefit=BENEFIT)
        wage = {"kind": "wage", "amount": 840_000, "per": "year", "tax_year": TAX_YEAR, "source": "tax"}
        facts = {**FACTS, "low_income_status": "none", "card_issued": dt.date(2008, 1, 1), "card_expires": dt.date(2019, 1, 1)}
        desk.save(fields=facts, lines={1: {"tax_year": TAX_YEAR, "employed": True, "incomes": [wage], "assets": []}})
        desk.papers().to_decision()
        yield desk


def test_牴觸未認定前不能核定_認定後依認定比例(desk, session):
    with pytest.raises(Refused, match="補助比例"):
        desk.approve()
    with pytest.raises(Refused, match="條文所列"):
        care_rate.decide_rate(desk.who("officer"), desk.id, 33, "依比例折算")
    with pytest.raises(Refused, match="理由"):
        care_rate.decide_rate(desk.who("officer"), desk.id, 35, " ")
    care_rate.decide_rate(desk.who("officer"), desk.id, 35, "家庭負擔沉重，依平均消費支出級距認定")
    decision = session.get(Decision, desk.approve())
    assert (decision.band, decision.amount) == ("rate35", 7_000) and decision.facts["decided_rate"] == 35


def test_認定不予補助_即不符(desk):
    care_rate.decide_rate(desk.who("officer"), desk.id, 0, "已達6倍，認定不予補助")
    with pytest.raises(Refused, match="不符合請領條件"):
        desk.approve()


def test_沒有牴觸的案件不必認定(care, session):
    with clock.frozen(DAY):
        desk = Desk(care.actor, session)
        desk.open(2, born=dt.date(1970, 1, 1), benefit=BENEFIT)
        desk.save(fields={**FACTS, "low_income_status": "low", "card_issued": dt.date(2008, 1, 1), "card_expires": dt.date(2019, 1, 1)}, lines={1: {"tax_year": TAX_YEAR}})
        desk.papers().to_decision()
        with pytest.raises(Refused, match="沒有牴觸"):
            care_rate.decide_rate(desk.who("officer"), desk.id, 75, "試填")
