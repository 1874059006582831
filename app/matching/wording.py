"""How a doubt is said: pieces of the one plain sentence, in Traditional Chinese."""

from collections.abc import Sequence
from typing import Any

from app.core import money, roc


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
