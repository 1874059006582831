"""Imports of a county's old disability register: the file, its dry run, who confirmed it, and what became of every row."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import CountyScoped, Model, PersonIdType, Stamped, Versioned

STATES = {
    "received": _l("Old data received"),
    "checked": _l("Old data checked"),
    "confirmed": _l("Old data being imported"),
    "done": _l("Old data imported"),
    "dropped": _l("Old data given up"),
}
OUTCOMES = {
    "joined": _l("Joined to a known person"),
    "created": _l("Person created"),
    "there": _l("Already there"),
    "refused": _l("Row refused"),
    "question": _l("Question to be decided"),
}
STYLES = {"joined": "good", "created": "good", "there": "neutral", "refused": "bad", "question": "warn"}


class OldRegisterImport(Versioned, Stamped, CountyScoped, Model):
    """One file of an old system. `found` counts the rows by outcome as the dry run foresaw, `done` as the run wrote them."""

    __tablename__ = "old_register_import"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'checked', 'confirmed', 'done', 'dropped')", name="state"),
        CheckConstraint("confirmed_by_id <> entered_by_id", name="maker_checker_old_register"),
        CheckConstraint("state NOT IN ('confirmed', 'done') OR confirmed_by_id IS NOT NULL", name="confirmed"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="received", index=True, info={"label": _l("State"), "choices": STATES})
    file_name: Mapped[str] = mapped_column(String(200), info={"label": _l("File name")})
    path: Mapped[str] = mapped_column(String(300))
    file_sha256: Mapped[str] = mapped_column(String(64), info={"label": _l("File hash")})
    mapping_id: Mapped[int | None] = mapped_column(ForeignKey("exchange_mapping.id"), index=True)
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("File handed in by")})
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Import confirmed by")})
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    problem: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Why the file cannot be read")})
    row_count: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows")})
    found: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    done: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Finished at")})

    def __repr__(self) -> str:
        return self.file_name


class OldRegisterLine(CountyScoped, Model):
    """One row of the file. `planned` is what the dry run said, `outcome` what the run did (NULL until then); `said` explains it."""

    __tablename__ = "old_register_line"
    __table_args__ = (
        UniqueConstraint("import_id", "row_no"),
        Index("ix_old_register_line_planned", "import_id", "planned"),
        CheckConstraint("planned IN ('joined', 'created', 'there', 'refused', 'question')", name="planned"),
        CheckConstraint("outcome IN ('joined', 'created', 'there', 'refused', 'question')", name="outcome"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("old_register_import.id", ondelete="CASCADE"))
    row_no: Mapped[int] = mapped_column(info={"label": _l("Row of the file")})
    planned: Mapped[str] = mapped_column(String(8), info={"label": _l("Dry run"), "choices": OUTCOMES, "styles": STYLES})
    outcome: Mapped[str | None] = mapped_column(String(8), info={"label": _l("Outcome"), "choices": OUTCOMES, "styles": STYLES})
    person_id: Mapped[str | None] = mapped_column(PersonIdType, info={"label": _l("National ID")})
    name: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Name")})
    card_no: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Card number")})
    said: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Explanation")})
