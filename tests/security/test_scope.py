"""Row scope holds whatever built the statement, and nothing in force means nothing allowed."""

import datetime as dt

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from app.models.care_institution import CareInstitution
from app.models.person import Person
from app.security import scope
from app.security.scope import OutOfScope, Scope, ScopeMissing
from tests.seed import FOREIGN_TOWN, HOME_TOWN, OTHER_TOWN

TOWN = Scope("township", "10004", HOME_TOWN)


@pytest.fixture
def people(session):
    """One person in each township."""
    for i, town in enumerate((HOME_TOWN, OTHER_TOWN, FOREIGN_TOWN)):
        session.add(
            Person(county_code=town[:5], town_code=town, person_id=f"A12345678{i}", name=f"人{i}", birth=dt.date(1940, 1, 1), sex="F")
        )
    session.commit()
    return session


@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        (TOWN, 1),
        (Scope("county", "10004"), 2),
        (Scope("county", "10005"), 1),
        (Scope("ministry"), 0),
        (Scope("none"), 0),
        (scope.SYSTEM, 3),
    ],
)
def test_each_level_sees_its_own(people, limits, seen):
    other = aliased(Person)
    with scope.use(limits):
        assert people.scalar(select(func.count()).select_from(Person)) == seen
        assert len(people.execute(select(Person.name)).all()) == seen
        assert len(people.scalars(select(other)).all()) == seen
        assert people.query(Person).count() == seen
        assert people.scalar(select(func.count()).select_from(select(Person.id).subquery())) == seen
        assert (people.scalar(select(select(Person.id).where(Person.name == "人2").exists())) or False) == (
            seen in (3,) or limits == Scope("county", "10005")
        )


def test_a_township_reads_its_countys_institutions_and_no_other(session):
    made = [
        CareInstitution(county_code=county, name=county, tax_no="99000001", place_code=county, licence_no="示", licence_from=dt.date(2020, 1, 1),
                        bank_code="0040001", account="1", payee_name="示")
        for county in ("10004", "10005")
    ]  # fmt: skip
    session.add_all(made)
    session.commit()
    with scope.use(TOWN):
        (own,) = session.scalars(select(CareInstitution)).all()
        assert own.county_code == "10004"
        own.name = "改名"
        with pytest.raises(OutOfScope):
            session.flush()


def test_aliases_joined_to_aliases_are_limited_too(people):
    one, two = aliased(Person), aliased(Person)
    statements = (
        select(one.id, two.id).select_from(one).outerjoin(two, two.sex == one.sex),
        select(func.count()).select_from(one).join(two, two.sex == one.sex),
        select(one.id).where(select(two.id).where(two.sex == one.sex, two.id != one.id).exists()),
    )
    with scope.use(TOWN):
        assert [len(people.execute(statements[0]).all()), people.scalar(statements[1]), len(people.execute(statements[2]).all())] == [1, 1, 0]
    with scope.use(Scope("county", "10004", None, frozenset({"x"}))):
        assert [len(people.execute(statements[0]).all()), people.scalar(statements[1]), len(people.execute(statements[2]).all())] == [4, 4, 2]
    with scope.use(Scope("ministry")):
        assert [len(people.execute(statements[0]).all()), people.scalar(statements[1])] == [0, 0]


def test_bulk_update_and_delete_touch_only_the_scope(people):
    with scope.use(TOWN):
        assert people.execute(update(Person).values(phone="1").execution_options(synchronize_session=False)).rowcount == 1
        assert people.execute(delete(Person).execution_options(synchronize_session=False)).rowcount == 1
    people.commit()
    with scope.use(scope.SYSTEM):
        assert people.scalar(select(func.count()).select_from(Person)) == 2


def test_nothing_in_force_is_refused(app):
    from app.extensions import db

    for statement in (select(Person), select(func.count()).select_from(Person), select(func.count(Person.id))):
        with pytest.raises(ScopeMissing):
            db.session.execute(statement)


@pytest.mark.parametrize("change", ["insert", "move out", "move in", "delete"])
def test_a_flush_outside_the_scope_is_refused(people, change):
    with scope.use(scope.SYSTEM):
        mine = people.scalars(select(Person).where(Person.town_code == HOME_TOWN)).one()
        theirs = people.scalars(select(Person).where(Person.town_code == OTHER_TOWN)).one()
    with scope.use(TOWN):
        if change == "insert":
            people.add(
                Person(county_code="10004", town_code=OTHER_TOWN, person_id="B123456780", name="新", birth=dt.date(1950, 1, 1), sex="M")
            )
        elif change == "move out":
            mine.town_code = OTHER_TOWN
        elif change == "move in":
            theirs.town_code = HOME_TOWN
        else:
            people.delete(theirs)
        with pytest.raises(OutOfScope):
            people.flush()
    people.rollback()


def test_programmes_limit_a_county_officer():
    class Case:
        pass

    officer = Scope("county", "10004", None, frozenset({"elderly_living_allowance"}))
    assert officer._admits(True, "10004", HOME_TOWN, "elderly_living_allowance")
    assert not officer._admits(True, "10004", HOME_TOWN, "disability_living_allowance")
    assert officer._admits(True, "10004", HOME_TOWN, None)
