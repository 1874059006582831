"""托育養護補助: every band edge of every table, 或 and 且, who the better tables are for, the fee, and days of a month."""

from fractions import Fraction
from typing import Any

import pytest

from app.core import roc
from app.rules.bands import rate_of
from app.rules.care_days import Span, month_shares
from app.rules.disability import Card, Grade
from app.rules.disability_care_subsidy import _10_OLD, CareFacts, _5, _6, _9, _10, _11, decide, stopped
from app.rules.facts import ConditionKind, OtherBenefit, Residence, Status, Work
from app.rules.timing import StopReason, change
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, Finding, ah_mei, card, day, gets, her_case, line_of, outcome
from .families import HSINCHU, R, is_, parameters, person, setting

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
MIN, AVG = Fraction(10_000), Fraction(20_000)
CEILINGS = tuple(setting(f"disability_care_ceiling.{s}", v) for s, v in {"day": 12_000, "night": 15_000, "residential": 21_000}.items())


# --- 級距表:最低生活費 10,000;平均消費支出各案不同


@pytest.mark.parametrize(
    ("table", "pc", "rate"),
    [
        (_9, 19_999, 75), (_9, 20_000, 50), (_9, 29_999, 50), (_9, 30_000, 25), (_9, 39_999, 25), (_9, 40_000, 0),
        (_10_OLD, 19_999, 85), (_10_OLD, 20_000, 70), (_10_OLD, 30_000, 60), (_10_OLD, 40_000, 35), (_10_OLD, 59_999, 35), (_10_OLD, 60_000, 0),
        (_10, 39_999, 60), (_10, 40_000, 50), (_10, 49_999, 50), (_10, 50_000, 40), (_10, 59_999, 40), (_10, 60_000, 0),
        (_11, 19_999, 85), (_11, 30_000, 60), (_11, 40_000, 50), (_11, 50_000, 40), (_11, 60_000, 0),
        (_5, 19_999, 75), (_5, 20_000, 50), (_5, 30_000, 25), (_5, 40_000, 0),
        (_6, 19_999, 85), (_6, 20_000, 70), (_6, 30_000, 60), (_6, 40_000, 50), (_6, 50_000, 40), (_6, 60_000, 0),
    ],
)  # fmt: skip
def test_每一級距的邊界_以最低生活費倍數(table: Any, pc: int, rate: int) -> None:
    """The average consumption is chosen so that it never decides: tiny for 或, huge for 且."""
    consumption = Fraction(10**9) if table.both else Fraction(1)
    got = rate_of(table, Fraction(pc), MIN, consumption)
    assert got.percent == rate


@pytest.mark.parametrize(
    ("table", "pc", "rate"),
    [
        (_9, 19_999, 75), (_9, 20_000, 50), (_9, 29_999, 50), (_9, 30_000, 25), (_9, 39_999, 25), (_9, 40_000, 0),
        (_10_OLD, 59_999, 35), (_10_OLD, 60_000, 0), (_10, 49_999, 50), (_10, 50_000, 40), (_10, 59_999, 40), (_10, 60_000, 0),
        (_5, 19_999, 75), (_5, 20_000, 50), (_5, 30_000, 25), (_5, 40_000, 0), (_6, 49_999, 50), (_6, 50_000, 40), (_6, 60_000, 0),
    ],
)  # fmt: skip
def test_每一級距的邊界_以平均消費支出倍數(table: Any, pc: int, rate: int) -> None:
    minimum = Fraction(10**9) if table.both else Fraction(1)
    assert rate_of(table, Fraction(pc), minimum, AVG).percent == rate


def test_或_一項符合即可_且_兩項都要() -> None:
    pc, low, high = Fraction(25_000), Fraction(10_000), Fraction(30_000)
    assert rate_of(_9, pc, low, high).percent == 75, "未達平均消費支出1倍"
    assert rate_of(_5, pc, low, high).percent == 50, "未達1倍但已逾最低生活費2倍"
    assert rate_of(_5, Fraction(21_000), Fraction(30_000), Fraction(20_000)).percent == 50, "未達2倍但已逾平均消費支出,落入次一級"


