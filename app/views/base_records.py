"""Record pages: show (with purpose, lifecycle buttons and history), add, edit (with conflict page), delete, reveal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import getattr_static
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import inspect

from app.commands.base import CommandError, Conflict
from app.models.person import Person
from app.security import access, web

from . import base_search, locking
from .base_forms import build_form, values_of
from .base_lists import FEW, Table
from .base_moves import LifecyclePages
from .base_values import MASKED, column_at, kind_of

PURPOSES = ("受理申請", "初審", "複審", "核定", "帳戶或資料異動", "撥款作業", "民眾查詢", "疑義查核", "溢領追繳", "稽核")


@dataclass(frozen=True)
class Field:
    """One line of a record page."""

    name: str
    label: str
    cell: Any
    revealable: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    fields: Sequence[Field]


class RecordPages(LifecyclePages):
    """The record half of a model view (see `base.CaseView` for what a view sets)."""

    show_template = "base/show.html"
    form_template = "base/form.html"
    add_columns: Any
    edit_columns: Any
    show_columns: Any
    show_fieldsets: Any
    add_fieldsets: Any
    edit_fieldsets: Any
    add_form_extra_fields: Any
    edit_form_extra_fields: Any
    _related_views: Any

    add_command: Callable[..., Any] | None = None
    edit_command: Callable[..., Any] | None = None
    delete_command: Callable[..., Any] | None = None
    asks_purpose = False
    person_path = ""

    # -- what a view may override ---------------------------------------------------------------------------------------
    def record_title(self, item: Any) -> str:
        """The heading of a record's page."""
        return str(item)

    def record_subtitle(self, item: Any) -> str:
        """A line under the heading."""
        return ""

    def may_edit(self, item: Any) -> bool:
        """May this record be edited as it stands? (The command decides again.)"""
        return True

    def may_delete(self, item: Any) -> bool:
        return True

    def show_context(self, item: Any) -> dict[str, Any]:
        """More for the record page's template."""
        return {}

    # -- show -----------------------------------------------------------------------------------------------------------
    def _subject(self, item: Any) -> tuple[str, str]:
        return access.subject_of(item)

    def _purpose_key(self, item: Any) -> str:
        return ":".join(self._subject(item))

    def person_of(self, item: Any) -> str | None:
        """The ID number of the person a record is about, for the query log's hash."""
        for name in self.person_path.split(".") if self.person_path else ():
            item = getattr(item, name, None)
        return item if self.person_path and isinstance(item, str) else None

    def log_look(self, action: str, item: Any, purpose: str) -> None:
        """A query-log line for looking at a record with personal data."""
        if self.personal:
            web.log_access(action, self._subject(item), purpose, person=self.person_of(item))

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> ResponseReturnValue:
        item = self.item(pk)
        purpose = web.purpose_for(self._purpose_key(item)) if self.asks_purpose else None
        if self.asks_purpose and purpose is None:
            return self._ask_purpose(item)
        self.log_look("show", item, purpose or "")
        return self._show_page(item, purpose)

    def _show_page(self, item: Any, purpose: str | None, revealed: frozenset[str] = frozenset()) -> str:
        pk = self.datamodel.get_pk_value(item)
        return self.render_template(
            self.show_template,
            title=self.record_title(item),
            subtitle=self.record_subtitle(item),
            kind_title=self.page_title("show"),
            item=item,
            pk=pk,
            state=self._state(item),
            sections=self.sections(item, revealed),
            moves=self.moves(item),
            waiting=self.waiting(item),
            steps=self.steps(item),
            history=self.history(item),
            related=self._related(item),
            purpose=purpose,
            view=self,
            urls=self.page_urls(item, pk),
            move_url=lambda name: url_for(f"{self.endpoint}.move", pk=pk, name=name),
            seen_version=getattr(item, "version", ""),
            actions=[a for a in self.actions.values() if a.single and self.appbuilder.sm.has_access(a.name, self.class_permission_name)],
            **self.show_context(item),
        )

    def page_urls(self, item: Any, pk: Any) -> dict[str, str]:
        urls = {"list": url_for(f"{self.endpoint}.list")}
        if "can_reveal" in self.base_permissions:
            urls["reveal"] = url_for(f"{self.endpoint}.reveal", pk=pk)
        if self.asks_purpose:
            urls["purpose"] = url_for(f"{self.endpoint}.purpose", pk=pk)
        if self.permits("edit") and self.may_edit(item):
            urls["edit"] = url_for(f"{self.endpoint}.edit", pk=pk)
        if self.permits("delete") and self.may_delete(item):
            urls["delete"] = url_for(f"{self.endpoint}.delete", pk=pk)
        return urls

    def sections(self, item: Any, revealed: frozenset[str] = frozenset()) -> Sequence[Section]:
        """The record's fields in the order and groups of `show_fieldsets` or `show_columns`."""
        groups = self.show_fieldsets or [("", {"fields": self.show_columns})]
        return [Section(str(title or ""), [self._field(item, name, revealed) for name in spec["fields"]]) for title, spec in groups]

    def _field(self, item: Any, name: str, revealed: frozenset[str]) -> Field:
        (cell,) = self.datamodel.get_values_item(item, [name])
        column = column_at(type(item), name)
        masked = kind_of(column) in MASKED and cell.raw is not None
        label = str(self.label_columns.get(name, name))
        if masked and name in revealed:
            return Field(name, label, cell.raw)
        wide = len(cell) > 40 or "\n" in cell
        return Field(name, label, self._formatted(name, cell), masked and self.permits("reveal"), wide)

    def _related(self, item: Any) -> Sequence[Table]:
        """The lists of records that belong to this one, from `related_views`; a view the person may not see is left out."""
        tables = []
        for view in self._related_views:
            if not self.appbuilder.sm.has_access("can_list", view.class_permission_name):
                continue
            name = view.datamodel.get_related_fk(self.datamodel.obj)
            filters = view.datamodel.get_filters()
            filters.add_filter_related_view(name, related_filter(view, name), self.datamodel.get_pk_value(item))
            table = view.table(filters, FEW, view.page_title("list"))
            if view.permits("add") and name in view.add_columns:
                table.add_url = url_for(f"{view.endpoint}.add", **{name: self.datamodel.get_pk_value(item)})
            tables.append(table)
        return tables

    @expose("/reveal/<pk>", methods=["POST"])
    @has_access
    def reveal(self, pk: str) -> ResponseReturnValue:
        """The masked number in clear, for one look, logged with the purpose. Answers the page's script, or the whole page without it."""
        item = self.item(pk)
        name = request.form.get("column", "")
        if name not in self._shown_columns() or kind_of(column_at(type(item), name)) not in MASKED:
            abort(404)
        purpose = web.purpose_for(self._purpose_key(item)) if self.asks_purpose else ""
        if purpose is None:
            return self._ask_purpose(item)
        self.log_look("reveal", item, purpose)
        if request.accept_mimetypes.best == "application/json":
            (cell,) = self.datamodel.get_values_item(item, [name])
            return jsonify(value=cell.raw)
        return self._show_page(item, purpose, frozenset((name,)))

    def _shown_columns(self) -> Sequence[str]:
        return [n for _, spec in self.show_fieldsets or [("", {"fields": self.show_columns})] for n in spec["fields"]]

    # -- purpose --------------------------------------------------------------------------------------------------------
    def _ask_purpose(self, item: Any, error: str = "") -> str:
        pk = self.datamodel.get_pk_value(item)
        return self.render_template(
            "base/purpose.html",
            title="查閱目的",
            url=url_for(f"{self.endpoint}.purpose", pk=pk),
            back=url_for(f"{self.endpoint}.list"),
            record=self.record_title(item),
            purposes=PURPOSES,
            error=error,
            typed=request.form,
        )

    @expose("/purpose/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def purpose(self, pk: str) -> ResponseReturnValue:
        """Why this record is looked at; asked once per record and sign-in."""
        item = self.item(pk)
        if request.method == "GET":
            return self._ask_purpose(item)
        chosen, note = request.form.get("purpose", ""), request.form.get("note", "").strip()
        if chosen not in PURPOSES and len(note) < 4:
            return self._ask_purpose(item, "請選擇查閱目的，或在說明欄填寫文號或事由（至少 4 個字）")
        web.give_purpose(self._purpose_key(item), "：".join(t for t in (chosen if chosen in PURPOSES else "", note) if t))
        return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)

    # -- add, edit, delete ----------------------------------------------------------------------------------------------
    def command_of(self, name: str) -> Callable[..., Any] | None:
        """The command behind `add_command`, `edit_command` or `delete_command`, unbound."""
        found = getattr_static(type(self), name, None)
        return found.__func__ if isinstance(found, staticmethod) else found

    def prefill(self) -> dict[str, Any]:
        """What a new record's form starts with: relations and coded columns named in the URL."""
        given: dict[str, Any] = {}
        for name in self.add_columns:
            value = request.args.get(name)
            if not value or base_search.is_private(self, name):
                continue
            if self.datamodel.is_relation_many_to_one(name):
                given[name] = self.datamodel.get_related_obj(name, value)
            elif column_at(self.datamodel.obj, name) is not None and kind_of(column_at(self.datamodel.obj, name)) == "choice":
                given[name] = value
        return given

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> ResponseReturnValue:
        command = self.command_of("add_command")
        if command is None:
            abort(404)
        form = build_form(self, self.add_columns, self.add_form_extra_fields)(data=self.prefill())
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                pk = command(web.signed_in(), **self.add_values(form))
                flash("已新增。", "success")
                return redirect(self.after_add(pk), 303)
            except CommandError as error:
                problem = error.message
        return self._form_page(form, self.page_title("add"), self.add_fieldsets, self.add_columns, problem, url_for(f"{self.endpoint}.list"))

    def add_values(self, form: Any) -> dict[str, Any]:
        """The keyword arguments of `add_command`."""
        return values_of(self, form, [*self.add_columns, *self.add_form_extra_fields])

    def after_add(self, pk: Any) -> str:
        if self.asks_purpose and pk is not None:
            web.give_purpose(f"{self.datamodel.obj.__tablename__}:{pk}", PURPOSES[0])
        return url_for(f"{self.endpoint}.show", pk=pk) if pk is not None and self.permits("show") else url_for(f"{self.endpoint}.list")

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> ResponseReturnValue:
        command = self.command_of("edit_command")
        item = self.item(pk)
        if command is None:
            abort(404)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        if self.asks_purpose and web.purpose_for(self._purpose_key(item)) is None:
            return redirect(back)
        if not self.may_edit(item):
            flash("這筆資料目前不能修改。", "warning")
            return redirect(back)
        form = build_form(self, self.edit_columns, self.edit_form_extra_fields)(obj=item)
        problem, seen = "", getattr(item, "version", None)
        if request.method == "POST":
            seen = locking.seen_version(request.form)
            locking.take_theirs(form, item, request.form)
            if hasattr(item, "version") and seen != item.version:
                return self._conflict(item, form)
            if form.validate():
                try:
                    command(web.signed_in(), self.datamodel.get_pk_value(item), seen_version=seen, **self.edit_values(form))
                    flash("已儲存。", "success")
                    return redirect(self.after_edit(item), 303)
                except Conflict as error:
                    if error.code == "E-STALE":
                        return self._conflict(self.item(pk), form)
                    problem = error.message
                except CommandError as error:
                    problem = error.message
                item = self.item(pk)
        title = self.page_title("edit")
        return self._form_page(form, title, self.edit_fieldsets, self.edit_columns, problem, back, seen)

    def edit_values(self, form: Any) -> dict[str, Any]:
        """The keyword arguments of `edit_command`, beside the key and `seen_version`."""
        return values_of(self, form, [*self.edit_columns, *self.edit_form_extra_fields])

    def after_edit(self, item: Any) -> str:
        return url_for(f"{self.endpoint}.show", pk=self.datamodel.get_pk_value(item)) if self.permits("show") else url_for(f"{self.endpoint}.list")

    def _conflict(self, item: Any, form: Any) -> ResponseReturnValue:
        return locking.conflict_page(self, item, form), 409

    def _form_page(
        self, form: Any, title: str, fieldsets: Any, columns: Any, problem: str, back: str, seen: int | None = None
    ) -> ResponseReturnValue:
        groups = [(str(t or ""), spec["fields"]) for t, spec in fieldsets] if fieldsets else [("", list(columns))]
        failed = bool(problem or form.errors)
        page = self.render_template(
            self.form_template, title=title, form=form, groups=groups, problem=problem, failed=failed, back=back, seen_version=seen
        )
        return (page, 422) if failed else page

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> ResponseReturnValue:
        command = self.command_of("delete_command")
        item = self.item(pk)
        if command is None:
            abort(404)
        try:
            command(web.signed_in(), self.datamodel.get_pk_value(item))
            flash("已刪除。", "success")
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        return redirect(url_for(f"{self.endpoint}.list"), 303)


def related_filter(view: Any, name: str) -> Any:
    """The filter class that keeps a related list to its record."""
    return type(view.datamodel.get_filters([name]).get_search_filters()[name][0])


def person_path_of(model: type[Any]) -> str:
    """Where a model's rows keep the ID number of the person they are about; empty when they do not."""
    if kind_of(column_at(model, "person_id")) == "person_id":
        return "person_id"
    for relation in inspect(model).relationships:
        if relation.direction.name == "MANYTOONE" and relation.mapper.class_ is Person:
            return f"{relation.key}.person_id"
    return ""
