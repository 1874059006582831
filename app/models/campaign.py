"""年度總清查: a campaign of one benefit and year, the cases of its cohort as frozen on a day, and what is known of each member's taxes."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .application import Application
from .award import Award
from .base import BenefitScoped, CountyShared, Model, Money, PersonIdType, Stamped, TownScoped, Versioned
from .recomputation import OUTCOMES

STATES = {
    "open": _l("Cohort being frozen"),
    "frozen": _l("Cohort frozen"),
    "requested": _l("Tax data requested"),
    "answered": _l("Tax data complete"),
    "judged": _l("Under review"),
    "closed": _l("Campaign closed"),
    "dropped": _l("Campaign given up"),
}
STATE_STYLES = {"open": "info", "frozen": "info", "requested": "warn", "answered": "info", "judged": "warn", "closed": "good", "dropped": "neutral"}
TAX_STATES = {
    "requested": _l("Tax data not here yet"),
    "received": _l("Tax data received"),
    "none_on_file": _l("Nothing on file"),
    "rejected": _l("Tax data of another name"),
}
CASE_STATES = {
    "frozen": _l("Not judged yet"),
    "judged": _l("Judged, to be reviewed"),
    "reviewed": _l("Opinion given"),
    "checked": _l("County has checked"),
    "decided": _l("Review decided"),
    "reopened": _l("Taken to ordinary review"),
    "excepted": _l("Not due this year"),
}
CASE_STYLES = {
    "frozen": "neutral", "judged": "warn", "reviewed": "info", "checked": "info", "decided": "good", "reopened": "info", "excepted": "neutral",
}  # fmt: skip
TO_DECIDE = ("judged", "reviewed", "checked")
"""States of a case that was judged and is not decided."""
REASONS = {
    "no_facts": _l("No facts of an earlier decision"),
    "tax_missing": _l("Tax data missing"),
    "tax_rejected": _l("Tax data of another name"),
    "setting": _l("A parameter of the year is missing"),
    "depends": _l("Waits for the low-income review"),
    "fact": _l("A fact is not known"),
    "no_law": _l("No law on the day"),
}
"""Why a case cannot be decided automatically: a closed list."""
OPINIONS = {"agree": _l("Agrees with the result"), "disagree": _l("Does not agree")}
CORRECTIONS = {
    "amount": _l("Another amount is proved"),
    "principal": _l("The bank states the deposit"),
    "counted": _l("Counts as income"),
    "not_counted": _l("Does not count as income"),
    "exempt": _l("Land the law leaves out"),
}
_LIVE = text("state NOT IN ('closed', 'dropped') AND NOT what_if")


def _user(label: Any) -> Any:
    return mapped_column(ForeignKey("ab_user.id"), info={"label": label})


class Campaign(Versioned, Stamped, BenefitScoped, CountyShared, Model):
    """The review of one benefit for one ROC year. `judged_for` is the day the law is asked for (January 1st of the year).

    `what_if`: a trial with proposed parameters and last year's facts; nothing is ever decided on it. `paused_at`: nothing moves on until
    it is taken up again. `sample_size` cases of those that stay the same are looked at by hand before all are approved together.
    `every_years` 2 = a benefit reviewed every second year. Who was decided on from `excepted_from` on is in the first year and not due.
    Cases that wait for another benefit's review go on provisionally until `provisional_until`, which ends nothing by itself.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'frozen', 'requested', 'answered', 'judged', 'closed', 'dropped')", name="state"),
        CheckConstraint("approved_by_id <> judged_by_id", name="maker_checker_campaign"),
        CheckConstraint("every_years IN (1, 2)", name="every_years"),
        Index("uq_campaign_live", "county_code", "benefit", "year", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(Integer, info={"label": _l("Year of review")})
    tax_year: Mapped[int] = mapped_column(Integer, info={"label": _l("Tax year")})
    state: Mapped[str] = mapped_column(String(10), default="open", info={"label": _l("State"), "choices": STATES, "styles": STATE_STYLES})
    what_if: Mapped[bool] = mapped_column(default=False, info={"label": _l("Trial only")})
    frozen_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Cohort as of")})
    judged_for: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Judged as of")})
    closes_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("To be closed by")})
    every_years: Mapped[int] = mapped_column(Integer, default=1, server_default="1", info={"label": _l("Reviewed every (years)")})
    excepted_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Not due when decided from")})
    provisional_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Goes on provisionally until")})
    sample_size: Mapped[int] = mapped_column(Integer, info={"label": _l("Cases looked at by hand")})
    paused_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Paused at")})
    paused_why: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason of the pause")})
    list_sha256: Mapped[str | None] = mapped_column(String(64), info={"label": _l("Hash of the ID list")})
    requested_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Tax data requested at")})
    reply_no: Mapped[str | None] = mapped_column(String(60), info={"label": _l("Letter that says the reply is complete")})
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    judged_by_id: Mapped[int | None] = _user(_l("Judged by"))
    approved_by_id: Mapped[int | None] = _user(_l("Approved together by"))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Campaign closed at")})

    def __repr__(self) -> str:
        return f"{self.year} 年度總清查"


