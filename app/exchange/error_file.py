"""The error file: the uploader's own rejected rows with 錯誤代碼, 錯誤說明, 如何修正 behind, to be corrected and sent again alone."""

from pathlib import Path
from typing import Final

import polars as pl

from .delivery import Delivery
from .headers import ERROR_COLUMNS
from .layouts import Layout
from .summary import findings, sentence
from .write import XLSX_ROWS, WriteProblem, write_text, write_xlsx

_LISTED: Final = 10_000
_CHARS: Final = 2000  # of explanation for one row


def suffix(delivery: Delivery) -> str:
    """The error file's suffix: that of the uploader's carrier (ODS comes back as XLSX, fixed width as CSV)."""
    return {"txt": ".txt", "xlsx": ".xlsx", "ods": ".xlsx"}.get(delivery.meta.carrier, ".csv")


def write_error_file(delivery: Delivery, path: Path) -> Path:
    """Write the rejected rows of `delivery` to `path`, in the carrier, encoding and columns they came in."""
    titles, text = _table(delivery)
    if path.suffix == ".xlsx" and text.height <= XLSX_ROWS:
        return write_xlsx(path, titles, text, front=_front(delivery))
    separator = "|" if path.suffix == ".txt" else ","
    encoding = "utf-8-sig" if delivery.meta.carrier not in ("csv", "txt") else delivery.meta.encoding
    if separator == "|":
        text = text.with_columns(pl.col(c).str.replace_all(r"[|\r\n]", " ") for c in text.columns)
    try:
        return write_text(path, titles, text, separator, encoding)
    except WriteProblem:
        return write_text(path, titles, text, separator, "utf-8-sig")


def _table(delivery: Delivery) -> tuple[list[str], pl.DataFrame]:
    """The rejected rows as written and their explanations. Error columns of an earlier round are left out."""
    kept = [i for i, title in enumerate(delivery.meta.titles) if title not in ERROR_COLUMNS]
    why = explanations(delivery.issues, delivery.layout)
    rows = delivery.rejected.join(why, on="row_no", how="left", maintain_order="left")
    text = rows.select(*(f"c{i}" for i in kept), *ERROR_COLUMNS).with_columns(pl.all().fill_null(""))
    return [*(delivery.meta.titles[i] for i in kept), *ERROR_COLUMNS], text


def explanations(issues: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Per rejected row: its codes, what is wrong, what to do (several joined by ；)."""
    wrong = issues.filter(pl.col("level") == "row")
    distinct = wrong.select("code", "field", "value").unique()
    said = [sentence(code, layout, field, value) for code, field, value in distinct.iter_rows()]
    texts = distinct.with_columns(
        pl.Series("what", [what for what, _ in said], pl.String), pl.Series("fix", [fix for _, fix in said], pl.String)
    )
    joined = wrong.join(texts, on=["code", "field", "value"], how="left", nulls_equal=True, maintain_order="left")
    code, what, fix = ERROR_COLUMNS
    return joined.group_by("row_no", maintain_order=True).agg(
        pl.col("code").unique(maintain_order=True).str.join("；").alias(code),
        pl.col("what").unique(maintain_order=True).str.join("；").str.slice(0, _CHARS).alias(what),
        pl.col("fix").unique(maintain_order=True).str.join("；").str.slice(0, _CHARS).alias(fix),
    )


def _front(delivery: Delivery) -> list[tuple[str, list[str], list[list[str | int]]]]:
    meta, layout = delivery.meta, delivery.layout
    about: list[list[str | int]] = [
        ["檔案", meta.file_name],
        ["資料", layout.label],
        ["資料列數", meta.rows],
        ["收下", meta.accepted],
        ["收下並有提醒", meta.noticed],
        ["退回", meta.rejected],
        ["怎麼做", "「資料」工作表是退回的列，最後三欄說明原因與修正方法；直接在原欄位更正後存檔，整個檔案以「補正」重新上傳即可。"],
        ["", "前三張工作表與最後三欄不必刪除，系統會自動略過；已收下的列不必再送。"],
    ]
    said = findings(delivery.issues, layout)
    wrong = delivery.issues.filter(pl.col("level") == "row").sort("row_no").head(_LISTED)
    listed: list[list[str | int]] = []
    for row_no, field, code, value in wrong.select("row_no", "field", "code", "value").iter_rows():
        what, fix = sentence(code, layout, field, value)
        listed.append([row_no, layout.field(field).label if layout.has(field) else "", code, what, fix])
    counted: list[list[str | int]] = [
        ["退回" if f.level == "row" else "提醒", f.code, f.label, f.count, f.message, f.fix, "、".join(map(str, f.rows))] for f in said
    ]
    return [
        ("說明", ["項目", "內容"], about),
        ("重大錯誤", ["列號", "欄位", *ERROR_COLUMNS], listed),
        ("彙總", ["處理", "代碼", "欄位", "列數", "說明", "如何修正", "最先出現的列"], counted),
    ]
