"""Training: the mark of an installation, every try at a task, results taken over into the real console, and what a right requires."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock

from .base import Model
from .user import User

OPEN, PASSED, FAILED, ABANDONED = "open", "passed", "failed", "abandoned"
TRY_STATES = {OPEN: _l("Being tried"), PASSED: _l("Passed"), FAILED: _l("Not passed"), ABANDONED: _l("Given up")}
_OPEN = text("state = 'open'")


class Installation(Model):
    """One row, or none: the mark that a database is for training (`app.security.installation`)."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now)
    signing_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The private key that signs the results of this training installation."""


class TrainingTry(Model):
    """One try of one person at one task, with the material made for it and what was found right and wrong. Every try is its own row."""

    __tablename__ = "training_try"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'passed', 'failed', 'abandoned')", name="state"),
        Index("uq_training_try_open", "user_id", "task", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),  # the second click finds the first
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    task: Mapped[str] = mapped_column(String(40), index=True, info={"label": _l("Training task")})
    state: Mapped[str] = mapped_column(String(10), default=OPEN, info={"label": _l("State")})
    began_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, info={"label": _l("Began at")})
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Finished at")})
    material: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """{label, right, points, of, why} for every check."""
    points: Mapped[int | None] = mapped_column(info={"label": _l("Points")})
    of_points: Mapped[int] = mapped_column(default=100)
    user: Mapped[User] = relationship()

    @property
    def minutes(self) -> int | None:
        return None if self.finished_at is None else max(1, round((self.finished_at - self.began_at).total_seconds() / 60))


class TrainingSource(Model):
    """A training installation whose signed results a county accepts: its public key, entered once and from then on compared."""

    __tablename__ = "training_source"
    __table_args__ = (UniqueConstraint("county_code", "public_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(5), default="", info={"label": _l("County")})
    """Empty: the ministry's, for everybody."""
    label: Mapped[str] = mapped_column(String(60))
    public_key: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[str] = mapped_column(String(128))
    added_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now)
    ended_at: Mapped[dt.datetime | None] = mapped_column(DateTime)


class TrainingResult(Model):
    """A finished try taken over from a training installation. Kept by user name, so that it is there before the account is."""

    __tablename__ = "training_result"
    __table_args__ = (UniqueConstraint("source_id", "username", "task", "finished_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("training_source.id"))
    username: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(128))
    task: Mapped[str] = mapped_column(String(40), index=True)
    passed: Mapped[bool] = mapped_column()
    points: Mapped[int] = mapped_column()
    of_points: Mapped[int] = mapped_column()
    finished_at: Mapped[dt.datetime] = mapped_column(DateTime)
    taken_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now)
    taken_by: Mapped[str] = mapped_column(String(128))


class TrainingRequirement(Model):
    """A task that must be passed before a right is given: `right` is a role's name or a permission "thing.verb"."""

    __tablename__ = "training_requirement"
    __table_args__ = (UniqueConstraint("county_code", "right", "task"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(5), default="")
    """Empty: the ministry's, for everybody."""
    right: Mapped[str] = mapped_column(String(120))
    task: Mapped[str] = mapped_column(String(40))
    since: Mapped[dt.date] = mapped_column(Date)
    set_by: Mapped[str] = mapped_column(String(128))
