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


def _rows(frame: pl.DataFrame, layout: Layout) -> bytes:
    """The canonical rows as UTF-8. What is the same in every row is made once, as the text between the cells that differ."""
    alike = {f.name for f in layout.fields if is_constant(frame[f.name]) and (f.name != "birth" or is_constant(frame["birth_raw"]))}
    once = frame.head(1).select(text_of(f) for f in layout.fields if f.name in alike).row(0, named=True) if alike else {}
    parts: list[pl.Expr] = []
    between = ""
    for place, field in enumerate(layout.fields):
        between += "|" if place else ""
        if field.name in alike:
            between += once[field.name]
            continue
        parts += [pl.lit(between), text_of(field)] if between else [text_of(field)]
        between = ""
    lines = frame.lazy().select(pl.concat_str(*parts, pl.lit(between + "\n")).alias("row")).collect()
    if lines.height != frame.height:  # nothing differs: one line for all
        lines = pl.concat([lines] * frame.height)
    joined: bytes = lines["row"].str.join("").cast(pl.Binary).item()
    return joined


def is_constant(values: pl.Series) -> bool:
    """Is the same value (or nothing) in every row? Looks at three rows before it looks at all."""
    count = values.len()
    if not count or values.null_count():
        return values.null_count() == count
    first = values[0]
    return first == values[count // 2] == values[-1] and bool((values == first).all())


def content_sha256(frame: pl.DataFrame, layout: Layout, rejected: pl.DataFrame | None = None) -> str:
    """SHA-256 of the canonical rows sorted by the record number (without one: by all columns), `|` between cells and a
    line feed after each row. A file without one canonical row is known by its rejected rows, as written."""
    keys = frame.lazy().select(text_of(layout.field(name)) for name in layout.key or layout.names).collect()
    in_order = keys.width == 1 and (keys.to_series() <= keys.to_series().shift(-1)).sum() == frame.height - 1
    order = None if in_order else keys.select(pl.arg_sort_by(keys.columns)).to_series()
    digest = hashlib.sha256()
    for start in range(0, frame.height, _CHUNK):
        text = _rows(frame.slice(start, _CHUNK) if order is None else frame[order.slice(start, _CHUNK)], layout)
        digest.update(text)
    if frame.is_empty() and rejected is not None and not rejected.is_empty():
        digest.update(b"\n")
        rows = io.BytesIO()
        rejected.drop("row_no").write_csv(rows, include_header=False, separator="|", quote_style="never", null_value="")
        digest.update(rows.getbuffer())
    return digest.hexdigest()
