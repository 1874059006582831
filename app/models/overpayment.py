"""Overpayments and their recovery: one claim with its months, its instalment plans and the money that came back."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .award import Award
from .base import BenefitScoped, Model, Money, MonthType, PersonIdType, Stamped, TownScoped, Versioned

STATES = {
    "opened": _l("Claim opened"),
    "heard": _l("Opinion invited"),
    "decided": _l("Claim decided"),
    "served": _l("Claim served"),
    "settled": _l("Claim paid back"),
    "referred": _l("Referred to enforcement"),
    "written_off": _l("Claim written off"),
    "dropped": _l("Claim dropped"),
}
ORIGINS = {
    "doubt": _l("Answer to a doubt"),
    "change": _l("Change with past effect"),
    "return": _l("Returned payment"),
    "audit": _l("Audit finding"),
    "report": _l("Reported by the person"),
    "sample": _l("Random sample"),
}
METHODS = {
    "slip": _l("Payment slip"),
    "counter": _l("At the counter"),
    "offset": _l("Offset by consent"),
    "enforcement": _l("By enforcement"),
}
RELATIONS = {
    "spouse": _l("Spouse"),
    "child": _l("Child"),
    "parent": _l("Parent"),
    "sibling": _l("Sibling"),
    "grandparent": _l("Grandparent"),
    "other": _l("Other heir"),
}
"""Heirs in the order of 民法第1138條, and the spouse beside them (第1144條)."""
_LIVE_MONTH = text("live AND award_id IS NOT NULL")


class Overpayment(Versioned, Stamped, BenefitScoped, TownScoped, Model):
    """A claim. `amount` is the sum of its months' differences when there are months, else what the answer or audit list said."""

    __tablename__ = "overpayment"
    __table_args__ = (
        UniqueConstraint("county_code", "claim_no"),
        UniqueConstraint("county_code", "origin", "origin_ref"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("last_month >= first_month", name="months"),
        CheckConstraint("decided_by_id <> made_by_id", name="maker_checker"),
        CheckConstraint("written_off_by_id <> made_by_id", name="maker_checker_write_off"),
        CheckConstraint("dropped_by_id <> made_by_id", name="maker_checker_drop"),
        CheckConstraint("state <> 'dropped' OR repaid = 0", name="dropped_unpaid"),
        CheckConstraint("state NOT IN ('decided', 'served') OR (decision_no IS NOT NULL AND pay_by IS NOT NULL)", name="decision"),
        CheckConstraint("repaid >= 0 AND repaid + written_off <= amount", name="balance"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    claim_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Claim number")})
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), index=True, info={"label": _l("Case paid")})
    person_id: Mapped[str] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    origin: Mapped[str] = mapped_column(String(10), info={"label": _l("Claim origin"), "choices": ORIGINS})
    origin_ref: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Origin reference")})
    rule_code: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Match rule")})
    first_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("From month")})
    last_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("To month")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount to recover")})
    repaid: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Amount paid back")})
    written_off: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Amount written off")})
    reason: Mapped[str] = mapped_column(Text, info={"label": _l("Reason for the claim")})
    known_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Known since")})
    revoke_by: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Revoke by")})
    lapses_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Claim lapses on")})
    state: Mapped[str] = mapped_column(String(12), default="opened", index=True, info={"label": _l("State"), "choices": STATES})
    opinion_by: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Opinion until")})
    opinion: Mapped[str | None] = mapped_column(Text, info={"label": _l("Opinion stated")})
    decision_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Decision number")})
    decided_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Recovery decided on")})
    article: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Legal basis")})
    pay_by: Mapped[dt.date | None] = mapped_column(Date, index=True, info={"label": _l("Pay by")})
    served_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Served on")})
    service: Mapped[str | None] = mapped_column(String(40), info={"label": _l("How it was served")})
    enforce_by: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Enforceable until")})
    final_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Decision final on")})
    referred_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Referred on")})
    referral_no: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Referral number")})
    referred_to: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Enforcement agency")})
    referral_files: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    authority: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Authority of the write-off")})
    closed_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Claim closed on")})
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Claim made by")})
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recovery decided by")})
    written_off_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Written off by")})
    dropped_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Dropped by")})

    award: Mapped[Award | None] = relationship()
    months: Mapped[list["OverpaymentMonth"]] = relationship(back_populates="overpayment", order_by="OverpaymentMonth.month")
    repayments: Mapped[list["Repayment"]] = relationship(back_populates="overpayment", order_by="Repayment.received_on, Repayment.id")
    instalments: Mapped[list["PlannedInstalment"]] = relationship(
        back_populates="overpayment", order_by="PlannedInstalment.plan_no, PlannedInstalment.no"
    )

    heirs: Mapped[list["ClaimHeir"]] = relationship(back_populates="overpayment", order_by="ClaimHeir.id")

    @property
    def balance(self) -> int:
        """NTD still owed."""
        return self.amount - self.repaid - self.written_off

    def __repr__(self) -> str:
        return self.claim_no


