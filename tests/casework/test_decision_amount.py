"""A granted decision about money has an amount, whatever else it says; cards and permits have a validity instead."""

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from app.core import clock, roc
from app.models.decision import Decision

DAY = dt.date(2026, 9, 3)
MONEY = {"amount": 4_164, "start_month": roc.month_of(DAY)}


@pytest.fixture
def put(desk, session):
    """Writes a decision past the desk."""
    desk.open()

    def write(benefit, **values):
        case = desk.case
        row = Decision(
            county_code=case.county_code, town_code=case.town_code, application_id=case.id, benefit=benefit, rule_version="x", facts={}, judgement={},
            decision_no="府社字第1號", decided_at=clock.now(), **{"outcome": "granted", **values},
        )  # fmt: skip
        session.add(row)
        session.flush()

    return write


@pytest.mark.parametrize(
    ("benefit", "values"),
    [
        ("elderly_living_allowance", {"start_month": MONEY["start_month"]}),
        ("elderly_living_allowance", {"start_month": MONEY["start_month"], "valid_from": DAY}),
        ("elderly_living_allowance", {**MONEY, "amount": 0, "band": "full"}),
        ("elderly_living_allowance", {"amount": 4_164, "valid_from": DAY}),
        ("low_income_living_assistance", {"start_month": MONEY["start_month"], "band": "class3"}),
        ("low_income_living_assistance", {**MONEY, "amount": 0}),
        ("assistive_device_subsidy", {"valid_from": DAY}),
        ("parking_permit", {}),
    ],
)
def test_核定而沒有金額_資料庫不收(put, benefit, values):
    with pytest.raises(IntegrityError):
        put(benefit, **values)


@pytest.mark.parametrize(
    ("benefit", "values"),
    [
        ("elderly_living_allowance", MONEY),
        ("low_income_living_assistance", {**MONEY, "amount": 0, "band": "class3"}),
        ("parking_permit", {"valid_from": DAY}),
        ("disability_register", {"valid_from": DAY}),
        ("elderly_living_allowance", {"outcome": "rejected"}),
    ],
)
def test_有金額的核定_證照的效期與不予核定_照收(put, benefit, values):
    put(benefit, **values)