@pytest.mark.parametrize(("pc", "conflict", "percent"), [(59_999, False, 70), (69_999, False, 60), (70_000, True, 60), (119_999, True, 35)])
def test_10條_一項屬補助級距另一項達不予補助_須人工認定(pc: int, conflict: bool, percent: int) -> None:
    got = rate_of(_10_OLD, Fraction(pc), Fraction(20_000), Fraction(20_000))
    assert (got.conflict, got.percent) == (conflict, percent), "平均消費支出3.5倍=70,000"


def test_6條_3至3點5倍之間沒有級距_不予補助() -> None:
    assert rate_of(_6, Fraction(62_000), Fraction(20_000), Fraction(20_000)).percent == 0


def test_平均消費支出不明_或_已達級距仍可知() -> None:
    assert rate_of(_9, Fraction(19_999), MIN, None).percent == 75
    assert rate_of(_9, Fraction(20_000), MIN, None).percent is None
    assert rate_of(_5, Fraction(19_999), MIN, None).percent is None
    assert rate_of(_5, Fraction(40_000), MIN, None).percent == 0
    assert rate_of(_10, Fraction(19_999), MIN, None).conflict is None


# --- 案件


def facts(*others: Any, c: Card | None = None, **more: Any) -> CareFacts:
    names = ("placed", "service", "fee", "referred", "parent_65", "disabled_in_family", "service_from", "same_service", "decided_rate")
    own = {k: more.pop(k) for k in names if k in more}
    base: dict[str, Any] = {
        "placed": YES_, "service": "residential", "fee": 18_000, "referred": False, "parent_65": NO, "disabled_in_family": 1, "same_service": NO,
    }  # fmt: skip
    return CareFacts(her_case(*others, **more), c or card(), **{**base, **own})


def judged(*others: Any, rows: Any = None, **more: Any) -> Decision:
    return decide(facts(*others, **more), rows or parameters(*CEILINGS, setting("minimum_living_expense", 9829, "99/1/1")))


def test_低收入戶全額() -> None:
    got = judged(status=Status.LOW)
    assert (got.eligible, got.band, got.amount) == (YES, "rate100", 18_000)


def test_98年一般29歲_75成() -> None:
    got = judged(who=ah_mei(birth=day("70/1/1")))
    assert (got.band, got.amount) == ("rate75", 13_500) and line_of(got, "rate").article.endswith("第9條")


@pytest.mark.parametrize(("born", "rate"), [("68/3/15", "rate85"), ("68/3/16", "rate75")])
def test_年滿30歲適用第10條(born: str, rate: str) -> None:
    assert judged(who=ah_mei(birth=day(born))).band == rate


@pytest.mark.parametrize(
    ("born", "parent", "rate"),
    [("78/3/15", "33/3/15", "rate85"), ("78/3/16", "33/3/15", "rate75"), ("78/3/15", "33/3/16", "rate75")],
)
def test_年滿20歲且父母之一滿65歲適用第10條(born: str, parent: str, rate: str) -> None:
    mother = person("母", R.PARENT, parent, work=Work(False), conditions=is_(ConditionKind.SERIOUS_ILLNESS))
    assert judged(mother, who=ah_mei(birth=day(born))).band == rate


def test_父母不在案_年齡未查明_20至29歲才需要問() -> None:
    assert judged(who=ah_mei(birth=day("70/1/1")), parent_65=Finding(None)).eligible is UNKNOWN
    assert judged(who=ah_mei(birth=day("60/1/1")), parent_65=Finding(None)).band == "rate85"
    assert judged(who=ah_mei(birth=day("80/1/1")), parent_65=Finding(None)).band == "rate75"


def test_家庭二名以上身心障礙者適用第11條() -> None:
    assert judged(who=ah_mei(birth=day("70/1/1")), disabled_in_family=2).band == "rate85"
    assert judged(who=ah_mei(birth=day("70/1/1")), disabled_in_family=None).eligible is UNKNOWN


@pytest.mark.parametrize(
    ("on", "two", "rate"), [("98/3/15", 1, "rate35"), ("98/3/15", 2, "rate50"), ("99/1/1", 1, "rate50"), ("98/12/31", 1, "rate35")]
)
def test_4至5倍_98年第10條35成_第11條及99年起50成(on: str, two: int, rate: str) -> None:
    rows = parameters(*CEILINGS, setting("minimum_living_expense", 9829, "99/1/1"), consumption=14_000)
    got = judged(income=40_000, on=day(on), disabled_in_family=two, rows=rows)
    assert got.band == rate
    if two == 2:
        assert "較有利" in line_of(got, "table").note


