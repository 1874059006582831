"""One person, one institution a day: what the desk refuses, the database refuses too."""

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands.base import Refused
from app.commands.care import contracts
from app.models.care_institution import CareContract

from .conftest import GRANTED, day


@pytest.fixture
def stay(care):
    """Somebody who has lived in one institution since the grant; a second institution is there."""
    person, first, second = care.granted(), care.institution(1), care.institution(2)
    return person, second, care.contract(person, first)


def another(care, person, institution, since, until=None):
    """A contract written past the desk, as a faulty program or a hand on the database would."""
    kept = care.session.scalars(select(CareContract).where(CareContract.recipient_id == person)).first()
    care.session.add(
        CareContract(
            county_code=kept.county_code, town_code=kept.town_code, recipient_id=person, institution_id=institution, service="residential",
            since=since, until=until, fee=20_000,
        )
    )  # fmt: skip
    care.session.flush()


def test_同日第二份契約_承辦畫面與資料庫都不收(care, stay):
    person, second, _ = stay
    with pytest.raises(Refused, match="有同一天"):
        care.contract(person, second, since=day("115/4/1"))
    with pytest.raises(IntegrityError):
        another(care, person, second, day("115/4/1"))


def test_前約終止次日起的新約_資料庫收_同日不收(care, stay):
    person, second, first = stay
    contracts.end_contract(care.officer, first, day("115/5/31"), "轉換機構")
    with pytest.raises(IntegrityError):
        another(care, person, second, day("115/5/31"))
    care.session.rollback()
    another(care, person, second, day("115/6/1"))
    care.session.commit()
    with pytest.raises(IntegrityError):  # the first contract cannot be stretched into the second
        care.session.execute(update(CareContract).where(CareContract.id == first).values(until=None))


def test_同一份契約改迄日_不算和自己重疊(care, stay):
    _, _, first = stay
    care.session.execute(update(CareContract).where(CareContract.id == first).values(until=dt.date(2026, 12, 31)))
    care.session.commit()


def test_不同人同一天_各有一份(care, stay):
    _, second, _ = stay
    assert care.contract(care.granted(2, "林春生"), second, since=GRANTED)
