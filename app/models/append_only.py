"""Tables that only grow: triggers that refuse what must not happen to posted rows, on SQLite and PostgreSQL."""

from sqlalchemy import DDL, Table, event

from .base import Model

FUNCTION = """
CREATE OR REPLACE FUNCTION swis_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = 'append-only table ' || TG_TABLE_NAME, ERRCODE = 'integrity_constraint_violation'; END $$
"""


def statements(table: str, dialect: str, frozen: tuple[str, ...] = ()) -> list[str]:
    """The DDL that refuses DELETE, and UPDATE of the `frozen` columns (none given: any UPDATE)."""
    of = f" OF {', '.join(frozen)}" if frozen else ""
    if dialect == "postgresql":
        return [
            FUNCTION,
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{of} ON {table} FOR EACH ROW EXECUTE FUNCTION swis_refuse()",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION swis_refuse()",
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{of} ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
    ]


TABLES: dict[str, tuple[str, ...]] = {}


def append_only(model: type[Model], *frozen: str) -> None:
    """Declare a model's table append-only; `frozen` limits the refusal of UPDATE to these columns."""
    table: Table = model.__table__
    TABLES[table.name] = frozen
    for dialect in ("sqlite", "postgresql"):
        for statement in statements(table.name, dialect, frozen):
            event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))
