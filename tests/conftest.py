"""One application per database, one seeded snapshot, restored before each test.

A test asks for `app` (or `session`, `client_as`, …) and runs on SQLite and on PostgreSQL; marked `sqlite` or `postgres` it runs only there.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, has_app_context
from flask.globals import _cv_app
from flask.testing import FlaskClient
from sqlalchemy import select

import config
from tests import postgres, scratch, seed

if memory := scratch.memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # where pytest makes `tmp_path` and its like
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")  # the same examples on a busy machine and on an idle one
BACKENDS = ("sqlite", "postgresql")
ROOT = Path(__file__).parents[1]


def settings(home: Path, database: str) -> dict[str, Any]:
    """The configuration of a test application."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        **config.load({"SWIS_PROFILE": "test", "SWIS_HOME": str(home), "DATABASE_URL": database}),
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "PASSWORD_HASH": "pbkdf2:sha256:1",
        "SECRET_KEY": "test-only-secret-key-0123456789abcdef",
        "AUDIT_KEY": "test-only-audit-key-0123456789abcdefg",
        "SERVER_NAME": None,
    }


class Browser(FlaskClient):
    """Each request starts as in a server: no application context, no scope left over from the test around it."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        from app.security import scope

        def fresh() -> Any:
            _cv_app.set(None)  # type: ignore[arg-type]
            scope._current.set(None)
            return FlaskClient.open(self, *args, **kwargs)

        answer = copy_context().run(fresh)
        if has_app_context():
            from app.extensions import db

            db.session.expire_all()
        return answer


class Backend:
    """An application on one kind of database, with the snapshot its tests start from."""

    def __init__(self, name: str, folder: Path) -> None:
        from app import create_app
        from app.commands import setup
        from app.extensions import Model, db
        from app.security import scope

        self.name, self.folder = name, folder
        self.live, self.kept = folder / "swis.db", folder / "snapshot.db"
        self.cluster = postgres.cluster() if name == "postgresql" else None
        url = self.cluster.create_database("live") if self.cluster else f"sqlite:///{self.live}"
        self.app = create_app(settings(folder, url))
        self.app.test_client_class = Browser
        with self.app.app_context():
            Model.metadata.create_all(db.engine)
            MigrationContext.configure(db.session.connection()).stamp(ScriptDirectory(str(ROOT / "migrations")), "head")
            setup.initialise()
            with scope.use(scope.SYSTEM):
                seed.fill(db.session())
            db.session.remove()
            if not self.cluster:
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        if self.cluster:
            self.cluster.create_database_from_template("snapshot", "live")
        else:
            shutil.copyfile(self.live, self.kept)

    def restore(self) -> None:
        """Put the database back to the snapshot."""
        from app.extensions import db

        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        if self.cluster:
            self.cluster.create_database_from_template("live", "snapshot")
            return
        for suffix in ("-wal", "-shm"):
            self.live.with_name(self.live.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.live)


_backends: dict[str, Backend] = {}

LONG = ("tests/browser", "tests/faults", "tests/security/test_scope_matrix.py", "tests/demo", "tests/test_schema.py", "tests/casework/test_tenth_benefit.py")
"""What begins first, so that no worker is left alone with it at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))

    items.sort(key=place)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        markers = {m.name for m in metafunc.definition.iter_markers()}
        names = BACKENDS[1:] if "postgres" in markers else BACKENDS[:1] if "sqlite" in markers else BACKENDS
        metafunc.parametrize("backend", names, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    name = request.param
    if name not in _backends:
        _backends[name] = Backend(name, tmp_path_factory.mktemp(name))
    _backends[name].restore()
    return _backends[name]


@pytest.fixture
def app(backend: Backend) -> Iterator[Flask]:
    """The application with the seeded database, inside its context."""
    from app.extensions import db

    with backend.app.app_context():
        yield backend.app
        db.session.remove()


@pytest.fixture
def session(app: Flask) -> Iterator[Any]:
    """The database session, under the system's scope."""
    from app.extensions import db
    from app.security import scope

    with scope.use(scope.SYSTEM):
        yield db.session()


@pytest.fixture
def actor(app: Flask) -> Callable[[str], Any]:
    """`actor("clerk.10004010")`: a user of the seed as an Actor, for calling commands."""
    from app.extensions import db
    from app.models.user import User
    from app.security import web

    def make(username: str) -> Any:
        return web.actor_for(db.session.scalars(select(User).where(User.username == username)).one())

    return make


@pytest.fixture
def client_as(app: Flask) -> Callable[[str], FlaskClient]:
    """`client_as("clerk.10004010")`: a browser signed in as a user of the seed."""

    def make(username: str) -> FlaskClient:
        client = app.test_client()
        answer = client.post("/login/", data={"username": username, "password": seed.PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return make
