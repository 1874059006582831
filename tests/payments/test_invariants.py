"""Every invariant of `flask swis verify` is broken once, past the database's own guards, and says so; the health page shows it."""

import datetime as dt
import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.commands import awards, jobs, payment_files, recovery, verify
from app.commands.base import Context
from app.core import clock
from app.extensions import db
from app.jobs import lease, runner
from app.models.exchange import Batch
from app.models.job import Job
from app.models.payment_run import PaymentRun
from app.security import scope
from app.security.actor import Actor

from .county import ELA, NOON
from .making import MARCH

ELSEWHERE = {
    "exchange_snapshots": "exchange/test_commands.py",
    "exchange_files": "exchange/test_confined.py",
    "outgoing_files": "exchange/test_outgoing.py",
    "payment_deduction_credited": "payments/test_offsets.py",
    "campaign_decided": "casework/test_campaign.py",
    "care_paid_as_approved": "care/test_payments.py",
    "care_contract_once": "care/test_payments.py",
    "care_month_once": "care/test_payments.py",
}
"""Broken in the tests of their own rooms."""


@pytest.fixture
def books(county):
    """A reconciled register, an approved one of the next month, a claim with its plan and a first repayment."""
    gone = county.award(1, from_month=MARCH - 1)
    county.award(2)
    run = county.filed(county.build())
    county.take_in(run, county.result(run))
    awards.end_award(county.director, gone, MARCH, "遷出")
    claim = recovery.open_overpayment(county.officer, origin="audit", origin_ref="V-1", benefit=ELA, award_id=gone, reason="查核").id
    recovery.invite_opinion(county.officer, claim, NOON.replace(day=30))
    recovery.record_opinion(county.officer, claim, "同意")
    recovery.decide(county.director, claim, decision_no="府社老字第2號")
    recovery.make_plan(county.officer, claim, parts=3, first_due=NOON.replace(month=4, day=10))
    recovery.record_repayment(county.accountant, claim, amount=2000, received_on=NOON, method="slip", slip_no="S1")
    with clock.frozen(NOON.replace(month=4)):
        april = county.build(MARCH + 1)
        county.approved(april)
    return run, april, claim


def free(table, *, index="", trigger=""):
    """Statements that take a guard of a table away."""
    on = f" ON {table}" if db.engine.dialect.name == "postgresql" else ""
    return ([f"DROP INDEX {index}"] if index else []) + ([f"DROP TRIGGER {table}_no_{trigger}{on}"] if trigger else [])


