"""The match as a county meets it: a run stored, doubts shown, answered, remembered, counted; in files and on the screen's commands."""

import csv
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from app.commands import doubt_clock, doubts, exchange, match_statistics, matching, reminders
from app.commands.base import Conflict, Forbidden, NotFound, Refused
from app.commands.doubts import Answer
from app.core import clock, roc
from app.exchange.layouts import DOUBT_COLUMNS, STATISTICS_COLUMNS
from app.matching import spark
from app.models.doubt import Doubt, DoubtAnswer, DoubtSighting
from app.models.exchange import ACCEPTED, NIL, Batch
from app.models.match_run import GateStop, MatchRun, NotChecked
from app.models.overpayment import Overpayment
from app.security import scope
from app.security.actor import Actor

from .frames import DLA, ELA, MAR, change, entry, frame_of, paid, record

SYSTEM = Actor.system("test")
OTHER = {"person_id": "B223456782", "name": "陳小美", "birth": dt.date(1935, 2, 3)}


def deliver(
    session: Any, source: str, rows: Sequence[Mapping[str, Any]], month: int | None = None, county: str = "", kind: str | None = None
) -> None:
    """Put a delivery in force, as the import leaves it."""
    number = session.scalar(select(func.coalesce(func.max(Batch.id), 0))) + 1
    name = f"snapshots/test/{number}.parquet"
    path = exchange.home() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame_of(source, rows).write_parquet(path)
    slot = exchange.slot_of(source, county or None, month, kind)
    for old in session.scalars(select(Batch).where(Batch.slot == slot, Batch.state == ACCEPTED)) if source == "roster" else ():
        old.state = "superseded"
        session.flush()
    session.add(
        Batch(
            source=source, kind=kind, month=month, county_code=county, slot=slot, mode="new" if rows else "nil",
            state=ACCEPTED if rows else NIL, content_sha256=f"{number:064d}", rows=len(rows), accepted=len(rows), snapshot_rows=len(rows),
            snapshot_path=name if rows else None, received_at=dt.datetime(2009, 4, 1),
        )
    )  # fmt: skip
    session.commit()


