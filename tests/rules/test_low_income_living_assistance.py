"""低收入戶生活扶助 as the counter meets it: line, class, parts of the amount, supplement, cap, members coming and going."""

from fractions import Fraction
from typing import Any

import pytest

from app.core import roc
from app.rules.facts import AssetKind, ConditionKind, Finding, Member, OtherBenefit, PriorAward, Residence, Work
from app.rules.low_income_amounts import LowIncomeMember
from app.rules.low_income_living_assistance import VERSIONS, LowIncomeFacts, change, decide, near_low_income
from app.rules.parameters import Parameters, reference
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import YES_, day, gets, line_of, outcome
from .families import HSINCHU, R, case, is_, owns, parameters, pays, person, setting

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
OWN = (
    setting("low_income_living_assistance.supplement_rate", Fraction(1, 5)),
    setting("low_income_living_assistance.child_age", 15),
    setting("low_income_living_assistance.child_class23", 1800),
    setting("low_income_living_assistance.student_class23", 4000),
)
ROWS = parameters(*OWN)
NOBODY_WORKS = is_(ConditionKind.DISABLED_CANNOT_WORK)


def a_fu(born: str = "50/1/5", **more: Any) -> Member:
    return person("阿福", R.APPLICANT, born, **{"work": Work(False), **more})


def member(ref: str, **more: Any) -> LowIncomeMember:
    fields: dict[str, Any] = {"card": False, "student": False, "other_benefits": (), "residence": Residence(HSINCHU, True, 365)}
    return LowIncomeMember(ref, **{**fields, **more})


def facts(*others: Member, who: Member | None = None, extra: tuple[LowIncomeMember, ...] = (), **more: Any) -> LowIncomeFacts:
    own = {k: more.pop(k) for k in ("visited", "fraud", "refused", "county_class", "prior_class") if k in more}
    c = case(*others, who=who or a_fu(), **more)
    given = {m.ref for m in extra}
    return LowIncomeFacts(c, (*extra, *(member(m.ref) for m in c.members if m.ref not in given)), **{"visited": c.on, **own})


def judged(*others: Member, rows: Parameters = ROWS, **more: Any) -> Decision:
    return decide(facts(*others, **more), rows)


def parts(decision: Decision) -> dict[tuple[str, str], int]:
    return {(p.ref, p.item): int(p.amount or 0) for p in decision.payments}


UNABLE = a_fu(conditions=NOBODY_WORKS)

# --- 款別與金額


def test_第1款_全家無工作能力無收益無恆產_每人9829元() -> None:
    got = judged(who=UNABLE)
    assert (got.eligible, got.band, got.amount) == (YES, "class1", 9829)
    assert got.rule_version == "LILA-97-01-16/SAA-97"


def test_第1款_二人按人計_二倍() -> None:
    got = judged(person("阿母", R.PARENT, "20/1/1"), who=UNABLE, extra=(member("阿母", card=False),), rows=parameters(
        setting("low_income_living_assistance.supplement_rate", 0)))  # fmt: skip
    assert got.amount == 19_658 and parts(got) == {("阿福", "家庭生活補助費"): 9829, ("阿母", "家庭生活補助費"): 9829}


def test_有房屋就不是第1款() -> None:
    got = judged(who=a_fu(conditions=NOBODY_WORKS, assets=owns(AssetKind.HOUSE, 1)))
    assert (got.band, got.amount) == ("class2", 5000)


def test_有收益就不是第1款() -> None:
    assert judged(who=a_fu(conditions=NOBODY_WORKS, incomes=gets(1))).band == "class2"


def test_第2款_按戶5000元_列於戶代表並註明() -> None:
    kids = tuple(person(n, R.CHILD, "90/1/1") for n in ("大寶", "二寶"))
    got = judged(*kids, who=a_fu(work=pays(15_000)))
    assert got.band == "class2" and parts(got)[("阿福", "家庭生活補助費")] == 5000
    assert "建議" in got.payments[0].basis and got.amount == 5000 + 2 * 1800


@pytest.mark.parametrize(
    ("pay", "band"),
    [(19_658, "class2"), (19_659, "class3"), (29_487, "class3"), (29_488, "")],
)
def test_三口之家一人有工作能力_款別邊界_三分之二與最低生活費(pay: int, band: str) -> None:
    kids = tuple(person(n, R.CHILD, "90/1/1") for n in ("大寶", "二寶"))
    got = judged(*kids, who=a_fu(work=pays(pay)))
    assert got.band == band and (got.eligible is NO) is (band == "")


