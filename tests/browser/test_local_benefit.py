"""A county invents a benefit in the console and pays it, without a line of code: written, tried on examples, put in force, worked, paid."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from app.core import identity

from .loop_offices import Offices
from .loop_people import Person
from .site import Site

NAME = "示範縣新婚祝賀金"
QUESTION = "雙方是否均為初婚？"
PERSON_ID = identity.with_check_digit("J19990123")


def write(officer: Person) -> int:
    """The conditions, row by row, with the keyboard where the new row is."""
    officer.menu("法規與設定", "地方津貼設定").follow("新增地方津貼")
    officer.fill(name=NAME, short_name="新婚", short="nwd", unit="個人").fair().press("儲存並繼續")
    pk = int(officer.page.url.rpartition("/")[2])
    for kind in ("registered", "registered_months", "finding"):
        officer.page.select_option("#new-type", kind)
        officer.press("加一項要件")
    assert officer.page.evaluate("document.activeElement.name") == "t2-question"
    officer.press("加一列金額")
    officer.fill(h__law="示範縣新婚祝賀金發給辦法", h__who="設籍本縣滿六個月之初婚者", h__effective_from="115/1/1", h__rhythm="一次")
    officer.fill(t0__article="第2條第1款", t1__limit="六", t1__article="第2條第2款", t2__question=QUESTION, t2__article="第2條第3款")
    officer.fill(a0__amount="6,000", a0__article="第3條").press("儲存草稿")
    assert "不是整數" in officer.said and officer.page.input_value("[name='t2-question']") == QUESTION
    officer.page.locator("[name='t1-limit']").fill("6")
    officer.fair().press("儲存並填測試案例")
    return pk


def examples(officer: Person) -> None:
    """One who gets it and one who does not; only what the tests need is asked."""
    officer.press("加一個案例")
    asked = officer.page.eval_on_selector_all("[name^='e0-']", "found => found.map(e => e.name)")
    assert {n.removeprefix("e0-") for n in asked} == {"name", "on", "eligible", "amount", "birth", "registered", "registered_since", "finding_q1"}
    officer.fill(e0__name="設籍滿六個月的初婚者", e0__on="115/6/1", e0__eligible="符合", e0__amount="9,000", e0__birth="84/5/6")
    officer.fill(e0__registered="是", e0__registered_since="114/12/1", e0__finding_q1="是").press("複製案例 1")
    officer.fill(e1__name="差一天滿六個月", e1__eligible="不符合", e1__registered_since="114/12/2").fair().press("儲存並試算")
    assert "未通過" in officer.text and "金額應為9,000元，實際為6,000元" in officer.text and "設籍是否滿規定期間？" in officer.text
    officer.move("送請啟用")
    assert "還不能送審" in officer.said and officer.state == "草稿"
    officer.follow("測試案例").fill(e0__amount="6,000").press("儲存並試算")
    assert "測試案例全部通過" in officer.text
    officer.follow("試算").fill(e0__on="115/6/1", e0__birth="84/5/6", e0__registered="是", e0__registered_since="100/1/1").press("試算")
    assert "尚待查明" in officer.text and QUESTION in officer.text
    officer.fair().follow("回這一版").move("送請啟用", "請主管啟用")
    assert officer.state == "待啟用" and "啟用" not in officer.moves


def work(o: Offices) -> int:
    """The counter asks what the definition needs; five people later it is decided."""
    clerk, director, today = o.clerk, o.director, o.today
    clerk.open("/local/open").follow(NAME)
    clerk.fill(person_id=PERSON_ID, name="彭新人", birth="84/5/6", sex="男", phone="03-5551234", registered_address="新竹縣竹北市福坪里1鄰1號").press("建立草稿")
    clerk.press("儲存並到下一節")
    asked = clerk.page.eval_on_selector_all("main form .form-grid [name]", "found => found.map(e => e.name)")
    assert asked == ["household_taken_on", "registered_since", "finding_q1"]
    clerk.fill(household_taken_on=today, registered_since="100/1/1", finding_q1="是").fair().press("儲存並到下一節")
    clerk.fill(application_form__received_on=today, identity__received_on=today, passbook__received_on=today).press("儲存並到下一節")
    clerk.fill(channel="現金印領").press("儲存並確認").press("送出申請案").move("文件齊備")
    pk = clerk.number
    o.review("/local", pk, exclusions=False)
    director.open(f"/local/show/{pk}").fair()
    trace = director.page.locator("table.trace").inner_text()
    assert QUESTION in trace and "第2條第3款" in trace and "第3條" in trace
    director.move("核定")
    assert director.state == "已核定" and director.fact("一次發給金額") == "6,000 元"
    return pk


def test_a_benefit_is_invented_in_the_console_and_paid(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    o = Offices(site, sign_in)
    officer, director = o.officer, o.director
    pk = write(officer)
    examples(officer)
    assert director.today("待啟用的地方津貼") >= 1
    director.open(f"/local-benefits/show/{pk}").fair().move("啟用")
    assert director.state == "生效"
    case = work(o)
    run = o.pay(NAME, tmp_path)
    assert officer.open(f"/payment_runs/show/{run}").figure("筆數") == "1" and "-NWD-" in officer.text
    assert "已入帳" in o.clerk.open(f"/local/show/{case}").text
    officer.open(f"/local/show/{case}").follow("發核定通知書")
    letter = officer.text
    assert f"申請{NAME}案" in letter and "起一次發給新臺幣6,000元" in letter, letter
    assert "示範縣新婚祝賀金發給辦法第2條第1款、第2條第2款" in letter, letter
    officer.fair().press("確定發文")
    assert "核定通知書" in officer.open(f"/local/show/{case}").text
    assert o.troubles == []
