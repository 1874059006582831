"""Doubts of the match: one compared fact about one payment, each time it was seen, and what the county answered."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .base import BenefitScoped, CountyScoped, Model, Money, MonthType, PersonIdType, Versioned
from .match_run import MatchRun

DOUBT_STATES = {
    "open": _l("To be answered"),
    "answered": _l("Answered"),
    "withdrawn": _l("No longer found"),
    "shadow": _l("In shadow, not sent"),
    "held": _l("Sending held back"),
}
SENT = ("open", "answered", "withdrawn")
"""States a county sees. The others were found and stored, but never sent."""
OUTCOMES = {
    "no_overpayment": _l("No overpayment found"),
    "stopped_no_overpayment": _l("Stopped, nothing overpaid"),
    "overpaid": _l("Overpaid"),
    "our_data_error": _l("Our data were wrong"),
    "source_data_error": _l("The source's data were wrong"),
    "already_recovered": _l("Already recovered"),
}
DOUBT_GRADES = {"A": _l("A hard"), "B": _l("B likely"), "C": _l("C information")}
SIGHTINGS = {
    "open": _l("Listed as a doubt"),
    "silent": _l("Silent: already answered"),
    "withdrawn": _l("No longer found"),
    "shadow": _l("In shadow, not sent"),
    "held": _l("Sending held back"),
}
_OUTCOMES = ", ".join(f"'{o}'" for o in OUTCOMES)


class Doubt(Versioned, BenefitScoped, CountyScoped, Model):
    """One rule's question about one award and one counterpart, remembered over the months by the fingerprint of the compared facts.

    What it says (months, amount, facts) is what the latest run said. `lines`: month, due, paid of each month; `row` and `counterpart`: the
    two sides as they were compared. `mirror`: the other side of a pair is told, for information. `rank` orders the queue. `due_on`: until when
    the county answers what was sent to it (see `commands.doubt_clock`).
    """

    __tablename__ = "doubt"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'answered', 'withdrawn', 'shadow', 'held')", name="state"),
        CheckConstraint("grade IN ('A', 'B', 'C')", name="grade"),
        CheckConstraint("expected_overpaid >= 0 AND times_seen > 0 AND last_month >= first_month", name="figures"),
        Index("ix_doubt_queue", "county_code", "state", "rank"),
        Index("ix_doubt_month", "county_code", "last_month"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    doubt_no: Mapped[str] = mapped_column(String(24), unique=True, info={"label": _l("Doubt number")})
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    town_code: Mapped[str | None] = mapped_column(String(8), info={"label": _l("Township code")})
    state: Mapped[str] = mapped_column(String(10), default="open", info={"label": _l("State"), "choices": DOUBT_STATES})
    grade: Mapped[str] = mapped_column(String(1), info={"label": _l("Grade"), "choices": DOUBT_GRADES})
    rank: Mapped[int] = mapped_column(default=0, info={"label": _l("Rank")})
    rule_code: Mapped[str] = mapped_column(String(24), index=True, info={"label": _l("Rule")})
    rule_version: Mapped[int] = mapped_column(info={"label": _l("Match rule version")})
    relation: Mapped[str] = mapped_column(String(12), info={"label": _l("Relation between benefits")})
    own_condition: Mapped[bool] = mapped_column(default=False, info={"label": _l("By the county's own condition")})
    mirror: Mapped[bool] = mapped_column(default=False, info={"label": _l("Other side of a pair")})
    person_id: Mapped[str] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    birth: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Birth date")})
    case_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Case number")})
    rec_no: Mapped[str] = mapped_column(String(20), info={"label": _l("Record number")})
    ref_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Reference month")})
    counterpart_source: Mapped[str] = mapped_column(String(30), info={"label": _l("Counterpart source")})
    counterpart_county: Mapped[str | None] = mapped_column(String(5), info={"label": _l("Counterpart county")})
    counterpart_kind: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Counterpart kind")})
    counterpart_rec_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Counterpart record number")})
    months: Mapped[list[Any]] = mapped_column(JSON, info={"label": _l("Months")})
    lines: Mapped[list[Any]] = mapped_column(JSON)
    counterpart: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    expected_overpaid: Mapped[int] = mapped_column(Money, info={"label": _l("Expected overpayment")})
    law: Mapped[str] = mapped_column(String(80), info={"label": _l("Law")})
    article: Mapped[str] = mapped_column(String(40), info={"label": _l("Article")})
    facts: Mapped[str] = mapped_column(Text, info={"label": _l("Facts")})
    first_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("First seen")})
    last_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Last seen")})
    times_seen: Mapped[int] = mapped_column(default=1, info={"label": _l("Times seen")})
    outcome: Mapped[str | None] = mapped_column(String(24), info={"label": _l("Answer"), "choices": OUTCOMES})
    valid_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Answer valid until")})
    due_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Answer due on")})
    changed_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Changed at")})

    sightings: Mapped[list["DoubtSighting"]] = relationship(back_populates="doubt", order_by="DoubtSighting.month")
    answers: Mapped[list["DoubtAnswer"]] = relationship(back_populates="doubt", order_by="DoubtAnswer.id")

    def __repr__(self) -> str:
        return self.doubt_no


class DoubtSighting(CountyScoped, Model):
    """A doubt as one month's match saw it. A later run of the same month replaces what this one says."""

    __tablename__ = "doubt_sighting"
    __table_args__ = (UniqueConstraint("doubt_id", "month"), Index("ix_doubt_sighting_list", "county_code", "month"))
    id: Mapped[int] = mapped_column(primary_key=True)
    doubt_id: Mapped[int] = mapped_column(ForeignKey("doubt.id"), index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), index=True)
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Reference month")})
    state: Mapped[str] = mapped_column(String(10), default="open", info={"label": _l("State"), "choices": SIGHTINGS})
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    doubt: Mapped[Doubt] = relationship(back_populates="sightings")
    run: Mapped[MatchRun] = relationship()

    def __repr__(self) -> str:
        return f"{self.doubt_id}/{self.month}"


