"""Dated parameters: the nearest place and the latest start win, and what is not there is named, never guessed."""

import datetime as dt
from fractions import Fraction

import pytest

from app.core import roc
from app.rules import regions
from app.rules.parameters import Missing, MissingParameter, Parameter, Parameters, from_csv, limit_for, number, reference, settings

from .families import HSINCHU, MARCH_98, parameters, setting

DELIVERED = Parameters(reference(), HSINCHU)


def value(found: Parameter | Missing) -> object:
    assert isinstance(found, Parameter), found
    return found.value


@pytest.mark.parametrize(
    ("county", "poverty"),
    [("10004", 9829), ("10018", 9829), ("10003", 9829), ("10012", 9829), ("10001", 10792), ("63000", 14558), ("64000", 11309)],
)
def test_98年各縣市的最低生活費(county: str, poverty: int) -> None:
    assert value(DELIVERED.for_county(county).on(MARCH_98, "minimum_living_expense")) == poverty


@pytest.mark.parametrize(
    ("county", "poverty"),
    [
        ("10004", 15515),
        ("10003", 17186),
        ("68000", 17186),
        ("65000", 17750),
        ("10001", 17750),
        ("10012", 16970),
        ("09007", 15173),
        ("10021", 15515),
    ],
)
def test_115年合併升格後的最低生活費(county: str, poverty: int) -> None:
    assert value(DELIVERED.for_county(county).on(dt.date(2026, 1, 1), "minimum_living_expense")) == poverty


@pytest.mark.parametrize("county", ["09007", "09020"])
def test_福建省98年最低生活費沒有來源就說沒有(county: str) -> None:
    found = DELIVERED.for_county(county).on(MARCH_98, "minimum_living_expense")
    assert isinstance(found, Missing)
    assert "最低生活費" in found.text and "福建省" in found.text and "98/03/15" in found.text


@pytest.mark.parametrize(
    ("day", "full", "half"),
    [
        ("97/10/1", 6000, 3000), ("100/12/31", 6000, 3000), ("101/1/1", 7200, 3600), ("104/12/31", 7200, 3600), ("105/1/1", 7463, 3731),
        ("108/12/31", 7463, 3731), ("109/1/1", 7759, 3879), ("112/12/31", 7759, 3879), ("113/1/1", 8329, 4164), ("115/6/30", 8329, 4164),
    ],
)  # fmt: skip
def test_津貼金額逐次調整的每一個交界日(day: str, full: int, half: int) -> None:
    on = roc.parse_date(day)
    assert value(DELIVERED.on(on, "elderly_living_allowance.full")) == full
    assert value(DELIVERED.on(on, "elderly_living_allowance.half")) == half


def test_平均消費支出98年只有空白列_視為未設定並寫出名稱() -> None:
    found = DELIVERED.on(MARCH_98, "average_consumption")
    assert isinstance(found, Missing)
    assert "臺灣地區平均每人每月消費支出" in found.text


def test_空白的全國列不遮住縣的設定_縣的設定也只屬於該縣() -> None:
    own = Parameters((*reference(), setting("average_consumption", 18_000)), HSINCHU)
    assert value(own.on(MARCH_98, "average_consumption")) == 18_000
    assert isinstance(own.for_county("10005").on(MARCH_98, "average_consumption"), Missing)


def test_縣的設定先於全國() -> None:
    assert value(parameters(setting("basic_wage", 1)).on(MARCH_98, "basic_wage")) == 1


def test_同一地區兩列都生效時取較晚起算者() -> None:
    rows = (setting("x", 1, "97/1/1"), setting("x", 2, "98/1/1"))
    assert value(Parameters(rows, HSINCHU).on(MARCH_98, "x")) == 2
    assert value(Parameters(rows, HSINCHU).on(roc.parse_date("97/12/31"), "x")) == 1


def test_台與臺是同一個地名() -> None:
    assert value(DELIVERED.on(MARCH_98, "minimum_living_expense", "台灣省")) == 9829
    assert value(DELIVERED.on(MARCH_98, "minimum_living_expense", "臺灣省")) == 9829


def test_待辦清單列出缺的必要參數() -> None:
    assert {m.name for m in DELIVERED.missing_on(MARCH_98)} == {"average_consumption", "elderly_real_estate_limit", "offset_minimum"}
    assert {m.name for m in parameters().missing_on(MARCH_98)} == {"offset_minimum"}  # no decision asks it
    place = next(m for m in DELIVERED.missing_on(MARCH_98) if m.name == "elderly_real_estate_limit").place
    assert place == "新竹縣"


def test_need在缺參數時說出缺哪一項() -> None:
    with pytest.raises(MissingParameter, match="合理居住空間"):
        DELIVERED.need(MARCH_98, "elderly_real_estate_limit")


def test_限額依人數計算() -> None:
    elderly = DELIVERED.need(MARCH_98, "elderly_movable_limit")
    assert [limit_for(elderly, n) for n in (1, 2, 5)] == [2_500_000, 2_750_000, 3_500_000]
    low = DELIVERED.need(MARCH_98, "low_income_movable_limit")
    assert limit_for(low, 3) == 225_000
    assert limit_for(DELIVERED.need(MARCH_98, "low_income_real_estate_limit"), 3) == 2_600_000
    kaohsiung = DELIVERED.for_county("64000").need(MARCH_98, "low_income_movable_limit")
    assert limit_for(kaohsiung, 4) == 300_000
    assert limit_for(kaohsiung, 5) is None, "高雄市98年第五口起未查得來源，不得推估"
    fujian = DELIVERED.for_county("09020").need(dt.date(2026, 1, 1), "low_income_movable_limit")
    assert limit_for(fujian, 6) == 600_000


def test_數值可為整數_小數_分數_空白() -> None:
    assert number("9,829") == 9829
    assert number("0.0135") == Fraction(27, 2000)
    assert number(" ") is None
    with pytest.raises(ValueError):
        number("不詳")


def test_參數檔每列都讀得進來且日期合理() -> None:
    assert len(reference()) > 100
    for row in reference():
        assert row.effective_from is None or row.effective_to is None or row.effective_from <= row.effective_to, row
    assert from_csv("parameter,region,value,unit,effective_from,effective_to,source,confidence\n") == ()


def test_目錄裡的必要參數都有中文名稱與條次() -> None:
    for s in settings().values():
        assert s.label and s.law and s.scope in ("nation", "region", "county")


def test_改制前後的縣市承接() -> None:
    successor = regions.county_on("10001", dt.date(2011, 1, 1))
    assert successor and successor.name == "新北市"
    assert regions.region_on("10003", roc.parse_date("103/12/24")) == "臺灣省"
    assert regions.region_on("10003", roc.parse_date("103/12/25")) == "桃園市"
    assert regions.region_on("99999", MARCH_98) is None
    assert len([c for c in regions.counties() if c.exists_on(MARCH_98)]) == 25


def test_敬老福利津貼98年金額未查得_不得推估() -> None:
    assert isinstance(DELIVERED.on(MARCH_98, "county_senior_allowance"), Missing)
    assert value(DELIVERED.on(dt.date(2023, 1, 1), "county_senior_allowance")) == 3000