def breakers(run, april, claim):
    """Invariant → statements that break it."""
    again = "SELECT award_id, recipient_id, month, kind, seq, amount, {run}, line_no, TRUE, benefit, county_code, town_code FROM payment LIMIT 1"
    postgres = db.engine.dialect.name == "postgresql"
    columns = "award_id, recipient_id, month, kind, seq, amount, run_id, line_no, live, benefit, county_code, town_code"
    return {
        "payment_once": [*free("payment", index="uq_payment_once"), f"INSERT INTO payment ({columns}) {again.format(run=april)}"],
        "payment_run_sums": [f"UPDATE payment_run SET total = total + 1 WHERE id = {run}"],
        "payment_line_months": [*free("payment", trigger="update"), "UPDATE payment SET amount = amount + 1"],
        "payment_live_line": [f"UPDATE payment SET live = FALSE WHERE run_id = {run}"],
        "payment_four_eyes": [f"UPDATE payment_run SET approved_at = '2000-01-01 00:00:00' WHERE id = {run}"],
        "payment_results": [f"UPDATE payment_line SET status = 'filed' WHERE run_id = {run}"],
        "payment_chain": [*free("payment_line", trigger="update"), f"UPDATE payment_line SET root_run_id = {april}, root_line_no = 99 WHERE run_id = {run} AND line_no = 1"],
        "payment_freeze": [f"UPDATE payment_run SET content_hash = 'x' WHERE id = {run}"],
        "overpayment_balance": [f"UPDATE overpayment SET repaid = repaid + 1 WHERE id = {claim}"],
        "overpayment_plan": [
            "INSERT INTO instalment (overpayment_id, plan_no, no, due_on, amount, repaid_before, benefit, county_code, town_code) "
            "SELECT overpayment_id, plan_no, 9, due_on, 1, repaid_before, benefit, county_code, town_code FROM instalment LIMIT 1"
        ],
        "recovery_books": [f"UPDATE overpayment SET written_off = 1 WHERE id = {claim}"],
        "recovered_once": [f"UPDATE overpayment SET state = 'settled' WHERE id = {claim}"],
        "record_history": [f"UPDATE overpayment SET state = 'served' WHERE id = {claim}"],
        "steps_audited": [
            "INSERT INTO step (subject_table, subject_id, move, from_state, to_state, actor, at) "
            f"VALUES ('overpayment', {claim}, 'decide', 'decided', 'decided', 'x', '2009-03-21 00:00:00')"
        ],
        "posted_rows": free("repayment", trigger="delete"),
        "audit_chain": [*free("audit_entry", trigger="update"), "UPDATE audit_entry SET details = '{}' WHERE seq = 3"],
        "nobody_dead_approved": ["UPDATE person SET died_on = '2009-02-10'"],
        "jobs_leased": [Job(kind="probe", state="running", attempt=1, lease_owner="gone", lease_until=clock.now() - dt.timedelta(days=1))],
        "batch_rows": [
            "ALTER TABLE batch DROP CONSTRAINT ck_batch_row_balance" if postgres else "PRAGMA ignore_check_constraints = ON",
            Batch(source="roster", slot="x", mode="new", state="rejected", received_at=clock.now(), county_code="10004", rows=3, accepted=1, rejected=1),
        ],
    }  # fmt: skip


def test_every_invariant_is_told_when_it_does_not_hold(app, county, books):
    assert [c for c in verify.run() if c.breaks] == []
    tried = breakers(*books)
    for name, statements in tried.items():
        with scope.use(scope.SYSTEM):
            session = db.session()
            session.rollback()
            for statement in statements:
                if isinstance(statement, str):
                    session.execute(text(statement))
                else:
                    session.add(statement)
            session.flush()
            said = list(verify.INVARIANTS[name][1](session))
            if db.engine.dialect.name == "sqlite":
                session.execute(text("PRAGMA ignore_check_constraints = OFF"))
            session.rollback()
        assert said, f"{name} holds although it was broken"
    with scope.use(scope.SYSTEM):
        row = db.session.get(PaymentRun, books[0])
        path = payment_files.log_path().parent / row.run_no / row.files[0].name
        db.session.rollback()
    path.write_bytes(b"x")
    assert [c.name for c in verify.run() if c.breaks] == ["payment_files"]
    tried["payment_files"] = []
    assert set(verify.INVARIANTS) == set(tried) | set(ELSEWHERE)


def test_what_is_broken_elsewhere_is_broken_there():
    tests = Path(__file__).parents[1]
    for name, place in ELSEWHERE.items():
        said = (tests / place).read_text("utf-8")
        assert name in said or (name.startswith("care_") and 'startswith("care_")' in said), name


def test_the_health_page_shows_each_check_and_what_does_not_hold(app, county, books, client_as):
    client = client_as("director.10004")
    assert "還沒有檢查過" in client.get("/health_check/").text
    with scope.use(scope.SYSTEM):
        db.session.execute(text(f"UPDATE payment_run SET total = total + 1 WHERE id = {books[0]}"))
        db.session.commit()
    with lease.writing(db.engine) as session:
        jobs.enqueue(Context(session, Actor.system("test")), "verify", {})
        session.commit()
    held = lease.claim(db.engine, "worker", 60)
    assert held is not None
    runner.execute(app, held, threading.Event())
    page = client.get("/health_check/").text
    assert "不符 1" in page and "清冊合計、各筆合計、各月合計與檔案合計相等" in page and "相符" in page
    with scope.use(scope.SYSTEM):
        assert db.session.scalars(select(Job.state).where(Job.kind == "verify")).one() == "failed"
    assert client_as("clerk.10004010").get("/health_check/").status_code == 403
