"""The one data interface of every screen: bounded counts, bounded pages, values shown as people read them."""

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Integer, func, inspect, select
from sqlalchemy.orm import Query, joinedload

from .base_filters import MAX_INT, KindFilterConverter
from .base_values import Cell, column_at

COUNT_CAP = 10_000
"""Lists count at most this far; beyond it they say "more than"."""


class _Columns(dict[str, Any]):
    """Columns by name; a dotted path finds the column it ends at."""

    def __init__(self, model: type[Any], columns: dict[str, Any]) -> None:
        super().__init__(columns)
        self.model = model

    def __missing__(self, path: str) -> Any:
        column = column_at(self.model, path) if "." in path else None
        if column is None:
            raise KeyError(path)
        return column


class ViewInterface(SQLAInterface):
    """`datamodel = ViewInterface(Model)` in every view. Row scope comes from the session, not from here."""

    filter_converter_class = KindFilterConverter
    load_options: tuple[Any, ...] = ()
    record_options: tuple[Any, ...] = ()
    """What the page of one record draws with it, loaded in the same query."""

    def __init__(self, obj: type[Any], session: Any = None) -> None:
        super().__init__(obj, session)
        self.list_columns: dict[str, Any] = _Columns(obj, dict(self.list_columns))

    # -- rows ---------------------------------------------------------------------------------------------------------
    def query_count(self, query: "Query[Any]", filters: Filters | None = None, select_columns: list[str] | None = None) -> int:
        """Rows found, at most COUNT_CAP + 1 (which means: more)."""
        inner = self.apply_filters(query, filters).with_entities(self.get_pk()).order_by(None).limit(COUNT_CAP + 1)
        return int(self.session.execute(select(func.count()).select_from(inner.subquery())).scalar_one())

    def query(
        self,
        filters: Filters | None = None,
        order_column: str = "",
        order_direction: str = "",
        page: int | None = None,
        page_size: int | None = None,
        select_columns: list[str] | None = None,
        outer_default_load: bool = False,
    ) -> tuple[int, list[Any]]:
        """(count, rows of one page): the keys first, from an index where the order has one, then the rows with what they draw."""
        base = self._rows_of_kind()
        count = self.query_count(base, filters)
        size = page_size or COUNT_CAP
        page = min(max(page or 0, 0), max(0, (min(count, COUNT_CAP) - 1) // size))
        pk = self.get_pk()
        keys = self._apply_inner_all(base, filters, order_column or pk.key, order_direction or "desc", page, size)
        return count, self.rows(self.session.scalars(keys.with_entities(pk).statement).all())

    def _rows_of_kind(self) -> "Query[Any]":
        """All rows of the model. A model of a joined table may say by `only()` how its rows are told apart by the common table's indexes."""
        query = self.session.query(self.obj)
        only = getattr(self.obj, "only", None)
        return query if only is None else query.filter(*only())

    def get_pk(self, model: type[Any] | None = None) -> Any:
        """The key column; of a joined table the common table's, by which its indexes are ordered."""
        mapper = inspect(model or self.obj)
        return super().get_pk(mapper.base_mapper.class_)

    def _get_attr(self, col_name: str) -> Any:
        return self.get_pk() if col_name == self.get_pk_name() else super()._get_attr(col_name)

    def rows(self, keys: Iterable[Any]) -> list[Any]:
        """The rows of these keys, in their order, with the relations the screen draws."""
        wanted = list(keys)
        pk = self.get_pk()
        found = self.session.scalars(select(self.obj).where(pk.in_(wanted)).options(*self.load_options)).unique()
        by_key = {getattr(row, pk.key): row for row in found}
        return [by_key[key] for key in wanted if key in by_key]

    def chunks(self, filters: Filters | None, size: int = 1000) -> Iterator[list[Any]]:
        """All rows found, by key, in chunks: for spreadsheets of any length."""
        pk, last = self.get_pk(), None
        while True:
            query = self.apply_filters(self._rows_of_kind(), filters)
            if last is not None:
                query = query.filter(pk > last)
            keys = self.session.scalars(query.with_entities(pk).order_by(pk).limit(size).statement).all()
            if not keys:
                return
            yield self.rows(keys)
            last = keys[-1]

    def key(self, sent: Any) -> Any:
        """What came in a URL as a key of this table; None when it cannot be one."""
        if isinstance(inspect(self.obj).primary_key[0].type, Integer):
            try:
                number = int(str(sent))
            except ValueError:
                return None
            return number if abs(number) <= MAX_INT else None
        return None if "\0" in str(sent) else str(sent)

    def get(
        self, id: Any, filters: Filters | None = None, select_columns: list[str] | None = None, outer_default_load: bool = False
    ) -> Any:
        """The row, or None when there is none in scope. Anything may come in a URL, so a key that cannot be one is None too."""
        key = self.key(id)
        if key is None or select_columns:
            return None if key is None else super().get(key, filters, select_columns, outer_default_load)
        query = self.apply_filters(self.session.query(self.obj), filters)
        return query.filter(self.get_pk() == key).options(*self.record_options).one_or_none()

    def get_related_interface(self, col_name: str) -> "ViewInterface":
        return type(self)(self.get_related_model(col_name), self._session)

    def get_related_obj(self, col_name: str, value: Any) -> Any:
        return self.get_related_interface(col_name).get(value)

    def draws(self, columns: Iterable[str]) -> None:
        """Load the relations these (dotted) columns draw with the rows, not one by one."""
        options: dict[str, Any] = {}
        for path in columns:
            model, option, walked = self.obj, None, ""
            for name in path.split("."):
                prop = inspect(model).attrs.get(name) if hasattr(inspect(model), "attrs") else None
                if prop is None or not hasattr(prop, "direction") or prop.direction.name != "MANYTOONE":
                    break
                attribute = getattr(model, name)
                option = joinedload(attribute) if option is None else option.joinedload(attribute)
                walked, model = f"{walked}.{name}", prop.mapper.class_
                options[walked] = option
        self.load_options = tuple(options.values())

    # -- values -------------------------------------------------------------------------------------------------------
    def _get_attr_value(self, item: Any, col: str) -> Cell:
        try:
            value = getattr(item, col) if hasattr(item, col) else reduce(getattr, col.split("."), item)
        except AttributeError:
            value = None
        return Cell.of(value() if callable(value) else value, column_at(type(item), col))
