"""What was decided on an application, with the facts and the trace it rests on; and the events that change a running case."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .application import Application
from .award import MAY_BE_ZERO
from .base import BenefitScoped, Model, Money, MonthType, Stamped, TownScoped, Versioned

CHANGE_KINDS = {
    "death": _l("Death"),
    "move_out": _l("Moved out of the county"),
    "move_within": _l("Moved within the county"),
    "account": _l("Account change"),
    "household": _l("Household change"),
    "means": _l("Income or property change"),
    "custody": _l("Taken into custody"),
    "placement": _l("Public placement"),
    "abroad": _l("Abroad too long"),
    "suspend": _l("Suspension"),
    "resume": _l("Resumption"),
    "terminate": _l("Termination"),
    "card_up": _l("Disability grade raised"),
    "card_down": _l("Disability grade lowered"),
    "card_void": _l("Disability card lost its validity"),
}
CHANGE_STATES = {"recorded": _l("Recorded, not yet decided"), "applied": _l("In effect"), "refused": _l("Not accepted")}
OUTCOMES = {"granted": _l("Benefit granted"), "rejected": _l("Benefit not granted")}
CARD_KINDS = ("card_up", "card_down", "card_void")
"""Changes of the card: only for benefits that hang on it."""
IN_KIND = ("disability_register", "parking_permit")
"""Benefits that grant a card or a permit: their decision has a validity and no amount. Every other granted decision has one."""
REVIEWED_AGAIN = ("household", "means", "card_up", "card_down")
"""Changes that the rule has to judge again: they reopen the case as an application of its own."""


class Decision(BenefitScoped, TownScoped, Model):
    """An administrative act (核定 or 不予核定). Never changed: another decision follows it."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("county_code", "decision_no"),
        CheckConstraint("outcome IN ('granted', 'rejected')", name="outcome"),
        CheckConstraint(
            f"outcome <> 'granted' OR (benefit IN ({', '.join(repr(b) for b in IN_KIND)}) AND valid_from IS NOT NULL)"
            " OR (amount IS NOT NULL AND start_month IS NOT NULL AND amount > 0)"
            f" OR (amount IS NOT NULL AND start_month IS NOT NULL AND band IS NOT NULL AND {MAY_BE_ZERO})",
            name="granted_has_amount",
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    decision_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Decision number")})
    outcome: Mapped[str] = mapped_column(String(10), info={"label": _l("Decision outcome"), "choices": OUTCOMES, "styles": {"granted": "good", "rejected": "bad"}})
    amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Monthly amount")})
    band: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Band")})
    start_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Start month")})
    end_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("End month")})
    valid_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Valid from")})
    valid_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Valid until")})
    rule_version: Mapped[str] = mapped_column(String(40), info={"label": _l("Rule version")})
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, info={"label": _l("Facts decided on")})
    judgement: Mapped[dict[str, Any]] = mapped_column(JSON, info={"label": _l("Judgement with trace")})
    reason: Mapped[str | None] = mapped_column(Text, info={"label": _l("Reason")})
    exception_code: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Lawful exception")})
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Decided by")})
    decided_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Decided at")})
    application: Mapped[Application] = relationship(back_populates="decisions")

    def __repr__(self) -> str:
        return self.decision_no


class Change(Versioned, Stamped, BenefitScoped, TownScoped, Model):
    """Something that happened to a running case. `details` holds what the kind needs (a new account, a county moved to)."""

    __tablename__ = "case_change"
    __table_args__ = (
        Index("ix_case_change_queue", "town_code", "state"),
        CheckConstraint("decided_by_id <> recorded_by_id", name="maker_checker"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16), info={"label": _l("Change kind"), "choices": CHANGE_KINDS})
    state: Mapped[str] = mapped_column(String(12), default="recorded", info={"label": _l("State"), "choices": CHANGE_STATES})
    happened_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Happened on")})
    reported_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Reported on")})
    effective_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Effective month")})
    article: Mapped[str] = mapped_column(String(80), info={"label": _l("Legal basis")})
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info={"label": _l("Details of the change")})
    note: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Note")})
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recorded by")})
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Decided by")})
    reopened_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), info={"label": _l("Reopened as")})
    application: Mapped[Application] = relationship(foreign_keys=[application_id])


append_only(
    Decision, "application_id", "decision_no", "outcome", "amount", "band", "start_month", "end_month", "valid_from", "valid_to", "rule_version", "facts",
    "judgement", "reason", "exception_code", "made_by_id", "decided_at",
)  # fmt: skip
