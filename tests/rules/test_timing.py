"""First and last months: the month after the fact, the month of death still due, care by the day."""

import datetime as dt

import pytest

from app.core import roc
from app.rules.timing import StopReason, start, stop, stop_month

ELA = "elderly_living_allowance"


@pytest.mark.parametrize("reason", [r for r in StopReason if r is not StopReason.OTHER_BENEFIT])
@pytest.mark.parametrize(("fact", "month"), [("98/3/1", (98, 4)), ("98/3/31", (98, 4)), ("98/12/31", (99, 1))])
def test_老人津貼自事實發生之次月起停發(reason: StopReason, fact: str, month: tuple[int, int]) -> None:
    got = stop(ELA, reason, roc.parse_date(fact))
    assert got.month == roc.month(*month) and got.day == roc.first_day(got.month)
    assert "第11條" in got.article


def test_死亡當月仍應發給() -> None:
    assert stop_month(ELA, StopReason.DEATH, roc.parse_date("98/3/2")) == roc.month(98, 4)


def test_擇一領取自他項給付當月起停發() -> None:
    got = stop(ELA, StopReason.OTHER_BENEFIT, roc.parse_date("98/3/20"))
    assert got.month == roc.month(98, 3) and not got.sourced


def test_托育養護自次日起按日停發() -> None:
    got = stop("disability_care_subsidy", StopReason.DEATH, roc.parse_date("101/8/31"))
    assert got.day == roc.parse_date("101/9/1") and got.daily and got.sourced


def test_身障補助101年起次月有明文_98年依實務() -> None:
    assert stop("disability_living_allowance", StopReason.DEATH, roc.parse_date("98/3/1")).sourced is False
    assert stop("disability_living_allowance", StopReason.DEATH, roc.parse_date("101/8/1")).sourced is True


@pytest.mark.parametrize(
    ("benefit", "on", "month", "sourced"),
    [
        (ELA, "98/3/15", (98, 2), False), (ELA, "110/12/31", (98, 2), False), (ELA, "111/1/1", (98, 3), True),
        ("low_income_living_assistance", "98/3/15", (98, 3), True), ("disability_living_allowance", "98/3/15", (98, 3), False),
        ("disability_living_allowance", "101/8/1", (98, 3), True), ("county_senior_allowance", "98/3/15", (98, 3), False),
    ],
)  # fmt: skip
def test_起發月份_依申請月或備齊月(benefit: str, on: str, month: tuple[int, int], sourced: bool) -> None:
    got = start(benefit, roc.parse_date(on), roc.parse_date("98/2/10"), roc.parse_date("98/3/1"))
    assert got and got.month == roc.month(*month) and got.sourced is sourced and got.article


def test_起算日未登錄就沒有起月() -> None:
    assert start(ELA, roc.parse_date("98/3/1"), None, dt.date(2009, 3, 1)) is None
    assert start(ELA, roc.parse_date("111/3/1"), dt.date(2022, 3, 1), None) is None