class ClaimHeir(BenefitScoped, TownScoped, Model):
    """An heir the claim is addressed to because the person died: served like the person, liable as far as the estate goes (民法第1148條)."""

    __tablename__ = "claim_heir"
    __table_args__ = (UniqueConstraint("overpayment_id", "person_id"), CheckConstraint("served_on IS NULL OR service IS NOT NULL", name="service"))
    id: Mapped[int] = mapped_column(primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True)
    person_id: Mapped[str] = mapped_column(PersonIdType, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Heir")})
    relation: Mapped[str] = mapped_column(String(12), info={"label": _l("Relation to the person"), "choices": RELATIONS})
    address: Mapped[str] = mapped_column(String(120), info={"label": _l("Address served")})
    served_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Served on")})
    service: Mapped[str | None] = mapped_column(String(40), info={"label": _l("How it was served")})
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    added_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Entered at")})
    overpayment: Mapped[Overpayment] = relationship(back_populates="heirs")


class OverpaymentMonth(BenefitScoped, TownScoped, Model):
    """One month of a claim: what was due, what was paid, by which rule version. A month of an award stands in one live claim only."""

    __tablename__ = "overpayment_month"
    __table_args__ = (
        UniqueConstraint("overpayment_id", "month"),
        Index("uq_overpayment_month_live", "award_id", "month", unique=True, sqlite_where=_LIVE_MONTH, postgresql_where=_LIVE_MONTH),
        CheckConstraint("paid >= due AND due >= 0", name="paid"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"))
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Month")})
    due: Mapped[int] = mapped_column(Money, info={"label": _l("Amount due")})
    paid: Mapped[int] = mapped_column(Money, info={"label": _l("Amount paid")})
    rule_version: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Rule version")})
    live: Mapped[bool] = mapped_column(default=True)
    overpayment: Mapped[Overpayment] = relationship(back_populates="months")

    @property
    def difference(self) -> int:
        return self.paid - self.due


class PlannedInstalment(BenefitScoped, TownScoped, Model):
    """One part of an instalment plan. A new plan gets a new `plan_no`; the highest one is in force."""

    __tablename__ = "instalment"
    __table_args__ = (UniqueConstraint("overpayment_id", "plan_no", "no"), CheckConstraint("amount > 0", name="amount"))
    id: Mapped[int] = mapped_column(primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True)
    plan_no: Mapped[int] = mapped_column(info={"label": _l("Instalment plan")})
    no: Mapped[int] = mapped_column(info={"label": _l("Instalment")})
    due_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Instalment due on")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    repaid_before: Mapped[int] = mapped_column(Money, default=0)
    overpayment: Mapped[Overpayment] = relationship(back_populates="instalments")


class Repayment(BenefitScoped, TownScoped, Model):
    """Money that came back. Only ever added; a slip number is taken once per county."""

    __tablename__ = "repayment"
    __table_args__ = (UniqueConstraint("county_code", "slip_no"), CheckConstraint("amount > 0", name="amount"))
    id: Mapped[int] = mapped_column(primary_key=True)
    overpayment_id: Mapped[int] = mapped_column(ForeignKey("overpayment.id"), index=True)
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    received_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Money received on")})
    method: Mapped[str] = mapped_column(String(12), info={"label": _l("Way of paying"), "choices": METHODS})
    slip_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Slip number")})
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Recorded by")})
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Recorded at")})
    overpayment: Mapped[Overpayment] = relationship(back_populates="repayments")


append_only(ClaimHeir, "overpayment_id", "person_id", "name", "relation", "address", "added_by_id", "added_at")
append_only(Repayment)
append_only(PlannedInstalment)
append_only(OverpaymentMonth, "overpayment_id", "award_id", "month", "due", "paid", "rule_version")
append_only(
    Overpayment, "county_code", "benefit", "claim_no", "award_id", "person_id", "origin", "origin_ref", "rule_code", "first_month", "last_month", "amount",
    "known_on", "made_by_id",
)  # fmt: skip
