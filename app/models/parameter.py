"""Dated parameters of the law (thresholds, amounts, rates) and the counties' own settings. Public figures without persons, so without row scope.

A change is a new row; what was decided with an older one stays explicable.
"""

import datetime as dt
from fractions import Fraction
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from .base import Model, Versioned

STATES = ("proposed", "approved", "rejected", "withdrawn")
ORIGINS = ("delivered", "file", "console")


class ExactNumber(TypeDecorator[Any]):
    """A whole number or an exact fraction, kept as text (`9829`, `27/2000`), so that no database rounds it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(Fraction(value))

    def process_result_value(self, value: Any, dialect: Any) -> int | Fraction | None:
        if value is None:
            return None
        exact = Fraction(value)
        return int(exact) if exact.denominator == 1 else exact


class Proposal(Versioned):
    """Entered by one person, approved by another. `delivered` rows come with the product, `file` rows from a county's own settings file."""

    state: Mapped[str] = mapped_column(String(10), default="proposed", info={"label": _l("State")})
    origin: Mapped[str] = mapped_column(String(10), default="console", info={"label": _l("Origin")})
    delivered_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    entered_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Entered at")})
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Approved at")})
    note: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Note")})

    @declared_attr
    def entered_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})

    @declared_attr
    def approved_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})


def two_people(table: str) -> tuple[Any, ...]:
    """The constraints of a proposal: a second person approves, and dates run forward."""
    return (
        CheckConstraint("approved_by_id <> entered_by_id", name="maker_checker"),
        CheckConstraint(
            "state <> 'approved' OR origin <> 'console' OR (entered_by_id IS NOT NULL AND approved_by_id IS NOT NULL)",
            name="approved_by_two",
        ),
        CheckConstraint("effective_to IS NULL OR effective_from IS NULL OR effective_to >= effective_from", name="dates"),
        CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint("origin IN ('delivered', 'file', 'console')", name="origin"),
    )


class Parameter(Proposal, Model):
    """One dated value. `county_code` NULL = the nation's (or its `region`'s); `value` NULL = nobody has found a source for it."""

    __tablename__ = "parameter"
    __table_args__ = (
        *two_people("parameter"),
        CheckConstraint("value IS NOT NULL OR origin = 'delivered'", name="value_or_delivered"),
        Index("ix_parameter_lookup", "name", "county_code"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), info={"label": _l("Parameter")})
    county_code: Mapped[str | None] = mapped_column(ForeignKey("county.code"), index=True, info={"label": _l("County")})
    region: Mapped[str] = mapped_column(String(20), default="", info={"label": _l("Applies in")})
    value: Mapped[Any | None] = mapped_column(ExactNumber, info={"label": _l("Value")})
    unit: Mapped[str] = mapped_column(String(120), default="", info={"label": _l("Unit")})
    effective_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Effective from")})
    effective_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Effective until")})
    source: Mapped[str] = mapped_column(String(200), info={"label": _l("Source")})
    confidence: Mapped[str] = mapped_column(String(12), default="", info={"label": _l("Confidence")})

    def __repr__(self) -> str:
        return self.name
