"""Periods of one owner that never share a day, held by the database itself: an exclusion constraint on PostgreSQL, triggers on SQLite.

The table has the columns `since` and `until` (DATE, both days counted, `until` NULL = still running).
"""

from sqlalchemy import DDL, Table, event

from .base import Model


def statements(table: str, owner: str, dialect: str) -> list[str]:
    """The DDL that refuses a row whose days meet another row's of the same `owner` (an INTEGER column)."""
    name = f"ex_{table}_{owner}_days"
    if dialect == "postgresql":  # ranges of one number, so that equality needs no extension
        days, one = "daterange(since, until, '[]')", f"int4range({owner}, {owner}, '[]')"
        return [f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist ({one} WITH &&, {days} WITH &&)"]
    meets = f"o.{owner} = NEW.{owner} AND o.id <> NEW.id AND (NEW.until IS NULL OR o.since <= NEW.until) AND (o.until IS NULL OR o.until >= NEW.since)"
    other = f"SELECT 1 FROM {table} o WHERE {meets}"  # noqa: S608 (names of the schema, nothing from outside)
    body = f"FOR EACH ROW WHEN EXISTS ({other}) BEGIN SELECT RAISE(ABORT, 'overlapping days {name}'); END"
    return [
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} {body}",
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {owner}, since, until ON {table} {body}",
    ]


def undone(table: str, owner: str, dialect: str) -> list[str]:
    """The DDL that takes the guard away."""
    name = f"ex_{table}_{owner}_days"
    if dialect == "postgresql":
        return [f"ALTER TABLE {table} DROP CONSTRAINT {name}"]
    return [f"DROP TRIGGER {name}_insert", f"DROP TRIGGER {name}_update"]


def no_overlap(model: type[Model], owner: str) -> None:
    """Declare that rows of one `owner` never share a day."""
    table: Table = model.__table__
    for dialect in ("sqlite", "postgresql"):
        for statement in statements(table.name, owner, dialect):
            event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
