"""The jobs process (`flask swis jobs`): takes leases and hands them to APScheduler's executor; one of its kind also ticks."""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from dataclasses import dataclass

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.extensions import db

from . import lease, runner, timetable
from .leader import Leader

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How the process works. `lease`: seconds without a sign of life after which a run is given to another worker."""

    workers: int = 2
    lease: float = 30.0
    poll: float = 1.0
    grace: float = 25.0
    """Seconds that a stop waits for the chunks under way."""


class JobsProcess:
    """`serve` until a signal or `stop`."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self.owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stopping = threading.Event()
        self._slots = threading.Semaphore(settings.workers)
        self.leads = False

    def stop(self, *_signal: object) -> None:
        """Begin to stop: take nothing new, give back what runs after its chunk."""
        self._stopping.set()

    def serve(self) -> None:
        """Work until told to stop. The database may come and go meanwhile."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.stop)
            signal.signal(signal.SIGINT, self.stop)
        with self._app.app_context():
            engine = db.engine
        scheduler = BackgroundScheduler(
            timezone=clock.TAIPEI,
            executors={"default": ThreadPoolExecutor(1), "work": ThreadPoolExecutor(self._settings.workers)},
        )
        scheduler.start()
        leader = Leader(engine)
        log.info("%s works", self.owner)
        try:
            while not self._stopping.is_set():
                try:
                    self._turn(engine, scheduler, leader)
                except SQLAlchemyError as error:
                    log.warning("database out of reach (%s), trying again", type(error).__name__)
                self._stopping.wait(self._settings.poll)
        finally:
            scheduler.shutdown(wait=False)
            drained = self._drain()
            leader.release()
        if not drained:
            log.warning("a chunk did not end within %s s; it is rolled back and resumed elsewhere", self._settings.grace)
            os._exit(0)

    def _turn(self, engine: Engine, scheduler: BackgroundScheduler, leader: Leader) -> None:
        """One look: who leads, whose lease is over, what waits."""
        leads = leader.leads_still() if self.leads else leader.acquire()
        if leads != self.leads:
            if leads:
                timetable.start(scheduler, engine)
            else:
                timetable.stop(scheduler)
            self.leads = leads  # last: a start that the database cut short is begun again at the next turn
            log.info("%s %s", self.owner, "leads" if leads else "stands by")
        lease.sweep(engine)
        while not self._stopping.is_set() and self._slots.acquire(blocking=False):
            held = None
            try:
                held = lease.claim(engine, self.owner, self._settings.lease)
            finally:
                if held is None:  # also when the database went away in between: a slot kept by nobody would idle for ever
                    self._slots.release()
            if held is None:
                return
            scheduler.add_job(self._run, args=[held], id=f"run:{held.job_id}:{held.attempt}", executor="work", misfire_grace_time=None)

    def _run(self, held: lease.Lease) -> None:
        try:
            runner.execute(self._app, held, self._stopping)
        finally:
            self._slots.release()

    def _drain(self) -> bool:
        """Wait for the chunks under way; whether all ended."""
        deadline = time.monotonic() + self._settings.grace
        return all(self._slots.acquire(timeout=max(0.0, deadline - time.monotonic())) for _ in range(self._settings.workers))