def test_101年7月11日改為且() -> None:
    rows = parameters(*CEILINGS, setting("minimum_living_expense", 9829, "99/1/1"), consumption=26_000)
    her = {"who": ah_mei(birth=day("72/1/1"), incomes=gets(25_000)), "rows": rows}
    before = judged(on=day("101/7/10"), **her)
    after = judged(on=day("101/7/11"), **her)
    assert (before.band, after.band) == ("rate75", "rate50")
    assert "或" in line_of(before, "rate").limit and "且" in line_of(after, "rate").limit


def test_中低收入戶_101年7月11日起定額級距_98年無此身分級距() -> None:
    rows = parameters(*CEILINGS, setting("minimum_living_expense", 9829, "99/1/1"))
    rich = {"who": ah_mei(birth=day("72/1/1"), incomes=gets(90_000)), "status": Status.NEAR_LOW, "rows": rows}
    assert judged(on=day("101/7/11"), **rich).band == "rate75"
    assert judged(on=day("101/7/11"), disabled_in_family=2, **rich).band == "rate85"
    assert judged(on=day("101/7/10"), **rich).eligible is NOT


@pytest.mark.parametrize(("on", "rate"), [("111/12/26", "rate75"), ("112/1/1", "rate85")])
def test_成年_112年起18歲(on: str, rate: str) -> None:
    rows = parameters(*CEILINGS, setting("minimum_living_expense", 14_000, "110/1/1"))
    got = judged(on=day(on), who=ah_mei(birth=day("93/6/1")), parent_65=YES_, rows=rows)
    assert got.band == rate


def test_或_衝突須縣府認定_認定後採用() -> None:
    rows = parameters(*CEILINGS, setting("minimum_living_expense", 20_000), consumption=14_000)
    got = judged(income=50_000, rows=rows)
    assert got.eligible is UNKNOWN and "縣府認定" in line_of(got, "rate").note
    assert judged(income=50_000, rows=rows, decided_rate=60).band == "rate60"
    refused = judged(income=50_000, rows=rows, decided_rate=0)
    assert refused.eligible is NOT and refused.amount == 0


