"""The household of an application: who is counted and why, what each earns and owns. Stored per application, so a decision stays explicable."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .application import Application
from .base import Model, Money, PersonIdType, TownScoped


class HouseholdMember(TownScoped, Model):
    """A person of the applicant's family. A flag that nobody asked yet is NULL (not known), never false."""

    __tablename__ = "household_member"
    __table_args__ = (UniqueConstraint("application_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer, info={"label": _l("Order")})
    relation: Mapped[str] = mapped_column(String(24), info={"label": _l("Relation")})
    person_id: Mapped[str | None] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    birth: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Birth date")})
    sex: Mapped[str | None] = mapped_column(String(1), info={"label": _l("Sex")})
    via: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Through member")})

    same_registration: Mapped[bool | None] = mapped_column(info={"label": _l("Same registration")})
    lives_together: Mapped[bool | None] = mapped_column(info={"label": _l("Lives together")})
    married: Mapped[bool | None] = mapped_column(info={"label": _l("Married")})
    tax_dependant_claim: Mapped[bool | None] = mapped_column(info={"label": _l("Claims the applicant as tax dependant")})
    deceased: Mapped[bool] = mapped_column(default=False, info={"label": _l("Deceased")})
    circumstance: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Circumstance")})
    proof: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Proof")})

    employed: Mapped[bool | None] = mapped_column(info={"label": _l("Works")})
    unable_reason: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Why unable to work")})
    disability: Mapped[bool | None] = mapped_column(info={"label": _l("Disability")})
    occupation: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Occupation")})

    counted: Mapped[bool | None] = mapped_column(info={"label": _l("Counted")})
    clause: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Clause")})
    reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason")})
    tax_year: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Tax year (ROC)")})

    application: Mapped[Application] = relationship(back_populates="members")
    incomes: Mapped[list["IncomeLine"]] = relationship(back_populates="member", order_by="IncomeLine.id", cascade="all, delete-orphan")
    assets: Mapped[list["AssetLine"]] = relationship(back_populates="member", order_by="AssetLine.id", cascade="all, delete-orphan")

    def __repr__(self) -> str:
        return self.name


class IncomeLine(TownScoped, Model):
    """An income of one member. `amount` is for the year when `period` is year, for a month when it is month."""

    __tablename__ = "income_line"
    __table_args__ = (CheckConstraint("period IN ('year', 'month')", name="period"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("household_member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(24), info={"label": _l("Income kind")})
    format_code: Mapped[str | None] = mapped_column(String(2), info={"label": _l("Tax format code")})
    payer_name: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Payer")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    period: Mapped[str] = mapped_column(String(5), default="year", info={"label": _l("Per")})
    source: Mapped[str] = mapped_column(String(12), default="tax", info={"label": _l("Source")})
    tax_year: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Tax year (ROC)")})
    note: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Note")})
    member: Mapped[HouseholdMember] = relationship(back_populates="incomes")


class AssetLine(TownScoped, Model):
    """Something a member owns. `value` is the whole thing's; the share counts."""

    __tablename__ = "asset_line"
    __table_args__ = (CheckConstraint("share_num > 0 AND share_den > 0 AND share_num <= share_den", name="share"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("household_member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16), info={"label": _l("Asset kind")})
    location: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Location")})
    value: Mapped[int] = mapped_column(Money, info={"label": _l("Value")})
    share_num: Mapped[int] = mapped_column(Integer, default=1, info={"label": _l("Share")})
    share_den: Mapped[int] = mapped_column(Integer, default=1, info={"label": _l("of")})
    not_counted: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Not counted because")})
    source: Mapped[str] = mapped_column(String(12), default="tax", info={"label": _l("Source")})
    tax_year: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Tax year (ROC)")})
    member: Mapped[HouseholdMember] = relationship(back_populates="assets")
