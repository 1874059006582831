"""機構按月請款 in the caseworker's language: what a line pays, why, and who has to agree."""

import datetime as dt

import pytest

from app.commands import awards
from app.commands.base import Conflict, Refused
from app.commands.care import contracts, institutions, invoices
from app.commands.casework import changes
from app.core import clock
from app.models.care_institution import CareContract
from app.payments.line import Payee
from tests.casework.conftest import Desk

from .conftest import BENEFIT, GRANTED, day, month

AUGUST = month("11508")


@pytest.fixture
def home(care):
    return care.institution()


def case_of(care, person):
    desk = Desk(care.actor, care.session)
    desk.id = care.award(person).application_id
    return desk


# -- 按日與比例 --------------------------------------------------------------------------------------------------------------------


def test_整月在院_收費乘比例(care, home):
    care.contract(care.granted(), home)
    line = care.line(care.invoice(home, month("11504")))
    assert (line.rate, line.days, line.computed, line.amount) == (75, 30, 15_000, 15_000)
    assert "收費 20,000 元，補助 75%，整月 15,000 元" in line.note


def test_備齊文件之日起按日_首月只發21日(care, home):
    care.contract(care.granted(), home, since=day("115/3/1"))
    line = care.line(care.invoice(home, month("11503")))
    assert (line.days, line.amount) == (21, 15_000 - 4_839)  # 3/11 to 3/31: the month less R(15,000 × 10/31)


def test_核定前入住的月份不補助(care, home):
    care.contract(care.granted(), home, since=day("115/1/1"))
    line = care.line(care.invoice(home, month("11502")))
    assert line.amount == 0 and "尚未核定" in line.note


def test_契約終止_最後照顧日仍計(care, home):
    pk = care.contract(care.granted(), home)
    contracts.end_contract(care.officer, pk, day("115/8/10"), "返家自行照顧")
    line = care.line(care.invoice(home, AUGUST))
    assert (line.days, line.amount) == (10, 4_839)


def test_死亡_當日仍計_次日起停(care, home):
    person = care.granted()
    care.contract(person, home)
    desk = case_of(care, person)
    pk = changes.record_change(desk.who("clerk"), desk.id, "death", day("115/8/10"))
    changes.apply_change(desk.who("officer"), pk)
    line = care.line(care.invoice(home, AUGUST))
    assert (line.days, line.amount) == (10, 4_839)


def test_廢止原因發生之次日起停_同月之前的日數仍發(care, home):
    person = care.granted()
    care.contract(person, home)
    desk = case_of(care, person)
    pk = changes.record_change(desk.who("clerk"), desk.id, "terminate", day("115/8/20"))
    changes.apply_change(desk.who("officer"), pk)
    line = care.line(care.invoice(home, AUGUST))
    assert (line.days, line.amount) == (20, 9_677)


def test_101年7月11日前_月中入住發整月(care, home):
    with clock.frozen(dt.date(2009, 3, 20)):
        person = Desk(care.actor, care.session).open(7, born=dt.date(1970, 1, 1), benefit=BENEFIT).case.applicant_id
        awards.create_award(
            care.director, recipient_id=person, benefit=BENEFIT, case_no="DCS098", decision_no="府社障字第0980001號", from_month=month("09803"),
            amount=15_000, band="rate75", payee=Payee("institution", "", ""),
        )  # fmt: skip
        pk = care.contract(person, home, since=day("98/3/20"))
    with clock.frozen(dt.date(2009, 4, 10)):
        care.away(pk, day("98/3/25"))
        line = care.line(care.invoice(home, month("09803")))
    assert (line.days, line.deducted, line.amount) == (12, 0, 15_000)


def test_比例變更_自事實發生日起分段(care, home):
    person = care.walked()
    care.contract(person, home)
    desk = case_of(care, person)
    with clock.frozen(dt.date(2026, 8, 11)):
        change = changes.record_change(desk.who("clerk"), desk.id, "means", day("115/8/11"))
        desk.id = changes.apply_change(desk.who("officer"), change)
        desk.save(fields={"low_income_status": "low"})
        desk.papers().to_decision().approve()
    line = care.line(care.invoice(home, AUGUST))
    assert line.rate == 100 and line.amount == 4_839 + 20_000 - 6_452  # 10 days of 15,000, 21 days of 20,000
    assert "整月 15,000、20,000 元分段計 31／31 日" in line.note


