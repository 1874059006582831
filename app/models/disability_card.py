"""The disability register: cards and certificates as they stand, and the one timeline of everything that ever happened to each holder's."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .application_facts import GRADES
from .base import Model, Stamped, TownScoped, Versioned
from .disability_register import ISSUES
from .person import Person

STATUSES = {"current": _l("Card in use"), "replaced": _l("Replaced by a newer card"), "cancelled": _l("Card cancelled"), "moved_out": _l("Moved to another county")}
STYLES = {"current": "good", "replaced": "neutral", "cancelled": "bad", "moved_out": "neutral"}
END_REASONS = {
    "recovered": _l("Disability has disappeared"),
    "died": _l("Died"),
    "returned": _l("Given back by the holder"),
    "not_reassessed": _l("Did not come to the re-assessment"),
    "forged": _l("Obtained by untrue papers"),
    "expired": _l("Validity is over"),
}
EVENTS = {
    "assessed": _l("Assessed by the hospital"),
    **ISSUES,
    "picked_up": _l("Card picked up"),
    "notified": _l("Notified of the re-assessment"),
    "extended": _l("Delay accepted"),
    "annotated": _l("Old card annotated"),
    "reassessment_ordered": _l("Re-assessment ordered"),
    "cancelled": _l("Card cancelled"),
    "moved_within": _l("Moved within the county"),
    "moved_out": _l("Moved out of the county"),
}
_CURRENT = text("status = 'current'")
_ASSESSED = text("kind = 'assessed'")


class DisabilityCard(Versioned, Stamped, TownScoped, Model):
    """A card as issued, and how it stands now. `expires` is the last valid day; None only for a `permanent` one. One in use per holder.

    The timeline (`DisabilityEvent`) is the history; this row is for lists, deadlines and the one-card rule.
    """

    __tablename__ = "disability_card"
    __table_args__ = (
        UniqueConstraint("county_code", "card_no"),
        Index("uq_disability_card_current", "holder_id", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
        Index("ix_disability_card_expires", "status", "expires"),
        CheckConstraint("expires IS NULL OR expires >= issued_on", name="expires"),
        CheckConstraint("permanent OR expires IS NOT NULL", name="last_day_known"),
        CheckConstraint("assessed_on IS NULL OR assessed_on <= issued_on", name="assessed_first"),
        CheckConstraint("picked_up_on IS NULL OR picked_up_on >= issued_on", name="picked_up"),
        CheckConstraint("(status = 'current') = (ended_on IS NULL)", name="ended"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    card_no: Mapped[str] = mapped_column(String(20), info={"label": _l("Card number")})
    issue: Mapped[str] = mapped_column(String(12), info={"label": _l("Why the card is made"), "choices": ISSUES})
    status: Mapped[str] = mapped_column(String(10), default="current", info={"label": _l("State of the card"), "choices": STATUSES, "styles": STYLES})
    grade: Mapped[str] = mapped_column(String(10), info={"label": _l("Disability grade"), "choices": GRADES})
    classes: Mapped[str] = mapped_column(String(60), info={"label": _l("Disability classes")})
    assessment_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Assessment form number")})
    assessed_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Assessed on")})
    issued_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Card issued on")})
    expires: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Card valid until")})
    permanent: Mapped[bool] = mapped_column(default=False, info={"label": _l("Card without a last day")})
    needs_due_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Needs to be assessed by")})
    mobility_difficulty: Mapped[bool | None] = mapped_column(info={"label": _l("Has difficulty to move")})
    notified_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Notified on")})
    extended_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Delay accepted until")})
    annotated_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Annotated on")})
    picked_up_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Card picked up on")})
    ended_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Card ended on")})
    end_reason: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Why it was cancelled"), "choices": END_REASONS})
    holder: Mapped[Person] = relationship(info={"label": _l("Holder")})

    def __repr__(self) -> str:
        return self.card_no


class DisabilityEvent(TownScoped, Model):
    """One thing that happened to a holder's card, on the day it happened. Only ever added; `town_code` follows the holder.

    Issues carry grade, classes and last day of what was issued; assessments what the hospital found; orders the day they are `due_on`.
    """

    __tablename__ = "disability_event"
    __table_args__ = (
        Index("uq_disability_event_assessment", "county_code", "assessment_no", unique=True, sqlite_where=_ASSESSED, postgresql_where=_ASSESSED),
        Index("ix_disability_event_holder", "holder_id", "happened_on"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("disability_card.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    kind: Mapped[str] = mapped_column(String(20), info={"label": _l("Event"), "choices": EVENTS})
    happened_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Happened on")})
    card_no: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Card number")})
    assessment_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Assessment form number")})
    hospital: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Assessing hospital")})
    doctor: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Assessing doctor")})
    grade: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Disability grade"), "choices": GRADES})
    classes: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Disability classes")})
    function_codes: Mapped[str | None] = mapped_column(String(200), info={"label": _l("ICF codes")})
    expires: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Card valid until")})
    permanent: Mapped[bool | None] = mapped_column(info={"label": _l("Card without a last day")})
    due_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Due on")})
    reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason")})
    article: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Legal basis")})
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Recorded at")})
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recorded by")})


append_only(
    DisabilityEvent, "holder_id", "card_id", "application_id", "kind", "happened_on", "card_no", "assessment_no", "hospital", "doctor", "grade",
    "classes", "function_codes", "expires", "permanent", "due_on", "reason", "article", "recorded_at", "recorded_by_id",
)  # fmt: skip
