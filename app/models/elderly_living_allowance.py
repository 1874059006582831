"""中低收入老人生活津貼: what its application form asks beyond the common fields."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application
from .application_facts import (
    BEFORE,
    CUSTODY,
    HERE,
    PLACEMENT,
    STATUS,
    STAY,
    DrawnBefore,
    InCustody,
    Listed,
    LivesHere,
    Placed,
    StaysInTaiwan,
)


class ElderlyApplication(LivesHere, StaysInTaiwan, Placed, InCustody, Listed, DrawnBefore, Application):
    """NULL = not known. `low_income_status`: low-income and near-low-income households skip the means tests since ROC 111."""

    __tablename__ = "elderly_application"
    BENEFIT = "elderly_living_allowance"
    LABEL = _l("Elderly living allowance")
    DECISION_WORD = "府社老字"
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
    FACTS = (*HERE, *STAY, *PLACEMENT, *CUSTODY, *STATUS, *BEFORE, "special_approval")
    ASKED = ("lives_at_registration", "days_in_taiwan", "public_placement", "in_custody", "low_income_status")
    BANDS = {"full": _l("Full allowance"), "half": _l("Half allowance")}

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    special_approval: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Central approval of a special case")})
