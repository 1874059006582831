"""The clock: the latest tick at or before a moment, in Taipei time."""

import datetime as dt

import pytest

from app.commands.job_kinds import Kind
from app.jobs import timetable


def kind(schedule: str) -> Kind:
    return Kind("probe", "probe", lambda ctx: iter(()), schedule=schedule)


@pytest.mark.parametrize(
    ("schedule", "now", "due"),
    [
        ("30 2 * * *", "2026-03-05 18:30:00", "2026-03-05 18:30:00"),  # 02:30 in Taipei, to the second
        ("30 2 * * *", "2026-03-05 18:29:59", "2026-03-04 18:30:00"),
        ("0 6 1 * *", "2026-03-20 00:00:00", "2026-02-28 22:00:00"),  # the first of the month
        ("*/5 * * * *", "2026-03-05 00:07:31", "2026-03-05 00:05:00"),
        ("0 3 * * sun", "2026-03-05 00:00:00", "2026-02-28 19:00:00"),
        ("0 0 29 2 *", "2026-03-05 00:00:00", None),  # no leap day within a month
    ],
)
def test_last_due(schedule: str, now: str, due: str | None) -> None:
    found = timetable.last_due(timetable.trigger(kind(schedule)), dt.datetime.fromisoformat(now))
    assert found == (dt.datetime.fromisoformat(due) if due else None)
