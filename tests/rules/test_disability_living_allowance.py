"""身心障礙者生活補助 as the counter meets it: card, grade, income to the dollar, care, cap, and every version of the law."""

from fractions import Fraction
from typing import Any

import pytest

from app.core import roc
from app.rules.disability import Card, Grade
from app.rules.disability_living_allowance import VERSIONS, DisabilityLivingFacts, amount_in, decide
from app.rules.facts import Asset, AssetKind, ConditionKind, Finding, OtherBenefit, PriorAward, PriorHoldings, Residence, Status
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, ah_mei, card, day, gets, her_case, line_of, outcome
from .families import HSINCHU, MARCH_98, MARCH_113, R, is_, owns, parameters, pays, person, setting, with_113

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
SINCE_100 = [setting("minimum_living_expense", 10_000, "100/1/1")]


def facts(*others: Any, c: Card | None = None, **more: Any) -> DisabilityLivingFacts:
    own = {k: more.pop(k) for k in ("institution", "misuse") if k in more}
    return DisabilityLivingFacts(her_case(*others, **more), c or card(), **{"institution": NO, **own})


def judged(*others: Any, rows: Any = None, **more: Any) -> Decision:
    return decide(facts(*others, **more), rows or parameters())


@pytest.mark.parametrize(
    ("grade", "status", "amount", "band"),
    [
        (Grade.PROFOUND, Status.LOW, 7000, "low_profound"),
        (Grade.SEVERE, Status.LOW, 7000, "low_severe"),
        (Grade.MODERATE, Status.LOW, 7000, "low_moderate"),
        (Grade.MILD, Status.LOW, 4000, "low_mild"),
        (Grade.PROFOUND, Status.NONE, 4000, "other_profound"),
        (Grade.SEVERE, Status.NONE, 4000, "other_severe"),
        (Grade.MODERATE, Status.NONE, 4000, "other_moderate"),
        (Grade.MILD, Status.NONE, 3000, "other_mild"),
    ],
)
def test_98年四種金額_等級與低收身分(grade: Grade, status: Status, amount: int, band: str) -> None:
    got = judged(c=card(grade), status=status)
    assert (got.eligible, got.amount, got.band) == (YES, amount, band)
    assert got.rule_version == "DLA-98-01-01/SAA-97" and "第7條第1項" in line_of(got, "band").article


@pytest.mark.parametrize(("income", "eligible"), [(24_572, YES), (24_573, NOT)])
def test_98年未達2點5倍_9829的2點5倍為24572點5(income: int, eligible: Answer) -> None:
    assert judged(income=income).eligible is eligible


def test_恰為2點5倍_身障生活補助為未達_不符合_與老人津貼不同() -> None:
    her = ah_mei(incomes=gets(49_145))
    got = judged(person("阿嬤", R.PARENT, "20/1/1"), who=her)
    assert got.per_capita == Fraction(9829 * 5, 2) and got.eligible is NOT
    assert line_of(got, "income_minimum").limit.startswith("未達")


@pytest.mark.parametrize(("income", "eligible"), [(18_000, YES), (18_001, NOT)])
def test_未超過平均消費支出1點5倍_恰為1點5倍可以(income: int, eligible: Answer) -> None:
    assert judged(income=income, rows=parameters(consumption=12_000)).eligible is eligible


def test_98年平均消費支出未登錄_未定並指名() -> None:
    got = judged(rows=parameters(consumption=None))
    assert got.eligible is UNKNOWN and got.amount is None
    assert any("平均每人每月消費支出" in m.text for m in got.missing)


@pytest.mark.parametrize(("deposit", "eligible"), [(2_000_000, YES), (2_000_001, NOT), (None, UNKNOWN)])
def test_動產一人200萬(deposit: int | None, eligible: Answer) -> None:
    assert judged(who=ah_mei(assets=owns(AssetKind.DEPOSIT, deposit))).eligible is eligible


@pytest.mark.parametrize(("deposit", "eligible"), [(2_250_000, YES), (2_250_001, NOT)])
def test_動產每增一人加25萬(deposit: int, eligible: Answer) -> None:
    her = ah_mei(assets=owns(AssetKind.DEPOSIT, deposit))
    assert judged(person("阿母", R.PARENT, "20/1/1"), who=her).eligible is eligible