def rosters(session: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rosters by month, county and kind."""
    slots: dict[tuple[int, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        slots.setdefault((row["ref_month"], row["county_code"], row["data_kind"]), []).append(row)
    for (month, county, kind), part in slots.items():
        deliver(session, "roster", part, month, county, kind)


def registers(session: Any, **given: Sequence[Mapping[str, Any]]) -> None:
    given.setdefault("household_register", [entry(), entry(**OTHER)])
    for source in matching.REGISTERS:
        deliver(session, source, given.get(source, []))


@pytest.fixture
def dead(session: Any) -> Any:
    """One dead recipient still paid in February and March, and one living."""
    case = {"case_no": "10004ELA01"}
    rosters(session, [paid(month=MAR - 1, **case), paid(**case), paid(**OTHER), paid(**OTHER, month=MAR - 1)])
    registers(session, household_change=[change("death", "0980115", "0980301")])
    return session


def the_doubt(session: Any) -> Doubt:
    session.expire_all()
    return session.scalars(select(Doubt).where(Doubt.rule_code == "DEATH")).one()


def test_a_run_is_stored_and_a_month_later_the_same_doubt_is_seen_again(dead: Any) -> None:
    first = matching.run_match(SYSTEM, MAR - 1)
    again = matching.run_match(SYSTEM, MAR)
    assert (first.doubts, again.doubts, again.by_rule, again.by_grade) == (1, 1, {"DEATH": 1}, {"A": 1})
    assert again.not_checked == {}
    doubt = the_doubt(dead)
    assert (doubt.first_month, doubt.last_month, doubt.times_seen, doubt.months) == (MAR - 1, MAR, 2, [MAR])
    assert (doubt.expected_overpaid, doubt.state, doubt.county_code, doubt.benefit) == (6000, "open", "10004", ELA)


def test_the_same_month_again_supersedes_and_counts_once(dead: Any) -> None:
    matching.run_match(SYSTEM, MAR)
    matching.run_match(SYSTEM, MAR)
    states = dead.scalars(select(MatchRun.state).order_by(MatchRun.id)).all()
    assert states == ["superseded", "done"]
    assert the_doubt(dead).times_seen == 1
    assert dead.scalar(select(func.count(DoubtSighting.id))) == 1


def test_what_a_corrected_roster_no_longer_shows_is_withdrawn_and_comes_back(dead: Any) -> None:
    matching.run_match(SYSTEM, MAR)
    rosters(dead, [paid(**OTHER)])
    matching.run_match(SYSTEM, MAR)
    assert the_doubt(dead).state == "withdrawn"
    rosters(dead, [paid(case_no="10004ELA01"), paid(**OTHER)])
    matching.run_match(SYSTEM, MAR)
    assert (the_doubt(dead).state, the_doubt(dead).times_seen) == ("open", 1)


def test_two_rows_of_one_award_are_two_doubts_and_the_second_is_recognised_too(dead: Any) -> None:
    """A supplement beside the payment: the same is said of both, and both are asked."""
    case = {"case_no": "10004ELA01"}
    for month in (MAR - 1, MAR):
        rosters(dead, [paid(month=month, rec_no=f"{month}-1", **case), paid(month=month, rec_no=f"{month}-2", amount=1000, **case), paid(month=month, **OTHER)])
    seen = [matching.run_match(SYSTEM, month) for month in (MAR - 1, MAR)]
    assert [run.by_rule for run in seen] == [{"DEATH": 2}, {"DEATH": 2}]
    dead.expire_all()
    found = dead.execute(select(Doubt.expected_overpaid, Doubt.times_seen, Doubt.last_month).order_by(Doubt.expected_overpaid)).all()
    assert [tuple(f) for f in found] == [(1000, 2, MAR), (6000, 2, MAR)]


def test_a_doubt_is_to_be_answered_by_a_day_and_asked_again_by_another(dead: Any) -> None:
    with clock.frozen(dt.date(2009, 4, 10)):
        matching.run_match(SYSTEM, MAR - 1)
        doubt = the_doubt(dead)
        assert doubt.due_on == dt.date(2009, 5, 10) and doubt_clock.waiting(dead) == {}
        doubts.answer_doubt(SYSTEM, doubt.id, Answer("no_overpayment", reason="暫列", decided_on=dt.date(2009, 2, 20), valid_until=dt.date(2009, 2, 28)))
    with clock.frozen(dt.date(2009, 5, 20)):
        matching.run_match(SYSTEM, MAR)
        assert the_doubt(dead).due_on == dt.date(2009, 6, 19)
        matching.run_match(SYSTEM, MAR)
        assert the_doubt(dead).due_on == dt.date(2009, 6, 19)
    for day, known in ((12, {"10004": (0, 1)}), (20, {"10004": (1, 0)})):
        with clock.frozen(dt.date(2009, 6, day)):
            assert doubt_clock.waiting(dead) == known
    message = reminders.written("10004", (), (1, 0))
    assert "1 筆疑義待答復（1 筆已逾期）" in message["Subject"] and "已逾期 1 筆" in message.get_content()


class TestAnswers:
    def test_no_overpayment_stays_silent_while_it_is_valid(self, dead: Any, actor: Callable[[str], Actor]) -> None:
        matching.run_match(SYSTEM, MAR - 1)
        doubts.answer_doubt(
            actor("officer.10004"), the_doubt(dead).id,
            Answer("no_overpayment", reason="查證為同名同姓，戶政已更正", valid_until=dt.date(2099, 1, 1)),
        )  # fmt: skip
        again = matching.run_match(SYSTEM, MAR)
        assert again.doubts == 0
        doubt = the_doubt(dead)
        assert (doubt.state, doubt.times_seen) == ("answered", 2)
        stop = dead.scalars(select(GateStop).where(GateStop.stop == "answered")).one()
        assert (stop.gate, stop.rows, stop.amount) == ("answered", 1, 6000)

    def test_an_expired_answer_speaks_no_longer(self, dead: Any) -> None:
        matching.run_match(SYSTEM, MAR - 1)
        answer = Answer("no_overpayment", reason="暫列", decided_on=dt.date(2009, 2, 20), valid_until=dt.date(2009, 2, 28))
        doubts.answer_doubt(SYSTEM, the_doubt(dead).id, answer)
        assert matching.run_match(SYSTEM, MAR).doubts == 1
        assert the_doubt(dead).state == "open"

    def test_a_changed_fact_is_a_new_doubt(self, dead: Any) -> None:
        matching.run_match(SYSTEM, MAR - 1)
        doubts.answer_doubt(SYSTEM, the_doubt(dead).id, Answer("no_overpayment", reason="查證仍生存"))
        deliver(dead, "household_change", [change("death_annulled", "0980115", "0980305"), change("death", "0980120", "0980306")])
        assert matching.run_match(SYSTEM, MAR).doubts == 1

    def test_overpaid_opens_a_claim_and_a_further_month_is_asked_again(self, dead: Any, actor: Callable[[str], Actor]) -> None:
        matching.run_match(SYSTEM, MAR - 1)
        answer = Answer("overpaid", overpaid_from=MAR - 1, overpaid_to=MAR - 1, overpaid_amount=6000, reason="死亡後續發")
        row = doubts.answer_doubt(actor("officer.10004"), the_doubt(dead).id, answer)
        claim = dead.get(Overpayment, row.overpayment_id)
        assert (claim.amount, claim.origin, claim.rule_code, claim.person_id) == (6000, "doubt", "DEATH", "A123456789")
        assert matching.run_match(SYSTEM, MAR).doubts == 1
        assert (the_doubt(dead).state, the_doubt(dead).months) == ("open", [MAR])
        assert matching.run_match(SYSTEM, MAR - 1).doubts == 0

    @pytest.mark.parametrize("bad", [
        Answer("overpaid", overpaid_from=MAR, overpaid_to=MAR),
        Answer("overpaid", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=0),
        Answer("overpaid", overpaid_amount=6000),
        Answer("overpaid", overpaid_from=MAR, overpaid_to=MAR - 1, overpaid_amount=6000),
        Answer("no_overpayment"),
        Answer("no_overpayment", reason="x", overpaid_amount=5),
        Answer("maybe", reason="x"),
        Answer("no_overpayment", reason="x", decided_on=dt.date(2009, 4, 1), valid_until=dt.date(2009, 3, 1)),
    ])  # fmt: skip
    def test_what_is_not_an_answer(self, dead: Any, bad: Answer) -> None:
        matching.run_match(SYSTEM, MAR)
        with pytest.raises(Refused):
            doubts.answer_doubt(SYSTEM, the_doubt(dead).id, bad)
        assert the_doubt(dead).state == "open"

    def test_only_the_owning_county_answers(self, dead: Any, actor: Callable[[str], Actor]) -> None:
        matching.run_match(SYSTEM, MAR)
        with pytest.raises(NotFound):
            doubts.answer_doubt(actor("officer.10005"), the_doubt(dead).id, Answer("no_overpayment", reason="x"))
        with pytest.raises(Forbidden):
            doubts.answer_doubt(actor("clerk.10004010"), the_doubt(dead).id, Answer("no_overpayment", reason="x"))

    def test_two_people_at_once(self, dead: Any, actor: Callable[[str], Actor]) -> None:
        matching.run_match(SYSTEM, MAR)
        doubt = the_doubt(dead)
        key, seen = doubt.id, doubt.version
        doubts.answer_doubt(actor("officer.10004"), key, Answer("no_overpayment", reason="甲"), seen_version=seen)
        with pytest.raises(Conflict):
            doubts.answer_doubt(actor("officer2.10004"), key, Answer("our_data_error", reason="乙"), seen_version=seen)

    def test_a_file_of_answers(self, dead: Any, tmp_path: Path) -> None:
        matching.run_match(SYSTEM, MAR)
        number = the_doubt(dead).doubt_no
        path = tmp_path / "answers.csv"
        head = "doubt_no,outcome,reason_code,reason,overpaid_from,overpaid_to,overpaid_amount,decided_by,decided_on,valid_until\n"
        body = (
            f"{number},overpaid,,死亡後續發,09803,09803,6000,王科員,0980420,\nX-1,no_overpayment,,查無,,,,,,\n{number},overpaid,,,,,0,,,\n"
        )
        path.write_text(head + body, "utf-8-sig")
        loaded = doubts.load_answers(SYSTEM, path)
        assert (loaded.rows, loaded.taken, loaded.overpaid_count, loaded.overpaid_amount) == (3, 1, 1, 6000)
        assert [f.split("：")[0] for f in loaded.faults] == ["第 3 列", "第 4 列"]
        assert the_doubt(dead).outcome == "overpaid"
        assert doubts.load_answers(SYSTEM, path).unchanged == 1
        assert dead.scalar(select(func.count(DoubtAnswer.id))) == 1


    def test_a_file_may_leave_empty_what_the_contract_does_not_ask_for(self, dead: Any, tmp_path: Path) -> None:
        matching.run_match(SYSTEM, MAR)
        number, path = the_doubt(dead).doubt_no, tmp_path / "answers.csv"
        path.write_text(f"doubt_no,outcome,overpaid_amount,valid_until\n{number},overpaid,6000,\n")
        assert doubts.load_answers(SYSTEM, path).faults == []
        row = dead.scalars(select(DoubtAnswer)).one()
        assert (row.overpaid_from, row.overpaid_to, row.overpaid_amount) == (MAR, MAR, 6000)
        assert doubts.load_answers(SYSTEM, path).unchanged == 1
        path.write_text(f"doubt_no,outcome,valid_until\n{number},no_overpayment,0980331\n")
        assert doubts.load_answers(SYSTEM, path).faults == []
        assert the_doubt(dead).valid_until == dt.date(2009, 3, 31)

    def test_what_was_answered_stays_in_the_statistics_of_its_month(self, dead: Any) -> None:
        matching.run_match(SYSTEM, MAR)
        doubts.answer_doubt(SYSTEM, the_doubt(dead).id, Answer("no_overpayment", reason="查證仍生存"))
        matching.run_match(SYSTEM, MAR)
        with scope.use(scope.SYSTEM):
            (figures,) = [f for f in match_statistics.statistics_rows(dead, MAR, MAR) if f.data_kind == ELA]
        assert figures.doubtful == 1


class TestNotChecked:
    def test_nobody_is_in_a_register_that_never_came(self, session: Any) -> None:
        rosters(session, [paid()])
        run = matching.run_match(SYSTEM, MAR)
        assert (run.doubts, set(run.not_checked)) == (0, set(matching.REGISTERS))
        deliver(session, "household_register", [entry(status="deceased", county_code="10005")])
        assert matching.run_match(SYSTEM, MAR).doubts == 0
        deliver(session, "household_change", [])
        assert matching.run_match(SYSTEM, MAR).by_rule == {"DEATH_STATUS": 1}

    def test_a_register_only_one_county_spoke_of(self, session: Any) -> None:
        rosters(session, [paid(), paid(county="10005", **OTHER)])
        registers(session)
        session.execute(delete(Batch).where(Batch.source == "custody"))
        deliver(session, "custody", [], MAR, "10004")
        assert matching.run_match(SYSTEM, MAR).not_checked == {"custody/10005": "尚未收到監管資料"}
        assert session.scalars(select(NotChecked.county_code)).all() == ["10005"]

    def test_a_register_that_never_came(self, session: Any) -> None:
        rosters(session, [paid()])
        deliver(session, "household_register", [entry()])
        deliver(session, "household_change", [])
        run = matching.run_match(SYSTEM, MAR)
        assert set(run.not_checked) == {"custody", "border_crossing", "pension", "benefit_elsewhere"}
        row = session.scalars(select(NotChecked).where(NotChecked.source == "custody")).one()
        assert (row.county_code, row.rules) == ("10004", ["CUSTODY"])

    def test_a_register_that_is_late_is_used_and_said(self, dead: Any) -> None:
        for batch in dead.scalars(select(Batch).where(Batch.source == "household_change")):
            batch.month = MAR - 1
        dead.commit()
        run = matching.run_match(SYSTEM, MAR)
        assert "早於比對月份" in run.not_checked["household_change"]
        assert run.by_rule == {"DEATH": 1}

    def test_a_register_that_was_sent_back(self, dead: Any) -> None:
        for batch in dead.scalars(select(Batch).where(Batch.source == "custody")):
            batch.state = "rejected"
        dead.commit()
        assert "退回" in matching.run_match(SYSTEM, MAR).not_checked["custody"]

    def test_a_roster_that_came_last_month(self, dead: Any) -> None:
        rosters(dead, [paid(DLA, county="10005", month=MAR - 1, **OTHER)])
        run = matching.run_match(SYSTEM, MAR)
        assert set(run.not_checked) == {f"roster/10005/{DLA}"}

    def test_nothing_to_match(self, session: Any) -> None:
        with pytest.raises(Refused, match="名冊"):
            matching.run_match(SYSTEM, MAR)


def test_one_county_is_compared_with_all_but_only_its_rows_are_asked(session: Any) -> None:
    rosters(session, [paid(), paid(county="10005"), paid(county="10005", **OTHER)])
    registers(session)
    run = matching.run_match(SYSTEM, MAR, "10005")
    assert (run.rows, run.rosters) == (2, 1)
    found = set(session.execute(select(Doubt.county_code, Doubt.rule_code)).all())
    assert {c for c, _ in found} == {"10005"}
    assert ("10005", "DUPLICATE") in found


def test_an_engine_that_is_not_installed(dead: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda _name: None)
    monkeypatch.setitem(app.config, "MATCH_ENGINE", "spark")
    with pytest.raises(Refused, match="pyspark"):
        matching.run_match(SYSTEM, MAR)
    assert matching.run_match(SYSTEM, MAR, engine_name="duckdb").doubts == 1


def test_settings_of_the_cluster_that_cannot_be_read(dead: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SPARK_OPTIONS", "spark.executor.memory=4g,memory")
    with pytest.raises(Refused, match="SPARK_OPTIONS"):
        matching.run_match(SYSTEM, MAR, engine_name="spark")


def test_people_may_not_run_the_nations_match(dead: Any, actor: Callable[[str], Actor]) -> None:
    with pytest.raises(Forbidden):
        matching.run_match(actor("officer.10004"), MAR)
    assert matching.run_match(actor("ministry"), MAR).doubts == 1


def test_a_county_sees_its_own_doubts_only(session: Any, actor: Callable[[str], Actor]) -> None:
    rosters(session, [paid(), paid(county="10005")])
    registers(session)
    matching.run_match(SYSTEM, MAR)
    for county in ("10004", "10005"):
        with scope.use(actor(f"officer.{county}").scope):
            assert set(session.scalars(select(Doubt.county_code))) == {county}


def test_the_doubts_file_has_the_pinned_columns(dead: Any, tmp_path: Path) -> None:
    matching.run_match(SYSTEM, MAR)
    path = tmp_path / "doubts.csv"
    assert doubts.export_doubts(SYSTEM, path, MAR) == 1
    (row,) = csv.DictReader(path.open(encoding="utf-8"))
    assert tuple(row) == DOUBT_COLUMNS
    assert (row["months"], row["expected_overpaid"], row["grade"], row["relation"]) == ("09803", "6000", "A", "suspend_a")
    assert doubts.export_doubts(SYSTEM, path, MAR, "10005") == 0
    assert doubts.export_doubts(SYSTEM, path, MAR, grade="B") == 0


def test_statistics_leave_the_cell_empty_for_a_county_without_conditions(dead: Any, tmp_path: Path) -> None:
    matching.run_match(SYSTEM, MAR)
    answer = Answer("overpaid", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=6000)
    doubts.answer_doubt(SYSTEM, the_doubt(dead).id, answer)
    path = tmp_path / "statistics.csv"
    match_statistics.export_statistics(SYSTEM, path, MAR, MAR)
    (row,) = csv.DictReader(path.open(encoding="utf-8"))
    assert tuple(row) == STATISTICS_COLUMNS
    assert row == {
        "month": "09803", "county_code": "10004", "county": "新竹縣", "data_kind": ELA, "submitted": "2", "doubtful": "1",
        "county_defined": "", "overpaid_count": "1", "overpaid_amount": "6000",
    }  # fmt: skip


def test_a_month_without_rosters_shows_what_was_published(session: Any, tmp_path: Path) -> None:
    path = tmp_path / "statistics.csv"
    count = match_statistics.export_statistics(SYSTEM, path, MAR, MAR)
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    assert count == len(rows) > 100
    assert {r["month"] for r in rows} == {"09803"}


def test_a_benefit_elsewhere_and_the_person_under_a_corrected_number(session: Any) -> None:
    new = "B123456780"
    rosters(session, [paid()])
    registers(
        session, household_change=[change("id_change", "0971101", new_value=new)], household_register=[entry(person_id=new)],
        benefit_elsewhere=[record(kind="farmer_allowance", month_from=MAR - 2, amount=6000, person_id=new)],
    )  # fmt: skip
    assert matching.run_match(SYSTEM, MAR).by_rule == {"ELSEWHERE": 1}
    assert session.scalars(select(Doubt.person_id)).one() == "A123456789"
    assert roc.month5(session.scalars(select(Doubt.first_month)).one()) == "09803"
