"""Monthly figures: one row per person, benefit and month, the same added up without persons, and when each month was computed.

Made from the registers by set-based statements (`commands/figures/refresh.py`) and made anew whenever needed: nothing here is a source.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import BenefitScoped, CountyScoped, CountyShared, Model, Money, MonthType, TownScoped
from .person import Person

MOVEMENTS = {
    "new": _l("Newly granted"),
    "resumed": _l("Draws again"),
    "changed": _l("Amount or grade changed"),
    "same": _l("Unchanged"),
    "stopped": _l("Stopped"),
    "paid": _l("Only paid for other months"),
}
DRAWING = ("new", "resumed", "changed", "same")
"""The movements of those who draw the benefit (hold the card) in the month."""
AGES = (0, 3, 6, 12, 15, 18, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100)
"""The first year of each age group kept: the finest the forms ask for. Coarser groups are unions of these."""


class _Cut:
    """What a row is counted by. `band` is the benefit's band, a card's class, a permit's kind of vehicle; empty where there is none."""

    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Month")})
    band: Mapped[str] = mapped_column(String(24), info={"label": _l("Band")})
    grade: Mapped[str] = mapped_column(String(10), info={"label": _l("Disability grade")})
    sex: Mapped[str] = mapped_column(String(1), info={"label": _l("Sex")})
    age_from: Mapped[int] = mapped_column(info={"label": _l("Age")})
    channel: Mapped[str] = mapped_column(String(12), info={"label": _l("Payment channel")})
    cause: Mapped[str] = mapped_column(String(16), info={"label": _l("Main cause of poverty")})
    movement: Mapped[str] = mapped_column(String(8), info={"label": _l("Movement"), "choices": MOVEMENTS})
    persons: Mapped[int] = mapped_column(info={"label": _l("Persons of the household")})
    due: Mapped[int] = mapped_column(Money, info={"label": _l("Amount due")})
    paid: Mapped[int] = mapped_column(Money, info={"label": _l("Amount paid")})
    fund_central: Mapped[int] = mapped_column(Money, info={"label": _l("Central government")})
    fund_county: Mapped[int] = mapped_column(Money, info={"label": _l("County's own")})
    fund_town: Mapped[int] = mapped_column(Money, info={"label": _l("Township's own")})
    fund_none: Mapped[int] = mapped_column(Money, info={"label": _l("Without funding shares")})


CUTS = ("month", "band", "grade", "sex", "age_from", "channel", "cause", "movement")
SUMS = ("persons", "due", "paid", "fund_central", "fund_county", "fund_town", "fund_none")


class StatisticFact(_Cut, BenefitScoped, TownScoped, Model):
    """One award, card or permit in one month. `due` by what is recorded now; `paid` by the registers released for the month."""

    __tablename__ = "statistic_fact"
    __table_args__ = (
        UniqueConstraint("month", "source", "source_id"),
        Index("ix_statistic_fact_county", "county_code", "month", "benefit"),
        Index("ix_statistic_fact_town", "town_code", "month", "benefit"),
        CheckConstraint("source IN ('award', 'card', 'permit')", name="source"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(6), info={"label": _l("Record kind")})
    source_id: Mapped[int] = mapped_column(info={"label": _l("Record number")})
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recipient: Mapped[Person] = relationship()


class StatisticCell(_Cut, BenefitScoped, CountyScoped, Model):
    """The facts of a month added up, without persons: what a county and the ministry read. `place` is the township's code."""

    __tablename__ = "statistic_cell"
    __table_args__ = (Index("ix_statistic_cell_month", "county_code", "month", "benefit"), Index("ix_statistic_cell_nation", "month", "benefit"))
    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(8), info={"label": _l("Township")})
    rows: Mapped[int] = mapped_column(info={"label": _l("Rows")})
    paid_rows: Mapped[int] = mapped_column(info={"label": _l("Paid rows")})


class StatisticMonth(CountyShared, Model):
    """When a county's month was computed: the freshness every figure is shown with."""

    __tablename__ = "statistic_month"
    __table_args__ = (UniqueConstraint("county_code", "month"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Month")})
    built_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Computed at")})
    rows: Mapped[int] = mapped_column(info={"label": _l("Rows")})
