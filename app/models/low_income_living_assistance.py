"""低收入戶生活扶助: what its application form asks beyond the common fields. One application is one household; the applicant represents it."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application
from .application_facts import HERE, PLACEMENT, STAY, LivesHere, Placed, StaysInTaiwan
from .base import Money

CLASSES = {
    "0": _l("Low-income class 0"),
    "1": _l("Low-income class 1"),
    "2": _l("Low-income class 2"),
    "3": _l("Low-income class 3"),
    "4": _l("Low-income class 4"),
}
CAUSES = {
    "no_ability": _l("Nobody able to work"),
    "illness": _l("Serious illness"),
    "disability": _l("Disability in the household"),
    "unemployment": _l("Unemployment"),
    "old_age": _l("Old age"),
    "single_parent": _l("Single parent"),
    "many_dependants": _l("Many dependants"),
    "disaster": _l("Accident or disaster"),
    "other": _l("Another cause"),
}
HOUSING = {"owned": _l("Own home"), "rented": _l("Rented home"), "borrowed": _l("Borrowed home"), "public": _l("Public housing"), "other": _l("Other housing")}


class LowIncomeApplication(LivesHere, StaysInTaiwan, Placed, Application):
    """`county_class` is what the county found where its own criteria apply (not 臺灣省); the home visit is the township's (第10條)."""

    __tablename__ = "low_income_application"
    BENEFIT = "low_income_living_assistance"
    LABEL = _l("Low-income living assistance")
    DECISION_WORD = "府社救字"
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("household_transcript", True),
        ("passbook", True),
        ("consent_form", True),
        ("affidavit", True),
        ("income_proof", False),
        ("property_proof", False),
        ("school_proof", False),
        ("disability_card", False),
        ("diagnosis", False),
        ("lease", False),
        ("power_of_attorney", False),
    )
    FACTS = (
        *HERE, *STAY, *PLACEMENT, "refused", "fraud", "county_class", "cause", "housing", "monthly_rent",
        "debts", "wants_work_relief", "village_opinion",
    )  # fmt: skip
    ASKED = ("lives_at_registration", "days_in_taiwan", "cause", "housing")
    MEMBER_FACTS = ("listed", "card", "student", "pregnant_months", "residence_lives_there", "residence_days_in_taiwan")
    BANDS = {f"class{code}": name for code, name in CLASSES.items()}
    FACT_SOURCES = {"visited": "visited_on"}

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    county_class: Mapped[str | None] = mapped_column(String(1), info={"label": _l("Class found by the county"), "choices": CLASSES, "hint": "臺灣省各縣由系統依條件判定，不必填"})
    fraud: Mapped[bool | None] = mapped_column(info={"label": _l("False data found"), "hint": "沒有查得時留白"})
    refused: Mapped[bool | None] = mapped_column(info={"label": _l("Training or work refused"), "hint": "沒有此情形時留白"})
    cause: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Main cause of poverty"), "choices": CAUSES})
    housing: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Housing"), "choices": HOUSING})
    monthly_rent: Mapped[int | None] = mapped_column(Money, info={"label": _l("Monthly rent (NTD)")})
    debts: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Debts")})
    wants_work_relief: Mapped[bool | None] = mapped_column(info={"label": _l("Wants work relief")})
    village_opinion: Mapped[str | None] = mapped_column(String(300), info={"label": _l("Village officer's opinion")})