@pytest.mark.parametrize(("value", "eligible"), [(6_500_000, YES), (6_500_001, NOT)])
def test_98年不動產650萬(value: int, eligible: Answer) -> None:
    assert judged(who=ah_mei(assets=owns(AssetKind.LAND, value))).eligible is eligible


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"c": Card(held=False)}, "card", NOT),
        ({"c": card(cancelled=day("98/3/1"))}, "card", NOT),
        ({"c": card(permanent=False, expires=day("98/3/14"))}, "card", NOT),
        ({"c": card(permanent=False, expires=day("98/3/15"))}, "card", YES),
        ({"c": card(permanent=None)}, "card", UNKNOWN),
        ({"c": card(grade=None)}, "band", UNKNOWN),
        ({"status": None}, "band", UNKNOWN),
        ({"placement": Finding(True)}, "placement", NOT),
        ({"placement": Finding(None)}, "placement", UNKNOWN),
        ({"institution": YES_}, "institution", NOT),
        ({"institution": Finding(None)}, "institution", UNKNOWN),
        ({"misuse": YES_}, "misuse", NOT),
        ({"custody": YES_}, "custody", NOT),
        ({"who": ah_mei(death=day("98/3/1"))}, "alive", NOT),
        ({"residence": Residence("10005", True, 365)}, "registered", NOT),
        ({"documents_complete": None}, "start", UNKNOWN),
        ({"other_benefits": None}, "other_benefits", UNKNOWN),
    ],
)
def test_每一項要件(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(**changes)
    assert got.eligible is eligible
    assert outcome(got, code) is {YES: Outcome.MET, NOT: Outcome.NOT_MET, UNKNOWN: Outcome.NOT_KNOWN}[eligible]


def test_98年沒有183日要件_101年7月11日起才有() -> None:
    abroad = Residence(HSINCHU, True, 100)
    assert judged(residence=abroad).eligible is YES
    got = judged(residence=abroad, on=day("101/7/11"), rows=parameters(*SINCE_100))
    assert got.eligible is NOT and line_of(got, "days_in_taiwan").article.endswith("第2條第1項第2款")
    assert judged(residence=abroad, on=day("101/7/10"), rows=parameters(*SINCE_100)).eligible is YES


@pytest.mark.parametrize(("days", "eligible"), [(183, NOT), (184, YES), (None, UNKNOWN)])
def test_101年起須超過183日(days: int | None, eligible: Answer) -> None:
    home = Residence(HSINCHU, True, days)
    assert judged(residence=home, on=day("102/3/1"), rows=parameters(*SINCE_100)).eligible is eligible


# --- 應計算人口中的兄弟姊妹


@pytest.mark.parametrize(
    ("on", "status", "born", "more", "persons"),
    [
        ("98/3/15", Status.NONE, "60/1/1", {}, 2),  # 97年版:同住兄弟姊妹一律列入
        ("100/6/30", Status.NONE, "60/1/1", {}, 2),
        ("100/7/1", Status.NONE, "60/1/1", {}, 1),  # 100年7月1日起刪除兄弟姊妹
        ("100/12/31", Status.NONE, "90/1/1", {}, 1),
        ("101/1/1", Status.NONE, "90/1/1", {}, 2),  # 101年1月1日起未滿16歲
        ("101/1/1", Status.LOW, "90/1/1", {}, 1),
        ("101/1/1", Status.NONE, "80/1/1", {"conditions": is_(ConditionKind.DISABLED_CANNOT_WORK)}, 1),
        ("101/7/11", Status.NONE, "80/1/1", {"conditions": is_(ConditionKind.DISABLED_CANNOT_WORK)}, 2),
        ("101/7/11", Status.NONE, "80/1/1", {"conditions": is_(ConditionKind.DAY_STUDENT)}, 2),
        ("101/7/11", Status.NONE, "70/1/1", {"conditions": is_(ConditionKind.DAY_STUDENT)}, 1),  # 逾25歲
        ("101/7/11", Status.NEAR_LOW, "90/1/1", {}, 1),
        ("101/7/11", Status.NONE, "90/1/1", {"lives_together": False, "same_registration": False}, 1),
        ("101/7/11", None, "90/1/1", {}, None),  # 身分未查明:應否列入未定
    ],
)
def test_兄弟姊妹應否列入_依日期與身分(on: str, status: Status | None, born: str, more: dict[str, Any], persons: int | None) -> None:
    sibling = person("弟", R.SIBLING, born, **more)
    got = judged(sibling, on=day(on), status=status, rows=parameters(*SINCE_100))
    assert got.persons == persons


# --- 擇一、停發、上限


@pytest.mark.parametrize("kind", ["elderly_living_allowance", "farmer_allowance", "np_old_age_guaranteed", "np_disability_guaranteed"])
def test_僅能擇一(kind: str) -> None:
    got = judged(other_benefits=(OtherBenefit(kind, roc.month(98, 1), amount=3000),))
    assert got.eligible is NOT and outcome(got, f"other.{kind}") is Outcome.NOT_MET


def test_低收生活扶助與榮民就養金得併領() -> None:
    both = (OtherBenefit("low_income_living_assistance", roc.month(98, 1), amount=5000),)
    assert judged(status=Status.LOW, other_benefits=both).amount == 7000
    assert judged(other_benefits=(OtherBenefit("veteran_care", roc.month(98, 1), amount=13_280),)).amount == 4000


@pytest.mark.parametrize(("other", "amount"), [(10_280, 7000), (10_281, 6999), (13_000, 4280), (17_279, 1)])
def test_合計不得超過基本工資17280_建議減發身障補助並註明(other: int, amount: int) -> None:
    got = judged(status=Status.LOW, other_benefits=(OtherBenefit("low_income_living_assistance", roc.month(98, 1), amount=other),))
    assert (got.eligible, got.amount) == (YES, amount)
    line = line_of(got, "basic_wage_cap")
    assert line.article.endswith("第6條第4項")
    assert ("建議" in line.note) is (amount < 7000)


def test_他項已達基本工資_無餘額() -> None:
    got = judged(other_benefits=(OtherBenefit("veteran_care", roc.month(98, 1), amount=17_280),))
    assert (got.eligible, got.amount) == (NOT, 0)


def test_他項金額未查明_未定() -> None:
    got = judged(other_benefits=(OtherBenefit("veteran_care", roc.month(98, 1)),))
    assert got.eligible is UNKNOWN and "榮民就養" in line_of(got, "basic_wage_cap").measured


def test_社會保險年金與一次退休金不計入上限() -> None:
    assert judged(other_benefits=(OtherBenefit("social_insurance_pension", roc.month(98, 1), amount=30_000),)).amount == 4000


@pytest.mark.parametrize(
    ("on", "detail", "eligible"),
    [
        ("98/3/15", "day", NOT), ("98/3/15", "residential", NOT), ("101/7/10", "day", NOT), ("101/7/11", "day", YES),
        ("101/7/11", "night", NOT), ("101/7/11", "residential", NOT), ("101/7/11", "", UNKNOWN),
    ],
)  # fmt: skip
def test_托育養護補助_98年一律停發_101年7月11日起日間照顧可併領(on: str, detail: str, eligible: Answer) -> None:
    care = (OtherBenefit("disability_care_subsidy", roc.month(97, 1), detail=detail, amount=12_000),)
    got = judged(on=day(on), other_benefits=care, rows=parameters(*SINCE_100))
    assert got.eligible is eligible
    assert outcome(got, "care") is {YES: Outcome.MET, NOT: Outcome.NOT_MET, UNKNOWN: Outcome.NOT_KNOWN}[eligible]


def test_養護補助已結束_不影響_日後才開始的月份扣除() -> None:
    over = (OtherBenefit("disability_care_subsidy", roc.month(97, 1), roc.month(98, 2), detail="residential"),)
    assert judged(other_benefits=over).eligible is YES
    soon = (OtherBenefit("disability_care_subsidy", roc.month(98, 6), roc.month(98, 8), detail="residential"),)
    got = judged(other_benefits=soon)
    assert got.months.spans[0] == (roc.month(98, 3), roc.month(98, 5)) and got.months.spans[1][0] == roc.month(98, 9)


# --- 各版本


@pytest.mark.parametrize(
    ("on", "version", "low", "mild"),
    [
        ("98/1/1", "DLA-98-01-01", 7000, 3000), ("100/12/31", "DLA-98-01-01", 7000, 3000), ("101/1/1", "DLA-101-01-01", 8200, 3500),
        ("101/7/11", "DLA-101-07-11", 8200, 3500), ("102/1/1", "DLA-102-01-01", 8200, 3500), ("105/1/1", "DLA-102-01-01", 8499, 3628),
        ("109/1/1", "DLA-109-01-01", 8836, 3772), ("113/1/1", "DLA-109-01-01", 9485, 4049),
    ],
)  # fmt: skip
def test_各版本金額(on: str, version: str, low: int, mild: int) -> None:
    rows = parameters(*SINCE_100, setting("low_income_real_estate_limit", 3_500_000, "109/1/1"))
    got = judged(on=day(on), status=Status.LOW, rows=rows)
    assert got.rule_version.startswith(version) and got.amount == low
    assert amount_in("other_mild", roc.month_of(day(on)), rows).value == mild  # type: ignore[union-attr]


def test_98年1月1日以前_請依紙本() -> None:
    with pytest.raises(NoLaw, match="98/01/01"):
        decide(facts(on=day("97/12/31")), parameters())
    assert [v.since for v in VERSIONS] == sorted(v.since for v in VERSIONS)


def test_101年7月11日起低收中低收免審查_98年不免() -> None:
    rich = ah_mei(incomes=gets(90_000), assets=owns(AssetKind.LAND, 90_000_000))
    assert judged(who=rich, status=Status.LOW).eligible is NOT
    got = judged(who=rich, status=Status.NEAR_LOW, on=day("101/7/11"), rows=parameters(*SINCE_100))
    assert (got.eligible, got.amount, got.band) == (YES, 4700, "other_moderate")


def test_101年起身分未查明且收入超過_未定不是否() -> None:
    assert judged(income=90_000, status=None, on=day("102/3/1"), rows=parameters(*SINCE_100)).eligible is UNKNOWN


@pytest.mark.parametrize(("value", "eligible"), [(7_700_000, YES), (7_700_001, NOT)])
def test_109年起不動產為臺灣省低收限額2倍_115年385萬的2倍(value: int, eligible: Answer) -> None:
    rows = parameters(consumption=None)
    got = judged(who=ah_mei(assets=owns(AssetKind.LAND, value)), on=day("115/3/1"), rows=rows)
    assert got.eligible is eligible and "7,700,000" in line_of(got, "real_estate").limit


def test_109年臺灣省低收不動產限額未登錄_未定() -> None:
    got = judged(on=day("110/3/1"), rows=parameters(*SINCE_100), who=ah_mei(assets=owns(AssetKind.LAND, 1)))
    assert got.eligible is UNKNOWN and any(m.name == "low_income_real_estate_limit" for m in got.missing)


@pytest.mark.parametrize(
    ("on", "holdings", "eligible"),
    [
        ("101/8/1", PriorHoldings(True, True, 6_400_000, 6_600_000), NOT),
        ("102/3/1", PriorHoldings(True, True, 6_400_000, 6_600_000), YES),
        ("102/3/1", PriorHoldings(True, False, 6_400_000, 6_600_000), NOT),
        ("102/3/1", None, UNKNOWN),
    ],
)
def test_已領取者不動產未增加且漲幅內_102年1月1日起不受限(on: str, holdings: PriorHoldings | None, eligible: Answer) -> None:
    rows = parameters(*SINCE_100, setting("announced_land_value_rise", Fraction(5, 100)))
    her = ah_mei(assets=owns(AssetKind.LAND, 6_600_000))
    more = {"prior_award": PriorAward(roc.month(101, 1), True), "prior_holdings": holdings}
    assert judged(who=her, on=day(on), rows=rows, **more).eligible is eligible


@pytest.mark.parametrize(("kind", "code"), [(ConditionKind.CONSCRIPT, "conscript"), (ConditionKind.MISSING_6M, "missing_6m")])
def test_101年7月11日起服役與失蹤停發(kind: ConditionKind, code: str) -> None:
    her = ah_mei(conditions=is_(kind))
    assert judged(who=her).eligible is YES
    got = judged(who=her, on=day("102/3/1"), rows=parameters(*SINCE_100))
    assert got.eligible is NOT and outcome(got, code) is Outcome.NOT_MET
    pending = judged(who=ah_mei(conditions=is_(kind, None)), on=day("102/3/1"), rows=parameters(*SINCE_100))
    assert pending.eligible is UNKNOWN


def test_備齊文件當月起_101年起有明文() -> None:
    early = judged(application_date=day("98/2/1"), documents_complete=day("98/3/10"))
    assert early.start_month == roc.month(98, 3) and "實務" in line_of(early, "start").note
    late = judged(on=MARCH_113, rows=with_113(setting("low_income_real_estate_limit", 3_500_000)))
    assert line_of(late, "start").article == "身心障礙者生活補助費發給辦法第7條" and late.amount == 5437


def test_換證期間註記_101年起暫以原證明續領() -> None:
    old = card(permanent=False, expires=day("102/2/28"), annotated=True)
    rows = parameters(*SINCE_100)
    assert judged(c=old, on=day("102/3/15"), rows=rows).eligible is YES
    assert judged(c=card(permanent=False, expires=day("102/2/28"), annotated=None), on=day("102/3/15"), rows=rows).eligible is UNKNOWN
    assert judged(c=card(permanent=False, expires=day("98/2/28"), annotated=True)).eligible is NOT, "98年無註記續用之規定"


def test_母親工作收入以薪資證明計_兄服役不列入() -> None:
    mother = person("母", R.PARENT, "35/1/1", work=pays(30_000))
    brother = person("兄", R.SIBLING, "75/1/1", conditions=is_(ConditionKind.CONSCRIPT))
    got = judged(mother, brother)
    assert got.persons == 2 and got.per_capita == 15_000 and got.amount == 4000


def test_決定可還原並寫出每一行條次() -> None:
    got = judged()
    assert Decision.from_json(got.to_json()) == got
    assert all(x.article for x in got.trace) and got.on == MARCH_98
    assert Asset(AssetKind.LAND, 1)
