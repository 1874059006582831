"""Columns that several benefits ask for. A column has the name of the fact it answers, so that the rule's facts are filled by name.

A part of a fact has the fact's name in front: `card_grade` is the grade of `card`, `misuse_since` the day of the finding `misuse`.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Money, MonthType

LOW_INCOME = {"none": _l("Neither"), "low": _l("Low-income household"), "near_low": _l("Near-low-income household")}
GRADES = {"mild": _l("Mild"), "moderate": _l("Moderate"), "severe": _l("Severe"), "profound": _l("Profound")}


class LivesHere:
    """Where the applicant lives."""

    lives_at_registration: Mapped[bool | None] = mapped_column(info={"label": _l("Lives where registered")})


class StaysInTaiwan:
    """How long the applicant was in the country."""

    days_in_taiwan: Mapped[int | None] = mapped_column(
        Integer, info={"label": _l("Days in Taiwan in the last year"), "hint": "依入出境資料，最近一年在國內居住的日數"}
    )


class Placed:
    """Placement paid by the government."""

    public_placement: Mapped[bool | None] = mapped_column(info={"label": _l("In public placement")})
    placement_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Placed since")})


class InCustody:
    """Prison or detention."""

    in_custody: Mapped[bool | None] = mapped_column(info={"label": _l("In custody")})
    custody_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In custody since")})


class Listed:
    """Public-assistance status of the household."""

    low_income_status: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Low-income status"), "choices": LOW_INCOME})


class DrawnBefore:
    """An earlier award of the same benefit, and what the household held then."""

    recipient_since: Mapped[int | None] = mapped_column(
        MonthType, info={"label": _l("First month of this allowance"), "hint": "以前已領取且未中斷者，可適用較有利的原規定"}
    )
    uninterrupted: Mapped[bool | None] = mapped_column(info={"label": _l("Received without a break")})
    holdings_unchanged: Mapped[bool | None] = mapped_column(info={"label": _l("Land and houses unchanged since last year")})
    land_last_year: Mapped[int | None] = mapped_column(Money, info={"label": _l("Land value last year")})
    land_this_year: Mapped[int | None] = mapped_column(Money, info={"label": _l("Land value this year")})


class HoldsCard:
    """The disability card or certificate. `card_held` no = looked up, there is none."""

    card_held: Mapped[bool | None] = mapped_column(info={"label": _l("Holds a disability card")})
    card_number: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Card number")})
    card_grade: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Disability grade"), "choices": GRADES})
    card_classes: Mapped[str | None] = mapped_column(
        String(60), info={"label": _l("Disability classes"), "hint": "證明上的類別代碼，多個以頓號隔開，例如 1、7；舊制填 01 至 16"}
    )
    card_issued: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Card issued on")})
    card_expires: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Card valid until"), "hint": "無註記有效期限者留白，並在下一欄選「是」"})
    card_permanent: Mapped[bool | None] = mapped_column(info={"label": _l("Card without a last day")})
    card_annotated: Mapped[bool | None] = mapped_column(info={"label": _l("Old card annotated for use until renewal")})


HERE = ("lives_at_registration",)
STAY = ("days_in_taiwan",)
PLACEMENT = ("public_placement", "placement_since")
CUSTODY = ("in_custody", "custody_since")
STATUS = ("low_income_status",)
BEFORE = ("recipient_since", "uninterrupted", "holdings_unchanged", "land_last_year", "land_this_year")
CARD = ("card_held", "card_number", "card_grade", "card_classes", "card_issued", "card_expires", "card_permanent", "card_annotated")
