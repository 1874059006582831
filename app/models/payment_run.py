"""A payment run (one register of one payer, benefit and month), what was found on it, and the files that left."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .base import BenefitScoped, Model, Money, MonthType, TownScoped, Versioned
from .channel_layout import ChannelLayout

STATES = {
    "built": _l("Register built"),
    "checked": _l("Register checked"),
    "approved": _l("Register approved"),
    "released": _l("Register released"),
    "filed": _l("Files written"),
    "reconciled": _l("Register reconciled"),
    "cancelled": _l("Register cancelled"),
}
KINDS = {"regular": _l("Monthly register"), "difference": _l("Retroactive difference"), "repay": _l("Re-payment of returns")}
SEVERITIES = {"hard": _l("Must not be paid"), "soft": _l("To be ticked")}
RHYTHMS = {"monthly": _l("Every month"), "two_monthly": _l("Every two months"), "quarterly": _l("Every quarter")}


BANK_FORMATS = {"csv": _l("List for the bank or farmers' association"), "ach": _l("Clearing house credits (ACHP01)")}
TRANSACTIONS = {
    "301": "301 老人年金", "312": "312 補助款", "313": "313 救濟金", "359": "359 敬老年金", "366": "366 紓困補助", "371": "371 敬老禮金",
    "387": "387 補助發放", "417": "417 庫款支付", "430": "430 慰問金",
}  # fmt: skip


class PayerSetting(Versioned, BenefitScoped, TownScoped, Model):
    """How an office pays one benefit. A township with its own row pays its people itself; the county's row (town_code = county code) pays the rest."""

    __tablename__ = "payer_setting"
    __table_args__ = (UniqueConstraint("county_code", "town_code", "benefit"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    payer_name: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Paying office")})
    rhythm: Mapped[str] = mapped_column(String(12), default="monthly", info={"label": _l("Rhythm"), "choices": RHYTHMS})
    cutoff_day: Mapped[int] = mapped_column(default=20, info={"label": _l("Cut-off day")})
    post_office: Mapped[str] = mapped_column(String(7), default="", info={"label": _l("Handling post office")})
    post_account: Mapped[str] = mapped_column(String(8), default="", info={"label": _l("Deposit account at the post office")})
    post_layout: Mapped[str] = mapped_column(String(40), default="post_office_80", info={"label": _l("File layout")})
    newline: Mapped[str] = mapped_column(String(4), default="crlf", info={"label": _l("Line end")})
    bank_format: Mapped[str] = mapped_column(String(4), default="csv", server_default="csv", info={"label": _l("File for banks"), "choices": BANK_FORMATS})
    ach_with_post: Mapped[bool] = mapped_column(default=False, server_default=false(), info={"label": _l("Clearing house pays postal accounts too")})
    ach_sender: Mapped[str] = mapped_column(String(7), default="", server_default="", info={"label": _l("Sending unit at the clearing house")})
    ach_bank: Mapped[str] = mapped_column(String(7), default="", server_default="", info={"label": _l("Paying bank and branch")})
    ach_account: Mapped[str] = mapped_column(String(16), default="", server_default="", info={"label": _l("Paying account")})
    tax_id: Mapped[str] = mapped_column(String(10), default="", server_default="", info={"label": _l("Tax number of the office")})
    own_layouts: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]", info={"label": _l("The county's own file formats")})
    ach_transaction: Mapped[str] = mapped_column(String(3), default="312", server_default="312", info={"label": _l("Transaction code"), "choices": TRANSACTIONS})

    def __repr__(self) -> str:
        return self.payer_name


class PaymentRun(Versioned, BenefitScoped, TownScoped, Model):
    """`town_code` is the payer: a township, or the county's own code when the county pays (then townships do not see the run).

    The freeze (`content_hash`, `line_count`, `total`, `totals`) is taken when the lines are made and again when one is withheld.
    """

    __tablename__ = "payment_run"
    __table_args__ = (
        CheckConstraint("approved_by_id <> made_by_id", name="maker_checker_approver"),
        CheckConstraint("released_by_id <> made_by_id", name="maker_checker_releaser"),
        CheckConstraint("released_by_id <> approved_by_id", name="maker_checker_releaser_approver"),
        CheckConstraint("state NOT IN ('approved', 'released', 'filed', 'reconciled') OR approved_at IS NOT NULL", name="approved"),
        CheckConstraint("state NOT IN ('released', 'filed', 'reconciled') OR released_at IS NOT NULL", name="released"),
        CheckConstraint("kind <> 'difference' OR ground IS NOT NULL", name="ground"),
        Index("ix_payment_run_list", "county_code", "benefit", "month"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    run_no: Mapped[str] = mapped_column(String(40), unique=True, info={"label": _l("Register number")})
    kind: Mapped[str] = mapped_column(String(10), info={"label": _l("Register kind"), "choices": KINDS})
    month: Mapped[int] = mapped_column(MonthType, index=True, info={"label": _l("Pay month")})
    first_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Pays from")})
    last_month: Mapped[int] = mapped_column(MonthType, info={"label": _l("Pays to")})
    cutoff_on: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Cut-off date")})
    value_date: Mapped[dt.date] = mapped_column(Date, info={"label": _l("Value date")})
    ground: Mapped[str | None] = mapped_column(String(120), info={"label": _l("Legal ground")})
    state: Mapped[str] = mapped_column(String(12), default="built", index=True, info={"label": _l("State"), "choices": STATES})
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("payment_run.id"), index=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("payment_run.id"), index=True)

    line_count: Mapped[int] = mapped_column(default=0, info={"label": _l("Lines")})
    total: Mapped[int] = mapped_column(Money, default=0, info={"label": _l("Total amount")})
    totals: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info={"label": _l("Control totals")})
    content_hash: Mapped[str] = mapped_column(String(64), default="", info={"label": _l("Content hash")})
    omitted: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)

    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Register made by")})
    made_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Register made at")})
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Checked by")})
    checked_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Checked at")})
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Approved by")})
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Approved at")})
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Released by")})
    released_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Released at")})
    filed_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Files written at")})
    reconciled_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Reconciled at")})

    findings: Mapped[list["RunFinding"]] = relationship(back_populates="run", order_by="RunFinding.severity, RunFinding.line_no")
    files: Mapped[list["PaymentFile"]] = relationship(back_populates="run", order_by="PaymentFile.id")

    def __repr__(self) -> str:
        return self.run_no


