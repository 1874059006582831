"""The tamper-evident trail: what was done, by whom, in one hash chain. No foreign keys: nothing may delete an entry with its parent."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import DateTime, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .append_only import append_only
from .base import Model


class AuditEntry(Model):
    """`hash` = HMAC-SHA256(key, prev_hash, canonical entry). UNIQUE(prev_hash) makes a fork impossible."""

    __tablename__ = "audit_entry"
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, info={"label": _l("Number")})
    at: Mapped[dt.datetime] = mapped_column(DateTime, index=True, info={"label": _l("Time")})
    actor_id: Mapped[int | None] = mapped_column(Integer, info={"label": _l("User number")})
    actor: Mapped[str] = mapped_column(String(128), info={"label": _l("User")})
    office: Mapped[str] = mapped_column(String(40), info={"label": _l("Office")})
    event: Mapped[str] = mapped_column(String(60), index=True, info={"label": _l("Event")})
    subject_table: Mapped[str] = mapped_column(String(60), info={"label": _l("Record kind")})
    subject_id: Mapped[str] = mapped_column(String(60), index=True, info={"label": _l("Record number")})
    details: Mapped[str] = mapped_column(Text, info={"label": _l("Details")})
    prev_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Model):
    """The one row that writers lock: the chain's last number and hash, so a missing tail shows too."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(String(64))


class Step(Model):
    """One move of one lifecycle: the history a case page shows."""

    __tablename__ = "step"
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_table: Mapped[str] = mapped_column(String(60), index=True)
    subject_id: Mapped[int] = mapped_column(Integer, index=True)
    move: Mapped[str] = mapped_column(String(40), info={"label": _l("Move")})
    from_state: Mapped[str] = mapped_column(String(30), info={"label": _l("From state")})
    to_state: Mapped[str] = mapped_column(String(30), info={"label": _l("To state")})
    actor_id: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(String(128), info={"label": _l("User")})
    comment: Mapped[str | None] = mapped_column(Text, info={"label": _l("Comment")})
    at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Time")})


append_only(AuditEntry)
append_only(Step)
