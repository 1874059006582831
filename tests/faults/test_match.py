"""Match runs that are killed, come twice at once, are overtaken by a delivery, or hold a rule that raises: the result set stays that of a quiet run."""

import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from sqlalchemy import select

from app.commands import exchange, matching
from app.commands.base import CommandError
from app.extensions import db
from app.matching import engine
from app.matching.rules import RULES
from app.models.doubt import Doubt, DoubtSighting
from app.models.match_run import MatchRun, NotChecked
from app.security import scope
from app.security.actor import Actor
from tests.matching.frames import DLA, ELA, MAR, change, paid
from tests.matching.test_commands import OTHER, deliver, registers, rosters

SYSTEM = Actor.system("faults")
PATIENCE = 300
STEPS = (
    "app.commands.matching._keep",  # the rules have found, nothing is kept
    "app.commands.matching._store",  # the evidence is kept, nothing is stored
    "app.commands.matching._store_stops",  # in the transaction: the doubts are there
)
"""Where a run is killed; the last inside the one transaction that stores it."""


@pytest.fixture
def dead(session: Any) -> Any:
    """A dead recipient still paid, two benefits of which one is to be chosen."""
    rosters(session, [paid(case_no="C1"), paid(**OTHER, case_no="C2"), paid(DLA, **OTHER, amount=4000, case_no="C3")])
    registers(session, household_change=[change("death", "0980115", "0980201")])
    return session


def result_set(session: Any) -> dict[str, Any]:
    """What a run leaves, without its numbers and times."""
    session.expire_all()
    with scope.use(scope.SYSTEM):
        runs = session.scalars(select(MatchRun).where(MatchRun.state == "done")).all()
        doubts = session.execute(select(Doubt.fingerprint, Doubt.state, Doubt.grade, Doubt.expected_overpaid, Doubt.times_seen)).all()
        seen = session.execute(select(Doubt.fingerprint, DoubtSighting.state).join(DoubtSighting, DoubtSighting.doubt_id == Doubt.id)).all()
        return {
            "runs": [(r.month, r.doubts, r.amount, r.by_rule, r.by_grade, r.basis) for r in runs],
            "doubts": sorted(map(tuple, doubts)),
            "seen": sorted(map(tuple, seen)),
            "stops": sorted((s.county_code, s.rule_code, s.stop, s.rows, s.amount) for r in runs for s in r.stops),
        }


def kill_at(app: Any, step: str) -> None:
    command = [sys.executable, "-m", "tests.faults.matching", app.config["SQLALCHEMY_DATABASE_URI"], str(exchange.home()), str(MAR), step]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == -signal.SIGKILL, ended.stderr[-2000:]


def test_killed_anywhere_a_run_leaves_nothing_and_the_next_leaves_what_a_quiet_one_does(app: Any, dead: Any) -> None:
    dead.close()
    db.engine.dispose()
    for step in STEPS:
        kill_at(app, step)
        assert result_set(db.session())["runs"] == [] and result_set(db.session())["doubts"] == [], step
    matching.run_match(SYSTEM, MAR)
    after_kills = result_set(db.session())
    assert len(after_kills["doubts"]) >= 2 and len(after_kills["runs"]) == 1
    matching.run_match(SYSTEM, MAR)
    again = result_set(db.session())
    assert again == after_kills, "the same month again is the same result set"


def test_two_runs_of_one_month_at_once_make_one(app: Any, dead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dead.close()
    together = threading.Barrier(2)
    keep = matching._keep

    def kept(*given: Any) -> str:
        together.wait(PATIENCE)
        return keep(*given)

    monkeypatch.setattr(matching, "_keep", kept)
    refused: list[CommandError] = []

    def go() -> None:
        with app.app_context():
            try:
                matching.run_match(SYSTEM, MAR)
            except CommandError as error:
                refused.append(error)
            finally:
                db.session.remove()

    both = [threading.Thread(target=go) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(PATIENCE)
    left = result_set(db.session())
    assert len(left["runs"]) == 1 and len(refused) <= 1
    assert len(left["doubts"]) == len({d[0] for d in left["doubts"]}) == len(left["seen"])
    assert {d[4] for d in left["doubts"]} == {1}, "seen once, however often it was run"


def test_a_register_that_comes_in_the_middle_is_not_half_used(dead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = matching.find

    def overtaken(*given: Any) -> Any:
        deliver(dead, "household_change", [change("death", "0980110", **OTHER)])  # a second death, told while the run is at work
        deliver(dead, "custody", [])
        return quiet(*given)

    monkeypatch.setattr(matching, "find", overtaken)
    run = matching.run_match(SYSTEM, MAR)
    assert run.by_rule.get("DEATH") == 1
    kept = dead.get(MatchRun, run.run_no)
    assert sum(i["source"] == "household_change" for i in kept.inputs) == 1
    monkeypatch.setattr(matching, "find", quiet)
    assert matching.run_match(SYSTEM, MAR).by_rule.get("DEATH") == 3  # the next run uses all of it


def test_a_rule_that_raises_is_not_checked_and_the_others_finish(dead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text_of = engine.sql.text_of
    broken = RULES["CHOOSE_ONE"].build().compile().string

    def raising(statement: Any, dialect: str) -> str:
        text = text_of(statement, dialect)
        return "SELECT no_such_column FROM work" if statement.compile().string == broken else text

    monkeypatch.setattr(engine.sql, "text_of", raising)
    run = matching.run_match(SYSTEM, MAR)
    assert run.by_rule == {"DEATH": 1} and "執行失敗" in run.not_checked["rule:CHOOSE_ONE"]
    told = dead.scalars(select(NotChecked).where(NotChecked.source == "rule:CHOOSE_ONE")).all()
    assert told and all(row.rules == ["CHOOSE_ONE"] for row in told)
    monkeypatch.undo()
    assert matching.run_match(SYSTEM, MAR).by_rule["CHOOSE_ONE"] == 2  # asked, and told to the other side
    assert ELA in {d.benefit for d in dead.scalars(select(Doubt))}
