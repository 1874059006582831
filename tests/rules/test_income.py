"""Working ability and income: the four steps, imputed pay, reductions, yields, and what counts as other income."""

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest

from app.rules.ability import abilities, ability
from app.rules.facts import Income, IncomeKind, Member, Work
from app.rules.income import ELA_96, SAA_97, SAA_100, IncomeLaw, household_income, income_law
from app.rules.parameters import Parameters
from app.rules.sheet import Sum

from .families import MARCH_98, K, R, is_, parameters, pays, person, replace, setting

IN_100 = dt.date(2011, 8, 1)


def adult(born: str = "60/1/1", **more: Any) -> Member:
    return person("兒子", R.CHILD, born, **{"work": Work(False), **more})


def income(member: Member, law: IncomeLaw = ELA_96, on: dt.date = MARCH_98, rows: Parameters | None = None) -> Sum:
    return household_income((member,), abilities((member,), on), on, law, rows or parameters())


def year(kind: IncomeKind, amount: int | None, **more: Any) -> tuple[Income, ...]:
    return (Income(kind, amount, "year", 97, **more),)


# --- 工作能力


@pytest.mark.parametrize(("born", "able"), [("82/3/16", False), ("82/3/15", True), ("33/3/16", True), ("33/3/15", False), ("60/1/1", True)])
def test_工作能力的年齡界線_滿16歲起至65歲前一日(born: str, able: bool) -> None:
    assert ability(adult(born), MARCH_98).able is able


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (K.DISABLED_CANNOT_WORK, False, False), (K.SERIOUS_ILLNESS, False, False), (K.SOLE_CARER, False, False), (K.CARER, True, False),
        (K.SOLE_PARENT_UNDER_6, False, False), (K.PREGNANT_6M, False, False), (K.PREGNANT_UNFIT, True, False), (K.GUARDIANSHIP, False, False),
    ],
)  # fmt: skip
def test_各款無工作能力情事_98年與100年(kind: K, before: bool, after: bool) -> None:
    member = adult(conditions=is_(kind))
    assert ability(member, MARCH_98).able is before
    assert ability(member, IN_100).able is after
    if not before:
        assert "第5條之3第1項第" in ability(member, MARCH_98).article
        assert ability(replace(member, conditions=is_(kind, None)), MARCH_98).able is None


@pytest.mark.parametrize(("born", "able"), [("73/1/1", False), ("72/3/15", True), ("72/3/16", False)])
def test_日間學生到25歲為止(born: str, able: bool) -> None:
    assert ability(adult(born, conditions=is_(K.DAY_STUDENT)), MARCH_98).able is able


def test_出生日期不明就不知道有無工作能力() -> None:
    assert ability(replace(adult(), birth=None), MARCH_98).able is None


def test_100年起同一戶只有一人能以照顧親屬免計() -> None:
    two = (adult(conditions=is_(K.CARER)), replace(adult(conditions=is_(K.CARER)), ref="女兒"))
    assert [a.able for a in abilities(two, IN_100).values()] == [False, True]
    assert [a.able for a in abilities(two, MARCH_98).values()] == [True, True], "98年須獨自照顧"


# --- 工作收入四步驟


def test_第一步_薪資證明優先於財稅資料() -> None:
    got = income(adult(work=pays(30_000), incomes=year(IncomeKind.WAGE, 600_000)))
    assert got.total == 30_000 and "薪資證明" in got.lines[0].basis


def test_第二步_無證明用財稅資料除以12_保留分數() -> None:
    got = income(adult(work=Work(True), incomes=year(IncomeKind.WAGE, 100_000)))
    assert got.total == Fraction(25_000, 3)


def test_第三步_老人津貼98年_教師軍人用待遇表() -> None:
    assert income(adult(work=Work(True, pay_table=41_000))).total == 41_000


def test_第三步_職類別平均薪資_未登錄就是未設定() -> None:
    member = adult(work=Work(True, occupation="木工"))
    got = income(member)
    assert got.total is None and "職類別每月平均經常性薪資（木工）" in got.missing[0].text and got.missing[0].kind == "setting"
    assert income(member, rows=parameters(setting("occupation_wage.木工", 28_000))).total == 28_000


def test_第四步_未列職類用初任人員平均薪資() -> None:
    assert income(adult(work=Work(True))).missing[0].name == "starting_wage"
    assert income(adult(work=Work(True)), rows=parameters(setting("starting_wage", 24_240))).total == 24_240


def test_有工作能力未就業_依基本工資17280元() -> None:
    got = income(adult())
    assert got.total == 17_280 and got.lines[0].article.endswith("第9條")
    assert income(adult(), SAA_97).lines[0].article.endswith("第2目")


def test_無工作能力未就業_零元並寫明理由() -> None:
    got = income(adult(conditions=is_(K.DISABLED_CANNOT_WORK)))
    assert got.total == 0 and "身心障礙致不能工作" in got.lines[0].basis


def test_老人還在上班_收入照算() -> None:
    assert income(adult("20/1/1", work=pays(12_000))).total == 12_000
    assert income(adult("20/1/1", work=None, incomes=year(IncomeKind.WAGE, 120_000))).total == 10_000
    assert income(adult("20/1/1", work=None)).total == 0


def test_有無就業未查明_就是尚未查明() -> None:
    got = income(adult(work=None))
    assert got.total is None and "是否就業" in got.missing[0].text
    assert income(adult(work=Work(None))).total is None


