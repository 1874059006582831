"""Checking rows: one piece of a file at a time (cell and row rules), then the whole file (groups, unique keys, one
county, kind and month). Everything is column-wise; the outcome is typed values plus a table of issues.

Issues: `row_no` (Int64), `level` (`row` = the row is rejected, `notice` = accepted and said), `field`, `code`
(a key of `messages.CATALOGUE`), `value` (what the cell held, IDs masked; null where it would only repeat personal data).
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from app.core import roc

from . import codes
from .encoding import raw_hex
from .forms import checksum_ok, read_column
from .layouts import Field, Layout
from .mapping import Mapping
from .messages import CATALOGUE
from .snapshots import dtype

ISSUE_SCHEMA: Final = {"row_no": pl.Int64, "level": pl.String, "field": pl.String, "code": pl.String, "value": pl.String}
_NO_VALUE: Final = frozenset({"person_id", "name", "birth", "address", "household_no", "spouse_id", "father_id", "mother_id", "head_id", "account_hash"})
_SHOWN: Final = 30


@dataclass
class Checked:
    """`frame`: typed values of every row whose shape is right; `issues` as described above."""

    frame: pl.DataFrame
    issues: pl.DataFrame


def no_issues() -> pl.DataFrame:
    return pl.DataFrame(schema=ISSUE_SCHEMA)


def _issues(frame: pl.DataFrame, where: pl.Expr, field: str, code: str, value: str | None = None) -> pl.DataFrame:
    shown = pl.lit(None, dtype=pl.String) if value is None else _shown(pl.col(value))
    return frame.filter(where.fill_null(False)).select(
        "row_no", pl.lit(CATALOGUE[code].level).alias("level"), pl.lit(field).alias("field"), pl.lit(code).alias("code"), shown.alias("value")
    )


def _shown(value: pl.Expr) -> pl.Expr:
    text = value.cast(pl.String).str.replace_all(r"([A-Za-z][A-Da-d0-9][0-9]{4})[0-9]{4}", "${1}****")
    return text.str.slice(0, _SHOWN)


def check_piece(piece: pl.DataFrame, columns: tuple[str | None, ...], layout: Layout, mapping: Mapping | None = None) -> Checked:
    """Read and check one piece of a file (see `tables`) whose cells mean `columns`."""
    shape = piece.filter(pl.col("problem").is_not_null())
    found = [
        shape.select(
            "row_no", pl.lit("row").alias("level"), pl.lit("").alias("field"), pl.col("problem").alias("code"), pl.col("problem_value").alias("value")
        )
    ]
    piece = piece.filter(pl.col("problem").is_null())
    where = {name: f"c{i}" for i, name in enumerate(columns) if name}
    frame = piece.select("row_no")
    for field in layout.fields:
        text = _cells(piece, where, field, mapping)
        if text is None:
            frame = frame.with_columns(pl.lit(None, dtype=dtype(field)).alias(field.name))
            continue
        values, issues = _check_cells(text, field, layout, frame["row_no"])
        frame = frame.with_columns(values)
        found += issues
    frame, more = _check_rows(frame, layout)
    found += more
    return Checked(frame, pl.concat([no_issues(), *(f.select(list(ISSUE_SCHEMA)) for f in found if not f.is_empty())]))


def _cells(piece: pl.DataFrame, where: dict[str, str], field: Field, mapping: Mapping | None) -> pl.Series | None:
    if field.name in where:
        text = piece[where[field.name]]
        if mapping and field.name in mapping.codes:
            table = mapping.codes[field.name]
            text = text.str.strip_chars().replace(list(table), list(table.values()))
        return text
    if mapping and field.name in mapping.constants:
        return pl.Series([mapping.constants[field.name]] * piece.height, dtype=pl.String)
    return None


def _check_cells(text: pl.Series, field: Field, layout: Layout, row_no: pl.Series) -> tuple[list[pl.Series], list[pl.DataFrame]]:
    read = read_column(text, field)
    values = [read.values.alias(field.name)]
    work = pl.DataFrame({"row_no": row_no, "text": text, "value": read.values})
    code = read.codes if read.codes is not None else pl.Series([None] * text.len(), dtype=pl.String)
    work = work.with_columns(code.alias("code"))
    found: list[pl.DataFrame] = []
    if field.form == "person_id" and field.name != "person_id" and read.codes is not None:
        values = [work.select(pl.when(pl.col("code").is_not_null()).then(pl.col("text")).otherwise(pl.col("value")).alias(field.name))[field.name]]
        work = work.with_columns(pl.when(pl.col("code").is_not_null()).then(pl.lit("id_optional")).alias("code"))
    if field.form == "date" and field.name != "birth":
        work = work.with_columns(pl.col("code").replace("date_day_unknown", "date_form"))
    if field.name == "birth":
        raw = pl.when(pl.col("code") == "date_day_unknown").then(pl.col("text"))
        values.append(work.select(raw.alias("birth_raw"))["birth_raw"])
    if field.form == "name" and field.name == "name":
        values.append(_raw_names(work))
    if read.codes is not None:
        for one in work["code"].unique().drop_nulls().to_list():
            found.append(_issues(work, pl.col("code") == one, field.name, one, None if field.name in _NO_VALUE else "text"))
    if field.is_required(layout.kind):
        found.append(_issues(work, pl.col("value").is_null() & pl.col("code").is_null(), field.name, "missing"))
    return values, found


def _raw_names(work: pl.DataFrame) -> pl.Series:
    doubtful = work.filter(pl.col("code") == "name_doubtful")["text"].unique().to_list()
    if not doubtful:
        return pl.Series("name_raw", [None] * work.height, dtype=pl.String)
    raw = pl.when(pl.col("code") == "name_doubtful").then(pl.col("text")).replace_strict(
        doubtful, [raw_hex(name) for name in doubtful], default=None, return_dtype=pl.String
    )
    return work.select(raw.alias("name_raw"))["name_raw"]


def _check_rows(frame: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Rules over several cells of a row. A rule is silent where one of its cells could not be read."""
    found: list[pl.DataFrame] = []
    if layout.has("person_id"):
        frame = frame.with_columns(checksum_ok(frame["person_id"]).alias("id_ok"))
        found.append(_issues(frame, pl.col("person_id").is_not_null() & ~pl.col("id_ok"), "person_id", "id_checksum"))
    for first, last in layout.later:
        code = "month_order" if layout.field(last).form == "month" else "date_order"
        found.append(_issues(frame, pl.col(last) < pl.col(first), last, code))
    if layout.has("sex"):
        says = pl.col("person_id").str.slice(1, 1).replace_strict(list("1289ABCD"), list("MFMFMFMF"), default=None, return_dtype=pl.String)
        found.append(_issues(frame, pl.col("id_ok") & (says != pl.col("sex")), "sex", "sex_differs"))
    if layout.has("town_code"):
        found.append(_issues(frame, pl.col("town_code").str.slice(0, 5) != pl.col("county_code"), "town_code", "town_county"))
    if layout.source == "roster":
        born = pl.col("birth").dt.year().cast(pl.Int32) * 12 + pl.col("birth").dt.month().cast(pl.Int32) - 1
        found.append(_issues(frame, born > pl.col("ref_month"), "birth", "birth_future"))
        if layout.kind in codes.REGISTER_KINDS:
            found.append(_issues(frame, pl.col("amount") != 0, "amount", "register_amount", "amount"))
        found.append(_issues(frame, (pl.col("amount") > 0) & (pl.col("status") != "active"), "amount", "paid_not_active"))
    return frame, found


