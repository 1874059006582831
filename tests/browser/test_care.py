"""Care in a browser: from the counter over decision, contract and an invoice with an absence to the money."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from app.commands.working_days import calendar_of
from app.core import clock, identity, roc
from app.extensions import db
from app.rules.care_days import Leave, absent_days, days_of, month_due
from app.security import scope

from .loop_offices import Offices
from .loop_people import Person
from .site import Site

BASE, BENEFIT, NAME = "/disability_care_subsidy", "身心障礙者托育養護補助", "范姜月桃"
HOME = "示範療養園區"
PAPERS = ("application_form", "identity", "household_transcript", "disability_card", "placement_consent", "care_contract", "consent_form", "affidavit")


def at_the_counter(clerk: Person) -> tuple[int, str]:
    today = roc.show_date(clock.today())
    clerk.open("/").follow(f"新申請：{BENEFIT}")
    clerk.fill(person_id=identity.with_check_digit("J29990066"), name=NAME, birth="70/3/1", sex="女")
    clerk.fill(registered_address="新竹縣竹北市文化里3鄰光明六路10號").press("建立草稿")
    pk = clerk.number
    clerk.press("儲存並到下一節")
    clerk.fill(card_held="是", card_number="J0000066", card_grade="重度", card_classes="1", card_issued="113/3/1", card_expires="120/2/28")
    clerk.fill(lives_at_registration="是", days_in_taiwan="360", placed="是", care_home=HOME, service="全日型住宿照顧", fee="20,000")
    clerk.fill(same_service="否", disabled_in_family="1", low_income_status="中低收入戶").fair().press("儲存並到下一節")
    clerk.fill(household_taken_on=today).press("儲存並到下一節")
    clerk.press("儲存並到下一節")
    clerk.fill(consent_on=today, affidavit_on=today, **{f"{code}__received_on": today for code in PAPERS}).press("儲存並確認")
    clerk.press("送出申請案")
    clerk.move("文件齊備")
    return pk, clerk.page.locator("h1").inner_text().split()[0]


def enter_home(officer: Person) -> None:
    """The institution with its licence; without an approved fee nobody can be placed there."""
    officer.open("/care_institutions/add")
    officer.fill(name=HOME, tax_no="99000066", place_code="新竹縣", licence_no="示社障字第066號", licence_from="109/1/1")
    officer.fill(payee_name=HOME, bank_code="0040001", account="001002006600").fair().press("儲存")
    officer.open("/care_institutions/list/").follow(HOME)
    officer.follow("核定服務與收費上限")
    officer.fill(service="全日型住宿照顧", since="109/1/1", ceiling="20,500", beds="40", ground="示社障字第1090000066號").press("登錄")
    assert "20,500" in officer.text


def contract_and_absence(officer: Person, pk: int) -> None:
    """A first day before the licence is refused with what to do; then the contract, and from today an absence."""
    today = roc.show_date(clock.today())
    officer.open(f"{BASE}/show/{pk}").follow("登錄契約")
    officer.fill(institution=HOME, since="108/1/1").press("登錄契約")
    assert "請先更新立案資料" in officer.said
    officer.fill(since=today, bed="A-06").fair().press("登錄契約")
    assert NAME in officer.text
    officer.follow("登錄請假")
    officer.fill(left_on=today, reason="住院").press("登錄請假")
    assert "尚未返回" in officer.text


def invoice(officer: Person, director: Person) -> int:
    """The month's invoice from the contract, less the days beyond the county's five; checked by one, approved by another."""
    today, month = clock.today(), roc.month_of(clock.today())
    officer.open("/care_invoices/make")
    officer.fill(institution=HOME, month=roc.month5(month), claimed_count="1").press("建立請款單")
    with officer.site.app.app_context(), scope.use(scope.SYSTEM):
        away = absent_days(month, [Leave(today)], calendar_of(db.session(), "10004"))
    due = month_due(month, dict.fromkeys([d for d in days_of(month) if d >= today], 17_000), away, 5).amount
    assert f"{due:,}" in officer.page.locator("#lines tfoot").inner_text()
    officer.fair().move("檢核請款單")
    assert officer.state == "請款單已檢核" and "檢核完成" in officer.said
    pk = officer.number
    director.open(f"/care_invoices/show/{pk}").move("核定請款單")
    assert director.state == "請款單已核定" and "待列入發放清冊" in director.text
    return due


def test_care_from_the_counter_to_the_money(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    o = Offices(site, sign_in)
    pk, case_no = at_the_counter(o.clerk)
    o.review(BASE, pk)
    o.decide(BASE, pk)
    assert case_no.startswith("DCS") and o.director.fact("級距") == "補助85%"
    enter_home(o.officer)
    contract_and_absence(o.officer, pk)
    due = invoice(o.officer, o.director)
    run = o.pay(BENEFIT, tmp_path)
    row = o.officer.open(f"/payment_runs/show/{run}").follow("發放明細").page.locator("tbody tr", has_text=NAME).inner_text()
    assert f"{due:,}" in row and "機構" in row
    o.director.open("/care_invoices/list/").follow(HOME)
    assert "-DCS-" in o.director.page.locator("#lines").inner_text(), "the register's number stands on the invoice line"
    paid = o.clerk.open(f"{BASE}/show/{pk}").page.get_by_role("table", name="最近十二筆撥款").inner_text()
    assert f"{due:,}" in paid and "已入帳" in paid
    assert o.troubles == []
