"""The household of an application: who is counted and why, what each earns and owns. Stored per application, so a decision stays explicable.

The codes (relation, circumstance, kind of income and asset) are those of `app.rules.facts`. NULL everywhere means "not known".
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .application import Application
from .base import Model, Money, PersonIdType, TownScoped


class HouseholdMember(TownScoped, Model):
    """A person of the applicant's family, the applicant first. `via` = position of the child through whom this one is related.

    `source` register = taken over from the household register, whose data reached to `as_of`. `counted`, `clause` and `reason` are what the rule last answered. Without `tax_year` the tax data were not looked up yet.
    """

    __tablename__ = "household_member"
    __table_args__ = (UniqueConstraint("application_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer, info={"label": _l("Order in the household")})
    relation: Mapped[str] = mapped_column(String(16), info={"label": _l("Relation to the applicant")})
    person_id: Mapped[str | None] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    birth: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Birth date")})
    sex: Mapped[str | None] = mapped_column(String(1), info={"label": _l("Sex")})
    death: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Date of death")})
    via: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Through member")})

    same_registration: Mapped[bool | None] = mapped_column(info={"label": _l("Same registration")})
    lives_together: Mapped[bool | None] = mapped_column(info={"label": _l("Lives together")})
    claims_dependant: Mapped[bool | None] = mapped_column(info={"label": _l("Claims the applicant as tax dependant")})

    employed: Mapped[bool | None] = mapped_column(info={"label": _l("Works now")})
    occupation: Mapped[str | None] = mapped_column(String(40), info={"label": _l("Occupation (wage survey)")})
    monthly_pay: Mapped[int | None] = mapped_column(Money, info={"label": _l("Certified monthly pay")})

    listed: Mapped[bool | None] = mapped_column(info={"label": _l("Member of the registered low-income household"), "hint": "未填時以是否同一戶籍認定"})
    card: Mapped[bool | None] = mapped_column(info={"label": _l("Has a disability card")})
    student: Mapped[bool | None] = mapped_column(info={"label": _l("In senior high school or above, day classes")})
    pregnant_months: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Months of pregnancy"), "hint": "未懷孕時留白"})
    residence_lives_there: Mapped[bool | None] = mapped_column(info={"label": _l("Lives in the county of registration")})
    residence_days_in_taiwan: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Member's days in Taiwan in the last year")})

    source: Mapped[str] = mapped_column(String(12), default="declared", server_default="declared", info={"label": _l("Source of the member")})
    as_of: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Member's data as of")})
    tax_year: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Tax year (ROC)")})
    counted: Mapped[bool | None] = mapped_column(info={"label": _l("Counted")})
    clause: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Clause")})
    reason: Mapped[str | None] = mapped_column(String(300), info={"label": _l("Reason")})

    application: Mapped[Application] = relationship(back_populates="members")
    circumstances: Mapped[list["Circumstance"]] = relationship(
        back_populates="member", order_by="Circumstance.id", cascade="all, delete-orphan"
    )
    incomes: Mapped[list["IncomeLine"]] = relationship(back_populates="member", order_by="IncomeLine.id", cascade="all, delete-orphan")
    assets: Mapped[list["AssetLine"]] = relationship(back_populates="member", order_by="AssetLine.id", cascade="all, delete-orphan")

    def __repr__(self) -> str:
        return self.name


class Circumstance(TownScoped, Model):
    """A circumstance the law knows, claimed for one member. `proven` NULL = claimed, proof still to come."""

    __tablename__ = "member_circumstance"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("household_member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32), info={"label": _l("Circumstance")})
    proven: Mapped[bool | None] = mapped_column(info={"label": _l("Proven")})
    since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Holds since")})
    until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Holds until")})
    proof: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Proof document")})
    member: Mapped[HouseholdMember] = relationship(back_populates="circumstances")


class IncomeLine(TownScoped, Model):
    """An income of one member. `amount` is for the year when `per` is year, for a month when it is month.

    `counted` is the county's own finding where the law leaves it to the county; `principal` (interest only) the deposit as the bank states it.
    """

    __tablename__ = "income_line"
    __table_args__ = (CheckConstraint("per IN ('year', 'month')", name="per"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("household_member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(24), info={"label": _l("Income kind")})
    payer: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Payer")})
    amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Amount")})
    per: Mapped[str] = mapped_column(String(5), default="year", info={"label": _l("Income period")})
    counted: Mapped[bool | None] = mapped_column(info={"label": _l("Counts as income")})
    principal: Mapped[int | None] = mapped_column(Money, info={"label": _l("Deposit principal")})
    tax_year: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Tax year (ROC)")})
    source: Mapped[str] = mapped_column(String(12), default="declared", info={"label": _l("Source of the line")})
    member: Mapped[HouseholdMember] = relationship(back_populates="incomes")


class AssetLine(TownScoped, Model):
    """Something a member owns. `value` is the whole thing's; the share counts."""

    __tablename__ = "asset_line"
    __table_args__ = (CheckConstraint("share_num > 0 AND share_den > 0 AND share_num <= share_den", name="share"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("household_member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12), info={"label": _l("Asset kind")})
    location: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Location or account")})
    value: Mapped[int | None] = mapped_column(Money, info={"label": _l("Value (NTD)")})
    share_num: Mapped[int] = mapped_column(Integer, default=1, info={"label": _l("Share numerator")})
    share_den: Mapped[int] = mapped_column(Integer, default=1, info={"label": _l("Share denominator")})
    exemption: Mapped[str | None] = mapped_column(String(24), info={"label": _l("Not counted because")})
    certified: Mapped[bool | None] = mapped_column(info={"label": _l("Certified")})
    tax_year: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Tax year (ROC)")})
    source: Mapped[str] = mapped_column(String(12), default="declared", info={"label": _l("Source of the line")})
    member: Mapped[HouseholdMember] = relationship(back_populates="assets")
