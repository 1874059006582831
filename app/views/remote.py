"""A many-to-one field that searches the server as you type, instead of a drop-down of every row.

What is typed travels in a POST, never in a URL: it may be an ID number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy import false, or_
from wtforms import Field, ValidationError
from wtforms.widgets import html_params

from app.core import identity, text

from .base_filters import starts_with
from .base_values import Cell, column_at, kind_of

LIMIT = 20


@dataclass(frozen=True)
class Lookup:
    """Which columns are searched (by their beginning; ID numbers only whole) and which are shown in the answer."""

    search: Sequence[str]
    show: Sequence[str] = ()

    @property
    def shown(self) -> Sequence[str]:
        return self.show or self.search


def describe(obj: Any, columns: Sequence[str]) -> str:
    """A row in one line, ID and account numbers masked."""
    return "　".join(part for name in columns if (part := str(Cell.of(getattr(obj, name), column_at(type(obj), name)))))


class RemoteSelectWidget:
    """A text box with a list under it (the page's script); the chosen key is a hidden input."""

    def __call__(self, field: "RemoteSelectField", **kwargs: Any) -> Markup:
        name = kwargs.pop("name_", field.name)
        field_id = kwargs.pop("id", field.id)
        hidden = html_params(type="hidden", name=name, value=field.key())
        box = html_params(
            id=field_id,
            type="text",
            role="combobox",
            aria_autocomplete="list",
            aria_expanded="false",
            aria_controls=f"{field_id}-list",
            autocomplete="off",
            class_="form-control",
            value=field.text(),
            placeholder=field.placeholder(),
            **{k: v for k, v in kwargs.items() if k.startswith(("aria", "data"))},
        )
        return Markup(
            '<span class="remote-select" data-url="%s"><input %s><input %s>'
            '<ul class="remote-list" id="%s-list" role="listbox" aria-label="%s" hidden></ul></span>'
        ) % (field.url(), Markup(hidden), Markup(box), field_id, field.label.text)  # noqa: S704  (html_params escapes)


class RemoteSelectField(Field):
    """The data is the related row (loaded in scope, so a foreign row's key is simply not found)."""

    widget = RemoteSelectWidget()

    def __init__(self, *args: Any, view: Any, column: str, lookup: Lookup, required: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.view, self.column, self.lookup, self.required = view, column, lookup, required
        self._sent = ""
        if required:
            self.flags.required = True

    @property
    def related(self) -> Any:
        return self.view.datamodel.get_related_interface(self.column)

    def key(self) -> str:
        return "" if self.data is None else str(self.related.get_pk_value(self.data))

    def text(self) -> str:
        return "" if self.data is None else describe(self.data, self.lookup.shown)

    def placeholder(self) -> str:
        model = self.related.obj
        names = [str(column.info.get("label", name)) for name in self.lookup.search if (column := column_at(model, name)) is not None]
        return f"輸入{'或'.join(names)}開頭"

    def url(self) -> str:
        return url_for(f"{self.view.endpoint}.lookup", column=self.column)

    def process_formdata(self, valuelist: list[str]) -> None:
        self._sent = valuelist[0].strip() if valuelist else ""
        self.data = self.related.get(self._sent) if self._sent else None

    def pre_validate(self, form: Any) -> None:
        if self._sent and self.data is None:
            raise ValidationError(f"請從清單中選擇{self.label.text}，找不到您選的這一筆")
        if self.required and self.data is None:
            raise ValidationError(f"請選擇{self.label.text}")


class RemoteLookupMixin:
    """`remote_columns = {"person": Lookup(search=("person_id", "name"), show=("name", "person_id", "birth"))}`."""

    remote_columns: dict[str, Lookup] = {}
    datamodel: Any

    @expose("/lookup/<column>", methods=["POST"])
    @has_access
    @permission_name("list")
    def lookup(self, column: str) -> ResponseReturnValue:
        found = self.remote_columns.get(column)
        if found is None:
            return jsonify(results=[], more=False)
        related = self.datamodel.get_related_interface(column)
        typed = text.fold(request.form.get("q", ""))[:40].replace("\0", "")
        query = related.session.query(related.obj)
        if typed:
            dialect = related.session.get_bind().dialect.name
            query = query.filter(or_(false(), *(self._begins(related.obj, name, typed, dialect) for name in found.search)))
        rows = query.order_by(*(getattr(related.obj, name) for name in found.search[-1:])).limit(LIMIT + 1).all()
        results = [{"id": related.get_pk_value(row), "text": describe(row, found.shown)} for row in rows[:LIMIT]]
        return jsonify(results=results, more=len(rows) > LIMIT)

    @staticmethod
    def _begins(model: type[Any], name: str, typed: str, dialect: str) -> Any:
        if kind_of(column_at(model, name)) == "person_id":
            whole = identity.normal(typed)
            return getattr(model, name) == whole if identity.kind(whole) != "unknown" else false()
        return starts_with(getattr(model, name), typed, dialect)
