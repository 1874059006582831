"""Local benefits a county defines in the console, and their dated versions. What a version says is data of `rules.local_definition`."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import CountyScoped, Model, Stamped, Versioned

STATES = {
    "draft": _l("Draft version"),
    "proposed": _l("Waiting for activation"),
    "active": _l("Version in force"),
    "superseded": _l("Followed by a later version"),
}
STATE_STYLES = {"draft": "neutral", "proposed": "warn", "active": "good", "superseded": "neutral"}
IN_FORCE = ("active", "superseded")
"""States of versions that count, each for its own days."""
UNITS = {"person": _l("Each person"), "household": _l("Each household")}
_OPEN = text("state IN ('draft', 'proposed')")


class LocalBenefit(Versioned, CountyScoped, Stamped, Model):
    """A benefit of one county. `code` stands in `application.benefit`, `award.benefit` and so on; `short` begins its case numbers."""

    __tablename__ = "local_benefit"
    __table_args__ = (UniqueConstraint("county_code", "code"), UniqueConstraint("county_code", "short"))
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), info={"label": _l("Code of the benefit")})
    short: Mapped[str] = mapped_column(String(8), info={"label": _l("Beginning of case numbers"), "hint": "2 至 5 個英文大寫字母或數字，例如 NWD；案件編號由它開頭"})
    name: Mapped[str] = mapped_column(String(30), info={"label": _l("Name of the benefit"), "hint": "照縣府規定的全名，例如「新竹縣百歲人瑞敬老金」"})
    short_name: Mapped[str] = mapped_column(String(8), info={"label": _l("Short name"), "hint": "2 至 4 個字，例如「人瑞」"})
    unit: Mapped[str] = mapped_column(String(12), default="person", info={"label": _l("Paid for"), "choices": UNITS})
    versions: Mapped[list["LocalBenefitVersion"]] = relationship(back_populates="benefit", order_by="LocalBenefitVersion.number")

    def __repr__(self) -> str:
        return self.name


class LocalBenefitVersion(Versioned, CountyScoped, Stamped, Model):
    """One version. `body` is the JSON form of `LocalVersion` without its dates; written only while it is a draft.

    One version at a time is being written; it takes effect only through a second person.
    """

    __tablename__ = "local_benefit_version"
    __table_args__ = (
        UniqueConstraint("benefit_id", "number"),
        Index("uq_local_benefit_version_open", "benefit_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("state IN ('draft', 'proposed', 'active', 'superseded')", name="state"),
        CheckConstraint("activated_by_id <> proposed_by_id", name="maker_checker_proposer"),
        CheckConstraint("activated_by_id <> written_by_id", name="maker_checker_writer"),
        CheckConstraint(
            "state IN ('draft', 'proposed') OR (effective_from IS NOT NULL AND activated_at IS NOT NULL)", name="active_is_dated"
        ),
        CheckConstraint("effective_to IS NULL OR effective_to >= effective_from", name="dates"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    benefit_id: Mapped[int] = mapped_column(ForeignKey("local_benefit.id"), index=True)
    number: Mapped[int] = mapped_column(info={"label": _l("Version")})
    state: Mapped[str] = mapped_column(String(12), default="draft", info={"label": _l("State"), "choices": STATES, "styles": STATE_STYLES})
    effective_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In force from")})
    effective_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In force until")})
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Written by")})
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Proposed by")})
    activated_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Activated by")})
    activated_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Activated at")})
    benefit: Mapped[LocalBenefit] = relationship(back_populates="versions")

    def __repr__(self) -> str:
        return f"第 {self.number} 版"
