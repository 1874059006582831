"""One leased run from claim to end: chunks under the fence, a heartbeat beside them, every way it can end."""

import logging
import threading
import time
import traceback
from collections.abc import Generator

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError

from app.commands.base import CommandError, Refused
from app.commands.job_kinds import KINDS, Kind
from app.extensions import db
from app.models.job import CANCELLED, FAILED, NEEDS_PERSON, QUEUED
from app.models.user import User
from app.security import scope, web
from app.security.actor import Actor

from . import lease
from .context import JobContext, OutcomeUnknown
from .lease import Lease, LeaseLost

log = logging.getLogger(__name__)
RETRY_DELAY = 2.0
TRANSIENT_STATES = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03")  # serialization, deadlock, lock not available, server stopping
LOST_CONNECTION = "8s2b"  # SQLAlchemy's code: the transaction's connection was dropped and it was used on


class Heartbeat(threading.Thread):
    """Extends the lease while the work lives. It stops with the work's thread, and when a chunk takes too long."""

    def __init__(self, engine: Engine, held: Lease, chunk_seconds: float) -> None:
        super().__init__(name=f"heartbeat-{held.job_id}", daemon=True)
        self._engine, self._lease, self._chunk_seconds = engine, held, chunk_seconds
        self._work = threading.current_thread()
        self._stop_now = threading.Event()
        self._sign = self._chunk = time.monotonic()
        self.lost = False

    def run(self) -> None:
        while not self._stop_now.wait(self._lease.seconds / 3) and self._work.is_alive():
            if time.monotonic() - self._chunk > self._chunk_seconds:
                log.error("job %s: chunk takes longer than %s s, lease let go", self._lease.job_id, self._chunk_seconds)
                break
            try:
                self.lost = not lease.beat(self._engine, self._lease)
            except SQLAlchemyError:  # the database may be back before the lease is over
                self.lost = time.monotonic() - self._sign > self._lease.seconds
            else:
                self._sign = time.monotonic()
            if self.lost:
                break

    def chunk_done(self) -> None:
        """The work got on."""
        self._chunk = self._sign = time.monotonic()

    def stop(self) -> None:
        """The work is over."""
        self._stop_now.set()


def execute(app: Flask, held: Lease, stopping: threading.Event) -> None:
    """Work on a leased job until it ends, its lease is lost, or `stopping` is set (then it is given back after the chunk)."""
    with app.app_context():
        kind = KINDS.get(held.kind)
        if kind is None:
            text = f"這個版本沒有「{held.kind}」這種作業；請確認作業程序與主控台是同一版本"
            lease.close(db.engine, held, FAILED, text, code="E-JOB-KIND", level="error")
            return
        try:
            actor = _actor(kind, held)
        except Exception as error:
            _ended_by(error, held)
            return
        beat = Heartbeat(db.engine, held, kind.chunk_minutes * 60)
        beat.start()
        try:
            with scope.use(actor.scope):
                _work(kind, held, actor, beat, stopping)
        finally:
            beat.stop()


def _actor(kind: Kind, held: Lease) -> Actor:
    """On whose behalf: the person who asked (as he or she stands now), or the system. Raises Refused."""
    if kind.on_behalf and held.started_by_id is not None:
        with db.session() as session:
            user = session.get(User, held.started_by_id)
            if user is None or not user.active:
                raise Refused("要求這項作業的帳號已停用，作業沒有執行", "E-JOB-ACTOR")
            return web.actor_for(user)
    return Actor.system(f"swis job {kind.name}")


def _work(kind: Kind, held: Lease, actor: Actor, beat: Heartbeat, stopping: threading.Event) -> None:
    ctx = JobContext(held, actor)
    chunks = kind.run(ctx)
    try:
        finished = False
        while not finished:
            finished = next(chunks, ctx) is ctx
            cancel = ctx.commit(finished)
            beat.chunk_done()
            if finished:
                return
            if beat.lost:
                raise LeaseLost(f"job {held.job_id} attempt {held.attempt}")
            if cancel:
                lease.close(db.engine, held, CANCELLED, f"依要求取消（已處理 {ctx.done}），已完成的部分保留")
                return
            if stopping.is_set():
                lease.close(db.engine, held, QUEUED, f"作業程序停止，稍後從檢查點續行（已處理 {ctx.done}）")
                return
    except LeaseLost:
        ctx.session.rollback()
        log.warning("job %s attempt %s: lease lost, nothing stored", held.job_id, held.attempt)
    except Exception as error:
        ctx.session.rollback()
        _ended_by(error, held)
    finally:
        if isinstance(chunks, Generator):
            chunks.close()
        ctx.session.close()


def _ended_by(error: Exception, held: Lease) -> None:
    """Store why the run ended. Messages of unforeseen errors may hold personal data, so only their kind and place are kept."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__}（{place.filename.rsplit('/', 1)[-1]}:{place.lineno}）"
    try:
        if isinstance(error, CommandError):
            lease.close(db.engine, held, FAILED, error.message, code=error.code, level="error")
        elif isinstance(error, OutcomeUnknown):
            lease.close(db.engine, held, NEEDS_PERSON, str(error), code="E-JOB-UNKNOWN", level="error")
        elif is_transient(error):
            log.warning("job %s: %s, again in %s s", held.job_id, where, RETRY_DELAY)
            lease.abandon(db.engine, held, RETRY_DELAY, f"資料庫暫時無法處理：{where}")
        else:
            log.error("job %s: %s\n%s", held.job_id, where, "".join(traceback.format_tb(error.__traceback__)))
            text = f"程式發生未預期的錯誤：{where}；這一段沒有存檔，請通知系統管理人員"
            lease.close(db.engine, held, FAILED, text, code="E-JOB-ERROR", level="error")
    except SQLAlchemyError:
        log.error("job %s: database out of reach; its lease will run out", held.job_id)


def is_transient(error: Exception) -> bool:
    """Is it worth another try: the connection, a lock, a deadlock?"""
    if isinstance(error, PendingRollbackError):
        return error.code == LOST_CONNECTION
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return state in TRANSIENT_STATES or state.startswith("08")
    return isinstance(error, OperationalError) and ("locked" in str(error.orig) or (state is None and "sqlite" not in type(error.orig).__module__))
