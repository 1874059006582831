"""Institutions that care for disabled people, what each may charge from when, the contracts of people with them, and days away."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import AccountType, CountyShared, Model, Money, Stamped, TownScoped, Versioned
from .disability_care_subsidy import SERVICES
from .no_overlap import no_overlap
from .person import Person

ABSENCES = {"home": _l("At home"), "hospital": _l("In hospital"), "other": _l("Other absence")}


class CareInstitution(Versioned, Stamped, CountyShared, Model):
    """`county_code` keeps the row; `place_code` is the county the institution stands in (another one for people referred there)."""

    __tablename__ = "care_institution"
    __table_args__ = (
        UniqueConstraint("county_code", "tax_no"),
        CheckConstraint("licence_to IS NULL OR licence_to >= licence_from", name="licence"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), info={"label": _l("Institution")})
    tax_no: Mapped[str] = mapped_column(String(8), info={"label": _l("Unified business number")})
    place_code: Mapped[str] = mapped_column(String(5), info={"label": _l("County of the institution")})
    address: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Institution address")})
    phone: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Phone")})
    licence_no: Mapped[str] = mapped_column(String(40), info={"label": _l("Licence number")})
    licence_from: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Licence valid from")})
    licence_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Licence valid until")})
    bank_code: Mapped[str] = mapped_column(String(7), info={"label": _l("Bank and branch")})
    account: Mapped[str] = mapped_column(AccountType, info={"label": _l("Account")})
    payee_name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name of the account")})

    services: Mapped[list["CareService"]] = relationship(back_populates="institution", order_by="CareService.service, CareService.since")

    def licensed_on(self, day: dt.date) -> bool:
        """Was the licence valid on a day?"""
        return self.licence_from <= day and (self.licence_to is None or day <= self.licence_to)

    def ceiling_on(self, service: str, day: dt.date) -> int | None:
        """The fee the county allows this institution for a service on a day (NTD a month); None when the service is not approved."""
        found = [s for s in self.services if s.service == service and s.since <= day]
        return max(found, key=lambda s: s.since).ceiling if found else None

    def __repr__(self) -> str:
        return self.name


class CareService(Stamped, CountyShared, Model):
    """A service the county approved the institution for, and its fee ceiling from a day on; a later row replaces it from its own day."""

    __tablename__ = "care_service"
    __table_args__ = (
        UniqueConstraint("institution_id", "service", "since"),
        CheckConstraint("ceiling > 0", name="ceiling"),
        CheckConstraint("beds IS NULL OR beds > 0", name="beds"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("care_institution.id"), index=True)
    service: Mapped[str] = mapped_column(String(12), info={"label": _l("Kind of care"), "choices": SERVICES})
    since: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Effective from")})
    ceiling: Mapped[int] = mapped_column(Money, info={"label": _l("Fee ceiling a month")})
    beds: Mapped[int | None] = mapped_column(info={"label": _l("Approved places")})
    ground: Mapped[str] = mapped_column(String(80), default="", info={"label": _l("Approval document")})
    institution: Mapped[CareInstitution] = relationship(back_populates="services")


class CareContract(Versioned, Stamped, TownScoped, Model):
    """A person's stay: from the first to the last day of care, both counted (`until` None = still there)."""

    __tablename__ = "care_contract"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="days"),
        CheckConstraint("fee > 0", name="fee"),
        CheckConstraint("self_pay IS NULL OR self_pay >= 0", name="self_pay"),
        Index("ix_care_contract_stay", "institution_id", "since"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("care_institution.id"))
    service: Mapped[str] = mapped_column(String(12), info={"label": _l("Kind of care"), "choices": SERVICES})
    since: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Contract from")})
    until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Contract until")})
    bed: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Bed")})
    fee: Mapped[int] = mapped_column(Money, info={"label": _l("Monthly fee of the institution")})
    self_pay: Mapped[int | None] = mapped_column(Money, info={"label": _l("Self-pay a month")})
    end_reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Why the contract ended")})

    recipient: Mapped[Person] = relationship(info={"label": _l("Recipient")})
    institution: Mapped[CareInstitution] = relationship(info={"label": _l("Institution")})
    absences: Mapped[list["CareAbsence"]] = relationship(back_populates="contract", order_by="CareAbsence.left_on")

    def __repr__(self) -> str:
        return f"#{self.id}"


no_overlap(CareContract, "recipient_id")


class CareAbsence(Stamped, TownScoped, Model):
    """Away from the institution: absent from `left_on` to the day before `back_on` (None = not back yet). `withdrawn` = entered by mistake."""

    __tablename__ = "care_absence"
    __table_args__ = (CheckConstraint("back_on IS NULL OR back_on > left_on", name="days"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("care_contract.id"), index=True)
    left_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Left on")})
    back_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Returned on")})
    reason: Mapped[str] = mapped_column(String(12), default="home", info={"label": _l("Absence"), "choices": ABSENCES})
    withdrawn: Mapped[bool] = mapped_column(default=False, info={"label": _l("Entered by mistake")})
    contract: Mapped[CareContract] = relationship(back_populates="absences")
