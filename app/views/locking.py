"""Two people edit the same record: the second keeps what was typed, sees what the first saved, and chooses field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from wtforms import Field

from app.core.text import row_number

from .base_values import Cell, column_at, show_moment
from .remote import RemoteSelectField, describe

SEEN = "_seen_version"
KEEP = "_keep_"


@dataclass(frozen=True)
class Difference:
    """One field the two disagree on."""

    name: str
    label: str
    theirs: str
    mine: str


def seen_version(form: Mapping[str, str]) -> int | None:
    """The version the person saw; None when the form carries none (or nonsense, which then counts as version 0)."""
    sent = form.get(SEEN, "")
    if not sent:
        return None
    return row_number(sent) or 0


def take_theirs(form: Any, item: Any, sent: Mapping[str, str]) -> None:
    """For the fields where the conflict page's answer was "theirs", take the stored value."""
    for field in form:
        if sent.get(KEEP + field.name) == "theirs":
            field.data = getattr(item, field.name)
            field.raw_data = None


def differences(form: Any, item: Any) -> list[Difference]:
    """What the typed form and the stored record disagree on. A value that cannot be read differs as it was typed."""
    found = []
    for field in form:
        if field.name == "csrf_token" or not hasattr(item, field.name):
            continue
        theirs, mine = getattr(item, field.name), field.data
        typed = field.raw_data[0] if field.raw_data else ""
        unreadable = mine is None and bool(typed)
        if theirs == mine and not unreadable:
            continue
        found.append(Difference(field.name, field.label.text, _text(field, item, theirs), typed if unreadable else _text(field, item, mine)))
    return found


def _text(field: Field, item: Any, value: Any) -> str:
    if isinstance(field, RemoteSelectField):
        return "" if value is None else describe(value, field.lookup.shown)
    return str(Cell.of(value, column_at(type(item), field.name)))


def conflict_page(view: Any, item: Any, form: Any) -> str:
    """Both texts side by side. Everything that was typed is in the page and is sent again with the choices."""
    repeated = [(name, value) for name, values in request.form.lists() for value in values if name not in (SEEN, "csrf_token") and not name.startswith(KEEP)]
    return view.render_template(
        "base/conflict.html",
        title="資料已被更新",
        record=view.record_title(item),
        differences=differences(form, item),
        repeated=repeated,
        version=item.version,
        who=view.last_editor(item),
        when=show_moment(getattr(item, "changed_at", None)),
        back=url_for(f"{view.endpoint}.show", pk=view.datamodel.get_pk_value(item)),
    )
