"""The holiday calendar: days off and make-up working days, the nation's and each county's corrections, and the years that are confirmed.

Public dates without persons, so without row scope. `county_code` empty = delivered for everybody.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, Stamped

KINDS = {"off": _l("Day off"), "worked": _l("Working day")}


class DayOff(Stamped, Model):
    """One day that differs from Monday to Friday, or from what is delivered. A county's row for a day goes before the nation's."""

    __tablename__ = "day_off"
    __table_args__ = (
        UniqueConstraint("county_code", "day"),
        CheckConstraint("kind IN ('off', 'worked')", name="kind"),
        CheckConstraint("county_code = '' OR reason <> ''", name="reason"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(5), default="", info={"label": _l("County")})
    day: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Day")})
    kind: Mapped[str] = mapped_column(String(6), info={"label": _l("Kind of day"), "choices": KINDS})
    name: Mapped[str] = mapped_column(String(40), info={"label": _l("Name")})
    reason: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Reason")})


class CalendarYear(Model):
    """A year (AD) whose days off are complete, and what says so. A year without a row is not confirmed."""

    __tablename__ = "calendar_year"
    __table_args__ = (UniqueConstraint("county_code", "year"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(5), default="", info={"label": _l("County")})
    year: Mapped[int] = mapped_column(Integer, info={"label": _l("Year")})
    source: Mapped[str] = mapped_column(String(200), info={"label": _l("Source")})
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Confirmed at")})
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Confirmed by")})
