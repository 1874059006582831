"""A citizen as the county's files know him or her; one row per county and ID number."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, PersonIdType, Stamped, TownScoped, Versioned

PREFIX = {"name": "varchar_pattern_ops"}
"""PostgreSQL serves a search for the beginning of a name only from such an index."""


class Person(Versioned, Stamped, TownScoped, Model):
    """Belongs to the township of household registration; moving there is a command, not an edit."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("county_code", "person_id"), Index("ix_person_county_name", "county_code", "name", postgresql_ops=PREFIX))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), index=True, info={"label": _l("Name")})
    birth: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Birth date")})
    sex: Mapped[str] = mapped_column(String(1), info={"label": _l("Sex")})
    registered_address: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Registered address")})
    actual_address: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Actual address")})
    phone: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Phone")})
    died_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Date of death")})

    def __repr__(self) -> str:
        return self.name
