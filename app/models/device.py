"""Assistive devices: the county's catalogue of items, the devices of an application from request to receipt, and those granted elsewhere."""

import datetime as dt
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from .base import BenefitScoped, Model, Money, TownScoped, Versioned
from .parameter import Proposal, two_people

if TYPE_CHECKING:
    from .assistive_device_subsidy import DeviceApplication

DEVICE_STATES = {
    "requested": _l("Device asked for"),
    "assessing": _l("Being assessed"),
    "assessed": _l("Assessment received"),
    "approved": _l("Device approved"),
    "refused": _l("Device refused"),
    "claimed": _l("Receipt handed in"),
    "payable": _l("Ready to be paid"),
    "delivered": _l("Handed over in kind"),
    "recovered": _l("Device taken back"),
    "closed": _l("Approval closed"),
}
DEVICE_STYLES = {
    "requested": "neutral", "assessing": "info", "assessed": "info", "approved": "info", "refused": "bad", "claimed": "warn", "payable": "good",
    "delivered": "good", "recovered": "neutral", "closed": "neutral",
}  # fmt: skip
GRANTED = ("approved", "claimed", "payable", "delivered", "recovered")
"""States in which a device counts among the four items and for its years of use; a closed approval was never used."""
PROVISIONS = {"cash": _l("Money against a receipt"), "kind": _l("Device in kind")}


class DeviceItem(Proposal, Model):
    """One row of a county's catalogue. The national table is not public data, so every county keeps its own list, dated like a parameter.

    `classes` and `grades` (codes with 、between) say whom the item is for; NULL = every card holder. `counted`: one of the four items.
    """

    __tablename__ = "device_item"
    __table_args__ = (
        *two_people("device_item"),
        CheckConstraint("max_amount > 0", name="max_amount"),
        CheckConstraint("min_years >= 0", name="min_years"),
        Index("ix_device_item_lookup", "county_code", "code"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(ForeignKey("county.code"), index=True, info={"label": _l("County")})
    code: Mapped[str] = mapped_column(String(10), info={"label": _l("Item code")})
    name: Mapped[str] = mapped_column(String(60), info={"label": _l("Name of the device")})
    max_amount: Mapped[int] = mapped_column(Money, info={"label": _l("Most that is paid")})
    min_years: Mapped[int] = mapped_column(info={"label": _l("Years of use")})
    assessed: Mapped[bool] = mapped_column(default=True, info={"label": _l("Assessment required")})
    assessor: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Who assesses")})
    counted: Mapped[bool] = mapped_column(default=True, info={"label": _l("One of the four items")})
    full_rate: Mapped[bool] = mapped_column(default=False, info={"label": _l("Paid in full whatever the income")})
    classes: Mapped[str | None] = mapped_column(String(60), info={"label": _l("For disability classes")})
    grades: Mapped[str | None] = mapped_column(String(60), info={"label": _l("For disability grades")})
    effective_from: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Effective from")})
    effective_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Effective until")})
    source: Mapped[str] = mapped_column(String(200), info={"label": _l("Source")})

    def __repr__(self) -> str:
        return f"{self.code} {self.name}"


class DeviceRequest(Versioned, BenefitScoped, TownScoped, Model):
    """One device of an application. What the catalogue said is copied at approval, so that a decision stays explicable.

    `approved_amount` NTD at most, `payable_amount` NTD by the receipt; `due_on` is the day the running clock ends (`due_code` names it).
    """

    __tablename__ = "device_request"
    __table_args__ = (
        UniqueConstraint("application_id", "position"),
        CheckConstraint("checked_by_id <> claimed_by_id", name="maker_checker"),
        CheckConstraint("approved_amount > 0", name="approved_amount"),
        CheckConstraint("state NOT IN ('approved', 'claimed', 'payable', 'delivered', 'recovered') OR approved_amount IS NOT NULL", name="approved"),
        CheckConstraint("receipt_amount > 0", name="receipt_amount"),
        CheckConstraint("receipt_on >= decided_on", name="apply_before_buying"),
        CheckConstraint("payable_amount > 0 AND payable_amount <= approved_amount AND payable_amount <= receipt_amount", name="payable_amount"),
        CheckConstraint("state <> 'payable' OR (payable_amount IS NOT NULL AND award_id IS NOT NULL)", name="payable"),
        Index("ix_device_request_queue", "town_code", "state", "due_on"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(info={"label": _l("Number")})
    state: Mapped[str] = mapped_column(
        String(12), default="requested", info={"label": _l("State"), "choices": DEVICE_STATES, "styles": DEVICE_STYLES}
    )
    item_code: Mapped[str] = mapped_column(String(10), info={"label": _l("Device")})
    spec: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Make, model, specification")})
    provision: Mapped[str] = mapped_column(String(4), default="cash", info={"label": _l("How it is given"), "choices": PROVISIONS})
    recycled: Mapped[bool] = mapped_column(default=False, info={"label": _l("Recycled device")})
    bought_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Already bought on"), "hint": "尚未購買留白；核定前購買不予補助"})

    assessment_asked_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Assessment asked on")})
    assessed_by: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Assessed by")})
    report_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Report number")})
    report_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Report of")})
    report_received_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Report received on")})
    qualifies: Mapped[bool | None] = mapped_column(info={"label": _l("Found to qualify")})
    assessment_note: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Result of the assessment")})

    item_name: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Name of the device")})
    max_amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Most that is paid")})
    min_years: Mapped[int | None] = mapped_column(info={"label": _l("Years of use")})
    counted: Mapped[bool] = mapped_column(default=True, info={"label": _l("One of the four items")})
    approved_amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Approved amount")})
    decided_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Decided on")})
    refused_because: Mapped[str | None] = mapped_column(String(300), info={"label": _l("Refused because")})
    served_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Notice served on")})

    claimed_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Claim received on")})
    vendor: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Vendor")})
    receipt_no: Mapped[str | None] = mapped_column(String(30), info={"label": _l("Receipt number")})
    receipt_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Receipt of")})
    receipt_amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Receipt amount")})
    serial_no: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Serial number")})
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Receipt entered by")})
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Receipt checked by")})
    payable_amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Amount to be paid")})
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), unique=True)
    recovered_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Taken back on")})
    due_code: Mapped[str | None] = mapped_column(String(20))
    due_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Deadline")})

    application: Mapped["DeviceApplication"] = relationship(back_populates="devices")

    @validates("item_code")
    def _another_item(self, key: str, value: str) -> str:
        """An assessment was about the item it names: with another item it is gone."""
        if self.item_code not in (None, value) and self.state in ("assessing", "assessed"):
            self.state, self.due_code, self.due_on = "requested", None, None
            for name in ("assessment_asked_on", "assessed_by", "report_no", "report_on", "report_received_on", "qualifies", "assessment_note"):
                setattr(self, name, None)
        return value

    def __repr__(self) -> str:
        return f"{self.position} {self.item_name or self.item_code}"


class DeviceElsewhere(TownScoped, Model):
    """A device that another office granted the person, as a register or the person's papers say."""

    __tablename__ = "device_elsewhere"
    __table_args__ = (UniqueConstraint("application_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(info={"label": _l("Number")})
    item_code: Mapped[str] = mapped_column(String(10), info={"label": _l("Device")})
    granted_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Granted on")})
    agency: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Granted by")})
    application: Mapped["DeviceApplication"] = relationship(back_populates="elsewhere")
