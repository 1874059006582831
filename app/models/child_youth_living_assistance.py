"""中低收入戶兒童少年生活補助: what its application form asks beyond the common fields. The child is the applicant."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application, name_documents
from .application_facts import HERE, PLACEMENT, STATUS, Listed, LivesHere, Placed

CATEGORIES = {
    "near_low": _l("Near-low-income household in hardship"),
    "pregnancy": _l("Hardship by pregnancy or birth"),
    "assessed": _l("Family assessed as unable to provide"),
}
CUSTODIANS = {"parents": _l("Both parents"), "father": _l("Father"), "mother": _l("Mother"), "relative": _l("Relative"), "guardian": _l("Guardian")}
name_documents({"hardship_proof": _l("Proof of hardship"), "guardian_identity": _l("Guardian's identity document")})


class ChildYouthApplication(LivesHere, Placed, Listed, Application):
    """`hardship`: what the category asks, as the visit found it. No means test of its own: the status of the household stands for it."""

    __tablename__ = "child_youth_application"
    BENEFIT = "child_youth_living_assistance"
    LABEL = _l("Child and youth living assistance")
    DECISION_WORD = "府社兒字"
    SECTIONS = ("person", "facts", "documents", "account")
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("guardian_identity", True),
        ("household_transcript", True),
        ("passbook", True),
        ("consent_form", True),
        ("affidavit", True),
        ("hardship_proof", False),
        ("school_proof", False),
        ("power_of_attorney", False),
    )
    FACTS = (*HERE, *STATUS, "category", "hardship", *PLACEMENT, "fraud", "custodian", "school")
    ASKED = ("lives_at_registration", "low_income_status", "category", "hardship", "public_placement", "custodian")
    BANDS = CATEGORIES

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Child category"), "choices": CATEGORIES})
    hardship: Mapped[bool | None] = mapped_column(info={"label": _l("Hardship found"), "hint": "依訪視或評估結果"})
    fraud: Mapped[bool | None] = mapped_column(info={"label": _l("False data found"), "hint": "沒有查得時留白"})
    custodian: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Who brings the child up"), "choices": CUSTODIANS})
    school: Mapped[str | None] = mapped_column(String(60), info={"label": _l("School")})
