"""An assistive device in a browser: from the counter over assessment, decision and receipt to the money."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from app.core import clock, identity, roc

from .loop_offices import Offices
from .loop_people import Person
from .site import Site

BASE, BENEFIT, BENEFIT_IN_FULL = "/assistive_device_subsidy", "輔具費用補助", "身心障礙者輔具費用補助"
NAME = "范姜玉蘭"
PAPERS = ("application_form", "identity", "disability_card", "passbook")


def at_the_counter(clerk: Person) -> int:
    """Two devices are asked for; one of them is chosen wrongly first."""
    today = roc.show_date(clock.today())
    clerk.open("/").follow(f"新申請：{BENEFIT}")
    clerk.fill(person_id=identity.with_check_digit("J29990055"), name=NAME, birth="58/3/1", sex="女")
    clerk.fill(registered_address="新竹縣竹北市文化里3鄰光明六路10號").press("建立草稿")
    pk = clerk.number
    clerk.press("儲存並到下一節")
    clerk.fill(household_taken_on=today, card_held="是", card_grade="中度", card_classes="7", card_issued="113/3/1", card_expires="120/2/28")
    clerk.fill(lives_at_registration="是", days_in_taiwan="360", low_income_status="均非", history_checked_on=today).press("儲存並到下一節")
    hearing_aid = "D03 示範助聽器（最高 20,000 元，4 年，須評估）"
    clerk.fill(d1__item_code=hearing_aid).press("儲存")
    assert "補助對象為第2、02類，證明上是第7類" in clerk.page.locator("td.f-item_code").first.inner_text()
    clerk.fill(d1__item_code="D01 示範手推輪椅（最高 4,000 元，3 年，須評估）", d1__spec="示範型 18 吋")
    clerk.fill(d2__item_code="D05 示範洗澡椅（最高 1,200 元，3 年）").fair().press("儲存並到下一節")
    clerk.fill(consent_on=today, affidavit_on=today, **{f"{code}__received_on": today for code in PAPERS}).press("儲存並到下一節")
    clerk.fill(channel="郵局", institution="0061234", account="7654321").press("儲存並確認").press("送出申請案")
    assert clerk.state == "已送件"
    clerk.move("文件齊備")
    return pk


def assess(officer: Person, pk: int) -> None:
    """A report dated tomorrow is refused at its field; the right one and the finding on the item without assessment are taken."""
    today = clock.today()
    officer.open(f"{BASE}/show/{pk}").follow("登錄評估結果")
    tomorrow = roc.show_date(today.replace(year=today.year + 1))
    officer.fill(assessed_by="示範輔具資源中心", report_no="示評-1", report_on=tomorrow, qualifies="是").press("確定")
    assert "評估日期不可晚於今天" in officer.page.locator(".field", has=officer.page.locator("[name=report_on]")).inner_text()
    officer.fill(report_on=roc.show_date(today)).press("確定")
    assert "完成審核" in officer.page.locator("#device-1").inner_text()
    officer.page.locator("#device-2").get_by_role("link", name="登錄評估結果").click()
    officer.fill(qualifies="是").press("確定")


def decide(chief: Person, second: Person, director: Person, pk: int) -> None:
    chief.open(f"{BASE}/show/{pk}").move("初審：擬准", "符合補助基準").move("陳報縣府")
    second.open(f"{BASE}/show/{pk}").move("查核互斥").move("複審", "複核無誤")
    director.open(f"{BASE}/show/{pk}").fair().move("核定")
    assert director.state == "已核定" and "示範手推輪椅" in director.text
    assert director.fact("最高補助金額合計") == "2,600 元"


def receipt(clerk: Person, pk: int) -> None:
    """The notice is served; a receipt from before the decision is refused at its field, the right one is taken."""
    today = roc.show_date(clock.today())
    clerk.open(f"{BASE}/show/{pk}").follow("登錄核定通知送達日期")
    clerk.fill(served_on=today).press("確定")
    clerk.page.locator("#device-1").get_by_role("link", name="登錄憑證").click()
    clerk.fill(vendor="示範醫療器材行", receipt_no="DM-00000001", receipt_on="115/1/2", receipt_amount="1,850", serial_no="SN-1").press("確定")
    assert "早於核定日" in clerk.page.locator(".field", has=clerk.page.locator("[name=receipt_on]")).inner_text()
    clerk.fill(receipt_on=today).fair().press("確定")
    assert "憑證待查核" in clerk.page.locator("#device-1").inner_text()


def pay(o: Offices, pk: int, folder: Path) -> None:
    """Another person checks the receipt; a register takes it up once, with what the receipt says, and the money arrives."""
    officer = o.officer
    assert officer.today("輔具憑證待查核") >= 1
    officer.page.locator("tbody tr", has_text=NAME).get_by_role("link").first.click()
    officer.state_purpose().page.locator("#device-1").get_by_role("link", name="憑證查核無誤").click()
    assert "應撥付 1,850 元" in officer.text
    officer.fair().press("確定")
    assert "待列入付款清冊" in officer.page.locator("#device-1").inner_text()
    o.pay(BENEFIT_IN_FULL, folder)
    officer.open(f"{BASE}/show/{pk}")
    paid = officer.page.locator("#device-1").inner_text()
    assert "-ADS-" in paid and "已入帳" in paid and "1,850" in paid, "the device says by which register its money arrived"
    officer.follow("個人歸戶")
    assert "已用 2／4 項" in officer.text and "D01 示範手推輪椅" in officer.text


def test_a_device_from_the_counter_to_the_money(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    o = Offices(site, sign_in)
    pk = at_the_counter(o.clerk)
    assess(o.officer, pk)
    decide(o.chief, o.officer, o.director, pk)
    receipt(o.clerk, pk)
    pay(o, pk, tmp_path)
    assert o.troubles == []
