"""Replay: a proposed setting over matched months, on the data of then, against the answers; needed before it is put in force."""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands import doubts, exclusion_file, matching, parameters, replay_effect, replays
from app.commands.base import NotFound, Refused
from app.core import roc
from app.extensions import db
from app.jobs import lease, runner
from app.matching.rule_settings import rule_settings
from app.models.doubt import Doubt
from app.models.exclusion import ExclusionPair
from app.models.job import Job
from app.models.match_replay import MatchReplay, ReplayCase
from app.models.match_run import MatchRun
from app.rules import parameters as law_values
from app.rules.exclusions import Exclusion, Relation
from app.security import scope

from .frames import DLA, ELA, MAR, day, entry, paid, record
from .test_answering import overpaid
from .test_commands import SYSTEM, deliver, registers
from .worlds import world

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


def effect(kind: str, row: int, run: int) -> replay_effect.Effect:
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        candidate = replays.candidate_of(session, kind, row)
    return replay_effect.effect_of(candidate, run)


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
    change = effect("pair", pair, runs[-1].id)
    assert (change.doubts, change.gained, change.lost, change.lost_amount) == (5, 0, 5, 30_000)
    assert (change.lost_confirmed, change.lost_refuted) == (1, 1)
    ((doubt_id, county, benefit, amount),) = change.confirmed
    assert (matched.get(Doubt, doubt_id).case_no, county, benefit, amount) == ("C0", "10004", ELA, 6000)
    matched.rollback()
    assert matched.scalar(select(func.count(Doubt.id))) == before


def test_a_proposal_that_changes_nothing_gains_and_loses_nothing(matched: Any, actor: Callable[[str], Any]) -> None:
    pair = propose(actor("officer.10004"), benefit=DLA)
    change = effect("pair", pair, replays.runs_to_replay(matched, "10004")[0].id)
    assert (change.doubts, change.gained, change.lost) == (5, 0, 0)


