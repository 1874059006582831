"""Runs need a database and the commands, no screens: a bare application on both databases."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.extensions import Model, db
from app.models.audit import AuditHead
from app.security.audit import GENESIS
from tests import postgres
from tests.faults.nursery import bare_app


@pytest.fixture(scope="session")
def postgres_template() -> str:
    """The name of a PostgreSQL database with the schema."""
    app = bare_app(postgres.cluster().create_database("jobs_template"))
    with app.app_context():
        _fill()
    return "jobs_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema."""
    path = tmp_path_factory.mktemp("jobs") / "template.db"
    app = bare_app(f"sqlite:///{path}")
    with app.app_context():
        _fill()
    return path


def _fill() -> None:
    Model.metadata.create_all(db.engine)
    db.session.add(AuditHead(id=1, seq=0, hash=GENESIS))
    db.session.commit()
    db.session.remove()
    db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A bare application on a fresh database, inside its context."""
    if request.param == "postgresql":
        template = request.getfixturevalue("postgres_template")
        app = bare_app(postgres.cluster().create_database_from_template("jobs_live", template))
    else:
        app = bare_app(f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'jobs.db')}")
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
