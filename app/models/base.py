"""What every table stands on: the declarative base, column types, and the mixins that row scope reads."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import BigInteger, TypeDecorator

from app.core import clock
from app.extensions import Model

__all__ = [
    "BenefitScoped",
    "CountyScoped",
    "Model",
    "Money",
    "MonthType",
    "PersonIdType",
    "AccountType",
    "Stamped",
    "TownScoped",
    "Versioned",
]


class MonthType(TypeDecorator[int]):
    """A month number (AD year * 12 + month - 1); screens show `98年3月`."""

    impl = Integer
    cache_ok = True


class Money(TypeDecorator[int]):
    """Whole New Taiwan dollars; screens show `6,000`."""

    impl = BigInteger
    cache_ok = True


class PersonIdType(TypeDecorator[str]):
    """A national ID or resident number; screens show it masked until it is revealed."""

    impl = String(10)
    cache_ok = True


class AccountType(TypeDecorator[str]):
    """A bank or post account number; screens show its last four digits until it is revealed."""

    impl = String(20)
    cache_ok = True


class CountyScoped:
    """Rows a county owns. Seen by that county's people and by the ministry, never by townships."""

    county_code: Mapped[str] = mapped_column(String(5), index=True, info={"label": _l("County")})


class CountyShared(CountyScoped):
    """Rows a county owns and its townships may read, such as the institutions their people live in. Written by the county alone."""


class TownScoped:
    """Rows of casework. Seen by the township and its county, never by another township, another county or the ministry."""

    county_code: Mapped[str] = mapped_column(String(5), index=True, info={"label": _l("County")})
    town_code: Mapped[str] = mapped_column(String(8), index=True, info={"label": _l("Township")})


class BenefitScoped:
    """Rows of one benefit; a county officer sees those of his or her programmes."""

    benefit: Mapped[str] = mapped_column(String(40), index=True, info={"label": _l("Benefit")})


class Versioned:
    """Optimistic locking: the version a person saw travels with what the person sends."""

    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1", nullable=False, info={"label": _l("Version")})

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__dict__.get("version", getattr(cls, "version", None))}


class Stamped:
    """Who made and who last changed a row. The commands write it; the audit trail has the history."""

    created_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, info={"label": _l("Created at")})
    changed_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, onupdate=clock.now, info={"label": _l("Changed at")})

    @declared_attr
    def created_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Created by")})

    @declared_attr
    def changed_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Changed by")})
