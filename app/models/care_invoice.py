"""Monthly invoices of institutions: one line a person, computed from the contract's days, adjusted with a reason, approved by a second person."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .award import Award
from .base import CountyScoped, Model, Money, MonthType, Stamped, TownScoped, Versioned
from .care_institution import CareContract, CareInstitution
from .person import Person

STATES = {
    "entered": _l("Invoice entered"),
    "checked": _l("Invoice checked"),
    "approved": _l("Invoice approved"),
    "cancelled": _l("Invoice cancelled"),
}
_LIVE = text("state <> 'cancelled'")


class CareInvoice(Versioned, Stamped, CountyScoped, Model):
    """What an institution asks for a month. `seq` 0 is the month's invoice, 1, 2, … add what was found afterwards."""

    __tablename__ = "care_invoice"
    __table_args__ = (
        Index("uq_care_invoice_once", "institution_id", "month", "seq", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        CheckConstraint("approved_by_id <> entered_by_id", name="maker_checker_invoice"),
        CheckConstraint("state <> 'approved' OR approved_at IS NOT NULL", name="approved"),
        CheckConstraint("total >= 0", name="total"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("care_institution.id"), index=True)
    month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Month of care")})
    seq: Mapped[int] = mapped_column(default=0, info={"label": _l("Number")})
    invoice_no: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Invoice number of the institution")})
    claimed_count: Mapped[int | None] = mapped_column(info={"label": _l("People on the invoice")})
    claimed_total: Mapped[int | None] = mapped_column(Money, info={"label": _l("Total claimed")})
    state: Mapped[str] = mapped_column(String(10), default="entered", index=True, info={"label": _l("State"), "choices": STATES})
    line_count: Mapped[int] = mapped_column(default=0, info={"label": _l("Lines")})
    total: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Total payable")})
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Invoice entered by")})
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Checked by")})
    checked_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Checked at")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Approved at")})

    institution: Mapped[CareInstitution] = relationship(info={"label": _l("Institution")})
    lines: Mapped[list["CareInvoiceLine"]] = relationship(back_populates="invoice", order_by="CareInvoiceLine.line_no")

    def __repr__(self) -> str:
        return f"#{self.id}"


class CareInvoiceLine(TownScoped, Model):
    """One person of an invoice. `computed`: by law and days; `claimed`: what the institution asks; `amount`: what is paid.

    `seq` numbers the approved lines of an award's month, as `payment.seq` does: it is given on approval and ties line and payment together.
    """

    __tablename__ = "care_invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "contract_id"),
        UniqueConstraint("award_id", "month", "seq"),
        CheckConstraint("amount >= 0 AND computed >= 0 AND fee > 0 AND (claimed IS NULL OR claimed >= 0)", name="amounts"),
        CheckConstraint("adjust_reason IS NOT NULL OR amount <= computed", name="adjusted_with_reason"),
        CheckConstraint("adjusted_by_id IS NULL OR adjust_reason IS NOT NULL", name="reason"),
        CheckConstraint("confirmed_by_id <> adjusted_by_id", name="maker_checker_adjustment"),
        CheckConstraint("amount = 0 OR award_id IS NOT NULL", name="award"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("care_invoice.id"), index=True)
    line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    contract_id: Mapped[int] = mapped_column(ForeignKey("care_contract.id"), index=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"))
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Month of care")})
    seq: Mapped[int | None] = mapped_column(info={"label": _l("Number")})
    service: Mapped[str] = mapped_column(String(12), info={"label": _l("Kind of care")})
    fee: Mapped[int] = mapped_column(Money, info={"label": _l("Monthly fee of the institution")})
    rate: Mapped[int | None] = mapped_column(info={"label": _l("Subsidy rate")})
    days: Mapped[int] = mapped_column(default=0, info={"label": _l("Days of care")})
    absent: Mapped[int] = mapped_column(default=0, info={"label": _l("Days absent")})
    deducted: Mapped[int] = mapped_column(default=0, info={"label": _l("Days deducted")})
    computed: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Amount by days")})
    claimed: Mapped[int | None] = mapped_column(Money, info={"label": _l("Amount claimed")})
    amount: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Amount payable")})
    note: Mapped[str] = mapped_column(String(400), default="", info={"label": _l("How it was computed")})
    problem: Mapped[str | None] = mapped_column(String(200), info={"label": _l("What stands in the way")})
    adjust_reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason of the adjustment")})
    adjusted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Adjusted by")})
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Confirmed by")})
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Confirmed at")})

    invoice: Mapped[CareInvoice] = relationship(back_populates="lines")
    contract: Mapped[CareContract] = relationship()
    recipient: Mapped[Person] = relationship()
    award: Mapped[Award | None] = relationship()
