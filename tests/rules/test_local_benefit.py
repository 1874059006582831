"""Local benefits as data: the senior allowance, the paralysis allowance, and a benefit a supervisor writes in a form."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from app.core import roc
from app.rules import codec
from app.rules.disability import Grade
from app.rules.exclusions import Exclusion, Relation
from app.rules.facts import AssetKind, Finding, OtherBenefit, Residence, Status
from app.rules.laws import law_of
from app.rules.local_benefit import decide, ready, try_examples
from app.rules.local_definition import (
    TEST_TYPES,
    AmountRow,
    Definition,
    Example,
    ExampleSetting,
    LocalExclusion,
    LocalFacts,
    LocalTest,
    LocalVersion,
    NamedFinding,
    delivered,
    dumps,
    loads,
    problems,
)
from app.rules.paralysis_living_allowance import decide as decide_paralysis
from app.rules.parameters import Parameters, reference
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, ah_mei, card, day, gets, line_of, outcome
from .families import HSINCHU, case, grandma, owns, parameters, setting

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
CSA = delivered()["county_senior_allowance"]
PLA = delivered()["paralysis_living_allowance"]
AGE = setting("county_senior_allowance.age", 65)
AMOUNT_98 = setting("county_senior_allowance", 1_500)


def senior(on: str = "111/3/15", **more: Any) -> LocalFacts:
    own = {k: more.pop(k) for k in ("registered_since", "own_income", "own_real_estate") if k in more}
    yes = more.pop("findings", {})
    found = {"public_pension": False, "active_public_employee": False, **yes}
    base: dict[str, Any] = {"registered_since": day("80/1/1"), "own_income": 100_000, "own_real_estate": 0}
    named = tuple(NamedFinding(code, Finding(holds)) for code, holds in found.items())
    return LocalFacts(case(who=more.pop("who", grandma()), on=day(on), **more), findings=named, **{**base, **own})


def judged(on: str = "111/3/15", rows: Parameters | None = None, **more: Any) -> Decision:
    return decide(CSA, senior(on, **more), rows or parameters(AGE, AMOUNT_98))


# --- 敬老福利津貼


@pytest.mark.parametrize("definition", [CSA, PLA])
def test_隨產品提供的定義都通過自己的測試案例(definition: Definition) -> None:
    for version in definition.versions:
        assert problems(version) == () and ready(definition, version, Parameters(reference(), HSINCHU)) == ()
        assert all(t.passed for t in try_examples(definition, version, Parameters(reference(), HSINCHU)))
    assert loads(dumps(definition)) == definition


def test_111年每月3000元() -> None:
    got = judged(rows=parameters(AGE))
    assert (got.eligible, got.amount, got.rule_version) == (YES, 3000, "county_senior_allowance-3")


def test_98年金額未查得_請領年齡未設定_未定並指名() -> None:
    got = judged("98/3/15", rows=parameters())
    assert got.eligible is UNKNOWN
    assert {"county_senior_allowance", "county_senior_allowance.age"} <= {m.name for m in got.missing if m.kind == "setting"}
    assert judged("98/3/15").amount == 1_500


@pytest.mark.parametrize(("since", "eligible"), [("94/7/31", YES), ("94/8/1", NOT), (None, UNKNOWN)])
def test_94年8月1日以後設籍不得請領(since: str | None, eligible: Answer) -> None:
    assert judged(registered_since=day(since) if since else None).eligible is eligible


@pytest.mark.parametrize(("on", "income", "eligible"), [("98/12/31", 900_000, YES), ("111/3/15", 900_000, NOT), ("111/3/15", 499_999, YES)])
def test_98年以前不排富(on: str, income: int, eligible: Answer) -> None:
    assert judged(on, own_income=income).eligible is eligible


def test_恰為50萬元_各報導寫法不一_由縣府認定() -> None:
    got = judged(own_income=500_000)
    assert got.eligible is UNKNOWN and "未明定" in line_of(got, "own_income").note


def test_99年起至111年2月20日_排富條件未查得_由縣府查核() -> None:
    assert judged("100/3/15").eligible is UNKNOWN
    assert judged("100/3/15", findings={"means_99": True}).eligible is YES
    assert judged("100/3/15", findings={"means_99": False}).eligible is NOT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"own_real_estate": 5_000_001}, "own_real_estate"),
        ({"findings": {"public_pension": True}}, "public_pension"),
        ({"findings": {"active_public_employee": True}}, "active_public_employee"),
        ({"placement": YES_}, "placement"),
        ({"custody": YES_}, "custody"),
        ({"residence": Residence(HSINCHU, True, 183)}, "days_in_taiwan"),
        ({"residence": Residence(HSINCHU, False, 365)}, "lives_there"),
        ({"residence": Residence("10005", True, 365)}, "registered"),
        ({"who": grandma(birth=day("46/3/16"))}, "age_at_least"),
        ({"who": grandma(death=day("111/3/1"))}, "alive"),
        ({"other_benefits": (OtherBenefit("farmer_allowance", roc.month(111, 1)),)}, "other.farmer_allowance"),
        ({"other_benefits": (OtherBenefit("veteran_care", roc.month(111, 1)),)}, "other.veteran_care"),
    ],
)
def test_排除情形(changes: dict[str, Any], code: str) -> None:
    got = judged(**changes)
    assert got.eligible is NOT and outcome(got, code) is Outcome.NOT_MET


def test_與老人生活津貼之關係未取得_未定_縣府認定後可() -> None:
    kind = "elderly_living_allowance"
    assert judged(other_benefits=(OtherBenefit(kind, roc.month(111, 1)),)).eligible is UNKNOWN
    assert judged(other_benefits=(OtherBenefit(kind, roc.month(111, 1), compatible=True),)).eligible is YES


def test_縣府自訂互斥優先於定義() -> None:
    own = Exclusion(CSA.code, "farmer_allowance", Relation.NONE, "縣規定", "5", None, confidence="high", county_code=HSINCHU)
    farmer = (OtherBenefit("farmer_allowance", roc.month(111, 1)),)
    got = decide(CSA, senior(other_benefits=farmer), parameters(AGE), (own,))
    assert got.eligible is YES


def test_定義施行前沒有版本() -> None:
    with pytest.raises(NoLaw, match="敬老福利津貼"):
        judged("82/12/31")


# --- 癱瘓者生活津貼


def paralysed(**more: Any) -> LocalFacts:
    found = {"bedridden": True, "institution": False, **more.pop("findings", {})}
    named = tuple(NamedFinding(code, Finding(holds)) for code, holds in found.items())
    return LocalFacts(case(who=ah_mei(), **more), day("90/1/1"), card(Grade.PROFOUND), findings=named)


PLA_ROWS = parameters(setting("paralysis_living_allowance", 3_000), setting("paralysis_living_allowance.registered_months", 6))


def test_癱瘓者津貼_縣府確認前一律未定() -> None:
    got = decide_paralysis(paralysed(), PLA_ROWS)
    assert got.eligible is UNKNOWN and got.amount is None
    assert any("未查得任何條文" in m.text and m.kind == "setting" for m in got.missing)


def test_癱瘓者津貼_縣府確認後照定義核定() -> None:
    confirmed = PLA.with_version(replace(PLA.versions[0], confirmed=True))
    got = decide_paralysis(paralysed(), PLA_ROWS, None, confirmed)
    assert (got.eligible, got.amount) == (YES, 3_000)
    assert decide_paralysis(paralysed(findings={"institution": True}), PLA_ROWS, None, confirmed).eligible is NOT
    assert decide_paralysis(paralysed(findings={"bedridden": None}), PLA_ROWS, None, confirmed).eligible is UNKNOWN
    dla = (OtherBenefit("disability_living_allowance", roc.month(98, 1), amount=4000),)
    assert decide_paralysis(paralysed(other_benefits=dla), PLA_ROWS, None, confirmed).eligible is UNKNOWN, "互斥未取得"


def test_癱瘓者津貼_金額與設籍期間未設定() -> None:
    got = decide_paralysis(paralysed(), parameters())
    assert {"paralysis_living_allowance", "paralysis_living_allowance.registered_months"} <= {m.name for m in got.missing}


# --- 主管在表單上自訂的津貼


def rent(**more: Any) -> LocalVersion:
    fields: dict[str, Any] = {
        "number": 1, "effective_from": day("98/1/1"), "law": "本縣身障者租屋津貼要點",
        "tests": (
            LocalTest("registered_months", "第2點", limit=6),
            LocalTest("status", "第3點", values=("low", "near_low")),
            LocalTest("grade", "第3點", values=("moderate", "severe", "profound")),
            LocalTest("household_income", "第4點", times_minimum=Fraction(3, 2)),
            LocalTest("household_movable", "第4點", limit=500_000),
            LocalTest("household_real_estate", "第4點", limit=3_000_000),
            LocalTest("finding", "第5點", code="rents", question="是否租屋居住？"),
        ),
        "amounts": (
            AmountRow(4_000, grades=("profound",), name="極重度", article="第6點"), AmountRow(3_000, statuses=("low",), name="低收"),
            AmountRow(2_000, name="其他"),
        ),
        "exclusions": (LocalExclusion("disability_care_subsidy", Relation.SUSPEND_A, "托育養護補助", "第7點"),),
        "amount_article": "第6點",
    }  # fmt: skip
    return LocalVersion(**{**fields, **more})


RENT = Definition("rent_allowance", "身障者租屋津貼", "租屋", "租屋居住之身障者", "本縣身障者租屋津貼要點", HSINCHU, versions=(rent(),))


def tenant(c: Any = None, rents: bool | None = True, since: str = "90/1/1", **more: Any) -> LocalFacts:
    held = more.pop("case_card", None)
    facts = case(who=more.pop("who", ah_mei()), status=more.pop("status", Status.LOW), **more)
    return LocalFacts(facts, day(since), held or c or card(), findings=(NamedFinding("rents", Finding(rents)),))


def renting(**more: Any) -> Decision:
    return decide(RENT, tenant(**more), parameters())


@pytest.mark.parametrize(
    ("more", "amount"),
    [({}, 3_000), ({"c": card(Grade.PROFOUND)}, 4_000), ({"status": Status.NEAR_LOW}, 2_000)],
)
def test_金額表依序適用第一列(more: dict[str, Any], amount: int) -> None:
    got = renting(**more)
    assert (got.eligible, got.amount) == (YES, amount) and got.persons == 1


@pytest.mark.parametrize(
    ("more", "code", "eligible"),
    [
        ({"since": "97/9/16"}, "registered_months", NOT),
        ({"since": "97/9/15"}, "registered_months", YES),
        ({"status": Status.NONE}, "status", NOT),
        ({"c": card(Grade.MILD)}, "grade", NOT),
        ({"c": card(None)}, "grade", UNKNOWN),
        ({"who": ah_mei(incomes=gets(14_743))}, "income.minimum_living_expense", YES),
        ({"who": ah_mei(incomes=gets(14_744))}, "income.minimum_living_expense", NOT),
        ({"who": ah_mei(assets=owns(AssetKind.DEPOSIT, 500_001))}, "household_movable", NOT),
        ({"who": ah_mei(assets=owns(AssetKind.LAND, 3_000_001))}, "household_real_estate", NOT),
        ({"rents": False}, "rents", NOT),
        ({"rents": None}, "rents", UNKNOWN),
    ],
)
def test_每一種要件(more: dict[str, Any], code: str, eligible: Answer) -> None:
    got = renting(**more)
    assert got.eligible is eligible
    assert outcome(got, code) is {YES: Outcome.MET, NOT: Outcome.NOT_MET, UNKNOWN: Outcome.NOT_KNOWN}[eligible]


def test_互斥_停發() -> None:
    care = (OtherBenefit("disability_care_subsidy", roc.month(97, 1), detail="residential"),)
    got = renting(other_benefits=care)
    assert got.eligible is NOT and line_of(got, "other.disability_care_subsidy").article == "第7點"


def test_各種要件類型都有名稱說明_且都能判斷() -> None:
    made = {
        "age_at_least": {"limit": 30}, "age_below": {"limit": 60}, "registered_before": {"before": day("91/1/1")}, "registered_months": {"limit": 1},
        "days_in_taiwan": {"limit": 183}, "grade": {"values": ("moderate",)}, "class": {"values": ("05",)}, "status": {"values": ("low",)},
        "own_income": {"limit": 1}, "own_real_estate": {"limit": 1}, "household_income": {"times_consumption": Fraction(1)},
        "household_movable": {"limit": 1}, "household_real_estate": {"limit": 1}, "finding": {"code": "rents", "question": "是否租屋？"},
    }  # fmt: skip
    for name, kind in TEST_TYPES.items():
        test = LocalTest(name, "第1點", **made.get(name, {}))
        version = rent(tests=(test,), examples=(Example("範例", tenant(), "yes"),))
        assert kind.name and kind.help and problems(version) == (), name
        facts = replace(tenant(), own_income=0, own_real_estate=0)
        got = decide(RENT.with_version(version), facts, parameters())
        assert got.eligible is YES, (name, got.open_questions(), got.failed())


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (rent(tests=()), "至少須有一項要件"),
        (rent(amounts=()), "金額表至少須有一列"),
        (rent(amounts=(AmountRow(),)), "擇一填寫"),
        (rent(amounts=(AmountRow(0),)), "金額須大於0"),
        (rent(amounts=(AmountRow(1, grades=("x",)),)), "障礙等級不在選項內"),
        (rent(tests=(LocalTest("magic", "第1點"),)), "不在清單內"),
        (rent(tests=(LocalTest("age_at_least", "第1點"),)), "限額與縣市設定名稱請擇一"),
        (rent(tests=(LocalTest("age_at_least", "第1點", limit=1, parameter="x"),)), "擇一"),
        (rent(tests=(LocalTest("registered_before", "第1點"),)), "缺少日期"),
        (rent(tests=(LocalTest("grade", "第1點", values=("x",)),)), "所選值不在選項內"),
        (rent(tests=(LocalTest("household_income", "第1點"),)), "至少填一項"),
        (rent(tests=(LocalTest("registered"),)), "請填條次"),
        (rent(tests=(LocalTest("own_income", "第1點", limit=1, edge="maybe"),)), "未明定"),
        (rent(tests=(LocalTest("finding", "第1點", code="a", question="一？"),) * 2), "代碼重複"),
        (rent(effective_to=day("97/1/1")), "早於施行起日"),
        (rent(start="someday"), "起發月份"),
        (rent(), "至少須有一個測試案例"),
    ],
)
def test_填錯的定義說出錯在哪(version: LocalVersion, text: str) -> None:
    assert any(text in p for p in problems(version)) and ready(RENT, version, parameters())


def test_測試案例不符預期就不能啟用_並說明差在哪() -> None:
    good = Example("低收中度", tenant(), "yes", 3_000)
    wrong = (Example("金額寫錯", tenant(), "yes", 9_999), Example("結果寫錯", tenant(rents=False), "yes"),
             Example("原因寫錯", tenant(rents=False), "no", 0, ("grade",)))  # fmt: skip
    assert ready(RENT, rent(examples=(good,)), parameters()) == ()
    said = ready(RENT, rent(examples=(good, *wrong)), parameters())
    assert len(said) == 3 and "應為9,999元，實際為3,000元" in said[0] and "應為「符合」" in said[1] and "rents" in said[2]


def test_測試案例自帶的設定優先() -> None:
    version = rent(amounts=(AmountRow(parameter="rent_amount"),), examples=(
        Example("用設定", tenant(), "yes", 777, (), (ExampleSetting("rent_amount", 777),)),))  # fmt: skip
    assert ready(RENT, version, parameters()) == ()


def test_新版本自施行日起適用() -> None:
    raised = rent(number=2, effective_from=day("99/1/1"), amounts=(AmountRow(5_000),))
    both = RENT.with_version(raised)
    assert decide(both, tenant(), parameters()).amount == 3_000
    rows = parameters(setting("minimum_living_expense", 9829, "99/1/1"))
    assert decide(both, tenant(on=day("99/1/1")), rows).amount == 5_000


def test_申請時未達年齡_自年滿之月起() -> None:
    version = rent(tests=(LocalTest("age_at_least", "第1點", limit=40),))
    facts = tenant(application_date=day("97/12/1"), documents_complete=day("97/12/1"))
    assert decide(RENT.with_version(version), facts, parameters()).start_month == roc.month(98, 1)


def test_金額表沒有適用的列_未定() -> None:
    assert decide(RENT.with_version(rent(amounts=(AmountRow(1, grades=("mild",)),))), tenant(), parameters()).eligible is UNKNOWN


def test_以代碼取得規則與事實型別_可由JSON還原() -> None:
    law = law_of("county_senior_allowance")
    facts = senior()
    assert codec.loads(law.facts, codec.dumps(facts)) == facts
    assert law.decide(facts, parameters(AGE), None).amount == 3000
    assert law_of("rent_allowance", {"rent_allowance": RENT}).decide(tenant(), parameters(), None).amount == 3_000
    for benefit in ("elderly_living_allowance", "low_income_living_assistance", "disability_register", "parking_permit"):
        assert callable(law_of(benefit).decide)
    with pytest.raises(KeyError):
        law_of("nothing")
    assert NO.holds is False
