"""What the database knows about its own tables: without it a planner that has to choose between two indexes may choose the wrong one."""

from sqlalchemy import Connection, text

SAMPLE = 1000
"""Index entries SQLite looks at per index: a million rows take a tenth of a second."""


def refresh(connection: Connection) -> None:
    """Count anew. PostgreSQL does it by itself as rows come; after a large import it is too late by minutes."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"PRAGMA analysis_limit = {SAMPLE}"))
    connection.execute(text("ANALYZE"))
