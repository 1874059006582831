"""The base views: what every screen of the product inherits.

    class DoubtView(CaseView):
        datamodel = ViewInterface(Doubt)
        record_name = _l("Doubt")                          # titles: 疑義一覽, 新增疑義, …
        list_columns = ["number", "person.name", "person.person_id", "month", "state"]
        search_columns = ["number", "person.person_id", "person.name", "month", "state"]      # nothing else can be searched
        show_fieldsets = [(_l("Person"), {"fields": ["person.name", "person.person_id"]}), …]
        remote_columns = {"person": Lookup(search=("person_id", "name"), show=("name", "person_id", "birth"))}
        default_roles = {"can_list": CASEWORKERS, "can_show": CASEWORKERS, "can_export": SUPERVISORS, "can_reveal": CASEWORKERS}
        add_command = commands.open_doubt                  # command(actor, **columns) -> key
        edit_command = commands.change_doubt               # command(actor, key, seen_version=…, **columns)
        lifecycle = DOUBT                                  # app.commands.lifecycle.Lifecycle: buttons, badge, history
        move_commands = {"answer": commands.answer}        # command(actor, key, comment=…, seen_version=…)

* A view without `add_command` (`edit_command`, `delete_command`) has no such page, no such route and no such permission.
* Labels come from the model (`info={"label": …}`); `describe(Model.column, choices=…, styles=…)` names coded values and gives them badges.
* Values are shown by their column type: ROC dates and months, thousands, 是/否, masked ID and account numbers.
* Dotted paths work in `list_columns`, `show_columns` and `search_columns`; relations drawn are loaded with the rows.
* `personal = True` (the default but for reference data): looks are logged, names and birth dates are searched by POST, exports ask for a reason.
* `asks_purpose = True` (CaseView): the record opens after the person has said why, once per record and sign-in.
* Hooks: `record_title`, `moves`, `steps`, `may_edit`, `show_context`, `list_context`, `row_url`, `history`, `add_values`, `edit_values`, `after_move`.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import request
from flask_appbuilder import BaseView, ModelView
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.models.filters import Filters
from sqlalchemy import inspect

from app.core import clock, roc
from app.extensions import db
from app.models.user import User

from .base_interface import ViewInterface
from .base_lists import Heading, Row, Table
from .base_moves import MoveButton, ProgressStep
from .base_records import Field, RecordPages, Section, person_path_of
from .base_timeline import TimelineEntry, name_events, name_records, timeline
from .base_values import Cell, column_at, label_at, labels_for, show, show_moment
from .remote import Lookup

__all__ = [
    "CaseView",
    "Cell",
    "Field",
    "Heading",
    "ListView",
    "Lookup",
    "MoveButton",
    "PageView",
    "ProgressStep",
    "ReferenceView",
    "RegisterView",
    "Row",
    "Section",
    "Table",
    "TimelineEntry",
    "ViewInterface",
    "column_at",
    "describe",
    "labels_for",
    "name_events",
    "show",
    "show_moment",
    "timeline",
]

SYSTEM_COLUMNS = {"id", "version", "created_at", "changed_at", "created_by_id", "changed_by_id"}
_COMMAND_ROUTES = {"add_command": "add", "edit_command": "edit", "delete_command": "delete"}
_RECORD_ROUTES = {"show", "add", "edit", "delete", "reveal", "move", "purpose", "action"}


def describe(attribute: Any, *, choices: Mapping[Any, Any] | None = None, styles: Mapping[Any, str] | None = None) -> None:
    """Name a column's coded values (value → label) and give them badge styles (value → good | warn | bad | info | neutral)."""
    column = inspect(attribute).property.columns[0]
    if choices is not None:
        column.info["choices"] = choices
    if styles is not None:
        column.info["styles"] = styles