class RunFinding(BenefitScoped, TownScoped, Model):
    """One finding of the check before release. A hard one blocks; a soft one needs a tick with a name. `line_no` 0 = the whole register."""

    __tablename__ = "run_finding"
    __table_args__ = (UniqueConstraint("run_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"), index=True)
    line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), info={"label": _l("Finding")})
    severity: Mapped[str] = mapped_column(String(4), info={"label": _l("Severity"), "choices": SEVERITIES})
    message: Mapped[str] = mapped_column(Text, info={"label": _l("What was found")})
    key: Mapped[str] = mapped_column(String(32))
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Confirmed by")})
    acknowledged_by: Mapped[str | None] = mapped_column(String(128), info={"label": _l("Confirmed by")})
    acknowledged_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Confirmed at")})
    note: Mapped[str | None] = mapped_column(String(200), info={"label": _l("Note")})
    run: Mapped[PaymentRun] = relationship(back_populates="findings")


class PaymentFile(BenefitScoped, TownScoped, Model):
    """A file written from a run. The bytes lie in the payment store under their hash; this row never changes."""

    __tablename__ = "payment_file"
    __table_args__ = (UniqueConstraint("run_id", "kind", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), info={"label": _l("File")})
    name: Mapped[str] = mapped_column(String(80), info={"label": _l("File name")})
    sha256: Mapped[str] = mapped_column(String(64), info={"label": _l("Content hash")})
    size: Mapped[int] = mapped_column(info={"label": _l("Bytes")})
    line_count: Mapped[int] = mapped_column(info={"label": _l("Lines")})
    total: Mapped[int] = mapped_column(Money, info={"label": _l("Total amount")})
    layout_id: Mapped[int | None] = mapped_column(ForeignKey("channel_layout.id"), info={"label": _l("File format")})
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Register made by")})
    made_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Register made at")})
    run: Mapped[PaymentRun] = relationship(back_populates="files")
    layout: Mapped[ChannelLayout | None] = relationship()


class ResultFile(BenefitScoped, TownScoped, Model):
    """A transfer result that was taken in. The same bytes for the same run are recognised, not applied again."""

    __tablename__ = "result_file"
    __table_args__ = (UniqueConstraint("run_id", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), info={"label": _l("Content hash")})
    credited: Mapped[int] = mapped_column(info={"label": _l("Credited lines")})
    credited_total: Mapped[int] = mapped_column(Money, info={"label": _l("Credited amount")})
    returned: Mapped[int] = mapped_column(info={"label": _l("Returned lines")})
    returned_total: Mapped[int] = mapped_column(Money, info={"label": _l("Returned amount")})
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), info={"label": _l("Imported by")})
    taken_at: Mapped[dt.datetime] = mapped_column(DateTime, info={"label": _l("Imported at")})


append_only(PaymentFile)
append_only(ResultFile)
