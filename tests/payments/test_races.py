"""Two people at the same moment: exactly one wins, nothing is paid twice, on both databases."""

import threading

import pytest
from sqlalchemy import func, select

from app.commands import awards, payment_results, payments, recovery, verify_payments
from app.commands.base import CommandError
from app.core import clock
from app.extensions import db
from app.models.overpayment import Overpayment
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentFile
from app.security import scope

from .county import ELA, NOON
from .making import MARCH, payee
from .racing import double_payments, race


def at_once(app, *actions):
    """Run the actions in threads that start together; (results, refusals)."""
    gate = threading.Barrier(len(actions))
    done, refused, broken = [], [], []

    def run(action):
        with app.app_context(), clock.frozen(NOON):
            gate.wait()
            try:
                done.append(action())
            except CommandError as error:
                refused.append(error)
            except Exception as error:
                broken.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(a,)) for a in actions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert broken == []
    return done, refused


def count(model, *where):
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(model).where(*where))


def sound():
    with scope.use(scope.SYSTEM):
        assert verify_payments.payment_invariants(db.session()) == []


@pytest.mark.parametrize("workers", [2, 6])
def test_building_the_same_month(app, county, workers):
    for n in range(1, 6):
        county.award(n)
    done, refused = at_once(app, *[lambda: payments.build_run(county.officer, benefit=ELA, payer="10004", month=MARCH)] * workers)
    assert (len(done), len(refused)) == (1, workers - 1)
    assert count(Payment, Payment.live) == 5
    sound()


def test_releasing_and_sending_back(app, county, actor):
    county.award(1)
    for _ in range(3):
        run_id = county.approved(county.build())
        done, refused = at_once(
            app,
            lambda r=run_id: payments.release_run(county.accountant, r).state,
            lambda r=run_id: payments.release_run(county.accountant, r).state,
            lambda r=run_id: payments.return_run(county.director, r, "再查").state,
        )
        assert done.count("released") <= 1 and len(done) + len(refused) == 3
        state = county.run(run_id).state
        assert state in ("released", "built") and state in done
        payments.cancel_run(county.officer, run_id, "下一回合")
    sound()


def test_two_people_releasing(app, county):
    county.award(1)
    run_id = county.approved(county.build())
    done, refused = at_once(app, *[lambda: payments.release_run(county.accountant, run_id).id] * 4)
    assert (done, len(refused)) == ([run_id], 3)
    done, refused = at_once(app, *[lambda: len(payment_results.write_files(county.accountant, run_id))] * 4)
    assert (done, len(refused)) == ([1], 3)
    assert count(PaymentFile) == 1
    sound()


def test_approving_while_a_line_is_withheld(app, county):
    county.award(1)
    county.award(2)
    run_id = county.build()
    payments.check_run(county.officer, run_id)
    county.confirm_all(run_id)
    seen = county.run(run_id).version
    at_once(
        app,
        lambda: payments.approve_run(county.director, run_id, seen).state,
        lambda: payments.withhold_line(county.officer, run_id, 1, "查證", seen).state,
    )
    run = county.run(run_id)
    assert (run.state, run.line_count) in (("approved", 2), ("built", 1))
    sound()


def test_paying_a_return_again_twice_or_closing_it(app, county):
    award_id = county.award(1)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, {1: "22"}))
    awards.change_award(county.director, award_id, from_month=MARCH, payee=payee(1, account="7654321"), reason="改匯")
    line_id = county.lines(run_id)[0].id
    again = {"benefit": ELA, "payer": "10004", "line_ids": [line_id]}
    done, refused = at_once(
        app,
        lambda: payment_results.repay_returned(county.officer, **again).id,
        lambda: payment_results.repay_returned(county.officer2, **again).id,
        lambda: payment_results.close_return(county.director, line_id, "繳回公庫").id,
    )
    assert (len(done), len(refused)) == (1, 2)
    live = count(PaymentLine, PaymentLine.status == "planned")
    assert live + count(PaymentLine, PaymentLine.status == "closed") == 1
    sound()


def test_the_same_result_file_twice_at_once(app, county):
    county.award(1)
    run_id = county.filed(county.build())
    content = county.result(run_id)
    at_once(app, *[lambda: payment_results.import_transfer_result(county.accountant, run_id, content, "r.csv").complete] * 3)
    assert county.run(run_id).state == "reconciled"
    sound()


def test_a_mixture_of_races_pays_nobody_twice(app, county):
    for number in range(1, 3):
        county.award(number)
    found = race(app, county, 12)
    assert {name: t.wrong for name, t in found.items()} == dict.fromkeys(found, 0) and all(t.races for t in found.values())
    assert double_payments() == 0
    sound()


def test_two_claims_for_the_same_months(app, county):
    award_id = county.award(1, from_month=MARCH - 1)
    county.filed(county.build())
    awards.end_award(county.director, award_id, MARCH, "死亡")

    def opened(ref):
        return lambda: (
            recovery.open_overpayment(county.officer, origin="audit", origin_ref=ref, benefit=ELA, award_id=award_id, reason="查核").id
        )

    done, refused = at_once(app, opened("A"), opened("B"), opened("C"))
    assert (len(done), len(refused)) == (1, 2)
    assert count(Overpayment) == 1
    sound()