def test_平均消費支出未登錄() -> None:
    rows = parameters(*CEILINGS, consumption=None)
    young = ah_mei(birth=day("70/1/1"))
    assert judged(rows=rows, who=young).band == "rate75", "第9條以「或」連接,未達最低生活費2倍即可"
    richer = ah_mei(birth=day("70/1/1"), incomes=gets(25_000))
    got = judged(rows=rows, who=richer)
    assert got.eligible is UNKNOWN and any(m.name == "average_consumption" for m in got.missing)


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"c": Card(held=False)}, "card", NOT),
        ({"placed": NO}, "placed", NOT),
        ({"placed": Finding(None)}, "placed", UNKNOWN),
        ({"service": ""}, "placed", UNKNOWN),
        ({"fee": None}, "amount", UNKNOWN),
        ({"status": None}, "rate", UNKNOWN),
        ({"documents_complete": None}, "start", UNKNOWN),
        ({"other_benefits": None}, "other_benefits", UNKNOWN),
        ({"who": ah_mei(death=day("98/3/1"))}, "alive", NOT),
    ],
)
def test_每一項要件(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(**changes)
    assert got.eligible is eligible and outcome(got, code) is (Outcome.NOT_MET if eligible is NOT else Outcome.NOT_KNOWN)


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"residence": Residence(HSINCHU, True, 183)}, "days_in_taiwan", NOT),
        ({"residence": Residence(HSINCHU, False, 365)}, "lives_there", NOT),
        ({"residence": Residence(HSINCHU, False, 365), "referred": True}, "lives_there", YES),
        ({"residence": Residence(HSINCHU, False, 365), "referred": None}, "lives_there", UNKNOWN),
        ({"same_service": YES_}, "same_service", NOT),
        ({"same_service": Finding(None)}, "same_service", UNKNOWN),
    ],
)
def test_101年7月11日起的要件_98年不問(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(on=day("102/3/1"), **changes)
    assert got.eligible is eligible
    assert judged(**changes).eligible is YES, "98年無此要件"
    if code == "lives_there" and eligible is YES:
        assert "轉介" in line_of(got, code).measured


def test_社區居住_98年非所定機構_101年起可以() -> None:
    ceiling = setting("disability_care_ceiling.community", 8_000)
    rows = parameters(ceiling, setting("minimum_living_expense", 9829, "99/1/1"))
    assert judged(service="community", rows=rows).eligible is NOT
    assert judged(service="community", rows=rows, on=day("102/3/1")).amount == 6_800


@pytest.mark.parametrize(("fee", "amount"), [(21_000, 17_850), (25_000, 17_850), (20_999, 17_849)])
def test_收費超過縣府上限_以上限計算(fee: int, amount: int) -> None:
    got = judged(fee=fee)
    assert got.amount == amount
    assert ("建議" in line_of(got, "amount").note) is (fee != 21_000)


def test_收費上限未設定_未定並指名() -> None:
    got = judged(rows=parameters())
    assert got.eligible is UNKNOWN and any("收費上限（全日型住宿）" in m.text for m in got.missing)


def test_身障生活補助因本項停發_相同性質服務擇一() -> None:
    got = judged(other_benefits=(OtherBenefit("disability_living_allowance", roc.month(98, 1), amount=4000),))
    assert got.eligible is YES and "停發對方津貼" in line_of(got, "other.disability_living_allowance").question
    same = judged(on=day("102/3/1"), other_benefits=(OtherBenefit("ltc_same_service", roc.month(101, 1)),))
    assert same.eligible is NOT


def test_97年沒有收錄_財產不影響() -> None:
    with pytest.raises(NoLaw):
        judged(on=day("97/12/31"))
    assert judged(who=ah_mei(assets=None)).eligible is YES, "本項只看收入"


def test_兄弟姊妹範圍同身障生活補助_但條號為第14條() -> None:
    brother = person("弟", R.SIBLING, "95/1/1")
    got = judged(brother, on=day("102/3/1"))
    assert got.persons == 2 and "日間照顧及住宿式" in next(c.article for c in got.household if c.ref == "弟")


# --- 按日計算


def test_101年7月11日起按日_自備齊日起() -> None:
    got = judged(on=day("102/3/11"), documents_complete=day("102/3/11"))
    assert got.valid_from == day("102/3/11") and got.start_month == roc.month(102, 3)
    shares = month_shares(roc.month(102, 3), (Span(day("102/3/11"), None, 15_300),))
    assert [(s.days, s.amount, s.whole) for s in shares] == [(21, 15_300 - 4_935, False)]


def test_服務開始日晚於備齊日_自服務開始() -> None:
    got = judged(on=day("102/3/11"), documents_complete=day("102/3/11"), service_from=day("102/4/5"))
    assert got.valid_from == day("102/4/5") and got.start_month == roc.month(102, 4)


def test_98年整月計算() -> None:
    shares = month_shares(roc.month(98, 3), (Span(day("98/3/20"), None, 15_300),))
    assert shares[0].amount == 15_300 and shares[0].whole


def test_月中改變金額_自事實發生日起_兩段合計() -> None:
    spans = (Span(day("102/1/1"), day("102/6/10"), 12_000), Span(day("102/6/11"), None, 18_000))
    a, b = month_shares(roc.month(102, 6), spans)
    assert (a.days, a.amount, b.days, b.amount) == (10, 4_000, 20, 12_000)
    turn = change("disability_care_subsidy", True, day("102/6/11"))
    assert turn.day == day("102/6/11") and turn.sourced and turn.article.endswith("第9條第3項")


def test_同一期間重疊_拒絕() -> None:
    with pytest.raises(ValueError, match="重疊"):
        month_shares(roc.month(102, 6), (Span(day("102/6/1"), None, 1), Span(day("102/6/30"), None, 1)))


def test_死亡次日停發_當日仍計() -> None:
    got = judged(on=day("102/3/11"))
    end, months = stopped(got, StopReason.DEATH, day("102/6/10"))
    assert end.day == day("102/6/11") and months.spans[-1][1] == roc.month(102, 6)
    shares = month_shares(roc.month(102, 6), (Span(day("102/3/11"), day("102/6/10"), 15_300),))
    assert shares[0].days == 10 and shares[0].amount == 5_100


def test_等級不影響比例() -> None:
    assert judged(c=card(Grade.MILD)).band == judged(c=card(Grade.PROFOUND)).band
