"""兒少生活扶助: category, hardship, the difference beside other aid, the month a child is too old, and the years nobody published."""

from typing import Any

import pytest

from app.core import roc
from app.rules.child_youth_living_assistance import ChildFacts, age_out_month, decide, medical_rate
from app.rules.facts import ConditionKind, Finding, Member, OtherBenefit, Residence, Status
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, day, gets, line_of, outcome
from .families import R, case, is_, parameters, pays, person, setting

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
MARCH_103 = day("103/3/15")
ROWS = parameters(setting("minimum_living_expense", 10_869, "103/1/1"), consumption=19_000)


def child(born: str = "95/6/20", **more: Any) -> Member:
    return person("小寶", R.APPLICANT, born, **more)


def facts(*others: Member, who: Member | None = None, on: Any = MARCH_103, **more: Any) -> ChildFacts:
    own = {k: more.pop(k) for k in ("category", "hardship", "county_means", "fraud") if k in more}
    c = case(*others, who=who or child(), on=on, **{"status": Status.NEAR_LOW, **more})
    return ChildFacts(c, **{"category": "near_low", "hardship": YES_, **own})


def judged(*others: Member, rows: Any = ROWS, **more: Any) -> Decision:
    return decide(facts(*others, **more), rows)


def aid(kind: str, amount: int | None, compatible: bool | None = None) -> tuple[OtherBenefit, ...]:
    return (OtherBenefit(kind, roc.month(103, 1), amount=amount, compatible=compatible),)


def test_102年起每人每月1900元() -> None:
    got = judged()
    assert (got.eligible, got.amount, got.rule_version) == (YES, 1900, "CYLA-102-01-01")
    assert line_of(got, "amount").article.endswith("第4條")


def test_縣府從優金額() -> None:
    assert judged(rows=parameters(setting("child_youth_living_assistance", 2_200, "102/1/1"))).amount == 2_200