class DoubtAnswer(CountyScoped, Model):
    """What a county answered. Never changed: a new answer follows. `months`: those the doubt named when it was answered. `check_above`: the
    amount (NTD) above which a second person was needed then; empty for a county's own file, whose own system has decided.
    `seconds_spent`: from opening the doubt to answering it, capped; not known when empty."""

    __tablename__ = "doubt_answer"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome"),
        CheckConstraint("outcome <> 'overpaid' OR (overpaid_amount > 0 AND overpaid_to >= overpaid_from)", name="overpaid_amount"),
        CheckConstraint("outcome = 'overpaid' OR overpaid_amount IS NULL", name="no_amount"),
        CheckConstraint("checked_by_id <> answered_by_id", name="maker_checker"),
        CheckConstraint("overpaid_amount <= check_above OR checked_by_id IS NOT NULL", name="second_person"),
        CheckConstraint("seconds_spent >= 0", name="seconds_spent"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    doubt_id: Mapped[int] = mapped_column(ForeignKey("doubt.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(24), info={"label": _l("Answer"), "choices": OUTCOMES})
    reason_code: Mapped[str] = mapped_column(String(20), default="", info={"label": _l("Reason code")})
    reason: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})
    overpaid_from: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Overpaid from")})
    overpaid_to: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Overpaid to")})
    overpaid_amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Overpaid amount")})
    decided_by: Mapped[str] = mapped_column(String(64), info={"label": _l("Decision made by")})
    decided_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Decided on")})
    valid_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Answer valid until")})
    months: Mapped[list[Any]] = mapped_column(JSON)
    run_month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Reference month")})
    overpayment_id: Mapped[int | None] = mapped_column(ForeignKey("overpayment.id"), info={"label": _l("Overpayment")})
    channel: Mapped[str] = mapped_column(String(8), default="screen", info={"label": _l("How it came in")})
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    answered_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Entered at")})
    check_above: Mapped[int | None] = mapped_column(Money, info={"label": _l("Second person above")})
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Second person")})
    seconds_spent: Mapped[int | None] = mapped_column()
    doubt: Mapped[Doubt] = relationship(back_populates="answers")

    def __repr__(self) -> str:
        return self.outcome


append_only(DoubtAnswer)
