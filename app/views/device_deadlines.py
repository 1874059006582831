"""Deadlines of devices as people read them (days left), and which devices are paid: one query for a page of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from app.commands.casework import deadlines
from app.commands.casework.devices import running
from app.core import clock, roc
from app.extensions import db
from app.models.device import DeviceRequest
from app.models.payment import LINE_STATES, PaymentLine
from app.models.payment_run import PaymentRun
from app.rules.clocks import Calendar

OVER = ("withheld", "closed")


@dataclass(frozen=True)
class Left:
    """`text`: what has to be done until when, and how many days are left; `tone`: a badge style."""

    text: str
    tone: str


def days_left(row: DeviceRequest, calendar: Calendar) -> Left | None:
    """The running deadline of a device, in its own unit; None when nobody has to act by law."""
    due = running(row, calendar)
    if due is None:
        return None
    left = due.days_left(clock.today(), calendar)
    open_year = "，日曆尚未確認" if due.provisional else ""
    said = f"{due.clock.name} {roc.show_date(due.day)}（{deadlines.words(left, due.clock.unit)}{open_year}）"
    return Left(said, deadlines.tone(left, due.clock.soon))


def paid_lines(rows: Iterable[DeviceRequest]) -> dict[int, str]:
    """Award → register and state of the line that pays it (`10004-ADS-11511-01　已入帳`), for the devices that stand on one."""
    ids = [r.award_id for r in rows if r.award_id]
    if not ids:
        return {}
    found = db.session.execute(
        select(PaymentLine.award_id, PaymentRun.run_no, PaymentLine.status)
        .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
        .where(PaymentLine.award_id.in_(ids), PaymentLine.status.not_in(OVER))
        .order_by(PaymentLine.id)
    )
    return {award: f"{run_no}　{LINE_STATES[status]}" for award, run_no, status in found}
