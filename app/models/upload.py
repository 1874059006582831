"""An upload under way: the file a person sent and what he or she has decided so far, kept between the steps and sign-ins."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock

from .base import CountyScoped, Model, MonthType, Versioned

OPEN, CHECKING, CHECKED, IMPORTING, DONE, ABANDONED = "open", "checking", "checked", "importing", "done", "abandoned"
STATES = {
    OPEN: _l("File received"),
    CHECKING: _l("Being checked"),
    CHECKED: _l("Checked, waits for confirmation"),
    IMPORTING: _l("Being taken in"),
    DONE: _l("Taken in"),
    ABANDONED: _l("Given up"),
}


class Upload(CountyScoped, Versioned, Model):
    """`token` names it in addresses; only its owner sees it. `found` is what the check found (counts, sums, findings, concerns;
    no personal data). `county_code` is empty for national registers."""

    __tablename__ = "upload"
    __table_args__ = (CheckConstraint("state IN ('open', 'checking', 'checked', 'importing', 'done', 'abandoned')", name="state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=OPEN, info={"label": _l("State"), "choices": STATES})
    file_name: Mapped[str] = mapped_column(String(200), info={"label": _l("File name")})
    path: Mapped[str] = mapped_column(String(300))
    size: Mapped[int] = mapped_column(info={"label": _l("Size")})
    file_sha256: Mapped[str] = mapped_column(String(64), index=True, info={"label": _l("File hash")})

    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source")})
    kind: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Kind of data")})
    month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Reference month")})
    mode: Mapped[str] = mapped_column(String(12), default="new", info={"label": _l("Mode")})
    encoding: Mapped[str] = mapped_column(String(12), default="", info={"label": _l("Encoding")})
    mapping_id: Mapped[int | None] = mapped_column(ForeignKey("exchange_mapping.id"), index=True)

    found: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, index=True, info={"label": _l("Received at")})

    def __repr__(self) -> str:
        return self.file_name
