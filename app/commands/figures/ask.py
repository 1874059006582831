"""A question put to the figures and its answer: one measure by up to three dimensions over a period, within the scope in force.

Whoever asks from outside the casework (the ministry), or for publication, gets small cells left out (`core.small_cells`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.commands.base import Refused
from app.core import roc, small_cells
from app.core.small_cells import TOTAL, Key
from app.models.figures import DRAWING, StatisticFact, StatisticMonth
from app.security import scope as scopes
from app.security.scope import Scope

from .catalogue import Dimension, Measure, Subject, offered
from .refresh import freshness

MOST_DIMENSIONS = 3
MOST_CELLS = 4_000
MOST_MONTHS = 120
LEAST = 5
"""Smaller counts are left out of what goes outside the asker's own casework: 1 to 4 persons."""
LISTED = 500


@dataclass(frozen=True)
class Question:
    """`first` and `last` are months; `filters` dimension → values; `publish`: to be handed out, so small cells are left out."""

    subject: str
    measure: str
    dimensions: tuple[str, ...]
    first: int
    last: int
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    publish: bool = False

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "subject": self.subject, "measure": self.measure, "dimensions": list(self.dimensions), "first": self.first, "last": self.last,
            "filters": {k: list(v) for k, v in self.filters.items()}, "publish": self.publish,
        }  # fmt: skip


def question_of(plain: Mapping[str, Any]) -> Question:
    """A question as it was kept."""
    filters = {k: tuple(v) for k, v in plain.get("filters", {}).items()}
    return Question(plain["subject"], plain["measure"], tuple(plain["dimensions"]), plain["first"], plain["last"], filters, bool(plain.get("publish")))


@dataclass(frozen=True)
class Answer:
    """`axes`: per dimension its values with their names, in order. `cells`: figure by values, `TOTAL` over an axis; None = left out or unknown."""

    question: Question
    subject: Subject
    measure: Measure
    dimensions: tuple[Dimension, ...]
    axes: tuple[tuple[tuple[str, str], ...], ...]
    cells: Mapping[Key, int]
    hidden: frozenset[Key]
    built_at: dt.datetime | None
    missing: tuple[int, ...]
    """Months nobody has computed yet: what they would add is not known, and is not 0."""
    at_month: int | None
    """The month a stock stands for, when months are no dimension."""

    def figure(self, *key: str) -> int | None:
        """None: left out because it is small, or cannot be added up."""
        if key in self.hidden or self._no_sum(key):
            return None
        return self.cells.get(key, 0)

    def _no_sum(self, key: Key) -> bool:
        return self.measure.stock and any(d.code == "month" and part == TOTAL for d, part in zip(self.dimensions, key, strict=True))

    def rows(self) -> Iterator[tuple[Key, tuple[str, ...]]]:
        """The rows of the table: all dimensions but the last; each with its names, the totals at the end."""
        yield from _combined(self.axes[:-1] if len(self.axes) > 1 else self.axes)

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The columns of the table; empty with one dimension."""
        return self.axes[-1] if len(self.axes) > 1 else ()


def _combined(axes: Sequence[tuple[tuple[str, str], ...]]) -> Iterator[tuple[Key, tuple[str, ...]]]:
    if not axes:
        yield (), ()
        return
    for value, name in axes[0]:
        for key, names in _combined(axes[1:]):
            yield (value, *key), (name, *names)


def check(question: Question, under: Scope) -> tuple[Subject, Measure, tuple[Dimension, ...]]:
    """The subject, measure and dimensions asked for. Raises Refused, which says what can be asked."""
    subject = offered(under).get(question.subject)
    if subject is None:
        raise Refused("您的範圍不能查詢這個主題，請改選清單中的統計項目", "E-FIGURES-SUBJECT")
    measure = subject.measures.get(question.measure)
    if measure is None:
        raise Refused(f"「{subject.label}」沒有這個統計項目，請重新選擇", "E-FIGURES-MEASURE")
    can = "、".join(str(d.label) for d in subject.dimensions.values())
    unknown = [c for c in (*question.dimensions, *question.filters) if c not in subject.dimensions]
    if unknown:
        raise Refused(f"「{subject.label}」不能依所選的方式分組；可用的分組有：{can}", "E-FIGURES-DIMENSION")
    if not 1 <= len(question.dimensions) <= MOST_DIMENSIONS or len(set(question.dimensions)) != len(question.dimensions):
        raise Refused(f"請選 1 到 {MOST_DIMENSIONS} 個不同的分組", "E-FIGURES-DIMENSION")
    if measure.stock and "year" in question.dimensions:
        raise Refused(f"「{measure.label}」是月底的人數，不能依年分組；請改依月份，或改選「人月」", "E-FIGURES-DIMENSION")
    if not 0 <= question.last - question.first < MOST_MONTHS:
        raise Refused(f"迄月不可早於起月，期間最多 {MOST_MONTHS} 個月", "E-FIGURES-PERIOD")
    return subject, measure, tuple(subject.dimensions[c] for c in question.dimensions)


def conditions(question: Question, subject: Subject, entity: Any) -> list[ColumnElement[bool]]:
    """The period and the filters."""
    if subject.day is not None:
        period = subject.day(entity).between(roc.first_day(question.first), roc.last_day(question.last))
    else:
        period = subject.month(entity).between(question.first, question.last)
    return [period, *(_equals(subject.dimensions[code], entity, values) for code, values in sorted(question.filters.items()) if values)]


def _equals(dimension: Dimension, entity: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """A dimension with `show` counts in whole numbers."""
    if dimension.show is None:
        return dimension.column(entity).in_(values)
    try:
        return dimension.column(entity).in_([int(v) for v in values])
    except ValueError:
        raise Refused(f"「{dimension.label}」沒有這個值，請重新選擇", "E-FIGURES-FILTER") from None


def ask(session: Session, question: Question) -> Answer:
    """The answer within the scope in force. Raises Refused."""
    under = scopes.current()
    subject, measure, dimensions = check(question, under)
    entity = subject.entity(under)
    built_at, missing = freshness(session, question.first, question.last) if subject.computed else (None, [])
    at_month = None
    where = conditions(question, subject, entity)
    if measure.stock and "month" not in question.dimensions:
        at_month = session.scalar(select(func.max(StatisticMonth.month)).where(StatisticMonth.month.between(question.first, question.last)))
        missing = [question.last] if at_month != question.last else []
        where.append(subject.month(entity) == (question.last if at_month is None else at_month))
    columns = [d.column(entity).label(f"by_{i}") for i, d in enumerate(dimensions)]  # grouped by name: a bound value is never the same twice
    value, counted = measure.value(entity), (measure.counted or measure.value)(entity)
    grouped = subject.join(select(*columns, value, counted).select_from(entity)).where(*where).group_by(*(c.name for c in columns)).limit(MOST_CELLS + 1)
    found = session.execute(grouped).all()
    if len(found) > MOST_CELLS:
        raise Refused(f"結果超過 {MOST_CELLS:,} 格，請縮短期間、減少分組或加上條件", "E-FIGURES-SIZE")
    inner: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    for *at, amount, many in found:
        key = tuple(str(v if v is not None else "") for v in at)
        inner[key], counts[key] = inner.get(key, 0) + int(amount or 0), counts.get(key, 0) + int(many or 0)
    present = {key for key in inner if inner[key] or counts[key]}
    inner = {key: v for key, v in inner.items() if key in present}
    counts = {key: v for key, v in counts.items() if key in present}
    cells = small_cells.with_totals(inner)
    if measure.distinct:
        cells = inner | _asked_again(session, subject, measure, entity, columns, where)
    guarded = question.publish or under.level == "ministry"
    left_out = small_cells.hidden(counts, LEAST) if guarded and counts else frozenset()
    axes = tuple(_axis(session, d, sorted({key[i] for key in present})) for i, d in enumerate(dimensions))
    return Answer(question, subject, measure, dimensions, axes, cells, left_out, built_at, tuple(missing), at_month)


def _asked_again(session: Session, subject: Subject, measure: Measure, entity: Any, columns: list[Any], where: list[Any]) -> dict[Key, int]:
    """The totals of what cannot be added up: each a question of its own."""
    out: dict[Key, int] = {}
    axes = range(len(columns))
    for size in range(len(columns)):
        for kept in combinations(axes, size):
            by = [columns[i] for i in kept]
            for *at, amount in session.execute(subject.join(select(*by, measure.value(entity)).select_from(entity)).where(*where).group_by(*(c.name for c in by))):
                values = dict(zip(kept, at, strict=True))
                out[tuple(str(values[i]) if i in values else TOTAL for i in axes)] = int(amount or 0)
    return out


def _axis(session: Session, dimension: Dimension, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The values found, named and in the catalogue's order, with the total as the last."""
    if dimension.show is not None:
        named = [(v, dimension.show(v)) for v in sorted(values, key=int)]
    else:
        names = dimension.names(session)
        order = {code: i for i, code in enumerate(names)}
        named = [(v, str(names[v]) if v in order else v or "（無）") for v in sorted(values, key=lambda v: (order.get(v, len(order)), v))]
    return (*named, (TOTAL, "合計"))


