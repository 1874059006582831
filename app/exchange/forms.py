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
    codes: pl.Series


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

_INVISIBLE = "[\u200b\u200c\u200d\u2060\ufeff]"
_BLANKS = " \u3000\t\r\n"
_BREAK = "[ \t]*[\r\n\t][ \t\r\n]*"  # a quoted cell may have several lines (RFC 4180)
_CONTROL = r"[\x00-\x1f\x7f]"
_DOUBTFUL = "[?？\u3013\ufffd\ue000-\uf8ff]"
# Text of these characters alone is already as it should be: printable ASCII without blanks, CJK, full-width forms.
_UNPLAIN = "[^\\x21-\\x7e\u3001-\u3012\u3014-\u3029\u3400-\u9fff\uff01-\uff5e\U00020000-\U0002f7ff]"
_UNPLAIN_NAME = _UNPLAIN + "|[?？]"


def _fast_date(text: pl.Expr) -> pl.Expr:
    """Integer arithmetic only: the days since 1970-01-01 of a proleptic Gregorian date."""
    n = pl.when(text.str.contains("^[0-9]{7}$")).then(text).cast(pl.Int32, strict=False)
    roc_year, month, day = n // 10000, n // 100 % 100, n % 100
    year = roc_year + roc.EPOCH
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    longest = pl.when(month == 2).then(28 + leap.cast(pl.Int32)).otherwise(30 + ((month + month // 8) % 2))
    good = (roc_year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest)
    late = (month > 2).cast(pl.Int32)
    y, m = year - 1 + late, month + 9 - 12 * late  # years and months counted from March
    days = y * 365 + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 719469
    return pl.when(good).then(days).cast(pl.Int32).cast(pl.Date)


def _fast_month(text: pl.Expr) -> pl.Expr:
    n = pl.when(text.str.contains("^[0-9]{5}$")).then(text).cast(pl.Int32, strict=False)
    year, month = n // 100, n % 100
    return pl.when((year >= 1) & (month >= 1) & (month <= 12)).then((year + roc.EPOCH) * 12 + month - 1)


def fast(field: Field, text: pl.Expr) -> pl.Expr:
    """What of a text column is in the canonical form, typed; null for blank cells and for whatever needs a closer look."""
    match field.form:
        case "text" | "name":
            value = text
        case "date":
            value = _fast_date(text)
        case "month":
            value = _fast_month(text)
        case "int":
            value = pl.when(text.str.contains(r"^[0-9]{1,15}$")).then(text).cast(pl.Int64, strict=False)
        case "person_id":
            value = pl.when(text.str.contains(r"^[A-Z][A-D0-9][0-9]{8}$")).then(text)
        case "digits":
            value = pl.when(text.str.contains(rf"^[0-9]{{{field.size}}}$")).then(text)
        case "code":
            value = pl.when(text.is_in(list(field.codes or {}))).then(text)
        case _:
            value = pl.lit(None, dtype=dtype(field))
    return value.cast(dtype(field))


def needs_look(field: Field, text: pl.Expr, value: pl.Expr) -> pl.Expr:
    """Is there any cell that `fast` does not settle?"""
    if field.form in ("text", "name"):
        return (text.str.contains(_UNPLAIN_NAME if field.form == "name" else _UNPLAIN) | (text.str.len_bytes() > field.size)).any()
    return (value.is_null() & text.is_not_null()).any()


def read_column(text: pl.Series, field: Field, quick: pl.Series | None = None) -> Read:
    """Read a text column exactly. Blank cells are null without a code. `quick` is what `fast` made of it, if known."""
    if field.form in ("text", "name"):
        return _read_text(text, field)
    kind = dtype(field)
    values = text.to_frame("t").with_columns(fast(field, pl.col("t")).alias("v"))["v"] if quick is None else quick.alias("v")
    rest = pl.DataFrame({"t": text, "v": values}).with_row_index("at").filter(pl.col("v").is_null() & pl.col("t").is_not_null())
    codes = pl.repeat(None, text.len(), dtype=pl.String, eager=True).alias(CODE)
    if rest.is_empty():
        return Read(values, codes)
    found = _slow(rest["t"].unique().to_list(), reader(field))
    table = pl.DataFrame(
        {"t": list(found), "v2": [value for value, _ in found.values()], CODE: [code for _, code in found.values()]},
        schema={"t": pl.String, "v2": kind, CODE: pl.String},
    )
    joined = rest.join(table, on="t", how="left", maintain_order="left")
    if joined.height * 8 > text.len():  # most cells are of another form: one pass over all is quicker than putting them in one by one
        whole = pl.DataFrame({"t": text, "v": values}).join(table, on="t", how="left", maintain_order="left")
        return Read(whole.select(pl.coalesce("v", "v2"))["v"], whole[CODE])
    return Read(values.scatter(joined["at"], joined["v2"]), codes.scatter(joined["at"], joined[CODE]))


def _slow(values: list[str], read: Callable[[str], Any]) -> Mapping[str, tuple[Any, str | None]]:
    out: dict[str, tuple[Any, str | None]] = {}
    for value in values:
        try:
            out[value] = (read(value) if fold(value) else None, None)
        except Unreadable as problem:
            out[value] = (None, problem.code)
    return out


def _read_text(text: pl.Series, field: Field) -> Read:
    clean = pl.col("t").str.replace_all(_INVISIBLE, "").str.normalize("NFC").str.strip_chars(_BLANKS)
    broken = clean.str.contains(_BREAK)
    clean = clean.str.replace_all(_BREAK, " ")
    frame = text.alias("t").to_frame().select(pl.when(clean != "").then(clean).alias("v"), broken.alias("broken"))
    value = pl.col("v")
    code = (
        pl.when(value.str.len_chars() > field.size)
        .then(pl.lit("text_long"))
        .when(value.str.contains(_CONTROL))
        .then(pl.lit("text_control"))
        .when("broken")
        .then(pl.lit("text_break"))
    )
    if field.form == "name":
        code = code.when(value.str.contains(_DOUBTFUL)).then(pl.lit("name_doubtful"))
    return Read(frame["v"], frame.select(code.alias(CODE))[CODE])


# --- check digit -----------------------------------------------------------------------------------------------------


_UNITS: Final = {**{d: int(d) for d in "1289"}, **{c: identity.LETTER[c] % 10 for c in "ABCD"}}
_STARTS: Final = {
    letter + second: number // 10 + number % 10 * 9 + unit * 8 for letter, number in identity.LETTER.items() for second, unit in _UNITS.items()
}


def checksum_ok(ids: pl.Expr) -> pl.Expr:
    """Does the check digit of each person_id hold? (The column form of `identity.checksum_ok`; null gives False.)"""
    total = ids.str.slice(0, 2).replace_strict(_STARTS, default=None, return_dtype=pl.Int32)
    rest = ids.str.slice(2, 8).cast(pl.UInt32, strict=False).cast(pl.Int32)  # a minus is no digit
    for place, weight in enumerate((7, 6, 5, 4, 3, 2, 1, 1)):
        total = total + rest // 10 ** (7 - place) * weight  # the digits before this one weigh tens here, which modulo 10 are nothing
    ten = (ids.str.len_bytes() == 10) & ~ids.str.contains("+", literal=True)  # nor is a plus
    return (ten & (total % 10 == 0)).fill_null(False)
