"""When: APScheduler's cron triggers, in Taipei time. A tick only inserts a row; what was missed is run once, late."""

import datetime as dt
import logging

from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.commands.job_kinds import KINDS, Kind
from app.commands.jobs import tick
from app.core import clock
from app.models.job import Job

from .lease import writing

log = logging.getLogger(__name__)
LOOK_BACK = tuple(dt.timedelta(minutes=m) for m in (2, 70, 25 * 60, 8 * 24 * 60, 32 * 24 * 60))
PREFIX = "tick:"


def trigger(kind: Kind) -> CronTrigger:
    """The trigger of a scheduled kind."""
    return CronTrigger.from_crontab(kind.schedule, timezone=clock.TAIPEI)


def last_due(cron: CronTrigger, now: dt.datetime) -> dt.datetime | None:
    """The latest fire time at or before `now` (UTC, naive) within the last 32 days; None when there was none."""
    here = now.replace(tzinfo=dt.UTC)
    for window in LOOK_BACK:
        found, fire = None, cron.get_next_fire_time(None, here - window)
        while fire is not None and fire <= here:
            found, fire = fire, cron.get_next_fire_time(fire, fire + dt.timedelta(microseconds=1))
        if found is not None:
            return found.astimezone(dt.UTC).replace(tzinfo=None)
    return None


def next_due(kind: Kind, now: dt.datetime) -> dt.datetime | None:
    """The first fire time after `now` (UTC, naive)."""
    found = trigger(kind).get_next_fire_time(None, now.replace(tzinfo=dt.UTC) + dt.timedelta(seconds=1))
    return found.astimezone(dt.UTC).replace(tzinfo=None) if found else None


def fire(engine: Engine, name: str) -> None:
    """The tick of one kind: insert the row of the latest due time, if nobody has."""
    due = last_due(trigger(KINDS[name]), clock.now())
    if due is not None:
        with writing(engine) as session:
            tick(session, name, due)
            session.commit()


def catch_up(engine: Engine) -> list[str]:
    """For every scheduled kind that has run before: if a due time passed without a row, queue one late run. Their names."""
    late = []
    known = select(Job.kind, func.max(Job.due_at)).where(Job.due_at.is_not(None)).group_by(Job.kind)
    with Session(engine) as session:
        latest: dict[str, dt.datetime | None] = dict(session.execute(known).all())
    for kind in _scheduled():
        due, before = last_due(trigger(kind), clock.now()), latest.get(kind.name)
        if due is None or before is None or before >= due:
            continue
        with writing(engine) as session:
            if tick(session, kind.name, due, late=True) is not None:
                late.append(kind.name)
                log.warning("job %s was due at %s UTC and is run late", kind.name, due)
            session.commit()
    return late


def _scheduled() -> list[Kind]:
    return [kind for kind in KINDS.values() if kind.schedule]


def start(scheduler: BaseScheduler, engine: Engine) -> None:
    """Begin to tick (this process leads now): first what was missed, then by the clock."""
    catch_up(engine)
    for kind in _scheduled():
        scheduler.add_job(
            fire,
            trigger(kind),
            args=[engine, kind.name],
            id=PREFIX + kind.name,
            replace_existing=True,
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )


def stop(scheduler: BaseScheduler) -> None:
    """Stop ticking (somebody else leads)."""
    for entry in scheduler.get_jobs():
        if entry.id.startswith(PREFIX):
            scheduler.remove_job(entry.id)
