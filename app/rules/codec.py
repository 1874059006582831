"""Facts and decisions as JSON and back, by their type hints. Stable: the same value always gives the same text."""

import dataclasses
import datetime as dt
import json
import types
from collections.abc import Mapping
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from app.core.months import Months

T = TypeVar("T")


def dumps(value: Any) -> str:
    """JSON text with sorted keys, Chinese as it is written."""
    return json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def loads(kind: type[T], text: str) -> T:
    """What `dumps` wrote, as `kind`. Fields the text lacks take their defaults; unknown ones are ignored."""
    plain: T = from_plain(kind, json.loads(text))
    return plain


def to_plain(value: Any) -> Any:
    """Only dict, list, str, int, bool and None."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Months):
        return [list(span) for span in value.spans]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [to_plain(v) for v in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def from_plain(kind: Any, plain: Any) -> Any:
    """The inverse of `to_plain` for a type hint."""
    if get_origin(kind) in (Union, types.UnionType):
        if plain is None:
            return None
        choices = [c for c in get_args(kind) if c is not type(None)]
        return from_plain(Fraction if set(choices) == {int, Fraction} and isinstance(plain, str) else choices[0], plain)
    if get_origin(kind) is tuple:
        return tuple(from_plain(get_args(kind)[0], p) for p in plain)
    if kind is Months:
        return Months.of(*((a, b) for a, b in plain))
    if kind is dt.date:
        return dt.date.fromisoformat(plain)
    if kind is Fraction:
        return Fraction(plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{f.name: from_plain(hints[f.name], plain[f.name]) for f in dataclasses.fields(kind) if f.name in plain})  # type: ignore[operator]
    return plain
