"""中低收入老人生活津貼: what its application form asks beyond the common fields."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application
from .base import Money, MonthType

LOW_INCOME = {"none": _l("Neither"), "low": _l("Low-income household"), "near_low": _l("Near-low-income household")}


class ElderlyApplication(Application):
    """NULL = not known. `low_income_status`: low-income and near-low-income households skip the means tests since ROC 111."""

    __tablename__ = "elderly_application"
    BENEFIT = "elderly_living_allowance"
    LABEL = _l("Elderly living allowance")
    LAW = "中低收入老人生活津貼發給辦法"
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("household_transcript", True),
        ("passbook", True),
        ("consent_form", True),
        ("affidavit", True),
        ("income_proof", False),
        ("property_proof", False),
        ("power_of_attorney", False),
    )
    FACTS = (
        "lives_at_registration", "days_in_taiwan", "public_placement", "placement_since", "in_custody", "custody_since",
        "low_income_status", "recipient_since", "uninterrupted", "holdings_unchanged", "land_last_year", "land_this_year", "special_approval",
    )  # fmt: skip

    ASKED = ("lives_at_registration", "days_in_taiwan", "public_placement", "in_custody", "low_income_status")

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    lives_at_registration: Mapped[bool | None] = mapped_column(info={"label": _l("Lives where registered")})
    days_in_taiwan: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Days in Taiwan in the last year")})
    public_placement: Mapped[bool | None] = mapped_column(info={"label": _l("In public placement")})
    placement_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Placed since")})
    in_custody: Mapped[bool | None] = mapped_column(info={"label": _l("In custody")})
    custody_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In custody since")})
    low_income_status: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Low-income status"), "choices": LOW_INCOME})
    recipient_since: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("First month of this allowance")})
    uninterrupted: Mapped[bool | None] = mapped_column(info={"label": _l("Received without a break")})
    holdings_unchanged: Mapped[bool | None] = mapped_column(info={"label": _l("Land and houses unchanged since last year")})
    land_last_year: Mapped[int | None] = mapped_column(Money, info={"label": _l("Land value last year")})
    land_this_year: Mapped[int | None] = mapped_column(Money, info={"label": _l("Land value this year")})
    special_approval: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Central approval of a special case")})
