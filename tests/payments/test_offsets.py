"""自願扣抵: what a signed consent keeps back, never more than it says, is owed, or must be left; and the claim credited once."""

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands import offsets, parameters, payment_files, payment_results, payments, recovery
from app.commands.base import NotFound, Refused
from app.commands.verify_payments import payment_invariants
from app.core import clock
from app.extensions import db
from app.models.offset_consent import OffsetConsent, PaymentDeduction
from app.models.overpayment import Overpayment, Repayment
from app.models.payment import Payment
from app.security import scope

from .county import ELA
from .making import MARCH, person_id

APRIL = MARCH + 1


@pytest.fixture
def minimum(county):
    """The county leaves everybody at least 3,000 NTD a month."""
    row = parameters.propose_parameter(county.officer, offsets.MINIMUM, "3000", dt.date(2009, 1, 1), "府社救字第1號")
    parameters.approve_parameter(county.director, row)


def claim_of(county, award_id, amount=6000):
    award = county.get_award(award_id)
    claim = recovery.open_overpayment(
        county.officer, benefit=ELA, origin="audit", origin_ref=f"稽核{award_id}", reason="查核溢領（原系統發放）", amount=amount,
        person_id=person_id(1), name="王1", county_code="10004", town_code=award.town_code, first_month=MARCH - 9, last_month=MARCH - 9,
    )  # fmt: skip
    return claim.claim_no, award.case_no, claim.id


def consent(county, claim_no, case_no, limit=1000, approve=True, document="同意001", **more):
    values = {"signed_by": "王1", "signed_as": "self", "signed_on": dt.date(2009, 3, 5), "from_month": MARCH} | more
    number = offsets.enter_consent(county.officer, claim_no=claim_no, case_no=case_no, document_no=document, monthly_limit=limit, **values)
    if approve:
        offsets.approve_consent(county.director, number)
    return number


def claim(claim_id):
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return db.session.get(Overpayment, claim_id, populate_existing=True)


def broken():
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return payment_invariants(db.session)


def paid_before(county):
    """An award of 6,000 that was paid in February."""
    award_id = county.award(1, from_month=MARCH - 1)
    run_id = county.filed(county.build(MARCH - 1, cutoff_on=dt.date(2009, 3, 20)))
    county.take_in(run_id, county.result(run_id))
    return award_id


def test_gross_deduction_and_net_and_the_claim_credited_when_the_money_arrived(county, minimum):
    award_id = paid_before(county)
    claim_no, case_no, claim_id = claim_of(county, award_id)
    consent(county, claim_no, case_no)
    run_id = county.build()
    (line,) = county.lines(run_id)
    assert (line.amount + line.deduction, line.deduction, line.amount) == (6000, 1000, 5000)
    run = county.run(run_id)
    assert (run.total, run.totals["deducted"]) == (5000, 1000)
    with scope.use(scope.SYSTEM):
        assert db.session.scalars(select(Payment.amount).where(Payment.run_id == run_id)).all() == [6000]  # what is granted
    payments.check_run(county.officer, run_id)
    said = next(f for f in county.run(run_id).findings if f.code == "deduction")
    assert said.severity == "soft" and "應發 6,000 元，依同意書 同意001 扣抵 1,000 元，實發 5,000 元" in said.message
    county.filed(run_id)
    assert payment_files.totals_of(county.run(run_id).files) == (1, 5000)
    assert claim(claim_id).repaid == 0  # not before it arrived
    content = county.result(run_id)
    county.take_in(run_id, content)
    county.take_in(run_id, content)
    with scope.use(scope.SYSTEM):
        (paid,) = db.session.scalars(select(Repayment)).all()
    assert (paid.amount, paid.method, paid.slip_no, claim(claim_id).balance) == (1000, "offset", f"{run.run_no}-1", 5000)
    assert broken() == []
    assert county.lines(county.build(APRIL))[0].deduction == 1000


def test_a_consent_and_what_it_kept_back_are_seen_by_their_own_offices_alone(county, minimum, actor):
    claim_no, case_no, _ = claim_of(county, paid_before(county))
    number = consent(county, claim_no, case_no)
    county.build()
    for user, seen in (("officer.10004", 1), ("officer.10005", 0), ("clerk.10004020", 0), ("clerk.10005010", 0)):
        who = actor(user)
        with scope.use(who.scope):
            db.session.rollback()
            rows = [db.session.scalars(select(model.id)).all() for model in (OffsetConsent, PaymentDeduction)]
        assert [len(found) for found in rows] == [seen, seen], user
    with pytest.raises(NotFound):
        offsets.withdraw_consent(actor("officer.10005"), number, "試試")


def test_never_below_what_must_be_left_nor_beyond_what_is_owed(county, minimum):
    award_id = paid_before(county)
    claim_no, case_no, claim_id = claim_of(county, award_id, 6000)
    consent(county, claim_no, case_no, limit=5000)
    run_id = county.filed(county.build())
    assert (county.lines(run_id)[0].deduction, county.lines(run_id)[0].amount) == (3000, 3000)  # limit 5,000, but 3,000 are left
    recovery.record_repayment(county.accountant, claim_id, amount=2500, received_on=clock.today(), method="slip", slip_no="S1")
    second = county.build(APRIL)
    assert county.lines(second)[0].deduction == 500  # 6,000 owed, 2,500 paid, 3,000 on their way
    county.take_in(run_id, county.result(run_id))
    assert claim(claim_id).balance == 500 and broken() == []


