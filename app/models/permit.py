"""Parking permits as issued: one valid per disabled person, ended with the card, lost, given back, or for misuse."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Model, Stamped, TownScoped, Versioned
from .parking_permit import HOLDERS, VEHICLES
from .person import Person

STATUSES = {
    "valid": _l("Permit in use"),
    "lost": _l("Permit lost or damaged"),
    "renewed": _l("Permit renewed"),
    "returned": _l("Permit given back"),
    "cancelled": _l("Permit cancelled"),
    "misused": _l("Permit cancelled for misuse"),
    "expired": _l("Permit expired"),
}
STYLES = {"valid": "good", "lost": "warn", "renewed": "neutral", "returned": "neutral", "cancelled": "bad", "misused": "bad", "expired": "neutral"}
_VALID = text("status = 'valid'")


class ParkingPermit(Versioned, Stamped, TownScoped, Model):
    """`person` is the disabled person, `holder` who keeps the permit. `label_no` is the anti-forgery label stuck on when it is printed."""

    __tablename__ = "parking_permit"
    __table_args__ = (
        UniqueConstraint("county_code", "permit_no"),
        UniqueConstraint("county_code", "label_no"),
        Index("uq_parking_permit_valid", "person_id", unique=True, sqlite_where=_VALID, postgresql_where=_VALID),
        Index("ix_parking_permit_expires", "status", "expires"),
        Index("ix_parking_permit_plate", "county_code", "plate"),
        CheckConstraint("expires >= issued_on", name="expires"),
        CheckConstraint("(status = 'valid') = (ended_on IS NULL)", name="ended"),
        CheckConstraint("(status = 'misused') = (ban_until IS NOT NULL)", name="banned"),
        CheckConstraint("print_count = 0 OR label_no IS NOT NULL", name="labelled"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("parking_permit.id"))
    permit_no: Mapped[str] = mapped_column(String(20), info={"label": _l("Permit number")})
    label_no: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Anti-forgery label number")})
    plate: Mapped[str] = mapped_column(String(10), info={"label": _l("Plate number")})
    vehicle: Mapped[str] = mapped_column(String(12), info={"label": _l("Kind of vehicle"), "choices": VEHICLES})
    holder: Mapped[str] = mapped_column(String(16), info={"label": _l("Who will hold the permit"), "choices": HOLDERS})
    holder_name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name of the holder")})
    issued_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Permit issued on")})
    expires: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Permit valid until")})
    status: Mapped[str] = mapped_column(String(10), default="valid", info={"label": _l("State of the permit"), "choices": STATUSES, "styles": STYLES})
    print_count: Mapped[int] = mapped_column(default=0, info={"label": _l("Times printed")})
    printed_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Last printed at")})
    ended_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Permit ended on")})
    end_reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason")})
    ban_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("May not apply until")})
    person: Mapped[Person] = relationship(info={"label": _l("Disabled person")})

    def __repr__(self) -> str:
        return self.permit_no
