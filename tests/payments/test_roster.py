"""`flask swis roster` and `flask swis verify` on our own payments."""

import json

import pytest
from sqlalchemy import text

from app.commands import verify
from app.exchange.delivery import read_delivery
from app.extensions import db
from app.payments.invariants import CHECKS
from app.security import scope

from .county import ELA, OTHER
from .making import MARCH, payee, person_id


def roster(app, path, month="09803"):
    return app.test_cli_runner().invoke(
        args=["swis", "roster", "--county", "10004", "--month", month, "--kind", ELA, "--out", str(path), "--json"]
    )


@pytest.mark.parametrize("carrier", ["csv", "txt", "xlsx"])
def test_our_own_reader_takes_the_roster_back(app, county, tmp_path, carrier):
    county.award(1)
    county.award(2, amount=3000, from_month=MARCH - 1, town=OTHER, pay=payee(2, "cash"))
    county.award(3)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, {2: "22"}))
    path = tmp_path / f"roster.{carrier}"
    made = roster(app, path)
    assert made.exit_code == 0, made.output
    delivery = read_delivery(path, "roster")
    assert (delivery.meta.rejected, delivery.meta.noticed, delivery.meta.kind, delivery.meta.month) == (0, 0, ELA, MARCH)
    rows = delivery.frame.select("person_id", "pay_month_from", "pay_month_to", "amount", "channel", "band", "status").rows()
    assert (person_id(2), MARCH - 1, MARCH, 6000, "cash", "half", "active") in rows
    assert json.loads(made.stdout)["rows"] == delivery.meta.accepted == len(rows) == 2


def test_nothing_paid_is_said_and_no_file_is_made(app, county, tmp_path):
    county.award(1)
    county.build()
    made = roster(app, tmp_path / "r.csv")
    assert made.exit_code == 1
    assert json.loads(made.stdout)["code"] == "E-ROSTER-EMPTY"
    assert not list(tmp_path.iterdir())


def test_verify_is_clean_and_finds_what_somebody_changed_behind_the_product(app, county):
    county.award(1)
    county.award(2)
    run_id = county.filed(county.build())
    assert {c.name: c.breaks for c in verify.run() if c.name in CHECKS or c.name.startswith("payment")} == {
        name: [] for name in (*CHECKS, "payment_files", "payment_freeze")
    }
    with scope.use(scope.SYSTEM):
        on = " ON payment_line" if db.engine.dialect.name == "postgresql" else ""
        db.session.execute(text(f"DROP TRIGGER payment_line_no_update{on}"))
        db.session.execute(text("UPDATE payment_line SET amount = 60000 WHERE run_id = :r AND line_no = 1"), {"r": run_id})
        db.session.commit()
    broken = {c.name for c in verify.run() if c.breaks}
    assert {"payment_run_sums", "payment_line_months", "payment_freeze"} <= broken
    with scope.use(scope.SYSTEM):
        db.session.execute(text("UPDATE payment_line SET status = 'planned' WHERE run_id = :r"), {"r": run_id})
        db.session.execute(text("UPDATE payment_run SET approved_at = '2008-01-01 00:00:00.000000' WHERE id = :r"), {"r": run_id})
        db.session.commit()
    assert {"payment_results", "payment_four_eyes"} <= {c.name for c in verify.run() if c.breaks}
