"""身心障礙手冊與證明: issue, last day, renewal dates, under-6 provisional grades, permanence, and what hangs on a card."""

from typing import Any

import pytest

from app.core import roc
from app.rules.disability import Card, Grade, card_text, valid_on
from app.rules.disability_register import (
    Assessment,
    Issue,
    RegisterFacts,
    RenewalState,
    consequences,
    decide,
    renewal,
)
from app.rules.facts import Residence
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, Finding, ah_mei, card, day, her_case, line_of, outcome
from .families import parameters

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
MARCH_105 = day("105/3/15")


def found(**more: Any) -> Assessment:
    fields: dict[str, Any] = {
        "number": "A001", "day": day("105/2/1"), "hospital": "新竹醫院", "classes": ("7",), "grade": Grade.MODERATE, "qualifies": True,
        "needs_assessed": day("105/3/1"),
    }  # fmt: skip
    return Assessment(**{**fields, **more})


def judged(on: Any = MARCH_105, assessment: Assessment | None = None, **more: Any) -> Decision:
    own = {k: more.pop(k) for k in ("issue", "old", "loss", "issued") if k in more}
    facts = RegisterFacts(her_case(on=on, **more), assessment or found(), **own)
    return decide(facts, parameters())


def test_初次核發_最長五年() -> None:
    got = judged()
    assert (got.eligible, got.band, got.amount) == (YES, "moderate", 0)
    assert (got.valid_from, got.valid_to) == (MARCH_105, day("110/3/15"))
    assert line_of(got, "expiry").article == "身心障礙者權益保障法第14條第1項"


def test_重新鑑定日期較早者_以其為準() -> None:
    assert judged(assessment=found(reassess=day("107/6/30"))).valid_to == day("107/6/30")
    assert judged(assessment=found(reassess=day("112/6/30"))).valid_to == day("110/3/15"), "不得逾五年"


def test_2月29日核發_五年後為2月28日() -> None:
    assert judged(on=day("105/2/29")).valid_to == day("110/2/28")


@pytest.mark.parametrize(("on", "last"), [("105/3/15", "110/3/15"), ("110/1/19", "115/1/19"), ("110/1/20", None), ("113/3/1", None)])
def test_無法減輕或恢復_110年1月20日起無註記效期_以前仍為五年逕予換發(on: str, last: str | None) -> None:
    got = judged(on=day(on), assessment=found(irreversible=True))
    assert got.eligible is YES and got.valid_to == (day(last) if last else None)
    line = line_of(got, "expiry")
    assert ("每5年" in line.note) if last is None else ("逕予核發" in line.note)


@pytest.mark.parametrize(("on", "last"), [("105/3/15", 60), ("109/12/14", 60), ("109/12/15", 90)])
def test_未滿6歲暫判定_滿6歲後60日_109年12月15日起90日(on: str, last: int) -> None:
    child = ah_mei(birth=day("106/5/1") if on.startswith("109") else day("103/5/1"))
    got = judged(on=day(on), who=child, assessment=found(provisional=True, day=day(on)))
    six = day("112/5/1") if on.startswith("109") else day("109/5/1")
    assert got.eligible is YES and got.valid_to is not None and (got.valid_to - six).days == last


def test_暫判定但已滿6歲_不可() -> None:
    assert judged(who=ah_mei(birth=day("98/5/1")), assessment=found(provisional=True)).eligible is NOT


def test_98年手冊_依重新鑑定日期或永久() -> None:
    on = day("98/3/15")
    got = judged(on=on, assessment=found(reassess=day("100/12/31"), needs_assessed=None))
    assert (got.eligible, got.valid_to, got.rule_version) == (YES, day("100/12/31"), "DREG-96")
    permanent = judged(on=on, assessment=found(irreversible=True, needs_assessed=None))
    assert permanent.eligible is YES and permanent.valid_to is None
    assert judged(on=on, assessment=found(needs_assessed=None)).eligible is UNKNOWN, "未載日期亦未載永久"


