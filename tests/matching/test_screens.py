"""The doubts on the screen: the owning county's only, both sides beside each other, the answer form, the run's boards."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.commands import matching
from app.models.doubt import Doubt
from app.models.match_run import MatchRun

from .frames import MAR, change, paid
from .test_commands import OTHER, SYSTEM, registers, rosters


@pytest.fixture
def matched(session: Any) -> Any:
    """A dead recipient and one paid by two counties."""
    rosters(session, [paid(), paid(**OTHER), paid(county="10005", **OTHER)])
    registers(session, household_change=[change("death", "0980115", "0980301")])
    matching.run_match(SYSTEM, MAR)
    session.expire_all()
    return session


def key_of(session: Any, rule: str) -> int:
    return session.scalars(select(Doubt.id).where(Doubt.rule_code == rule, Doubt.mirror.is_(False))).one()


def opened(client: FlaskClient, key: int) -> str:
    """The doubt's page, after saying why."""
    assert "查閱目的" in client.get(f"/doubts/show/{key}").text
    client.post(f"/doubts/purpose/{key}", data={"purpose": "疑義查核"})
    return client.get(f"/doubts/show/{key}").text


def test_the_queue_of_a_county(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    page = client_as("officer.10004").get("/doubts/list/").text
    assert "死亡後仍發給" in page and "待答復 A 級" in page
    assert "A12345****" in page and "A123456789" not in page
    numbers = set(re.findall(r"\d{5}-09803-\d{5}", page))
    assert numbers and all(n.startswith("10004") for n in numbers)


def test_another_county_sees_nothing_of_it(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    key = key_of(matched, "DEATH")
    client = client_as("officer.10005")
    assert client.get(f"/doubts/show/{key}").status_code == 404
    assert client.post(f"/doubts/answer/{key}", data={"outcome": "no_overpayment", "reason": "x"}).status_code == 404
    matched.rollback()
    assert matched.get(Doubt, key).state == "open"


def test_both_sides_the_months_and_the_article(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    page = opened(client_as("officer.10004"), key_of(matched, "DEATH"))
    for text in ("98/01/15", "中低收入老人生活津貼發給辦法", "兩邊的紀錄", "各月應發與已發", "6,000", "98年3月", "相符"):
        assert text in page, text


def test_an_answer_and_a_fault(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    key = key_of(matched, "DEATH")
    client = client_as("officer.10004")
    page = opened(client, key)
    seen = re.search(r'name="_seen_version" value="(\d+)"', page)[1]
    fault = client.post(
        f"/doubts/answer/{key}", data={"outcome": "overpaid", "overpaid_from": "09803", "overpaid_to": "09803", "_seen_version": seen}
    )
    assert fault.status_code == 422 and "溢領金額必須大於 0" in fault.text
    data = {
        "outcome": "overpaid",
        "overpaid_from": "09803",
        "overpaid_to": "09803",
        "overpaid_amount": "6,000",
        "reason": "死亡後續發",
        "_seen_version": seen,
    }
    assert client.post(f"/doubts/answer/{key}", data=data).status_code == 303
    page = client.get(f"/doubts/show/{key}").text
    assert "先前的答復" in page and "死亡後續發" in page and "追" in page
    matched.rollback()
    assert matched.get(Doubt, key).outcome == "overpaid"


def test_a_silent_answer_gets_a_suggested_validity(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    key = key_of(matched, "DEATH")
    client = client_as("officer.10004")
    opened(client, key)
    assert client.post(f"/doubts/answer/{key}", data={"outcome": "no_overpayment", "reason": "戶政更正"}).status_code == 303
    matched.rollback()
    assert matched.get(Doubt, key).valid_until is not None


def test_townships_do_not_see_doubts(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    assert client_as("clerk.10004010").get("/doubts/list/").status_code in (302, 403, 404)


def test_the_run_shows_rules_gates_and_what_was_not_checked(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    run = matched.scalars(select(MatchRun.id)).one()
    for name in ("officer.10004", "ministry"):
        page = client_as(name).get(f"/match-runs/show/{run}").text
        for text in ("未比對", "四道關卡擋下的", "死亡後仍發給", "當月有關聯", "尚未答復"):
            assert text in page, (name, text)


def test_home_counts_the_hard_doubts(matched: Any, client_as: Callable[[str], FlaskClient]) -> None:
    page = client_as("officer.10004").get("/", follow_redirects=True).text
    assert "待答復疑義（A 明確）" in page
