"""A column reads every value as the exact function of one value does."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import identity, roc
from app.core.text import fold
from app.exchange import codes
from app.exchange.forms import Unreadable, checksum_ok, fast, needs_look, read_column, reader
from app.exchange.layouts import Field, every_layout

FIELDS = {f: Field(f, f, f, size=8 if f == "digits" else 10, codes=codes.GRADE if f == "code" else None) for f in
          ("date", "month", "int", "decimal", "year", "person_id", "digits", "code")}  # fmt: skip
digits = st.text("0123456789-/.年月日 ０１２,A", max_size=12)
values = st.lists(st.one_of(digits, st.text(max_size=12)), min_size=1, max_size=20)


def column(field, texts):
    series = pl.Series("t", [t or None for t in texts], pl.String)
    frame = series.to_frame().lazy().with_columns(fast(field, pl.col("t")).alias("v")).collect()
    look = frame.select(needs_look(field, pl.col("t"), pl.col("v"))).item()
    read = read_column(series, field)
    if not look:
        assert read.values.to_list() == frame["v"].to_list()
    return list(zip(read.values.to_list(), read.codes.to_list(), strict=True))


def one(field, text):
    if not fold(text):
        return None, None
    try:
        return reader(field)(text), None
    except Unreadable as problem:
        return None, problem.code


@pytest.mark.parametrize("form", sorted(FIELDS))
@given(texts=values)
@settings(max_examples=60, deadline=None)
def test_column_equals_value_by_value(form, texts):
    assert column(FIELDS[form], texts) == [one(FIELDS[form], t) for t in texts]


@given(st.lists(st.dates(dt.date(1850, 1, 1), dt.date(2199, 12, 31)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_date_comes_back(days):
    assert column(FIELDS["date"], [roc.date7(d) for d in days]) == [(d, None) for d in days]


def test_every_seven_digit_month_end():
    texts = [f"{y:03d}{m:02d}{d:02d}" for y in (1, 17, 89, 97, 98, 100, 189) for m in range(14) for d in (0, 1, 28, 29, 30, 31, 32)]
    assert column(FIELDS["date"], texts) == [one(FIELDS["date"], t) for t in texts]


@given(st.lists(st.from_regex(r"[A-Z][A-D0-9][0-9]{8}", fullmatch=True), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_check_digit_as_in_core(ids):
    got = pl.DataFrame({"i": ids}).select(checksum_ok(pl.col("i")))["i"].to_list()
    assert got == [identity.checksum_ok(i) for i in ids]


@pytest.mark.parametrize(
    "text,value",
    [("0980301", dt.date(2009, 3, 1)), ("98/3/1", dt.date(2009, 3, 1)), ("098.03.01", dt.date(2009, 3, 1)), ("2009-03-01", dt.date(2009, 3, 1)),
     ("-0050301", dt.date(1907, 3, 1)), ("０９８０３０１", dt.date(2009, 3, 1)), ("980301", dt.date(2009, 3, 1)), ("民國98年3月1日", dt.date(2009, 3, 1))],
)  # fmt: skip
def test_dates_as_people_write_them(text, value):
    assert column(FIELDS["date"], [text]) == [(value, None)]


@pytest.mark.parametrize("form,text,code", [
    ("date", "0980230", "date_form"), ("date", "0260000", "date_day_unknown"), ("month", "09813", "month_form"), ("int", "六千", "int_form"),
    ("int", "-5", "int_negative"), ("int", "12.5", "int_form"), ("person_id", "A12345", "id_form"), ("person_id", "A1234****9", "id_masked"),
    ("digits", "1000401", "digits_form"), ("code", "重", "code_unknown"),
])  # fmt: skip
def test_what_cannot_be_read_is_named(form, text, code):
    assert column(FIELDS[form], [text]) == [(None, code)]


def test_what_is_forgiven():
    assert column(FIELDS["int"], ["6,000", "６０００", "6000.0"]) == [(6000, None)] * 3
    assert column(FIELDS["person_id"], ["ａ123456789", "a123456789"]) == [("A123456789", None)] * 2
    assert column(FIELDS["code"], ["重度", "SEVERE", " severe"]) == [("severe", None)] * 3
    assert column(FIELDS["month"], ["98年3月", "9803", "2009-03"]) == [(roc.month(98, 3), None)] * 3


def test_layouts_hold_together():
    for layout in every_layout():
        names = [f.name for f in layout.fields]
        assert len(names) == len(set(names))
        assert set(layout.key) <= set(layout.required), layout.source
        assert all(f.codes for f in layout.fields if f.form == "code")
        for f in layout.fields:
            if f.example and f.form not in ("text", "name"):
                assert one(f, f.example)[1] is None, (layout.source, f.name)
