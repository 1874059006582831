"""The job table: queue, lease, checkpoint, history and status page in one. `job_log` is what a run said.

A row is one run that somebody or the clock asked for. Only a worker that holds its lease works on it; `attempt` rises with every
lease and is the fencing token. Not row-scoped: a run holds codes and counts, never personal data; `app.commands.jobs` says who sees it.
"""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.functions import FunctionElement

from app.core import clock

from .base import Model
from .office import Office
from .user import User

QUEUED, RUNNING, DONE, FAILED, CANCELLED, NEEDS_PERSON = "queued", "running", "done", "failed", "cancelled", "needs_person"
STATES = {
    QUEUED: _l("Queued"),
    RUNNING: _l("Running"),
    DONE: _l("Done"),
    FAILED: _l("Failed"),
    CANCELLED: _l("Cancelled"),
    NEEDS_PERSON: _l("Needs a person"),
}
LIVE = (QUEUED, RUNNING)
_LIVE = text("state IN ('queued', 'running')")


class DatabaseClock(FunctionElement[dt.datetime]):
    """Now plus `seconds` by the database's own clock, in UTC: the one clock that all workers share."""

    type = DateTime()
    inherit_cache = False

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = float(seconds)
        super().__init__()


@compiles(DatabaseClock, "postgresql")
def _postgresql_clock(element: DatabaseClock, _compiler: Any, **_kw: Any) -> str:
    return f"(clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => {element.seconds:.3f}))"


@compiles(DatabaseClock, "sqlite")
def _sqlite_clock(element: DatabaseClock, _compiler: Any, **_kw: Any) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{element.seconds:+.3f} seconds')"


class Job(Model):
    """One run: queued → running → done | failed | cancelled | needs_person. A rerun is a new row that names the old one."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("kind", "scope", "due_at"),  # one run per tick of the clock, whoever ticks
        Index("uq_job_live", "kind", "scope", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),  # the second click finds the first
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'needs_person')", name="state"),
        CheckConstraint("state <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL)", name="lease"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, info={"label": _l("Job number")})
    kind: Mapped[str] = mapped_column(String(60), index=True, info={"label": _l("Job kind")})
    scope: Mapped[str] = mapped_column(String(120), default="", info={"label": _l("What it covers")})
    due_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Due at")})
    """The tick of the clock; NULL when a person asked."""
    args: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info={"label": _l("Arguments")})
    reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason")})
    rerun_of_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), info={"label": _l("Repeats job")})

    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Started by")})
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"), index=True, info={"label": _l("Office")})
    county_code: Mapped[str | None] = mapped_column(String(5), index=True, info={"label": _l("County")})
    """The county of the office that asked; NULL for the clock, the command line and the ministry."""

    state: Mapped[str] = mapped_column(String(12), default=QUEUED, index=True, info={"label": _l("State")})
    attempt: Mapped[int] = mapped_column(default=0, info={"label": _l("Attempt")})
    """Rises with every lease: the fencing token."""
    setbacks: Mapped[int] = mapped_column(default=0, info={"label": _l("Setbacks")})
    """Attempts begun since the last committed chunk."""
    max_attempts: Mapped[int] = mapped_column(default=3, info={"label": _l("Attempts allowed")})
    cancel_requested: Mapped[bool] = mapped_column(default=False, info={"label": _l("Cancel requested")})
    not_before: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Not before")})
    lease_owner: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Worker")})
    lease_until: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Lease until")})
    heartbeat_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Last sign of life")})

    checkpoint: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info={"label": _l("Checkpoint")})
    done: Mapped[int] = mapped_column(default=0, info={"label": _l("Processed")})
    total: Mapped[int | None] = mapped_column(info={"label": _l("Total")})
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON, info={"label": _l("Result")})
    error_code: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Error code")})
    error_text: Mapped[str | None] = mapped_column(Text, info={"label": _l("Error")})

    requested_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, index=True, info={"label": _l("Requested at")})
    started_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Started at")})
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Finished at")})

    started_by: Mapped[User | None] = relationship(info={"label": _l("Started by")})
    office: Mapped[Office | None] = relationship(info={"label": _l("Office")})
    rerun_of: Mapped["Job | None"] = relationship(remote_side="Job.id")

    @property
    def percent(self) -> int | None:
        """How far the run is, 0 to 100; None when the whole is not known."""
        if self.state == DONE:
            return 100
        return min(100, self.done * 100 // self.total) if self.total else None

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}".strip()


class JobLog(Model):
    """One line that a run, or its worker, said. Chunk lines are written in the chunk's own transaction."""

    __tablename__ = "job_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), index=True)
    attempt: Mapped[int] = mapped_column(default=0, info={"label": _l("Attempt")})
    at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, info={"label": _l("At")})
    level: Mapped[str] = mapped_column(String(8), default="info", info={"label": _l("Level")})
    text: Mapped[str] = mapped_column(String(500), info={"label": _l("Message")})