class RecordView(RecordPages, ModelView):
    """What the four kinds of model views share."""

    record_name: Any = ""
    default_roles: Any = ()
    exclude_route_methods: set[str] = {"download"}
    search_widget: Any = None

    def __init__(self, **kwargs: Any) -> None:
        missing = {route for command, route in _COMMAND_ROUTES.items() if self.command_of(command) is None}
        hidden = set(self.exclude_route_methods) | {"download"} | missing
        if not self._has_masked():
            hidden.add("reveal")
        if not self.asks_purpose:
            hidden.add("purpose")
        if not self.move_commands:
            hidden.add("move")
        if not self.remote_columns:
            hidden.add("lookup")
        if not any(hasattr(getattr(self, name), "_action") for name in dir(type(self))):
            hidden |= {"action", "action_post"}
        self.exclude_route_methods = hidden
        super().__init__(**kwargs)

    def _has_masked(self) -> bool:
        names = [n for _, spec in self.show_fieldsets or [("", {"fields": self.show_columns or []})] for n in spec["fields"]]
        from .base_values import MASKED, kind_of

        return any(kind_of(column_at(self.datamodel.obj, n)) in MASKED for n in names)

    # -- how Flask-AppBuilder is told ---------------------------------------------------------------------------------
    def _init_properties(self) -> None:
        model = self.datamodel.obj
        self.search_columns = list(self.search_columns or [])
        if self.record_name:
            name_records(model.__tablename__, self.record_name)
        if self.lifecycle is not None:
            column = column_at(model, self.lifecycle.column)
            if column is not None:
                column.info.setdefault("choices", self.lifecycle.labels)
            table = self.lifecycle.model.__tablename__
            name_events({f"{table}.{m.name}": m.label for m in self.lifecycle.moves.values()})
        self.person_path = self.person_path or (person_path_of(model) if self.personal else "")
        fields = [p.key for p in inspect(model).column_attrs if not p.columns[0].foreign_keys and p.key not in SYSTEM_COLUMNS]
        fields += [r.key for r in inspect(model).relationships if r.direction.name == "MANYTOONE"]
        for which in ("add", "edit", "show"):
            if not getattr(self, f"{which}_columns") and not getattr(self, f"{which}_fieldsets"):
                setattr(self, f"{which}_columns", fields)
        self.list_columns = self.list_columns or fields[:6]
        offered, self.search_columns = self.search_columns, self.search_columns or [inspect(model).primary_key[0].key]
        super()._init_properties()
        self.search_columns = offered
        self._filters = Filters(self.datamodel.filter_converter_class, self.datamodel, search_columns=offered)
        self.datamodel.draws([*self.list_columns])
        self.order_columns = [c for c in self.order_columns if column_at(model, c) is not None]

    def _gen_labels_columns(self, list_columns: Any) -> None:
        given = self.label_columns
        named = (*list_columns, *(self.list_columns or ()), *(self.search_columns or ()), *(self.show_columns or ()))
        named += tuple(n for sets in (self.show_fieldsets, self.add_fieldsets, self.edit_fieldsets) for _, s in sets or () for n in s["fields"])
        for name in named:
            if name not in given:
                given[name] = self._label(name)

    def _label(self, name: str) -> Any:
        """The model's label; for a path that ends in something as general as "Name", the relation's."""
        found = label_at(self.datamodel.obj, name)
        if found is None and "." in name:
            found = label_at(self.datamodel.obj, name.rsplit(".", 1)[0])
        return found or name

    def _init_forms(self) -> None:
        self.search_form = self.add_form = self.edit_form = DynamicForm

    def _init_titles(self) -> None:
        self.title = self.list_title or self.record_name or type(self).__name__

    def page_title(self, page: str) -> str:
        """The heading of the list, add, edit or show page."""
        given = getattr(self, f"{page}_title", "")
        name = str(self.record_name or self.datamodel.obj.__name__)
        return str(given) or {"list": f"{name}一覽", "add": f"新增{name}", "edit": f"修改{name}", "show": name}[page]

    def last_editor(self, item: Any) -> str:
        """Who last changed a record, by name; empty when it is not kept."""
        user_id = getattr(item, "changed_by_id", None)
        user = db.session.get(User, user_id) if user_id else None
        return user.get_full_name() if user else ""


class ListView(RecordView):
    """A list without record pages: a log, a queue, lines of something. Search and export."""

    exclude_route_methods = _RECORD_ROUTES


class CaseView(RecordView):
    """Cases: asks for the purpose, shows progress, lifecycle buttons, history; personal data masked until revealed."""

    asks_purpose = True


class RegisterView(RecordView):
    """Registers of people with validity spans (household, disability, permits, rosters): masked and logged, no purpose page."""


class ReferenceView(RecordView):
    """Reference data: no personal data; add, edit and delete where there are commands for it."""

    personal = False


class PageView(BaseView):
    """A page that is not one model's: forms and tables of its own. `@expose` its methods with `@has_access`; render with `page()`.

    `default_roles` as in the model views. Templates extend "base/layout.html" and use the macros of "base/macros.html".
    """

    default_view = "index"
    default_roles: Any = ()
    title: Any = ""

    @staticmethod
    def asked_day() -> tuple[dt.date, str, str]:
        """The day typed into the page's search (`on`), else today: (the day, the text for its field, what is wrong with it)."""
        day, typed, problem = clock.today(), request.args.get("on", "").strip()[:20], ""
        if typed:
            try:
                day = roc.parse_date(typed)
            except roc.RocError as error:
                problem = str(error)
        return day, typed or roc.show_date(day), problem

    def page(self, template: str, title: Any = "", **kwargs: Any) -> str:
        """The rendered page; `title` stands in the window's title and in the heading of `base/page.html`."""
        return self.render_template(template, title=str(title or self.title), **kwargs)
