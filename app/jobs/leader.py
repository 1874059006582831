"""One scheduler leads; the others stand by. The lock dies with its holder, so a kill -9 hands the lead on by itself."""

import fcntl
import os
from contextlib import suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

ADVISORY_KEY = 0x53574953  # "SWIS"


class Leader:
    """PostgreSQL: an advisory lock on a connection kept for it alone. SQLite: a lock on a file beside the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._file: int | None = None

    def acquire(self) -> bool:
        """Try to take the lead; at once, without waiting."""
        if self._engine.dialect.name == "postgresql":
            return self._acquire_advisory()
        if self._file is None:
            self._file = os.open(f"{self._engine.url.database}.scheduler", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _acquire_advisory(self) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.detach()
        try:
            return bool(self._connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}))
        except SQLAlchemyError:
            self.release()  # a connection that broke once stays broken: the next try begins with a new one
            raise

    def leads_still(self) -> bool:
        """Is the lock still ours? It goes with its connection."""
        if self._connection is None:
            return self._file is not None
        try:
            return bool(self._connection.scalar(text("SELECT 1")))
        except SQLAlchemyError:
            self.release()
            return False

    def release(self) -> None:
        """Let somebody else lead."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None
        if self._file is not None:
            os.close(self._file)
            self._file = None
