"""Each form of a field as a vectorised reading: text column in, typed column and error code out.

What a fast column expression recognises is the canonical form; everything else goes, value by distinct value, through the
exact functions of `core`, so a column reads the same as one value would.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from app.core import identity, roc
from app.core.text import fold

from .layouts import Field
from .snapshots import dtype

CODE: Final = "__code"  # temporary column: error or notice code of the cell, null when it is fine


class Unreadable(ValueError):
    """A value that is not of its form; `code` names the catalogue entry."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Read:
    """A column read: typed values, and per cell the code of what is wrong (null when fine)."""

    values: pl.Series
    codes: pl.Series | None


# --- one value -------------------------------------------------------------------------------------------------------

_UNKNOWN_DAY = re.compile(r"-?\d{2,3}(\d{2}00|0000)$")
_INT = re.compile(r"-?\d{1,15}(\.0+)?$")
_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,6})?$")
_ID_SHAPE = re.compile(r"[A-Z][A-D0-9]\d{8}$")


def _date(text: str) -> Any:
    folded = fold(text)
    if re.match(r"\d{4}-\d{2}-\d{2}[ T]00:00:00", folded):
        folded = folded[:10]
    try:
        day = roc.parse_date(folded)
    except roc.RocError:
        raise Unreadable("date_day_unknown" if _UNKNOWN_DAY.match(folded) else "date_form") from None
    if day.year < 1850:
        raise Unreadable("date_range")
    return day


def _month(text: str) -> int:
    folded = fold(text)
    if re.match(r"\d{4}-\d{2}-01([ T]00:00:00)?$", folded):
        folded = folded[:7]
    try:
        month = roc.parse_month(folded)
    except (roc.RocError, ValueError):
        raise Unreadable("month_form") from None
    if not 1850 * 12 <= month <= 2200 * 12:
        raise Unreadable("month_form")
    return month


def _int(text: str) -> int:
    folded = fold(text).replace(",", "").removeprefix("NT$").removeprefix("$")
    if not _INT.match(folded) or not folded.isascii():
        raise Unreadable("int_form")
    value = int(folded.split(".")[0])
    if value < 0:
        raise Unreadable("int_negative")
    return value


def _decimal(text: str) -> float:
    folded = fold(text).replace(",", "")
    if not _DECIMAL.match(folded) or not folded.isascii():
        raise Unreadable("decimal_form")
    return float(folded)


def _year(text: str) -> int:
    folded = fold(text)
    if re.match(r"\d{1,3}$", folded) and folded.isascii() and int(folded) > 0:
        return int(folded)
    if re.match(r"(19[1-9]|20|21)\d{1,2}$", folded) and len(folded) == 4 and folded.isascii():
        return int(folded) - roc.EPOCH
    raise Unreadable("year_form")


def _person_id(text: str) -> str:
    value = identity.normal(text)
    if "*" in value or "○" in value:
        raise Unreadable("id_masked")
    if not _ID_SHAPE.match(value) or not value.isascii():
        raise Unreadable("id_form")
    return value


def _code(field: Field) -> Callable[[str], str]:
    known = {code.upper(): code for code in field.codes or {}}
    known |= {label: code for code, label in (field.codes or {}).items()}

    def read(text: str) -> str:
        folded = fold(text)
        found = known.get(folded.upper()) or known.get(folded)
        if found is None:
            raise Unreadable("code_unknown")
        return found

    return read


def _digits(field: Field) -> Callable[[str], str]:
    def read(text: str) -> str:
        folded = fold(text)
        if len(folded) != field.size or not folded.isdigit() or not folded.isascii():
            raise Unreadable("digits_form")
        return folded

    return read


def reader(field: Field) -> Callable[[str], Any]:
    """The function that reads one value of the field; raises Unreadable."""
    match field.form:
        case "date":
            return _date
        case "month":
            return _month
        case "int":
            return _int
        case "decimal":
            return _decimal
        case "year":
            return _year
        case "person_id":
            return _person_id
        case "code":
            return _code(field)
        case "digits":
            return _digits(field)
    raise ValueError(field.form)


# --- a column --------------------------------------------------------------------------------------------------------


