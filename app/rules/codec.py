"""Facts and decisions as JSON and back, by their type hints. Stable: the same value always gives the same text."""

import dataclasses
import datetime as dt
import json
import types
from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from app.core.months import Months

T = TypeVar("T")


def dumps(value: Any) -> str:
    """JSON text with sorted keys, Chinese as it is written."""
    return json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def loads(kind: type[T], text: str) -> T:
    """What `dumps` wrote, as `kind`. Fields the text lacks take their defaults; unknown ones are ignored."""
    plain: T = from_plain(kind, json.loads(text))
    return plain


Plain = Callable[[Any], Any]
_WRITERS: dict[type, Plain] = {}
_PLAIN = frozenset((type(None), bool, int, str))


def to_plain(value: Any) -> Any:
    """Only dict, list, str, int, bool and None."""
    kind = type(value)
    return (_WRITERS.get(kind) or _writer(kind))(value)


def _writer(kind: type) -> Plain:
    """How values of a type are written, made once: a recomputation writes the same few types millions of times. Raises TypeError."""
    write: Plain
    if issubclass(kind, Enum):
        write = attrgetter("value")
    elif kind is type(None) or issubclass(kind, bool | int | str):
        write = _as_it_is
    elif issubclass(kind, dt.date):
        write = kind.isoformat
    elif issubclass(kind, Fraction):
        write = str
    elif issubclass(kind, Months):
        write = _spans
    elif dataclasses.is_dataclass(kind):
        names = tuple(f.name for f in dataclasses.fields(kind))

        def write(value: Any) -> dict[str, Any]:
            given = [(name, getattr(value, name)) for name in names]
            return {name: v if type(v) in _PLAIN else to_plain(v) for name, v in given}

    elif issubclass(kind, tuple | list):
        write = _each
    else:
        raise TypeError(f"{kind.__name__} has no JSON form")
    _WRITERS[kind] = write
    return write


def _as_it_is(value: Any) -> Any:
    return value


def _spans(value: Months) -> list[list[Any]]:
    return [list(span) for span in value.spans]


def _each(value: Any) -> list[Any]:
    return [v if type(v) in _PLAIN else to_plain(v) for v in value]


def from_plain(kind: Any, plain: Any) -> Any:
    """The inverse of `to_plain` for a type hint."""
    return _reader(kind)(plain)


@cache
def _reader(kind: Any) -> Plain:
    """How a type hint is read, made once."""
    if get_origin(kind) in (Union, types.UnionType):
        choices = [c for c in get_args(kind) if c is not type(None)]
        first, number = _reader(choices[0]), set(choices) == {int, Fraction}

        def read_choice(plain: Any) -> Any:
            if plain is None:
                return None
            return Fraction(plain) if number and isinstance(plain, str) else first(plain)

        return read_choice
    if get_origin(kind) is tuple:
        item = _reader(get_args(kind)[0])
        return lambda plain: tuple([item(p) for p in plain])
    if kind is Months:
        return lambda plain: Months.of(*((a, b) for a, b in plain))
    if kind is dt.date:
        return dt.date.fromisoformat
    if kind is Fraction or (isinstance(kind, type) and issubclass(kind, Enum)):
        return cast(Plain, kind)
    return _dataclass_reader(kind) if dataclasses.is_dataclass(kind) else _as_it_is


def _dataclass_reader(kind: Any) -> Plain:
    hints = get_type_hints(kind)
    readers: dict[str, Plain] = {}

    def read(plain: Any) -> Any:
        if not readers:  # made on first use: a type may name itself
            readers.update({f.name: _reader(hints[f.name]) for f in dataclasses.fields(kind)})
        return kind(**{name: of(plain[name]) for name, of in readers.items() if name in plain})

    return read
