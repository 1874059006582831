"""Lists that leave every month by law (勞保局, 民政, 移民署): each file as it was written, and what came of it."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import CountyScoped, Model, MonthType, Versioned

OUTGOING_STATES = {"made": _l("List made, not sent"), "sent": _l("List sent"), "received": _l("Receipt recorded"), "returned": _l("Returned by the receiver")}
OUTGOING_STYLES = {"made": "warn", "sent": "info", "received": "good", "returned": "bad"}


class OutgoingFile(Versioned, CountyScoped, Model):
    """One file of one list, county and month. What was written is never changed: a correction is the next `seq`."""

    __tablename__ = "outgoing_file"
    __table_args__ = (
        UniqueConstraint("county_code", "list_code", "month", "seq"),
        CheckConstraint("state IN ('made', 'sent', 'received', 'returned')", name="state"),
        CheckConstraint("state <> 'received' OR receipt <> ''", name="receipt"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    list_code: Mapped[str] = mapped_column(String(30), info={"label": _l("Outgoing list")})
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Month of the list")})
    seq: Mapped[int] = mapped_column(default=1, info={"label": _l("Number of the file")})
    state: Mapped[str] = mapped_column(
        String(10), default="made", info={"label": _l("State"), "choices": OUTGOING_STATES, "styles": OUTGOING_STYLES}
    )
    due_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Due on")})
    rows: Mapped[int] = mapped_column(info={"label": _l("Rows in the list")})
    path: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64), info={"label": _l("File hash")})
    made_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("List made at")})
    made_by: Mapped[str] = mapped_column(String(128), default="", info={"label": _l("List made by")})
    sent_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Sent at")})
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("List sent by")})
    receipt: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Receipt or reason")})

    def __repr__(self) -> str:
        return f"{self.list_code}/{self.month}/{self.seq}"
