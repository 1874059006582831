"""Search filters by kind of column. Each is a range or an equality that an ordinary index serves; a bad value finds nothing."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask_appbuilder.models.filters import BaseFilter, BaseFilterConverter
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, inspect, select
from sqlalchemy.orm import Query

from app.core import clock, identity, roc, text

from .base_values import choices_of, column_at, kind_of

MAX_INT = 2**63 - 1


class BadValue(ValueError):
    """What was typed cannot be searched for; the message (Chinese) says what to type."""


def on_path(model: type[Any], path: str, make: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """A criterion on the column a dotted path ends at, as `foreign key IN (SELECT …)`: no join, so no doubled rows."""
    name, _, rest = path.partition(".")
    attribute = getattr(model, name)
    if not rest:
        return make(attribute)
    prop = attribute.property
    (local, remote) = prop.local_remote_pairs[0]
    target = prop.mapper.class_
    key = getattr(target, inspect(target).get_property_by_column(remote).key)
    mine = getattr(model, inspect(model).get_property_by_column(local).key)
    return mine.in_(select(key).where(on_path(target, rest, make)))


def starts_with(attribute: Any, value: str, dialect: str) -> ColumnElement[bool]:
    """`value%` in the form the database's index serves: a range on SQLite, LIKE on PostgreSQL."""
    if dialect != "sqlite":
        return attribute.startswith(value, autoescape=True)
    following = ord(value[-1]) + 1
    following = 0xE000 if 0xD800 <= following < 0xE000 else following
    if following > 0x10FFFF:
        return attribute >= value
    return (attribute >= value) & (attribute < value[:-1] + chr(following))


class KindFilter(BaseFilter):
    """Base of the filters: `parse` what was typed, `compare` with the column. `part` tells a range's two ends apart."""

    part = ""

    def parse(self, value: str) -> Any:
        return value

    def compare(self, attribute: Any, value: Any, dialect: str) -> ColumnElement[bool]:
        return attribute == value

    def check(self, value: str) -> None:
        """Raises BadValue when the value cannot be searched for."""
        self.parse(value)

    def apply(self, query: "Query[Any]", value: Any) -> "Query[Any]":
        try:
            parsed = self.parse(str(value))
        except BadValue:
            return query.filter(false())
        dialect = query.session.get_bind().dialect.name
        return query.filter(on_path(self.model, self.column_name, lambda a: self.compare(a, parsed, dialect)))


class StartsWith(KindFilter):
    name = _l("Starts with")
    arg_name = "prefix"

    def parse(self, value: str) -> str:
        return _typed_text(value)

    def compare(self, attribute: Any, value: str, dialect: str) -> ColumnElement[bool]:
        return starts_with(attribute, value, dialect)


class Contains(StartsWith):
    name = _l("Contains")
    arg_name = "contains"

    def compare(self, attribute: Any, value: str, dialect: str) -> ColumnElement[bool]:
        return attribute.contains(value, autoescape=True)


class Equals(KindFilter):
    name = _l("Equal to")
    arg_name = "equals"

    def parse(self, value: str) -> Any:
        return _typed_text(value)


class EqualsPersonId(Equals):
    arg_name = "person_id"

    def parse(self, value: str) -> str:
        found = identity.normal(_typed_text(value))
        if identity.kind(found) == "unknown":
            raise BadValue("身分證統一編號應為 1 個英文字母加 9 個數字，居留證號為 2 個英文字母加 8 個數字")
        return found


class EqualsChoice(Equals):
    arg_name = "choice"

    def parse(self, value: str) -> Any:
        found = {_choice_key(v): v for v in choices_of(column_at(self.model, self.column_name))}
        if value not in found:
            raise BadValue("請從清單中選擇")
        return found[value]


class EqualsYesNo(Equals):
    arg_name = "yes_no"

    def parse(self, value: str) -> bool:
        if value not in ("y", "n"):
            raise BadValue("請選擇是或否")
        return value == "y"


