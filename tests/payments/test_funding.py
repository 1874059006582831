"""Funding sources: whole dollars, each line exact, each register exact, whatever its lines; the same in Python and in the database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.commands import budgets, closing, funding, payments
from app.commands.base import Refused
from app.extensions import db
from app.models.payment import PaymentLine
from app.payments import funding as rounding
from app.security import scope

from .county import ELA
from .making import MARCH

SHARES = st.lists(st.integers(0, 10_000), min_size=2, max_size=2).map(sorted).map(lambda c: (c[0], c[1] - c[0], 10_000 - c[1]))


@given(st.lists(st.integers(6, 10**7), min_size=1, max_size=30), SHARES)
def test_lines_and_register_add_up_to_the_dollar(amounts, shares):
    before, sums = 0, [0, 0, 0]
    for amount in amounts:
        parts = rounding.split(amount, shares, before)
        assert sum(parts) == amount and min(parts) >= 0
        sums = [a + b for a, b in zip(sums, parts, strict=True)]
        before += amount
    assert tuple(sums) == rounding.split(before, shares)
    assert all(abs(s * 10_000 - before * share) < 30_000 for s, share in zip(sums, shares, strict=True))  # within the dollars of rounding


def approved_share(county, central=5000, own=3333, town=1667, month=MARCH - 2):
    row = funding.enter(county.officer, benefit=ELA, from_month=month, central=central, county=own, town=town, reason="補助計畫核定函")
    return funding.decide(county.director, row.id, True)


def split_of(line):
    return line.fund_central, line.fund_county, line.fund_town


def test_a_register_is_split_when_it_is_approved_as_the_arithmetic_says(county):
    for n, amount in enumerate((6000, 3001, 1777, 6000, 999), 1):
        county.award(n, amount=amount)
    approved_share(county)
    run_id = county.build()
    payments.check_run(county.officer, run_id)
    payments.withhold_line(county.officer, run_id, 2, "待查")
    county.approved(run_id)
    before = 0
    for line in county.lines(run_id):
        if line.status == "withheld":
            assert split_of(line) == (None, None, None)
            continue
        assert split_of(line) == rounding.split(line.amount, (5000, 3333, 1667), before)
        before += line.amount
    with scope.use(scope.SYSTEM):
        assert tuple(v for _, v in funding.of_run(db.session, county.run(run_id))) == rounding.split(14776, (5000, 3333, 1667))
    payments.release_run(county.accountant, run_id)
    with scope.use(scope.SYSTEM):
        (place,) = budgets.positions(db.session, 98)
        assert sum(place.used_by.values()) == place.used == 14776 and set(place.used_by) == {"central", "county", "town"}
        sources = {f.source: f.approved for f in closing.figures(db.session, "10004", MARCH, MARCH)}
    assert sources == {"": 14776, **place.used_by}


def test_shares_in_force_are_those_of_the_year_and_what_nobody_set_is_not_zero(county):
    county.award(1)
    run_id = county.build()
    with scope.use(scope.SYSTEM):
        assert funding.of_run(db.session, county.run(run_id)) == []
    county.approved(run_id)
    assert split_of(county.lines(run_id)[0]) == (None, None, None)
    approved_share(county, 10_000, 0, 0, MARCH - 3)  # last year's do not go on
    with scope.use(scope.SYSTEM):
        assert funding.shares_in_force(db.session, "10004", ELA, MARCH) is None
        approved_share(county, 10_000, 0, 0, MARCH - 2)
        later = approved_share(county, 0, 10_000, 0, MARCH + 1).id
        assert funding.shares_in_force(db.session, "10004", ELA, MARCH).central == 10_000
        assert funding.shares_in_force(db.session, "10004", ELA, MARCH + 2).id == later


def test_money_paid_again_keeps_its_sources(county):
    from app.commands import payment_results

    county.award(1)
    approved_share(county)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, {1: "91"}))
    approved_share(county, 0, 10_000, 0, MARCH)
    again = payment_results.repay_returned(county.officer, benefit=ELA, payer="10004", line_ids=[county.lines(run_id)[0].id])
    county.approved(again.id)
    assert split_of(county.lines(again.id)[0]) == split_of(county.lines(run_id)[0]) == rounding.split(6000, (5000, 3333, 1667))


def test_shares_are_whole_and_entered_and_approved_by_two(county):
    with pytest.raises(Refused, match="100%"):
        funding.enter(county.officer, benefit=ELA, from_month=MARCH, central=5000, county=4000, town=0, reason="函")
    row = approved_share(county)
    with pytest.raises(Refused, match="處理過"):
        funding.decide(county.director, row.id, True)
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError, match="append-only"):
        db.session.execute(update(type(row)).where(type(row).id == row.id).values(central=1))
    db.session.rollback()


def test_the_database_keeps_a_split_that_adds_up(county):
    county.award(1)
    run_id = county.build()
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
        db.session.execute(update(PaymentLine).where(PaymentLine.run_id == run_id).values(fund_central=1, fund_county=1, fund_town=1))
    db.session.rollback()


def test_the_budget_page_takes_shares_in_percent(county, client_as):
    officer, director = client_as("officer.10004"), client_as("director.10004")
    form = {"year": "98", "benefit": ELA, "from_month": "09801", "central": "33.33", "county": "60", "town": "6.67", "reason": "核定函"}
    assert "另一位同仁核定" in officer.post("/budgets/share", data=form, follow_redirects=True).text
    assert "百分比" in officer.post("/budgets/share", data={**form, "central": "a"}, follow_redirects=True).text
    with scope.use(scope.SYSTEM):
        row = funding.shares_of(db.session, 98)[0]
    assert "33.33%" in director.get("/budgets/?year=98").text
    assert "已核定" in director.post(f"/budgets/share/{row.id}?year=98", data={"approve": "1"}, follow_redirects=True).text
