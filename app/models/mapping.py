"""Mappings of files of other shapes onto the record types of the exchange, as versioned rows a county edits in the console."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import CountyScoped, Model, Stamped

DRAFT, IN_USE, RETIRED = "draft", "in_use", "retired"
STATES = {DRAFT: _l("Draft mapping"), IN_USE: _l("In use"), RETIRED: _l("Replaced by a later version")}
_IN_USE = text("state = 'in_use'")


class ExchangeMapping(CountyScoped, Stamped, Model):
    """One version. `body` is the JSON form of `exchange.mapping.Mapping`; a version that was used is never changed, only replaced.

    `county_code` is empty for the mappings of national registers (the ministry's). One version per name is in use, and only after
    it was tested on a sample without refusing it.
    """

    __tablename__ = "exchange_mapping"
    __table_args__ = (
        UniqueConstraint("county_code", "source", "name", "version"),
        CheckConstraint("state IN ('draft', 'in_use', 'retired')", name="state"),
        CheckConstraint("state = 'draft' OR tested_accepted > 0", name="tested_before_use"),
        Index(
            "uq_exchange_mapping_in_use", "county_code", "source", "name", unique=True, sqlite_where=_IN_USE, postgresql_where=_IN_USE
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), info={"label": _l("Mapping name")})
    source: Mapped[str] = mapped_column(String(30), index=True, info={"label": _l("Data source")})
    version: Mapped[int] = mapped_column(default=1, info={"label": _l("Version")})
    state: Mapped[str] = mapped_column(String(10), default=DRAFT, info={"label": _l("State"), "choices": STATES})
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    tested_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Tested at")})
    tested_rows: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows in the sample")})
    tested_accepted: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows accepted in the test")})
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Last used at")})
    note: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Note")})

    def __repr__(self) -> str:
        return f"{self.name}　第 {self.version} 版"