@pytest.mark.parametrize(
    ("assessment", "more", "code", "eligible"),
    [
        (found(day=None), {}, "assessed", UNKNOWN),
        (found(qualifies=False), {}, "grade", NOT),
        (found(qualifies=None), {}, "grade", UNKNOWN),
        (found(grade=None), {}, "grade", UNKNOWN),
        (found(classes=()), {}, "grade", UNKNOWN),
        (found(needs_assessed=None), {}, "needs", UNKNOWN),
        (found(), {"documents_complete": None}, "documents", UNKNOWN),
        (found(), {"residence": Residence("10005", True, 365)}, "registered", NOT),
        (found(), {"who": ah_mei(death=day("105/3/1"))}, "alive", NOT),
    ],
)
def test_核發要件(assessment: Assessment, more: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(assessment=assessment, **more)
    assert got.eligible is eligible and outcome(got, code) is (Outcome.NOT_MET if eligible is NOT else Outcome.NOT_KNOWN)
    assert got.valid_from is None


def test_98年不需要需求評估() -> None:
    assert judged(on=day("98/3/15"), assessment=found(irreversible=True, needs_assessed=None)).eligible is YES


def test_補發_沿用原效期_須切結遺失() -> None:
    old = card(permanent=False, expires=day("107/1/1"))
    got = judged(issue=Issue.REPLACED, old=old, loss=YES_)
    assert (got.eligible, got.valid_to, got.band) == (YES, day("107/1/1"), "moderate")
    assert judged(issue=Issue.REPLACED, old=old, loss=NO).eligible is NOT
    assert judged(issue=Issue.REPLACED, old=old, loss=Finding(None)).eligible is UNKNOWN
    assert judged(issue=Issue.REPLACED, old=card(permanent=False, expires=day("104/1/1"), annotated=False), loss=YES_).eligible is NOT


def test_遷入註記_沿用原證明() -> None:
    got = judged(issue=Issue.MOVED_IN, old=card())
    assert got.eligible is YES and got.valid_to is None and line_of(got, "card").article.endswith("第5條")


def test_96年以前沒有收錄() -> None:
    with pytest.raises(NoLaw):
        judged(on=day("96/8/20"))


# --- 重新鑑定

END = card(permanent=False, expires=day("105/6/30"))


@pytest.mark.parametrize(
    ("on", "applied", "reason", "state"),
    [
        ("105/3/31", False, False, RenewalState.EARLY),
        ("105/4/1", False, False, RenewalState.OPEN),
        ("105/4/30", False, False, RenewalState.OPEN),
        ("105/5/1", False, False, RenewalState.NOTICE),
        ("105/5/1", True, False, RenewalState.OPEN),
        ("105/6/30", False, False, RenewalState.NOTICE),
        ("105/7/1", False, False, RenewalState.EXPIRED),
        ("105/7/1", False, True, RenewalState.EXTENDED),
        ("105/8/29", False, True, RenewalState.EXTENDED),
        ("105/8/30", False, True, RenewalState.EXPIRED),
    ],
)
def test_90日內得申請_60日前未申請者通知_正當理由後60日內(on: str, applied: bool, reason: bool, state: RenewalState) -> None:
    got = renewal(END, day(on), applied, reason)
    assert got.state is state
    assert (got.opens, got.notify_by, got.expires) == (day("105/4/1"), day("105/5/1"), day("105/6/30"))


def test_永久_無須重新鑑定_效期不明則拒絕() -> None:
    assert renewal(card(), MARCH_105).state is RenewalState.ENDLESS
    with pytest.raises(ValueError, match="尚未查明"):
        renewal(card(permanent=None), MARCH_105)


def test_101年7月11日以前沒有90與60日規定() -> None:
    old = renewal(card(permanent=False, expires=day("98/6/30")), day("98/6/1"))
    assert (old.state, old.opens, old.notify_by) == (RenewalState.OPEN, None, None)


# --- 有效與否


@pytest.mark.parametrize(
    ("c", "on", "valid"),
    [
        (None, "105/3/15", None),
        (Card(held=False), "105/3/15", False),
        (card(), "105/3/15", True),
        (card(issued=day("105/4/1")), "105/3/15", False),
        (card(cancelled=day("105/3/15")), "105/3/15", False),
        (card(cancelled=day("105/3/16")), "105/3/15", True),
        (card(permanent=False, expires=day("105/3/15")), "105/3/15", True),
        (card(permanent=False, expires=day("105/3/14")), "105/3/15", None),
        (card(permanent=False, expires=day("105/3/14"), annotated=False), "105/3/15", False),
        (card(permanent=False, expires=day("105/3/14"), annotated=True), "105/3/15", True),
        (card(permanent=None), "105/3/15", None),
    ],
)
def test_某日是否有效(c: Card | None, on: str, valid: bool | None) -> None:
    assert valid_on(c, day(on)) is valid
    assert card_text(c, day(on))


# --- 連動


def test_證明失效_生活補助次月停_照顧補助次日停_停車證失效() -> None:
    got = {c.benefit: c for c in consequences(END, None, day("105/6/30"))}
    assert got["disability_living_allowance"].day == day("105/7/1")
    assert got["disability_care_subsidy"].day == day("105/7/1")
    assert got["parking_permit"].action == "stop" and got["assistive_device_subsidy"].action == "review"
    middle = {c.benefit: c.day for c in consequences(END, None, day("105/6/10"))}
    assert (middle["disability_living_allowance"], middle["disability_care_subsidy"]) == (day("105/7/1"), day("105/6/11"))


@pytest.mark.parametrize(("grade", "first"), [(Grade.SEVERE, "105/6/1"), (Grade.MILD, "105/7/1")])
def test_等級提高當月起_降低次月起(grade: Grade, first: str) -> None:
    got = consequences(card(), card(grade, issued=day("105/6/10")), day("105/6/10"))
    assert got[0].day == day(first) and got[0].sourced and "第15條第2項" in got[0].article
    assert {c.benefit for c in got} == {"disability_living_allowance", "parking_permit", "assistive_device_subsidy"}
    assert consequences(card(), card(), day("105/6/10")) == ()


def test_每一行都有條次() -> None:
    got = judged()
    assert all(x.article for x in got.trace) and Decision.from_json(got.to_json()) == got
    assert roc.month_of(MARCH_105) in got.months
