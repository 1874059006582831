"""The migrations and the models are the same schema, up, down and up again, on both databases; and processes may race to make it."""

import datetime as dt
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


def test_a_table_made_anew_keeps_the_rows_that_refer_to_it(empty):
    """SQLite drops the old table when a check changes: the rows below an award stay, and references are enforced again afterwards."""
    from app.extensions import db
    from app.models.award import Award, AwardChange
    from app.models.person import Person
    from app.security import scope

    folder = str(ROOT / "migrations")
    upgrade(folder)
    with scope.use(scope.SYSTEM):
        person = Person(county_code="10004", town_code="10004010", person_id="A123456789", name="王一", birth=dt.date(1940, 1, 1), sex="M")
        db.session.add(person)
        db.session.commit()
        where = {"county_code": "10004", "town_code": "10004010", "benefit": "elderly_living_allowance", "amount": 1}
        payee = {"channel": "cash", "payee_person_id": person.person_id, "payee_name": person.name}
        award = Award(recipient_id=person.id, case_no="T1", decision_no="x", from_month=24_000, **where, **payee)
        db.session.add(award)
        db.session.flush()
        day = dt.datetime(2026, 1, 1)
        db.session.add(AwardChange(award_id=award.id, seq=0, kind="grant", month=24_000, recorded_on=day.date(), recorded_at=day, reason="核定", **where, **payee))
        db.session.commit()
        db.session.remove()
    downgrade(folder, revision="0017")
    upgrade(folder)
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM award_change JOIN award ON award.id = award_id")).scalar() == 1
        if db.engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


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
        out, error = process.communicate(timeout=600)
        assert process.returncode == 0, out + error
    from app.extensions import db
    from app.security import roles

    with db.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM ab_role")).scalars().all()
    assert sorted(names) == sorted([*roles.ALL, "Public"])
