"""Replays: what a proposed setting would have changed in months that were matched, held against what the counties answered.

A setting is a pair of benefits, a version or parameter of a rule, or a county's settings file as a whole.
"""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import BenefitScoped, CountyScoped, Model, Money, MonthType
from .doubt import Doubt


class MatchReplay(Model):
    """One replay of one setting over the months `first_month` to `last_month`. Figures without persons. `about`: the setting in words;
    `file_sha256`: the settings file, whose rows came in force together. `months`: the figures of each month (see `commands.replays.Effect`);
    `cpu_seconds`: what the computing took; `finished_at` empty = interrupted or under way."""

    __tablename__ = "match_replay"
    __table_args__ = (
        CheckConstraint("last_month >= first_month", name="months"),
        CheckConstraint(
            "(pair_id IS NOT NULL AND parameter_id IS NULL AND file_sha256 IS NULL)"
            " OR (pair_id IS NULL AND parameter_id IS NOT NULL AND file_sha256 IS NULL)"
            " OR (pair_id IS NULL AND parameter_id IS NULL AND file_sha256 IS NOT NULL)",
            name="one_setting",
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True, info={"label": _l("Replay number")})
    pair_id: Mapped[int | None] = mapped_column(ForeignKey("exclusion_pair.id"), index=True)
    parameter_id: Mapped[int | None] = mapped_column(ForeignKey("parameter.id"), index=True)
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    about: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Setting")})
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), unique=True, info={"label": _l("Job number")})
    first_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("First month replayed")})
    last_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Last month replayed")})
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    started_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Started at")})
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Finished at")})
    cpu_seconds: Mapped[float] = mapped_column(default=0.0)
    gained: Mapped[int] = mapped_column(default=0, info={"label": _l("Doubts gained")})
    lost: Mapped[int] = mapped_column(default=0, info={"label": _l("Doubts lost")})
    confirmed_lost: Mapped[int] = mapped_column(default=0, info={"label": _l("Confirmed doubts lost")})
    months: Mapped[list[Any]] = mapped_column(JSON, default=list)
    cases: Mapped[list["ReplayCase"]] = relationship(back_populates="replay", order_by="ReplayCase.id")

    def __repr__(self) -> str:
        return f"{self.id}"


class ReplayCase(BenefitScoped, CountyScoped, Model):
    """A doubt the counties confirmed and the proposed setting would no longer find, named one by one. `amount`: NTD confirmed, if any."""

    __tablename__ = "replay_case"
    __table_args__ = (UniqueConstraint("replay_id", "doubt_id", "month"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    replay_id: Mapped[int] = mapped_column(ForeignKey("match_replay.id", ondelete="CASCADE"), index=True)
    doubt_id: Mapped[int] = mapped_column(ForeignKey("doubt.id"), index=True)
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Reference month")})
    amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Overpaid amount")})
    replay: Mapped[MatchReplay] = relationship(back_populates="cases")
    doubt: Mapped[Doubt] = relationship()

    def __repr__(self) -> str:
        return f"{self.replay_id}/{self.doubt_id}"
