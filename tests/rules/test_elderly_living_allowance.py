"""中低收入老人生活津貼 as the counter meets it: every test at its edge, every version of the law, every unknown."""

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from app.core import roc
from app.rules.elderly_living_allowance import VERSIONS, NoLaw, amount_in, decide, version_on
from app.rules.facts import (
    Asset,
    AssetKind,
    CaseFacts,
    Finding,
    Income,
    IncomeKind,
    LandExemption,
    PriorAward,
    PriorHoldings,
    Residence,
    Status,
    Work,
)  # fmt: skip
from app.rules.parameters import Parameters, reference
from app.rules.trace import Answer, Decision, Outcome

from .families import (
    CONSUMPTION,
    HSINCHU,
    LIMIT,
    MARCH_98,
    MARCH_113,
    MIN_98,
    K,
    R,
    case,
    earning,
    grandma,
    is_,
    owns,
    parameters,
    pays,
    person,
    setting,
    with_113,
)  # fmt: skip

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def outcome(decision: Decision, code: str) -> Outcome:
    return next(line.outcome for line in decision.trace if line.code == code)


# --- 情境


def test_阿嬤68歲獨居_女兒已出嫁不同住_發給6000元() -> None:
    daughter = person("女兒", R.CHILD, "57/1/1", conditions=is_(K.MARRIED_OUT), lives_together=False, work=pays(80_000))
    got = decide(case(daughter), parameters())
    assert (got.eligible, got.amount, got.band, got.persons, got.per_capita) == (YES, 6000, "full", 1, 0)
    assert got.start_month == roc.month(98, 3)
    assert got.rule_version == "ELA-97-10-01/ELA-96"


def test_阿嬤與兒子媳婦兩個孫子同住_兒子月薪六萬_發給3000元() -> None:
    family = (
        person("兒子", R.CHILD, "55/1/1", work=pays(60_000)),
        person("媳婦", R.CHILD_SPOUSE, "57/1/1", via="兒子", work=Work(False)),
        person("孫女", R.GRANDCHILD, "88/5/5", via="兒子"),
        person("孫子", R.GRANDCHILD, "91/5/5", via="兒子"),
    )
    got = decide(case(*family), parameters())
    assert got.household_income == 60_000 + 17_280
    assert got.per_capita == Fraction(77_280, 5)
    assert (got.eligible, got.amount, got.band) == (YES, 3000, "half")


def test_兒子報稅扶養阿嬤又服兵役_仍列入計算() -> None:
    son = person("兒子", R.CHILD, "76/1/1", conditions=is_(K.CONSCRIPT), claims_dependant=True, work=pays(8_000))
    got = decide(case(son), parameters())
    assert got.persons == 2 and got.per_capita == 4_000


def test_兒子失業在家_以基本工資設算() -> None:
    got = decide(case(person("兒子", R.CHILD, "60/1/1", work=Work(False))), parameters())
    assert got.per_capita == 8_640 and got.amount == 6000


# --- 收入級距的每一個邊界


@pytest.mark.parametrize(
    ("pension", "eligible", "amount"),
    [
        (0, YES, 6000),
        (14_743, YES, 6000),  # 1.5倍 = 14,743.5
        (14_744, YES, 3000),
        (24_572, YES, 3000),  # 2.5倍 = 24,572.5
        (24_573, NO, 0),
    ],
)
def test_98年新竹縣級距邊界(pension: int, eligible: Answer, amount: int) -> None:
    got = decide(earning(pension), parameters(consumption=20_000))
    assert (got.eligible, got.amount) == (eligible, amount)


def two_sharing(month_total: int) -> CaseFacts:
    """Two people, so that a per-capita value of exactly n.5 can be reached."""
    me = grandma(incomes=(Income(IncomeKind.MONTHLY_PENSION, month_total, "month"),))
    return case(person("阿公", R.SPOUSE, "28/1/1"), who=me)


def test_恰為1點5倍_達1點5倍以上_發給半額() -> None:
    got = decide(two_sharing(29_487), parameters())
    assert got.per_capita == Fraction(29_487, 2) == Fraction(MIN_98 * 3, 2)
    assert got.amount == 3000


def test_恰為2點5倍_98年條文漏列_認定符合並建議半額_於說明載明() -> None:
    got = decide(two_sharing(49_145), parameters())
    assert got.per_capita == Fraction(MIN_98 * 5, 2)
    assert (got.eligible, got.amount) == (YES, 3000)
    band = next(line for line in got.trace if line.code == "band")
    assert "未明定" in band.note and "半額" in band.note


