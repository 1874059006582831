"""What was decided on an application, with the facts and the trace it rests on; and the events that change a running case."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from .application import Application
from .base import BenefitScoped, Model, Money, MonthType, Stamped, TownScoped, Versioned

CHANGE_KINDS = (
    "account", "household", "means", "amount", "suspend", "resume", "terminate",
    "death", "move_out", "move_within", "custody", "placement", "abroad",
)  # fmt: skip
REVIEWED_AGAIN = ("household", "means", "amount")


class Decision(BenefitScoped, TownScoped, Model):
    """An administrative act (核定 or 不予核定). Never changed: another decision follows it."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("county_code", "decision_no"),
        CheckConstraint("outcome IN ('granted', 'rejected')", name="outcome"),
        CheckConstraint("outcome <> 'granted' OR (amount > 0 AND start_month IS NOT NULL)", name="granted_has_amount"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    decision_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Decision number")})
    outcome: Mapped[str] = mapped_column(String(10), info={"label": _l("Outcome")})
    eligible: Mapped[bool | None] = mapped_column(info={"label": _l("Eligible by the rule")})
    amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Monthly amount")})
    band: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Band")})
    start_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Start month")})
    end_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("End month")})
    rule_version: Mapped[str] = mapped_column(String(40), info={"label": _l("Rule version")})
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, info={"label": _l("Facts")})
    trace: Mapped[list[dict[str, Any]]] = mapped_column(JSON, info={"label": _l("Trace")})
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
    kind: Mapped[str] = mapped_column(String(16), info={"label": _l("Change kind")})
    state: Mapped[str] = mapped_column(String(12), default="recorded", info={"label": _l("State")})
    happened_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Happened on")})
    reported_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Reported on")})
    effective_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Effective month")})
    article: Mapped[str] = mapped_column(String(80), info={"label": _l("Article")})
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info={"label": _l("Details")})
    note: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Note")})
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recorded by")})
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Decided by")})
    reopened_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), info={"label": _l("Reopened as")})
    application: Mapped[Application] = relationship(foreign_keys=[application_id])


def _never(_mapper: Mapper[Any], _connection: Connection, target: Decision) -> None:
    raise RuntimeError(f"decision {target.decision_no} is final: a new decision follows it, it is not changed")


event.listen(Decision, "before_update", _never)
event.listen(Decision, "before_delete", _never)