class EqualsRelated(Equals):
    arg_name = "related"

    def parse(self, value: str) -> Any:
        found = self.datamodel.get_related_interface(self.column_name).get(value)
        if found is None:
            raise BadValue("請從清單中選擇")
        return found


class EqualsNumber(Equals):
    arg_name = "number"

    def parse(self, value: str) -> int:
        try:
            found = int(text.fold(value).replace(",", ""))
        except ValueError:
            raise BadValue(f"「{value}」不是數字，請只填數字") from None
        if abs(found) > MAX_INT:
            raise BadValue("數字太大")
        return found


class EqualsDate(Equals):
    arg_name = "date"

    def parse(self, value: str) -> dt.date:
        try:
            return roc.parse_date(value)
        except roc.RocError as bad:
            raise BadValue(str(bad)) from None


class EqualsMonth(Equals):
    arg_name = "month"

    def parse(self, value: str) -> int:
        try:
            return roc.parse_month(value)
        except roc.RocError as bad:
            raise BadValue(str(bad)) from None


class _From:
    name = _l("From")
    part = "from"

    def compare(self, attribute: Any, value: Any, dialect: str) -> ColumnElement[bool]:
        return attribute >= value


class _To:
    name = _l("To")
    part = "to"

    def compare(self, attribute: Any, value: Any, dialect: str) -> ColumnElement[bool]:
        return attribute <= value


class DateFrom(_From, EqualsDate):
    arg_name = "date_from"


class DateTo(_To, EqualsDate):
    arg_name = "date_to"


class MonthFrom(_From, EqualsMonth):
    arg_name = "month_from"


class MonthTo(_To, EqualsMonth):
    arg_name = "month_to"


class NumberFrom(_From, EqualsNumber):
    arg_name = "number_from"


class NumberTo(_To, EqualsNumber):
    arg_name = "number_to"


class MomentFrom(_From, EqualsDate):
    """Moments are stored in UTC; the day typed is a day in Taipei."""

    arg_name = "moment_from"

    def compare(self, attribute: Any, value: dt.date, dialect: str) -> ColumnElement[bool]:
        return attribute >= _utc(value)


class MomentTo(_To, EqualsDate):
    arg_name = "moment_to"

    def compare(self, attribute: Any, value: dt.date, dialect: str) -> ColumnElement[bool]:
        return attribute < _utc(value + dt.timedelta(days=1))


FILTERS: dict[str, tuple[type[KindFilter], ...]] = {
    "text": (StartsWith, Contains, Equals),
    "person_id": (EqualsPersonId,),
    "account": (Equals,),
    "month": (MonthFrom, MonthTo, EqualsMonth),
    "money": (NumberFrom, NumberTo, EqualsNumber),
    "number": (EqualsNumber, NumberFrom, NumberTo),
    "choice": (EqualsChoice,),
    "boolean": (EqualsYesNo,),
    "date": (DateFrom, DateTo, EqualsDate),
    "moment": (MomentFrom, MomentTo),
    "related": (EqualsRelated,),
}


class KindFilterConverter(BaseFilterConverter):
    """Which filters a column offers; the position in the list is the number in `_flt_<number>_<column>`."""

    def convert(self, col_name: str) -> list[KindFilter] | None:
        if self.datamodel.is_relation_many_to_one(col_name):
            kind = "related"
        else:
            column = column_at(self.datamodel.obj, col_name)
            if column is None:
                return None
            kind = kind_of(column)
        return [filter_(col_name, self.datamodel) for filter_ in FILTERS[kind]]


def _typed_text(value: str) -> str:
    found = text.fold(value)
    if not found or "\0" in found:
        raise BadValue("請輸入要查詢的文字")
    return found[:100]


def _choice_key(value: Any) -> str:
    return str(getattr(value, "name", value))


def _utc(day: dt.date) -> dt.datetime:
    try:
        return dt.datetime.combine(day, dt.time(), clock.TAIPEI).astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError:
        return dt.datetime.combine(day, dt.time())
