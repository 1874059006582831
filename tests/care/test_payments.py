"""Approved invoices in the payment register: paid once, to the institution, by person; and the causes of 苗栗縣 and 台東縣 are gone."""

import json

import pytest

from app.commands import payment_results, payments, recovery, verify
from app.commands.base import Forbidden, Refused
from app.commands.care import contracts, institutions, invoices
from app.commands.overpaid import overpaid_months
from app.exchange.delivery import read_delivery
from app.models.payment import Payment
from app.models.payment_run import PaymentRun
from app.payments.invariants import payment_invariants
from app.security import scope
from tests.casework.conftest import person_id

from .conftest import BENEFIT, day, month

AUGUST, SEPTEMBER = month("11508"), month("11509")


@pytest.fixture
def home(care):
    return care.institution()


def amounts(care, run):
    return {x.name: x.amount for x in care.lines(run)}


def broken(care):
    with scope.use(scope.SYSTEM):
        return payment_invariants(care.session)


def test_苗栗縣_身托轉帳_實付金額就是系統金額_請假與按日都經系統調整(care, home):
    """「實際金額沒有經由系統調整」: days, absences and the adjusted amount are what the register pays and the roster reports."""
    a, b, c = (care.granted(n, name) for n, name in ((1, "彭水木"), (2, "林阿秀"), (3, "陳大同")))
    care.contract(a, home)
    absent, adjusted = care.contract(b, home), care.contract(c, home)
    care.away(absent, day("115/8/3"), day("115/8/11"))
    invoice = care.invoice(home, AUGUST)
    no = next(x.line_no for x in care.get(invoices.CareInvoice, invoice).lines if x.contract_id == adjusted)
    invoices.adjust_line(care.officer, invoice, no, 12_000, "機構退還膳費")
    invoices.confirm_line(care.officer2, invoice, no)
    care.approved(invoice)
    run = care.paid(SEPTEMBER)
    assert amounts(care, run) == {"彭水木": 15_000, "林阿秀": 13_548, "陳大同": 12_000}
    system = sum(x.amount for x in care.get(invoices.CareInvoice, invoice).lines)
    paid = care.get(PaymentRun, run)
    assert system == paid.total == sum(f.total for f in paid.files if f.kind != "register") == 40_548
    assert broken(care) == []


def test_台東縣_身托轉帳_主計自己撥款_核定調整與實付逐筆對得上(care, home):
    """「主計單位有轉帳權、實付與系統金額不同」: 主計 releases in its own step, and approved, filed, credited and returned agree by person."""
    for n, name in ((1, "彭水木"), (2, "林阿秀")):
        care.contract(care.granted(n, name), home)
    care.billed(home, AUGUST)
    run = care.register(SEPTEMBER)
    payments.check_run(care.officer, run)
    for f in care.get(PaymentRun, run).findings:
        payments.acknowledge_finding(care.officer, f.id, "已查明")
    payments.approve_run(care.director, run)
    with pytest.raises(Forbidden):
        payments.release_run(care.officer, run)
    payments.release_run(care.accountant, run)
    payment_results.write_files(care.accountant, run)
    no = care.get(PaymentRun, run).run_no
    rows = [f"{no},{x.line_no},{x.person_id},{x.amount},{'credited' if x.line_no == 1 else 'returned'},{'' if x.line_no == 1 else '22'},1150930" for x in care.lines(run)]
    payment_results.import_transfer_result(care.accountant, run, ("\r\n".join(["run_no,line_no,person_id,amount,result,return_code,value_date", *rows]) + "\r\n").encode("utf-8-sig"), "r.csv")
    states = {x.status: x.amount for x in care.lines(run)}
    assert states == {"credited": 15_000, "returned": 15_000} and sum(states.values()) == care.get(PaymentRun, run).total
    assert broken(care) == []


def test_清冊一人一筆_受款人是機構(care, home):
    care.contract(care.granted(), home)
    care.billed(home, AUGUST)
    run = care.register(SEPTEMBER)
    [x] = care.lines(run)
    assert (x.channel, x.payee_person_id, x.payee_name, x.institution, x.account) == ("institution", "00000001", "示範教養院1", "0040001", "004123450001")
    assert (x.person_id, x.band, x.month_from, x.month_to) == (person_id(1), "residential_75", AUGUST, AUGUST)