def test_財稅資料沒查_就是尚未查明() -> None:
    got = income(adult(work=pays(30_000), incomes=None))
    assert got.total is None and "尚未查調" in got.missing[0].text
    assert income(adult(work=Work(True), incomes=None)).total is None


def test_有無工作能力未查明且未就業_就是尚未查明() -> None:
    assert income(adult(conditions=is_(K.SERIOUS_ILLNESS, None))).total is None


@pytest.mark.parametrize(
    ("kind", "law", "total"),
    [
        (K.CERTIFIED_UNEMPLOYED, ELA_96, 17_280), (K.CERTIFIED_UNEMPLOYED, SAA_97, 0), (K.CERTIFIED_UNEMPLOYED, SAA_100, 0),
        (K.UNMATCHED_55, SAA_97, 17_280), (K.UNMATCHED_55, SAA_100, 0), (K.IN_TRAINING, SAA_97, 17_280), (K.IN_TRAINING, SAA_100, 0),
    ],
)  # fmt: skip
def test_認定失業_媒介未成_職訓_各法不同(kind: K, law: IncomeLaw, total: int) -> None:
    assert income(adult("45/1/1", conditions=is_(kind)), law).total == total


def test_認定失業未證明_就是尚未查明() -> None:
    assert income(adult(conditions=is_(K.CERTIFIED_UNEMPLOYED, None)), SAA_97).total is None


@pytest.mark.parametrize(
    ("born", "factor"),
    [
        ("82/1/1", 70),
        ("79/1/1", 70),
        ("78/3/15", 100),
        ("78/3/16", 70),
        ("38/3/16", 100),
        ("38/3/15", 70),
        ("33/3/16", 70),
        ("60/1/1", 100),
    ],
)
def test_100年起_16至19歲與60至64歲設算七折(born: str, factor: int) -> None:
    assert income(adult(born), SAA_100).total == Fraction(17_280 * factor, 100)
    assert income(adult(born), SAA_97).total == 17_280, "98年沒有折算"
    assert income(adult(born), ELA_96).total == 17_280


def test_100年起_身心障礙者設算五五折_實際薪資不折() -> None:
    member = adult(conditions=is_(K.DISABLED))
    assert income(member, SAA_100).total == Fraction(17_280 * 55, 100)
    assert income(replace(member, work=pays(20_000)), SAA_100).total == 20_000
    assert income(replace(member, work=Work(True)), SAA_100, rows=parameters(setting("starting_wage", 20_000))).total == 11_000


def test_原住民依比例核算_不低於基本工資() -> None:
    member = adult(conditions=is_(K.INDIGENOUS), work=Work(True))
    rows = (setting("starting_wage", 24_000), setting("indigenous_income_ratio", Fraction(8, 10)))
    assert income(member, SAA_97, rows=parameters(*rows)).total == 19_200
    assert income(member, SAA_97, rows=parameters(setting("starting_wage", 20_000), rows[1])).total == 17_280
    assert income(member, SAA_97, rows=parameters(rows[0])).missing[0].name == "indigenous_income_ratio"
    assert income(member, ELA_96, rows=parameters(*rows)).total == 24_000, "老人津貼98年辦法無此規定"


# --- 收益與其他收入


@pytest.mark.parametrize("kind", [IncomeKind.INTEREST, IncomeKind.DIVIDEND, IncomeKind.RENTAL, IncomeKind.PROPERTY_TRANSACTION])
def test_動產不動產收益除以12計入(kind: IncomeKind) -> None:
    assert income(adult("20/1/1", incomes=year(kind, 12_000))).total == 1_000


def test_月退休金_老人津貼98年計入_社救法由縣認定() -> None:
    member = adult("20/1/1", incomes=(Income(IncomeKind.MONTHLY_PENSION, 15_000, "month"),))
    assert income(member).total == 15_000
    assert income(member, SAA_97).total is None
    ruled = replace(member, incomes=(Income(IncomeKind.MONTHLY_PENSION, 15_000, "month", counted=False),))
    assert income(ruled, SAA_97).total == 0


@pytest.mark.parametrize("kind", [IncomeKind.LUMP_SUM_PENSION, IncomeKind.OTHER])
def test_縣認定的其他收入_未認定就是尚未查明(kind: IncomeKind) -> None:
    got = income(adult("20/1/1", incomes=year(kind, 120_000)))
    assert got.total is None and "由縣府認定" in got.missing[0].text
    assert income(adult("20/1/1", incomes=year(kind, 120_000, counted=True))).total == 10_000
    assert income(adult("20/1/1", incomes=year(kind, 120_000, counted=False))).total == 0


def test_社會救助給付不計_失業給付要計() -> None:
    assert income(adult("20/1/1", incomes=year(IncomeKind.SOCIAL_ASSISTANCE, 60_000))).total == 0
    assert income(adult("20/1/1", incomes=year(IncomeKind.UNEMPLOYMENT_BENEFIT, 60_000))).total == 5_000


@pytest.mark.parametrize("kind", [IncomeKind.WAGE, IncomeKind.INTEREST])
def test_金額不明_就是尚未查明(kind: IncomeKind) -> None:
    assert income(adult("20/1/1", incomes=year(kind, None))).total is None


def test_各日期適用的收入規定() -> None:
    assert income_law("elderly_living_allowance", dt.date(2021, 12, 31)) is ELA_96
    assert income_law("elderly_living_allowance", dt.date(2022, 1, 1)) is SAA_100
    assert income_law("low_income_living_assistance", dt.date(2011, 6, 30)) is SAA_97
    assert income_law("low_income_living_assistance", dt.date(2011, 7, 1)) is SAA_100