# -- 請假 ------------------------------------------------------------------------------------------------------------------------


def test_請假5日以內不扣(care, home):
    pk = care.contract(care.granted(), home)
    care.away(pk, day("115/8/3"), day("115/8/8"))
    line = care.line(care.invoice(home, AUGUST))
    assert (line.absent, line.deducted, line.amount) == (5, 0, 15_000)


def test_請假8日_扣超過的3日(care, home):
    pk = care.contract(care.granted(), home)
    care.away(pk, day("115/8/3"), day("115/8/11"))
    line = care.line(care.invoice(home, AUGUST))
    assert (line.absent, line.deducted) == (8, 3)
    assert line.amount == 15_000 - (4_839 - 3_387)  # without 8/8 to 8/10
    assert "請假計 8 日、扣 3 日" in line.note and "28／31 日" in line.note


def test_放假日返家不計請假_依縣府設定(care, home):
    care.setting("disability_care_absence.holidays", "0", dt.date(2026, 8, 1))
    pk = care.contract(care.granted(), home)
    care.away(pk, day("115/8/7"), day("115/8/17"))
    assert care.line(care.invoice(home, AUGUST)).absent == 6  # 8/7, 8/10 to 8/14


def test_跨月請假_各月各算(care, home):
    pk = care.contract(care.granted(), home)
    care.away(pk, day("115/7/25"), day("115/8/9"))
    july, august = (care.line(care.invoice(home, m)) for m in (month("11507"), AUGUST))
    assert (july.absent, july.deducted, august.absent, august.deducted) == (7, 2, 8, 3)


def test_住院未返_扣到月底_註銷後恢復(care, home):
    pk = care.contract(care.granted(), home)
    absence = contracts.add_absence(care.officer, pk, day("115/8/20"), None, "hospital")
    invoice = care.invoice(home, AUGUST)
    assert care.line(invoice).deducted == 7
    contracts.withdraw_absence(care.officer, pk, absence)
    assert invoices.check_invoice(care.officer, invoice) == [] and care.line(invoice).amount == 15_000


def test_返回後補登返回日(care, home):
    pk = care.contract(care.granted(), home)
    absence = care.away(pk, day("115/8/20"))
    contracts.close_absence(care.officer, pk, absence, day("115/8/27"))
    assert care.line(care.invoice(home, AUGUST)).deducted == 2


def test_請假日數的規定未設定_指名設定而不猜(care, home):
    care.unset("disability_care_absence.days")
    pk = care.contract(care.granted(), home)
    care.away(pk, day("115/8/3"), day("115/8/8"))
    invoice = care.invoice(home, AUGUST)
    assert any("請假" in p for p in invoices.check_invoice(care.officer, invoice))
    with pytest.raises(Refused, match="目前狀態"):
        invoices.approve_invoice(care.director, invoice)


# -- 收費與上限 --------------------------------------------------------------------------------------------------------------------


def test_收費超過上限_說明發給多少(care, home):
    pk = care.contract(care.granted(), home, fee=23_000)
    assert "超過該機構核定上限 21,000 元" in contracts.fee_notice(care.get(CareContract, pk))
    line = care.line(care.invoice(home, AUGUST))
    assert line.amount == 15_750 and "超過上限，以 21,000 元計" in line.note and "15,750 元" in line.note


def test_機構核定收費低於縣上限_以低者計(care):
    home = care.institution(ceiling=18_000)
    care.contract(care.granted(), home)
    assert care.line(care.invoice(home, AUGUST)).amount == 13_500


def test_上限月中調整_分段計算(care, home):
    institutions.set_service(care.officer, home, "residential", day("115/8/16"), 16_000, None, "府社障字第1150000002號")
    care.contract(care.granted(), home)
    line = care.line(care.invoice(home, AUGUST))
    assert line.amount == 7_258 + 12_000 - 5_806  # 15 days of 15,000, 16 days of 12,000


