"""A month's money stopped at every step (freeze, approve, release, files, results): one register, one file with one hash, nothing paid twice, nothing lost."""

import hashlib
import os
import signal
import threading

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from app.commands import awards, payment_files, payment_results, payments, recovery, verify
from app.commands.base import CommandError
from app.core import clock
from app.extensions import db
from app.models.overpayment import Overpayment, Repayment
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentFile, PaymentRun, ResultFile
from app.payments import export_log
from app.security import scope
from tests.payments.county import ELA, NOON, County
from tests.payments.making import MARCH, payee

from .failpoints import Crash, failing


@pytest.fixture
def county(app, actor):
    """Three people to pay: post, bank, cash."""
    payment_files.log_path().unlink(missing_ok=True)
    with clock.frozen(NOON):
        made = County(actor)
        for n, channel in enumerate(("post", "bank", "cash"), 1):
            made.award(n, pay=payee(n, channel))
        yield made


class Month:
    """The month as five acts, each of which may be tried again after a crash, and what must be true when all are done."""

    def __init__(self, county: County) -> None:
        self.county = county

    def run_id(self) -> int:
        with scope.use(scope.SYSTEM):
            return db.session.scalars(select(PaymentRun.id).where(PaymentRun.state != "cancelled")).one()

    def build(self) -> None:
        payments.build_run(self.county.officer, benefit=ELA, payer="10004", month=MARCH)

    def approve(self) -> None:
        payments.approve_run(self.county.director, self.run_id())

    def release(self) -> None:
        payments.release_run(self.county.accountant, self.run_id())

    def write(self) -> None:
        payment_results.write_files(self.county.accountant, self.run_id())

    def prepare(self, act: str) -> None:
        """What a person does between the acts."""
        if act == "approve":
            payments.check_run(self.county.officer, self.run_id())
            self.county.confirm_all(self.run_id())
        if act == "take_in":
            content = self.county.result(self.run_id(), {2: "22"})
            self.results = payment_results.parse_results(content, "r.csv")

    def take_in(self) -> None:
        payment_results.apply_transfer_results(self.county.accountant, self.results, "f" * 64)

    ACTS = ("build", "approve", "release", "write", "take_in")

    def look(self) -> tuple[object, ...]:
        """All that the acts change, counted."""
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            runs = db.session.execute(select(PaymentRun.state, PaymentRun.total, PaymentRun.content_hash, PaymentRun.version)).all()
            counts = [db.session.scalar(select(func.count()).select_from(m)) for m in (Payment, PaymentLine, PaymentFile, ResultFile)]
            lines = db.session.execute(select(PaymentLine.line_no, PaymentLine.status).order_by(PaymentLine.id)).all()
        return tuple(runs), tuple(counts), tuple(lines)

    def stored(self) -> dict[str, str]:
        """What lies in the payment store: file → hash, half-written parts aside."""
        root = payment_files.log_path().parent
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*_*") if p.is_file() and ".part" not in p.suffixes}

    def whole(self) -> None:
        """One register, one file a channel with one hash, three people paid once; everything verifies."""
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            run = db.session.scalars(select(PaymentRun)).one()
            assert (run.state, run.line_count, run.total) == ("reconciled", 3, 18000)
            assert db.session.scalar(select(func.count()).select_from(Payment).where(Payment.live)) == 3
            files = db.session.execute(select(PaymentFile.name, PaymentFile.sha256)).all()
            assert {(f.name, f.sha256) for f in files} == set(self.stored().items()) and len(files) == 3
            logged = [(e.run_no, e.file, e.sha256) for e in export_log.read(payment_files.log_path())]
            assert sorted(logged) == sorted((run.run_no, f.name, f.sha256) for f in files)
            statuses = db.session.scalars(select(PaymentLine.status).order_by(PaymentLine.line_no)).all()
            assert sorted(statuses) == ["credited", "credited", "returned"]
        assert [c for c in verify.run() if c.breaks] == []


