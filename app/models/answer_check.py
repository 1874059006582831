"""Answers `overpaid` above the county's amount: proposed by one person, approved by another. Until then the doubt is not answered."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import BenefitScoped, CountyScoped, Model, Money, MonthType, Versioned
from .doubt import Doubt

CHECK_STATES = {
    "waiting": _l("Waits for a second person"),
    "approved": _l("Approved by a second person"),
    "returned": _l("Sent back"),
}
_WAITING = text("state = 'waiting'")


class AnswerCheck(Versioned, BenefitScoped, CountyScoped, Model):
    """One proposed answer. `months`: those the doubt named when it was proposed; when they have changed it has to be proposed anew.
    `check_above`: the amount of the county then (NTD). `seconds_spent`: from opening to answering, not known when null."""

    __tablename__ = "answer_check"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'approved', 'returned')", name="state"),
        CheckConstraint("checked_by_id <> proposed_by_id", name="maker_checker"),
        CheckConstraint("state <> 'approved' OR (proposed_by_id IS NOT NULL AND checked_by_id IS NOT NULL)", name="approved_by_two"),
        CheckConstraint("overpaid_amount > check_above AND overpaid_to >= overpaid_from", name="amount"),
        Index("uq_answer_check_waiting", "doubt_id", unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    doubt_id: Mapped[int] = mapped_column(ForeignKey("doubt.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting", info={"label": _l("State"), "choices": CHECK_STATES})
    reason_code: Mapped[str] = mapped_column(String(20), default="", info={"label": _l("Reason code")})
    reason: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})
    overpaid_from: Mapped[int] = mapped_column(MonthType, info={"label": _l("Overpaid from")})
    overpaid_to: Mapped[int] = mapped_column(MonthType, info={"label": _l("Overpaid to")})
    overpaid_amount: Mapped[int] = mapped_column(Money, info={"label": _l("Overpaid amount")})
    check_above: Mapped[int] = mapped_column(Money, info={"label": _l("Second person above")})
    decided_by: Mapped[str] = mapped_column(String(64), info={"label": _l("Decision made by")})
    decided_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Decided on")})
    valid_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Answer valid until")})
    months: Mapped[list[Any]] = mapped_column(JSON)
    seconds_spent: Mapped[int | None] = mapped_column()
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    proposed_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Entered at")})
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Second person")})
    checked_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Second person decided at")})
    doubt: Mapped[Doubt] = relationship()

    def __repr__(self) -> str:
        return f"{self.doubt_id}"
