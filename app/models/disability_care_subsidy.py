"""身心障礙者托育養護補助: what its application form asks beyond the common fields. The money goes to the institution, by its monthly invoices."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application, name_documents
from .application_facts import CARD, HERE, STATUS, STAY, HoldsCard, Listed, LivesHere, StaysInTaiwan
from .base import Money

SERVICES = {
    "day": _l("Day care"),
    "night": _l("Night care"),
    "residential": _l("Residential care"),
    "community": _l("Community living"),
}
RATES = (100, 85, 75, 70, 60, 50, 40, 35, 25, 0)
"""Every rate a table of the law knows (percent)."""
name_documents({"placement_consent": _l("Consent to the placement"), "care_contract": _l("Contract with the institution")})


class CareApplication(LivesHere, StaysInTaiwan, HoldsCard, Listed, Application):
    """`decided_rate` is the county's finding where the two measures of 「或」 contradict each other; the township's form does not ask it."""

    __tablename__ = "disability_care_application"
    BENEFIT = "disability_care_subsidy"
    LABEL = _l("Disability care subsidy")
    DECISION_WORD = "府社障字"
    SECTIONS = ("person", "facts", "household", "means", "documents")
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("household_transcript", True),
        ("disability_card", True),
        ("placement_consent", True),
        ("care_contract", True),
        ("consent_form", True),
        ("affidavit", True),
        ("income_proof", False),
        ("diagnosis", False),
        ("power_of_attorney", False),
    )
    FACTS = (
        *CARD, *HERE, "referred", *STAY, "placed", "care_home", "service", "fee", "service_from", "same_service", "disabled_in_family",
        "parent_65", *STATUS,
    )  # fmt: skip
    ASKED = ("card_held", "placed", "service", "fee", "lives_at_registration", "days_in_taiwan", "same_service", "disabled_in_family", "low_income_status")
    COUNTY_FINDINGS = ("decided_rate", "rate_reason", "rate_decided_by_id")
    BANDS = {f"rate{rate}": f"補助{rate}%" for rate in RATES if rate}
    FIRST_REVIEW_DAYS = 30  # 辦法第8條: decided within a month of complete papers

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    placed: Mapped[bool | None] = mapped_column(info={"label": _l("Placement agreed by the county")})
    care_home: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Institution applied for")})
    service: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Kind of care"), "choices": SERVICES})
    fee: Mapped[int | None] = mapped_column(Money, info={"label": _l("Monthly fee of the institution"), "hint": "機構每月實際收取的托育養護費，不含個人雜支"})
    service_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("First day of care")})
    referred: Mapped[bool | None] = mapped_column(info={"label": _l("Referred to an institution elsewhere"), "hint": "經縣府轉介安置於外縣市機構者選「是」"})
    same_service: Mapped[bool | None] = mapped_column(info={"label": _l("Draws other aid of the same nature"), "hint": "例如長照住宿式服務、公費安置"})
    disabled_in_family: Mapped[int | None] = mapped_column(info={"label": _l("Disabled people in the family"), "hint": "領有手冊或證明的人數，含申請人"})
    parent_65: Mapped[bool | None] = mapped_column(info={"label": _l("A parent is 65 or older"), "hint": "父母不在家庭人口內時填寫"})
    decided_rate: Mapped[int | None] = mapped_column(
        CheckConstraint("decided_rate BETWEEN 0 AND 100", name="decided_rate"), info={"label": _l("Rate found by the county")}
    )
    rate_reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason for the rate")})
    rate_decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Rate found by")})
