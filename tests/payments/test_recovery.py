"""Overpayment arithmetic (properties) and one claim from a death found late to the last instalment."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.commands import awards, recovery, recovery_books, recovery_end, recovery_list, recovery_slips, recovery_watch, verify_payments
from app.commands.base import Conflict, Forbidden, Refused
from app.commands.overpaid import unclaimed
from app.core import clock
from app.extensions import db
from app.models.overpayment import Overpayment
from app.payments import recovery as sums
from app.security import scope

from .county import ELA
from .making import MARCH, person_id

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
    recovery.drop(county.director, first.id, "重複立案")
    assert opened(county, overpaid, origin="audit", origin_ref="審計-1").amount == 12000


def test_an_answer_about_a_roster_kept_elsewhere(county):
    claim = recovery.open_overpayment(
        county.officer, origin="doubt", origin_ref="D-9", benefit=ELA, reason="同時領有榮民就養", person_id="J200000010", name="王1",
        county_code="10004", town_code="10004010", first_month=MARCH, last_month=MARCH, amount=6000,
    )  # fmt: skip
    assert (claim.amount, claim.claim_no) == (6000, "10004-追098-00001")


SERVED = dt.date(2009, 4, 2)
PAPERS = ["decision", "demand", "assets_unknown"]


@pytest.fixture
def served(county, overpaid):
    """A claim of 12,000 decided and served on 98/4/2, to be paid by 98/6/1."""
    claim = opened(county, overpaid)
    recovery.invite_opinion(county.officer, claim.id, dt.date(2009, 4, 1))
    with clock.frozen(SERVED):
        recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
        recovery.record_service(county.officer, claim.id, SERVED, "郵務送達")
    return claim.id


def refer(county, claim_id, **more):
    given = {"referral_no": "府社老字第9號", "referred_to": "行政執行署新竹分署", "papers": PAPERS} | more
    return recovery_end.refer(county.director, claim_id, **given)


def fresh(claim_id):
    with scope.use(scope.SYSTEM):
        return db.session.get(Overpayment, claim_id, populate_existing=True)


def test_refer_only_when_the_day_to_pay_has_passed_with_all_papers_and_write_off_by_authority(county, served):
    with clock.frozen(dt.date(2009, 6, 1)), pytest.raises(Refused, match="期限屆滿"):
        refer(county, served)
    with clock.frozen(dt.date(2009, 6, 2)):
        with pytest.raises(Refused, match="財產目錄"):
            refer(county, served, papers=["decision", "demand"])
        refer(county, served)
        with scope.use(scope.SYSTEM):
            assert recovery_watch.ageing(db.session(), clock.today())["30 日內"] == (1, 12000)
        with pytest.raises(Refused, match="理由"):
            recovery_end.write_off(county.director, served, " ")
        done = recovery_end.write_off(county.director, served, "審計部新竹縣審計室 98 年函")
        assert (done.balance, done.authority, done.closed_on) == (0, "審計部新竹縣審計室 98 年函", dt.date(2009, 6, 2))


def test_who_opened_a_claim_neither_drops_nor_writes_it_off(county, overpaid):
    claim = recovery.open_overpayment(county.director, origin="audit", origin_ref="A-1", benefit=ELA, award_id=overpaid, reason="查核")
    with pytest.raises(Refused, match="同一人"):
        recovery.drop(county.director, claim.id, "誤開")
    with pytest.raises(Forbidden):
        recovery.drop(county.officer, claim.id, "誤開")
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError, match="maker_checker"):
        db.session.execute(update(Overpayment).where(Overpayment.id == claim.id).values(state="dropped", dropped_by_id=Overpayment.made_by_id))
    db.session.rollback()
    assert fresh(claim.id).state == "opened"


def test_a_decision_since_104_is_referred_only_when_it_is_final(county, overpaid):
    with clock.frozen(dt.date(2016, 3, 1)):
        claim = opened(county, overpaid)
        recovery.invite_opinion(county.officer, claim.id, dt.date(2016, 3, 10))
        recovery.record_opinion(county.officer, claim.id, "沒有意見")
        recovery.decide(county.director, claim.id, decision_no="府社老字第3號")
        recovery.record_service(county.officer, claim.id, dt.date(2016, 3, 1), "郵務送達")
    with clock.frozen(dt.date(2016, 5, 5)):
        for day in (None, dt.date(2016, 3, 31)):
            with pytest.raises(Refused, match="第127條第4項"):
                refer(county, claim.id, final_on=day)
        assert refer(county, claim.id, final_on=dt.date(2016, 4, 1)).state == "referred"


def test_a_plan_that_is_kept_is_not_referred_a_missed_instalment_is(county, served):
    with clock.frozen(dt.date(2009, 5, 1)):
        recovery.make_plan(county.officer, served, parts=3, first_due=dt.date(2009, 6, 10))
    pay = {"received_on": dt.date(2009, 6, 10), "method": "slip"}
    with clock.frozen(dt.date(2009, 6, 20)):
        recovery.record_repayment(county.accountant, served, amount=4000, slip_no="S1", **pay)
        with pytest.raises(Refused, match="7/10"):
            refer(county, served)
        with scope.use(scope.SYSTEM):
            assert [d.todo for d in recovery_watch.watch(db.session(), clock.today())] == []
    with clock.frozen(dt.date(2009, 7, 11)):
        with scope.use(scope.SYSTEM):
            assert [d.todo for d in recovery_watch.watch(db.session(), clock.today())] == ["分期第 2 期逾期，請催繳"]
        assert refer(county, served).state == "referred"


def test_the_two_years_of_revocation_and_the_five_of_enforcement_are_watched(county, overpaid):
    claim = opened(county, overpaid)
    recovery.invite_opinion(county.officer, claim.id, dt.date(2009, 4, 1))

    def said(day):
        with clock.frozen(day), scope.use(scope.SYSTEM):
            return [d.todo for d in recovery_watch.watch(db.session(), day) if "期限" in d.todo or "期間" in d.todo or "時效" in d.todo]

    near = said(dt.date(2010, 10, 1))
    assert [t for t in near if "二年" in t] == ["撤銷期限（行政程序法第121條，二年）將屆"]
    with clock.frozen(dt.date(2011, 3, 22)), pytest.raises(Refused, match="第121條"):
        recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
    with clock.frozen(dt.date(2011, 3, 21)):
        recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
        served = recovery.record_service(county.officer, claim.id, dt.date(2011, 3, 21), "郵務送達")
        assert (served.pay_by, served.enforce_by) == (dt.date(2011, 5, 20), dt.date(2016, 5, 20))
    assert "執行期間（行政執行法第7條，五年）將屆" in said(dt.date(2016, 1, 1))
    with clock.frozen(dt.date(2016, 5, 21)), pytest.raises(Refused, match="行政執行法第7條"):
        refer(county, claim.id)


def test_the_heirs_of_the_dead_are_each_served_and_the_period_runs_from_the_last(county, overpaid):
    claim = opened(county, overpaid)
    heir = {"relation": "child", "address": "新竹縣竹北市光明六路11號"}
    with pytest.raises(Refused, match="統一編號"):
        recovery.name_heir(county.officer, claim.id, person_id=claim.person_id, name="王1", **heir)
    first = recovery.name_heir(county.officer, claim.id, person_id=person_id(71), name="王大明", **heir)
    second = recovery.name_heir(county.officer, claim.id, person_id=person_id(72), name="王小明", **heir)
    with pytest.raises(Conflict):
        recovery.name_heir(county.officer, claim.id, person_id=person_id(72), name="王小明", **heir)
    recovery.invite_opinion(county.officer, claim.id, dt.date(2009, 4, 1))
    with clock.frozen(SERVED):
        recovery.decide(county.director, claim.id, decision_no="府社老字第2號")
        assert recovery.record_heir_service(county.officer, claim.id, first.id, SERVED, "郵務送達").state == "decided"
    with clock.frozen(dt.date(2009, 4, 20)):
        done = recovery.record_heir_service(county.officer, claim.id, second.id, dt.date(2009, 4, 15), "寄存送達")
        assert (done.state, done.served_on, done.pay_by) == ("served", dt.date(2009, 4, 15), dt.date(2009, 6, 14))
    with clock.frozen(dt.date(2009, 6, 15)), pytest.raises(Refused, match="繼承系統表"):
        refer(county, claim.id)


def test_before_101_7_11_the_disability_law_fixed_no_days():
    assert sums.ground("disability_living_allowance", dt.date(2012, 7, 10)) == sums.Ground("disability_living_allowance", dt.date(2012, 7, 10), "行政程序法第127條")
    after = sums.ground("disability_living_allowance", dt.date(2012, 7, 11))
    assert (after.days, after.article) == (60, "身心障礙者權益保障法第71條")
    assert sums.ground(ELA, dt.date(2009, 3, 21)).days == 60


def test_slips_follow_the_plan_and_a_paid_slip_never_comes_again(county, served):
    claim = fresh(served)
    with scope.use(scope.SYSTEM):
        assert [(n, a) for n, a, _, _ in recovery_slips.open_slips(claim, SERVED)] == [(f"{claim.claim_no}-0", 12000)]
    with clock.frozen(SERVED):
        recovery.make_plan(county.officer, served, parts=3, first_due=dt.date(2009, 5, 10))
        no = f"{claim.claim_no}-1-"
        recovery.record_repayment(county.accountant, served, amount=1500, received_on=SERVED, method="slip", slip_no=f"{no}1")
        claim = fresh(served)
        with scope.use(scope.SYSTEM):
            assert [(n, a) for n, a, _, _ in recovery_slips.open_slips(claim, SERVED)] == [(f"{no}1-2", 2500), (f"{no}2", 4000), (f"{no}3", 4000)]


def test_an_audits_list_opens_all_its_claims_or_none(county, overpaid):
    second = county.award(2, from_month=MARCH - 2)
    county.filed(county.build())
    awards.end_award(county.director, second, MARCH, "遷出")
    rows = "10004ELA000001\t98/2\t98/3\t12,000\t死亡後續領\n10004ELA000002\t\t\t6000\t遷出後續領\n"
    with pytest.raises(Refused, match="第 3 列：查無案號"):
        recovery_list.open_list(county.officer, rows + "10004ELA999999\n", "審計-98")
    with pytest.raises(Refused, match="第 1 列：月份或金額"):
        recovery_list.open_list(county.officer, "10004ELA000001,98/13\n", "審計-98")
    with scope.use(scope.SYSTEM):
        assert recovery_books.open_balances(db.session()) == {}
    made = recovery_list.open_list(county.officer, rows, "審計-98")
    again = recovery_list.open_list(county.officer, rows, "審計-98")
    with scope.use(scope.SYSTEM):
        assert [(c.amount, c.origin) for c in made] == [(12000, "audit"), (6000, "audit")]
        assert [c.id for c in again] == [c.id for c in made]


def test_a_change_that_reaches_back_is_listed_until_it_is_claimed(county, overpaid):
    county.award(2)
    with scope.use(scope.SYSTEM):
        [found] = unclaimed(db.session())
        assert (found.award.id, found.amount, [r.month for r in found.rows]) == (overpaid, 12000, [MARCH - 1, MARCH])
    opened(county, overpaid)
    with scope.use(scope.SYSTEM):
        assert unclaimed(db.session()) == []


def test_the_receivables_of_every_month_tie_to_the_claims(county, served):
    with clock.frozen(dt.date(2009, 5, 5)):
        recovery.record_repayment(county.accountant, served, amount=5000, received_on=dt.date(2009, 4, 30), method="counter", slip_no="C1")
    with clock.frozen(dt.date(2009, 6, 2)):
        refer(county, served)
        recovery_end.write_off(county.director, served, "核銷函")
    other = county.award(2, from_month=MARCH - 2)
    county.filed(county.build())
    awards.end_award(county.director, other, MARCH, "遷出")
    with clock.frozen(dt.date(2009, 6, 3)):
        opened(county, other, origin="audit", origin_ref="B-1")
    with scope.use(scope.SYSTEM):
        book = {m: recovery_books.movements(db.session(), dt.date(2009, m, 1), dt.date(2009, m, 28))[0] for m in (3, 4, 5, 6)}
        assert [(b.opening, b.opened, b.received_total, b.written_off, b.closing) for b in book.values()] == [
            (0, 12000, 0, 0, 12000), (12000, 0, 0, 0, 12000), (12000, 0, 5000, 0, 7000), (7000, 6000, 0, 7000, 6000),
        ]  # fmt: skip
        assert book[5].received["counter"] == 5000
        assert recovery_books.open_balances(db.session()) == {ELA: 6000}
        assert verify_payments.payment_invariants(db.session()) == []
