"""The quick way and the traced way decide the same: a decision whose trace nobody reads is the decision whose trace somebody reads."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings

from app.rules import codec, household, lazy
from app.rules.elderly_living_allowance import decide
from app.rules.facts import CaseFacts
from app.rules.trace import CountedMember, Decision, Outcome, TestLine

from .families import MARCH_98, MARCH_113, K, R, case, grandma, is_, parameters, person, with_113
from .test_properties import ROWS, cases

NOW = ("eligible", "amount", "band", "start_month", "months", "missing", "benefit", "rule_version", "on")


def written_at_once(line: lazy.Later) -> object:
    """What the function behind a line writes, whatever the line already says."""
    try:
        make = object.__getattribute__(line, "_make")
    except AttributeError:
        return line
    return line if make is None else make()


@settings(max_examples=150, deadline=None)
@given(cases())
def test_不讀試算過程與讀試算過程_決定相同(facts: CaseFacts) -> None:
    quick = decide(facts, ROWS)
    before = {name: getattr(quick, name) for name in NOW}
    for line in quick.trace:
        whole = written_at_once(line)
        assert isinstance(whole, TestLine) and (whole.code, whole.outcome) == (line.code, line.outcome)
    for member in quick.household:
        whole = written_at_once(member)
        assert isinstance(whole, CountedMember) and (whole.ref, whole.counted) == (member.ref, member.counted)
    traced = Decision.from_json(decide(facts, ROWS).to_json())
    assert {name: getattr(traced, name) for name in NOW} == before
    assert traced == quick and traced.to_json() == quick.to_json()


def test_判斷同住狀況相同的家庭_各自的姓名與戶政來源不會混用() -> None:
    first = decide(case(person("大明", R.CHILD, "60/1/1", conditions=is_(K.MARRIED_OUT), lives_together=False)), ROWS)
    other = decide(case(person("小華", R.CHILD, "61/1/1", conditions=is_(K.MARRIED_OUT), lives_together=False)), ROWS)
    assert [m.name for m in first.household] == ["阿嬤", "大明"] and [m.name for m in other.household] == ["阿嬤", "小華"]
    assert [m.counted for m in first.household] == [m.counted for m in other.household]


def test_兄弟姊妹的年齡各依其生日判斷() -> None:
    law = household.member_law("disability_living_allowance", dt.date(2013, 3, 1))
    assert law is not None

    def sibling(born: str) -> bool | None:
        facts = case(person("弟", R.SIBLING, born), on=dt.date(2013, 3, 1))
        return household.counted_members(facts, law)[1].counted

    assert (sibling("90/1/1"), sibling("70/1/1")) == (True, False)


@pytest.mark.parametrize(("on", "rows"), [(MARCH_98, parameters()), (MARCH_113, with_113())])
def test_沒有人讀_就不寫一個字(on: dt.date, rows: object, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr("app.core.money.show_exact", lambda value: written.append(str(value)) or "")
    found = decide(case(who=grandma(), on=on), rows)  # type: ignore[arg-type]
    assert found.eligible and not written
    assert codec.dumps(found) and written


def test_延後寫的行_可複製_可比較_不可改() -> None:
    line = TestLine.when_read("x", Outcome.MET, lambda: TestLine("x", "第1條", "問", "量", "限", Outcome.MET))
    assert dataclasses.replace(line, outcome=Outcome.NOT_MET).article == "第1條"
    assert line == TestLine("x", "第1條", "問", "量", "限", Outcome.MET) and hash(line) == hash(dataclasses.replace(line))
    with pytest.raises(dataclasses.FrozenInstanceError):
        line.code = "y"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        line.nothing  # type: ignore[attr-defined]  # noqa: B018
