"""Pages stay cheap: how many statements each may send, whatever the size of the family."""

import re
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app.extensions import db
from tests.casework.test_screens import BASE, opened
from tests.seed import HOME_TOWN

CASE, PAGE, PERSON = 14, 14, 20
CHILDREN = [(45, 42_000), (43, 40_000), (40, 38_000), (38, 36_000)]


@contextmanager
def statements():
    """What goes to the database meanwhile; opening a transaction is no statement."""
    sent = []

    def note(connection, cursor, statement, *more):
        if statement != "BEGIN":
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def visit(client, url, limit):
    with statements() as sent:
        assert client.get(url).status_code == 200
    assert len(sent) <= limit, "\n".join((str(len(sent)), *sent))


def test_a_decided_case_takes_few_queries(desk, client_as):
    desk.open().fill(children=CHILDREN).to_decision()
    desk.approve()
    client = client_as("officer.10004")
    opened(client, desk.id)
    visit(client, f"{BASE}/show/{desk.id}", CASE)


def test_a_case_under_review_takes_few_queries(desk, client_as):
    desk.open().fill(children=CHILDREN).to_decision()
    client = client_as("director.10004")
    opened(client, desk.id)
    visit(client, f"{BASE}/show/{desk.id}", CASE)
    assert "距今日數" in client.get(f"{BASE}/sources/{desk.id}").text


@pytest.mark.parametrize("who", [f"clerk.{HOME_TOWN}", "officer.10004", "director.10004", "accountant.10004"])
def test_the_home_page_takes_few_queries(who, desk, client_as):
    desk.open().fill(children=CHILDREN).to_decision()
    visit(client_as(who), "/", PAGE)


def test_a_person_with_several_cases_takes_few_queries(desk, client_as):
    desk.open().fill(children=CHILDREN).to_decision()
    desk.approve()
    client, person = client_as("officer.10004"), desk.case.applicant_id
    opened(client, person, base="/people")
    visit(client, f"/people/show/{person}", PERSON)


def test_a_list_takes_as_many_queries_for_one_row_as_for_five(desk, client_as):
    client = client_as("officer.10004")
    for n in range(1, 6):
        desk.open(n=n)
    visit(client, f"{BASE}/list/", 10)
    assert len(set(re.findall(r"ELA\d+", client.get(f"{BASE}/list/").text))) == 5