def stopped_everywhere(month: Month, act: str, fails: type[BaseException] = Crash) -> int:
    """Stop the act at its 1st, 2nd, … step until it has no more; how many steps there were. After each stop it happened whole or not at all."""
    before, seen, n = month.look(), month.stored(), 0
    while True:
        n += 1
        with failing(db.engine, n) as steps:
            try:
                getattr(month, act)()
            except fails:
                db.session.remove()
        now = month.look()
        for name, digest in month.stored().items():
            assert seen.setdefault(name, digest) == digest, f"{name} has other bytes after {steps.said[-1]}"
        if now == before:
            assert steps.fired, f"{act} ended without doing anything"
            continue
        if steps.fired:
            assert "after commit" in steps.said, f"half done: stopped at step {n}, {steps.said[-1]}"
        return n


def test_stopped_at_every_step_the_month_is_paid_once(app, county):
    month, steps = Month(county), {}
    for act in Month.ACTS:
        month.prepare(act)
        steps[act] = stopped_everywhere(month, act)
        with pytest.raises(CommandError) if act != "take_in" else scope.use(scope.SYSTEM):
            getattr(month, act)()  # the same click again
    assert all(n >= 8 for n in steps.values()), steps
    month.whole()


def in_a_process(act, n):
    """Run the act in a forked process that is killed at its n-th step; was it?"""
    db.session.remove()
    pid = os.fork()
    if pid == 0:
        try:
            db.engine.dispose(close=False)
            with failing(db.engine, n, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                act()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def test_killed_at_a_sample_of_steps_the_month_is_paid_once(app, county):
    month, killed = Month(county), 0
    for act in Month.ACTS:
        month.prepare(act)
        before, n = month.look(), 2
        while in_a_process(getattr(month, act), n):
            killed += 1
            if month.look() != before:
                break
            n += 9
        if month.look() == before:
            getattr(month, act)()
    assert killed >= 10
    month.whole()


class Lost(OperationalError):
    def __init__(self) -> None:
        super().__init__("COMMIT", {}, Exception("server closed the connection unexpectedly"))


@pytest.mark.postgres
@pytest.mark.parametrize("arrived", [False, True])
def test_a_connection_lost_at_commit_pays_nothing_twice(app, county, monkeypatch, arrived):
    month, lost = Month(county), threading.Event()
    real = db.engine.dialect.do_commit

    def commit(connection):
        """The server's end goes away just before the commit arrives, or the answer is lost just after it."""
        if not lost.is_set():
            return real(connection)
        lost.clear()
        if arrived:
            real(connection)
            raise Lost
        pid = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        return real(connection)

    monkeypatch.setattr(db.engine.dialect, "do_commit", commit)
    for act in Month.ACTS:
        month.prepare(act)
        before = month.look()
        lost.set()
        with pytest.raises(Exception, match=r"connection|closed|terminat"):
            getattr(month, act)()
        db.session.remove()
        assert (month.look() != before) == arrived
        if not arrived:
            getattr(month, act)()
    month.whole()


def test_money_that_comes_back_is_counted_once_wherever_it_stops(app, county):
    county.filed(county.build())
    with scope.use(scope.SYSTEM):
        award = db.session.scalars(select(Payment.award_id).order_by(Payment.id)).first()
    awards.end_award(county.director, award, MARCH, "死亡")
    claim = recovery.open_overpayment(county.officer, origin="audit", origin_ref="F-1", benefit=ELA, award_id=award, reason="查核").id
    n, done = 0, False
    while not done:
        n += 1
        with failing(db.engine, n) as steps:
            try:
                recovery.record_repayment(county.accountant, claim, amount=6000, received_on=NOON, method="slip", slip_no="S1")
            except Crash:
                db.session.remove()
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            row = db.session.get(Overpayment, claim, populate_existing=True)
            paid = db.session.scalar(select(func.coalesce(func.sum(Repayment.amount), 0)))
        assert (row.repaid, row.state) in ((0, "opened"), (6000, "settled")) and row.repaid == paid, steps.said[-1]
        done = row.state == "settled"
    assert n >= 8
    with pytest.raises(CommandError):
        recovery.record_repayment(county.accountant, claim, amount=6000, received_on=NOON, method="slip", slip_no="S1")
    assert [c for c in verify.run() if c.breaks] == []
