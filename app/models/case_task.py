"""Tasks in running cases that a received record, the disability register or a returned payment opened, and how long a county waits before it acts on one."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .award import Award
from .base import BenefitScoped, CountyScoped, Model, MonthType, PersonIdType, Stamped, TownScoped, Versioned
from .exchange import SOURCES

TASK_KINDS = {
    "death": _l("Death"),
    "move_out": _l("Moved out of the county"),
    "move_within": _l("Moved within the county"),
    "household": _l("Change in the household"),
    "identity": _l("Name or ID number changed"),
    "custody": _l("Taken into custody"),
    "placement": _l("Public placement"),
    "abroad": _l("Abroad too long"),
    "elsewhere": _l("Benefit elsewhere"),
    "assessment": _l("New disability assessment"),
    "ended": _l("Reported fact is over"),
    "annulled": _l("Report was annulled"),
    "may_apply": _l("Card: re-assessment may be asked for"),
    "notify": _l("Card: notify of the re-assessment"),
    "pick_up": _l("Card to be picked up"),
    "expiring": _l("Card will expire"),
    "card_ended": _l("Card cancelled or moved out"),
    "card_changed": _l("Grade of the card changed"),
    "reassess": _l("Re-assessment ordered"),
    "unclaimed": _l("Assessment without an application"),
    "holder_died": _l("Holder died"),
    "permit_renew": _l("Permit: renewal may be asked for"),
    "permit_back": _l("Permit to be returned"),
    "returned": _l("Payment came back"),
    "review": _l("Yearly review due"),
}
REGISTER = "disability_register"
YEARLY = "yearly_review"
TASK_SOURCES = {**SOURCES, REGISTER: _l("Disability register"), YEARLY: _l("Yearly review of local benefits")}
"""Who says so: a delivered register, the county's own disability register and its permits, or a local benefit's own steps."""
TASK_STATES = {"open": _l("To be handled"), "done": _l("Handled"), "dismissed": _l("No change needed"), "withdrawn": _l("Withdrawn by its source")}
TASK_STYLES = {"open": "warn", "done": "good", "dismissed": "neutral", "withdrawn": "neutral"}


class CaseTask(Versioned, BenefitScoped, TownScoped, Model):
    """Something a register says about a running case. `key` names the fact within its source, so that a record sent again opens nothing.

    `change_kind` is the case change that would answer it (empty: none is proposed); `act_from` is the day after the waiting period.
    Tasks of the disability register name the card or permit they are about, and the day by which to act.
    """

    __tablename__ = "case_task"
    __table_args__ = (
        UniqueConstraint("county_code", "benefit", "case_no", "source", "key"),
        CheckConstraint("state IN ('open', 'done', 'dismissed', 'withdrawn')", name="state"),
        CheckConstraint("award_id IS NOT NULL OR application_id IS NOT NULL OR card_id IS NOT NULL OR permit_id IS NOT NULL", name="case"),
        Index("ix_case_task_queue", "town_code", "state", "act_from"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    case_no: Mapped[str] = mapped_column(String(30), index=True, info={"label": _l("Case number")})
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("disability_card.id"), index=True)
    permit_id: Mapped[int | None] = mapped_column(ForeignKey("parking_permit.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="open", info={"label": _l("State"), "choices": TASK_STATES, "styles": TASK_STYLES})
    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source"), "choices": TASK_SOURCES})
    key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12), info={"label": _l("What was reported"), "choices": TASK_KINDS})
    change_kind: Mapped[str] = mapped_column(String(16), default="")
    person_id: Mapped[str] = mapped_column(PersonIdType, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    happened_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Happened on")})
    until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Lasted until")})
    effective_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Effective month")})
    article: Mapped[str] = mapped_column(String(160), default="", info={"label": _l("Legal basis")})
    facts: Mapped[str] = mapped_column(Text, info={"label": _l("Facts")})
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    act_from: Mapped[dt.date] = mapped_column(Date, info={"label": _l("To be handled from")})
    due_on: Mapped[dt.date | None] = mapped_column(Date, index=True, info={"label": _l("To be handled by")})
    opened_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Opened at")})
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True, info={"label": _l("Batch number")})
    change_id: Mapped[int | None] = mapped_column(ForeignKey("case_change.id"), index=True)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Handled by")})
    award: Mapped[Award | None] = relationship()

    def __repr__(self) -> str:
        return self.case_no


class ArrivalWait(CountyScoped, Stamped, Model):
    """How many days a county lets pass between a source's report and acting on it. No row: none, it acts at once."""

    __tablename__ = "arrival_wait"
    __table_args__ = (UniqueConstraint("county_code", "source"), CheckConstraint("days BETWEEN 0 AND 90", name="days"))
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(30), info={"label": _l("Data source"), "choices": SOURCES})
    days: Mapped[int] = mapped_column(info={"label": _l("Days to wait")})
    reason: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})

    def __repr__(self) -> str:
        return self.source
