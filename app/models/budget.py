"""The budgets of benefits: one line per amount entered, only ever added; the approved lines of a year make up its budget."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .append_only import append_only
from .base import BenefitScoped, CountyScoped, Model, Money, Versioned

FUNDS = {"central": _l("Central government"), "county": _l("County's own"), "town": _l("Township's own")}
STATES = {"proposed": _l("Budget line to approve"), "approved": _l("Budget line approved"), "refused": _l("Budget line refused")}
EXCESS = {"warn": _l("Warn only"), "block": _l("Refuse release")}


class BudgetLine(Versioned, BenefitScoped, CountyScoped, Model):
    """An amount for one benefit, fiscal year (ROC, the calendar year) and funding source; a change is a further line, plus or minus.

    `on_excess` of the newest approved line says what happens when a register exceeds the year's budget.
    """

    __tablename__ = "budget_line"
    __table_args__ = (
        CheckConstraint("approved_by_id <> entered_by_id", name="maker_checker"),
        CheckConstraint("state = 'proposed' OR (approved_by_id IS NOT NULL AND approved_at IS NOT NULL)", name="approved"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state"),
        CheckConstraint("fund IN ('central', 'county', 'town')", name="fund"),
        CheckConstraint("on_excess IN ('warn', 'block')", name="on_excess"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("year BETWEEN 90 AND 300", name="year"),
        Index("ix_budget_line_year", "county_code", "year", "benefit"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(info={"label": _l("Fiscal year")})
    fund: Mapped[str] = mapped_column(String(8), info={"label": _l("Funding source"), "choices": FUNDS})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    on_excess: Mapped[str] = mapped_column(String(8), default="warn", info={"label": _l("When exceeded"), "choices": EXCESS})
    reason: Mapped[str] = mapped_column(String(200), info={"label": _l("Reason")})
    state: Mapped[str] = mapped_column(String(10), default="proposed", info={"label": _l("State"), "choices": STATES})
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Entered by")})
    entered_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Entered at")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Approved at")})


append_only(BudgetLine, "county_code", "benefit", "year", "fund", "amount", "on_excess", "reason", "entered_by_id", "entered_at")
