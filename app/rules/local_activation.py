"""May a version of a local benefit take effect? Everything that still stands against it, in words that say what to do."""

import datetime as dt
from collections.abc import Iterable

from app.core import roc

from .local_benefit import try_examples
from .local_definition import Definition, LocalVersion, problems
from .parameters import Parameters

TO_BE_FILLED = "由縣府補登"
"""Delivered proposals carry this where no public source gave an article."""


def against(definition: Definition, version: LocalVersion, parameters: Parameters) -> tuple[str, ...]:
    """What stands against activating a version whatever its neighbours; empty = a second person may activate it."""
    out = [*problems(version), *_articles(version)]
    if not (version.who or definition.who).strip():
        out.append("請填發給對象")
    if not version.confirmed:
        out.append("請縣府確認本項規定的內容，並勾選「本縣已確認」")
    if not version.documents:
        out.append("應備文件至少須有一項")
    kinds = {e.eligible for e in version.examples}
    out += [f"測試案例至少須有一個「{name}」的案例" for kind, name in (("yes", "符合"), ("no", "不符合")) if kind not in kinds]
    names = [e.name for e in version.examples]
    out += [f"測試案例「{n}」的名稱重複" for n in dict.fromkeys(n for n in names if names.count(n) > 1)]
    if not problems(version):
        out += [f"測試案例「{t.name}」未通過：{w}" for t in try_examples(definition, version, parameters) for w in t.wrong]
    return tuple(out)


def _articles(version: LocalVersion) -> list[str]:
    """Every line of a decision cites its article, so none may be open."""
    out = [] if version.law.strip() else ["請填法規名稱"]
    cited = [(f"第{i}項要件", t.article) for i, t in enumerate(version.tests, 1)]
    cited += [(f"金額表第{i}列", a.article or version.amount_article) for i, a in enumerate(version.amounts, 1)]
    cited += [(f"互斥第{i}列（{x.counterpart_zh or x.counterpart}）", x.article) for i, x in enumerate(version.exclusions, 1)]
    for place, article in cited:
        if not article.strip():
            out.append(f"{place}：請填條次")
        elif TO_BE_FILLED in article:
            out.append(f"{place}：條次還是「{article}」，請填本縣規定的條次")
    return out


def neighbours(effective_from: dt.date | None, effective_to: dt.date | None, before: Iterable[tuple[dt.date, dt.date | None]]) -> str:
    """What is wrong with the dates beside the versions in force (from, to); empty = no gap and no overlap. An open last version is closed."""
    if effective_from is None:
        return "請填施行日期"
    if effective_to is not None and effective_to < effective_from:
        return "施行迄日早於施行起日"
    last = max(before, default=None, key=lambda span: span[0])
    if last is None:
        return ""
    first, end = last
    if effective_from <= first or (end is not None and effective_from <= end):
        return f"施行日期與已生效版本（{roc.show_date(first)}～{roc.show_date(end) if end else ''}）重疊，請填較晚的日期"
    if end is not None and effective_from != end + dt.timedelta(days=1):
        return f"前一版至{roc.show_date(end)}止，本版應自{roc.show_date(end + dt.timedelta(days=1))}施行，中間不可空白"
    return ""
