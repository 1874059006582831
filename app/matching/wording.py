"""How a doubt is said: pieces of the one plain sentence, in Traditional Chinese."""

from collections.abc import Sequence
from typing import Any, Final

from app.core import money, roc

COUNTERPARTS: Final = {
    "death": "死亡登記",
    "deceased": "戶籍狀態為死亡",
    "stay": "國人入出境紀錄",
    "birth": "出生日期",
    "basic_wage_cap": "基本工資上限",
    "absent": "查無此統一編號",
    "different": "同一統一編號的另一人",
    "resident": "現住人口",
    "moved_out": "已遷出",
    "removed": "除籍",
    "missing": "失蹤",
    "card_expired": "手冊已逾有效期限",
    "card_ended": "手冊已註銷",
    "mild": "輕度手冊",
    "moderate": "中度手冊",
    "severe": "重度手冊",
    "account": "多人共用的帳戶",
    "bad_id": "統一編號的檢查碼不符",
    "not_born": "出生日期在給付月份之後",
    "ended": "名冊註記已終止",
    "suspended": "名冊註記停發",
    "before_start": "給付月份早於核定起月",
    "after_end": "給付月份晚於核定迄月",
    "far_ahead": "給付月份晚於名冊月份兩個月以上",
}
"""What a doubt is held against, where it is neither a benefit nor a kind of a register."""


def months_zh(months: Sequence[int]) -> str:
    """`98年2月`, `98年2月至3月`, `98年2月、98年5月`."""
    spans: list[list[int]] = []
    for month in sorted(months):
        if spans and month == spans[-1][1] + 1:
            spans[-1][1] = month
        else:
            spans.append([month, month])
    return "、".join(roc.show_month(a) if a == b else f"{roc.show_month(a)}至{_to(a, b)}" for a, b in spans)


def _to(first: int, last: int) -> str:
    whole = roc.show_month(last)
    return f"{last % 12 + 1}月" if first // 12 == last // 12 else whole


def ntd(amount: int) -> str:
    """`6,000元`."""
    return f"{money.show(amount)}元"


def day(value: Any) -> str:
    """`98/01/15`, `未載明` when not known."""
    return roc.show_date(value) or "未載明"


def paid(doubt: Any) -> str:
    """`98年2月仍發給中低收入老人生活津貼6,000元`."""
    return f"{months_zh(doubt.months)}仍發給{doubt.kind_zh}{ntd(doubt.paid)}"
