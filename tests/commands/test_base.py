"""A command happens whole or not at all: permission, scope, transaction, audit row; refused tries are logged."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands.base import Conflict, Forbidden, NotFound, Refused, command
from app.extensions import db
from app.models.access import SecurityEvent
from app.models.audit import AuditEntry
from app.models.person import Person
from app.security import scope
from tests.seed import HOME_TOWN, OTHER_TOWN


@command("test.rename", roles=())
def rename(ctx, person, name, seen_version=None, fail=False):
    row = ctx.get(Person, person)
    ctx.check_version(row, seen_version)
    row.name = name
    ctx.audit("person.renamed", row)
    if fail:
        raise Refused("不行", "E-TEST")
    return row.name


@command("test.rename_twice", roles=())
def rename_twice(ctx, person):
    rename(ctx, person, "一")
    return rename(ctx, person, "二")


@pytest.fixture
def people(session):
    out = {}
    for i, town in enumerate((HOME_TOWN, OTHER_TOWN)):
        out[town] = Person(
            county_code="10004", town_code=town, person_id=f"A12345678{i}", name="原名", birth=dt.date(1940, 1, 1), sex="F"
        )
        session.add(out[town])
    session.commit()
    return {town: p.id for town, p in out.items()}


@pytest.fixture
def clerk(actor):
    from dataclasses import replace

    return replace(actor("clerk.10004010"), permissions=frozenset({"test.rename", "test.rename_twice"}))


def name_of(pk):
    with scope.use(scope.SYSTEM):
        db.session.expire_all()
        return db.session.scalar(select(Person.name).where(Person.id == pk))


def events():
    return db.session.scalars(select(AuditEntry.event).order_by(AuditEntry.seq)).all()


def denials():
    return db.session.scalars(select(SecurityEvent).where(SecurityEvent.kind == "denied")).all()


def test_it_happens_with_its_audit_row(people, clerk):
    assert rename(clerk, people[HOME_TOWN], "新名") == "新名"
    assert name_of(people[HOME_TOWN]) == "新名" and events() == ["person.renamed"]


def test_a_refusal_leaves_nothing(people, clerk):
    with pytest.raises(Refused):
        rename(clerk, people[HOME_TOWN], "新名", fail=True)
    assert name_of(people[HOME_TOWN]) == "原名" and events() == []


def test_commands_join_one_transaction(people, clerk):
    assert rename_twice(clerk, people[HOME_TOWN]) == "二"
    assert events() == ["person.renamed", "person.renamed"]


def test_without_the_permission_nothing_happens_and_it_is_logged(people, actor):
    with pytest.raises(Forbidden):
        rename(actor("clerk.10004010"), people[HOME_TOWN], "新名")
    assert name_of(people[HOME_TOWN]) == "原名" and len(denials()) == 1


def test_another_townships_row_is_not_there_and_the_try_is_logged(people, clerk):
    with pytest.raises(NotFound):
        rename(clerk, people[OTHER_TOWN], "新名")
    assert name_of(people[OTHER_TOWN]) == "原名"
    assert len(denials()) == 1 and str(people[OTHER_TOWN]) in denials()[0].details


def test_a_row_that_does_not_exist_is_no_denial(people, clerk):
    with pytest.raises(NotFound):
        rename(clerk, 999999, "新名")
    assert denials() == []


def test_what_somebody_else_changed_is_a_conflict(people, clerk):
    rename(clerk, people[HOME_TOWN], "先", seen_version=1)
    with pytest.raises(Conflict):
        rename(clerk, people[HOME_TOWN], "後", seen_version=1)
    assert name_of(people[HOME_TOWN]) == "先"
