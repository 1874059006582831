"""From when a benefit is paid and from when it stops, with the article. Months are month numbers."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.core import roc


class StopReason(StrEnum):
    DEATH = "death"
    MOVED_OUT = "moved_out"
    CUSTODY = "custody"
    PLACEMENT = "placement"
    ABSENCE = "absence"
    MEANS = "means"
    OTHER_BENEFIT = "other_benefit"
    CERTIFICATE = "certificate"
    AGED_OUT = "aged_out"
    WITHDRAWN = "withdrawn"

    @property
    def zh(self) -> str:
        return {
            "death": "死亡",
            "moved_out": "戶籍遷出或未實際居住",
            "custody": "入獄服刑、因案羈押或依法拘禁",
            "placement": "接受政府公費收容安置",
            "absence": "最近一年居住國內未超過一百八十三日",
            "means": "家庭總收入或財產超過標準",
            "other_benefit": "領取須擇一之其他津貼",
            "certificate": "手冊、證明效期屆滿或註銷",
            "aged_out": "逾齡",
            "withdrawn": "自願放棄",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Start:
    """First month to be paid and why. `sourced` False = practice, no article says so."""

    month: int
    article: str
    sourced: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """First day (and month) that is no longer due, or due in another amount. `daily` = the month is shared out by days.
    `sourced` False = a proposal."""

    day: dt.date
    month: int
    article: str
    sourced: bool
    daily: bool = False


_ELA = "中低收入老人生活津貼發給辦法"
_DLA_98 = "身心障礙者生活托育養護費用補助辦法"
_DLA = "身心障礙者生活補助費發給辦法"
_DCS = "身心障礙者日間照顧及住宿式照顧費用補助辦法"
_SINCE_101 = dt.date(2012, 7, 11)
_STARTS = {
    "elderly_living_allowance": (f"{_ELA}第7條第2項", True),
    "low_income_living_assistance": ("社會救助法第10條第4項", True),
    "disability_living_allowance": (f"{_DLA}第7條", True),
    "disability_care_subsidy": (f"{_DCS}第9條", True),
}
_STARTS_98 = {
    **_STARTS,
    "disability_living_allowance": ("實務：自備齊文件當月起", False),
    "disability_care_subsidy": ("實務：自備齊文件當日起", False),
}


@lru_cache(maxsize=4096)
def start(benefit: str, on: dt.date, received: dt.date | None, complete: dt.date | None) -> Start | None:
    """The first month, by the law of `on`; None while the date it counts from is not known."""
    if benefit == "elderly_living_allowance" and on < dt.date(2022, 1, 1):
        return Start(roc.month_of(received), "實務：自申請當月起（98年辦法無明文）", False) if received else None
    article, sourced = (_STARTS if on >= _SINCE_101 else _STARTS_98).get(benefit, ("實務：自備齊文件當月起", False))
    return Start(roc.month_of(complete), article, sourced) if complete else None


def stop(benefit: str, reason: StopReason, fact: dt.date) -> Stop:
    """When payment ends after something happened on `fact` (the event's own date, not the day it was registered).

    The month of death is still due. A choose-one benefit ends with the first month the other is paid for.
    """
    if benefit == "disability_care_subsidy":
        day = fact + dt.timedelta(days=1)
        return Stop(day, roc.month_of(day), f"{_DCS}第9條（次日）", fact >= _SINCE_101, daily=True)
    if reason is StopReason.OTHER_BENEFIT:
        month = roc.month_of(fact)
        article = f"{_ELA}第12條" if benefit == "elderly_living_allowance" else "擇一領取：自他項津貼給付當月起"
        return Stop(roc.first_day(month), month, article, False)
    month = roc.month_of(fact) + 1
    article, sourced = {
        "elderly_living_allowance": (f"{_ELA}第11條（次月）", reason is not StopReason.WITHDRAWN),
        "disability_living_allowance": (f"{_DLA}第7條（次月）", True)
        if fact >= _SINCE_101
        else (f"{_DLA_98}第8條（月份依實務為次月）", False),
        "low_income_living_assistance": ("社會救助法第14條（月份依實務為次月）", False),
    }.get(benefit, ("實務：自事實發生之次月起", False))
    return Stop(roc.first_day(month), month, article, sourced)


def change(benefit: str, more: bool, fact: dt.date) -> Stop:
    """From when a changed amount is due after something happened on `fact`; `more` = it rises.

    Low income has no such clause: the product proposes the same month for more and the next month for less.
    """
    if benefit == "disability_care_subsidy":
        return Stop(fact, roc.month_of(fact), f"{_DCS}第9條第3項", fact >= _SINCE_101, daily=True)
    month = roc.month_of(fact) + (0 if more else 1)
    article, sourced = {
        "disability_living_allowance": (f"{_DLA}第7條第{3 if more else 4}項", True)
        if fact >= _SINCE_101
        else ("實務：增加自當月起、減少自次月起", False),
        "low_income_living_assistance": (f"社會救助法第14條（月份依實務為{'當月' if more else '次月'}）", False),
    }.get(benefit, ("實務：增加自當月起、減少自次月起", False))
    return Stop(roc.first_day(month), month, article, sourced)


def stop_month(benefit: str, reason: StopReason, fact: dt.date) -> int:
    """The first month that is no longer due (in full, for daily benefits)."""
    return stop(benefit, reason, fact).month
