"""身心障礙者生活補助: what its application form asks beyond the common fields."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application
from .application_facts import (
    BEFORE,
    CARD,
    CUSTODY,
    HERE,
    PLACEMENT,
    STATUS,
    STAY,
    DrawnBefore,
    HoldsCard,
    InCustody,
    Listed,
    LivesHere,
    Placed,
    StaysInTaiwan,
)  # fmt: skip


class DisabilityLivingApplication(LivesHere, StaysInTaiwan, HoldsCard, Placed, InCustody, Listed, DrawnBefore, Application):
    """`housed`: lives in a welfare institution, psychiatric rehabilitation, nursing home or veterans home (第4條第1項第2款)."""

    __tablename__ = "disability_living_application"
    BENEFIT = "disability_living_allowance"
    LABEL = _l("Disability living allowance")
    DECISION_WORD = "府社障字"
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("household_transcript", True),
        ("disability_card", True),
        ("passbook", True),
        ("consent_form", True),
        ("affidavit", True),
        ("income_proof", False),
        ("property_proof", False),
        ("school_proof", False),
        ("diagnosis", False),
        ("power_of_attorney", False),
    )
    FACTS = (*CARD, *HERE, *STAY, *PLACEMENT, "housed", "housed_since", *CUSTODY, "misuse", *STATUS, *BEFORE)
    ASKED = ("card_held", "lives_at_registration", "days_in_taiwan", "public_placement", "housed", "in_custody", "low_income_status")
    BANDS = {
        "low_profound": _l("Low income, profound"),
        "low_severe": _l("Low income, severe"),
        "low_moderate": _l("Low income, moderate"),
        "low_mild": _l("Low income, mild"),
        "other_profound": _l("Not low income, profound"),
        "other_severe": _l("Not low income, severe"),
        "other_moderate": _l("Not low income, moderate"),
        "other_mild": _l("Not low income, mild"),
    }
    FACT_SOURCES = {"institution": "housed"}

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    housed: Mapped[bool | None] = mapped_column(info={"label": _l("Lives in an institution")})
    housed_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("In the institution since")})
    misuse: Mapped[bool | None] = mapped_column(info={"label": _l("Money not used for the person"), "hint": "沒有通報時留白"})
