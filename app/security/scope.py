"""Row scope, on the database session, for reading and for writing.

Every ORM statement on a scoped model (see `models.base`) gets the criteria of the scope in force, whatever built it: lists, counts,
exports, drop-downs, actions, lazy loads. A flush that inserts, changes, moves or deletes a row outside the scope is refused.
Nothing in force means nothing is allowed: `ScopeMissing`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, event, false, inspect
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.schema import Table

from app.models.base import BenefitScoped, CountyScoped, CountyShared, Model, TownScoped

Limit = Callable[[Any], ColumnElement[bool]]


class ScopeMissing(RuntimeError):
    """A scoped model was touched before anybody said on whose behalf."""


class OutOfScope(PermissionError):
    """A row outside the scope would have been written."""


@dataclass(frozen=True)
class Scope:
    """What may be seen and written. `level`: system | ministry | county | township | none. `benefits` None = every programme."""

    level: str
    county_code: str | None = None
    town_code: str | None = None
    benefits: frozenset[str] | None = None

    def admits(self, obj: Any) -> bool:
        """May this row (as it stands) be written under this scope?"""
        return self._admits(
            isinstance(obj, TownScoped),
            getattr(obj, "county_code", None),
            getattr(obj, "town_code", None),
            getattr(obj, "benefit", None) if isinstance(obj, BenefitScoped) else None,
        )

    def _admits(self, casework: bool, county: str | None, town: str | None, benefit: str | None) -> bool:
        if self.level == "system":
            return True
        if self.level == "none" or (self.level == "ministry" and casework):
            return False
        if self.level == "township" and (not casework or town != self.town_code):
            return False
        if self.level in ("county", "township") and county != self.county_code:
            return False
        return benefit is None or self.benefits is None or benefit in self.benefits

    def limits(self) -> Iterator[tuple[type[Any], Limit]]:
        """Pairs (mixin or model, its WHERE part as a function of the entity, which is the class or an alias of it); all that fit a model hold.

        By mixin and not by model, for every statement carries them all. A function and not an expression: SQLAlchemy puts an expression on the
        bare table into the ON clause of a joined alias.
        """
        if self.level == "system":
            return
        if self.level == "none":
            yield TownScoped, lambda entity: false()
            yield CountyScoped, lambda entity: false()
            return
        county, town = self.county_code, self.town_code
        if self.level == "ministry":
            yield TownScoped, lambda entity: false()
        elif self.level == "township":
            yield TownScoped, lambda entity: and_(entity.town_code == town, entity.county_code == county)
            yield CountyShared, lambda entity: entity.county_code == county
            for model in scoped_models():
                if not issubclass(model, TownScoped | CountyShared):
                    yield model, lambda entity: false()
        else:
            yield TownScoped, lambda entity: entity.county_code == county
            yield CountyScoped, lambda entity: entity.county_code == county
        if self.benefits is not None:
            benefits = sorted(self.benefits)
            yield BenefitScoped, lambda entity: entity.benefit.in_(benefits)


SYSTEM = Scope("system")
NOTHING = Scope("none")

_current: ContextVar[Scope | None] = ContextVar("row_scope", default=None)
_provider: list[Callable[[], Scope | None]] = []


def provide(function: Callable[[], Scope | None]) -> None:
    """Let the web layer say whose scope holds when nobody used `use` (the signed-in person's)."""
    _provider[:] = [function]


def current() -> Scope:
    """The scope in force. Raises ScopeMissing."""
    scope = _current.get()
    if scope is None and _provider:
        scope = _provider[0]()
    if scope is None:
        raise ScopeMissing("no row scope is in force")
    return scope


@contextmanager
def use(scope: Scope) -> Iterator[Scope]:
    """Everything inside runs under `scope`."""
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


@cache
def scoped_models() -> tuple[type[Any], ...]:
    """Mapped classes with scope columns; criteria on the base of a joined table reach its subclasses."""
    return tuple(m.class_ for m in Model.registry.mappers if m.inherits is None and is_scoped(m.class_))


def is_scoped(model: type[Any]) -> bool:
    return issubclass(model, TownScoped | CountyScoped)


@lru_cache(maxsize=4096)
def _options(scope: Scope) -> tuple[Any, ...]:
    return tuple(with_loader_criteria(part, limit, include_aliases=True) for part, limit in scope.limits())


@cache
def _scoped_tables() -> frozenset[str]:
    """Tables of scoped models, the second tables of joined subclasses too."""
    return frozenset(t.name for m in Model.registry.mappers if is_scoped(m.class_) for t in m.tables if isinstance(t, Table))


def _touches_scoped(state: ORMExecuteState) -> bool:
    """Does the statement read a scoped table anywhere, also in a join or a subquery without the entity on top?"""
    if any(is_scoped(m.class_) for m in state.all_mappers):
        return True
    names = _scoped_tables()
    return any(isinstance(e, Table) and e.name in names for e in visitors.iterate(state.statement))  # type: ignore[arg-type]


def _on_execute(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete) or state.is_column_load:
        return
    scope = _current.get()
    if scope is None:
        if not _touches_scoped(state):
            return  # users, roles, reference data: before anybody is signed in
        scope = current()
    if scope.level != "system":
        state.statement = state.statement.options(*_options(scope))


def _on_flush(session: Session, _context: Any, _instances: Any) -> None:
    rows = [o for o in (*session.new, *session.dirty, *session.deleted) if is_scoped(type(o))]
    if not rows:
        return
    scope = current()
    if scope.level == "system":
        return
    for obj in rows:
        if not scope.admits(obj) or not _admitted_before(scope, obj):
            raise OutOfScope(f"{type(obj).__name__} outside {scope.level} scope")


def _admitted_before(scope: Scope, obj: Any) -> bool:
    """A row may not be pulled in from outside either: its stored place must be in scope too."""
    state = inspect(obj)
    if not state.persistent:
        return True

    def before(name: str) -> Any:
        history = state.attrs[name].history
        return history.deleted[0] if history.deleted else getattr(obj, name)

    town = isinstance(obj, TownScoped)
    benefit = before("benefit") if isinstance(obj, BenefitScoped) else None
    return scope._admits(town, before("county_code"), before("town_code") if town else None, benefit)


event.listen(Session, "do_orm_execute", _on_execute)
event.listen(Session, "before_flush", _on_flush)