def test_有工作能力者逾三分之一_即使收入低也是第3款() -> None:
    got = judged(person("妻", R.SPOUSE, "52/1/1", work=pays(1_000)), who=a_fu(work=pays(1_000)))
    assert (got.band, got.amount) == ("class3", 0) and got.eligible is YES


def test_未就業有工作能力_以17280元設算_單身即超過最低生活費() -> None:
    got = judged()
    assert got.eligible is NO and got.per_capita == 17_280


def test_失業認定期間不計工作收入_失業給付併入其他收入() -> None:
    got = judged(who=a_fu(conditions=is_(ConditionKind.CERTIFIED_UNEMPLOYED)))
    assert got.per_capita == 0 and got.band == "class3"


@pytest.mark.parametrize(("on", "per_capita"), [("98/3/15", 17_280), ("101/3/15", 17_280 * Fraction(70, 100))])
def test_100年7月1日起_16至19歲與60至64歲按70成設算(on: str, per_capita: Fraction) -> None:
    rows = parameters(*OWN, setting("basic_wage", 17_280), setting("minimum_living_expense", 10_244, "100/7/1"))
    old = a_fu(born="37/1/1")
    got = judged(who=old, on=day(on), rows=rows)
    assert got.per_capita == per_capita


def test_100年7月1日起身心障礙者按55成設算() -> None:
    rows = parameters(*OWN, setting("basic_wage", 17_280), setting("minimum_living_expense", 10_244, "100/7/1"))
    assert judged(who=a_fu(conditions=is_(ConditionKind.DISABLED)), on=day("101/3/15"), rows=rows).per_capita == 9504


@pytest.mark.parametrize(("age_born", "item"), [("87/1/1", "兒童生活補助費"), ("82/1/1", "就學生活補助費")])
def test_兒童與高中以上學生(age_born: str, item: str) -> None:
    big = person("大寶", R.CHILD, age_born, conditions=is_(ConditionKind.DAY_STUDENT), work=Work(False))
    got = judged(big, person("二寶", R.CHILD, "95/1/1"), who=a_fu(work=pays(12_000)), extra=(member("大寶", student=True),))
    assert (("大寶", item) in parts(got)) and (("二寶", "兒童生活補助費") in parts(got))


def test_12歲以上未滿18歲的兒童年齡未設定_未定() -> None:
    rows = parameters(*(s for s in OWN if "child_age" not in s.name))
    got = judged(person("大寶", R.CHILD, "85/1/1"), person("二寶", R.CHILD, "95/1/1"), who=a_fu(work=pays(12_000)), rows=rows)
    assert got.eligible is UNKNOWN and any("兒童生活補助之年齡" in m.text for m in got.missing)
    young = judged(person("大寶", R.CHILD, "88/1/1"), person("二寶", R.CHILD, "95/1/1"), who=a_fu(work=pays(12_000)), rows=rows)
    assert young.eligible is YES, "未滿12歲一律為兒童"


def test_98年兒童及就學金額未查得_沒設定就未定() -> None:
    got = judged(person("大寶", R.CHILD, "90/1/1"), person("二寶", R.CHILD, "95/1/1"), who=a_fu(work=pays(12_000)), rows=parameters())
    assert got.eligible is UNKNOWN and any("低收入戶兒童生活補助" in m.text for m in got.missing)


# --- 條件


@pytest.mark.parametrize(("total", "eligible"), [(75_000, YES), (75_001, NO), (None, UNKNOWN)])
def test_動產每人75000元(total: int | None, eligible: Answer) -> None:
    assert judged(who=a_fu(conditions=NOBODY_WORKS, assets=owns(AssetKind.DEPOSIT, total))).eligible is eligible


