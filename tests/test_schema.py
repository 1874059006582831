"""The migrations and the models are the same schema, up, down and up again, on both databases; and processes may race to make it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import postgres
from tests.conftest import settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """An application on an empty database."""
    from app import create_app
    from app.extensions import db

    url = f"sqlite:///{tmp_path}/empty.db" if request.param == "sqlite" else postgres.cluster().create_database("empty")
    app = create_app(settings(tmp_path, url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables():
    from app.extensions import db

    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def triggers():
    from app.extensions import db

    names = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if db.engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with db.engine.connect() as connection:
        return set(connection.execute(text(names)).scalars())


def test_up_down_up_and_nothing_left_to_migrate(empty):
    from app.extensions import Model, db
    from app.models.append_only import TABLES

    folder = str(ROOT / "migrations")
    upgrade(folder)
    assert tables() == set(Model.metadata.tables)
    made = triggers()
    assert {f"{t}_no_delete" for t in TABLES} <= made
    downgrade(folder, revision="base")
    assert tables() == set()
    upgrade(folder)
    assert triggers() == made
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Model.metadata) == []


@pytest.mark.slow
def test_four_processes_prepare_the_same_empty_database(empty, tmp_path):
    environment = {
        **os.environ,
        "SWIS_PROFILE": "test",
        "SWIS_HOME": str(tmp_path / "home"),
        "DATABASE_URL": empty.config["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": "x" * 32,
    }
    command = [sys.executable, "-m", "flask", "swis", "init"]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in running:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, out + error
    from app.extensions import db
    from app.security import roles

    with db.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM ab_role")).scalars().all()
    assert sorted(names) == sorted([*roles.ALL, "Public"])
