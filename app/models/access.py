"""Who saw whose data and why; who tried to get in or to reach what is not theirs; the sessions that are open."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import DateTime, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


class AccessEntry(Model):
    """One look at personal data. The ID searched for is kept as a keyed hash, never in clear."""

    __tablename__ = "access_entry"
    __table_args__ = (Index("ix_access_entry_person", "person_hash", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(DateTime, index=True, info={"label": _l("Time")})
    user_id: Mapped[int | None] = mapped_column(Integer, index=True)
    user: Mapped[str] = mapped_column(String(128), info={"label": _l("User")})
    office: Mapped[str] = mapped_column(String(40), info={"label": _l("Office")})
    action: Mapped[str] = mapped_column(String(20), info={"label": _l("Action")})
    subject_table: Mapped[str] = mapped_column(String(60), info={"label": _l("Record kind")})
    subject_id: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Record number")})
    person_hash: Mapped[str | None] = mapped_column(String(64), info={"label": _l("Person (hashed)")})
    rows: Mapped[int] = mapped_column(Integer, default=1, info={"label": _l("Rows")})
    purpose: Mapped[str] = mapped_column(String(200), info={"label": _l("Purpose")})


class SecurityEvent(Model):
    """Sign-in, failure, lock-out, sign-out and every refused attempt to reach another office's row."""

    __tablename__ = "security_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(DateTime, index=True, info={"label": _l("Time")})
    kind: Mapped[str] = mapped_column(String(20), index=True, info={"label": _l("Event")})
    username: Mapped[str] = mapped_column(String(128), index=True, info={"label": _l("User")})
    address: Mapped[str | None] = mapped_column(String(45), info={"label": _l("Address")})
    details: Mapped[str | None] = mapped_column(Text, info={"label": _l("Details")})


class WebSession(Model):
    """A browser that is signed in. Revoked by sign-out, password change and deactivation."""

    __tablename__ = "web_session"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the token in the cookie
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime)
    seen_at: Mapped[dt.datetime] = mapped_column(DateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime)
    address: Mapped[str | None] = mapped_column(String(45))


class Purpose(Model):
    """The purpose a person gave for looking at a case, asked once per case and session."""

    __tablename__ = "purpose"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(200))
    at: Mapped[dt.datetime] = mapped_column(DateTime)


class SetupToken(Model):
    """The one-time token with which the first administrator of an installation is made."""

    __tablename__ = "setup_token"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[dt.datetime] = mapped_column(DateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime)
