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
from .canonical import is_constant
from .encoding import raw_hex
from .forms import checksum_ok, fast, needs_look, read_column
from .layouts import Field, Layout
from .mapping import Mapping
from .messages import CATALOGUE
from .snapshots import dtype

ISSUE_SCHEMA: Final = {"row_no": pl.Int64, "level": pl.String, "field": pl.String, "code": pl.String, "value": pl.String}
_NO_VALUE: Final = frozenset(
    {"person_id", "name", "birth", "address", "household_no", "spouse_id", "father_id", "mother_id", "head_id", "account_hash"}
)
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
        "row_no",
        pl.lit(CATALOGUE[code].level).alias("level"),
        pl.lit(field).alias("field"),
        pl.lit(code).alias("code"),
        shown.alias("value"),
    )


def _shown(value: pl.Expr) -> pl.Expr:
    text = value.cast(pl.String).str.replace_all(r"([A-Za-z][A-Da-d0-9][0-9]{4})[0-9]{4}", "${1}****")
    return text.str.slice(0, _SHOWN)


def check_piece(piece: pl.DataFrame, columns: tuple[str | None, ...], layout: Layout, mapping: Mapping | None = None) -> Checked:
    """Read and check one piece of a file (see `tables`) whose cells mean `columns`."""
    found: list[pl.DataFrame] = []
    if piece["problem"].null_count() < piece.height:
        shape = piece.filter(pl.col("problem").is_not_null())
        level, nowhere = pl.lit("row").alias("level"), pl.lit("").alias("field")
        found.append(shape.select("row_no", level, nowhere, pl.col("problem").alias("code"), pl.col("problem_value").alias("value")))
        piece = piece.filter(pl.col("problem").is_null())
    texts = {field.name: text for field in layout.fields if (text := _text(field, columns, mapping)) is not None}
    cells = piece.lazy().select("row_no", *(text.cast(pl.String).alias(f"t:{name}") for name, text in texts.items())).collect()
    same, read = _of_one_value([f for f in layout.fields if f.name in texts], cells)
    values = [fast(f, pl.col(f"t:{f.name}")).alias(f.name) for f in read]
    frame = cells.lazy().with_columns(values).with_columns(same).collect()
    frame = frame.with_columns(pl.lit(None, dtype=dtype(f)).alias(f.name) for f in layout.fields if f.name not in texts)
    look = frame.lazy().select(needs_look(f, pl.col(f"t:{f.name}"), pl.col(f.name)).alias(f.name) for f in read).collect()
    for field in read:
        if look[field.name].item():
            frame, issues = _look_closely(frame, field)
            found += issues
    for extra in ("name_raw", "birth_raw"):
        if extra not in frame.columns and layout.has(extra.removesuffix("_raw")):
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(extra))
    frame = frame.with_columns(checksum_ok(pl.col("person_id")).alias("id_ok"))
    found += _broken_rules(frame, layout)
    extras = [extra for extra in ("name_raw", "birth_raw") if layout.has(extra.removesuffix("_raw"))]
    frame = frame.select("row_no", *layout.names, *extras, "id_ok")  # every piece in the same order, whatever its cells asked for
    return Checked(frame, pl.concat([no_issues(), *(f.select(list(ISSUE_SCHEMA)) for f in found if not f.is_empty())]))


def _of_one_value(fields: list[Field], cells: pl.DataFrame) -> tuple[list[pl.Series], list[Field]]:
    """The typed columns of the fields that hold the same right value in every row (county, month, status… of most files), read once;
    and the fields whose cells have to be read."""
    alike = [f for f in fields if is_constant(cells[f"t:{f.name}"])]
    if not alike or cells.is_empty():
        return [], fields
    one = cells.head(1).lazy().with_columns(fast(f, pl.col(f"t:{f.name}")).alias(f.name) for f in alike)
    row = one.select(*(f.name for f in alike), *(needs_look(f, pl.col(f"t:{f.name}"), pl.col(f.name)).alias(f"look:{f.name}") for f in alike))
    first = row.collect()
    settled = [f for f in alike if not first[f"look:{f.name}"].item()]
    names = {f.name for f in settled}
    return [first[f.name].new_from_index(0, cells.height) for f in settled], [f for f in fields if f.name not in names]


def _text(field: Field, columns: tuple[str | None, ...], mapping: Mapping | None) -> pl.Expr | None:
    """The text of a field in a piece; None when the file does not have it."""
    if field.name in columns:
        text = pl.col(f"c{columns.index(field.name)}")
        if mapping and field.name in mapping.codes:
            table = mapping.codes[field.name]
            text = text.str.strip_chars().replace(list(table), list(table.values()))
        return text
    if mapping and field.name in mapping.constants:
        return pl.lit(mapping.constants[field.name])
    return None


