"""Until when somebody may appeal (訴願法第14條第1項、第17條; 行政程序法第48條第4項)."""

import datetime as dt

import pytest

from app.core import roc
from app.rules import remedies
from app.rules.clocks import Calendar, clock, due

CALENDAR = Calendar.of([dt.date(2026, 10, 9)])  # 115/10/9 國慶日補假 (Friday)


@pytest.mark.parametrize(
    ("served", "last"),
    [
        ("115/9/8", "115/10/8"),  # an ordinary Thursday
        ("115/9/9", "115/10/12"),  # Friday in lieu, Saturday, Sunday: Monday
        ("115/9/10", "115/10/12"),  # a Saturday
        ("115/9/11", "115/10/12"),  # a Sunday
        ("115/9/12", "115/10/12"),  # a Monday of itself
    ],
)
def test_末日逢假日_以次一上班日為末日(served, last):
    day = roc.parse_date(served)
    assert remedies.appeal_until(day, CALENDAR) == roc.parse_date(last)
    appeal = clock("", "appeal", day)
    assert appeal.article == "訴願法第14條第1項" and due(appeal, day, CALENDAR).day == roc.parse_date(last)