def test_未核定的請款單不進清冊_核定後只付一次(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    with pytest.raises(Refused, match="沒有已核定而未發的機構請款"):
        care.register(SEPTEMBER)
    care.approved(invoice)
    care.paid(SEPTEMBER)
    with pytest.raises(Refused, match="沒有已核定而未發"):
        care.register(SEPTEMBER)


def test_月中換機構_同一清冊兩筆_檢核不當作重複(care, home):
    other, person = care.institution(2), care.granted()
    first = care.contract(person, home)
    contracts.end_contract(care.officer, first, day("115/8/15"), "轉換機構")
    care.contract(person, other, since=day("115/8/16"))
    care.billed(home, AUGUST)
    care.billed(other, AUGUST)
    run = care.paid(SEPTEMBER)
    assert [(x.payee_name, x.amount) for x in care.lines(run)] == [("示範教養院1", 7_258), ("示範教養院2", 7_742)]
    with scope.use(scope.SYSTEM):
        kinds = care.session.query(Payment.kind, Payment.seq).filter_by(run_id=run).order_by(Payment.seq).all()
    assert [tuple(k) for k in kinds] == [("regular", 0), ("difference", 1)] and broken(care) == []


def test_暫緩的一筆_下次清冊再付(care, home):
    for n, name in ((1, "彭水木"), (2, "林阿秀")):
        care.contract(care.granted(n, name), home)
    care.billed(home, AUGUST)
    run = care.register(SEPTEMBER)
    payments.check_run(care.officer, run)
    payments.withhold_line(care.officer, run, 1, "機構帳戶查證中")
    again = care.register(SEPTEMBER)
    assert len(care.lines(again)) == 1 and care.lines(again)[0].person_id == care.lines(run)[0].person_id


def test_補正請款單的差額_下次清冊補發(care, home):
    pk = care.contract(care.granted(), home)
    absence = care.away(pk, day("115/8/3"), day("115/8/20"))
    care.billed(home, AUGUST)
    first = care.paid(SEPTEMBER)
    contracts.withdraw_absence(care.officer, pk, absence)
    care.billed(home, AUGUST)
    second = care.paid(SEPTEMBER)
    assert sum(x.amount for x in (*care.lines(first), *care.lines(second))) == 15_000 and broken(care) == []


def test_補發差額清冊不適用_請以補正請款單辦理(care, home):
    care.contract(care.granted(), home)
    with pytest.raises(Refused, match="補正請款單"):
        care.register(SEPTEMBER, kind="difference", ground="調整收費")


def test_退匯後改匯機構新帳戶(care, home):
    care.contract(care.granted(), home)
    care.billed(home, AUGUST)
    run = care.paid(SEPTEMBER)
    x, no = care.lines(run)[0], care.get(PaymentRun, run).run_no
    result = f"run_no,line_no,person_id,amount,result,return_code,value_date\r\n{no},1,{x.person_id},{x.amount},returned,22,1150930\r\n"
    payment_results.import_transfer_result(care.accountant, run, result.encode("utf-8-sig"), "r.csv")
    with pytest.raises(Refused, match="還是原來退匯的帳戶"):
        payment_results.repay_returned(care.officer, benefit=BENEFIT, payer="10004", line_ids=[x.id])
    institutions.change_institution(care.officer, home, account="999988887777")
    again = payment_results.repay_returned(care.officer, benefit=BENEFIT, payer="10004", line_ids=[x.id]).id
    assert care.lines(again)[0].account == "999988887777" and broken(care) == []


def test_死亡後才知道_次月以後的筆不得發放(care, home):
    from app.models.person import Person

    person = care.granted()
    care.contract(person, home)
    care.billed(home, AUGUST)
    run = care.register(SEPTEMBER)
    with scope.use(scope.SYSTEM):
        care.session.get(Person, person).died_on = day("115/7/20")
        care.session.commit()
    payments.check_run(care.officer, run)
    assert [f.code for f in care.get(PaymentRun, run).findings if f.severity == "hard"] == ["dead"]


def test_事後補登請假_溢領以按日應發計算(care, home):
    person = care.granted()
    pk = care.contract(person, home)
    care.billed(home, AUGUST)
    care.paid(SEPTEMBER)
    with scope.use(scope.SYSTEM):
        assert overpaid_months(care.session, care.award(person).id) == []
    care.away(pk, day("115/8/3"), day("115/8/11"))
    with scope.use(scope.SYSTEM):
        [row] = overpaid_months(care.session, care.award(person).id)
    assert (row.month, row.due, row.paid, row.difference) == (AUGUST, 13_548, 15_000, 1_452)
    claim = recovery.open_overpayment(care.officer, origin="change", origin_ref="請假補登", benefit=BENEFIT, award_id=care.award(person).id, reason="請假未扣")
    assert claim.amount == 1_452


def test_同月停發_已付的日數不算溢領(care, home):
    from app.commands import awards

    person = care.granted()
    pk = care.contract(person, home)
    contracts.end_contract(care.officer, pk, day("115/8/20"), "返家")
    care.billed(home, AUGUST)
    care.paid(SEPTEMBER)
    awards.end_award(care.director, care.award(person).id, from_month=SEPTEMBER, reason="返家")
    with scope.use(scope.SYSTEM):
        assert overpaid_months(care.session, care.award(person).id) == []


def test_交換名冊逐人列出機構照顧方式與比率_自己讀得回來(care, home, app, tmp_path):
    care.contract(care.granted(), home)
    care.billed(home, AUGUST)
    care.paid(SEPTEMBER)
    path = tmp_path / "roster.csv"
    made = app.test_cli_runner().invoke(args=["swis", "roster", "--county", "10004", "--month", "11509", "--kind", BENEFIT, "--out", str(path), "--json"])
    assert made.exit_code == 0, made.output
    delivery = read_delivery(path, "roster")
    assert (delivery.meta.rejected, delivery.meta.kind, json.loads(made.stdout)["amount"]) == (0, BENEFIT, 15_000)
    row = delivery.frame.row(0, named=True)
    assert (row["person_id"], row["amount"], row["institution_id"], row["service_type"], row["rate"]) == (person_id(1), 15_000, "00000001", "residential", 75)
    assert (row["pay_month_from"], row["pay_month_to"], row["channel"]) == (AUGUST, AUGUST, "institution")


def test_查核_付款與核定的請款逐筆相同_契約不重疊(care, home):
    care.contract(care.granted(), home)
    care.billed(home, AUGUST)
    care.paid(SEPTEMBER)
    found = {c.name: c.breaks for c in verify.run() if c.name.startswith("care_")}
    assert found == {"care_paid_as_approved": [], "care_contract_once": [], "care_month_once": []}
