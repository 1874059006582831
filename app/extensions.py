"""Extension singletons. The naming convention must be set on Flask-AppBuilder's metadata before any model is declared."""

from typing import Any

from flask_appbuilder.models.sqla import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection

Model.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

db = SQLA(model_class=Model, disable_autonaming=True)
migrate = Migrate(render_as_batch=True, compare_type=True)
csrf = CSRFProtect()

WRITE = {"swis_write": True}


@event.listens_for(Engine, "connect")
def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    """SQLite: readers never block the writer, writers wait, money survives a power cut."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            connection.execute("PRAGMA " + pragma)


@event.listens_for(Engine, "begin")
def _sqlite_begin(connection: Connection) -> None:
    """A writing transaction takes SQLite's write lock at once, so that it never fails half-way on a stale snapshot."""
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get("swis_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
