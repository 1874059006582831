"""List pages: a bounded table, the search panel, bulk actions and the spreadsheet of what is listed."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.security import searches, web

from . import base_search, export
from .base_interface import COUNT_CAP
from .base_values import MASKED, Cell, column_at, kind_of
from .remote import RemoteLookupMixin

MAX_PAGE_SIZE = 100
FEW = 10
"""Rows of a related list on a record page."""


@dataclass(frozen=True)
class Heading:
    """A column head: `url` sorts by it, `direction` says how the list is sorted by it now."""

    name: str
    label: str
    kind: str
    url: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Row:
    pk: Any
    url: str
    cells: Sequence[Any]


@dataclass
class Table:
    """One page of a list, ready to draw."""

    name: str
    title: str
    headings: list[Heading]
    rows: list[Row]
    count: int
    page: int
    size: int
    actions: list[Any] = field(default_factory=list)
    action_url: str = ""
    add_url: str = ""
    empty: str = ""
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def more(self) -> bool:
        return self.count > COUNT_CAP

    @property
    def pages(self) -> int:
        return max(1, -(-min(self.count, COUNT_CAP) // self.size))

    @property
    def around(self) -> list[int]:
        """Page numbers to offer beside the current one."""
        first = max(0, min(self.page - 2, self.pages - 5))
        return list(range(first, min(self.pages, first + 5)))

    def page_url(self, page: int) -> str:
        return with_args(self.args, **{f"page_{self.name}": page})

    def size_url(self, size: int) -> str:
        return with_args(self.args, **{f"psize_{self.name}": size, f"page_{self.name}": 0})


def with_args(args: Mapping[str, Any], **changes: Any) -> str:
    """This page's address with some arguments changed (None removes one)."""
    merged = {k: v for k, v in {**args, **changes}.items() if v is not None}
    return f"{request.path}?{urlencode(merged)}" if merged else request.path


def same_args(path: str) -> str:
    """Another page's address with this page's arguments."""
    return f"{path}?{urlencode(list(request.args.items(multi=True)))}" if request.args else path


def number_arg(name: str, default: int, low: int, high: int) -> int:
    """A whole number from the URL, whatever stands there."""
    try:
        return min(max(int(request.args.get(name, default)), low), high)
    except (ValueError, OverflowError):
        return default


