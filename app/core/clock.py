"""The one source of "now". Everything that needs the time asks here, so a test can stop it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
_frozen: ContextVar[dt.datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> dt.datetime:
    """Now, in UTC, without tzinfo and without microseconds (what both databases store alike)."""
    moment = _frozen.get() or dt.datetime.now(dt.UTC)
    return moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)


def today() -> dt.date:
    """Today's date in Taipei."""
    return to_taipei(now()).date()


def to_taipei(moment: dt.datetime) -> dt.datetime:
    """A stored (UTC, naive) moment as Taipei wall-clock time."""
    return moment.replace(tzinfo=dt.UTC).astimezone(TAIPEI)


@contextmanager
def frozen(moment: dt.datetime | dt.date) -> Iterator[None]:
    """Stop the clock at `moment` (a date means noon in Taipei)."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time(12), TAIPEI)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)
