"""How the money of a benefit is split between central government, county and townships: parts of 10,000, by year and month of beginning."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .append_only import append_only
from .base import BenefitScoped, CountyShared, Model, MonthType, Versioned

STATES = {"proposed": _l("Share to approve"), "approved": _l("Share approved"), "refused": _l("Share refused")}
WHOLE = 10_000


class FundShare(Versioned, BenefitScoped, CountyShared, Model):
    """The shares of one benefit from a pay month on, within its year: next year's are entered anew. A change is a further row."""

    __tablename__ = "fund_share"
    __table_args__ = (
        CheckConstraint("approved_by_id <> entered_by_id", name="maker_checker"),
        CheckConstraint("state = 'proposed' OR (approved_by_id IS NOT NULL AND approved_at IS NOT NULL)", name="approved"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state"),
        CheckConstraint("central >= 0 AND county >= 0 AND town >= 0 AND central + county + town = 10000", name="whole"),
        Index("ix_fund_share_from", "county_code", "benefit", "from_month"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    from_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("From month")})
    central: Mapped[int] = mapped_column(info={"label": _l("Central government")})
    county: Mapped[int] = mapped_column(info={"label": _l("County's own")})
    town: Mapped[int] = mapped_column(info={"label": _l("Township's own")})
    reason: Mapped[str] = mapped_column(String(200), info={"label": _l("Reason")})
    state: Mapped[str] = mapped_column(String(10), default="proposed", info={"label": _l("State"), "choices": STATES})
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Entered at")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Approved at")})


append_only(FundShare, "county_code", "benefit", "from_month", "central", "county", "town", "reason", "entered_by_id", "entered_at")
