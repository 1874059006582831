"""Many new rows of one table at once: COPY on PostgreSQL, one prepared INSERT on SQLite. For rosters and registers, not for forms."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.models.base import Model

CHUNK = 5000


def add_rows(session: Session, model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows` (column → value, all with the same columns) in the session's transaction.

    Columns left out get their plain default. Constraints, triggers and foreign keys hold as ever; the rows' offices must come from a row
    that was itself read in scope. Raises KeyError for a column the table has not, ValueError for a default that is no plain value.
    """
    if not rows:
        return
    table = cast(Table, inspect(model).local_table)
    missing = [c for c in table.columns if c.name not in rows[0] and c.default is not None]
    if any(not getattr(c.default, "is_scalar", False) for c in missing):
        raise ValueError(f"{table.name}: give a value for {', '.join(c.name for c in missing)}")
    fixed = {c.name: cast(Any, c.default).arg for c in missing}
    columns = [table.columns[name] for name in (*rows[0], *fixed)]
    if session.get_bind().dialect.name != "postgresql":
        for start in range(0, len(rows), CHUNK):
            session.execute(insert(table), [{**row, **fixed} for row in rows[start : start + CHUNK]])
        return
    connection = session.connection()
    ready = [c.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for c in columns]
    names = ", ".join(f'"{c.name}"' for c in columns)
    tail = tuple(fixed.values())
    statement = f'COPY "{table.name}" ({names}) FROM STDIN'
    driver = cast(Any, connection.dialect).loaded_dbapi
    try:
        with cast(Any, connection.connection.driver_connection).cursor() as cursor, cursor.copy(statement) as copy:
            if any(ready):
                for row in rows:
                    copy.write_row([v if p is None else p(v) for v, p in zip((*row.values(), *tail), ready, strict=True)])
            else:
                for row in rows:
                    copy.write_row((*row.values(), *tail))
    except driver.Error as error:  # the same errors as any other statement of the session raises
        raise DBAPIError.instance(statement, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect) from error