def choices(session: Session, dimension: Dimension) -> list[tuple[str, str]]:
    """What a filter offers."""
    return [] if dimension.show is not None else [(code, str(name)) for code, name in dimension.names(session).items()]


def behind(session: Session, question: Question, at: Mapping[str, str]) -> tuple[list[StatisticFact], bool]:
    """The facts behind one figure of the monthly figures, at most LISTED, and whether there are more. Raises Refused.

    Read under the asker's row scope: the ministry has none of these rows.
    """
    under = scopes.current()
    subject, measure, _ = check(question, under)
    if not subject.computed or under.level == "ministry":
        raise Refused("這個數字沒有可以列出的名單", "E-FIGURES-LIST")
    where = conditions(question, subject, StatisticFact)
    where += [_equals(subject.dimensions[code], StatisticFact, (value,)) for code, value in at.items() if value != TOTAL and code in question.dimensions]
    if measure.stock and at.get("month", TOTAL) == TOTAL:
        where.append(StatisticFact.month == (ask(session, question).at_month or question.last))
    where.append(_counts(measure))
    rows = list(session.scalars(select(StatisticFact).where(*where).order_by(StatisticFact.month, StatisticFact.town_code, StatisticFact.id).limit(LISTED + 1)))
    return rows[:LISTED], len(rows) > LISTED


def _counts(measure: Measure) -> ColumnElement[bool]:
    """Which facts a measure counts."""
    f = StatisticFact
    by_movement = {"new": ("new", "resumed"), "changed": ("changed",), "stopped": ("stopped",)}
    if measure.code in by_movement:
        return f.movement.in_(by_movement[measure.code])
    if measure.unit == "元":
        return getattr(f, measure.code) > 0
    return f.movement.in_(DRAWING)
