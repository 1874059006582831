"""A run of the monthly match: what it looked at, what it found, what the gates held back, and what could not be checked."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import CountyScoped, Model, Money, MonthType

RUN_STATES = {"done": _l("In force"), "superseded": _l("Superseded")}
GATES = {
    "relevant": _l("Relevant in the month"),
    "same_person": _l("Same person"),
    "disagrees": _l("Disagrees with the case"),
    "answered": _l("Not already answered"),
}


_IN_FORCE = text("state = 'done'")


class MatchRun(Model):
    """One run over one month, for all counties or for one. Figures without persons; a later run of the same extent supersedes it.
    It is stored whole, when it has ended: a run that is killed leaves nothing.

    `extent`: the county, empty for all. `inputs`: the deliveries it read (number, source, county, month, kind, content hash), so that the
    run can be repeated as it was; `basis`: SHA-256 over inputs, conditions, rule versions and their parameters.
    """

    __tablename__ = "match_run"
    __table_args__ = (
        CheckConstraint("state IN ('done', 'superseded')", name="state"),
        Index("uq_match_run_in_force", "month", "extent", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
    )
    id: Mapped[int] = mapped_column(primary_key=True, info={"label": _l("Run number")})
    month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Reference month")})
    extent: Mapped[str] = mapped_column(String(5), default="", info={"label": _l("County")})
    engine: Mapped[str] = mapped_column(String(10), info={"label": _l("Engine")})
    state: Mapped[str] = mapped_column(String(12), default="done", info={"label": _l("State"), "choices": RUN_STATES})
    started_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Started at")})
    finished_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Finished at")})
    seconds: Mapped[float] = mapped_column(default=0.0, info={"label": _l("Seconds")})
    rosters: Mapped[int] = mapped_column(default=0, info={"label": _l("Rosters")})
    rows: Mapped[int] = mapped_column(default=0, info={"label": _l("Rows")})
    doubts: Mapped[int] = mapped_column(default=0, info={"label": _l("Doubts")})
    amount: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Expected overpayment")})
    by_rule: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    by_grade: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    timing: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    inputs: Mapped[list[Any]] = mapped_column(JSON, default=list)
    rule_versions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    rule_parameters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    basis: Mapped[str] = mapped_column(String(64))
    evidence_path: Mapped[str] = mapped_column(String(300))

    stops: Mapped[list["GateStop"]] = relationship(back_populates="run", order_by="GateStop.id")
    unchecked: Mapped[list["NotChecked"]] = relationship(back_populates="run", order_by="NotChecked.id")

    def __repr__(self) -> str:
        return f"{self.id}"


class GateStop(CountyScoped, Model):
    """How many rows of a county one gate held back, for which rule and why. The rows themselves lie in the run's evidence file."""

    __tablename__ = "gate_stop"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), index=True)
    rule_code: Mapped[str] = mapped_column(String(24), info={"label": _l("Rule")})
    gate: Mapped[str] = mapped_column(String(12), info={"label": _l("Gate"), "choices": GATES})
    stop: Mapped[str] = mapped_column(String(24), info={"label": _l("Reason it was stopped or not checked")})
    rows: Mapped[int] = mapped_column(info={"label": _l("Rows")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    run: Mapped[MatchRun] = relationship(back_populates="stops")

    def __repr__(self) -> str:
        return f"{self.rule_code}/{self.stop}"


class NotChecked(CountyScoped, Model):
    """A source that was missing, late or rejected, with the rules of a county that were therefore not asked. Never the same as no doubt."""

    __tablename__ = "not_checked"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), index=True)
    source: Mapped[str] = mapped_column(String(40), info={"label": _l("Source")})
    kind: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Data kind")})
    reason: Mapped[str] = mapped_column(String(200), info={"label": _l("Reason it was stopped or not checked")})
    rules: Mapped[list[Any]] = mapped_column(JSON, default=list, info={"label": _l("Rules not checked")})
    run: Mapped[MatchRun] = relationship(back_populates="unchecked")

    def __repr__(self) -> str:
        return self.source
