"""A version of a local benefit in words: for the page, and for the difference between two versions."""

from collections.abc import Mapping

from app.core import money, roc

from .disability import NEW_CLASSES, OLD_CLASSES, Grade
from .exclusions import counterpart_names
from .local_definition import RHYTHMS, STEPS, TEST_TYPES, AmountRow, LocalExclusion, LocalTest, LocalVersion
from .parameters import label_of

STATUSES = {"low": "列冊低收入戶", "near_low": "列冊中低收入戶", "none": "非列冊戶"}
EDGES = {"in": "恰為限額者符合", "out": "恰為限額者不符合", "unclear": "恰為限額者由縣府認定"}
STARTS = {"documents_complete": "備齊文件當月", "application": "申請當月"}
LIMITS = {
    "age_at_least": "{} 歲以上", "age_below": "未滿 {} 歲", "registered_months": "滿 {} 個月", "days_in_taiwan": "超過 {} 日",
    "own_income": "上限 {} 元", "own_real_estate": "上限 {} 元", "household_movable": "上限 {} 元", "household_real_estate": "上限 {} 元",
}  # fmt: skip


def test_words(test: LocalTest) -> str:
    """`年滿一定歲數：65 歲`."""
    kind = TEST_TYPES.get(test.type)
    name = kind.name if kind else test.type
    if test.type == "finding":
        return f"{name}：{test.question}（應為「{'是' if test.expected else '否'}」）"
    parts = []
    if test.limit is not None:
        parts.append(LIMITS.get(test.type, "{}").format(money.show(test.limit)))
    if test.parameter:
        parts.append(f"依縣市設定「{label_of(test.parameter)}」")
    if test.before is not None:
        parts.append(f"{roc.show_date(test.before)} 以前")
    if test.values:
        parts.append("、".join(value_words(test.type, v) for v in test.values))
    if test.times_minimum is not None:
        parts.append(f"最低生活費 {float(test.times_minimum):g} 倍")
    if test.times_consumption is not None:
        parts.append(f"平均消費支出 {float(test.times_consumption):g} 倍")
    if test.type in ("own_income", "own_real_estate"):
        parts.append(EDGES.get(test.edge, ""))
    return f"{name}：{'，'.join(p for p in parts if p)}" if parts else name


def value_words(kind: str, value: str) -> str:
    """A chosen grade, class or status as people say it."""
    if kind == "grade":
        return Grade(value).zh if value in {g.value for g in Grade} else value
    if kind == "status":
        return STATUSES.get(value, value)
    return {**OLD_CLASSES, **NEW_CLASSES}.get(value, value)


def amount_words(row: AmountRow, rhythm: str) -> str:
    """`每月 3,000 元（極重度）`."""
    who = [value_words("grade", g) for g in row.grades] + [value_words("status", s) for s in row.statuses]
    if row.age_from is not None:
        who.append(f"{row.age_from} 歲以上")
    if row.age_below is not None:
        who.append(f"未滿 {row.age_below} 歲")
    amount = f"{money.show(row.amount)} 元" if row.amount is not None else f"依縣市設定「{label_of(row.parameter)}」" if row.parameter else "未填金額"
    named = f"{row.name}：" if row.name else ""
    return f"{named}{RHYTHMS.get(rhythm, '')} {amount}" + (f"（{'、'.join(who)}）" if who else "")


def exclusion_words(x: LocalExclusion, names: Mapping[str, str] | None = None) -> str:
    """`老年農民福利津貼：擇一`."""
    name = x.counterpart_zh or {**counterpart_names(), **(names or {})}.get(x.counterpart, x.counterpart)
    return f"{name}：{x.relation.zh}" + ("" if x.confirmed else "（尚待縣府確認）")


def lines_of(version: LocalVersion, papers: Mapping[str, str]) -> dict[str, str]:
    """Everything a version says, one line a point, by a label that is the same in every version. `papers`: names of documents."""
    rhythm = version.rhythm or "monthly"
    out = {
        "施行日期": f"{roc.show_date(version.effective_from)} 起" + (f"至 {roc.show_date(version.effective_to)}" if version.effective_to else ""),
        "法規": version.law,
        "發給對象": version.who,
        "發給週期": RHYTHMS.get(rhythm, rhythm),
        "起發月份": STARTS.get(version.start, version.start),
        "辦理步驟": "、".join(text.split("（")[0] for code, text in STEPS.items() if code in version.steps),
    }
    for i, test in enumerate(version.tests, 1):
        out[f"要件 {i}"] = f"{test_words(test)}　〔{test.article or '未填條次'}〕"
    for i, row in enumerate(version.amounts, 1):
        out[f"金額 {i}"] = f"{amount_words(row, rhythm)}　〔{row.article or version.amount_article or '未填條次'}〕"
    for i, x in enumerate(version.exclusions, 1):
        out[f"互斥 {i}"] = f"{exclusion_words(x)}　〔{x.article or '未填條次'}〕"
    out["應備文件"] = "、".join(papers.get(d.code, d.code) + ("" if d.required else "（視情形）") for d in version.documents)
    return out


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(label, before, after) of the lines that differ, in the order of the newer version."""
    labels = [*after, *(k for k in before if k not in after)]
    return [(k, before.get(k, ""), after.get(k, "")) for k in labels if before.get(k) != after.get(k)]