def test_a_rule_that_could_not_be_asked_is_told_and_not_taken_for_nothing_lost(
    matched: Any, actor: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("app.matching.engine.DuckEngine.append", broken)
    with pytest.raises(Refused, match="執行失敗"):
        effect("pair", propose(actor("officer.10004")), replays.runs_to_replay(matched, "10004")[0].id)


def test_it_is_tried_on_the_data_of_then(matched: Any, actor: Callable[[str], Any]) -> None:
    """A roster corrected after the match does not change what the replay reads."""
    deliver(matched, "roster", [paid(ELA, rec_no="X", case_no="C0", **PEOPLE[0])], MAR, "10004", ELA)
    change = effect("pair", propose(actor("officer.10004")), replays.runs_to_replay(matched, "10004")[-1].id)
    assert change.lost == 5


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


# -- versions and parameters of rules ----------------------------------------------------------------------------------------------------

ABROAD, BOTH = PEOPLE[0], PEOPLE[1]


@pytest.fixture
def travelled(session: Any) -> Any:
    """One recipient with 184 days in the country by the usual count, one who draws two benefits that exclude each other; confirmed."""
    rows = [paid(ELA, rec_no="R1", case_no="C1", **ABROAD), paid(ELA, rec_no="R2", case_no="C2", amount=3000, start_month=MAR - 30, **BOTH)]
    deliver(session, "roster", rows, MAR, "10004", ELA)
    deliver(session, "roster", [paid(DLA, rec_no="D2", case_no="D2", amount=4000, start_month=MAR - 5, **BOTH)], MAR, "10004", DLA)
    registers(
        session,
        household_register=[entry(**ABROAD), entry(**BOTH)],
        border_crossing=[record(date=day(on), direction=way, **ABROAD) for on, way in (("0970501", "out"), ("0971029", "in"))],
    )
    matching.run_match(SYSTEM, MAR)
    found = session.scalars(select(Doubt).where(Doubt.mirror.is_(False))).all()
    assert [(d.rule_code, d.benefit) for d in found] == [("CHOOSE_ONE", ELA)]
    doubts.answer_doubt(SYSTEM, found[0].id, overpaid(3000))
    session.expire_all()
    return session


def set_rule(actor: Any, name: str, value: str) -> int:
    return parameters.propose_parameter(actor, f"match_rule.{name}", value, roc.first_day(MAR - 12), "部函示")


def test_a_parameter_of_a_rule_is_tried_then_put_in_force(travelled: Any, actor: Callable[[str], Any]) -> None:
    ministry, second = actor("ministry"), dataclasses.replace(actor("ministry"), user_id=actor("officer.10004").user_id)  # a colleague
    setting = set_rule(ministry, "ABSENCE.ends", "3")
    (run,) = replays.runs_to_replay(travelled, None)
    change = effect("parameter", setting, run.id)
    assert (change.gained, change.gained_amount, change.lost) == (1, 6000, 0)
    with pytest.raises(Refused, match="試算"):
        parameters.approve_parameter(second, setting)
    key = replays.begin(ministry, setting, MAR, MAR, kind="parameter")
    replays.step(db.session(), key, change)
    db.session.commit()
    replays.finish(ministry, key)
    with pytest.raises(Refused, match="同一人"):
        parameters.approve_parameter(ministry, setting)
    parameters.approve_parameter(second, setting)
    matching.run_match(SYSTEM, MAR)
    travelled.expire_all()
    gained = travelled.scalars(select(Doubt).where(Doubt.rule_code == "ABSENCE")).one()
    assert gained.grade == "A" and "居住國內183日，未超過183日" in gained.facts
    now, before = travelled.scalars(select(MatchRun).order_by(MatchRun.id.desc())).all()
    assert now.rule_parameters["ABSENCE"]["ends"] == 3 and before.rule_parameters["ABSENCE"]["ends"] == 0 and now.basis != before.basis


def test_a_version_of_a_rule_names_the_confirmed_doubt_it_loses(travelled: Any, actor: Callable[[str], Any]) -> None:
    setting = set_rule(actor("ministry"), "CHOOSE_ONE.version", "2")
    change = effect("parameter", setting, replays.runs_to_replay(travelled, None)[0].id)
    assert (change.gained, change.gained_amount, change.lost, change.lost_confirmed) == (1, 4000, 1, 1)
    assert [c[1:] for c in change.confirmed] == [("10004", ELA, 3000)]


def test_what_a_rule_cannot_be_set_to(session: Any, actor: Callable[[str], Any]) -> None:
    ministry, officer = actor("ministry"), actor("officer.10004")
    for name, value in (("CHOOSE_ONE.version", "3"), ("ABSENCE.ends", "4"), ("ABSENCE.limit", "0"), ("ABSENCE.limit", "183.5"), ("ABSENCE.nights", "1")):
        with pytest.raises(Refused):
            set_rule(ministry, name, value)
    with pytest.raises(Refused, match="中央"):
        set_rule(officer, "ABSENCE.limit", "180")


def test_delivered_values_are_those_the_rules_are_written_with() -> None:
    delivered = {p.name: p.value for p in law_values.reference()}
    assert {name: delivered.get(name) for name in rule_settings()} == {name: s.delivered for name, s in rule_settings().items()}
    assert set(rule_settings()) <= set(law_values.settings())


def test_the_short_way_round_is_the_whole_way_round(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking only the rules a setting concerns, over the evidence kept for the others, changes nothing of the answer."""
    made = world(11, MAR, 120)
    for rows in _slots(made["roster"]):
        deliver(session, "roster", rows, rows[0]["ref_month"], rows[0]["county_code"], rows[0]["data_kind"])
    registers(session, **{source: rows for source, rows in made.items() if source != "roster"})
    matching.run_match(SYSTEM, MAR)
    (run,) = replays.runs_to_replay(session, None)
    for counterpart in ("death", "farmer_allowance", "absence_183", "same_benefit_other_case", "basic_wage_cap"):
        off = [Exclusion(b, counterpart, Relation("none"), "", "", None, None, "", "", "high", "", "", "", False) for b in (ELA, DLA)]
        candidate = replay_effect.Candidate("", tuple(off))
        assert len(candidate.rules) < 6
        short = replay_effect.effect_of(candidate, run.id)
        with monkeypatch.context() as patched:
            patched.setattr(replay_effect, "_others", lambda *_: None)
            whole = replay_effect.effect_of(candidate, run.id)
        short.cpu_seconds = whole.cpu_seconds = 0
        assert short == whole and short.lost > 0, counterpart


def _slots(rows: Any) -> list[list[dict[str, Any]]]:
    by: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        by.setdefault((row["ref_month"], row["county_code"], row["data_kind"]), []).append(row)
    return list(by.values())


# -- a settings file ---------------------------------------------------------------------------------------------------------------------


def test_a_settings_file_passes_the_same_gate(matched: Any, tmp_path: Path) -> None:
    file = tmp_path / "exclusions.csv"
    head = "county_code,benefit,counterpart,relation,enabled,effective_from,effective_to,law,article,note\n"
    file.write_text(head + f"10004,{ELA},farmer_allowance,choose_one,N,0980101,,,,\n", "utf-8")
    with pytest.raises(Refused, match="試算"):
        exclusion_file.load_county_exclusions(SYSTEM, file)
    trial = exclusion_file.try_file(file)
    assert sum(e.lost for e in trial.effects) == 10
    other = tmp_path / "other.csv"
    other.write_text(head + f"10004,{ELA},farmer_allowance,choose_one,N,0980201,,,,\n", "utf-8")
    with pytest.raises(Refused, match="試算"):  # another file than the one that was tried
        exclusion_file.load_county_exclusions(SYSTEM, other, trial)
    loaded = exclusion_file.load_county_exclusions(SYSTEM, file, trial)
    confirmed = matched.scalars(select(Doubt.doubt_no).where(Doubt.outcome == "overpaid")).one()
    assert set(loaded.confirmed_lost) == {confirmed}
    kept = matched.get(MatchReplay, loaded.replay)
    assert (kept.about, kept.lost, kept.confirmed_lost) == ("縣市互斥設定檔（新竹縣）", 10, 2)
    again = exclusion_file.load_county_exclusions(SYSTEM, file, exclusion_file.try_file(file))
    assert (again.unchanged, again.replay) == (1, None)
