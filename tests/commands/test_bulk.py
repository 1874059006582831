"""Many rows at once behave as rows added one by one: defaults, types, constraints, the transaction."""

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.commands import bulk
from app.models.person import Person
from tests.seed import HOME_TOWN

NOW = dt.datetime(2009, 3, 1, 8, 30)


def people(first: int, count: int, **more: object) -> list[dict[str, object]]:
    return [
        {
            "county_code": HOME_TOWN[:5], "town_code": HOME_TOWN, "person_id": f"J2{n:08d}", "name": "引號'、\t定位\\與「𠮷」", "birth": dt.date(1930, 1, 2),
            "sex": "F", "phone": None, "version": 1, "created_at": NOW, "changed_at": NOW, **more,
        }
        for n in range(first, first + count)
    ]  # fmt: skip


def test_rows_arrive_as_they_are(session):
    bulk.add_rows(session, Person, people(1, bulk.CHUNK + 3))
    session.commit()
    assert session.scalar(select(func.count()).select_from(Person)) == bulk.CHUNK + 3
    one = session.scalars(select(Person).where(Person.person_id == "J200000001")).one()
    assert (one.name, one.birth, one.phone, one.created_at) == ("引號'、\t定位\\與「𠮷」", dt.date(1930, 1, 2), None, NOW)
    bulk.add_rows(session, Person, [])


def test_a_constraint_holds_and_nothing_of_the_batch_stays(session):
    bulk.add_rows(session, Person, people(1, 5))
    with pytest.raises(IntegrityError):
        bulk.add_rows(session, Person, people(5, 3))
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_column_that_nobody_fills_is_said(session):
    rows = people(1, 1)
    del rows[0]["created_at"]
    with pytest.raises((ValueError, IntegrityError)):
        bulk.add_rows(session, Person, rows)