class ListPages(RemoteLookupMixin):
    """The list half of a model view (see `base.ListView` for what a view sets)."""

    datamodel: Any
    appbuilder: Any
    endpoint: str
    base_permissions: Any
    class_permission_name: Any
    render_template: Any
    page_title: Any
    actions: dict[str, Any]
    label_columns: dict[str, Any]
    list_columns: Any
    order_columns: Any
    search_columns: Any
    formatters_columns: dict[str, Any]
    base_order: Any
    _base_filters: Any
    list_template = "base/list.html"
    page_size = 25
    personal = True
    list_hint = ""
    empty_message = "目前沒有資料。"
    opens = "show"
    """The method whose permission makes the first column a link."""

    # -- the request's filters ------------------------------------------------------------------------------------------
    @property
    def _filters(self) -> Any:
        """Flask-AppBuilder keeps a request's filters on the one view object; here each request has its own."""
        own = self.__dict__.get("_filters_offered")
        if own is None or not g:
            return own
        store = g.setdefault("view_filters", {})
        if id(self) not in store:
            store[id(self)] = copy(own)
            store[id(self)].clear_filters()
        return store[id(self)]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        self.__dict__["_filters_offered"] = value

    def search_options(self, name: str) -> Sequence[tuple[str, str]] | None:
        """(value, text) pairs to offer for a coded column instead of all its values; None for all."""
        if name.rsplit(".", 1)[-1] != "town_code":
            return None
        who = web.actor()
        county = who.scope.county_code if who else None
        choices = dict(base_search.choices_of(column_at(self.datamodel.obj, name)))
        return [(code, text) for code, text in choices.items() if county is None or code.startswith(county)]

    def criteria(self) -> base_search.Criteria:
        """The request's criteria, put on its filters."""
        token = request.args.get(base_search.TOKEN, "")
        recalled = searches.recall(type(self).__name__, token) if token else None
        found = base_search.read(self, request.args, recalled)
        base_search.apply(self, found, self._filters)
        return found

    # -- the table ------------------------------------------------------------------------------------------------------
    def order(self) -> tuple[str, str]:
        name = type(self).__name__
        column, direction = request.args.get(f"_oc_{name}", ""), request.args.get(f"_od_{name}", "asc")
        if column in self.order_columns and direction in ("asc", "desc"):
            return column, direction
        return self.base_order or ("", "")

    def table(self, filters: Any, size: int | None = None, title: str = "") -> Table:
        """One page of the rows that `filters` and the view's own base filters find."""
        name = type(self).__name__
        size = number_arg(f"psize_{name}", size or self.page_size, 1, MAX_PAGE_SIZE)
        page = number_arg(f"page_{name}", 0, 0, COUNT_CAP)
        column, direction = self.order()
        count, items = self.datamodel.query(filters.get_joined_filters(self._base_filters), column, direction, page=page, page_size=size)
        page = min(page, max(0, -(-min(count, COUNT_CAP) // size) - 1))
        may_open = self.permits(self.opens)
        args = request.args.to_dict()
        return Table(
            name=name,
            title=title,
            headings=[self._heading(c, column, direction, args) for c in self.list_columns],
            rows=[Row(self.datamodel.get_pk_value(i), self.row_url(i) if may_open else "", self._cells(i)) for i in items],
            count=count,
            page=page,
            size=size,
            empty=self.empty_message,
            args=args,
        )

    def row_url(self, item: Any) -> str:
        """Where the first column of a row leads; empty for nowhere."""
        return url_for(f"{self.endpoint}.show", pk=self.datamodel.get_pk_value(item))

    def _cells(self, item: Any) -> Sequence[Any]:
        cells = self.datamodel.get_values_item(item, self.list_columns)
        return [self._formatted(c, cell) for c, cell in zip(self.list_columns, cells, strict=True)]

    def _formatted(self, column: str, cell: Cell) -> Any:
        formatter = self.formatters_columns.get(column)
        return formatter(cell.raw) if formatter else cell

    def _heading(self, name: str, column: str, direction: str, args: Mapping[str, str]) -> Heading:
        kind = kind_of(column_at(self.datamodel.obj, name))
        label = str(self.label_columns.get(name, name))
        if name not in self.order_columns or kind in MASKED:
            return Heading(name, label, kind)
        sorted_by = direction if name == column else ""
        own = type(self).__name__
        following = "desc" if sorted_by == "asc" else "asc"
        return Heading(name, label, kind, with_args(args, **{f"_oc_{own}": name, f"_od_{own}": following, f"page_{own}": 0}), sorted_by)

    def permits(self, method: str) -> bool:
        """May the signed-in person use this method of the view (and does the view have it)?"""
        name = f"can_{method}"
        return name in self.base_permissions and self.appbuilder.sm.has_access(name, self.class_permission_name)

    # -- routes ---------------------------------------------------------------------------------------------------------
    @expose("/list/")
    @has_access
    def list(self) -> ResponseReturnValue:
        asked = request.args.to_dict()
        if len(allowed := base_search.without_private(self, asked)) < len(asked):  # out of the address bar, the history and the Referer
            flash("身分證號、姓名等個人資料不能放在網址；請在查詢欄位輸入。", "warning")
            return redirect(f"{request.path}?{urlencode(allowed)}", 303)
        criteria = self.criteria()
        if criteria.lost:
            flash("這個查詢已過期，請重新輸入查詢條件。", "info")
        table = self.table(self._filters)
        panel = base_search.controls(self, criteria, self._filters)
        self._log_search(criteria, table.count, panel)
        table.actions = [a for a in self.actions.values() if a.multiple and self.appbuilder.sm.has_access(a.name, self.class_permission_name)]
        table.action_url = url_for(f"{self.endpoint}.action_post") if table.actions else ""
        table.add_url = url_for(f"{self.endpoint}.add") if self.permits("add") else ""
        if criteria and not table.rows:
            table.empty = "沒有符合條件的資料。可以減少條件、改用「開頭為」或檢查輸入的字。"
        return self.render_template(
            self.list_template,
            title=self.page_title("list"),
            table=table,
            panel=panel,
            criteria=criteria,
            words=base_search.in_words(criteria, panel),
            search_url=url_for(f"{self.endpoint}.search") if panel else "",
            export_url=same_args(url_for(f"{self.endpoint}.export")) if self.permits("export") else "",
            export_reason=self.personal,
            hint=self.list_hint,
            **self.list_context(),
        )

    def list_context(self) -> dict[str, Any]:
        """More for the list's template."""
        return {}

    @expose("/search", methods=["POST"])
    @has_access
    @permission_name("list")
    def search(self) -> ResponseReturnValue:
        """Criteria arrive by POST; personal ones are kept on the server and stand in the URL as a token."""
        public, private = base_search.split(self, request.form)
        if private:
            public[base_search.TOKEN] = searches.remember(type(self).__name__, private)
        target = url_for(f"{self.endpoint}.list")
        return redirect(f"{target}?{urlencode(public)}" if public else target, 303)

    def _log_search(self, criteria: base_search.Criteria, count: int, panel: Sequence[base_search.Control]) -> None:
        private = [c for c in panel if c.private and c.active]
        if not private:
            return
        person = next((p.value for c in private if c.kind == "person_id" for p in c.parts), None)
        what = "、".join(str(c.label) for c in private)
        web.log_access("search", (self.datamodel.obj.__tablename__, None), f"清單查詢：{what}", person=person, rows=min(count, COUNT_CAP))

    @expose("/export", methods=["POST"])
    @has_access
    def export(self) -> ResponseReturnValue:
        criteria = self.criteria()
        reason = request.form.get("reason", "").strip()
        if self.personal and len(reason) < 2:
            flash("請先填寫匯出的案由，例如「98年3月複審會議」。", "danger")
            return redirect(same_args(url_for(f"{self.endpoint}.list")), 303)
        words = base_search.in_words(criteria, base_search.controls(self, criteria, self._filters))
        return export.respond(self, self._filters, words, reason, same_args(url_for(f"{self.endpoint}.list")))

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> ResponseReturnValue:
        """A bulk action on the ticked rows; rows that are not in scope are left out and said so."""
        action = self.named_action(request.form.get("action", ""))
        ticked = request.form.getlist("rowid")[:MAX_PAGE_SIZE]
        items = [item for pk in ticked if (item := self.datamodel.get(pk, self._base_filters)) is not None]
        back = redirect(url_for(f"{self.endpoint}.list"), 303)
        if not ticked:
            flash(f"請先勾選要「{action.text}」的資料。", "danger")
            return back
        if len(items) < len(ticked):
            flash(f"有 {len(ticked) - len(items)} 筆已不存在或不在您的業務範圍，沒有處理。", "warning")
        return (action.func(items) if items else None) or back

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> ResponseReturnValue:
        """An action on one record, from its page."""
        action = self.named_action(name)
        return action.func(self.item(pk)) or redirect(url_for(f"{self.endpoint}.list"), 303)

    def named_action(self, name: str) -> Any:
        action = self.actions.get(name)
        if action is None:
            abort(404)
        if not self.appbuilder.sm.has_access(name, self.class_permission_name):
            abort(403)
        return action

    def item(self, pk: Any) -> Any:
        """The record, when it is there and in scope; else a 404, and a try at another office's record is logged."""
        found = self.datamodel.get(pk, self._base_filters)
        if found is None:
            key = self.datamodel.key(pk)
            if key is not None:
                web.log_miss(self.datamodel.obj, key)
            abort(404)
        return found