def _look_closely(frame: pl.DataFrame, field: Field) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Read a column exactly; its values replace the quick ones, its codes become issues and the column `code:<field>`."""
    name, text, code = field.name, f"t:{field.name}", f"code:{field.name}"
    read = read_column(frame[text], field, frame[name])
    if read.codes.null_count() == frame.height:
        return frame.with_columns(read.values.alias(name)), []
    frame = frame.with_columns(read.values.alias(name), read.codes.alias(code))
    if field.form == "person_id" and name != "person_id":
        frame = frame.with_columns(pl.when(pl.col(code).is_not_null()).then(text).otherwise(name).alias(name))
        frame = frame.with_columns(pl.when(pl.col(code).is_not_null()).then(pl.lit("id_optional")).alias(code))
    if field.form == "date" and name != "birth":
        frame = frame.with_columns(pl.col(code).replace("date_day_unknown", "date_form"))
    if name == "birth":
        frame = frame.with_columns(pl.when(pl.col(code) == "date_day_unknown").then(text).alias("birth_raw"))
    if name == "name":
        frame = frame.with_columns(_raw_names(frame[text], frame[code]))
    shown = None if name in _NO_VALUE else text
    return frame, [_issues(frame, pl.col(code) == one, name, one, shown) for one in frame[code].unique().drop_nulls().to_list()]


def _raw_names(text: pl.Series, code: pl.Series) -> pl.Series:
    doubtful = text.filter(code.eq_missing(pl.Series(["name_doubtful"])))
    names = doubtful.unique().to_list()
    frame = pl.DataFrame({"t": text, "c": code})
    raw = pl.when(pl.col("c") == "name_doubtful").then(pl.col("t")).replace_strict(
        names, [raw_hex(name) for name in names], default=None, return_dtype=pl.String
    )  # fmt: skip
    return frame.select(raw.alias("name_raw"))["name_raw"]


@dataclass(frozen=True)
class _Rule:
    field: str
    code: str
    broken: pl.Expr
    value: str | None = None


def _rules(frame: pl.DataFrame, layout: Layout) -> list[_Rule]:
    """Rules on a row. A rule over several cells is silent where one of them is blank or could not be read."""
    rules = []
    for field in layout.fields:
        if field.is_required(layout.kind):
            unread = pl.col(f"code:{field.name}").is_null() if f"code:{field.name}" in frame.columns else pl.lit(True)
            rules.append(_Rule(field.name, "missing", pl.col(field.name).is_null() & unread))
    rules.append(_Rule("person_id", "id_checksum", pl.col("person_id").is_not_null() & ~pl.col("id_ok")))
    for first, last in layout.later:
        code = "month_order" if layout.field(last).form == "month" else "date_order"
        rules.append(_Rule(last, code, pl.col(last) < pl.col(first)))
    if layout.has("sex"):
        says = pl.col("person_id").str.slice(1, 1).replace_strict(list("1289ABCD"), list("MFMFMFMF"), default=None, return_dtype=pl.String)
        rules.append(_Rule("sex", "sex_differs", pl.col("id_ok") & (says != pl.col("sex"))))
    if layout.has("town_code"):
        rules.append(_Rule("town_code", "town_county", pl.col("town_code").str.slice(0, 5) != pl.col("county_code")))
    if layout.source == "roster":
        born = pl.col("birth").dt.year().cast(pl.Int32) * 12 + pl.col("birth").dt.month().cast(pl.Int32) - 1
        rules.append(_Rule("birth", "birth_future", born > pl.col("ref_month")))
        rules.append(_Rule("amount", "paid_not_active", (pl.col("amount") > 0) & (pl.col("status") != "active")))
        if layout.kind in codes.REGISTER_KINDS:
            rules.append(_Rule("amount", "register_amount", pl.col("amount") != 0, "amount"))
    return rules


def _broken_rules(frame: pl.DataFrame, layout: Layout) -> list[pl.DataFrame]:
    rules = _rules(frame, layout)
    hit = frame.lazy().select(rule.broken.any().alias(str(i)) for i, rule in enumerate(rules)).collect()
    return [_issues(frame, rule.broken, rule.field, rule.code, rule.value) for i, rule in enumerate(rules) if hit[str(i)].item()]


# --- the whole file --------------------------------------------------------------------------------------------------


def repeated_keys(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Rows whose key an earlier row of the file already has, as issues; `value` holds the earlier row's number."""
    if not layout.key or frame.is_empty():
        return no_issues()
    key = list(layout.key)
    if (frame[key[0]] < frame[key[0]].shift(-1)).sum() == frame.height - 1:  # in order, as most files are
        return no_issues()
    if frame.select(pl.struct(key) if len(key) > 1 else key[0]).to_series().n_unique() == frame.height:
        return no_issues()
    marked = frame.select("row_no", *key).with_columns(pl.col("row_no").min().over(key).alias("first"))
    return _issues(
        marked,
        pl.all_horizontal(pl.col(k).is_not_null() for k in key) & (pl.col("row_no") != pl.col("first")),
        key[-1],
        "key_repeated",
        "first",
    )


def group_notices(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """What rows say only together: a person paid twice for a month, a household paid twice."""
    if layout.source != "roster" or layout.kind in codes.REGISTER_KINDS or frame.is_empty():
        return no_issues()
    wanted = ("row_no", "person_id", "amount", "pay_month_from", "pay_month_to", "pay_unit", "household_no")
    paid = frame.select(name for name in wanted if name in frame.columns)
    paid = paid.filter((pl.col("amount") > 0) & pl.col("pay_month_from").is_not_null() & pl.col("pay_month_to").is_not_null())
    person = paid.select("row_no", "person_id", "pay_month_from", "pay_month_to")
    person = person.clear() if person["person_id"].n_unique() == person.height else person.filter(pl.col("person_id").is_duplicated())
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
    if values.len() and is_constant(values):
        first: object | None = values[0]
        return first
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
