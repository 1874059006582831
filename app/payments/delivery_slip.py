"""The paper that goes with the files (委託郵局代存總表, 委託轉帳總表): one page a file with its count, its total and its hash, to be stamped."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from app.core import roc
from app.printing.documents import Column, Page, Sheet

from .amount_words import in_words

SEALS = ("承辦", "主管", "主計", "出納", "收件單位（收訖章）")
COLUMNS = (Column("項目", 60), Column("內容", None))


@dataclass(frozen=True)
class Sent:
    """One file that leaves. `told`: further (item, text) rows: numbers at the post office, the clearing house, the layout."""

    title: str
    name: str
    count: int
    total: int
    size: int
    sha256: str
    told: tuple[tuple[str, str], ...] = ()


def sheets(office: str, benefit: str, month: int, run_no: str, value_date: dt.date, files: Sequence[Sent]) -> list[Sheet]:
    """One sheet for every file."""
    return [
        Sheet(
            title=f"{office}　{f.title}",
            facts=f"{benefit}　{roc.show_month(month)}　清冊號 {run_no}　轉存日期 {roc.show_date(value_date)}",
            foot=f"清冊 {run_no}",
            columns=COLUMNS,
            pages=(Page(_rows(f), ("總筆數", f"{f.count:,} 筆")),),
            grand=("總金額", f"{f.total:,} 元"),
            words=f"總計金額：{in_words(f.total)}",
            seals=SEALS,
        )
        for f in files
    ]


def _rows(f: Sent) -> tuple[tuple[str, ...], ...]:
    return (("檔名", f.name), *f.told, ("檔案大小", f"{f.size:,} 位元組"), ("核對碼（SHA-256）", f.sha256))
