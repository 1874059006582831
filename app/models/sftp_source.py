"""Folders of agencies' hosts that are fetched from over SFTP: written by one person, approved by another; the secret itself is never here."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import CountyScoped, Model, Stamped, Versioned

DRAFT, IN_USE, ENDED = "draft", "in_use", "ended"
STATES = {DRAFT: _l("Waits for a second person"), IN_USE: _l("Is fetched"), ENDED: _l("No longer fetched")}
SECRETS = {"key": _l("Private key file"), "password": _l("Password file")}
RHYTHMS = {"quarter": _l("Every quarter of an hour"), "hour": _l("Every hour"), "day": _l("Once a day")}
_IN_USE = text("state = 'in_use'")


class SftpSource(Versioned, Stamped, CountyScoped, Model):
    """One folder of one host, for one source; `county_code` empty for the nation's registers.

    A setting in use is never edited: a change is a new draft that takes its place when a second person approves it. It is approved only after
    a connection succeeded with exactly these values. `secret_name` names a file in the server's folder of secrets for that county and host.
    """

    __tablename__ = "sftp_source"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'in_use', 'ended')", name="state"),
        CheckConstraint("login_by IN ('key', 'password')", name="login_by"),
        CheckConstraint("rhythm IN ('quarter', 'hour', 'day')", name="rhythm"),
        CheckConstraint("at_hour BETWEEN 0 AND 23", name="at_hour"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint("host_key <> ''", name="pinned"),
        CheckConstraint("source <> 'roster' OR county_code <> ''", name="roster_county"),
        CheckConstraint("approved_by_id <> written_by_id", name="maker_checker"),
        CheckConstraint("state <> 'in_use' OR (approved_by_id IS NOT NULL AND tested_at IS NOT NULL)", name="approved"),
        Index(
            "uq_sftp_source_in_use", "county_code", "source", "host", "port", "folder", "pattern", unique=True, sqlite_where=_IN_USE,
            postgresql_where=_IN_USE,
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(60), info={"label": _l("Agency")})
    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source")})
    host: Mapped[str] = mapped_column(String(253), info={"label": _l("Host")})
    port: Mapped[int] = mapped_column(default=22, info={"label": _l("Port")})
    user: Mapped[str] = mapped_column(String(60), info={"label": _l("Account on the host")})
    host_key: Mapped[str] = mapped_column(String(2000), info={"label": _l("Host key")})
    folder: Mapped[str] = mapped_column(String(200), default="/", info={"label": _l("Folder on the host")})
    pattern: Mapped[str] = mapped_column(String(80), default="*", info={"label": _l("File names")})
    login_by: Mapped[str] = mapped_column(String(10), default="key", info={"label": _l("Kind of secret"), "choices": SECRETS})
    secret_name: Mapped[str] = mapped_column(String(80), info={"label": _l("File of the secret")})
    mapping: Mapped[str] = mapped_column(String(60), default="", info={"label": _l("Mapping")})
    rhythm: Mapped[str] = mapped_column(String(10), default="hour", info={"label": _l("When it is fetched"), "choices": RHYTHMS})
    at_hour: Mapped[int] = mapped_column(default=6, info={"label": _l("Hour of the day")})
    note: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Note")})
    state: Mapped[str] = mapped_column(String(10), default=DRAFT, info={"label": _l("State"), "choices": STATES})
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("sftp_source.id"))
    tested_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Connection tested at")})
    tried_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Last tried at")})
    problem: Mapped[str] = mapped_column(String(300), default="", info={"label": _l("What went wrong last")})
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Written by")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})

    def __repr__(self) -> str:
        return f"{self.label}（{self.host}）"
