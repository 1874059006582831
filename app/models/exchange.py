"""Deliveries: what was handed in for (source, county, month, kind), what became of it, and what was wrong with it.

The rows themselves are not here: accepted ones lie in the sealed snapshot, rejected ones in the error file. National registers
belong to no county (`county_code` is empty) and are seen by the ministry.
"""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import CountyScoped, Model, Money, MonthType

ACCEPTED, REJECTED, SUPERSEDED, NIL, UNDONE = "accepted", "rejected", "superseded", "nil", "undone"
STATES = {
    ACCEPTED: _l("Delivery in force"),
    REJECTED: _l("Rejected"),
    SUPERSEDED: _l("Superseded"),
    NIL: _l("Nothing to report"),
    UNDONE: _l("Undone"),
}
MODES = {
    "new": _l("New delivery"),
    "supplement": _l("Corrected rows"),
    "replacement": _l("Replacement of the whole file"),
    "nil": _l("Nothing to report"),
}
SOURCES = {
    "roster": _l("County roster"),
    "household_register": _l("Household register"),
    "household_change": _l("Household changes"),
    "custody": _l("Custody"),
    "border_crossing": _l("Border crossings"),
    "pension": _l("Pensions"),
    "benefit_elsewhere": _l("Benefits elsewhere"),
    "tax_income": _l("Tax: income"),
    "tax_property": _l("Tax: property"),
    "tax_investment": _l("Tax: investments"),
    "insured_wage": _l("Insured wages"),
    "disability_assessment": _l("Disability assessments"),
    "transfer_result": _l("Transfer results"),
}
LEVELS = {"file": _l("Whole file"), "row": _l("Row rejected"), "notice": _l("Notice")}
_ROSTER_IN_FORCE = text("source = 'roster' AND state IN ('accepted', 'nil')")
_IN_FORCE = text("state = 'accepted'")


class Batch(CountyScoped, Model):
    """One delivery. `slot` names what it is a delivery of; a roster slot holds one delivery in force, a register slot may hold several."""

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("state IN ('accepted', 'rejected', 'superseded', 'nil', 'undone')", name="state"),
        CheckConstraint("rows = accepted + rejected AND noticed <= accepted", name="row_balance"),
        CheckConstraint("state <> 'accepted' OR (snapshot_path IS NOT NULL AND accepted > 0)", name="sealed"),
        Index("uq_batch_roster_in_force", "slot", unique=True, sqlite_where=_ROSTER_IN_FORCE, postgresql_where=_ROSTER_IN_FORCE),
        Index("uq_batch_content", "slot", "content_sha256", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
        Index("ix_batch_list", "source", "month", "county_code"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, info={"label": _l("Batch number")})
    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source"), "choices": SOURCES})
    kind: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Kind of data")})
    month: Mapped[int | None] = mapped_column(MonthType, index=True, info={"label": _l("Reference month")})
    slot: Mapped[str] = mapped_column(String(90), index=True)
    mode: Mapped[str] = mapped_column(String(12), info={"label": _l("Mode"), "choices": MODES})
    state: Mapped[str] = mapped_column(String(12), index=True, info={"label": _l("State"), "choices": STATES})

    file_name: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("File name")})
    file_sha256: Mapped[str | None] = mapped_column(String(64), index=True, info={"label": _l("File hash")})
    content_sha256: Mapped[str | None] = mapped_column(String(64), info={"label": _l("Content hash")})
    carrier: Mapped[str] = mapped_column(String(8), default="", info={"label": _l("Carrier")})
    encoding: Mapped[str] = mapped_column(String(12), default="", info={"label": _l("Encoding")})
    mapping: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Mapping")})

    rows: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows in the file")})
    accepted: Mapped[int] = mapped_column(default=0, info={"label": _l("Accepted")})
    noticed: Mapped[int] = mapped_column(default=0, info={"label": _l("With notice")})
    rejected: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows rejected")})
    sum_amount: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Sum of amounts")})
    snapshot_rows: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows in the snapshot")})

    raw_path: Mapped[str | None] = mapped_column(String(300))
    snapshot_path: Mapped[str | None] = mapped_column(String(300))
    error_path: Mapped[str | None] = mapped_column(String(300))
    problem: Mapped[str | None] = mapped_column(Text, info={"label": _l("Why the file was refused")})
    concerns: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]", info={"label": _l("Pointed out")})
    reason: Mapped[str] = mapped_column(Text, default="", server_default="", info={"label": _l("Reason given")})

    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True, info={"label": _l("Supersedes")})
    received_at: Mapped[dt.datetime] = mapped_column(DateTime, index=True, info={"label": _l("Received at")})
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    received_by: Mapped[str] = mapped_column(String(128), default="", info={"label": _l("Received by")})
    seconds: Mapped[float] = mapped_column(default=0.0)

    errors: Mapped[list["BatchError"]] = relationship(back_populates="batch", order_by="BatchError.id", cascade="all, delete-orphan")
    supersedes: Mapped["Batch | None"] = relationship(remote_side="Batch.id")

    def __repr__(self) -> str:
        return f"{self.id}"


class BatchError(CountyScoped, Model):
    """One kind of finding of a batch: how many rows have it and where the first ones stand. No personal data."""

    __tablename__ = "batch_error"
    __table_args__ = (CheckConstraint("level IN ('file', 'row', 'notice')", name="level"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    level: Mapped[str] = mapped_column(String(8), info={"label": _l("Treatment"), "choices": LEVELS})
    code: Mapped[str] = mapped_column(String(40), info={"label": _l("Error code")})
    field: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Field")})
    label: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Field name")})
    count: Mapped[int] = mapped_column(default=1, info={"label": _l("Count")})
    message: Mapped[str] = mapped_column(Text, info={"label": _l("What is wrong")})
    fix: Mapped[str] = mapped_column(Text, info={"label": _l("How to correct it")})
    rows: Mapped[list[Any]] = mapped_column(JSON, default=list, info={"label": _l("First rows")})
    batch: Mapped[Batch] = relationship(back_populates="errors")

    def __repr__(self) -> str:
        return self.code
