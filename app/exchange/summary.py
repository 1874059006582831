"""A million issues as a short list: one line per finding, with its count, its sentence and the first rows. No personal data."""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from .layouts import Layout
from .messages import CATALOGUE, say

EXAMPLES: Final = 10


@dataclass(frozen=True)
class Finding:
    level: str
    code: str
    field: str
    label: str
    count: int
    message: str
    fix: str
    rows: list[int]


def values_for(layout: Layout, field: str, value: str | None) -> dict[str, Any]:
    """What a catalogue sentence needs to know about a cell."""
    out: dict[str, Any] = {"value": value or "", "label": field}
    if layout.has(field):
        spec = layout.field(field)
        earlier = next((first for first, last in layout.later if last == field), None)
        out |= {
            "label": spec.label,
            "size": spec.size,
            "known": "、".join(f"{code}（{label}）" for code, label in list((spec.codes or {}).items())[:12]),
            "other": layout.field(earlier).label if earlier else "",
        }
    return out | {"first": value or "前面某一"}


def sentence(code: str, layout: Layout, field: str, value: str | None) -> tuple[str, str]:
    """(what is wrong, what to do) for one cell."""
    what, fix = say(code, **values_for(layout, field, value))
    return what.replace("的「」", "的內容"), fix


def findings(issues: pl.DataFrame, layout: Layout) -> list[Finding]:
    """The issues counted by finding, the ones that reject rows first, then by count."""
    if issues.is_empty():
        return []
    table = (
        issues.group_by("level", "code", "field")
        .agg(pl.col("row_no").n_unique().alias("count"), pl.col("row_no").sort().head(EXAMPLES).alias("rows"))
        .sort(pl.col("level") == "notice", -pl.col("count").cast(pl.Int64), "code", "field")
    )
    out = []
    for row in table.iter_rows(named=True):
        message, fix = sentence(row["code"], layout, row["field"], None)
        label = layout.field(row["field"]).label if layout.has(row["field"]) else ""
        out.append(Finding(CATALOGUE[row["code"]].level, row["code"], row["field"], label, row["count"], message, fix, row["rows"]))
    return out
