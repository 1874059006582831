"""The state training goes back to: kept after the county was made, put back in one transaction, with accounts, tries and jobs carried over.

Training is SQLite alone (decision 0018), so the snapshot is a file, and SQLite's own backup swaps the contents under running processes:
whoever reads sees all of the old county or all of the new one.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import create_engine

from app.commands import payment_files, setup
from app.commands.base import Context, Refused, command
from app.commands.jobs import enqueue
from app.extensions import db
from app.security import installation, roles

KIND: Final = "training_reset"
KEPT: Final = (
    "installation", "ab_permission", "ab_view_menu", "ab_permission_view", "ab_role", "ab_permission_view_role", "ab_user", "ab_user_role",
    "web_session", "training_try", "job", "job_log", "security_event",
)  # fmt: skip
"""What a reset carries over: who may sign in and is signed in, what was tried, what ran."""


def folder() -> Path:
    """Where the snapshot lies."""
    return Path(current_app.config["SWIS_HOME"]) / "snapshot"


def _live() -> Path:
    return Path(current_app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))


def is_current(app: Flask) -> bool:
    """Is there a snapshot, in the schema of this version?"""
    kept = folder() / "swis.db"
    if not kept.exists():
        return False
    engine = create_engine(f"sqlite:///{kept}")
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return revision == ScriptDirectory(str(app.extensions["migrate"].directory)).get_current_head()


def prepare(app: Flask) -> None:
    """Keep the county as it stands now when there is no snapshot; bring an older one to this version's schema."""
    with app.app_context():
        if is_current(app):
            return
        kept = folder() / "swis.db"
        if not kept.exists():
            keep()
            return
    from app import create_app

    older = create_app({**app.config, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{kept}"})
    setup.prepare(older, force=True)
    with older.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


def keep() -> None:
    """The database and the log of what left, as they stand, become the snapshot. Written whole or not at all."""
    where = folder()
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = where / "swis.db.part"
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(_live())) as live, closing(sqlite3.connect(part)) as copy:
        live.backup(copy)
    if payment_files.log_path().exists():
        shutil.copyfile(payment_files.log_path(), where / "export.log")
    part.replace(where / "swis.db")


@command("training.reset", roles=(*roles.SUPERVISORS, roles.ADMINISTRATOR))
def request_reset(ctx: Context) -> int:
    """Queue the reset; the number of the run. A second click finds the first. Raises Refused outside of training."""
    refuse_outside()
    return enqueue(ctx, KIND).id


def refuse_outside() -> None:
    """Raises Refused where cases are real."""
    if not installation.is_training():
        raise Refused("這裡不是訓練環境，不能重置；訓練環境請以 make training 啟動", "E-TRAINING")


def restore() -> None:
    """Put the snapshot back; accounts, tries, jobs and sessions stay as they are. Raises Refused when that would tear a reference."""
    refuse_outside()
    if not (folder() / "swis.db").exists():
        raise Refused("找不到訓練環境的起始資料，請停止後重新執行 make training", "E-TRAINING")
    following = folder() / "next.db"
    for suffix in ("", "-wal", "-shm"):
        following.with_name(following.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(folder() / "swis.db", following)
    with closing(sqlite3.connect(following, isolation_level=None)) as made:
        made.execute("ATTACH ? AS live", (str(_live()),))
        made.execute("BEGIN")
        for table in KEPT:
            columns = ", ".join(f'"{row[1]}"' for row in made.execute(f"PRAGMA table_info({table})"))
            made.execute(f"DELETE FROM main.{table}")  # noqa: S608
            made.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM live.{table}")  # noqa: S608
        torn = {row[0] for row in made.execute("PRAGMA main.foreign_key_check")}
        made.execute("ROLLBACK" if torn else "COMMIT")
        made.execute("DETACH live")
        if torn:
            raise Refused(f"重置沒有進行：{'、'.join(sorted(torn))} 參照到已不存在的資料，請通知系統管理人員", "E-TRAINING")
        with closing(sqlite3.connect(_live(), timeout=60)) as live:
            made.backup(live)
    following.unlink()
    log = payment_files.log_path()
    log.unlink(missing_ok=True)
    if (folder() / "export.log").exists():
        shutil.copyfile(folder() / "export.log", log)
