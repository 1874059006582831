"""Budgets: entered by one, approved by another, only ever added to; a register beyond it is ticked or refused."""

import io

import openpyxl
import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.commands import budgets, payment_results, payments
from app.commands.base import Forbidden, Refused
from app.extensions import db
from app.models.budget import BudgetLine
from app.security import scope

from .county import ELA
from .making import MARCH


def entered(county, amount, fund="county", **more):
    return budgets.enter(county.officer, benefit=ELA, year=98, fund=fund, amount=amount, reason="98 年度單位預算第 12 頁", **more)


def budget(county, amount, fund="county", **more):
    budgets.decide(county.director, entered(county, amount, fund, **more), True)


def position():
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return next(p for p in budgets.positions(db.session(), 98) if p.benefit == ELA)


def codes_of(county, run_id):
    payments.check_run(county.officer, run_id)
    return [f.code for f in county.run(run_id).findings]


def test_used_left_and_forecast_to_december(county):
    county.award(1)
    county.award(2, amount=3000, from_month=MARCH)
    run_id = county.filed(county.build())
    place = position()
    assert (place.budget, place.left, place.share, place.used) == (None, None, None, 9000)  # not set is not 0
    budget(county, 100000, "central")
    budget(county, 50000)
    assert position().used == 9000 and position().left == 141000
    budget(county, -20000)
    place = position()
    assert (place.funds, place.left) == ({"central": 100000, "county": 30000}, 121000)
    assert place.forecast == 9000 + 9 * 9000  # April to December
    county.take_in(run_id, county.result(run_id, {1: "27"}))
    assert position().used == 9000
    payment_results.close_return(county.director, county.lines(run_id)[0].id, "死亡，款項繳回公庫")
    assert position().used == 9000 - county.lines(run_id)[0].amount


def test_only_an_approved_line_counts_and_nobody_approves_his_own(county):
    line = entered(county, 100000)
    with pytest.raises(Forbidden):
        budgets.decide(county.officer, line, True)
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
        db.session.execute(update(BudgetLine).where(BudgetLine.id == line).values(state="approved", approved_by_id=BudgetLine.entered_by_id))
    db.session.rollback()
    budgets.decide(county.director, line, False)
    with pytest.raises(Refused, match="處理過"):
        budgets.decide(county.director, line, True)
    with scope.use(scope.SYSTEM):
        assert budgets.positions(db.session(), 98) == []
    with pytest.raises(Refused, match="負數"):
        budget(county, -1)


def test_a_line_is_never_changed(county):
    line = entered(county, 100000)
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError, match="append-only"):
        db.session.execute(update(BudgetLine).where(BudgetLine.id == line).values(amount=1))
    db.session.rollback()


def test_a_register_beyond_the_budget_is_ticked_by_name(county):
    county.award(1)
    county.award(2)
    run_id = county.build()
    assert "budget" not in codes_of(county, run_id)  # no budget set
    budget(county, 11999)
    assert "budget" in codes_of(county, run_id)
    message = next(f.message for f in county.run(run_id).findings if f.code == "budget")
    assert "尚餘 11,999 元" in message and "不足 1 元" in message
    county.approved(run_id)
    payments.release_run(county.accountant, run_id)
    assert position().left == -1


def test_a_county_that_blocks_releases_only_after_the_supplement(county):
    county.award(1)
    budget(county, 5000, on_excess="block")
    run_id = county.approved(county.build())
    with pytest.raises(Refused, match="超過預算，不能撥款"):
        payments.release_run(county.accountant, run_id)
    budget(county, 1000, "central", on_excess="block")
    payments.release_run(county.accountant, run_id)
    assert position().left == 0


def test_the_page_says_what_is_not_set_and_two_people_work_it(county, client_as):
    county.award(1)
    county.filed(county.build())
    officer, director = client_as("officer.10004"), client_as("director.10004")
    page = officer.get("/budgets/?year=98").text
    assert "未設定" in page and "6,000" in page and "60,000" in page
    form = {"year": "98", "benefit": ELA, "fund": "central", "amount": "12,000", "reason": "預算書", "on_excess": "block"}
    assert "另一位同仁核定" in officer.post("/budgets/enter", data=form, follow_redirects=True).text
    assert "請填整數" in officer.post("/budgets/enter", data={**form, "amount": "一萬"}, follow_redirects=True).text
    with scope.use(scope.SYSTEM):
        line = db.session.query(BudgetLine).one().id
    assert officer.post(f"/budgets/decide/{line}", data={"approve": "1"}).status_code in (302, 303, 403)
    assert "預算已核定" in director.post(f"/budgets/decide/{line}?year=98", data={"approve": "1"}, follow_redirects=True).text
    page = director.get("/budgets/?year=98").text
    assert "50.0%" in page and "將不足 48,000" in page and "超過預算不得撥款" in page
    book = openpyxl.load_workbook(io.BytesIO(director.post("/budgets/export?year=98").data))
    row = [c.value for c in book["資料"][2]]
    assert row[2:13] == [12000, "未設定", "未設定", 12000, 6000, 0, 0, 0, 6000, 6000, 60000]
