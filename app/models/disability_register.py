"""身心障礙者資料管理: what the application for a card or certificate asks beyond the common fields. Nothing is paid; the card has a validity."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application, name_documents
from .application_facts import GRADES, HERE, LivesHere

ISSUES = {
    "first": _l("First issue"),
    "reassessed": _l("Issue after re-assessment"),
    "exchanged": _l("Card exchanged"),
    "replaced": _l("Card replaced"),
    "moved_in": _l("Moved in from another county"),
}
CAUSES = {
    "congenital": _l("Congenital"),
    "illness": _l("By illness"),
    "accident": _l("By accident"),
    "traffic": _l("By traffic accident"),
    "work": _l("By occupational injury"),
    "war": _l("By war"),
    "other": _l("By another cause"),
}
name_documents({"assessment_form": _l("Assessment form"), "photos": _l("Photographs"), "old_card": _l("Old card returned")})


class RegisterApplication(LivesHere, Application):
    """`assessment_…` is what the hospital found, `old_…` the card that is replaced. Approval gives the card's first and last valid day."""

    __tablename__ = "disability_register_application"
    BENEFIT = "disability_register"
    LABEL = _l("Disability register")
    DECISION_WORD = "府社障字"
    SECTIONS = ("person", "facts", "documents")
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("photos", True),
        ("assessment_form", False),
        ("old_card", False),
        ("power_of_attorney", False),
    )
    FACTS = (
        *HERE, "issue", "assessment_number", "assessment_hospital", "assessment_doctor", "assessment_day", "assessment_qualifies", "assessment_grade",
        "assessment_classes", "assessment_irreversible", "assessment_provisional", "assessment_reassess", "assessment_forwarded", "assessment_received",
        "assessment_needs_assessed", "diagnosis_codes", "function_codes", "cause", "old_held", "old_number", "old_grade", "old_classes",
        "old_issued", "old_expires", "old_permanent", "loss", "card_no", "mobility_difficulty", "companion_discount", "rehab_bus",
    )  # fmt: skip
    ASKED = ("lives_at_registration", "issue")
    BANDS = GRADES
    EVENTS = {"assessed": "assessment_day", "health_received": "assessment_forwarded", "report_received": "assessment_received", "needs_assessed": "assessment_needs_assessed"}

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    issue: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Why the card is made"), "choices": ISSUES})
    assessment_number: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Assessment form number")})
    assessment_hospital: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Assessing hospital")})
    assessment_doctor: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Assessing doctor")})
    assessment_day: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Assessed on")})
    assessment_qualifies: Mapped[bool | None] = mapped_column(info={"label": _l("Reaches a legal grade")})
    assessment_grade: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Assessed grade"), "choices": GRADES})
    assessment_classes: Mapped[str | None] = mapped_column(
        String(60), info={"label": _l("Assessed classes"), "hint": "類別代碼，多個以頓號隔開，例如 1、7"}
    )
    assessment_irreversible: Mapped[bool | None] = mapped_column(info={"label": _l("Cannot improve or recover")})
    assessment_provisional: Mapped[bool | None] = mapped_column(info={"label": _l("Provisional grade of a child under six")})
    assessment_reassess: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("To be assessed again by")})
    assessment_forwarded: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Report received by the health bureau on")})
    assessment_received: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Assessment report received on")})
    assessment_needs_assessed: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Needs assessed on")})
    diagnosis_codes: Mapped[str | None] = mapped_column(String(60), info={"label": _l("ICD codes")})
    function_codes: Mapped[str | None] = mapped_column(String(120), info={"label": _l("ICF codes")})
    cause: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Cause of the disability"), "choices": CAUSES})
    old_held: Mapped[bool | None] = mapped_column(info={"label": _l("Has an earlier card")})
    old_number: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Earlier card number")})
    old_grade: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Grade of the earlier card"), "choices": GRADES})
    old_classes: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Classes of the earlier card")})
    old_issued: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Earlier card issued on")})
    old_expires: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Earlier card valid until")})
    old_permanent: Mapped[bool | None] = mapped_column(info={"label": _l("Earlier card without a last day")})
    loss: Mapped[bool | None] = mapped_column(info={"label": _l("Declared lost or damaged")})
    card_no: Mapped[str | None] = mapped_column(String(20), info={"label": _l("New card number"), "hint": "全國身心障礙資訊系統給的號碼；留白時核定時由本系統編號"})
    mobility_difficulty: Mapped[bool | None] = mapped_column(info={"label": _l("Has difficulty to move")})
    companion_discount: Mapped[bool | None] = mapped_column(info={"label": _l("Companion discount")})
    rehab_bus: Mapped[bool | None] = mapped_column(info={"label": _l("Rehabilitation bus")})
