"""The four gates between what a rule found and what a person sees. Whatever a gate stops keeps its reason and its facts.

Rules mark each row they find with a stop code or none; the engine keeps the stopped rows in the run's Parquet file and counts them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Gate(StrEnum):
    """In the order in which they are asked."""

    RELEVANT = "relevant"
    SAME_PERSON = "same_person"
    DISAGREES = "disagrees"
    ANSWERED = "answered"

    @property
    def zh(self) -> str:
        return {
            "relevant": "當月有關聯",
            "same_person": "確為同一人",
            "disagrees": "與案件記載不符",
            "answered": "尚未答復",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a row was stopped, and at which gate."""

    code: str
    gate: Gate
    reason: str


STOPS: Final[dict[str, Stop]] = {
    s.code: s
    for s in (
        Stop("no_payment", Gate.RELEVANT, "本列未發給現金（名冊類、金額為 0 或戶內其他成員）"),
        Stop("month_of_fact", Gate.RELEVANT, "事實發生於給付當月，依法自次月起停發，當月仍應發給"),
        Stop("not_yet", Gate.RELEVANT, "事實發生於給付月份之後"),
        Stop("fact_over", Gate.RELEVANT, "事實在給付月份之前已結束"),
        Stop("not_drawing", Gate.RELEVANT, "對方紀錄該月未實際給付"),
        Stop("no_rule", Gate.RELEVANT, "該月有效的法令沒有這項排除規定"),
        Stop("county_off", Gate.RELEVANT, "本縣市已關閉這項排除規定"),
        Stop("other_person", Gate.SAME_PERSON, "姓名與出生日期都不符，應是統一編號登錄錯誤的另一人；請更正資料"),
        Stop("same_amount", Gate.DISAGREES, "等級雖不同，應發金額相同或未多發"),
        Stop("found", Gate.DISAGREES, "已登記尋獲"),
        Stop("annulled", Gate.DISAGREES, "死亡登記已撤銷"),
        Stop("returned", Gate.DISAGREES, "當月已遷回本縣市"),
        Stop("at_home", Gate.DISAGREES, "當月戶籍在本縣市"),
        Stop("exempt", Gate.DISAGREES, "名冊已註記縣市認定的例外"),
        Stop("lawful_together", Gate.DISAGREES, "法令允許併領"),
        Stop("info_only", Gate.DISAGREES, "僅為所得或家戶資訊，供年度複查，不是溢領"),
        Stop("under_limit", Gate.DISAGREES, "未達法定界限"),
        Stop("supplement", Gate.DISAGREES, "同一案件金額不同的另一筆，視為補發差額"),
        Stop("minor_difference", Gate.DISAGREES, "姓名、出生日期僅一項不同"),
        Stop("counterpart_not_due", Gate.DISAGREES, "對方給付已另案列為溢領，本筆不再重複"),
        Stop("covered", Gate.DISAGREES, "同一筆金額已由更明確的疑義涵蓋"),
        Stop("answered", Gate.ANSWERED, "縣市已就相同事實答復，且答復仍有效"),
    )
}


def gate_of(code: str) -> Gate:
    """The gate a stop code belongs to. Raises KeyError for an unknown code."""
    return STOPS[code].gate


def reason(code: str) -> str:
    """The sentence a person reads."""
    return STOPS[code].reason