def test_當月實際收費較低_以實際收費計(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    invoices.change_line(care.officer, invoice, 1, fee=16_000, claimed=None)
    assert care.line(invoice).amount == 12_000


def test_機構少請領_發請領數_多請領_發計算數(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    invoices.change_line(care.officer, invoice, 1, fee=20_000, claimed=14_000)
    assert care.line(invoice).amount == 14_000
    invoices.change_line(care.officer, invoice, 1, fee=20_000, claimed=20_000)
    assert care.line(invoice).amount == 15_000 and "機構請領 20,000 元，發給 15,000 元" in care.line(invoice).note


def test_月中換機構_各付各的日數_合計不超過整月(care, home):
    other, person = care.institution(2), care.granted()
    first = care.contract(person, home)
    contracts.end_contract(care.officer, first, day("115/8/15"), "轉換機構")
    care.contract(person, other, since=day("115/8/16"))
    a, b = (care.billed(h, AUGUST) for h in (home, other))
    assert (care.line(a).amount, care.line(b).amount, care.line(a).seq, care.line(b).seq) == (7_258, 7_742, 0, 1)


# -- 不能登錄的 --------------------------------------------------------------------------------------------------------------------


def test_立案過期的機構不能簽約(care):
    home = care.institution(licence_to=day("115/1/31"))
    with pytest.raises(Refused, match="立案效期至 115/01/31"):
        care.contract(care.granted(), home)


def test_立案中途過期_請款擋下_更新後可核定(care):
    home = care.institution(licence_to=day("115/8/15"))
    pk = care.contract(care.granted(), home)
    assert "立案效期到 115/08/15" in contracts.fee_notice(care.get(CareContract, pk))
    invoice = care.invoice(home, AUGUST)
    assert "立案效期未涵蓋 115/08/16" in invoices.check_invoice(care.officer, invoice)[0]
    institutions.change_institution(care.officer, home, licence_to=day("118/8/15"))
    assert invoices.check_invoice(care.officer, invoice) == []


def test_同一日不可在兩家機構(care, home):
    other, person = care.institution(2), care.granted()
    first = care.contract(person, home)
    contracts.end_contract(care.officer, first, day("115/8/15"), "轉換機構")
    with pytest.raises(Refused, match="有同一天"):
        care.contract(person, other, since=day("115/8/15"))
    care.contract(person, other, since=day("115/8/16"))
    with pytest.raises(Refused, match="有同一天"):
        contracts.end_contract(care.officer, first, day("115/8/31"), "更正")


@pytest.mark.parametrize("fee", [-1, 0, None])
def test_收費不可為零或負數(care, home, fee):
    with pytest.raises(Refused, match="大於 0"):
        care.contract(care.granted(), home, fee=fee)


def test_未經核定的照顧方式不能簽約(care, home):
    with pytest.raises(Refused, match="未經核定辦理日間照顧"):
        care.contract(care.granted(), home, service="day")


@pytest.mark.parametrize(
    ("left", "back", "said"),
    [("115/3/10", "115/3/12", "不在契約期間"), ("115/8/5", "115/8/5", "當日往返不算"), ("115/9/30", None, "不可晚於今天"), ("115/8/4", "115/8/6", "重疊")],
)
def test_請假日期不合理(care, home, left, back, said):
    pk = care.contract(care.granted(), home)
    care.away(pk, day("115/8/3"), day("115/8/5"))
    with pytest.raises(Refused, match=said):
        care.away(pk, day(left), day(back) if back else None)


def test_未到的月份_沒有個案的機構_重複建立_都不行(care, home):
    with pytest.raises(Refused, match="還沒有到"):
        care.invoice(home, month("11510"))
    with pytest.raises(Refused, match="沒有簽約個案"):
        care.invoice(home, AUGUST)
    care.contract(care.granted(), home)
    care.invoice(home, AUGUST)
    with pytest.raises(Refused, match="未核定的請款單"):
        care.invoice(home, AUGUST)


# -- 調整與核定 --------------------------------------------------------------------------------------------------------------------


def test_調整要理由_要另一人確認_確認後才能核定(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    with pytest.raises(Refused, match="理由"):
        invoices.adjust_line(care.officer, invoice, 1, 12_000, " ")
    invoices.adjust_line(care.officer, invoice, 1, 12_000, "機構退還伙食費")
    assert "調整尚待另一位同仁確認" in invoices.check_invoice(care.officer, invoice)[0]
    with pytest.raises(Refused, match="同一人"):
        invoices.confirm_line(care.officer, invoice, 1)
    invoices.confirm_line(care.officer2, invoice, 1)
    care.approved(invoice)
    line = care.line(invoice)
    assert (line.computed, line.amount, line.adjust_reason) == (15_000, 12_000, "機構退還伙食費")


def test_調整不能超過整月_負數也不行_可以取消調整(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    with pytest.raises(Refused, match="超過此人本月可發的 15,000 元"):
        invoices.adjust_line(care.officer, invoice, 1, 15_001, "多付一元")
    with pytest.raises(Refused, match="負數"):
        invoices.adjust_line(care.officer, invoice, 1, -1, "扣回")
    invoices.adjust_line(care.officer, invoice, 1, 0, "機構不請領")
    invoices.adjust_line(care.officer, invoice, 1, None, "")
    assert care.line(invoice).amount == 15_000


def test_未檢核不能核定_建立的人不能核定_檢核後有異動要重來(care, home):
    pk = care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    with pytest.raises(Refused, match="目前狀態"):
        invoices.approve_invoice(care.director, invoice)
    invoices.check_invoice(care.officer, invoice)
    care.away(pk, day("115/8/3"), day("115/8/20"))
    with pytest.raises(Refused, match="重新計算"):
        invoices.approve_invoice(care.director, invoice)
    invoices.return_invoice(care.director, invoice, "請假已補登，請重新檢核")
    care.approved(invoice)
    assert care.line(invoice).deducted == 12
    with pytest.raises(Refused, match="已核定或取消"):
        invoices.change_line(care.officer, invoice, 1, fee=1, claimed=None)


def test_兩人同時修改_後者被擋(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    invoices.change_line(care.officer, invoice, 1, fee=18_000, claimed=None, seen_version=1)
    with pytest.raises(Conflict):
        invoices.change_line(care.officer2, invoice, 1, fee=19_000, claimed=None, seen_version=1)


def test_公文請領總額與人數不符_檢核擋下(care, home):
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST, claimed_count=2, claimed_total=30_000)
    invoices.change_line(care.officer, invoice, 1, fee=20_000, claimed=15_000)
    said = invoices.check_invoice(care.officer, invoice)
    assert "機構請領 2 人，請款單 1 筆" in said[0] and "15,000 元，與機構請領總額 30,000 元不符" in said[1]


def test_取消後可以重建(care, home):
    care.contract(care.granted(), home)
    invoices.cancel_invoice(care.officer, care.invoice(home, AUGUST), "月份選錯")
    assert care.line(care.invoice(home, AUGUST)).amount == 15_000


def test_補正請款單_只含已核定之外的差額(care, home):
    pk = care.contract(care.granted(), home)
    absence = care.away(pk, day("115/8/3"), day("115/8/20"))
    first = care.billed(home, AUGUST)
    with pytest.raises(Refused, match="沒有應補發的金額"):
        care.invoice(home, AUGUST)
    contracts.withdraw_absence(care.officer, pk, absence)
    second = care.billed(home, AUGUST)
    assert care.line(first).amount + care.line(second).amount == 15_000 and care.line(second).seq == 1
    assert "補發差額" in care.line(second).note


def test_原先少請領的_補正請款單不會自動補發(care, home):
    care.contract(care.granted(), home)
    first = care.invoice(home, AUGUST)
    invoices.change_line(care.officer, first, 1, fee=20_000, claimed=14_000)
    care.approved(first)
    again = care.invoice(home, AUGUST)
    assert care.line(again).computed == 1_000 and care.line(again).amount == 0
    invoices.change_line(care.officer, again, 1, fee=20_000, claimed=600)
    assert care.line(again).amount == 600


# -- 權限 ------------------------------------------------------------------------------------------------------------------------


def test_公所不能登錄機構_承辦不能核定(care, home, actor):
    from app.commands.base import Forbidden

    with pytest.raises(Forbidden):
        institutions.set_service(actor("clerk.10004010"), home, "day", GRANTED, 1, None, "x")
    care.contract(care.granted(), home)
    invoice = care.invoice(home, AUGUST)
    invoices.check_invoice(care.officer, invoice)
    with pytest.raises(Forbidden):
        invoices.approve_invoice(care.officer2, invoice)
