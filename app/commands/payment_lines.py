"""Lines of a run between the database and the pure room: writing them in bulk, reading them back, freezing them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.payments import register
from app.payments.line import Line, Part, Payee, content_hash

from . import bulk
from .base import Refused

LIVE = ("planned", "filed", "credited", "returned", "closed")


def add(session: Session, run: PaymentRun, lines: Sequence[Line], roots: dict[int, tuple[int, int]] | None = None) -> None:
    """Write the lines of a fresh run, and the payments they carry. `roots`: line_no → (run, line) that a re-payment repeats."""
    bulk.add_rows(session, PaymentLine, [_line_row(run, x, roots) for x in lines])
    bulk.add_rows(session, Payment, [_payment_row(run, x, p) for x in lines for p in x.parts])
    freeze(run, lines)


def adjustments(session: Session, run_id: int) -> dict[int, tuple[int, str]]:
    """line_no → (NTD the line it replaces would have paid, why), of adjusted lines that still count."""
    old = aliased(PaymentLine)
    rows = session.execute(
        select(PaymentLine.line_no, old.amount, old.reason)
        .join(old, (old.run_id == PaymentLine.run_id) & (old.line_no == PaymentLine.adjusts_line_no))
        .where(PaymentLine.run_id == run_id, PaymentLine.status != "withheld")
    )
    return {no: (int(amount), reason or "") for no, amount, reason in rows}


def _line_row(run: PaymentRun, x: Line, roots: dict[int, tuple[int, int]] | None) -> dict[str, Any]:
    root_run, root_line = roots[x.line_no] if roots else (run.id, x.line_no)
    return {
        "county_code": run.county_code,
        "town_code": x.town_code,
        "benefit": run.benefit,
        "run_id": run.id,
        "line_no": x.line_no,
        "root_run_id": root_run,
        "root_line_no": root_line,
        "award_id": x.award_id,
        "recipient_id": x.person_key,
        "person_id": x.person_id,
        "name": x.name,
        "address": x.address,
        "band": x.band,
        "amount": x.amount,
        "deduction": x.deduction,
        "adjusts_line_no": x.adjusts,
        "month_from": x.month_from,
        "month_to": x.month_to,
        "status": "planned",
        "channel": x.payee.channel,
        "payee_person_id": x.payee.person_id,
        "payee_name": x.payee.name,
        "institution": x.payee.institution,
        "account": x.payee.account,
    }


def _payment_row(run: PaymentRun, x: Line, p: Part) -> dict[str, Any]:
    return {
        "county_code": run.county_code,
        "town_code": x.town_code,
        "benefit": run.benefit,
        "award_id": x.award_id,
        "recipient_id": x.person_key,
        "month": p.month,
        "kind": "difference" if p.seq else "regular",
        "seq": p.seq,
        "amount": p.amount,
        "run_id": run.id,
        "line_no": x.line_no,
        "live": True,
    }


def read(session: Session, run_id: int, statuses: Iterable[str] = LIVE, *, parts: bool = True) -> list[Line]:
    """The lines of a run as frozen (withheld ones left out), in the order of their numbers; without their months where nobody asks for them."""
    c = PaymentLine
    months = _parts(session, run_id) if parts else {}
    rows = session.execute(
        select(
            c.line_no, c.award_id, c.recipient_id, c.person_id, c.name, c.town_code, c.amount, c.month_from, c.month_to,
            c.channel, c.payee_person_id, c.payee_name, c.institution, c.account, c.band, c.address, c.deduction,
            c.adjusts_line_no,
        )
        .where(c.run_id == run_id, c.status.in_(list(statuses)))
        .order_by(c.line_no)
    )  # fmt: skip
    return [
        Line(no, award, key, person, name, town, amount, first, last, Payee(*payee), band, address, tuple(months.get(no, ())), kept, adjusts)
        for no, award, key, person, name, town, amount, first, last, *payee, band, address, kept, adjusts in rows
    ]


def _parts(session: Session, run_id: int) -> dict[int, list[Part]]:
    """line_no → the months it pays, oldest first."""
    out: dict[int, list[Part]] = defaultdict(list)
    for line_no, month, amount, seq in session.execute(
        select(Payment.line_no, Payment.month, Payment.amount, Payment.seq).where(Payment.run_id == run_id).order_by(Payment.month)
    ):
        out[line_no].append(Part(month, amount, seq))
    return out


def freeze(run: PaymentRun, lines: Sequence[Line]) -> None:
    """Take the hash and the control totals of the lines into the run."""
    t = register.totals(lines)
    run.line_count, run.total, run.totals, run.content_hash = t.count, t.amount, t.as_json(), content_hash(lines)


def unchanged(session: Session, run: PaymentRun, *, parts: bool = True) -> list[Line]:
    """The lines, after making sure that they still are what was frozen. Raises Refused."""
    lines = read(session, run.id, parts=parts)
    if content_hash(lines) != run.content_hash or (len(lines), sum(x.amount for x in lines)) != (run.line_count, run.total):
        raise Refused(f"清冊 {run.run_no} 的內容與造冊時的核對碼不符，已停止作業；請通知系統管理人員查明", "E-PAY-FROZEN")
    return lines
