"""File layouts a county writes for its own banks and farmers' associations, as dated versions that a second person puts in force."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import CountyShared, Model, Stamped, Versioned

STATES = {
    "draft": _l("Draft version"),
    "proposed": _l("Waiting for activation"),
    "active": _l("Version in force"),
    "superseded": _l("Followed by a later version"),
}
STATE_STYLES = {"draft": "neutral", "proposed": "warn", "active": "good", "superseded": "neutral"}
IN_FORCE = ("active", "superseded")
"""States of versions that count, each for its own days."""
_OPEN = text("state IN ('draft', 'proposed')")


class ChannelLayout(Versioned, CountyShared, Stamped, Model):
    """One version of a layout; versions of the same name belong together. `body` is the JSON form of `payments.own_layout.FileLayout`.

    Written only while it is a draft; one version of a name at a time is being written.
    """

    __tablename__ = "channel_layout"
    __table_args__ = (
        UniqueConstraint("county_code", "name", "number"),
        Index("uq_channel_layout_open", "county_code", "name", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("state IN ('draft', 'proposed', 'active', 'superseded')", name="state"),
        CheckConstraint("activated_by_id <> proposed_by_id", name="maker_checker_proposer"),
        CheckConstraint("activated_by_id <> written_by_id", name="maker_checker_writer"),
        CheckConstraint(
            "state IN ('draft', 'proposed') OR (effective_from IS NOT NULL AND activated_at IS NOT NULL)", name="active_is_dated"
        ),
        CheckConstraint("effective_to IS NULL OR effective_to >= effective_from", name="dates"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), info={"label": _l("Name of the file format")})
    number: Mapped[int] = mapped_column(info={"label": _l("Version")})
    state: Mapped[str] = mapped_column(String(12), default="draft", info={"label": _l("State"), "choices": STATES, "styles": STATE_STYLES})
    effective_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In force from")})
    effective_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In force until")})
    note: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Where the format comes from")})
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Written by")})
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Proposed by")})
    activated_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Activated by")})
    activated_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Activated at")})

    def __repr__(self) -> str:
        return f"{self.name}　第 {self.number} 版"
