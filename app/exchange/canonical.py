"""Accepted rows as canonical text: what the writers write and the content hash is taken of."""

import hashlib
import io
from typing import Final

import polars as pl

from app.core import roc

from .layouts import Field, Layout

_CHUNK: Final = 100_000


def _date_text(day: pl.Expr) -> pl.Expr:
    year = day.dt.year().cast(pl.Int32) - roc.EPOCH
    sign = pl.when(year >= 1).then(pl.lit("")).otherwise(pl.lit("-"))
    shown = pl.when(year >= 1).then(year).otherwise(1 - year)
    number = shown * 10000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)
    return sign + number.cast(pl.String).str.zfill(7)


def _month_text(month: pl.Expr) -> pl.Expr:
    return ((month // 12 - roc.EPOCH) * 100 + month % 12 + 1).cast(pl.String).str.zfill(5)


def text_of(field: Field) -> pl.Expr:
    """The column as canonical text, empty for null."""
    column = pl.col(field.name)
    match field.form:
        case "date":
            column = _date_text(column)
        case "month":
            column = _month_text(column)
        case "year":
            column = column.cast(pl.String).str.zfill(3)
        case "int" | "decimal":
            column = column.cast(pl.String)
    if field.name == "birth":
        column = pl.coalesce(column, pl.col("birth_raw"))
    return column.fill_null("").alias(field.name)


def text_frame(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The layout's columns of `frame` as canonical text, in the layout's order."""
    return frame.select(text_of(field) for field in layout.fields)


def content_sha256(frame: pl.DataFrame, layout: Layout, rejected: pl.DataFrame | None = None) -> str:
    """SHA-256 of the canonical rows sorted by the record number (without one: by all columns), `|` between cells and a
    line feed after each row. A file without one canonical row is known by its rejected rows, as written."""
    keys = [text_of(layout.field(name)) for name in layout.key or layout.names]
    order = frame.select(pl.arg_sort_by(keys)).to_series()
    digest = hashlib.sha256()
    for start in range(0, frame.height, _CHUNK):
        text = text_frame(frame[order.slice(start, _CHUNK)], layout)
        rows = io.BytesIO()
        text.write_csv(rows, include_header=False, separator="|", quote_style="never")
        digest.update(rows.getbuffer())
    if frame.is_empty() and rejected is not None and not rejected.is_empty():
        digest.update(b"\n")
        rows = io.BytesIO()
        rejected.drop("row_no").write_csv(rows, include_header=False, separator="|", quote_style="never", null_value="")
        digest.update(rows.getbuffer())
    return digest.hexdigest()
