"""月結與年結: what is closed stays as it is, whoever writes; what must be put right stands in an open month; two people reopen."""

import datetime as dt

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from app.commands import budgets, closing, payment_results, payments
from app.commands.base import Conflict, Forbidden, Refused
from app.core import clock
from app.extensions import db
from app.models.closing import AccountingLine, ClosingFigure
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.security import scope

from .county import ELA
from .making import MARCH, payee

APRIL = MARCH + 1
IN_APRIL = dt.date(2009, 4, 10)


def march(county, returned=None):
    """March paid and reconciled; the register's id."""
    county.award(1)
    county.award(2, amount=3000)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, returned))
    return run_id


def closed_march(county, returned=None):
    run_id = march(county, returned)
    with clock.frozen(IN_APRIL):
        return run_id, closing.close_month(county.accountant, MARCH).id


def refused_by_database(statement):
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError, match="closed month"):
        db.session.rollback()
        db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.rollback()


def test_what_is_open_blocks_with_a_list(county):
    county.award(1)
    run_id = county.filed(county.build())
    with pytest.raises(Refused, match="還沒有結束"):
        closing.close_month(county.accountant, MARCH)
    with clock.frozen(IN_APRIL):
        with pytest.raises(Refused, match=r"清冊 10004-ELA-09803-01.*還沒有對帳完成"):
            closing.close_month(county.accountant, MARCH)
        with pytest.raises(Forbidden):
            closing.close_month(county.officer, MARCH)
        county.take_in(run_id, county.result(run_id))
        closing.close_month(county.accountant, MARCH)
        with pytest.raises(Refused, match="已經結帳"):
            closing.close_month(county.accountant, MARCH)


def test_a_closed_month_keeps_its_figures_by_benefit_and_source(county):
    _, closing_id = closed_march(county, {1: "04"})
    with scope.use(scope.SYSTEM):
        figures = {f.source: f for f in db.session.scalars(select(ClosingFigure).where(ClosingFigure.closing_id == closing_id))}
    assert set(figures) == {"", "none"}
    f = figures[""]
    assert (f.benefit, f.lines, f.approved, f.filed, f.credited, f.returned, f.deducted) == (ELA, 2, 9000, 9000, 3000, 6000, 0)


def test_nothing_of_a_closed_month_is_added_or_changed_whatever_writes(county):
    run_id, _ = closed_march(county, {1: "04"})
    county.award(3)
    with clock.frozen(IN_APRIL), pytest.raises(Refused, match="98年3月已結帳"):
        county.build(MARCH)
    line = {c.key: getattr(county.lines(run_id)[0], c.key) for c in PaymentLine.__table__.columns if c.key != "id"}
    refused_by_database(insert(PaymentLine).values(line | {"line_no": 99, "root_line_no": 99, "status": "planned", "return_code": None}))
    refused_by_database(update(PaymentLine).where(PaymentLine.run_id == run_id).values(status="credited"))
    refused_by_database(update(PaymentLine).where(PaymentLine.run_id == run_id).values(status="closed"))
    refused_by_database(update(Payment).where(Payment.run_id == run_id).values(live=False))
    refused_by_database(update(PaymentRun).where(PaymentRun.id == run_id).values(state="filed"))
    run = county.run(run_id)
    row = {c.key: getattr(run, c.key) for c in PaymentRun.__table__.columns if c.key != "id"}
    refused_by_database(insert(PaymentRun).values(row | {"run_no": "10004-ELA-09803-99"}))


def test_returned_money_of_a_closed_month_is_kept_by_a_line_in_an_open_one(county):
    run_id, _ = closed_march(county, {1: "27"})
    line = county.lines(run_id)[0]
    with clock.frozen(IN_APRIL):
        payment_results.close_return(county.director, line.id, "死亡，款項繳回")
        with scope.use(scope.SYSTEM):
            booked = db.session.scalars(select(AccountingLine)).one()
        assert (booked.month, booked.of_month, booked.amount, booked.reason) == (APRIL, MARCH, line.amount, "死亡，款項繳回")
        assert county.lines(run_id)[0].status == "closed"
        with scope.use(scope.SYSTEM):
            after = {f.source: f for f in closing.figures(db.session, "10004", MARCH, MARCH)}
        assert (after[""].approved, after[""].returned) == (9000, 6000)  # as it was closed


def test_a_line_in_an_open_month_is_seen_by_its_own_offices_alone(county, actor):
    run_id, _ = closed_march(county, {1: "27"})
    with clock.frozen(IN_APRIL):
        payment_results.close_return(county.director, county.lines(run_id)[0].id, "死亡，款項繳回")
    for user, seen in (("officer.10004", 1), ("officer.10005", 0), ("clerk.10004020", 0), ("clerk.10005010", 0)):
        with scope.use(actor(user).scope):
            db.session.rollback()
            assert len(db.session.scalars(select(AccountingLine.id)).all()) == seen, user


def test_returned_money_is_paid_again_in_an_open_month(county):
    run_id, _ = closed_march(county, {1: "91"})
    with clock.frozen(IN_APRIL):
        again = payment_results.repay_returned(county.officer, benefit=ELA, payer="10004", line_ids=[county.lines(run_id)[0].id])
        assert again.month == APRIL
        with pytest.raises(Refused, match="已結帳"):
            payments.cancel_run(county.officer, again.id, "重做")
            payment_results.repay_returned(county.officer, benefit=ELA, payer="10004", line_ids=[county.lines(run_id)[0].id], month=MARCH)