@pytest.mark.parametrize(("on", "amount"), [("104/12/31", 1900), ("105/1/1", None)])
def test_105年起調整後金額未查得_須縣府登錄(on: str, amount: int | None) -> None:
    got = judged(on=day(on))
    assert got.amount == amount
    if amount is None:
        assert got.eligible is UNKNOWN and any("弱勢兒少生活扶助" in m.text for m in got.missing)


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"status": Status.NONE}, "status", NOT),
        ({"status": Status.LOW}, "status", NOT),
        ({"status": None}, "status", UNKNOWN),
        ({"hardship": NO}, "category", NOT),
        ({"hardship": Finding(None)}, "category", UNKNOWN),
        ({"category": ""}, "category", UNKNOWN),
        ({"placement": YES_}, "placement", NOT),
        ({"placement": Finding(None)}, "placement", UNKNOWN),
        ({"fraud": YES_}, "fraud", NOT),
        ({"residence": Residence("10005", True, 365)}, "registered", NOT),
        ({"other_benefits": None}, "other_benefits", UNKNOWN),
        ({"documents_complete": None}, "start", UNKNOWN),
        ({"who": child(birth=None)}, "age", UNKNOWN),
        ({"who": child(death=day("103/3/1"))}, "alive", NOT),
    ],
)
def test_每一項要件(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(**changes)
    assert got.eligible is eligible and outcome(got, code) is (Outcome.NOT_MET if eligible is NOT else Outcome.NOT_KNOWN)


@pytest.mark.parametrize(("category", "article"), [("pregnancy", "第3條第1項第2款"), ("assessed", "第3條第1項第3款")])
def test_另二類對象不問中低收入身分(category: str, article: str) -> None:
    got = judged(category=category, status=Status.NONE)
    assert got.eligible is YES and line_of(got, "category").article.endswith(article)


@pytest.mark.parametrize(("born", "eligible"), [("85/3/16", YES), ("85/3/15", NOT)])
def test_未滿18歲(born: str, eligible: Answer) -> None:
    assert judged(who=child(born)).eligible is eligible


def test_滿18歲之次月起停發_生日當月仍發() -> None:
    got = judged(who=child("85/6/20"))
    assert got.months.spans == ((roc.month(103, 3), roc.month(103, 6)),)
    assert age_out_month(day("85/6/20")) == roc.month(103, 7)
    assert age_out_month(day("93/2/29"), 18) == roc.month(111, 4), "2月29日生者至3月1日滿歲"


# --- 差額


@pytest.mark.parametrize(("drawn", "amount"), [(1899, 1), (1000, 900), (0, 1900)])
def test_低收兒童補助較低_補其差額(drawn: int, amount: int) -> None:
    got = judged(other_benefits=aid("low_income_living_assistance", drawn))
    assert (got.eligible, got.amount) == (YES, amount)


@pytest.mark.parametrize("drawn", [1900, 2600])
def test_他項額度不低於扶助_不重複(drawn: int) -> None:
    got = judged(other_benefits=aid("low_income_living_assistance", drawn))
    assert (got.eligible, got.amount) == (NOT, 0) and outcome(got, "top_up") is Outcome.NOT_MET


def test_二項合計後計算差額() -> None:
    both = aid("low_income_living_assistance", 700) + aid("county_special_circumstance_child", 800)
    got = judged(other_benefits=both)
    assert got.amount == 400 and "1,500元" in line_of(got, "top_up").measured


def test_同性質但金額不明_未定() -> None:
    assert judged(other_benefits=aid("low_income_living_assistance", None)).eligible is UNKNOWN


@pytest.mark.parametrize(("compatible", "eligible", "amount"), [(None, UNKNOWN, None), (True, YES, 1900), (False, NOT, 0)])
def test_身障生活補助是否同性質由縣府認定(compatible: bool | None, eligible: Answer, amount: int | None) -> None:
    got = judged(other_benefits=aid("disability_living_allowance", 3500, compatible))
    assert (got.eligible, got.amount) == (eligible, amount)


def test_已結束的他項不計() -> None:
    over = (OtherBenefit("low_income_living_assistance", roc.month(102, 1), roc.month(103, 2), 3000),)
    assert judged(other_benefits=over).amount == 1900


def test_未列於互斥規定者由縣府認定() -> None:
    assert judged(other_benefits=aid("scholarship", 500)).eligible is UNKNOWN


# --- 98年


def of_98(**more: Any) -> Decision:
    return judged(on=day("98/3/15"), rows=parameters(setting("child_youth_living_assistance", 1_600)),
                  **{"category": "child", "county_means": YES_, "who": child("90/1/1"), **more})  # fmt: skip


def test_98年金額與要件未查得_由縣府設定後才能核定() -> None:
    assert (of_98().eligible, of_98().amount) == (YES, 1600)
    bare = judged(on=day("98/3/15"), category="child", county_means=YES_, who=child("90/1/1"))
    assert bare.eligible is UNKNOWN and any("弱勢兒少生活扶助" in m.text for m in bare.missing)
    got = of_98(county_means=Finding(None))
    assert got.eligible is UNKNOWN and any("收入、財產要件" in m.text and m.kind == "setting" for m in got.missing)
    assert of_98(county_means=NO).eligible is NOT


@pytest.mark.parametrize(
    ("category", "born", "eligible"),
    [("child", "86/3/16", YES), ("child", "86/3/15", NOT), ("youth", "86/3/15", YES), ("youth", "86/3/16", NOT), ("youth", "80/3/15", NOT)],
)
def test_98年兒童未滿12歲_少年12歲以上未滿18歲(category: str, born: str, eligible: Answer) -> None:
    assert of_98(category=category, who=child(born)).eligible is eligible


def test_98年兒童滿12歲之次月起停_改以少年審認() -> None:
    assert of_98(who=child("86/6/20")).months.spans[0][1] == roc.month(98, 6)


def test_97年8月6日以前沒有收錄() -> None:
    with pytest.raises(NoLaw):
        judged(on=day("97/8/5"), category="child")


# --- 醫療補助比例


@pytest.mark.parametrize(("pay", "rate"), [(43_475, 75), (43_476, 50), (65_213, 50), (65_214, 25), (86_951, 25), (86_952, 0)])
def test_醫療補助級距_或_父母與同住手足列入(pay: int, rate: int) -> None:
    """Two people and 10,869 a month: 2 times = 43,476 in all; the average consumption is too small to help."""
    f = facts(person("父", R.PARENT, "60/1/1", work=pays(pay)))
    rows = parameters(setting("minimum_living_expense", 10_869, "103/1/1"), consumption=1)
    assert medical_rate(f.case, rows).percent == rate


def test_醫療補助應計算人口_祖父母不計_未行使義務之父得不列() -> None:
    away = {"lives_together": False, "same_registration": False}
    father = person("父", R.PARENT, "60/1/1", conditions=is_(ConditionKind.NONCUSTODIAL_PARENT), work=pays(90_000), **away)
    f = facts(father, person("祖母", R.GRANDPARENT, "30/1/1", incomes=gets(90_000)), person("兄", R.SIBLING, "90/1/1"))
    assert medical_rate(f.case, ROWS).percent == 75
    assert medical_rate(f.case, ROWS, full=True).percent == 100
    with pytest.raises(NoLaw):
        medical_rate(facts(on=day("101/12/31")).case, ROWS)
