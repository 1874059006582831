"""An application for a benefit: what is common to all nine. Each benefit adds its own fields in a joined table.

A change of household or means, and the yearly review, are applications too (`purpose`), made as a copy of the one before them
(`previous_id`): the same screens, the same review, and what was decided on stays as it was.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    case,
    event,
    inspect,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column, relationship

from .base import AccountType, BenefitScoped, Model, MonthType, PersonIdType, Stamped, TownScoped, Versioned
from .person import Person

if TYPE_CHECKING:
    from .decision import Decision
    from .household import HouseholdMember

STATES = {
    "draft": _l("Draft"),
    "submitted": _l("Case submitted"),
    "returned_for_correction": _l("Waiting for correction"),
    "complete": _l("Documents complete"),
    "preliminary_reviewed": _l("Preliminary review done"),
    "forwarded": _l("Forwarded to the county"),
    "second_reviewed": _l("Second review done"),
    "returned_to_township": _l("Returned to the township"),
    "approved": _l("Case approved"),
    "rejected": _l("Case rejected"),
    "withdrawn": _l("Case withdrawn"),
}
STATE_STYLES = {
    "draft": "neutral",
    "submitted": "info",
    "returned_for_correction": "warn",
    "complete": "info",
    "preliminary_reviewed": "info",
    "forwarded": "info",
    "second_reviewed": "info",
    "returned_to_township": "warn",
    "approved": "good",
    "rejected": "bad",
    "withdrawn": "neutral",
}
CLOSED = ("approved", "rejected", "withdrawn")
EDITABLE = ("draft", "submitted", "returned_for_correction", "complete", "returned_to_township")
PURPOSES = {"new": _l("New application"), "change": _l("Case change"), "recertification": _l("Yearly review")}
CHANNELS = {"post": _l("Post office"), "bank": _l("Bank or farmers' association"), "cash": _l("Paid in cash")}
FIRST_RESULTS = {"pass": _l("Proposed for approval"), "fail": _l("Proposed for rejection"), "needs_visit": _l("Needs a home visit")}
DOCUMENTS = {
    "application_form": _l("Application form"),
    "identity": _l("Identity document"),
    "household_transcript": _l("Household transcript or online look-up"),
    "passbook": _l("Copy of the passbook cover"),
    "consent_form": _l("Consent to look up tax and household data"),
    "affidavit": _l("Affidavit"),
    "income_proof": _l("Proof of newer income"),
    "property_proof": _l("Proof of newer property"),
    "power_of_attorney": _l("Power of attorney"),
    "disability_card": _l("Copy of the disability card"),
    "school_proof": _l("Proof of school enrolment"),
    "diagnosis": _l("Diagnosis of the last three months"),
    "lease": _l("Lease of the home"),
}
"""Names of the documents benefits ask for; a benefit with others adds them by `name_documents`."""
LOCAL = "local"
"""Benefits a county defines in the console have no class each: their codes begin with `local_`, or are these two delivered ones."""
DELIVERED_LOCAL = ("paralysis_living_allowance", "county_senior_allowance")
SECTIONS = ("person", "facts", "household", "means", "documents", "account")
_OPEN = "state NOT IN ('approved', 'rejected', 'withdrawn')"


def name_documents(names: dict[str, Any]) -> None:
    """Name further documents, from the model file of the benefit that asks for them."""
    DOCUMENTS.update(names)


def _user(label: Any) -> Any:
    return mapped_column(ForeignKey("ab_user.id"), info={"label": label})


class Application(Versioned, Stamped, BenefitScoped, TownScoped, Model):
    """`state` moves only through the lifecycle in `app.commands.casework.steps`. Dates and flags that nobody asked yet are NULL.

    `due_on` is the next statutory deadline (`commands/casework/deadlines.py` writes it). `valid_from` and `valid_to` are for registers (cards, permits), which pay nothing; approved without `valid_to` = no last day.
    """

    __tablename__ = "application"
    STEPS: tuple[str, ...] = ("preliminary_review", "second_review", "approval")
    """What a case goes through (`rules.local_definition.STEPS`)."""
    id: Mapped[int] = mapped_column(primary_key=True)
    benefit: Mapped[str] = mapped_column(String(40), index=True, info={"label": _l("Benefit")})
    form_kind: Mapped[str] = column_property(
        case((or_(benefit.like("local~_%", escape="~"), benefit.in_(DELIVERED_LOCAL)), LOCAL), else_=benefit)
    )
    case_no: Mapped[str] = mapped_column(String(20), info={"label": _l("Case number")})
    purpose: Mapped[str] = mapped_column(String(16), default="new", info={"label": _l("Kind of application"), "choices": PURPOSES})
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    applicant_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(30), default="draft", info={"label": _l("State"), "choices": STATES, "styles": STATE_STYLES})
    received_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Received on")})
    documents_complete_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Documents complete on")})
    effective_month: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Effective month")})
    valid_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Valid from")})
    valid_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Valid until")})

    agent_name: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Agent")})
    agent_relation: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Agent's relation")})
    agent_phone: Mapped[str | None] = mapped_column(String(20), info={"label": _l("Agent's phone")})
    consent_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Consent to look-ups on")})
    affidavit_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Affidavit signed on")})

    channel: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Payment channel"), "choices": CHANNELS})
    institution: Mapped[str | None] = mapped_column(String(7), info={"label": _l("Office or branch code")})
    account: Mapped[str | None] = mapped_column(AccountType, info={"label": _l("Account")})
    payee_name: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Payee")})
    payee_person_id: Mapped[str | None] = mapped_column(PersonIdType, info={"label": _l("Payee's national ID")})
    payee_reason: Mapped[str | None] = mapped_column(String(80), info={"label": _l("Why the payee is somebody else")})
    protected_account: Mapped[bool] = mapped_column(default=False, info={"label": _l("Protected account")})

    first_result: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Preliminary result"), "choices": FIRST_RESULTS})
    first_opinion: Mapped[str | None] = mapped_column(Text, info={"label": _l("Township opinion")})
    visited_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Home visit on")})
    visit_report: Mapped[str | None] = mapped_column(Text, info={"label": _l("Home visit report")})
    second_opinion: Mapped[str | None] = mapped_column(Text, info={"label": _l("County opinion")})
    exclusions: Mapped[dict[str, Any] | None] = mapped_column(JSON, info={"label": _l("Exclusion check")})
    exclusions_checked_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Exclusions checked at")})

    due_on: Mapped[dt.date | None] = mapped_column(Date, index=True, info={"label": _l("Due day")})
    due_clock: Mapped[str | None] = mapped_column(String(24), info={"label": _l("Clock")})
    due_provisional: Mapped[bool | None] = mapped_column(info={"label": _l("Calendar not confirmed")})

    household_taken_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Household data as of")})
    unread: Mapped[dict[str, str] | None] = mapped_column(JSON)  # what was typed in a draft and could not be read yet, by field

    submitted_by_id: Mapped[int | None] = _user(_l("Submitted by"))
    first_reviewed_by_id: Mapped[int | None] = _user(_l("Preliminary review by"))
    second_reviewed_by_id: Mapped[int | None] = _user(_l("Second review by"))
    decided_by_id: Mapped[int | None] = _user(_l("Decided by"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Decided at")})

    applicant: Mapped[Person] = relationship(info={"label": _l("Applicant")})
    members: Mapped[list["HouseholdMember"]] = relationship(
        back_populates="application", order_by="HouseholdMember.position", cascade="all, delete-orphan"
    )
    documents: Mapped[list["Document"]] = relationship(
        back_populates="application", order_by="Document.id", cascade="all, delete-orphan"
    )
    corrections: Mapped[list["CorrectionNotice"]] = relationship(
        back_populates="application", order_by="CorrectionNotice.id", cascade="all, delete-orphan"
    )
    decisions: Mapped[list["Decision"]] = relationship(back_populates="application", order_by="Decision.id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        if cls.__name__ != "Application":
            return ()
        return (
            UniqueConstraint("county_code", "case_no"),
            Index("uq_application_open", "applicant_id", "benefit", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
            Index("ix_application_case_no", "county_code", "case_no", postgresql_ops={"case_no": "varchar_pattern_ops"}),
            Index("ix_application_queue", "town_code", "benefit", "state", "received_on"),
            Index("ix_application_town_list", "town_code", "benefit", "id"),
            Index("ix_application_list", "county_code", "benefit", "id"),
            Index("ix_application_state", "county_code", "benefit", "state", "id"),
            Index("ix_application_state_due", "county_code", "benefit", "state", "due_on"),
            Index("ix_application_state_received", "county_code", "benefit", "state", "received_on"),
            Index("ix_application_received", "county_code", "benefit", "received_on"),
            Index("ix_application_complete", "county_code", "benefit", "documents_complete_on"),
            Index("ix_application_due", "county_code", "benefit", "due_on"),
            Index("ix_application_town_received", "town_code", "benefit", "received_on"),
            CheckConstraint("first_reviewed_by_id <> submitted_by_id", name="maker_checker_first"),
            CheckConstraint("second_reviewed_by_id <> submitted_by_id", name="maker_checker_second"),
            CheckConstraint("second_reviewed_by_id <> first_reviewed_by_id", name="maker_checker_first_second"),
            CheckConstraint("decided_by_id <> submitted_by_id", name="maker_checker_decider"),
            CheckConstraint("decided_by_id <> first_reviewed_by_id", name="maker_checker_decider_first"),
            CheckConstraint("decided_by_id <> second_reviewed_by_id", name="maker_checker_decider_second"),
        )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        if cls.__name__ == "Application":
            return {"polymorphic_on": "form_kind", "version_id_col": cls.version}
        return {"polymorphic_identity": cls.BENEFIT}

    # What a benefit declares. Screens, commands and the rule's facts are made from it.
    BENEFIT = ""
    LABEL: Any = ""
    FACTS: ClassVar[tuple[str, ...]] = ()
    """The columns its form asks, in order; named as in `application_facts`."""
    ASKED: ClassVar[tuple[str, ...]] = ()
    """Of the benefit's own facts those that are asked of everybody."""
    FACT_SOURCES: ClassVar[dict[str, str]] = {}
    """Where a fact is answered by a column of another name."""
    MEMBER_FACTS: ClassVar[tuple[str, ...]] = ()
    """Columns of a household member that only some benefits ask."""
    SECTIONS: ClassVar[tuple[str, ...]] = SECTIONS
    """The sections of its form. Without `household` and `means` no tax data are asked, without `account` nothing is paid."""
    DOCUMENTS: ClassVar[tuple[tuple[str, bool], ...]] = ()
    """(code, required), in the order of the checklist."""
    COUNTY_FINDINGS: ClassVar[tuple[str, ...]] = ()
    """Own columns the county fills at its review; the form does not ask them."""
    BANDS: ClassVar[dict[str, Any]] = {}
    """Names of the bands its rule answers with."""
    EVENTS: ClassVar[dict[str, str]] = {}
    """Columns of the events its statutory clocks count from or end with, where they are not named after the event."""
    AMOUNT_LABEL: ClassVar[str] = "每月金額"
    """What its amount is."""
    DECISION_WORD: ClassVar[str] = "府社字"
    """What stands before the number of a decision."""
    ROWS: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Rows of its own below the application: relationship (ordered by `position`) → the columns its form asks."""
    PAID_ON_CLAIM: ClassVar[bool] = False
    """The decision fixes what may be paid at most; money is due only when a receipt was checked."""

    def label_of(self, name: str) -> Any:
        """What a fact is called on the form."""
        return inspect(type(self)).columns[name].info["label"]

    @property
    def form_asked(self) -> dict[str, Any]:
        """What a county's definition says about this case's form; empty for a benefit whose class says it."""
        return {}

    @classmethod
    def only(cls) -> tuple[ColumnElement[bool], ...]:
        """What is true of this benefit's rows alone, in the columns the indexes of lists begin with; empty where several codes share a form."""
        return () if cls.BENEFIT in ("", LOCAL) else (Application.benefit == cls.BENEFIT,)

    @property
    def editable(self) -> bool:
        return self.state in EDITABLE

    def __repr__(self) -> str:
        return self.case_no


