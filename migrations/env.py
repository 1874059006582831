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


def run() -> None:
    """Migrate over the application's engine, each migration in its own transaction."""
    with db.engine.connect() as connection:
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


run()