def test_恰為2點5倍_111年起條文已明定_不再加註() -> None:
    got = decide(earning(35_575, on=MARCH_113), with_113())
    assert got.per_capita == Fraction(14_230 * 5, 2)
    assert (got.eligible, got.amount) == (YES, 4164)
    assert next(line for line in got.trace if line.code == "band").note == ""


@pytest.mark.parametrize(("pension", "eligible"), [(18_000, YES), (18_001, NO)])
def test_未超過平均消費支出1點5倍_與最低生活費2點5倍須同時符合(pension: int, eligible: Answer) -> None:
    got = decide(earning(pension), parameters(consumption=12_000))
    assert got.eligible is eligible
    assert outcome(got, "income_minimum") is Outcome.MET


def test_台北市與台灣省級距不同() -> None:
    taipei = earning(20_000, county_code="63000", residence=Residence("63000", True, 365))
    own = Parameters(
        (
            *reference(),
            setting("average_consumption", 30_000, county="63000"),
            setting("elderly_real_estate_limit", LIMIT, county="63000"),
        ),
        "63000",
    )
    assert decide(taipei, own).amount == 6000, "台北市1.5倍為21,837元"
    assert decide(earning(20_000), parameters()).amount == 3000


def test_單獨一項收入除不盡時以分數比較不四捨五入() -> None:
    three = (person("阿公", R.SPOUSE, "28/1/1"), person("兒子", R.CHILD, "20/1/1"))
    me = grandma(incomes=(Income(IncomeKind.MONTHLY_PENSION, 44_231, "month"),))
    got = decide(case(*three, who=me), parameters())
    assert got.per_capita == Fraction(44_231, 3) and got.amount == 3000, "14,743.67 已達 14,743.5"


# --- 年齡、居住、安置、在監


@pytest.mark.parametrize(("born", "eligible"), [("33/3/15", YES), ("33/3/16", NO), ("-0030301", YES)])
def test_年滿65歲(born: str, eligible: Answer) -> None:
    assert decide(case(who=grandma(birth=roc.parse_date(born))), parameters()).eligible is eligible


