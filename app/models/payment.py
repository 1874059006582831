"""Money: payments (one month of one award, created once) and the lines that carry them (one transfer or signature each).

Only facts that follow an event may change on a row (`live`, `status`, the result); triggers refuse the rest, and every DELETE.
A returned line may be followed by a line in a re-payment run: both name the same root, and one index admits one live line per root.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .award import Award, PayeeColumns
from .base import BenefitScoped, Model, Money, MonthType, PersonIdType, TownScoped
from .payment_run import PaymentRun

LINE_STATES = {
    "planned": _l("Line planned"),
    "withheld": _l("Line withheld"),
    "filed": _l("Line sent"),
    "credited": _l("Line credited"),
    "returned": _l("Line returned"),
    "closed": _l("Return closed"),
}
PAYMENT_KINDS = {"regular": _l("Regular payment"), "difference": _l("Difference payment")}
_LIVE_PAYMENT = text("live")
_LIVE_LINE = text("status IN ('planned', 'filed', 'credited')")


class Payment(BenefitScoped, TownScoped, Model):
    """What one award gets for one month. `seq` numbers the differences of a month (0 = the regular payment).

    `live` becomes false, once and for good, when the run is cancelled, the line is withheld or the returned money is closed.
    """

    __tablename__ = "payment"
    __table_args__ = (
        Index(
            "uq_payment_once", "award_id", "month", "kind", "seq",
            unique=True, sqlite_where=_LIVE_PAYMENT, postgresql_where=_LIVE_PAYMENT,
        ),
        Index("ix_payment_line", "run_id", "line_no"),
        Index("ix_payment_person", "recipient_id", "benefit", "month"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("kind IN ('regular', 'difference')", name="kind"),
        CheckConstraint("kind <> 'regular' OR seq = 0", name="regular_seq"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Month")})
    kind: Mapped[str] = mapped_column(String(10), info={"label": _l("Payment kind"), "choices": PAYMENT_KINDS})
    seq: Mapped[int] = mapped_column(default=0, info={"label": _l("Number")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"))
    line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    live: Mapped[bool] = mapped_column(default=True, info={"label": _l("In effect now")})
    award: Mapped[Award] = relationship()


class PaymentLine(PayeeColumns, BenefitScoped, TownScoped, Model):
    """One transfer attempt, with the payee as frozen when the run was made. `amount` is what is transferred, `deduction` what is kept back.

    `fund_*`: the funding sources of both together, split when the register was approved; none without shares in force (not known, not 0).
    `adjusts_line_no`: the withheld line of the same register that this one pays with another amount, for `reason`.
    """

    __tablename__ = "payment_line"
    __table_args__ = (
        UniqueConstraint("run_id", "line_no"),
        Index(
            "uq_payment_line_live", "root_run_id", "root_line_no",
            unique=True, sqlite_where=_LIVE_LINE, postgresql_where=_LIVE_LINE,
        ),
        CheckConstraint("status IN ('planned', 'withheld', 'filed', 'credited', 'returned', 'closed')", name="status"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("status <> 'returned' OR return_code IS NOT NULL", name="returned_code"),
        CheckConstraint("deduction >= 0", name="deduction"),
        CheckConstraint("fund_central + fund_county + fund_town = amount + deduction", name="funds"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"), index=True)
    line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    root_run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"))
    root_line_no: Mapped[int] = mapped_column()
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_id: Mapped[str] = mapped_column(PersonIdType, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    address: Mapped[str] = mapped_column(String(120), default="", info={"label": _l("Home address")})
    band: Mapped[str] = mapped_column(String(16), default="", info={"label": _l("Band")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Amount")})
    deduction: Mapped[int] = mapped_column(Money, default=0, server_default="0", info={"label": _l("Deducted amount")})
    fund_central: Mapped[int | None] = mapped_column(Money, info={"label": _l("Central government")})
    fund_county: Mapped[int | None] = mapped_column(Money, info={"label": _l("County's own")})
    fund_town: Mapped[int | None] = mapped_column(Money, info={"label": _l("Township's own")})
    adjusts_line_no: Mapped[int | None] = mapped_column(info={"label": _l("Adjusts line")})
    month_from: Mapped[int] = mapped_column(MonthType, info={"label": _l("Pays from")})
    month_to: Mapped[int] = mapped_column(MonthType, info={"label": _l("Pays to")})
    status: Mapped[str] = mapped_column(String(10), default="planned", index=True, info={"label": _l("Line state"), "choices": LINE_STATES})
    reason: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Reason")})
    return_code: Mapped[str | None] = mapped_column(String(4), info={"label": _l("Return code")})
    value_date: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Value date")})
    result_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Result recorded at")})
    run: Mapped[PaymentRun] = relationship(foreign_keys=[run_id])
    award: Mapped[Award] = relationship()


append_only(Payment, "award_id", "recipient_id", "month", "kind", "seq", "amount", "run_id", "line_no")
append_only(
    PaymentLine, "run_id", "line_no", "root_run_id", "root_line_no", "award_id", "recipient_id", "person_id", "name", "band",
    "amount", "month_from", "month_to", "channel", "payee_person_id", "payee_name", "institution", "account", "deduction", "adjusts_line_no",
)  # fmt: skip
