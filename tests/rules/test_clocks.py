"""Statutory clocks: first day not counted, days off, months, the day of the next month, and a calendar nobody filled in."""

import pytest

from app.rules.benefits import benefits
from app.rules.clocks import Calendar, clock, clocks, clocks_of, due, months_after

from .disabled import day

# 98年春節與228 (測試用)
HOLIDAYS = [day(d) for d in ("98/1/1", "98/1/26", "98/1/27", "98/1/28", "98/1/29", "98/1/30")]
YEAR_98 = Calendar.of(HOLIDAYS, worked=[day("98/1/10")])
EMPTY = Calendar()


def last(benefit: str, code: str, event: str, calendar: Calendar = EMPTY) -> str:
    found = clock(benefit, code, day(event))
    assert found
    return due(found, day(event), calendar).day.isoformat()


@pytest.mark.parametrize(
    ("benefit", "code", "event", "expected"),
    [
        ("low_income_living_assistance", "visit", "98/3/16", "2009-03-23"),  # 3/21週六,順延至週一
        ("low_income_living_assistance", "visit", "98/3/17", "2009-03-23"),  # 3/22週日
        ("low_income_living_assistance", "visit", "98/3/18", "2009-03-23"),
        ("low_income_living_assistance", "recertification", "98/3/18", "2009-12-31"),
        ("elderly_living_allowance", "preliminary_review", "111/1/31", "2022-02-28"),
        ("disability_living_allowance", "decision", "102/3/15", "2013-04-15"),
        ("disability_living_allowance", "payment", "102/3/1", "2013-04-15"),
        ("disability_living_allowance", "reconsideration", "102/3/1", "2013-03-18"),  # 3/16週六
        ("disability_register", "needs_assessment", "105/3/1", "2016-03-22"),
        ("disability_register", "renewal_opens", "105/6/30", "2016-04-01"),
        ("disability_register", "renewal_notice", "105/6/30", "2016-05-01"),  # 往前推算不順延
        ("assistive_device_subsidy", "assessment_report", "112/6/1", "2023-06-14"),
        ("assistive_device_subsidy", "assessment_report", "103/6/2", "2014-06-12"),
        ("assistive_device_subsidy", "claim", "112/6/10", "2023-12-11"),
        ("parking_permit", "renewal_opens", "115/12/31", "2026-11-30"),
        ("child_youth_living_assistance", "statistics", "103/6/30", "2014-07-10"),
        ("elderly_living_allowance", "appeal", "98/3/2", "2009-04-01"),
        ("low_income_living_assistance", "civil_affairs_match", "101/3/31", "2012-04-04"),
    ],
)
def test_期限(benefit: str, code: str, event: str, expected: str) -> None:
    assert last(benefit, code, event) == expected


def test_工作日跳過假日_補班日算工作日() -> None:
    assert YEAR_98.after(day("98/1/23"), 1) == day("98/2/2"), "春節連假"
    assert YEAR_98.after(day("98/1/9"), 1) == day("98/1/10"), "週六補班"
    assert YEAR_98.between(day("98/1/9"), day("98/1/12")) == 2
    assert YEAR_98.between(day("98/1/12"), day("98/1/9")) == -2


def test_期限末日遇假日順延() -> None:
    found = clock("low_income_living_assistance", "visit", day("98/1/21"))
    assert found and due(found, day("98/1/21"), YEAR_98).day == day("98/2/2")


def test_當年行事曆未登錄_期限為暫定() -> None:
    found = clock("disability_register", "needs_assessment", day("105/3/1"))
    assert found and due(found, day("105/3/1"), EMPTY).provisional
    assert not due(found, day("105/3/1"), Calendar.of([], years=(2016,))).provisional
    crossing = due(found, day("105/12/25"), Calendar.of([], years=(2016,)))
    assert crossing.provisional, "跨到尚未登錄的年度"


def test_剩餘日數_當日為0_逾期為負() -> None:
    visit = clock("low_income_living_assistance", "visit", day("98/3/18"))
    assert visit
    end = due(visit, day("98/3/18"), EMPTY)
    assert [end.days_left(day(d), EMPTY) for d in ("98/3/18", "98/3/23", "98/3/25")] == [5, 0, -2]
    needs = clock("disability_register", "needs_assessment", day("105/3/1"))
    assert needs and due(needs, day("105/3/1"), EMPTY).days_left(day("105/3/18"), EMPTY) == 2


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [("98/1/31", 1, "98/2/28"), ("98/3/15", 1, "98/4/15"), ("98/12/31", 2, "99/2/28"), ("105/8/31", 6, "106/2/28")],
)
def test_以月計算(start: str, months: int, end: str) -> None:
    assert months_after(day(start), months) == day(end)


def test_98年沒有101年才有的期限() -> None:
    assert clock("disability_living_allowance", "decision", day("98/3/1")) is None
    assert {c.code for c in clocks_of("disability_register", day("98/3/1"))} == {"appeal"}


def test_每個期限都有條次_津貼代碼存在_同一日不重複() -> None:
    for c in clocks():
        assert c.name and c.article and c.who and (c.benefit in benefits() or c.benefit == "")
    for on in (day("98/3/1"), day("102/3/1"), day("113/3/1")):
        for benefit in benefits():
            codes = [c.code for c in clocks_of(benefit, on)]
            assert len(codes) == len(set(codes)), (benefit, on)
