"""Fill the facts a rule wants from the columns of an application, by name and type: a new benefit needs no adapter of its own.

A column answers the fact of its name; a part of a fact has the fact's name in front (`card_grade`, `misuse_since`). What has no column,
or whose column is empty, keeps what the rule's own dataclass says for "nobody told us": not known, or nothing reported.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from app.core.text import fold
from app.rules.facts import Finding, Source
from app.rules.local_definition import NamedFinding

PAPERS = Source("申請書及所附證明")
_NOTHING: Any = MISSING
FINDING = "finding_"
"""What stands before the columns of a local benefit's own findings."""


def fill(wanted: type, row: Any, given: Mapping[str, Any], named: Mapping[str, str] | None = None, prefix: str = "") -> Any:
    """A `wanted` dataclass from the columns of `row`; `given` are facts already made, `named` columns of another name than their fact."""
    values = dict(given)
    hints = get_type_hints(wanted)
    for field in fields(wanted):
        if field.name in given:
            continue
        name = (named or {}).get(field.name, prefix + field.name)
        value = _value(hints[field.name], row, name)
        if value is not _NOTHING:
            values[field.name] = value
    return wanted(**values)


def _value(kind: Any, row: Any, name: str) -> Any:
    options = [k for k in get_args(kind) if k is not types.NoneType] if get_origin(kind) in (Union, types.UnionType) else [kind]
    kind = options[0]
    if get_origin(kind) is tuple:
        return _several(get_args(kind)[0], row, name)
    if is_dataclass(kind) and kind is not Finding:
        assert isinstance(kind, type)
        return _nested(kind, row, name)
    stored = getattr(row, name, None)
    if stored is None:
        return _NOTHING
    if kind is Finding:
        return Finding(bool(stored), getattr(row, f"{name}_since", None), PAPERS)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(stored)
    return stored


def _several(of: Any, row: Any, name: str) -> Any:
    if of is NamedFinding:
        columns = [n for n in getattr(row, "FACTS", ()) if n.startswith(FINDING) and not n.endswith("_since")]
        return tuple(
            NamedFinding(n.removeprefix(FINDING), Finding(getattr(row, n), getattr(row, f"{n}_since", None), PAPERS)) for n in columns
        )
    stored = getattr(row, name, None)
    if of is str and stored:
        return tuple(part for part in fold(stored).replace("、", ",").replace(" ", ",").split(",") if part)
    return _NOTHING


def _nested(kind: type, row: Any, name: str) -> Any:
    """A part with fields of its own, when at least one of them has an answer."""
    hints = get_type_hints(kind)
    answered = [f.name for f in fields(kind) if _value(hints[f.name], row, f"{name}_{f.name}") is not _NOTHING]
    if not answered:
        return _NOTHING
    source = {"source": PAPERS} if "source" in hints else {}
    return fill(kind, row, source, prefix=f"{name}_")

