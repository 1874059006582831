"""How files arrive without a person at a screen: county systems' tokens, and the log of every transfer."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock

from .append_only import append_only
from .base import CountyScoped, Model

CHANNELS = {"endpoint": _l("Upload endpoint"), "folder": _l("Drop folder"), "sftp": _l("Fetched over SFTP")}
OUTCOMES = {"taken": _l("Taken in"), "refused": _l("Refused"), "duplicate": _l("Same content as before")}


class UploadToken(CountyScoped, Model):
    """Lets a county's own system upload for that county. Only the hash is kept; the token itself is shown once."""

    __tablename__ = "upload_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(60), info={"label": _l("System")})
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, info={"label": _l("Created at")})
    created_by: Mapped[str] = mapped_column(String(128), info={"label": _l("Created by")})
    expires_on: Mapped[dt.date] = mapped_column(info={"label": _l("Valid until")})
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Revoked at")})
    revoked_by: Mapped[str] = mapped_column(String(128), default="", info={"label": _l("Revoked by")})
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Last used at")})

    def __repr__(self) -> str:
        return self.label


class Transfer(CountyScoped, Model):
    """One transfer, whatever became of it. The bytes are kept (`path`), refused ones too. `remote` is the state of the host's file (SFTP)."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("channel IN ('endpoint', 'folder', 'sftp')", name="channel"),
        CheckConstraint("outcome IN ('taken', 'refused', 'duplicate')", name="outcome"),
        Index("ix_transfer_rate", "token_id", "received_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), info={"label": _l("Channel"), "choices": CHANNELS})
    source: Mapped[str] = mapped_column(String(30), default="", info={"label": _l("Data source")})
    file_name: Mapped[str] = mapped_column(String(200), info={"label": _l("File name")})
    size: Mapped[int] = mapped_column(info={"label": _l("Size")})
    file_sha256: Mapped[str] = mapped_column(String(64), index=True, info={"label": _l("File hash")})
    path: Mapped[str] = mapped_column(String(300), default="")
    received_at: Mapped[dt.datetime] = mapped_column(DateTime, default=clock.now, index=True, info={"label": _l("Received at")})
    outcome: Mapped[str] = mapped_column(String(10), info={"label": _l("Outcome"), "choices": OUTCOMES})
    code: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Error code")})
    message: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True, info={"label": _l("Batch number")})
    token_id: Mapped[int | None] = mapped_column(ForeignKey("upload_token.id"), index=True)
    remote: Mapped[str | None] = mapped_column(String(300), index=True)

    def __repr__(self) -> str:
        return f"{self.id}"


append_only(Transfer)
