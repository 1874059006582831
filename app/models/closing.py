"""Month and year closing: what 主計 closed, the figures it was closed with, and the accounting lines that correct a closed month in an open one.

Nothing of a closed month is added or changed: triggers refuse it (`closing_guard`), whatever writes.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .base import BenefitScoped, CountyShared, Model, Money, MonthType, TownScoped, Versioned

PERIODS = {"month": _l("Month closing"), "year": _l("Year closing")}
STATES = {"closed": _l("Books closed"), "asked": _l("Reopening asked for"), "reopened": _l("Books reopened")}
SOURCES = {"": _l("All funding sources"), "central": _l("Central government"), "county": _l("County's own"), "town": _l("Township's own"), "none": _l("Not split")}
_STANDING = text("state <> 'reopened'")


class AccountingClosing(Versioned, CountyShared, Model):
    """One closing of a month (or of the year that ends with `month`). A reopened one stays as history; the next closing is a new row."""

    __tablename__ = "accounting_closing"
    __table_args__ = (
        Index(
            "uq_accounting_closing_standing", "county_code", "period", "month",
            unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING,
        ),
        CheckConstraint("period IN ('month', 'year')", name="period"),
        CheckConstraint("period = 'month' OR (month + 1) / 12 * 12 = month + 1", name="year_end"),
        CheckConstraint("state IN ('closed', 'asked', 'reopened')", name="state"),
        CheckConstraint("state = 'closed' OR (reason IS NOT NULL AND asked_by_id IS NOT NULL)", name="reason"),
        CheckConstraint("state <> 'reopened' OR reopened_by_id IS NOT NULL", name="reopened"),
        CheckConstraint("reopened_by_id <> asked_by_id", name="maker_checker"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(5), info={"label": _l("Period"), "choices": PERIODS})
    month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Month")})
    state: Mapped[str] = mapped_column(String(10), default="closed", info={"label": _l("State"), "choices": STATES})
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Closed by")})
    closed_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Closed at")})
    reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason")})
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Reopening asked by")})
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Reopened by")})
    reopened_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Reopened at")})
    figures: Mapped[list["ClosingFigure"]] = relationship(back_populates="closing", order_by="ClosingFigure.benefit, ClosingFigure.source")


class ClosingFigure(BenefitScoped, CountyShared, Model):
    """What a closing closed with: NTD and lines of one benefit and funding source ('' = altogether). approved = filed = credited + returned.

    Amounts are what the decisions grant; `deducted` of it stayed with the county by signed consent.
    """

    __tablename__ = "closing_figure"
    __table_args__ = (UniqueConstraint("closing_id", "benefit", "source"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    closing_id: Mapped[int] = mapped_column(ForeignKey("accounting_closing.id"), index=True)
    source: Mapped[str] = mapped_column(String(8), info={"label": _l("Funding source"), "choices": SOURCES})
    lines: Mapped[int] = mapped_column(info={"label": _l("Lines")})
    approved: Mapped[int] = mapped_column(Money, info={"label": _l("Amount approved")})
    filed: Mapped[int] = mapped_column(Money, info={"label": _l("Filed amount")})
    credited: Mapped[int] = mapped_column(Money, info={"label": _l("Credited amount")})
    returned: Mapped[int] = mapped_column(Money, info={"label": _l("Returned amount")})
    deducted: Mapped[int] = mapped_column(Money, info={"label": _l("Deducted amount")})
    closing: Mapped[AccountingClosing] = relationship(back_populates="figures")


class AccountingLine(BenefitScoped, TownScoped, Model):
    """A line in an open month that says what changed of a closed one: returned money that stays with the county. Only ever added."""

    __tablename__ = "accounting_line"
    __table_args__ = (
        UniqueConstraint("root_run_id", "root_line_no"),
        CheckConstraint("month > of_month", name="later"),
        CheckConstraint("amount > 0", name="amount"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Booked in")})
    of_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Closed month")})
    root_run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"))
    root_line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    reason: Mapped[str] = mapped_column(String(200), info={"label": _l("Reason")})
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recorded by")})
    made_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Recorded at")})


append_only(ClosingFigure)
append_only(AccountingLine)
