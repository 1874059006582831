"""What a job works with: a command context whose transaction is the chunk."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from app.commands.base import Context
from app.core import clock
from app.extensions import WRITE, db
from app.models.job import JobLog
from app.security import audit
from app.security.actor import Actor

from . import lease
from .lease import Lease


class OutcomeUnknown(Exception):
    """An act outside the database may or may not have happened; a person has to find out. The text (Chinese) says what to look at."""


class JobContext(Context):
    """`args` what was asked, `checkpoint` where to go on (a dictionary to change), `result` what to show at the end ({label: value}).

    `session` begins its transaction with the chunk's first statement and takes SQLite's write lock with it: compute and read files
    first, write last. Commands called with this context join the chunk.
    """

    def __init__(self, held: Lease, actor: Actor) -> None:
        super().__init__(Session(db.engine.execution_options(**WRITE)), actor)
        self.lease = held
        self.job_id = held.job_id
        self.args: dict[str, Any] = dict(held.args)
        self.checkpoint: dict[str, Any] = dict(held.checkpoint)
        self.done, self.total = held.done, held.total
        self.started_at: dt.datetime = clock.now()
        self.result: dict[str, Any] | None = None

    def progress(self, done: int, total: int | None = None) -> None:
        """How far the run is; stored with the chunk."""
        self.done = done
        self.total = self.total if total is None else total

    def log(self, text: str, level: str = "info") -> None:
        """A line for the job page (Chinese, no personal data), stored with the chunk. `level`: info | warning | error."""
        self.session.add(JobLog(job_id=self.job_id, attempt=self.lease.attempt, level=level, text=text[:500]))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session of its own for reading, which leaves the chunk's transaction unopened."""
        with Session(db.engine) as session:
            yield session

    def commit(self, finished: bool = False) -> bool:
        """Commit the chunk under the fence; whether a person asked to cancel. Raises LeaseLost, and then nothing was stored."""
        self.session.flush()
        cancel = lease.guard(self.session, self.lease, self.checkpoint, self.done, self.total, finished, self.result)
        drafts, self.drafts = self.drafts, []
        audit.append(
            self.session,
            current_app.config["AUDIT_KEY"],
            drafts,
            actor_id=self.actor.user_id,
            actor=self.actor.display,
            office=self.actor.office,
        )
        self.session.commit()
        self.now = clock.now()
        return cancel
