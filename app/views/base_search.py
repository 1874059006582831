"""The search panel: every criterion visible, ranges with two ends, and personal criteria never in a URL.

Criteria travel as `_flt_<number>_<column>`. Those on personal columns (ID numbers, accounts, names, birth dates, addresses, phones) are sent
by POST, kept on the server for the signed-in person, and stand in the URL as a token.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.text import row_number

from .base_filters import BadValue, KindFilter
from .base_values import MASKED, choices_of, column_at, kind_of, show
from .remote import Lookup, describe

TOKEN = "find"  # noqa: S105  (the name of an argument)
NAME = re.compile(r"_flt_(\d)_(.+)")
PERSONAL = {"name", "person_name", "birth", "phone", "address", "registered_address", "actual_address", "payee_name"}
LONGEST = 200


@dataclass
class Part:
    """One input of a control."""

    name: str
    label: str
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    error: str = ""


@dataclass
class Control:
    """One searchable column as the panel draws it."""

    column: str
    label: str
    kind: str
    private: bool
    parts: list[Part]
    operators: Sequence[tuple[str, str]] = ()
    operator: str = "0"
    url: str = ""
    text: str = ""

    @property
    def active(self) -> bool:
        return any(part.value for part in self.parts)


@dataclass
class Criteria:
    """What one request searches for: values by input name, and what was wrong with them."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    token: str = ""
    lost: bool = False

    def __bool__(self) -> bool:
        return bool(self.values)


def is_private(view: Any, name: str) -> bool:
    """May a value of this column never stand in a URL?"""
    column = column_at(view.datamodel.obj, name)
    if column is None:
        return False
    return kind_of(column) in MASKED or column.info.get("private", view.personal and name.rsplit(".", 1)[-1] in PERSONAL)


def split(view: Any, sent: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(public, private) criteria of what was sent; empty ones and unknown columns fall away."""
    public: dict[str, str] = {}
    private: dict[str, str] = {}
    for name, value in sent.items():
        found = NAME.fullmatch(name)
        if found and value.strip() and found[2] in view.search_columns:
            number = int(found[1])
            chosen = row_number(sent.get(f"_op_{found[2]}", "")[:1])
            if number == 0 and chosen is not None:
                number = chosen
            target = private if is_private(view, found[2]) else public
            target[f"_flt_{number}_{found[2]}"] = value.strip()[:LONGEST]
    return public, private


def without_private(view: Any, args: Mapping[str, str]) -> dict[str, str]:
    """The arguments of an address without criteria that may not stand in one."""
    return {k: v for k, v in args.items() if not ((found := NAME.fullmatch(k)) and is_private(view, found[2]))}


def read(view: Any, args: Mapping[str, str], recalled: Mapping[str, str] | None) -> Criteria:
    """The criteria of a request: public ones from the URL, private ones only from what was remembered."""
    public, _ignored = split(view, args)
    criteria = Criteria({**public, **(recalled or {})}, token=args.get(TOKEN, "") if recalled else "")
    criteria.lost = bool(args.get(TOKEN)) and recalled is None
    return criteria


def apply(view: Any, criteria: Criteria, filters: Any) -> None:
    """Put the criteria on the request's filters; what cannot be searched for finds nothing and is named in `errors`."""
    offered: dict[str, list[KindFilter]] = filters.get_search_filters()
    filters.clear_filters()
    for name, value in criteria.values.items():
        found = NAME.fullmatch(name)
        if not found or int(found[1]) >= len(offered.get(found[2], ())):
            continue
        filter_ = offered[found[2]][int(found[1])]
        try:
            filter_.check(value)
        except BadValue as bad:
            criteria.errors[name] = str(bad)
        filters._add_filter(filter_, value)


def controls(view: Any, criteria: Criteria, filters: Any) -> list[Control]:
    """What the panel draws, in the order of `search_columns`."""
    return [_control(view, name, criteria, offered) for name in view.search_columns if (offered := filters.get_search_filters().get(name))]


def _control(view: Any, name: str, criteria: Criteria, offered: list[KindFilter]) -> Control:
    column = column_at(view.datamodel.obj, name)
    label = str(view.label_columns.get(name, name))
    kind = "related" if view.datamodel.is_relation_many_to_one(name) else kind_of(column)

    def part(number: int, text: str = "", options: Sequence[tuple[str, str]] = ()) -> Part:
        key = f"_flt_{number}_{name}"
        return Part(key, text or label, criteria.values.get(key, ""), options, criteria.errors.get(key, ""))

    control = Control(name, label, kind, is_private(view, name), [])
    ends = [i for i, f in enumerate(offered) if f.part]
    if ends and kind != "number":
        control.parts = [part(i, f"{label}（{'起' if offered[i].part == 'from' else '迄'}）") for i in ends]
    elif kind == "choice":
        control.parts = [part(0, options=view.search_options(name) or [(_key(v), show(v, column)) for v in choices_of(column)])]
    elif kind == "boolean":
        control.parts = [part(0, options=[("y", "是"), ("n", "否")])]
    elif kind == "related":
        control.parts = [part(0)]
        _fill_related(view, name, control)
    elif kind == "text":
        used = next((i for i in range(len(offered)) if f"_flt_{i}_{name}" in criteria.values), 0)
        control.operators = [(str(i), str(f.name)) for i, f in enumerate(offered)]
        control.operator = str(used)
        chosen = part(used)
        chosen.name = f"_flt_0_{name}"
        control.parts = [chosen]
    else:
        control.parts = [part(0)]
    return control


def _fill_related(view: Any, name: str, control: Control) -> None:
    from flask import url_for

    lookup: Lookup | None = view.remote_columns.get(name)
    related = view.datamodel.get_related_interface(name)
    if lookup is None:
        rows = related.session.query(related.obj).order_by(related.get_pk()).limit(200)
        control.parts[0].options = [(str(related.get_pk_value(row)), str(row)) for row in rows]
        control.kind = "choice"
        return
    control.url = url_for(f"{view.endpoint}.lookup", column=name)
    chosen = related.get(control.parts[0].value) if control.parts[0].value else None
    control.text = "" if chosen is None else describe(chosen, lookup.shown)


def in_words(criteria: Criteria, panel: list[Control]) -> list[tuple[str, str]]:
    """(column, condition) of each active criterion, ID and account numbers masked: for the page, the spreadsheet and the log."""
    words = []
    for control in panel:
        for part in control.parts:
            if not part.value:
                continue
            value = dict(part.options).get(part.value, control.text or part.value)
            if control.kind in MASKED:
                value = value[:6] + "****" if control.kind == "person_id" else "****" + value[-4:]
            operator = dict(control.operators).get(control.operator, "") if control.operators else ""
            words.append((part.label, f"{operator}「{value}」"))
    return words


def _key(value: Any) -> str:
    return str(getattr(value, "name", value))