@pytest.mark.parametrize(("value", "eligible"), [(2_600_000, YES), (2_600_001, NO)])
def test_不動產每戶260萬元(value: int, eligible: Answer) -> None:
    assert judged(who=a_fu(conditions=NOBODY_WORKS, assets=owns(AssetKind.LAND, value))).eligible is eligible


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"visited": None}, "visit", UNKNOWN),
        ({"fraud": YES_}, "fraud", NO),
        ({"refused": YES_}, "refused", NO),
        ({"placement": YES_}, "placement", NO),
        ({"residence": Residence("10005", True, 365)}, "registered", NO),
        ({"documents_complete": None}, "start", UNKNOWN),
        ({"other_benefits": None}, "other_benefits", UNKNOWN),
        ({"who": a_fu(conditions=NOBODY_WORKS, death=day("98/3/1"))}, "alive", NO),
    ],
)
def test_其他條件(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    given = {"who": UNABLE, **changes}
    if code == "other_benefits":
        given["extra"] = (member("阿福", other_benefits=None),)
    got = judged(**given)
    assert got.eligible is eligible
    assert outcome(got, code) is (Outcome.NOT_MET if eligible is NO else Outcome.NOT_KNOWN)


def test_98年社救法無183日要件_100年7月1日起戶內每一人都要符合() -> None:
    mother = person("阿母", R.PARENT, "30/1/1")
    away = (member("阿母", residence=Residence(HSINCHU, True, 100)), member("阿福"))
    rows = parameters(*OWN, setting("basic_wage", 17_880, "100/1/1"), setting("minimum_living_expense", 10_244, "100/7/1"),
                      setting("low_income_movable_limit", 75_000, "100/7/1", unit="元/人"), setting("low_income_real_estate_limit", 3_000_000, "100/7/1"),
                      setting("low_income_living_assistance.class1", 10_244, "100/7/1", unit="元/人/月"))  # fmt: skip
    assert judged(mother, who=UNABLE, extra=away).eligible is YES
    got = judged(mother, who=UNABLE, extra=away, on=day("100/7/1"), rows=rows)
    assert got.eligible is NO and outcome(got, "days_in_taiwan.阿母") is Outcome.NOT_MET
    assert line_of(got, "days_in_taiwan.阿母").article == "社會救助法第4條第6項"
    unknown = judged(mother, who=UNABLE, extra=(LowIncomeMember("阿母", card=False, other_benefits=()),), on=day("100/7/1"), rows=rows)
    assert unknown.eligible is UNKNOWN


def test_98年同住兄弟姊妹列入_100年7月1日起不列入() -> None:
    brother = person("兄", R.SIBLING, "45/1/1", work=pays(40_000))
    assert judged(brother, who=UNABLE).eligible is NO
    rows = parameters(*OWN, setting("minimum_living_expense", 10_244, "100/7/1"), setting("basic_wage", 17_880, "100/1/1"))
    assert judged(brother, who=UNABLE, on=day("101/3/1"), rows=rows).persons == 1


def test_服刑者不列入人口_也不發給() -> None:
    son = person("子", R.CHILD, "70/1/1", conditions=is_(ConditionKind.INCARCERATED))
    got = judged(son, who=UNABLE)
    assert got.persons == 1 and got.amount == 9829 and {p.ref for p in got.payments} == {"阿福"}


def test_不同戶籍的子女列入計算但不是列冊成員() -> None:
    apart = {"same_registration": False, "lives_together": False}
    son = person("子", R.CHILD, "60/1/1", conditions=NOBODY_WORKS, work=Work(False), incomes=gets(10_000), **apart)
    got = judged(son, who=UNABLE)
    assert got.persons == 2 and got.amount == 5000 and {p.ref for p in got.payments} == {"阿福"}


def test_是否同一戶籍未查明_未定() -> None:
    mother = person("阿母", R.PARENT, "30/1/1", same_registration=None)
    assert judged(mother, who=UNABLE).eligible is UNKNOWN


# --- 加成


@pytest.mark.parametrize(
    ("who", "extra", "article"),
    [
        (a_fu(born="30/1/1"), member("阿福"), "第12條第1項第1款"),
        (UNABLE, member("阿福", pregnant_months=6), "第12條第1項第2款"),
        (UNABLE, member("阿福", card=True), "第12條第1項第3款"),
    ],
)
def test_加成20_依原領取金額增加(who: Member, extra: LowIncomeMember, article: str) -> None:
    got = judged(who=who, extra=(extra,))
    assert got.amount == 9829 + 1966
    assert next(p for p in got.payments if p.item == "加成補助").article.endswith(article)


def test_加成不重複計算() -> None:
    got = judged(who=a_fu(born="30/1/1"), extra=(member("阿福", card=True),))
    assert got.amount == 11_795 and sum(p.item == "加成補助" for p in got.payments) == 1


@pytest.mark.parametrize(
    ("on", "months", "amount"), [("98/3/15", 5, 9829), ("98/3/15", 6, 11_795), ("102/3/1", 2, 10_000), ("102/3/1", 3, 12_000)]
)
def test_懷胎98年滿6個月_100年7月1日起滿3個月(on: str, months: int, amount: int) -> None:
    rows = parameters(*OWN, setting("minimum_living_expense", 10_244, "100/7/1"), setting("basic_wage", 18_780, "100/7/1"),
                      setting("low_income_movable_limit", 75_000, "100/7/1", unit="元/人"), setting("low_income_real_estate_limit", 3_000_000, "100/7/1"),
                      setting("low_income_living_assistance.class1", 10_000, "100/7/1", unit="元/人/月"))  # fmt: skip
    assert judged(who=UNABLE, extra=(member("阿福", pregnant_months=months),), on=day(on), rows=rows).amount == amount


def test_加成比例未設定_或超出20至40_未定() -> None:
    bare = parameters()
    got = judged(who=a_fu(born="30/1/1"), rows=bare)
    assert got.eligible is UNKNOWN and any("加成比例" in m.text for m in got.missing)
    for wrong in (Fraction(1, 10), Fraction(1, 2)):
        rows = parameters(setting("low_income_living_assistance.supplement_rate", wrong))
        assert judged(who=a_fu(born="30/1/1"), rows=rows).eligible is UNKNOWN
    none = parameters(setting("low_income_living_assistance.supplement_rate", 0))
    assert judged(who=a_fu(born="30/1/1"), rows=none).amount == 9829


def test_手冊未查明_加成未定() -> None:
    assert judged(who=UNABLE, extra=(member("阿福", card=None),)).eligible is UNKNOWN


# --- 基本工資上限


@pytest.mark.parametrize(("other", "amount"), [(7451, 9829), (7452, 9828), (17_280, 0)])
def test_每人合計不得超過17280元_建議減發並註明(other: int, amount: int) -> None:
    got = judged(who=UNABLE, extra=(member("阿福", other_benefits=(OtherBenefit("veteran_care", roc.month(98, 1), amount=other),)),))
    assert (got.eligible, got.amount) == (YES, amount)
    line = line_of(got, "basic_wage_cap.阿福")
    assert line.article == "社會救助法第8條" and ("建議" in line.note) is (amount < 9829)


def test_身障生活補助超過上限時由該項減發_不重複減() -> None:
    got = judged(
        who=UNABLE, extra=(member("阿福", other_benefits=(OtherBenefit("disability_living_allowance", roc.month(98, 1), amount=9000),)),)
    )
    assert got.amount == 9829 and "於該項津貼減發" in line_of(got, "basic_wage_cap.阿福").note


def test_上限逐人計算_一人超過不影響他人() -> None:
    mother = person("阿母", R.PARENT, "40/1/1", conditions=NOBODY_WORKS, work=Work(False))
    got = judged(
        mother, who=UNABLE, extra=(member("阿母", other_benefits=(OtherBenefit("farmer_allowance", roc.month(98, 1), amount=10_000),)),)
    )
    assert got.amount == 9829 + 7280
    assert parts(got)[("阿母", "超過基本工資減發")] == -2549


def test_成員他項未查核_未定() -> None:
    mother = person("阿母", R.PARENT, "40/1/1", conditions=NOBODY_WORKS, work=Work(False))
    assert judged(mother, who=UNABLE, extra=(member("阿母", other_benefits=None),)).eligible is UNKNOWN


# --- 各地區


def elsewhere(county: str, income_class: str, *others: Member) -> Decision:
    rows = Parameters((*reference(), setting("low_income_living_assistance.supplement_rate", 0, county=county),
                       setting("minimum_living_expense", 6_500, county=county), setting("low_income_movable_limit", 900_000, county=county),
                       setting("low_income_real_estate_limit", 9_000_000, county=county)), county)  # fmt: skip
    extra = tuple(member(m.ref, residence=Residence(county, True, 365)) for m in (UNABLE, *others))
    f = facts(*others, who=UNABLE, extra=extra, county_class=income_class, county_code=county, residence=Residence(county, True, 365))
    return decide(f, rows)


@pytest.mark.parametrize(
    ("county", "income_class", "amount"),
    [
        ("63000", "0", 14_152),
        ("63000", "1", 11_477),
        ("63000", "2", 5_813),
        ("64000", "1", 10_991),
        ("64000", "2", 5_000),
        ("09020", "1", 6_500),
    ],
)
def test_其他地區98年金額_款別由縣府認定(county: str, income_class: str, amount: int) -> None:
    assert elsewhere(county, income_class).amount == amount
    assert elsewhere(county, "").eligible is UNKNOWN


def test_臺北市第0類與福建省第1款_第三口以上較低() -> None:
    two = tuple(person(n, R.PARENT, "40/1/1", conditions=NOBODY_WORKS, work=Work(False)) for n in ("父", "母"))
    assert elsewhere("63000", "0", *two).amount == 14_152 * 2 + 11_246
    assert elsewhere("09020", "1", *two).amount == 6_500 * 2 + 5_025


# --- 異動


def test_新成員加入_當月起增加_成員離開次月起減少() -> None:
    mother = person("阿母", R.PARENT, "40/1/1", conditions=NOBODY_WORKS, work=Work(False))
    one, two = judged(who=UNABLE), judged(mother, who=UNABLE)
    joined = change(one, two, day("98/6/20"))
    assert (joined.month, joined.joined, joined.amount_after) == (roc.month(98, 6), ("阿母",), 19_658) and not joined.sourced
    left = change(two, one, day("98/6/20"))
    assert (left.month, left.left, left.amount_before) == (roc.month(98, 7), ("阿母",), 19_658)


def test_款別由第1款改第2款_次月起() -> None:
    before, after = judged(who=UNABLE), judged(who=a_fu(conditions=NOBODY_WORKS, incomes=gets(1000)))
    got = change(before, after, day("98/12/5"))
    assert (got.class_before, got.class_after, got.month) == ("class1", "class2", roc.month(99, 1))
    assert "第14條" in got.article


def test_收入增加超過標準_次月起停止() -> None:
    got = change(judged(who=UNABLE), judged(who=a_fu(conditions=NOBODY_WORKS, incomes=gets(20_000))), day("98/6/20"))
    assert (got.month, got.amount_after, got.class_after) == (roc.month(98, 7), 0, "")


# --- 版本與過渡


def test_100年7月1日前已核列者_資格維持至100年12月31日() -> None:
    rows = parameters(*OWN, setting("minimum_living_expense", 9_829, "99/1/1"), setting("basic_wage", 17_880, "100/1/1"),
                      setting("low_income_movable_limit", 75_000, "99/1/1", unit="元/人"), setting("low_income_real_estate_limit", 2_600_000, "99/1/1"),
                      setting("low_income_living_assistance.class2", 5_000, "99/1/1", unit="元/戶/月"))  # fmt: skip
    richer = a_fu(conditions=NOBODY_WORKS, incomes=gets(11_000))
    more = {"prior_award": PriorAward(roc.month(98, 1), True), "prior_class": "2"}
    kept = judged(who=richer, on=day("100/8/1"), rows=rows, **more)
    assert (kept.eligible, kept.amount, kept.band) == (YES, 5000, "class2") and "第46條" in line_of(kept, "kept").article
    assert judged(who=richer, on=day("101/1/1"), rows=rows, **more).eligible is NO
    assert judged(who=richer, on=day("100/8/1"), rows=rows, prior_class="2", prior_award=PriorAward(roc.month(100, 7), True)).eligible is NO
    assert judged(who=richer, on=day("100/8/1"), rows=rows, fraud=YES_, **more).eligible is NO


def test_97年1月16日以前沒有收錄() -> None:
    with pytest.raises(NoLaw):
        decide(facts(on=day("97/1/15")), ROWS)
    assert [v.code for v in VERSIONS] == ["LILA-97-01-16", "LILA-100-07-01"]


@pytest.mark.parametrize(("income", "eligible"), [(23_273, YES), (23_274, NO)])
def test_中低收入戶115年新竹縣限額23273(income: int, eligible: Answer) -> None:
    f = facts(who=a_fu(born="30/1/1", incomes=gets(income)), on=day("115/3/1"))
    got = near_low_income(f, parameters())
    assert got.eligible is eligible and got.amount == 0
    with pytest.raises(NoLaw):
        near_low_income(facts(on=day("100/6/30")), ROWS)


def test_金額寫出各成員組成_可還原() -> None:
    got = judged(who=UNABLE)
    assert Decision.from_json(got.to_json()) == got
    assert "阿福家庭生活補助費9,829元" in line_of(got, "amount").limit
    assert Finding(None).holds is None
