"""How a stored value is shown to people: one place for lists, record pages, look-ups and spreadsheets."""

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Enum, Float, Integer, Numeric, inspect
from sqlalchemy.orm import ColumnProperty, RelationshipProperty

from app.core import clock, money, roc, text
from app.models.base import AccountType, Money, MonthType, PersonIdType

YES, NO = "是", "否"

_KINDS: tuple[tuple[type, str], ...] = (
    (PersonIdType, "person_id"),
    (AccountType, "account"),
    (MonthType, "month"),
    (Money, "money"),
    (Enum, "choice"),
    (Boolean, "boolean"),
    (DateTime, "moment"),
    (Date, "date"),
    (Integer, "number"),
    (Float, "number"),
    (Numeric, "number"),
)
MASKED = ("person_id", "account")

_columns: dict[tuple[type[Any], str], Column[Any] | None] = {}
_labels: dict[str, Callable[[], Mapping[Any, Any]]] = {}


def labels_for(column_name: str, provider: Callable[[], Mapping[Any, Any]]) -> None:
    """Show the values of every column of this name by a mapping value → label (for codes: benefit, town_code …)."""
    _labels[column_name] = provider


def column_at(model: type[Any], path: str) -> Column[Any] | None:
    """The column a dotted path (`person.name`) ends at; None for anything that is not a column."""
    if (model, path) not in _columns:
        _columns[model, path] = _find_column(model, path)
    return _columns[model, path]


def _find_column(model: type[Any], path: str) -> Column[Any] | None:
    *relations, leaf = path.split(".")
    for name in relations:
        prop = inspect(model).attrs.get(name)
        if not isinstance(prop, RelationshipProperty):
            return None
        model = prop.mapper.class_
    prop = inspect(model).attrs.get(leaf)
    return prop.columns[0] if isinstance(prop, ColumnProperty) and isinstance(prop.columns[0], Column) else None


def label_at(model: type[Any], path: str) -> Any:
    """The label its model gives a column, a relationship or a property on the path; None when it has none."""
    *relations, leaf = path.split(".")
    for name in relations:
        prop = inspect(model).attrs.get(name)
        if not isinstance(prop, RelationshipProperty):
            return None
        model = prop.mapper.class_
    attr = inspect(model).all_orm_descriptors.get(leaf)
    prop = inspect(model).attrs.get(leaf)
    found = (prop.info if prop is not None else attr.info if attr is not None else {}).get("label")
    if found is None and isinstance(prop, ColumnProperty) and isinstance(prop.columns[0], Column):
        found = prop.columns[0].info.get("label")
    return found


def kind_of(column: Column[Any] | None) -> str:
    """person_id | account | month | money | choice | boolean | moment | date | number | text."""
    if column is None:
        return "text"
    if "choices" in column.info or column.key in _labels:
        return "choice"
    return next((kind for type_, kind in _KINDS if isinstance(column.type, type_)), "text")


def choices_of(column: Column[Any] | None) -> Mapping[Any, Any]:
    """value → label of a coded column: `info["choices"]`, a registered mapping for its name, or its Enum; else empty."""
    if column is None:
        return {}
    given = column.info.get("choices")
    if given is None and column.key in _labels:
        given = _labels[column.key]
    if given is not None:
        return given() if callable(given) else given
    if isinstance(column.type, Enum):
        if column.type.enum_class is not None:
            return {member: getattr(member, "label", member.value) for member in column.type.enum_class}
        return {value: value for value in column.type.enums}
    return {}


def style_of(value: Any, column: Column[Any] | None) -> str:
    """The badge style of a coded value (`info["styles"]`): good | warn | bad | info | neutral; empty for no badge."""
    styles = {} if column is None else column.info.get("styles", {})
    return styles.get(value, "") if styles else ""  # (a JSON value is no key)


def show(value: Any, column: Column[Any] | None = None) -> str:
    """The value as people read it; empty for None. ID and account numbers come masked."""
    if value is None:
        return ""
    choices = choices_of(column)
    if choices:
        return str(choices.get(value, value))
    kind = kind_of(column)
    if kind == "person_id":
        return text.mask_id(str(value))
    if kind == "account":
        return text.mask_account(str(value))
    if kind == "month" and isinstance(value, int):
        return roc.show_month(value)
    if kind == "money" and isinstance(value, int):
        return money.show(value)
    return _by_type(value)


def show_moment(moment: dt.datetime | None) -> str:
    """A stored moment as Taipei wall-clock time: `98/03/01 14:05`."""
    if moment is None:
        return ""
    local = clock.to_taipei(moment)
    return f"{roc.show_date(local.date())} {local:%H:%M}"


def _by_type(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, dt.datetime):
        return show_moment(value)
    if isinstance(value, dt.date):
        return roc.show_date(value)
    if isinstance(value, enum.Enum):
        return str(getattr(value, "label", value.value))
    if isinstance(value, (Decimal, float)):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "、".join(_by_type(v) for v in value)
    if isinstance(value, Mapping):
        return "；".join(f"{k}：{_by_type(v)}" for k, v in value.items())
    return str(value)


class Cell(str):
    """A shown value with what the page needs to draw it: `raw`, `kind` (alignment) and `style` (badge)."""

    raw: Any
    kind: str
    style: str

    @classmethod
    def of(cls, raw: Any, column: Column[Any] | None) -> "Cell":
        cell = cls(show(raw, column))
        cell.raw, cell.kind, cell.style = raw, kind_of(column), style_of(raw, column)
        if cell.kind == "text" and isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
            cell.kind = "number"
        return cell
