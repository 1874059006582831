"""How right a rule was: the figures of the rule page, the intervals, and the queue that follows them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.commands import doubts, match_rules, matching
from app.commands.doubts import Answer
from app.matching import precision
from app.models.doubt import Doubt
from app.security import scope

from .frames import MAR, change, entry, paid
from .test_commands import SYSTEM, registers, rosters

PEOPLE = [{"person_id": f"A{200000000 + n}", "name": f"王{n}"} for n in range(6)]


@pytest.fixture
def six_dead(session: Any) -> Any:
    """Six dead recipients of one county, each with a larger payment than the one before, none answered."""
    rosters(session, [paid(amount=1000 * (n + 1), **who) for n, who in enumerate(PEOPLE)])
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE],
        household_change=[change("death", "0980115", "0980301", **who) for who in PEOPLE],
    )
    matching.run_match(SYSTEM, MAR)
    session.expire_all()
    return session


def keys(session: Any) -> list[int]:
    return list(session.scalars(select(Doubt.id).where(Doubt.rule_code == "DEATH").order_by(Doubt.expected_overpaid)))


def overpaid(amount: int) -> Answer:
    return Answer("overpaid", "死亡後續發", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=amount)


def figures(session: Any) -> match_rules.Figures:
    with scope.use(scope.SYSTEM):
        return match_rules.added_up(match_rules.rule_figures(session, "DEATH"), lambda f: f.key)["DEATH", 1, "A"]


def test_what_waits_is_neither_right_nor_wrong(six_dead: Any) -> None:
    before = figures(six_dead)
    assert (before.sent, before.waiting, before.answered, before.precision, before.interval) == (6, 6, 0, None, None)
    first, second, third, fourth, *_ = keys(six_dead)
    doubts.answer_doubt(SYSTEM, first, overpaid(1000))
    doubts.answer_doubt(SYSTEM, second, Answer("stopped_no_overpayment", "已停發"))
    doubts.answer_doubt(SYSTEM, third, Answer("no_overpayment", "同一句理由"))
    doubts.answer_doubt(SYSTEM, fourth, Answer("no_overpayment", "同一句理由"))
    after = figures(six_dead)
    assert (after.sent, after.waiting, after.answered, after.overpaid, after.stopped) == (6, 2, 4, 1, 1)
    assert (after.precision, after.amount, after.recovered) == (0.5, 1000, 0)
    doubts.answer_doubt(SYSTEM, first, Answer("no_overpayment", "只有一人這樣寫"))  # the last answer counts
    assert (figures(six_dead).overpaid, figures(six_dead).amount) == (0, 0)
    with scope.use(scope.SYSTEM):
        reasons = match_rules.top_reasons(six_dead, "DEATH", 1, "A")
    assert [(r.text, r.count) for r in reasons] == [("同一句理由", 2), ("其他（各別敘述）", 1)]


def test_the_page_shows_empty_cells_and_the_county_its_own(six_dead: Any, client_as: Callable[[str], FlaskClient]) -> None:
    doubts.answer_doubt(SYSTEM, keys(six_dead)[0], overpaid(1000))
    page = client_as("ministry").get("/match-rules/").text
    assert "死亡後仍發給" in page and "100.0%" in page and "20.7～100.0%" in page
    one = client_as("ministry").get("/match-rules/DEATH/1/A").text
    for text in ("新竹縣", "戶籍異動", "98年3月", "尚未答復"):
        assert text in one, text
    assert "新竹縣" not in client_as("officer.10005").get("/match-rules/DEATH/1/A").text
    assert client_as("ministry").get("/match-rules/DEATH/9/A").status_code == 404
    assert client_as("clerk.10004010").get("/match-rules/").status_code in (302, 403, 404)


def test_the_queue_follows_what_was_measured(six_dead: Any) -> None:
    """An unmeasured rule is worth what its grade is; after two false alarms its dollars count for less, and the next run says so."""
    ranks = dict(six_dead.execute(select(Doubt.expected_overpaid, Doubt.rank)).all())
    assert ranks == {amount: amount * 95 for amount in (1000, 2000, 3000, 4000, 5000, 6000)}
    for key in keys(six_dead)[:2]:
        doubts.answer_doubt(SYSTEM, key, Answer("no_overpayment", "查無此事"))
    matching.run_match(SYSTEM, MAR)
    six_dead.expire_all()
    waiting = select(Doubt.expected_overpaid, Doubt.rank).where(Doubt.state == "open")
    assert dict(six_dead.execute(waiting).all()) == {a: a * 48 for a in (3000, 4000, 5000, 6000)}  # (0 + 2 × 0.95) / 4


@pytest.mark.parametrize(
    ("confirmed", "answered", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson(confirmed: int, answered: int, low: float, high: float) -> None:
    """Values of Newcombe (1998), table I, and of the closed form at the ends: 1 / (1 + z²/n)."""
    assert precision.wilson(confirmed, answered) == pytest.approx((low, high), abs=0.0001)
    assert precision.wilson(0, 0) is None