@event.listens_for(Application, "init", propagate=True)
def _benefit_of_the_class(target: Application, _args: Any, given: dict[str, Any]) -> None:
    """A class of one benefit says which; an application for a local benefit is given its code."""
    if target.BENEFIT and target.BENEFIT != LOCAL:
        given.setdefault("benefit", target.BENEFIT)


class Document(TownScoped, Model):
    """One line of the checklist: what the benefit asks for and when it came."""

    __tablename__ = "application_document"
    __table_args__ = (UniqueConstraint("application_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(30), info={"label": _l("Document asked for"), "choices": DOCUMENTS})
    required: Mapped[bool] = mapped_column(default=True, info={"label": _l("Document required")})
    received_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Received on")})
    waived_because: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Not needed because")})
    application: Mapped[Application] = relationship(back_populates="documents")

    @property
    def missing(self) -> bool:
        return self.required and self.received_on is None and not self.waived_because


class CorrectionNotice(TownScoped, Model):
    """A 補正通知: what is missing, until when, and when it came."""

    __tablename__ = "correction_notice"
    __table_args__ = (CheckConstraint("due_on > issued_on", name="due_after_issue"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    items: Mapped[list[str]] = mapped_column(JSON, info={"label": _l("Missing items")})
    issued_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Issued on")})
    due_on: Mapped[dt.date] = mapped_column(Date, index=True, info={"label": _l("Due on")})
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Issued by")})
    answered_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Answered on")})
    application: Mapped[Application] = relationship(back_populates="corrections")
