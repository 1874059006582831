"""What keeps a rule from making useless work: versions put in shadow, and sudden floods of doubts held back until a person has looked."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import CountyScoped, Model, MonthType, Versioned
from .doubt import DOUBT_GRADES
from .match_run import MatchRun

SHADOW_STATES = {"shadow": _l("In shadow"), "asked": _l("Return asked for"), "restored": _l("Sent again")}
HOLD_STATES = {
    "held": _l("Held back, to be confirmed"),
    "released": _l("Released to the county"),
    "dropped": _l("Dropped"),
    "superseded": _l("Superseded"),
}
_STANDING = text("state <> 'restored'")


class RuleShadow(Versioned, Model):
    """A rule version and grade whose precision fell below the floor: it still runs, its findings are not sent. Figures without persons, so
    without row scope. `answered_then`, `confirmed_then`: what was known when it was brought back; the floor asks only about what came after.
    """

    __tablename__ = "rule_shadow"
    __table_args__ = (
        CheckConstraint("state IN ('shadow', 'asked', 'restored')", name="state"),
        CheckConstraint("restored_by_id <> asked_by_id", name="maker_checker"),
        CheckConstraint("state <> 'restored' OR (asked_by_id IS NOT NULL AND restored_by_id IS NOT NULL)", name="restored_by_two"),
        Index("uq_rule_shadow_standing", "rule_code", "rule_version", "grade", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    rule_code: Mapped[str] = mapped_column(String(24), info={"label": _l("Rule")})
    rule_version: Mapped[int] = mapped_column(info={"label": _l("Match rule version")})
    grade: Mapped[str] = mapped_column(String(1), info={"label": _l("Grade"), "choices": DOUBT_GRADES})
    state: Mapped[str] = mapped_column(String(10), default="shadow", info={"label": _l("State"), "choices": SHADOW_STATES})
    answered: Mapped[int] = mapped_column(info={"label": _l("Doubts answered")})
    confirmed: Mapped[int] = mapped_column(info={"label": _l("Doubts confirmed")})
    reason: Mapped[str] = mapped_column(Text, info={"label": _l("Reason")})
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), info={"label": _l("Match run")})
    entered_by: Mapped[str] = mapped_column(String(64), info={"label": _l("Put in shadow by")})
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Put in shadow at")})
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Return asked by")})
    restored_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Return approved by")})
    restored_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Sent again since")})
    answered_then: Mapped[int | None] = mapped_column()
    confirmed_then: Mapped[int | None] = mapped_column()

    def __repr__(self) -> str:
        return f"{self.rule_code}/{self.rule_version}/{self.grade}"


class RuleHold(Versioned, CountyScoped, Model):
    """A run's doubts of one rule in one county, far above that rule's history there: stored, not sent, until a person releases or drops them.

    `usual`: the median of `history` (month, doubts found).
    """

    __tablename__ = "rule_hold"
    __table_args__ = (
        UniqueConstraint("run_id", "county_code", "rule_code"),
        CheckConstraint("state IN ('held', 'released', 'dropped', 'superseded')", name="state"),
        CheckConstraint("state NOT IN ('released', 'dropped') OR decided_by_id IS NOT NULL", name="decided"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), index=True, info={"label": _l("Match run")})
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Reference month")})
    rule_code: Mapped[str] = mapped_column(String(24), info={"label": _l("Rule")})
    rule_version: Mapped[int] = mapped_column(info={"label": _l("Match rule version")})
    state: Mapped[str] = mapped_column(String(10), default="held", info={"label": _l("State"), "choices": HOLD_STATES})
    found: Mapped[int] = mapped_column(info={"label": _l("Doubts found")})
    usual: Mapped[float] = mapped_column(info={"label": _l("Usual number")})
    history: Mapped[list[Any]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, info={"label": _l("Reason")})
    held_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Held back at")})
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Decision made by")})
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Decided on")})
    run: Mapped[MatchRun] = relationship()

    def __repr__(self) -> str:
        return f"{self.run_id}/{self.rule_code}"
