"""Our own payments as a roster of the exchange contract (exchange.md §2), for `flask swis roster`."""

from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.core import roc
from app.core.months import Months
from app.exchange import codes, snapshots, write
from app.exchange.layouts import ROSTER
from app.models.award import Award
from app.models.payment import Payment, PaymentLine
from app.models.payment_person import PaymentPerson
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.rules.benefits import benefit, benefits
from app.rules.facts import Relation
from app.security.roles import COUNTY

from .base import Context, Refused, command

PAID = ("released", "filed", "reconciled")


def own_fields(kind: str, band: str, payee: str = "") -> dict[str, Any]:
    """The roster's fields that only this kind has, from the band of the line (`low_severe`, `class2`, `residential_75`, …) and its payee.

    The contract has no code of its own for community living; it is a kind of residential care (辦法第4條).
    """
    if kind == "disability_living_allowance":
        status, _, grade = band.rpartition("_")
        return {"grade": grade or None, "low_income_flag": {"low": "Y", "other": "N"}.get(status)}
    if kind == "low_income_living_assistance":
        return {"class": band.removeprefix("class") or None}
    if kind == "disability_care_subsidy":
        service, _, rate = band.rpartition("_")
        service = "residential" if service == "community" else service
        return {"service_type": service or None, "rate": int(rate) if rate.isdigit() else None, "institution_id": payee or None}
    return {"band": band or None} if kind == "elderly_living_allowance" else {}


def roster_rows(session: Session, county: str, month: int, kind: str) -> list[dict[str, Any]]:
    """What was paid in the registers of `month`: one row per line and run of months, typed as the roster's snapshot columns.

    Money that came back is not in it; paid again later, it stands in the roster of the month it was paid again.
    """
    rows = session.execute(
        select(
            PaymentLine.id, PaymentLine.town_code, PaymentLine.person_id, PaymentLine.name, PaymentLine.channel, PaymentLine.band,
            PaymentLine.payee_person_id, PaymentLine.root_run_id, PaymentLine.root_line_no,
            Person.birth, Person.sex, Award.household_no, Award.case_no, Award.decision_no, Award.from_month, Award.to_month,
            Payment.month, Payment.amount,
        )
        .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
        .join(Payment, and_(Payment.run_id == PaymentLine.root_run_id, Payment.line_no == PaymentLine.root_line_no, Payment.live))
        .join(Award, Award.id == PaymentLine.award_id)
        .join(Person, Person.id == PaymentLine.recipient_id)
        .where(
            PaymentRun.county_code == county,
            PaymentRun.benefit == kind,
            PaymentRun.month == month,
            PaymentRun.state.in_(PAID),
            PaymentLine.status.in_(("planned", "filed", "credited")),
        )
        .order_by(PaymentLine.town_code, PaymentLine.person_id, PaymentLine.id, Payment.month)
    )  # fmt: skip
    people = _people(session, county, month, kind)
    by_line: dict[int, tuple[Any, dict[int, int]]] = {}
    for r in rows:
        amounts = by_line.setdefault(r.id, (r, {}))[1]
        amounts[r.month] = amounts.get(r.month, 0) + r.amount
    out: list[dict[str, Any]] = []
    row = benefit(kind)
    head = f"{roc.month5(month)}{row.short}"
    for r, amounts in by_line.values():
        for first, last in Months.each(amounts).spans:
            out.append(
                {
                    "rec_no": f"{head}{len(out) + 1:07d}",
                    "county_code": county,
                    "town_code": r.town_code,
                    "data_kind": kind,
                    "ref_month": month,
                    "person_id": r.person_id,
                    "name": r.name,
                    "birth": r.birth,
                    "sex": r.sex,
                    "household_no": r.household_no,
                    "case_no": r.case_no,
                    "decision_no": r.decision_no,
                    "start_month": r.from_month,
                    "end_month": r.to_month,
                    "status": "ended" if r.to_month is not None and r.to_month < month else "active",
                    "pay_month_from": first,
                    "pay_month_to": last,
                    "pay_unit": "household" if row.payment_unit == "household" else "person",
                    "amount": sum(a for m, a in amounts.items() if first <= m <= last),
                    "channel": r.channel,
                }
                | own_fields(kind, r.band or "", r.payee_person_id)
            )
            head_row, household = out[-1], people.get((r.root_run_id, r.root_line_no), [])
            if household:
                head_row["member_relation"] = "本人"
            for p in household:
                member = {"person_id": p.person_id, "name": p.name, "birth": p.birth, "sex": p.sex, "member_relation": Relation(p.relation).zh}
                out.append(head_row | member | {"rec_no": f"{head}{len(out) + 1:07d}", "amount": 0})
    return out


def _people(session: Session, county: str, month: int, kind: str) -> dict[tuple[int, int], list[Any]]:
    """(run, line) → the other persons of the registered household, whose identity is complete: a row of amount 0 each (exchange.md §2, pay_unit)."""
    p, paid = PaymentPerson, PaymentLine
    rows = session.execute(
        select(p.run_id, p.line_no, p.person_id, p.name, p.birth, p.sex, p.relation)
        .join(paid, and_(paid.root_run_id == p.run_id, paid.root_line_no == p.line_no))
        .join(PaymentRun, PaymentRun.id == paid.run_id)
        .where(
            PaymentRun.county_code == county, PaymentRun.benefit == kind, PaymentRun.month == month, p.listed, p.relation != "applicant",
            p.person_id.is_not(None), p.birth.is_not(None), p.sex.is_not(None), paid.status.in_(("planned", "filed", "credited")),
        )
        .order_by(p.run_id, p.line_no, p.position)
    )  # fmt: skip
    out: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        out.setdefault((row.run_id, row.line_no), []).append(row)
    return out


@command("payments.roster", roles=COUNTY)
def write_roster(ctx: Context, county: str, month: int, kind: str, path: Path) -> dict[str, Any]:
    """Write the roster of one benefit and month; our own importer takes it back. Raises Refused when nothing was paid."""
    if kind not in benefits() or not benefit(kind).pays:
        raise Refused(f"「{kind}」不是發放現金的給付項目", "E-ROSTER-KIND")
    if county not in codes.COUNTIES:
        raise Refused(f"沒有「{county}」這個縣市代碼；請填 5 碼縣市代碼，例如 10004", "E-MAT-COUNTY")
    rows = roster_rows(ctx.session, county, month, kind)
    if not rows:
        raise Refused(f"{roc.show_month(month)}沒有已撥款的{benefit(kind).name}清冊，沒有產生名冊；確無資料請用 nil 申報", "E-ROSTER-EMPTY")
    schema = snapshots.schema("roster")
    frame = snapshots.conform(pl.DataFrame(rows, schema_overrides={k: v for k, v in schema.items() if k in rows[0]}), "roster")
    try:
        written = write.write_records(frame, ROSTER.for_kind(kind), path)
    except write.WriteProblem as problem:
        raise Refused(str(problem), "E-ROSTER-WRITE") from None
    amount = sum(r["amount"] for r in rows)
    ctx.audit("roster.write", ("roster", f"{county}/{roc.month5(month)}/{kind}"), rows=len(rows), amount=amount)
    return {
        "county": county,
        "month": roc.month5(month),
        "kind": kind,
        "rows": len(rows),
        "amount": amount,
        "files": [str(p) for p in written],
    }