class CampaignCase(Versioned, BenefitScoped, TownScoped, Model):
    """One running award of the cohort: what it was, what the rule says now with facts and trace, and what people made of it.

    `differences`: list of {part, name, item, before, after} against the last decision. `reason` is one of REASONS when nothing can be said.
    """

    __tablename__ = "campaign_case"
    __table_args__ = (
        UniqueConstraint("campaign_id", "award_id"),
        Index("ix_campaign_case_work", "campaign_id", "outcome", "state", "town_code"),
        CheckConstraint("outcome IN ('same', 'changed', 'stops', 'unknown')", name="outcome"),
        CheckConstraint("state IN ('frozen', 'judged', 'reviewed', 'checked', 'decided', 'reopened', 'excepted')", name="state"),
        CheckConstraint("decided_by_id <> opinion_by_id", name="maker_checker_campaign_case"),
        CheckConstraint("checked_by_id <> opinion_by_id AND decided_by_id <> checked_by_id", name="maker_checker_check"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    case_no: Mapped[str] = mapped_column(String(30), info={"label": _l("Case number")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    amount_before: Mapped[int] = mapped_column(Money, info={"label": _l("Amount so far")})
    band_before: Mapped[str] = mapped_column(String(16), default="")
    state: Mapped[str] = mapped_column(String(10), default="frozen", info={"label": _l("State"), "choices": CASE_STATES, "styles": CASE_STYLES})
    outcome: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Outcome of the recomputation"), "choices": OUTCOMES})
    reason: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Why it cannot be decided"), "choices": REASONS})
    amount_after: Mapped[int | None] = mapped_column(Money, info={"label": _l("Amount from now on")})
    band_after: Mapped[str] = mapped_column(String(16), default="")
    why: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Explanation")})
    differences: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    judgement: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sampled: Mapped[bool] = mapped_column(default=False, info={"label": _l("To be looked at by hand")})
    opinion: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Opinion of the township"), "choices": OPINIONS})
    opinion_text: Mapped[str | None] = mapped_column(String(300), info={"label": _l("Township's opinion in words")})
    opinion_by_id: Mapped[int | None] = _user(_l("Opinion by"))
    finding: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Finding of the county"), "choices": OPINIONS})
    finding_text: Mapped[str | None] = mapped_column(String(300), info={"label": _l("County's finding in words")})
    checked_by_id: Mapped[int | None] = _user(_l("Second review by"))
    decided_by_id: Mapped[int | None] = _user(_l("Decided by"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True, info={"label": _l("Decision")})
    reopened_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), info={"label": _l("Reopened as")})
    campaign: Mapped[Campaign] = relationship()
    award: Mapped[Award] = relationship()
    application: Mapped[Application | None] = relationship(foreign_keys=[application_id])

    def __repr__(self) -> str:
        return self.case_no


class CampaignMember(BenefitScoped, TownScoped, Model):
    """A counted person of a case and the state of his or her tax data. `requested` is not known, `none_on_file` is known to be nothing."""

    __tablename__ = "campaign_member"
    __table_args__ = (
        UniqueConstraint("case_id", "position"),
        Index("ix_campaign_member_person", "campaign_id", "person_id"),
        CheckConstraint("tax_state IN ('requested', 'received', 'none_on_file', 'rejected')", name="tax_state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("campaign_case.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[str | None] = mapped_column(PersonIdType, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    tax_state: Mapped[str] = mapped_column(String(12), default="requested", info={"label": _l("Tax data"), "choices": TAX_STATES})


class CampaignVisit(BenefitScoped, TownScoped, Model):
    """A visit to the household of a case: when, and what was found. Only ever added."""

    __tablename__ = "campaign_visit"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("campaign_case.id", ondelete="CASCADE"), index=True)
    visited_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Visited on")})
    found: Mapped[str] = mapped_column(String(500), info={"label": _l("Visit report")})
    visited_by_id: Mapped[int | None] = _user(_l("Visited by"))


class CampaignCorrection(BenefitScoped, TownScoped, Model):
    """What a paper proves against one line of the tax file. The line itself stays; of several corrections of a line the newest counts.

    `line` names the line (`campaign_taxes.TaxLine.key`), `said` is what the file says, in words. `kind` says which of `amount` and `code` is given.
    """

    __tablename__ = "campaign_correction"
    __table_args__ = (
        CheckConstraint("kind IN ('amount', 'principal', 'counted', 'not_counted', 'exempt')", name="kind"),
        CheckConstraint("(kind IN ('amount', 'principal')) = (amount IS NOT NULL) AND (kind = 'exempt') = (code IS NOT NULL)", name="given"),
        CheckConstraint("amount >= 0", name="amount"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("campaign_case.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    line: Mapped[str] = mapped_column(String(200))
    said: Mapped[str] = mapped_column(String(200), info={"label": _l("Line of the tax file")})
    kind: Mapped[str] = mapped_column(String(12), info={"label": _l("Correction"), "choices": CORRECTIONS})
    amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Proved amount")})
    code: Mapped[str | None] = mapped_column(String(24), info={"label": _l("Not counted because")})
    proof: Mapped[str] = mapped_column(String(80), info={"label": _l("Proof document")})
    recorded_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Recorded at")})
    recorded_by_id: Mapped[int | None] = _user(_l("Recorded by"))


append_only(CampaignVisit, "case_id", "visited_on", "found", "visited_by_id")
append_only(CampaignCorrection, "case_id", "position", "line", "said", "kind", "amount", "code", "proof", "recorded_at", "recorded_by_id")
