"""Replay: a proposed setting over matched months, on the data of then, against the answers; needed before it is put in force."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.commands import doubts, matching, parameters, replays
from app.commands.base import NotFound, Refused
from app.core import roc
from app.extensions import db
from app.jobs import lease, runner
from app.models.doubt import Doubt
from app.models.exclusion import ExclusionPair
from app.models.job import Job
from app.models.match_replay import MatchReplay, ReplayCase

from .frames import DLA, ELA, MAR, entry, paid, record
from .test_answering import overpaid
from .test_commands import SYSTEM, deliver, registers

PEOPLE = [{"person_id": f"A{200000000 + n}", "name": f"王{n}"} for n in range(5)]


@pytest.fixture
def matched(session: Any) -> Any:
    """Two months in which five recipients also drew the farmers' allowance: one confirmed, one refuted, the others not answered."""
    for month in (MAR - 1, MAR):
        rows = [paid(ELA, month=month, rec_no=f"R{month}-{n}", case_no=f"C{n}", **who) for n, who in enumerate(PEOPLE)]
        deliver(session, "roster", rows, month, "10004", ELA)
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE],
        benefit_elsewhere=[record(kind="farmer_allowance", month_from=MAR - 5, month_to=None, amount=6000, **who) for who in PEOPLE],
    )
    for month in (MAR - 1, MAR):
        matching.run_match(SYSTEM, month)
    found = session.scalars(select(Doubt.id).where(Doubt.rule_code == "ELSEWHERE").order_by(Doubt.case_no)).all()
    assert len(found) == 5
    doubts.answer_doubt(SYSTEM, found[0], overpaid(6000))
    doubts.answer_doubt(SYSTEM, found[1], doubts.Answer("no_overpayment", "農會已更正"))
    session.expire_all()
    return session


def propose(actor: Any, enabled: bool = False, benefit: str = ELA, counterpart: str = "farmer_allowance") -> int:
    """The county's setting that the pair is not looked at."""
    return parameters.propose_exclusion(actor, benefit, counterpart, "choose_one", enabled, roc.first_day(MAR + 200))


@pytest.fixture
def work_off(app: Flask) -> Callable[[], None]:
    """Let a worker do the job that is queued."""

    def work() -> None:
        held = lease.claim(db.engine, "worker", 30)
        assert held is not None
        runner.execute(app, held, threading.Event())
        db.session.rollback()

    return work


def test_what_would_be_lost_is_named(matched: Any, actor: Callable[[str], Any]) -> None:
    pair = propose(actor("officer.10004"))
    runs = replays.runs_to_replay(matched, "10004")
    assert [r.month for r in runs] == [MAR - 1, MAR]
    before = matched.scalar(select(func.count(Doubt.id)))
    effect = replays.effect_of(pair, runs[-1].id)
    assert (effect.doubts, effect.gained, effect.lost, effect.lost_amount) == (5, 0, 5, 30_000)
    assert (effect.lost_confirmed, effect.lost_refuted) == (1, 1)
    ((doubt_id, county, benefit, amount),) = effect.confirmed
    assert (matched.get(Doubt, doubt_id).case_no, county, benefit, amount) == ("C0", "10004", ELA, 6000)
    matched.rollback()
    assert matched.scalar(select(func.count(Doubt.id))) == before


def test_a_proposal_that_changes_nothing_gains_and_loses_nothing(matched: Any, actor: Callable[[str], Any]) -> None:
    pair = propose(actor("officer.10004"), benefit=DLA)
    effect = replays.effect_of(pair, replays.runs_to_replay(matched, "10004")[0].id)
    assert (effect.doubts, effect.gained, effect.lost) == (5, 0, 0)


def test_it_is_tried_on_the_data_of_then(matched: Any, actor: Callable[[str], Any]) -> None:
    """A roster corrected after the match does not change what the replay reads."""
    deliver(matched, "roster", [paid(ELA, rec_no="X", case_no="C0", **PEOPLE[0])], MAR, "10004", ELA)
    effect = replays.effect_of(propose(actor("officer.10004")), replays.runs_to_replay(matched, "10004")[-1].id)
    assert effect.lost == 5


def test_a_setting_is_not_put_in_force_untried(matched: Any, actor: Callable[[str], Any]) -> None:
    officer, director = actor("officer.10004"), actor("director.10004")
    pair = propose(officer)
    with pytest.raises(Refused, match="試算"):
        parameters.approve_exclusion(director, pair)
    row = MatchReplay(pair_id=pair, first_month=MAR, last_month=MAR, started_at=matched.get(ExclusionPair, pair).entered_at, months=[])
    matched.add(row)
    matched.commit()
    with pytest.raises(Refused, match="試算"):  # begun is not finished
        parameters.approve_exclusion(director, pair)
    row.finished_at = row.started_at
    matched.commit()
    parameters.approve_exclusion(director, pair)
    assert matched.get(ExclusionPair, pair).state == "approved"
    own = propose(director, benefit=DLA)
    matched.add(MatchReplay(pair_id=own, first_month=MAR, last_month=MAR, started_at=row.started_at, finished_at=row.started_at, months=[]))
    matched.commit()
    with pytest.raises(Refused, match="同一人"):
        parameters.approve_exclusion(director, own)


def test_before_anything_was_matched_nothing_has_to_be_tried(session: Any, actor: Callable[[str], Any]) -> None:
    pair = propose(actor("officer.10004"))
    parameters.approve_exclusion(actor("director.10004"), pair)
    assert session.get(ExclusionPair, pair).state == "approved"


def test_only_the_own_authoritys_proposal_over_matched_months(matched: Any, actor: Callable[[str], Any]) -> None:
    pair = propose(actor("officer.10004"))
    for name in ("officer.10005", "ministry"):
        with pytest.raises(NotFound):
            replays.request_replay(actor(name), pair, MAR, MAR)
    with pytest.raises(Refused, match="沒有比對過"):
        replays.request_replay(actor("officer.10004"), pair, MAR + 5, MAR + 6)
    with pytest.raises(Refused, match="24"):
        replays.request_replay(actor("officer.10004"), pair, MAR - 30, MAR)


def test_as_a_job_from_the_screen(matched: Any, actor: Callable[[str], Any], client_as: Callable[[str], FlaskClient], work_off: Callable[[], None]) -> None:
    pair = propose(actor("officer.10004"))
    client = client_as("officer.10004")
    page = client.get(f"/exclusions/show/{pair}").text
    assert "啟用前試算" in page and 'value="09802"' in page and 'value="09803"' in page
    assert client.post("/match-replays/start", data={"pair": pair, "first": "09802", "last": "09803"}).status_code == 303
    work_off()
    matched.rollback()
    job = matched.scalars(select(Job).where(Job.kind == "match_replay")).one()
    replay = matched.scalars(select(MatchReplay)).one()
    assert (job.state, replay.gained, replay.lost, replay.confirmed_lost) == ("done", 0, 10, 2)
    assert [m["month"] for m in replay.months] == [MAR - 1, MAR]
    assert matched.scalars(select(ReplayCase.amount)).all() == [6000, 6000]
    shown = client.get(f"/match-replays/show/{replay.id}").text
    number = matched.scalars(select(Doubt.doubt_no).where(Doubt.outcome == "overpaid")).one()
    assert number in shown and "少看 8 筆疑義" in shown
    other = client_as("officer.10005").get(f"/match-replays/show/{replay.id}").text
    assert number not in other and "不在您的業務範圍" in other
    assert "多出 0 筆、少掉 10 筆" in client.get(f"/exclusions/show/{pair}").text