# --- the whole file --------------------------------------------------------------------------------------------------


def repeated_keys(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Rows whose key an earlier row of the file already has, as issues; `value` holds the earlier row's number."""
    if not layout.key or frame.is_empty():
        return no_issues()
    key = list(layout.key)
    if not frame.select(pl.struct(key).is_duplicated().any()).item():
        return no_issues()
    marked = frame.select("row_no", *key).with_columns(pl.col("row_no").min().over(key).alias("first"))
    return _issues(marked, pl.all_horizontal(pl.col(k).is_not_null() for k in key) & (pl.col("row_no") != pl.col("first")), key[-1], "key_repeated", "first")


def group_notices(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """What rows say only together: a person paid twice for a month, a household paid twice."""
    if layout.source != "roster" or layout.kind in codes.REGISTER_KINDS or frame.is_empty():
        return no_issues()
    paid = frame.filter((pl.col("amount") > 0) & pl.col("pay_month_from").is_not_null() & pl.col("pay_month_to").is_not_null())
    person = paid.select("row_no", "person_id", "pay_month_from", "pay_month_to").filter(pl.col("person_id").is_duplicated())
    person = person.sort("person_id", "pay_month_from", "row_no").with_columns(
        pl.col("pay_month_to").cum_max().shift(1).over("person_id").alias("until")
    )
    found = [_issues(person, pl.col("until") >= pl.col("pay_month_from"), "person_id", "person_repeated")]
    house = paid.filter((pl.col("pay_unit") == "household") & pl.col("household_no").is_not_null())
    twice = pl.struct("household_no", "pay_month_from", "pay_month_to").is_duplicated()
    found.append(_issues(house, twice, "household_no", "household_paid_twice"))
    return pl.concat([no_issues(), *found])


def most_common(values: pl.Series) -> object | None:
    """The commonest value of a column (smallest first among equals), None when it holds nothing."""
    counted = values.drop_nulls().value_counts(sort=True)
    if counted.is_empty():
        return None
    top = counted.filter(pl.col("count") == counted["count"].max())[values.name].sort()
    return top[0]


def shown_value(field: str, value: object) -> str:
    """A county, kind or month as people read it."""
    if isinstance(value, int):
        return roc.show_month(value)
    text = str(value)
    known = codes.COUNTIES if field == "county_code" else codes.KINDS
    return f"{known[text]}（{text}）" if text in known else text
