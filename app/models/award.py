"""A running benefit of one person (the decision put to work) and everything that ever changed on it."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .base import AccountType, BenefitScoped, Model, Money, MonthType, PersonIdType, Stamped, TownScoped, Versioned
from .person import Person

STATUSES = {"active": _l("Award running"), "suspended": _l("Payment suspended"), "ended": _l("Award ended")}
CHANGE_KINDS = {
    "grant": _l("Award granted"),
    "amount": _l("Amount changed"),
    "account": _l("Account changed"),
    "suspend": _l("Payment suspended"),
    "resume": _l("Payment resumed"),
    "end": _l("Award ended"),
}
CHANNELS = {
    "post": _l("Post office"),
    "bank": _l("Bank"),
    "ach": _l("ACH"),
    "cash": _l("Paid in cash"),
    "institution": _l("Paid to the institution"),
    "none": _l("No cash paid"),
}
NO_CASH = "none"
"""The channel of an award that is a status alone; no register takes it up."""
STATUS_BENEFITS = ("low_income_living_assistance",)
"""Benefits that grant a status which may come without cash (社會救助法第4條、第11條): their awards may be worth 0, no other's may."""
MAY_BE_ZERO = f"amount = 0 AND benefit IN ({', '.join(repr(b) for b in STATUS_BENEFITS)})"
_ONE_AWARD = text("status <> 'ended' AND benefit <> 'assistive_device_subsidy'")


class PayeeColumns:
    """Who gets the money and where. `institution`: 7-digit 局號, or bank head and branch; cash needs neither."""

    channel: Mapped[str] = mapped_column(String(12), info={"label": _l("Payment channel"), "choices": CHANNELS})
    payee_person_id: Mapped[str] = mapped_column(PersonIdType, info={"label": _l("Payee's national ID")})
    payee_name: Mapped[str] = mapped_column(String(50), info={"label": _l("Payee")})
    institution: Mapped[str] = mapped_column(String(7), default="", info={"label": _l("Post office or bank code")})
    account: Mapped[str] = mapped_column(AccountType, default="", info={"label": _l("Account")})


class Award(Versioned, Stamped, BenefitScoped, TownScoped, PayeeColumns, Model):
    """The present state, for lists and forms. What was due in which month is derived from the changes alone.

    Months up to `paid_until` were paid before this product kept the books.
    """

    __tablename__ = "award"
    __table_args__ = (
        Index("uq_award_live", "recipient_id", "benefit", unique=True, sqlite_where=_ONE_AWARD, postgresql_where=_ONE_AWARD),
        CheckConstraint("status IN ('active', 'suspended', 'ended')", name="status"),
        CheckConstraint(f"amount > 0 OR ({MAY_BE_ZERO})", name="amount"),
        CheckConstraint("to_month IS NULL OR to_month >= from_month", name="months"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True, info={"label": _l("Recipient")})
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True, info={"label": _l("Application")})
    case_no: Mapped[str] = mapped_column(String(30), index=True, info={"label": _l("Case number")})
    decision_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Decision number")})
    from_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("From month")})
    to_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("To month")})
    paid_until: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Paid elsewhere until")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Monthly amount")})
    band: Mapped[str] = mapped_column(String(16), default="", info={"label": _l("Band")})
    every: Mapped[int] = mapped_column(default=1, server_default="1", info={"label": _l("Months between payments")})
    status: Mapped[str] = mapped_column(String(10), default="active", index=True, info={"label": _l("Award status"), "choices": STATUSES})
    household_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Household number")})

    recipient: Mapped[Person] = relationship(info={"label": _l("Recipient")})
    changes: Mapped[list["AwardChange"]] = relationship(back_populates="award", order_by="AwardChange.seq")

    def __repr__(self) -> str:
        return self.case_no


class AwardChange(BenefitScoped, TownScoped, Model):
    """One change of an award, from a month on. Only ever added; `seq` says which of two for the same month came later.

    `recorded_on` is what a register's cut-off date compares; `amount`, `band` and the payee are set where the kind changes them.
    """

    __tablename__ = "award_change"
    __table_args__ = (
        UniqueConstraint("award_id", "seq"),
        CheckConstraint("kind IN ('grant', 'amount', 'account', 'suspend', 'resume', 'end')", name="kind"),
        CheckConstraint(f"kind NOT IN ('grant', 'amount') OR amount > 0 OR ({MAY_BE_ZERO})", name="amount"),
        CheckConstraint("kind NOT IN ('grant', 'account') OR channel IS NOT NULL", name="payee"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    seq: Mapped[int] = mapped_column(info={"label": _l("Number")})
    kind: Mapped[str] = mapped_column(String(10), info={"label": _l("Change kind"), "choices": CHANGE_KINDS})
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Effective month")})
    recorded_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Recorded on")})
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Recorded at")})
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recorded by")})
    reason: Mapped[str] = mapped_column(String(200), info={"label": _l("Reason")})
    rule_version: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Rule version")})
    amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Monthly amount")})
    band: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Band")})
    channel: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Payment channel"), "choices": CHANNELS})
    payee_person_id: Mapped[str | None] = mapped_column(PersonIdType, info={"label": _l("Payee's national ID")})
    payee_name: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Payee")})
    institution: Mapped[str | None] = mapped_column(String(7), info={"label": _l("Post office or bank code")})
    account: Mapped[str | None] = mapped_column(AccountType, info={"label": _l("Account")})
    award: Mapped[Award] = relationship(back_populates="changes")


append_only(
    AwardChange, "award_id", "seq", "kind", "month", "recorded_on", "amount", "band",
    "channel", "payee_person_id", "payee_name", "institution", "account",
)  # fmt: skip
