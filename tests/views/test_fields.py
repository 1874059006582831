"""Fields and values: what Taiwanese offices write is read, and shown as they write it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, String
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.core import roc
from app.models.base import AccountType, Money, MonthType, PersonIdType
from app.views.base_forms import WholeNumberField
from app.views.base_values import Cell, kind_of, show
from app.views.fields_roc import MoneyField, PersonIdField, RocDateField, RocMonthField, YesNoField


def typed(field: Any, text: str, **kwargs: Any) -> Any:
    form = type("F", (Form,), {"x": field("欄位", **kwargs)})(MultiDict({"x": text}))
    form.validate()
    return form.x


@pytest.mark.parametrize("text", ["0980301", "980301", "98/3/1", "98.03.01", "民國98年3月1日", "２００９-03-01", " 98/3/1 "])
def test_dates(text: str) -> None:
    assert typed(RocDateField, text).data == dt.date(2009, 3, 1)


@pytest.mark.parametrize("text", ["98/2/30", "下星期", "98/13/1", "0/1/1"])
def test_a_wrong_date_stays_and_is_explained(text: str) -> None:
    field = typed(RocDateField, text)
    assert field.data is None and field.errors and field._value() == text


@pytest.mark.parametrize(("text", "month"), [("09803", (98, 3)), ("98/3", (98, 3)), ("98年3月", (98, 3)), ("2009-03", (98, 3))])
def test_months(text: str, month: tuple[int, int]) -> None:
    assert typed(RocMonthField, text).data == roc.month(*month)


@pytest.mark.parametrize(("text", "amount"), [("6,000", 6000), ("６０００", 6000), ("6000元", 6000), ("-1,200", -1200), ("", None)])
def test_amounts(text: str, amount: int | None) -> None:
    assert typed(MoneyField, text).data == amount


@pytest.mark.parametrize("text", ["六千", "6.5", "1e9", "9" * 40])
def test_a_wrong_amount_is_explained(text: str) -> None:
    assert typed(MoneyField, text).errors


def test_whole_numbers() -> None:
    assert typed(WholeNumberField, "１,２３４").data == 1234
    assert "不是整數" in typed(WholeNumberField, "1.5").errors[0]


def test_a_person_id_is_normalised_and_checked_by_form() -> None:
    assert typed(PersonIdField, " ａ123456789 ").data == "A123456789"
    assert typed(PersonIdField, "A12").errors
    assert not typed(PersonIdField, "A123456780").errors, "a failed check digit is a flag, not a refusal"


def test_a_stored_person_id_is_never_in_the_form() -> None:
    class Row:
        x = "A123456789"

    form = type("F", (Form,), {"x": PersonIdField("號碼")})(obj=Row())
    assert "A123456789" not in form.x() and "A12345****" in form.x()
    kept = type("F", (Form,), {"x": PersonIdField("號碼")})(MultiDict({"x": ""}), obj=Row())
    assert kept.validate() and kept.x.data == "A123456789"


@pytest.mark.parametrize(("text", "value"), [("y", True), ("n", False), ("", None), ("maybe", None)])
def test_yes_no(text: str, value: bool | None) -> None:
    assert typed(YesNoField, text).data is value


SHOWN: list[tuple[Any, Any, str]] = [
    (dt.date(2009, 3, 1), Column("d", Date), "98/03/01"),
    (dt.datetime(2009, 2, 28, 16, 5), Column("m", DateTime), "98/03/01 00:05"),
    (roc.month(98, 3), Column("x", MonthType), "98年3月"),
    (6000, Column("x", Money), "6,000"),
    ("A123456789", Column("x", PersonIdType), "A12345****"),
    ("00012345678", Column("x", AccountType), "*******5678"),
    (True, Column("x", Boolean), "是"),
    (False, Column("x", Boolean), "否"),
    (None, Column("x", Money), ""),
    (1234, Column("x", Integer), "1234"),
    ("draft", Column("x", String, info={"choices": {"draft": "草稿"}}), "草稿"),
    (Decimal("1.50"), None, "1.50"),
    (["甲", True], None, "甲、是"),
]


@pytest.mark.parametrize(("value", "column", "text"), SHOWN)
def test_values_are_shown_as_people_write_them(value: Any, column: Any, text: str) -> None:
    assert show(value, column) == text


def test_a_cell_knows_how_to_be_drawn() -> None:
    column = Column("x", String, info={"choices": {"open": "待辦"}, "styles": {"open": "warn"}})
    cell = Cell.of("open", column)
    assert (str(cell), cell.raw, cell.kind, cell.style) == ("待辦", "open", "choice", "warn")
    assert kind_of(Column("x", PersonIdType)) == "person_id"
