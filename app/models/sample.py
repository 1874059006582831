"""The random sample (抽查): roster rows of which no doubt was sent, looked at by people, so that what the rules miss is estimated."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import BenefitScoped, CountyScoped, Model, Money, MonthType, PersonIdType, Versioned

SAMPLE_STATES = {
    "open": _l("To be looked at"),
    "answered": _l("Looked at"),
    "flagged": _l("No longer in the sample"),
}
SAMPLE_OUTCOMES = {
    "correct": _l("Rightly paid"),
    "overpaid": _l("Overpaid, missed by the rules"),
    "unclear": _l("Cannot be found out"),
}


class RosterSample(CountyScoped, Model):
    """One county's sample of a month, drawn once. `population`: cash rows of the county's rosters of the month of which no doubt is sent, as
    of the latest match; `wanted`: the size set when it was drawn; `seed`: with it and the same rosters the same rows are drawn."""

    __tablename__ = "roster_sample"
    __table_args__ = (
        UniqueConstraint("county_code", "month"),
        CheckConstraint("population >= 0 AND wanted > 0", name="figures"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Reference month")})
    run_id: Mapped[int] = mapped_column(ForeignKey("match_run.id"), info={"label": _l("Match run")})
    seed: Mapped[str] = mapped_column(String(40))
    wanted: Mapped[int] = mapped_column(info={"label": _l("Sample size")})
    population: Mapped[int] = mapped_column(info={"label": _l("Rows without a doubt")})
    drawn_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Drawn at")})
    rows: Mapped[list["SampleRow"]] = relationship(back_populates="sample", order_by="SampleRow.id")

    def __repr__(self) -> str:
        return f"{self.county_code}/{self.month}"


class SampleRow(Versioned, BenefitScoped, CountyScoped, Model):
    """One row of a sample as the roster had it, and what was found out about it. A later match that sends a doubt about it takes it out of
    the sample (`flagged`), as does a corrected roster without it: what is left stays a random sample of what is left."""

    __tablename__ = "sample_row"
    __table_args__ = (
        UniqueConstraint("sample_id", "benefit", "rec_no"),
        CheckConstraint("state IN ('open', 'answered', 'flagged')", name="state"),
        CheckConstraint("outcome IN ('correct', 'overpaid', 'unclear')", name="outcome"),
        CheckConstraint("state <> 'answered' OR outcome IS NOT NULL", name="answered"),
        CheckConstraint("outcome IS NULL OR outcome <> 'overpaid' OR (overpaid_amount > 0 AND overpaid_to >= overpaid_from)", name="overpaid_amount"),
        CheckConstraint("outcome = 'overpaid' OR overpaid_amount IS NULL", name="no_amount"),
        Index("ix_sample_row_queue", "county_code", "state", "month"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("roster_sample.id"), index=True)
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Reference month")})
    state: Mapped[str] = mapped_column(String(10), default="open", info={"label": _l("State"), "choices": SAMPLE_STATES})
    town_code: Mapped[str | None] = mapped_column(String(8), info={"label": _l("Township code")})
    rec_no: Mapped[str] = mapped_column(String(20), info={"label": _l("Record number")})
    case_no: Mapped[str] = mapped_column(String(30), default="", info={"label": _l("Case number")})
    person_id: Mapped[str] = mapped_column(PersonIdType, index=True, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    birth: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Birth date")})
    pay_from: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Paid from")})
    pay_to: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Paid to")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Roster amount")})
    outcome: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Sample finding"), "choices": SAMPLE_OUTCOMES})
    reason: Mapped[str] = mapped_column(Text, default="", info={"label": _l("Reason")})
    overpaid_from: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Overpaid from")})
    overpaid_to: Mapped[int | None] = mapped_column(MonthType, info={"label": _l("Overpaid to")})
    overpaid_amount: Mapped[int | None] = mapped_column(Money, info={"label": _l("Overpaid amount")})
    overpayment_id: Mapped[int | None] = mapped_column(ForeignKey("overpayment.id"), info={"label": _l("Overpayment")})
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    answered_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Entered at")})
    sample: Mapped[RosterSample] = relationship(back_populates="rows")

    def __repr__(self) -> str:
        return f"{self.month}/{self.rec_no}"