def test_a_claim_written_down_meanwhile_is_told(county, minimum):
    """More was kept back than the claim still takes: the invariant payment_deduction_credited says what to pay back."""
    award_id = paid_before(county)
    claim_no, case_no, claim_id = claim_of(county, award_id, 1000)
    consent(county, claim_no, case_no)
    run_id = county.filed(county.build())
    recovery.record_repayment(county.accountant, claim_id, amount=600, received_on=clock.today(), method="slip", slip_no="S1")
    county.take_in(run_id, county.result(run_id))
    assert claim(claim_id).balance == 0
    (told,) = broken()
    assert told.invariant == "payment_deduction_credited" and "扣抵 1000 元（清冊 1000 元），追繳案登錄 400 元；差額請退還本人" in told.message


def test_without_the_county_setting_nothing_is_kept_back(county):
    award_id = paid_before(county)
    claim_no, case_no, _ = claim_of(county, award_id)
    row = consent(county, claim_no, case_no, approve=False)
    with pytest.raises(Refused, match="尚未設定「以同意書扣抵後每月至少發給」"):
        offsets.approve_consent(county.director, row)
    assert county.lines(county.build())[0].deduction == 0


def test_a_consent_takes_two_people_a_signature_and_the_same_person(county, minimum):
    award_id = paid_before(county)
    other = county.award(2)
    claim_no, case_no, _ = claim_of(county, award_id)
    with pytest.raises(Refused, match="不是同一人"):
        consent(county, claim_no, county.get_award(other).case_no)
    with pytest.raises(Refused, match="同意書編號"):
        consent(county, claim_no, case_no, signed_on=None)
    with pytest.raises(Refused, match="今日之後"):
        consent(county, claim_no, case_no, signed_on=dt.date(2009, 3, 22))
    consent(county, claim_no, case_no, approve=False)
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
        db.session.execute(update(OffsetConsent).values(state="approved", approved_by_id=OffsetConsent.entered_by_id))
    db.session.rollback()
    assert county.lines(county.build())[0].deduction == 0  # not approved yet


def test_a_consent_withdrawn_before_release_stops_the_register(county, minimum):
    award_id = paid_before(county)
    claim_no, case_no, _ = claim_of(county, award_id)
    row = consent(county, claim_no, case_no)
    run_id = county.approved(county.build())
    offsets.withdraw_consent(county.officer, row, "本人來電撤回")
    with pytest.raises(Refused, match="依同意書扣抵"):
        payments.release_run(county.accountant, run_id)
    payments.return_run(county.director, run_id, "同意撤回")
    again = payments.rebuild_run(county.officer, run_id).id
    assert (county.lines(again)[0].deduction, county.lines(again)[0].amount) == (0, 6000)


def test_what_came_back_is_paid_again_net_and_credited_once(county, minimum):
    award_id = paid_before(county)
    claim_no, case_no, claim_id = claim_of(county, award_id)
    consent(county, claim_no, case_no)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, {1: "91"}))
    assert claim(claim_id).repaid == 0
    again = payment_results.repay_returned(county.officer, benefit=ELA, payer="10004", line_ids=[county.lines(run_id)[0].id])
    county.filed(again.id)
    county.take_in(again.id, county.result(again.id))
    assert (county.lines(again.id)[0].amount, claim(claim_id).repaid) == (5000, 1000)
    assert broken() == []


def test_withheld_and_cancelled_lines_leave_the_debt_as_it_was(county, minimum):
    award_id = paid_before(county)
    claim_no, case_no, claim_id = claim_of(county, award_id, 1500)
    consent(county, claim_no, case_no, limit=1500)
    payments.cancel_run(county.officer, county.build(), "重做")
    run_id = county.build()
    assert county.lines(run_id)[0].deduction == 1500
    with scope.use(scope.SYSTEM):
        assert offsets.under_way(db.session, [claim_id]) == {claim_id: 1500}
        assert len(db.session.scalars(select(PaymentDeduction)).all()) == 2
    assert broken() == []


def test_the_consent_on_screen(county, minimum, client_as):
    award_id = paid_before(county)
    claim_no, case_no, _ = claim_of(county, award_id)
    officer, director = client_as("officer.10004"), client_as("director.10004")
    form = {
        "claim_no": claim_no, "case_no": case_no, "document_no": "同意009", "signed_by": "王1", "signed_as": "self", "signed_on": "0980305",
        "monthly_limit": "1,000", "from_month": "09803", "to_month": "",
    }  # fmt: skip
    assert "同意009" in officer.post("/offset_consents/add", data=form, follow_redirects=True).text
    assert "同意009" in director.get("/offset_consents/list/").text
    page = officer.get(f"/payment_runs/show/{county.build()}").text
    assert "實發" not in page  # not approved: nothing is kept back
