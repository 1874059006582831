"""Alembic's environment: the application's engine and Flask-AppBuilder's metadata (which holds our tables too)."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeDecorator

from app.extensions import db

config = context.config
target = current_app.extensions["migrate"].db.metadata


def plain_types(kind: str, item: Any, _context: Any) -> Any:
    """Our own column types stand in migrations as what the database stores, so that old migrations never depend on today's classes."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def references(connection: Any, on: bool) -> None:
    """SQLite changes a check by making the table anew: with its references enforced, dropping the old one would take the rows below it along."""
    if connection.dialect.name == "sqlite":
        connection.connection.dbapi_connection.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def run() -> None:
    """Migrate over the application's engine, each migration in its own transaction."""
    with db.engine.connect() as connection:
        references(connection, False)
        context.configure(
            connection=connection,
            target_metadata=target,
            render_as_batch=True,
            compare_type=True,
            render_item=plain_types,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        references(connection, True)


run()
