"""A rule that is too often wrong goes into shadow and two people bring it back; a sudden flood waits for a person."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.commands import doubts, match_statistics, matching, rule_control
from app.commands.base import Refused
from app.commands.doubts import Answer
from app.models.doubt import Doubt, DoubtSighting
from app.models.job import Job
from app.models.match_run import MatchRun
from app.models.parameter import Parameter
from app.models.rule_control import RuleHold, RuleShadow
from app.security import scope

from .frames import MAR, change, entry, paid, record
from .test_commands import SYSTEM, deliver, registers

PEOPLE = [{"person_id": f"A{200000000 + n}", "name": f"王{n}"} for n in range(40)]


def world(session: Any, dead: int, months: range) -> None:
    """Rosters that pay everybody; the first `dead` have died."""
    for month in months:
        deliver(session, "roster", [paid(month=month, case_no=f"C{n}", **who) for n, who in enumerate(PEOPLE)], month, "10004", "elderly_living_allowance")
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE],
        household_change=[change("death", "0970115", "0970301", **who) for who in PEOPLE[:dead]],
    )


def states(session: Any) -> dict[str, int]:
    session.expire_all()
    return dict(session.execute(select(Doubt.state, func.count()).where(Doubt.rule_code == "DEATH").group_by(Doubt.state)).all())


def setting(session: Any, name: str, value: int) -> None:
    session.execute(update(Parameter).where(Parameter.name == name).values(value=value))
    session.commit()


def all_wrong(session: Any) -> None:
    for key in session.scalars(select(Doubt.id).where(Doubt.state == "open").order_by(Doubt.id)).all():
        doubts.answer_doubt(SYSTEM, key, Answer("no_overpayment", "查無此事"))


@pytest.fixture
def wrong(session: Any) -> Any:
    """Twenty doubts, all answered "no overpayment"; then five more people are dead."""
    world(session, 20, range(MAR, MAR + 2))
    matching.run_match(SYSTEM, MAR)
    all_wrong(session)
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE],
        household_change=[change("death", "0970115", "0970301", **who) for who in PEOPLE[:25]],
    )
    return session


def test_a_rule_below_its_floor_runs_in_shadow(wrong: Any, client_as: Callable[[str], FlaskClient], tmp_path: Any) -> None:
    assert matching.run_match(SYSTEM, MAR + 1).doubts == 0
    assert states(wrong) == {"answered": 20, "shadow": 5}
    row = wrong.scalars(select(RuleShadow)).one()
    assert (row.rule_code, row.grade, row.answered, row.confirmed, row.state) == ("DEATH", "A", 20, 0, "shadow")
    assert "低於下限80.0%" in row.reason
    assert doubts.export_doubts(SYSTEM, tmp_path / "doubts.csv", MAR + 1) == 0
    with scope.use(scope.SYSTEM):
        (figures,) = match_statistics.statistics_rows(wrong, MAR + 1, MAR + 1)
    assert figures.doubtful == 0
    county = client_as("officer.10004")
    hidden = wrong.scalars(select(Doubt).where(Doubt.state == "shadow")).first()
    assert hidden.doubt_no not in county.get("/doubts/list/").text
    assert county.get(f"/doubts/show/{hidden.id}").status_code == 404
    with pytest.raises(Refused, match="沒有送出"):
        doubts.answer_doubt(SYSTEM, hidden.id, Answer("no_overpayment", "x"))
    page = client_as("ministry").get("/match-rules/DEATH/1/A").text
    assert "影子執行" in page and "目前留存 5 筆" in page and row.entered_by in page
    run = wrong.scalars(select(MatchRun.id).where(MatchRun.month == MAR + 1)).one()
    assert "影子執行" in client_as("ministry").get(f"/match-runs/show/{run}").text


def test_two_people_bring_it_back_and_old_answers_do_not_count_again(wrong: Any, actor: Callable[[str], Any]) -> None:
    matching.run_match(SYSTEM, MAR + 1)
    key = wrong.scalars(select(RuleShadow.id)).one()
    first, second = actor("ministry"), replace(actor("ministry"), user_id=actor("officer.10004").user_id)  # a colleague
    with pytest.raises(Refused, match="理由"):
        rule_control.ask_to_restore(first, key)
    rule_control.ask_to_restore(first, key, "資料來源已更正")
    with pytest.raises(Refused, match="同一人"):
        rule_control.restore(first, key)
    rule_control.restore(second, key)
    assert matching.run_match(SYSTEM, MAR + 1).doubts == 5
    assert states(wrong) == {"answered": 20, "open": 5}
    assert wrong.scalar(select(func.count()).select_from(RuleShadow).where(RuleShadow.state != "restored")) == 0


def test_without_a_floor_nothing_falls(wrong: Any) -> None:
    wrong.execute(update(Parameter).where(Parameter.name == "match_floor.A").values(state="withdrawn"))
    wrong.commit()
    assert matching.run_match(SYSTEM, MAR + 1).doubts == 5


@pytest.fixture
def flood(session: Any) -> Any:
    """Three quiet months with two doubts each, then thirty."""
    setting(session, "match_breaker.more", 10)
    world(session, 2, range(MAR - 3, MAR + 1))
    for month in range(MAR - 3, MAR):
        matching.run_match(SYSTEM, month)
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE],
        household_change=[change("death", "0970115", "0970301", **who) for who in PEOPLE[:30]],
    )
    return session


def test_a_flood_is_held_back_and_released(flood: Any, actor: Callable[[str], Any], client_as: Callable[[str], FlaskClient]) -> None:
    assert matching.run_match(SYSTEM, MAR).doubts == 2  # those that wait at the county already
    assert states(flood) == {"open": 2, "held": 28}
    row = flood.scalars(select(RuleHold)).one()
    assert (row.county_code, row.found, row.usual, row.history) == ("10004", 30, 2, [[MAR - 3, 2], [MAR - 2, 2], [MAR - 1, 2]])
    with scope.use(scope.SYSTEM):
        assert [c for c, reason in match_statistics.not_checked(flood, MAR) if "暫停送出" in reason] == ["10004"]
    page = client_as("ministry").get(f"/match-runs/show/{row.run_id}").text
    assert "疑義30筆" in page and "暫停送出" in page
    assert "暫停送出" in client_as("officer.10004").get("/statistics/?month=09803").text
    assert "疑義30筆" not in client_as("officer.10005").get(f"/match-runs/show/{row.run_id}").text
    rule_control.release(actor("ministry"), row.id, "戶政補送死亡資料，逐筆抽看無誤")
    assert states(flood) == {"open": 30}
    assert matching.run_match(SYSTEM, MAR).doubts == 30  # what a person released stays released
    with scope.use(scope.SYSTEM):
        assert not [reason for _, reason in match_statistics.not_checked(flood, MAR) if "暫停送出" in reason]


def test_what_is_held_back_claims_no_payment(flood: Any, actor: Callable[[str], Any]) -> None:
    """A weaker rule about the same payment speaks while the flood waits, and gives way when it is released."""
    registers(
        flood,
        household_register=[entry(**who) for who in PEOPLE],
        household_change=[change("death", "0970115", "0970301", **who) for who in PEOPLE[:30]],
        custody=[record(kind="prison", from_date=dt.date(2008, 6, 1), **PEOPLE[29])],
    )
    matching.run_match(SYSTEM, MAR)
    assert states(flood) == {"open": 2, "held": 28}
    custody = flood.scalars(select(Doubt).where(Doubt.rule_code == "CUSTODY")).one()
    assert (custody.state, custody.person_id, custody.expected_overpaid) == ("open", PEOPLE[29]["person_id"], 6000)
    rule_control.release(actor("ministry"), flood.scalars(select(RuleHold.id)).one(), "逐筆抽看無誤")
    (again,) = flood.scalars(select(Job).where(Job.kind == "match")).all()
    assert again.args == {"month": MAR} and again.started_by_id == actor("ministry").user_id
    matching.run_match(SYSTEM, MAR)
    flood.expire_all()
    assert states(flood) == {"open": 30}
    assert flood.get(Doubt, custody.id).state == "withdrawn"  # the death speaks alone


def test_a_dropped_flood_is_never_sent_and_stays_not_checked(flood: Any, actor: Callable[[str], Any]) -> None:
    matching.run_match(SYSTEM, MAR)
    key = flood.scalars(select(RuleHold.id)).one()
    rule_control.drop(actor("ministry"), key, "戶政檔重複")
    assert states(flood) == {"open": 2, "withdrawn": 28}
    assert flood.scalar(select(func.count()).select_from(DoubtSighting).where(DoubtSighting.state == "held")) == 0
    with scope.use(scope.SYSTEM):
        assert [c for c, reason in match_statistics.not_checked(flood, MAR) if "暫停送出" in reason] == ["10004"]


def test_with_too_little_history_the_breaker_says_nothing(session: Any) -> None:
    setting(session, "match_breaker.more", 10)
    world(session, 30, range(MAR, MAR + 1))
    assert matching.run_match(SYSTEM, MAR).doubts == 30