@pytest.mark.parametrize(("days", "eligible"), [(183, NO), (184, YES), (0, NO), (None, UNKNOWN)])
def test_最近一年居住國內須超過183日(days: int | None, eligible: Answer) -> None:
    got = decide(case(residence=Residence(HSINCHU, True, days)), parameters())
    assert got.eligible is eligible
    assert "第2條第1項第1款" in next(line.article for line in got.trace if line.code == "days_in_taiwan")


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"residence": Residence("10005", True, 365)}, "registered", NO),
        ({"residence": Residence(None, True, 365)}, "registered", UNKNOWN),
        ({"residence": Residence(HSINCHU, False, 365)}, "lives_there", NO),
        ({"residence": Residence(HSINCHU, None, 365)}, "lives_there", UNKNOWN),
        ({"placement": Finding(True)}, "placement", NO),
        ({"placement": Finding(None)}, "placement", UNKNOWN),
        ({"custody": Finding(True, dt.date(2009, 2, 1))}, "custody", NO),
        ({"custody": Finding(None)}, "custody", UNKNOWN),
        ({"application_date": None}, "start", UNKNOWN),
        ({"other_benefits": None}, "other_benefits", UNKNOWN),
        ({"who": grandma(birth=None)}, "age", UNKNOWN),
        ({"who": grandma(death=dt.date(2009, 3, 1))}, "alive", NO),
    ],
)
def test_每一項身分要件_不符則否_未查明則未定(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = decide(case(**changes), parameters())
    assert got.eligible is eligible
    assert outcome(got, code) is (Outcome.NOT_MET if eligible is NO else Outcome.NOT_KNOWN)
    if eligible is UNKNOWN:
        assert got.amount is None and any(m.name == code for m in got.missing)


def test_全部要件都沒查_仍是未定而不是否() -> None:
    bare = CaseFacts(MARCH_98, HSINCHU, (grandma(birth=None, incomes=None, assets=None),))
    got = decide(bare, parameters(consumption=None, limit=None))
    assert got.eligible is UNKNOWN
    assert not got.failed()
    assert {m.name for m in got.missing if m.kind == "setting"} == {"average_consumption", "elderly_real_estate_limit"}


# --- 動產、不動產


@pytest.mark.parametrize(("deposit", "eligible"), [(2_500_000, YES), (2_500_001, NO), (None, UNKNOWN)])
def test_動產一人250萬元(deposit: int | None, eligible: Answer) -> None:
    assert decide(case(who=grandma(assets=owns(AssetKind.DEPOSIT, deposit))), parameters()).eligible is eligible


@pytest.mark.parametrize(("deposit", "eligible"), [(2_750_000, YES), (2_750_001, NO)])
def test_動產每增一人加25萬元_存款投資有價證券合計(deposit: int, eligible: Answer) -> None:
    mine = (Asset(AssetKind.DEPOSIT, 1_000_000), Asset(AssetKind.INVESTMENT, 500_000), Asset(AssetKind.SECURITY, deposit - 1_500_000))
    assert decide(case(person("阿公", R.SPOUSE, "28/1/1"), who=grandma(assets=mine)), parameters()).eligible is eligible


def test_利息推算本金_須有年度利率設定() -> None:
    me = grandma(incomes=(Income(IncomeKind.INTEREST, 30_000, "year", 97),))
    got = decide(case(who=me), parameters())
    assert got.eligible is UNKNOWN and any(m.name == "deposit_interest_rate" for m in got.missing)
    rate = setting("deposit_interest_rate", Fraction(2, 100), "97/1/1")
    got = decide(case(who=me), parameters(rate))
    assert got.eligible is YES and sum(x.amount or 0 for x in got.movable) == 1_500_000
    cheap = setting("deposit_interest_rate", Fraction(1, 100), "97/1/1")
    assert decide(case(who=me), parameters(cheap)).eligible is NO, "推算300萬元超過250萬元"


def test_有存款證明就不推算() -> None:
    me = grandma(incomes=(Income(IncomeKind.INTEREST, 30_000, "year", 97, principal=2_000_000),))
    assert decide(case(who=me), parameters()).eligible is YES


@pytest.mark.parametrize(("value", "eligible"), [(LIMIT, YES), (LIMIT + 1, NO), (None, UNKNOWN)])
def test_不動產依縣定限額(value: int | None, eligible: Answer) -> None:
    assert decide(case(who=grandma(assets=owns(AssetKind.HOUSE, value))), parameters()).eligible is eligible


def test_不動產依持分計算() -> None:
    mine = owns(AssetKind.LAND, LIMIT * 3, share=Fraction(1, 3))
    assert decide(case(who=grandma(assets=mine)), parameters()).eligible is YES


def test_縣未設定合理居住空間_結果未定並指名設定() -> None:
    got = decide(case(), parameters(limit=None))
    assert got.eligible is UNKNOWN
    assert any("合理居住空間" in m.text and m.kind == "setting" for m in got.missing)


def test_縣未登錄平均消費支出_結果未定並指名設定() -> None:
    got = decide(earning(10_000), parameters(consumption=None))
    assert got.eligible is UNKNOWN and any("平均每人每月消費支出" in m.text for m in got.missing)


def test_縣未登錄平均消費支出_但已超過2點5倍_仍可否准() -> None:
    assert decide(earning(30_000), parameters(consumption=None)).eligible is NO


@pytest.mark.parametrize(
    ("exemption", "eligible98", "eligible113"),
    [
        (LandExemption.INDIGENOUS_RESERVED, YES, YES), (LandExemption.PUBLIC_FACILITY, YES, YES), (LandExemption.CONSERVATION, NO, YES),
        (LandExemption.ANCESTRAL, NO, YES), (LandExemption.WATER, NO, YES), (LandExemption.SUBSIDENCE, NO, YES),
        (LandExemption.DISASTER, NO, YES), (LandExemption.POLLUTED, NO, YES),
    ],
)  # fmt: skip
def test_不列入計算之土地_98年僅兩款_111年起準用社救法(exemption: LandExemption, eligible98: Answer, eligible113: Answer) -> None:
    me = grandma(assets=owns(AssetKind.LAND, LIMIT * 2, exemption=exemption, certified=True))
    assert decide(case(who=me), parameters()).eligible is eligible98
    assert decide(case(who=me, on=MARCH_113), with_113()).eligible is eligible113


def test_土地認定中_即使計入仍未超過則不必等_超過則未定_認定不符則否() -> None:
    def land(value: int, certified: bool | None) -> Decision:
        mine = owns(AssetKind.LAND, value, exemption=LandExemption.PUBLIC_FACILITY, certified=certified)
        return decide(case(who=grandma(assets=mine)), parameters())

    assert land(LIMIT, None).eligible is YES
    assert land(LIMIT + 1, None).eligible is UNKNOWN
    assert land(LIMIT + 1, False).eligible is NO


def test_兒子的財稅資料沒查_結果未定且說出是誰() -> None:
    son = person("王大明", R.CHILD, "55/1/1", work=pays(20_000), incomes=None, assets=None)
    got = decide(case(son), parameters())
    assert got.eligible is UNKNOWN and any("王大明" in m.text for m in got.missing)


def test_應計算人口未定_收入動產都未定() -> None:
    daughter = person("女兒", R.CHILD, "57/1/1", conditions=is_(K.MARRIED_OUT), lives_together=None, work=pays(500_000))
    got = decide(case(daughter), parameters())
    assert got.eligible is UNKNOWN and got.persons is None and got.per_capita is None
    assert not got.failed()


# --- 特殊情形、版本、金額、起月


def test_中央專案核定不受收入限制() -> None:
    got = decide(earning(60_000, special_approval="台內社字第0980000000號"), parameters())
    assert got.eligible is YES and got.band == "half"
    assert "第2條第2項" in next(line.article for line in got.trace if line.code == "income_minimum")


@pytest.mark.parametrize(
    ("day", "version"),
    [
        ("97/10/1", "ELA-97-10-01"),
        ("100/12/31", "ELA-97-10-01"),
        ("101/1/1", "ELA-101-01-01"),
        ("110/12/31", "ELA-101-01-01"),
        ("111/1/1", "ELA-111-01-01"),
    ],
)
def test_各日期適用的辦法版本(day: str, version: str) -> None:
    assert version_on(roc.parse_date(day)).code == version


def test_收錄之前的日期拒絕判斷() -> None:
    with pytest.raises(NoLaw, match="97/10/01"):
        decide(case(on=roc.parse_date("97/9/30")), parameters())
    assert [v.since for v in VERSIONS] == sorted(v.since for v in VERSIONS)


@pytest.mark.parametrize(
    ("day", "full", "half"),
    [("98/3/15", 6000, 3000), ("101/3/15", 7200, 3600), ("105/3/15", 7463, 3731), ("109/3/15", 7759, 3879), ("113/3/15", 8329, 4164)],
)
def test_各年度實際核定金額(day: str, full: int, half: int) -> None:
    on = roc.parse_date(day)
    rows = parameters(setting("minimum_living_expense", 10_000, "099/1/1"))
    assert decide(earning(0, on=on), rows).amount == full
    assert decide(earning(20_000, on=on), rows).amount == half


def test_某月金額供發放與補發差額使用() -> None:
    found = amount_in("full", roc.month(100, 12), parameters())
    later = amount_in("full", roc.month(101, 1), parameters())
    assert (getattr(found, "value", None), getattr(later, "value", None)) == (6000, 7200)


def test_98年自申請月起_111年起自備齊月起() -> None:
    early = decide(case(application_date=roc.parse_date("98/2/27"), documents_complete=roc.parse_date("98/3/10")), parameters())
    assert early.start_month == roc.month(98, 2)
    assert "實務" in next(line.note for line in early.trace if line.code == "start")
    late = case(on=MARCH_113, application_date=roc.parse_date("113/2/27"), documents_complete=roc.parse_date("113/3/10"))
    assert decide(late, with_113()).start_month == roc.month(113, 3)
    assert decide(replace(late, documents_complete=None), with_113()).eligible is UNKNOWN


def test_申請時未滿65歲_自滿65歲之月起() -> None:
    got = decide(case(who=grandma(birth=roc.parse_date("33/3/1")), application_date=roc.parse_date("98/1/20")), parameters())
    assert got.start_month == roc.month(98, 3)


# --- 111年起


def test_111年起低收入戶免審查收入財產() -> None:
    rich = grandma(assets=owns(AssetKind.DEPOSIT, 9_000_000), incomes=None)
    got = decide(case(who=rich, on=MARCH_113, status=Status.LOW), with_113())
    assert (got.eligible, got.amount) == (YES, 8329)
    assert "免審查" in next(line.measured for line in got.trace if line.code == "means")
    assert decide(case(who=rich, status=Status.LOW), parameters()).eligible is not YES, "98年沒有免審查"


def test_111年起中低收入戶_查得收入達1點5倍者為半額() -> None:
    assert decide(earning(21_345, on=MARCH_113, status=Status.NEAR_LOW), with_113()).amount == 4164
    assert decide(earning(21_344, on=MARCH_113, status=Status.NEAR_LOW), with_113()).amount == 8329


def test_111年起身分未查明_收入超過時是未定_未超過時照常() -> None:
    assert decide(earning(50_000, on=MARCH_113, status=None), with_113()).eligible is UNKNOWN
    assert decide(earning(50_000, on=MARCH_113), with_113()).eligible is NO
    assert decide(earning(5_000, on=MARCH_113, status=None), with_113()).eligible is YES


def family_better_under_old_law(**more: Any) -> CaseFacts:
    """Under the older circle the married daughter living elsewhere is not counted; since 111 she is."""
    daughter = person(
        "女兒", R.CHILD, "57/1/1", conditions=is_(K.MARRIED_OUT), lives_together=False, same_registration=False, work=pays(90_000)
    )
    return case(daughter, on=MARCH_113, **more)


def test_111年前已領且未中斷_適用較有利的舊範圍() -> None:
    assert decide(family_better_under_old_law(), with_113()).eligible is NO
    got = decide(family_better_under_old_law(prior_award=PriorAward(roc.month(109, 1), True)), with_113())
    assert (got.eligible, got.amount, got.persons) == (YES, 8329, 1)
    assert got.rule_version == "ELA-111-01-01/ELA-96" and outcome(got, "grandfathered") is Outcome.MET


def test_曾中斷或111年後才領_適用新範圍() -> None:
    assert decide(family_better_under_old_law(prior_award=PriorAward(roc.month(109, 1), False)), with_113()).eligible is NO
    assert decide(family_better_under_old_law(prior_award=PriorAward(roc.month(111, 1), True)), with_113()).eligible is NO


def test_是否中斷未查明_結果未定而非否() -> None:
    got = decide(family_better_under_old_law(prior_award=PriorAward(roc.month(109, 1), None)), with_113())
    assert got.eligible is UNKNOWN and got.amount is None
    assert any("未曾中斷" in m.text for m in got.missing)


def test_新範圍較有利時用新範圍() -> None:
    mother_in_house = person("老母", R.PARENT, "5/1/1")
    me = grandma(incomes=(Income(IncomeKind.MONTHLY_PENSION, 40_000, "month", counted=True),))
    got = decide(case(mother_in_house, who=me, on=MARCH_113, prior_award=PriorAward(roc.month(109, 1), True)), with_113())
    assert got.persons == 2 and got.rule_version.endswith("SAA-100")


@pytest.mark.parametrize(
    ("holdings", "eligible"),
    [
        (PriorHoldings(True, True, 6_000_000, 6_300_000), YES),
        (PriorHoldings(True, True, 6_000_000, 6_300_001), NO),
        (PriorHoldings(True, False, 6_000_000, 6_300_000), NO),
        (PriorHoldings(False, True, 6_000_000, 6_300_000), NO),
        (PriorHoldings(True, None, 6_000_000, 6_300_000), UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_111年起前一年已領且不動產未增加_地價漲幅內不受限(holdings: PriorHoldings | None, eligible: Answer) -> None:
    me = grandma(assets=owns(AssetKind.LAND, LIMIT + 1))
    facts = case(who=me, on=MARCH_113, prior_award=PriorAward(roc.month(111, 6), True), prior_holdings=holdings)
    assert decide(facts, with_113(setting("announced_land_value_rise", Fraction(5, 100)))).eligible is eligible


def test_調增幅度未設定_結果未定() -> None:
    me = grandma(assets=owns(AssetKind.LAND, LIMIT + 1))
    holdings = PriorHoldings(True, True, 6_000_000, 6_300_000)
    facts = case(who=me, on=MARCH_113, prior_award=PriorAward(roc.month(111, 6), True), prior_holdings=holdings)
    assert decide(facts, with_113()).eligible is UNKNOWN


# --- 說明與還原


def test_每一行都有條次或參數_問題_認定_並能以JSON還原() -> None:
    for facts in (case(), earning(20_000), CaseFacts(MARCH_98, HSINCHU, (grandma(incomes=None),))):
        got = decide(facts, parameters())
        assert Decision.from_json(got.to_json()) == got
        assert Decision.from_json(got.to_json()).to_json() == got.to_json()
        for line in got.trace:
            assert line.question and line.measured
            assert line.article or line.outcome is Outcome.NOT_KNOWN
    assert decide(case(), parameters()).trace[0].sources[0].name == "戶政資料"


def test_說明寫出算式與限額() -> None:
    line = next(x for x in decide(earning(20_000), parameters()).trace if x.code == "income_minimum")
    assert line.measured == "每人每月20,000元（家庭總收入每月20,000元÷1人）"
    assert line.limit == "最低生活費9,829元×2.5＝24,572.50元以下"
    assert (line.value, line.threshold) == (20_000, Fraction(49_145, 2))
    assert CONSUMPTION
