"""What the household register said about an applicant's family when it was asked, line by line, and which lines a person took over."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .application import Application
from .base import Model, TownScoped

STATES = {
    "asked": _l("Household data asked for"),
    "ready": _l("Differences to look at"),
    "same": _l("No difference"),
    "absent": _l("Applicant not on file"),
    "nothing": _l("No household data received"),
    "decided": _l("Differences decided"),
}


class HouseholdDownload(TownScoped, Model):
    """One look into the received household register for one application. `as_of`: how far the data reach.

    `lines` are dictionaries: `no`, `kind` (new, gone, changed), `position` of the member (None for new), `name`, `field`, `old`, `new`,
    `values` (of a new member), `taken` (None = not decided).
    """

    __tablename__ = "household_download"
    __table_args__ = (CheckConstraint("state IN ('asked', 'ready', 'same', 'absent', 'nothing', 'decided')", name="state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(8), default="asked", info={"label": _l("State"), "choices": STATES})
    as_of: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Data as of")})
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Asked at")})
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Asked by")})
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Decided at")})
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Decided by")})
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, info={"label": _l("Differences")})
    application: Mapped[Application] = relationship()
