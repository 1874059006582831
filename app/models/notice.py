"""Notices: the templates a county writes, the offices that send, and every notice that was issued with its service (送達)."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .append_only import append_only
from .base import BenefitScoped, CountyScoped, Model, PersonIdType, Stamped, TownScoped, Versioned

KINDS = {
    "granted": _l("Notice of approval"),
    "rejected": _l("Notice of rejection"),
    "changed": _l("Notice of change"),
    "stopped": _l("Notice of stop"),
    "correction": _l("Notice to correct"),
    "hearing": _l("Notice of hearing"),
    "recovery": _l("Notice of recovery"),
    "reminder": _l("Notice of reminder"),
    "certificate": _l("Low-income certificate"),
}
ACTS = ("granted", "rejected", "changed", "stopped", "recovery")
"""Administrative acts: they say how, where and until when one may appeal (行政程序法第96條第1項第6款)."""
DRAFT, APPROVED, WITHDRAWN = "draft", "approved", "withdrawn"
TEMPLATE_STATES = {DRAFT: _l("Draft template"), APPROVED: _l("Template approved"), WITHDRAWN: _l("Withdrawn")}
STATES = {"issued": _l("Issued, not yet served"), "served": _l("Service recorded"), "withdrawn": _l("Notice withdrawn")}
METHODS = {
    "post": _l("Served by post"),
    "hand": _l("Served by hand"),
    "substitute": _l("Substituted service"),
    "deposit": _l("Service by deposit"),
    "public": _l("Public service"),
}
"""行政程序法第68條、第72條至第74條、第78條."""
_LIVE = "state <> 'withdrawn'"


class NoticeTemplate(Versioned, Stamped, CountyScoped, Model):
    """One edition of a county's wording for a kind of notice; `benefit` empty = for all. What the product delivers is edition 0, a file.

    In force on a day is the approved edition that took effect last. An approved edition is never edited, only followed or withdrawn.
    """

    __tablename__ = "notice_template"
    __table_args__ = (
        UniqueConstraint("county_code", "kind", "benefit", "edition"),
        CheckConstraint("approved_by_id <> written_by_id", name="maker_checker"),
        CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'approved' OR approved_by_id IS NOT NULL", name="approved_by"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), info={"label": _l("Notice kind"), "choices": KINDS})
    benefit: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Benefit")})
    edition: Mapped[int] = mapped_column(info={"label": _l("Edition")})
    state: Mapped[str] = mapped_column(String(10), default=DRAFT, info={"label": _l("State"), "choices": TEMPLATE_STATES})
    effective_from: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Effective from")})
    title: Mapped[str] = mapped_column(String(30), info={"label": _l("Heading of the notice")})
    subject: Mapped[str] = mapped_column(Text, info={"label": _l("Notice subject")})
    explanation: Mapped[str] = mapped_column(Text, info={"label": _l("Notice explanation")})
    basis: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Legal basis")})
    remedy: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Remedy clause")})
    note: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Note")})
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Written by")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})

    def __repr__(self) -> str:
        return f"{KINDS[self.kind]}　第 {self.edition} 版"


class NoticeSender(Versioned, Stamped, TownScoped, Model):
    """What stands at the head and the end of an office's letters. `town_code` is the county's code for the county itself."""

    __tablename__ = "notice_sender"
    __table_args__ = (UniqueConstraint("town_code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(String(40), info={"label": _l("Issuing agency")})
    head_title: Mapped[str] = mapped_column(String(20), info={"label": _l("Title of the head")})
    head_name: Mapped[str] = mapped_column(String(30), info={"label": _l("Name of the head")})
    word: Mapped[str] = mapped_column(String(12), info={"label": _l("Word before the number")})
    address: Mapped[str] = mapped_column(String(120), info={"label": _l("Address of the agency")})
    unit: Mapped[str] = mapped_column(String(60), info={"label": _l("Responsible unit")})
    phone: Mapped[str] = mapped_column(String(40), info={"label": _l("Phone")})

    def __repr__(self) -> str:
        return self.agency


class Notice(Versioned, Stamped, BenefitScoped, TownScoped, Model):
    """A notice as it left: its text is kept, so that it can be printed again as it was. Only its service is added later.

    It says what it is about by one of the keys; `letter` is the document that is printed, `fields` what it was filled from.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("uq_notice_decision", "decision_id", unique=True, sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
        Index("uq_notice_change", "change_id", unique=True, sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
        Index("uq_notice_correction", "correction_id", unique=True, sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
        Index(
            "uq_notice_recovery", "overpayment_id", unique=True,
            sqlite_where=text(f"kind = 'recovery' AND {_LIVE}"), postgresql_where=text(f"kind = 'recovery' AND {_LIVE}"),
        ),
        Index(
            "uq_notice_hearing", "overpayment_id", unique=True,
            sqlite_where=text(f"kind = 'hearing' AND {_LIVE}"), postgresql_where=text(f"kind = 'hearing' AND {_LIVE}"),
        ),
        Index("ix_notice_queue", "town_code", "state", "issued_on"),
        CheckConstraint("state IN ('issued', 'served', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'served' OR (served_on IS NOT NULL AND service_method IS NOT NULL)", name="service"),
        CheckConstraint("served_on IS NULL OR served_on >= issued_on", name="served_after_issue"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), info={"label": _l("Notice kind"), "choices": KINDS})
    state: Mapped[str] = mapped_column(
        String(10), default="issued", info={"label": _l("State"), "choices": STATES, "styles": {"issued": "warn", "served": "good", "withdrawn": "neutral"}}
    )
    number: Mapped[str] = mapped_column(String(40), index=True, info={"label": _l("Notice number")})
    agency: Mapped[str] = mapped_column(String(40), info={"label": _l("Issuing agency")})
    issued_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Issued on")})
    issued_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Issued at")})
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Issued by")})
    template_id: Mapped[int | None] = mapped_column(ForeignKey("notice_template.id"))
    edition: Mapped[int] = mapped_column(default=0, info={"label": _l("Edition")})
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("case_change.id"))
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("correction_notice.id"))
    overpayment_id: Mapped[int | None] = mapped_column(ForeignKey("overpayment.id"), index=True)
    person_id: Mapped[str] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Receiver")})
    address: Mapped[str] = mapped_column(String(120), info={"label": _l("Address served")})
    subject: Mapped[str] = mapped_column(Text, info={"label": _l("Notice subject")})
    letter: Mapped[dict[str, Any]] = mapped_column(JSON)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    batch: Mapped[str | None] = mapped_column(String(40), index=True, info={"label": _l("Issued together")})

    service_method: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Service method"), "choices": METHODS})
    service_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Day of the service act")})
    served_on: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Served on")})
    appeal_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Appeal possible until")})
    service_note: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Receipt or deposit number")})
    service_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Service recorded by")})

    def __repr__(self) -> str:
        return self.number


append_only(
    Notice, "kind", "number", "agency", "issued_on", "issued_at", "issued_by_id", "template_id", "edition", "application_id", "decision_id",
    "change_id", "correction_id", "overpayment_id", "person_id", "name", "address", "subject", "letter", "fields", "batch",
)  # fmt: skip
