"""SQL building blocks every rule shares: input and working tables, portable expressions, dialects, text for the engines.

The only dialect-specific function is `days_between`. CASE stands for LEAST/GREATEST. No date functions: month bounds are columns.
"""

from typing import Any, Final

from sqlalchemy import Integer, String, and_, case, cast, func, literal, null, or_
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlalchemy.sql.expression import Select
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from .tables import BIG, DATE, EVIDENCE, TEXT

Expr = ColumnElement[Any]


class days_between(FunctionElement[int]):
    """days_between(later, earlier): whole days, an integer."""

    inherit_cache = True
    type = Integer()
    name = "days_between"


@compiles(days_between, "sqlite")
def _days_sqlite(element: days_between, compiler: Any, **kw: Any) -> str:
    later, earlier = list(element.clauses)
    return f"CAST(julianday({compiler.process(later, **kw)}) - julianday({compiler.process(earlier, **kw)}) AS INTEGER)"


@compiles(days_between, "postgresql")
@compiles(days_between, "duckdb")
def _days_minus(element: days_between, compiler: Any, **kw: Any) -> str:
    later, earlier = list(element.clauses)
    return f"({compiler.process(later, **kw)} - {compiler.process(earlier, **kw)})"


@compiles(days_between, "spark")
def _days_spark(element: days_between, compiler: Any, **kw: Any) -> str:
    later, earlier = list(element.clauses)
    return f"datediff({compiler.process(later, **kw)}, {compiler.process(earlier, **kw)})"


@compiles(String, "spark")
def _string_spark(_type: String, _compiler: Any, **_kw: Any) -> str:
    return "STRING"


@compiles(String, "duckdb")
def _string_duckdb(_type: String, _compiler: Any, **_kw: Any) -> str:
    return "VARCHAR"


class _Backticks(IdentifierPreparer):
    def __init__(self, dialect: Any, **_kw: Any) -> None:
        super().__init__(dialect, initial_quote="`", final_quote="`")


class _Spark(DefaultDialect):
    name = "spark"
    preparer: type[IdentifierPreparer] = _Backticks
    supports_native_boolean = True


class _DuckDB(PGDialect):
    name = "duckdb"


DIALECTS: Final[dict[str, Any]] = {
    "sqlite": sqlite.dialect(),
    "postgresql": PGDialect(paramstyle="named"),
    "duckdb": _DuckDB(paramstyle="named"),
    "spark": _Spark(paramstyle="named"),
}


def text_of(statement: Select[Any], dialect: str) -> str:
    """The statement as text of a dialect, values written in."""
    return str(statement.compile(dialect=DIALECTS[dialect], compile_kwargs={"literal_binds": True}))


def lesser(a: Any, b: Any) -> Expr:
    return case((a < b, a), else_=b)


def greater(a: Any, b: Any) -> Expr:
    return case((a > b, a), else_=b)


def text(value: str) -> Expr:
    return cast(literal(value), TEXT)


def none(kind: TypeEngine[Any]) -> Expr:
    return cast(null(), kind)


def join_text(*parts: Any) -> Expr:
    """Concatenation; NULL in any part gives NULL, as everywhere in SQL."""
    out = parts[0]
    for part in parts[1:]:
        out = out.op("||")(part)
    return cast(out, TEXT)


def paid_in(amount: Any, first: Any, last: Any, month: Any) -> Expr:
    """`algebra.spread` for one month: an equal part, the rest on the last month (exact in integer and in float division)."""
    count = last - first + 1
    each = cast((amount - amount % count) / count, BIG)
    return cast(each + case((month == last, amount % count), else_=literal(0)), BIG)


def gives_way(a: Any, b: Any) -> Expr:
    """`algebra.gives_way` on two working rows."""
    return or_(
        a.c.away > b.c.away,
        and_(a.c.away == b.c.away, _lesser_row(a, b)),
    )


def _lesser_row(a: Any, b: Any) -> Expr:
    return or_(a.c.paid < b.c.paid, and_(a.c.paid == b.c.paid, a.c.rec_key > b.c.rec_key))


def came_later(a: Any, b: Any) -> Expr:
    """`algebra.came_later` on two working rows."""
    first, second = func.coalesce(a.c.start_month, 0), func.coalesce(b.c.start_month, 0)
    return or_(a.c.away > b.c.away, and_(a.c.away == b.c.away, or_(first > second, and_(first == second, _lesser_row(a, b)))))


def is_second(a: Any, b: Any) -> Expr:
    """`algebra.is_second` on two working rows."""
    by_case = or_(a.c.case_no > b.c.case_no, and_(a.c.case_no == b.c.case_no, a.c.rec_key > b.c.rec_key))
    by_start = or_(a.c.start_month > b.c.start_month, and_(a.c.start_month == b.c.start_month, by_case))
    return or_(
        and_(a.c.county == b.c.county, by_case),
        and_(a.c.county != b.c.county, or_(a.c.away > b.c.away, and_(a.c.away == b.c.away, by_start))),
    )


def agreement(a: Any, name: Expr, birth: Expr) -> Expr:
    """How many of name and birth agree between a working row and a counterpart: 2, 1 or 0; what is not known agrees with nothing.

    A former or new name that the household registry knows for this person counts as his or her name.
    """
    same_name = or_(a.c.name == name, and_(a.c.alias == 1, a.c.reg_name == name))
    return case((same_name, 1), else_=0) + case((a.c.birth == birth, 1), else_=0)


_FROM_WORK: Final = (
    "rec_key",
    "run",
    "county",
    "town",
    "kind",
    "ref_month",
    "rec_no",
    "person_id",
    "written_id",
    "name",
    "birth",
    "case_no",
    "exempt",
    "month",
    "paid",
)


def out(rule: str, w: Any, **values: Any) -> list[Expr]:
    """The columns of EVIDENCE: those of the working row, those given, NULL for the others."""
    columns: list[Expr] = []
    for name, kind in EVIDENCE.items():
        if name == "rule":
            value: Any = literal(rule)
        elif name in values:
            value = values[name]
        elif name in _FROM_WORK:
            value = w.c[name]
        elif name == "over":
            value = w.c.paid
        elif name in ("relation", "own", "law", "article") and "e" in values:
            value = values["e"].c[name]
        else:
            value = null()
        is_date_column = kind is DATE and (
            name in values or name in _FROM_WORK
        )  # dates are dates already; SQLite would turn a cast date into a number
        columns.append((value if is_date_column else cast(value, kind)).label(name))
    return columns


def worst(*grades: Any) -> Expr:
    """The weakest of several grades (1 = A … 3 = C)."""
    return case((or_(*(grade >= 3 for grade in grades)), 3), (or_(*(grade >= 2 for grade in grades)), 2), else_=1)
