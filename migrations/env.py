"""Alembic's environment: the application's engine and Flask-AppBuilder's metadata (which holds our tables too)."""

from alembic import context
from flask import current_app

from app.extensions import db

config = context.config
target = current_app.extensions["migrate"].db.metadata


def run() -> None:
    """Migrate over the application's engine, each migration in its own transaction."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target,
            render_as_batch=True,
            compare_type=True,
            user_module_prefix="app.models.base.",
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