def test_reopening_takes_a_reason_and_a_second_person(county):
    run_id, closing_id = closed_march(county)
    with pytest.raises(Refused, match="理由"):
        closing.ask_to_reopen(county.accountant, closing_id)
    closing.ask_to_reopen(county.accountant, closing_id, "漏列一筆補發")
    with pytest.raises(Refused, match="同一人"):
        closing.reopen(county.accountant, closing_id)
    refused_by_database(update(PaymentRun).where(PaymentRun.id == run_id).values(state="filed"))  # asked for is still closed
    closing.keep_closed(county.director, closing_id, "下月補列即可")
    closing.ask_to_reopen(county.accountant, closing_id, "漏列一筆補發")
    closing.reopen(county.director, closing_id)
    county.award(3)
    with clock.frozen(IN_APRIL):
        assert county.run(county.build(MARCH)).month == MARCH
        with pytest.raises(Refused, match="還沒有對帳完成"):
            closing.close_month(county.accountant, MARCH)


def test_months_are_closed_in_order_and_reopened_from_the_last(county):
    run_id = march(county)
    april = county.filed(county.build(APRIL))
    county.take_in(april, county.result(april))
    with clock.frozen(dt.date(2009, 5, 5)):
        with pytest.raises(Refused, match="98年3月還沒有結帳"):
            closing.close_month(county.accountant, APRIL)
        first = closing.close_month(county.accountant, MARCH).id
        closing.close_month(county.accountant, APRIL)
        with pytest.raises(Refused, match="請先重開98年4月"):
            closing.ask_to_reopen(county.accountant, first, "更正")
    assert county.run(run_id).state == "reconciled"


def test_the_year_is_closed_on_its_last_day_and_takes_no_budget_afterwards(county):
    run_id, _ = closed_march(county, {1: "04"})
    entered = budgets.enter(county.officer, benefit=ELA, year=98, fund="county", amount=5000, reason="預算書")
    with clock.frozen(dt.date(2010, 1, 5)):
        closing.close_month(county.accountant, MARCH + 9)
        with pytest.raises(Refused, match=r"1 筆退匯還沒有重匯或結案.*1 筆預算沒有核定"):
            closing.close_year(county.accountant, 98)
        payment_results.close_return(county.director, county.lines(run_id)[0].id, "逾期未更正帳戶，年度結束繳庫")
        budgets.decide(county.director, entered, False)
        closing.close_year(county.accountant, 98)
        with pytest.raises(Conflict, match="年度）已結帳"):
            budgets.enter(county.officer, benefit=ELA, year=98, fund="county", amount=5000, reason="追加")
        budgets.enter(county.officer, benefit=ELA, year=99, fund="county", amount=5000, reason="預算書")
        with scope.use(scope.SYSTEM):
            month = closing.standing(db.session, "10004", MARCH + 9)
            assert month is not None
            used = {p.benefit: p.used for p in budgets.positions(db.session, 98)}
        with pytest.raises(Refused, match="請先重開98 年度"):
            closing.ask_to_reopen(county.accountant, month.id, "更正")
    assert used == {ELA: 9000}  # kept in 99: that year's income, this year's expense stands


@pytest.mark.postgres
def test_a_closing_waits_for_a_register_being_made(county):
    """The register's transaction holds the month; the closing's lock is not given before it ends."""
    closed_march(county)
    county.award(3, pay=payee(3), from_month=APRIL)
    key = "SELECT pg_try_advisory_xact_lock(hashtext('swis closing 10004'), :month)"
    with scope.use(scope.SYSTEM):
        run = db.session.scalars(select(PaymentRun)).one()
        row = {c.key: getattr(run, c.key) for c in PaymentRun.__table__.columns if c.key != "id"}
        db.session.execute(insert(PaymentRun).values(row | {"run_no": "10004-ELA-09804-01", "month": APRIL}))
        with db.engine.connect() as other:
            assert other.scalar(text(key), {"month": APRIL}) is False
        db.session.rollback()
        with db.engine.connect() as other:
            assert other.scalar(text(key), {"month": APRIL}) is True


def test_the_page_shows_the_sums_closes_and_reopens(county, client_as):
    march(county, {1: "04"})
    with clock.frozen(IN_APRIL):
        accountant, director, clerk = client_as("accountant.10004"), client_as("director.10004"), client_as("clerk.10004010")
        page = accountant.get("/closing/?month=09803").text
        assert "9,000" in page and "相符" in page and "不符" not in page and "未分攤" in page
        assert "已結帳" in accountant.post("/closing/close", data={"month": "09803"}, follow_redirects=True).text
        with scope.use(scope.SYSTEM):
            row = closing.standing(db.session, "10004", MARCH)
            assert row is not None
        assert "申請重開" in accountant.post(f"/closing/move/{row.id}/ask", data={"month": "09803", "comment": "漏列"}, follow_redirects=True).text
        assert "已重開" in director.post(f"/closing/move/{row.id}/reopen", data={"month": "09803"}, follow_redirects=True).text
        assert accountant.post("/closing/export", data={"month": "09803"}).data[:2] == b"PK"
        assert clerk.get("/closing/?month=09803").status_code in (302, 403)
