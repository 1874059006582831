"""The exchange calendar: what every source owes for each month and when, by law (rows), and what a county set for itself."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import CountyScoped, Model, MonthType, Stamped

UNITS = {"working_days": _l("Working days of the next month"), "days": _l("Day of the next month")}


class CalendarRule(Model):
    """What is expected. `kind` is empty for registers; `deliverer` says who sends: every county, or one national agency.

    Due on the `due`-th working day (or day) of the month after the period; periods are `every` months long and end in months whose
    number is divisible by `every`. Data are fresh for `fresh_days` after the next delivery became due. `law` is empty where the
    law gives no day; `note` then says what the default is.
    """

    __tablename__ = "calendar_rule"
    __table_args__ = (
        UniqueConstraint("source", "kind", "effective_from"),
        CheckConstraint("deliverer IN ('county', 'national')", name="deliverer"),
        CheckConstraint("unit IN ('working_days', 'days')", name="unit"),
        CheckConstraint("due BETWEEN 1 AND 28 AND every IN (1, 3, 6, 12)", name="clock"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source")})
    kind: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Kind of data")})
    deliverer: Mapped[str] = mapped_column(String(10), info={"label": _l("Delivered by")})
    every: Mapped[int] = mapped_column(default=1, info={"label": _l("Every how many months")})
    due: Mapped[int] = mapped_column(info={"label": _l("Due")})
    unit: Mapped[str] = mapped_column(String(12), info={"label": _l("Counted in"), "choices": UNITS})
    fresh_days: Mapped[int] = mapped_column(default=31, info={"label": _l("Days of freshness")})
    law: Mapped[str] = mapped_column(String(80), default="", info={"label": _l("Legal basis")})
    article: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Article")})
    note: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Note")})
    effective_from: Mapped[int] = mapped_column(MonthType, info={"label": _l("Effective from")})
    effective_to: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Effective until")})

    def __repr__(self) -> str:
        return f"{self.source}/{self.kind}"


class CalendarSetting(CountyScoped, Stamped, Model):
    """What a county set for itself: it does not pay this kind (`expected` false), or it wants its file earlier. Never later than the law."""

    __tablename__ = "calendar_setting"
    __table_args__ = (
        UniqueConstraint("county_code", "source", "kind"),
        CheckConstraint("due IS NULL OR due BETWEEN 1 AND 28", name="due"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source")})
    kind: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Kind of data")})
    expected: Mapped[bool] = mapped_column(default=True, info={"label": _l("Expected")})
    due: Mapped[int | None] = mapped_column(info={"label": _l("Due")})
    reason: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})

    def __repr__(self) -> str:
        return f"{self.source}/{self.kind}"
