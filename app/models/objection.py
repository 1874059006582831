"""Objections (申復、訴願) against a decision: what was filed when, what is proposed, what came of it."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .application import Application
from .base import BenefitScoped, Model, Stamped, TownScoped, Versioned
from .decision import Decision

KINDS = {"own": _l("Remedy of the benefit's own law"), "appeal": _l("Administrative appeal")}
STATES = {
    "open": _l("Objection filed"),
    "proposed": _l("Outcome proposed"),
    "settled": _l("Objection settled"),
    "withdrawn": _l("Objection withdrawn"),
}
OUTCOMES = {"upheld": _l("Decision stands"), "revised": _l("Decision is made anew"), "inadmissible": _l("Not admitted")}
_LIVE = text("state <> 'withdrawn'")


class Objection(Versioned, Stamped, BenefitScoped, TownScoped, Model):
    """One objection. `until` is the last day it could be filed, None while the notice was not served: the period has not begun.

    A remedy of the benefit's own law is open once; so is the appeal. What is revised is decided anew in `reopened_id`.
    """

    __tablename__ = "objection"
    __table_args__ = (
        Index("uq_objection_live", "decision_id", "kind", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        CheckConstraint("kind IN ('own', 'appeal')", name="kind"),
        CheckConstraint("state IN ('open', 'proposed', 'settled', 'withdrawn')", name="state"),
        CheckConstraint("outcome IN ('upheld', 'revised', 'inadmissible')", name="outcome"),
        CheckConstraint("state <> 'settled' OR (outcome IS NOT NULL AND settled_by_id IS NOT NULL)", name="settled"),
        CheckConstraint("settled_by_id <> proposed_by_id", name="maker_checker"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True, info={"label": _l("Decision")})
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    kind: Mapped[str] = mapped_column(String(8), info={"label": _l("Kind of objection"), "choices": KINDS})
    state: Mapped[str] = mapped_column(
        String(10), default="open",
        info={"label": _l("State"), "choices": STATES, "styles": {"open": "warn", "proposed": "info", "settled": "good", "withdrawn": "neutral"}},
    )  # fmt: skip
    filed_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Filed on")})
    until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("To be filed by")})
    grounds: Mapped[str] = mapped_column(Text, info={"label": _l("Grounds of the objection")})
    outcome: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Outcome of the objection"), "choices": OUTCOMES})
    outcome_text: Mapped[str | None] = mapped_column(Text, info={"label": _l("Reasons of the outcome")})
    outcome_no: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Number of the ruling")})
    settled_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Settled on")})
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Outcome proposed by")})
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Settled by")})
    reopened_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), info={"label": _l("Reopened as")})
    decision: Mapped[Decision] = relationship()
    application: Mapped[Application] = relationship(foreign_keys=[application_id])

    def __repr__(self) -> str:
        return f"{self.name} {self.filed_on}"
