"""Answering by two people above the county's amount, many doubts at once after a rehearsal, and the minutes an answer took."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.commands import doubts, doubts_bulk, matching
from app.commands.base import Conflict, NotFound, Refused
from app.commands.doubts import Answer
from app.core import clock
from app.models.answer_check import AnswerCheck
from app.models.audit import AuditEntry
from app.models.doubt import Doubt, DoubtAnswer
from app.models.overpayment import Overpayment
from app.models.parameter import Parameter
from app.security import access, audit

from .frames import MAR, change, entry, paid
from .test_commands import SYSTEM, deliver, registers
from .test_rule_control import setting

PEOPLE = [{"person_id": f"A{200000000 + n}", "name": f"王{n}"} for n in range(4)]
NONE = Answer("no_overpayment", "同名同姓，戶政已更正")


@pytest.fixture
def dead(session: Any) -> Any:
    """Four dead recipients; the last one is paid 60,000, above the amount for a second person (50,000)."""
    rows = [paid(case_no=f"C{n}", amount=60_000 if n == 3 else 6_000, **who) for n, who in enumerate(PEOPLE)]
    deliver(session, "roster", rows, MAR, "10004", "elderly_living_allowance")
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE],
        household_change=[change("death", "0970115", "0970301", **who) for who in PEOPLE],
    )
    matching.run_match(SYSTEM, MAR)
    session.expire_all()
    return session


def chosen(session: Any) -> list[tuple[int, int]]:
    session.expire_all()
    return [(key, version) for key, version in session.execute(select(Doubt.id, Doubt.version).order_by(Doubt.case_no))]


def overpaid(amount: int) -> Answer:
    return Answer("overpaid", "死亡後續發", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=amount)


@pytest.fixture
def colleague(actor: Callable[[str], Any]) -> Any:
    """Another officer of the same county."""
    return actor("officer2.10004")


class TestTwoPeople:
    def test_a_large_overpayment_waits_for_somebody_else(self, dead: Any, actor: Callable[[str], Any], colleague: Any) -> None:
        key = chosen(dead)[3][0]
        officer = actor("officer.10004")
        made = doubts.answer_doubt(officer, key, overpaid(60_000))
        assert isinstance(made, AnswerCheck) and made.check_above == 50_000
        check = made.id
        assert dead.get(Doubt, key).state == "open" and dead.scalar(select(func.count(Overpayment.id))) == 0
        with pytest.raises(Refused, match="等待第二人"):
            doubts.answer_doubt(officer, key, NONE)
        with pytest.raises(Refused, match="同一人"):
            doubts.approve_answer(officer, check)
        doubts.approve_answer(colleague, check)
        answer = dead.scalars(select(DoubtAnswer).where(DoubtAnswer.doubt_id == key)).one()
        assert (answer.answered_by_id, answer.checked_by_id, answer.check_above) == (officer.user_id, colleague.user_id, 50_000)
        assert dead.scalars(select(Overpayment.amount)).one() == 60_000
        assert dead.get(Doubt, key).state == "answered"

    def test_sent_back_the_doubt_is_answered_again(self, dead: Any, actor: Callable[[str], Any], colleague: Any) -> None:
        key = chosen(dead)[3][0]
        check = doubts.answer_doubt(actor("officer.10004"), key, overpaid(60_000)).id
        with pytest.raises(Refused, match="理由"):
            doubts.send_back_answer(colleague, check)
        doubts.send_back_answer(colleague, check, "死亡日期待查")
        assert isinstance(doubts.answer_doubt(actor("officer.10004"), key, NONE), DoubtAnswer)

    def test_up_to_the_amount_one_person_is_enough(self, dead: Any, actor: Callable[[str], Any]) -> None:
        setting(dead, "answer_check.amount", 60_000)
        assert isinstance(doubts.answer_doubt(actor("officer.10004"), chosen(dead)[3][0], overpaid(60_000)), DoubtAnswer)

    def test_without_the_setting_overpaid_cannot_be_answered(self, dead: Any, actor: Callable[[str], Any]) -> None:
        dead.execute(delete(Parameter).where(Parameter.name == "answer_check.amount"))
        dead.commit()
        with pytest.raises(Refused, match="第二人核可"):
            doubts.answer_doubt(actor("officer.10004"), chosen(dead)[0][0], overpaid(6_000))
        doubts.answer_doubt(actor("officer.10004"), chosen(dead)[0][0], NONE)

    def test_months_that_changed_meanwhile_must_be_answered_anew(self, dead: Any, actor: Callable[[str], Any], colleague: Any) -> None:
        key = chosen(dead)[3][0]
        check = doubts.answer_doubt(actor("officer.10004"), key, overpaid(60_000)).id
        rows = [paid(case_no="C3", amount=60_000, month=MAR + 1, **PEOPLE[3])]
        deliver(dead, "roster", rows, MAR + 1, "10004", "elderly_living_allowance")
        matching.run_match(SYSTEM, MAR + 1)
        with pytest.raises(Refused, match="已經改變"):
            doubts.approve_answer(colleague, check)

    @pytest.mark.parametrize("column", ["answered_by_id", None])
    def test_the_database_itself_refuses_one_person_alone(self, dead: Any, actor: Callable[[str], Any], column: str | None) -> None:
        user = actor("officer.10004").user_id
        dead.add(
            DoubtAnswer(
                doubt_id=chosen(dead)[3][0], county_code="10004", outcome="overpaid", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=60_000,
                decided_by="x", decided_on=dt.date(2009, 4, 1), months=[MAR], run_month=MAR, answered_by_id=user, answered_at=clock.now(),
                check_above=50_000, checked_by_id=user if column else None,
            )
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="maker_checker" if column else "second_person"):
            dead.flush()
        dead.rollback()


class TestManyAtOnce:
    def test_a_rehearsal_says_what_would_happen_and_stores_nothing(self, dead: Any, actor: Callable[[str], Any]) -> None:
        officer, these = actor("officer.10004"), chosen(dead)
        doubts.answer_doubt(officer, these[0][0], NONE)
        before = dead.scalar(select(func.count(AuditEntry.seq)))
        lines = doubts_bulk.rehearse(officer, these, overpaid(1))
        assert [(line.result, line.amount) for line in lines] == [("refused", 6_000), ("stored", 6_000), ("stored", 6_000), ("proposed", 60_000)]
        assert "其他人更新" in lines[0].reason
        dead.expire_all()
        assert dead.scalar(select(func.count(DoubtAnswer.id))) == 1 and dead.scalar(select(func.count(Overpayment.id))) == 0
        assert dead.scalar(select(func.count(AnswerCheck.id))) == 0 and dead.scalar(select(func.count(AuditEntry.seq))) == before

    def test_then_the_same_for_good(self, dead: Any, actor: Callable[[str], Any]) -> None:
        officer, these = actor("officer.10004"), chosen(dead)
        doubts.answer_doubt(officer, these[0][0], NONE)
        said = [line.result for line in doubts_bulk.rehearse(officer, these, overpaid(1))]
        assert [line.result for line in doubts_bulk.answer_many(officer, these, overpaid(1))] == said
        dead.expire_all()
        assert sorted(dead.scalars(select(Overpayment.amount))) == [6_000, 6_000]
        assert dead.scalars(select(AnswerCheck.overpaid_amount)).all() == [60_000]
        assert dead.scalars(select(DoubtAnswer.channel).order_by(DoubtAnswer.id)).all() == ["screen", "bulk", "bulk"]
        assert not list(audit.verify(dead, current_app.config["AUDIT_KEY"]))

    def test_the_checks_are_those_of_a_single_answer(self, dead: Any, actor: Callable[[str], Any]) -> None:
        officer, these = actor("officer.10004"), chosen(dead)
        (line, *_) = doubts_bulk.rehearse(officer, these, Answer("no_overpayment"))
        assert line.result == "refused" and "理由" in line.reason
        with pytest.raises(Refused, match="勾選"):
            doubts_bulk.rehearse(officer, [], NONE)
        with pytest.raises(Refused, match="100"):
            doubts_bulk.rehearse(officer, these * 26, NONE)
        with pytest.raises(NotFound):
            doubts_bulk.answer_many(actor("officer.10005"), these, NONE)

    def test_somebody_answered_between_rehearsal_and_storing(self, dead: Any, actor: Callable[[str], Any]) -> None:
        officer, these = actor("officer.10004"), chosen(dead)
        assert {line.result for line in doubts_bulk.rehearse(officer, these, NONE)} == {"stored"}
        doubts.answer_doubt(officer, these[1][0], NONE)
        assert [line.result for line in doubts_bulk.answer_many(officer, these, NONE)] == ["stored", "refused", "stored", "stored"]
        with pytest.raises(Conflict):
            doubts.answer_doubt(officer, these[1][0], NONE, these[1][1])


@pytest.mark.parametrize(("minutes", "seconds"), [(3, 180), (200, 1800), (None, None)])
def test_the_time_from_opening_to_answering_is_kept_capped(
    dead: Any, actor: Callable[[str], Any], minutes: int | None, seconds: int | None
) -> None:
    officer, key = actor("officer.10004"), chosen(dead)[0][0]
    if minutes is not None:
        look = access.entry(officer, "show", ("doubt", str(key)), "疑義查核")
        look.at = clock.now() - dt.timedelta(minutes=minutes)
        dead.add(look)
        dead.commit()
    doubts.answer_doubt(officer, key, NONE)
    kept = dead.scalars(select(DoubtAnswer.seconds_spent)).one()
    assert kept == seconds if seconds in (None, 1800) else abs(kept - seconds) <= 5
