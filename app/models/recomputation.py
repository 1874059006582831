"""A recomputation: all running awards of one benefit judged anew on a day, and what came of each that would not stay the same."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .award import Award
from .base import BenefitScoped, CountyScoped, Model, Money, Stamped, TownScoped

SAME, CHANGED, STOPS, UNKNOWN = "same", "changed", "stops", "unknown"
OUTCOMES = {
    SAME: _l("Stays the same"),
    CHANGED: _l("Amount or band changes"),
    STOPS: _l("No longer entitled"),
    UNKNOWN: _l("Cannot be decided"),
}


class Recomputation(BenefitScoped, CountyScoped, Stamped, Model):
    """One run for one county. `finished_at` empty = it was interrupted or is still under way; the counts are those so far."""

    __tablename__ = "recomputation"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), unique=True, info={"label": _l("Job number")})
    judged_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Judged as of")})
    traced: Mapped[bool] = mapped_column(default=False, info={"label": _l("With the calculation")})
    same: Mapped[int] = mapped_column(default=0, info={"label": OUTCOMES[SAME]})
    changed: Mapped[int] = mapped_column(default=0, info={"label": OUTCOMES[CHANGED]})
    stops: Mapped[int] = mapped_column(default=0, info={"label": OUTCOMES[STOPS]})
    unknown: Mapped[int] = mapped_column(default=0, info={"label": OUTCOMES[UNKNOWN]})
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Finished at")})


class RecomputationLine(BenefitScoped, TownScoped, Model):
    """An award that would not stay as it is, or about which nothing can be said. `judgement` holds the trace when the run keeps traces."""

    __tablename__ = "recomputation_line"
    __table_args__ = (
        UniqueConstraint("recomputation_id", "award_id"),
        Index("ix_recomputation_line_outcome", "recomputation_id", "outcome"),
        CheckConstraint("outcome IN ('same', 'changed', 'stops', 'unknown')", name="outcome"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    recomputation_id: Mapped[int] = mapped_column(ForeignKey("recomputation.id", ondelete="CASCADE"), index=True, info={"label": _l("Recomputation number")})
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(10), info={"label": _l("Outcome of the recomputation"), "choices": OUTCOMES})
    amount_before: Mapped[int] = mapped_column(Money, info={"label": _l("Amount so far")})
    amount_after: Mapped[int | None] = mapped_column(Money, info={"label": _l("Amount from now on")})
    band_after: Mapped[str] = mapped_column(String(16), default="", info={"label": _l("Band")})
    why: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})
    changed_by: Mapped[list[list[str]] | None] = mapped_column(JSON, info={"label": _l("Parameters that changed since the decision")})
    judgement: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    run: Mapped[Recomputation] = relationship()
    award: Mapped[Award] = relationship()