def _days(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Days since 1970-01-01 of a proleptic Gregorian date (integer arithmetic only)."""
    shifted = pl.when(month <= 2).then(year - 1).otherwise(year)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month + pl.when(month > 2).then(-3).otherwise(9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def _fast_date(text: pl.Expr) -> pl.Expr:
    """yyyMMdd with exactly seven digits; null for whatever else or an impossible day."""
    number = pl.when(text.str.len_bytes() == 7).then(text.str.to_integer(strict=False)).cast(pl.Int32)
    number = pl.when(number > 10000).then(number)
    year, month, day = number // 10000 + roc.EPOCH, number // 100 % 100, number % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    longest = pl.when(month == 2).then(pl.when(leap).then(29).otherwise(28)).when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)
    good = month.is_between(1, 12) & (day >= 1) & (day <= longest)
    return pl.when(good).then(_days(year, month, day)).cast(pl.Int32).cast(pl.Date)


def _fast_month(text: pl.Expr) -> pl.Expr:
    number = pl.when(text.str.contains(r"^[0-9]{5}$")).then(text.str.to_integer(strict=False)).cast(pl.Int32)
    year, month = number // 100, number % 100
    return pl.when((year >= 1) & month.is_between(1, 12)).then((year + roc.EPOCH) * 12 + month - 1).cast(pl.Int32)


def _fast(field: Field, text: pl.Expr) -> pl.Expr:
    match field.form:
        case "date":
            return _fast_date(text)
        case "month":
            return _fast_month(text)
        case "int":
            return pl.when(text.str.contains(r"^[0-9]{1,15}$")).then(text.str.to_integer(strict=False)).cast(pl.Int64)
        case "person_id":
            return pl.when(text.str.contains(r"^[A-Z][A-D0-9][0-9]{8}$")).then(text)
        case "digits":
            return pl.when(text.str.contains(rf"^[0-9]{{{field.size}}}$")).then(text)
        case "code":
            return pl.when(text.is_in(list(field.codes or {}))).then(text)
    return pl.lit(None, dtype=dtype(field))


def _slow(values: list[str], read: Callable[[str], Any]) -> Mapping[str, tuple[Any, str | None]]:
    out: dict[str, tuple[Any, str | None]] = {}
    for value in values:
        try:
            out[value] = (read(value), None)
        except Unreadable as problem:
            out[value] = (None, problem.code)
    return out


def read_column(text: pl.Series, field: Field) -> Read:
    """Read a text column of the field's form. Blank cells are null without a code."""
    if field.form in ("text", "name"):
        return _read_text(text, field)
    kind = dtype(field)
    frame = text.alias("t").to_frame()
    frame = frame.with_columns(_fast(field, pl.col("t")).cast(kind).alias("v"))
    left = frame["v"].is_null() & text.is_not_null() & (text != "")
    if not left.any():
        return Read(frame["v"], None)
    distinct = frame.filter(left)["t"].unique()
    found = _slow(distinct.to_list(), _blank_is_none(reader(field)))
    table = pl.DataFrame(
        {"t": list(found), "v2": [value for value, _ in found.values()], CODE: [code for _, code in found.values()]},
        schema={"t": pl.String, "v2": kind, CODE: pl.String},
    )
    joined = frame.join(table, on="t", how="left", maintain_order="left").with_columns(pl.coalesce("v", "v2").alias("v"))
    codes = joined[CODE]
    return Read(joined["v"], codes if codes.null_count() < codes.len() else None)


def _blank_is_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: read(text) if fold(text) else None


_INVISIBLE = "[\u200b\u200c\u200d\u2060\ufeff]"
_BLANKS = " \u3000\t\r\n"
_CONTROL = r"[\x00-\x1f\x7f]"
_DOUBTFUL = "[?？\u3013\ufffd\ue000-\uf8ff]"


def _read_text(text: pl.Series, field: Field) -> Read:
    frame = text.alias("t").to_frame()
    clean = pl.col("t")
    if frame.select(pl.col("t").str.contains(r"[^\x21-\x7e]").any()).item():
        clean = clean.str.replace_all(_INVISIBLE, "").str.normalize("NFC").str.strip_chars(_BLANKS)
    clean = pl.when(clean != "").then(clean)
    frame = frame.with_columns(clean.alias("v"))
    value = pl.col("v")
    code = pl.when(value.str.len_chars() > field.size).then(pl.lit("text_long")).when(value.str.contains(_CONTROL)).then(pl.lit("text_control"))
    if field.form == "name":
        code = code.when(value.str.contains(_DOUBTFUL)).then(pl.lit("name_doubtful"))
    codes = frame.select(code.alias(CODE))[CODE]
    return Read(frame["v"], codes if codes.null_count() < codes.len() else None)


# --- check digit -----------------------------------------------------------------------------------------------------


def checksum_ok(ids: pl.Series) -> pl.Series:
    """Does the check digit of each person_id hold? (The column form of `identity.checksum_ok`; null gives False.)"""
    letters = list(identity.LETTER)
    first = pl.col("i").str.slice(0, 1).replace_strict(letters, list(identity.LETTER.values()), default=None, return_dtype=pl.Int64)
    second_text = pl.col("i").str.slice(1, 1)
    second = second_text.replace_strict(
        list("1289ABCD"), [1, 2, 8, 9, *(identity.LETTER[c] % 10 for c in "ABCD")], default=None, return_dtype=pl.Int64
    )
    rest = pl.col("i").str.slice(2, 8).str.to_integer(strict=False).cast(pl.Int64)
    digit = [rest // 10 ** (7 - place) % 10 for place in range(8)]
    weights = (7, 6, 5, 4, 3, 2, 1, 1)
    total = first // 10 + first % 10 * 9 + second * 8
    for one, weight in zip(digit, weights, strict=True):
        total = total + one * weight
    good = (pl.col("i").str.len_bytes() == 10) & pl.col("i").str.contains(r"^[A-Z][1289A-D][0-9]{8}$") & (total % 10 == 0)
    return ids.alias("i").to_frame().select(good.fill_null(False).alias("id_ok"))["id_ok"]
