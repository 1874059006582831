"""Deductions by signed consent (自願扣抵): what a person allows to be kept back from payments for a claim, and what was kept from which line."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .award import Award
from .base import BenefitScoped, Model, Money, MonthType, TownScoped, Versioned
from .overpayment import Overpayment

STATES = {
    "entered": _l("Consent to approve"), "approved": _l("Consent in force"), "refused": _l("Consent refused"), "withdrawn": _l("Consent withdrawn"),
}  # fmt: skip
SIGNERS = {"self": _l("The person"), "guardian": _l("Guardian or assistant"), "heir": _l("Heir")}


class OffsetConsent(Versioned, BenefitScoped, TownScoped, Model):
    """A signed consent: from payments of this award up to `monthly_limit` NTD a month go to the claim. It can be withdrawn at any time."""

    __tablename__ = "offset_consent"
    __table_args__ = (
        UniqueConstraint("county_code", "document_no"),
        CheckConstraint("monthly_limit > 0", name="monthly_limit"),
        CheckConstraint("to_month IS NULL OR to_month >= from_month", name="months"),
        CheckConstraint("state IN ('entered', 'approved', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("state NOT IN ('approved', 'refused') OR approved_by_id IS NOT NULL", name="approved"),
        CheckConstraint("approved_by_id <> entered_by_id", name="maker_checker"),
        CheckConstraint("state <> 'withdrawn' OR withdrawn_on IS NOT NULL", name="withdrawn"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True, info={"label": _l("Claim number")})
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True, info={"label": _l("Case paid")})
    document_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Consent document number")})
    signed_by: Mapped[str] = mapped_column(String(50), info={"label": _l("Signed by")})
    signed_as: Mapped[str] = mapped_column(String(10), info={"label": _l("Signed as"), "choices": SIGNERS})
    signed_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Signed on")})
    monthly_limit: Mapped[int] = mapped_column(Money, info={"label": _l("At most a month")})
    from_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("From month")})
    to_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("To month")})
    state: Mapped[str] = mapped_column(String(10), default="entered", index=True, info={"label": _l("State"), "choices": STATES})
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Entered at")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Approved at")})
    withdrawn_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Withdrawn on")})
    overpayment: Mapped[Overpayment] = relationship()
    award: Mapped[Award] = relationship()

    def __repr__(self) -> str:
        return self.document_no


class PaymentDeduction(BenefitScoped, TownScoped, Model):
    """What one line of a register kept back by one consent. Credited to the claim when the line's money arrived. Only ever added."""

    __tablename__ = "payment_deduction"
    __table_args__ = (UniqueConstraint("run_id", "line_no"), CheckConstraint("amount > 0", name="amount"))
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"), index=True)
    line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    consent_id: Mapped[int] = mapped_column(ForeignKey("offset_consent.id"), index=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True)
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})


append_only(
    OffsetConsent, "county_code", "town_code", "benefit", "overpayment_id", "award_id", "document_no", "signed_by", "signed_as", "signed_on",
    "monthly_limit", "from_month", "to_month", "entered_by_id", "entered_at",
)  # fmt: skip
append_only(PaymentDeduction)
