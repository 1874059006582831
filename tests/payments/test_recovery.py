"""Overpayment arithmetic (properties) and one claim from a death found late to the last instalment."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands import awards, recovery, verify_payments
from app.commands.base import Conflict, Forbidden, Refused
from app.core import clock
from app.extensions import db
from app.models.overpayment import Overpayment
from app.payments import recovery as sums
from app.security import scope

from .county import ELA
from .making import MARCH

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))


@given(st.integers(1, 10**7), st.integers(1, 240), DAYS)
def test_instalments_add_up_and_differ_by_a_dollar(amount, parts, first):
    if parts > amount:
        with pytest.raises(sums.PlanError):
            sums.plan(amount, parts, first)
        return
    made = sums.plan(amount, parts, first)
    assert sum(p.amount for p in made) == amount
    assert max(p.amount for p in made) - min(p.amount for p in made) <= 1
    assert [p.no for p in made] == list(range(1, parts + 1))
    assert all(a.due_on < b.due_on for a, b in itertools.pairwise(made))


@given(st.integers(1, 10**6), st.integers(1, 10**5), DAYS)
def test_instalments_by_amount_add_up(amount, monthly, first):
    if amount // monthly > 2000:
        return
    made = sums.plan_by_amount(amount, monthly, first)
    assert sum(p.amount for p in made) == amount
    assert all(p.amount == monthly for p in made[:-1])
    assert 0 < made[-1].amount <= monthly


@given(st.integers(1, 10**6), st.integers(1, 60), st.integers(0, 10**6), DAYS, DAYS)
def test_what_is_paid_fills_instalments_oldest_first(amount, parts, repaid, first, today):
    parts, repaid = min(parts, amount), min(repaid, amount)
    states = sums.allocate(sums.plan(amount, parts, first), repaid, today)
    assert sum(s.paid for s in states) == repaid
    assert sum(s.open for s in states) == sums.balance(amount, repaid)
    assert [s.paid > 0 for s in states] == sorted((s.paid > 0 for s in states), reverse=True)
    assert all(s.overdue == (s.open > 0 and s.instalment.due_on < today) for s in states)


@given(st.dictionaries(st.integers(MARCH - 12, MARCH), st.integers(0, 9000)), st.integers(0, 9000))
def test_months_table_adds_up(paid, due):
    rows = sums.months_table(paid, lambda _m: due, lambda _m: "98", MARCH - 6, MARCH)
    assert sums.total(rows) == sum(max(0, a - due) for m, a in paid.items() if MARCH - 6 <= m <= MARCH)


def test_periods():
    assert sums.pay_by(dt.date(2009, 3, 21), 60) == dt.date(2009, 5, 20)
    assert sums.revoke_by(dt.date(2009, 3, 21)) == dt.date(2011, 3, 21)
    assert sums.claim_lapses(dt.date(2008, 2, 29)) == dt.date(2013, 2, 28)
    assert sums.next_month(dt.date(2009, 1, 31), 1) == dt.date(2009, 2, 28)
    assert [sums.age(dt.date(2009, 3, 1), dt.date(2009, 3, d)) for d in (1, 31)] == ["未到期", "30 日內"]
    assert sums.age(dt.date(2008, 3, 1), dt.date(2009, 3, 21)) == "逾 1 年"


@pytest.fixture
def overpaid(county):
    """An award paid for January to March, whose holder had died in January: two months too many."""
    award_id = county.award(1, from_month=MARCH - 2)
    county.filed(county.build())
    awards.end_award(county.director, award_id, MARCH - 1, "98/1/20 死亡")
    return award_id


def opened(county, award_id, **more):
    return recovery.open_overpayment(
        county.officer, **({"origin": "doubt", "origin_ref": "D-1", "benefit": ELA, "award_id": award_id, "reason": "死亡後續領"} | more)
    )


def test_from_a_late_death_to_the_last_instalment(county, overpaid):
    claim = opened(county, overpaid)
    with scope.use(scope.SYSTEM):
        claim = db.session.get(Overpayment, claim.id)
        assert [(m.month, m.due, m.paid) for m in claim.months] == [(MARCH - 1, 0, 6000), (MARCH, 0, 6000)]
        assert (claim.amount, claim.revoke_by, claim.lapses_on) == (12000, dt.date(2011, 3, 21), dt.date(2014, 3, 21))
    assert opened(county, overpaid).id == claim.id
    recovery.invite_opinion(county.officer, claim.id, dt.date(2009, 4, 1))
    with pytest.raises(Refused, match="陳述意見期限"):
        recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
    recovery.record_opinion(county.officer, claim.id, "家屬表示不知情，願意分期")
    with pytest.raises(Forbidden):
        recovery.decide(county.officer, claim.id, decision_no="府社老字第2號")
    decided = recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
    assert (decided.pay_by, decided.article) == (dt.date(2009, 5, 20), "老人福利法第12條")
    with clock.frozen(dt.date(2009, 3, 25)):
        assert recovery.record_service(county.officer, claim.id, dt.date(2009, 3, 25), "郵務送達").pay_by == dt.date(2009, 5, 24)
        assert [p.amount for p in recovery.make_plan(county.officer, claim.id, parts=3, first_due=dt.date(2009, 4, 10))] == [4000] * 3
    for n in (1, 2, 3):
        with clock.frozen(dt.date(2009, 3 + n, 10)):
            recovery.record_repayment(
                county.accountant, claim.id, amount=4000, received_on=dt.date(2009, 3 + n, 9), method="slip", slip_no=f"S{n}"
            )
    with scope.use(scope.SYSTEM):
        claim = db.session.get(Overpayment, claim.id, populate_existing=True)
        assert (claim.state, claim.balance) == ("settled", 0)
        assert verify_payments.payment_invariants(db.session()) == []


def test_a_slip_counts_once_and_nobody_pays_too_much(county, overpaid):
    claim = opened(county, overpaid)
    pay = {"received_on": dt.date(2009, 3, 20), "method": "slip"}
    with pytest.raises(Refused, match="12,000"):
        recovery.record_repayment(county.accountant, claim.id, amount=12001, slip_no="S1", **pay)
    recovery.record_repayment(county.accountant, claim.id, amount=1000, slip_no="S1", **pay)
    with pytest.raises(Conflict):
        recovery.record_repayment(county.accountant, claim.id, amount=1000, slip_no="S1", **pay)
    with scope.use(scope.SYSTEM):
        assert db.session.get(Overpayment, claim.id, populate_existing=True).repaid == 1000


def test_an_answer_must_agree_with_the_ledger(county):
    award_id = county.award(1, from_month=MARCH - 2)
    county.filed(county.build())
    with pytest.raises(Refused, match="已發 12,000"):
        opened(county, award_id, amount=5000, first_month=MARCH - 1, last_month=MARCH)
    claim = opened(county, award_id, amount=12000, first_month=MARCH - 1, last_month=MARCH)
    assert claim.amount == 12000


def test_a_month_stands_in_one_claim_only(county, overpaid):
    first = opened(county, overpaid)
    with pytest.raises(Refused, match="沒有溢領"):
        opened(county, overpaid, origin="audit", origin_ref="審計-1")
    recovery.drop(county.officer, first.id, "重複立案")
    assert opened(county, overpaid, origin="audit", origin_ref="審計-1").amount == 12000


def test_an_answer_about_a_roster_kept_elsewhere(county):
    claim = recovery.open_overpayment(
        county.officer, origin="doubt", origin_ref="D-9", benefit=ELA, reason="同時領有榮民就養", person_id="J200000010", name="王1",
        county_code="10004", town_code="10004010", first_month=MARCH, last_month=MARCH, amount=6000,
    )  # fmt: skip
    assert (claim.amount, claim.claim_no) == (6000, "10004-追098-00001")


def test_refer_only_when_the_day_to_pay_has_passed_and_write_off_by_somebody_else(county, overpaid):
    claim = opened(county, overpaid)
    recovery.invite_opinion(county.officer, claim.id, dt.date(2009, 4, 1))
    with clock.frozen(dt.date(2009, 4, 2)):
        recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
        recovery.record_service(county.officer, claim.id, dt.date(2009, 4, 2), "郵務送達")
        with pytest.raises(Refused, match="期限屆滿"):
            recovery.refer(county.director, claim.id, "逾期未繳")
    with clock.frozen(dt.date(2009, 6, 2)):
        recovery.refer(county.director, claim.id, "逾期未繳")
        with scope.use(scope.SYSTEM):
            assert recovery.ageing(db.session(), clock.today())["30 日內"] == (1, 12000)
        assert recovery.write_off(county.director, claim.id, "府主會字第1號函").balance == 0
