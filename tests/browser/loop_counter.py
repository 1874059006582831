"""The counter and the desks: an application from the first paper to the decision, each step by the person whose step it is."""

from app.core import clock, identity, roc

from .loop_offices import tax_year
from .loop_people import Person

BASE, BENEFIT = "/elderly_living_allowance", "中低收入老人生活津貼"
NAME, BIRTH = "范姜秀鸞", "38/3/1"
PERSON_ID = identity.with_check_digit("J29990077")
CHILD_ID = identity.with_check_digit("J19990078")
OFFICE, ACCOUNT = "0061234", "7654321"
PAPERS = ("application_form", "identity", "household_transcript", "consent_form", "affidavit")


def open_draft(clerk: Person) -> int:
    """A stranger at the counter; the first attempt has a slip of the pen in it."""
    clerk.open("/").follow(f"新申請：{BENEFIT}")
    clerk.fill(person_id=PERSON_ID, name=NAME, birth="38/13/1", sex="女", phone="03-5551234").press("建立草稿")
    assert "不是存在的日期" in clerk.said and clerk.page.input_value("[name=name]") == NAME
    clerk.picture("01-open")
    clerk.fill(birth=BIRTH, registered_address="新竹縣竹北市文化里3鄰光明六路10號").fair().press("建立草稿")
    assert "已建立草稿" in clerk.said
    return clerk.number


def fill_in(clerk: Person, pk: int) -> None:
    """Every section; the account waits, one paper is missing."""
    today = roc.show_date(clock.today())
    note = clerk.page.locator(".intake-tabs li", has_text="居住與身分").locator(".tab-note")
    assert note.inner_text() == "待查"
    clerk.press("儲存並到下一節")
    clerk.fill(lives_at_registration="是", days_in_taiwan="３６０", public_placement="否", in_custody="否", low_income_status="均非").press(
        "儲存並到下一節"
    )
    clerk.fill(household_taken_on=today, m1__employed="否")
    clerk.fill(m2__relation="子女", m2__name="范姜志明", m2__person_id=CHILD_ID, m2__birth="65.5.6", m2__sex="男")
    clerk.fill(m2__same_registration="否", m2__lives_together="否", m2__claims_dependant="否", m2__employed="是").press("新增一位成員")
    clerk.fill(m3__relation="子女", m3__name="打錯的人").press("儲存")
    clerk.page.check("[name=m3-remove]")
    clerk.picture("02-household").fair().press("儲存並到下一節")
    assert clerk.page.locator("details.member").count() == 2, "the applicant and one child"
    year = tax_year()
    clerk.fill(m1__tax_year=year, m2__tax_year=year)
    clerk.fill(m1__a0__kind="土地", m1__a0__value="800,000", m1__a0__share_den="2", m1__a0__source="財稅資料")
    clerk.fill(m2__i0__kind="薪資所得", m2__i0__amount="四十八萬", m2__i0__source="財稅資料").press("儲存並到下一節")
    assert "不是金額" in clerk.said, "what cannot be read is shown again"
    clerk.fill(m2__i0__amount="480,000").picture("03-means").fair().press("儲存並到下一節")
    clerk.fill(consent_on=today, affidavit_on=today, **{f"{code}__received_on": today for code in PAPERS}).press("儲存並到下一節")


def come_back_later(clerk: Person, pk: int) -> None:
    """The counter is called away: what was typed is there when the draft is opened again from today's work."""
    clerk.page.select_option("[name=channel]", label="郵局")
    clerk.page.locator("[name=institution]").press_sequentially(OFFICE[2:])
    clerk.page.wait_for_selector("[data-saved]:has-text('已自動儲存')")
    assert clerk.today("草稿", BENEFIT) >= 1
    clerk.follow(case_no(clerk, pk)).fair()
    assert clerk.state == "草稿" and "下一步" in clerk.page.locator(".moves").inner_text()
    clerk.follow("繼續填寫")
    clerk.page.locator(".intake-tabs").get_by_role("link", name="撥款帳戶").click()
    assert clerk.page.input_value("[name=institution]") == OFFICE[2:]
    clerk.fill(account=ACCOUNT).press("儲存並確認")
    assert "局號 7 碼" in clerk.text
    clerk.press("送出申請案")
    assert "沒有送出" in clerk.said
    clerk.page.locator(".problems a").first.click()
    clerk.fill(institution=OFFICE).press("儲存並確認")


def case_no(person: Person, pk: int) -> str:
    """The case number, as the list shows it."""
    return str(person.page.locator(f"tbody a[href$='/show/{pk}']").inner_text())


def submit(clerk: Person) -> None:
    """What is not there yet is said, but does not stop the application."""
    assert "還沒收到：存摺封面影本" in clerk.text
    clerk.picture("04-summary").fair().press("送出申請案")
    assert "已送出" in clerk.said and clerk.state == "已送件"
    clerk.move("文件齊備")
    assert "還缺 1 項必備文件：存摺封面影本" in clerk.said


def correct(clerk: Person) -> None:
    """A correction notice, the missing paper, and in again."""
    clerk.follow("發補正通知")
    assert clerk.page.input_value("[name=items]") == "存摺封面影本"
    clerk.press("確定")
    assert clerk.state == "待補正" and "補正期限" in clerk.said
    clerk.picture("05-correction")
    clerk.follow("修改申請資料")
    clerk.page.locator(".intake-tabs").get_by_role("link", name="應備文件").click()
    clerk.fill(passbook__received_on=roc.show_date(clock.today())).press("儲存並到下一節").press("儲存並確認").press("送出申請案")
    clerk.move("文件齊備")
    assert clerk.state == "文件齊備" and "初審：擬准" not in clerk.moves
    assert "同一人不可以同時經手與審核" in clerk.page.locator(".moves").inner_text()


def first_review(chief: Person, pk: int) -> None:
    """The chief finds it in today's work, says why, and sends it to the county."""
    assert chief.today("待初審", BENEFIT) >= 1
    chief.follow(case_no(chief, pk)).nudge("初審：擬准")
    assert "要填寫意見" in chief.page.locator(".moves").inner_text()
    chief.page.fill("#move-comment", "家庭人口與所得相符，擬准")
    chief.picture("06-first-review").move("初審：擬准", "家庭人口與所得相符，擬准")
    assert chief.state == "初審完成"
    chief.move("陳報縣府")
    assert chief.state == "已陳報縣府" and "複審" not in chief.moves


def second_review(officer: Person, pk: int) -> None:
    """The officer checks the exclusions and recomputes."""
    assert officer.today("待複審", BENEFIT) >= 1
    officer.follow(case_no(officer, pk))
    assert "核定" not in officer.moves
    officer.move("查核互斥").picture("07-second-review").move("複審", "複核無誤，擬准")
    assert officer.state == "複審完成"


def decide(director: Person, pk: int) -> int:
    """The director reads the trace, decides, and prints the sheet for the citizen; the monthly amount."""
    assert director.today("待核定", BENEFIT) >= 1
    director.follow(case_no(director, pk)).picture("08-decide", "table.trace", 440).fair()
    trace = director.page.locator("table.trace").inner_text()
    assert "是否年滿65歲" in trace and "中低收入老人生活津貼發給辦法第2條" in trace and "符合" in trace and "不符合" not in trace
    director.move("核定")
    assert director.state == "已核定" and "核定發給" in director.text
    director.follow("計算表（列印）").picture("09-sheet").fair()
    sheet, amount = director.text, director.fact("每月金額")
    assert "每人每月20,000元" in sheet and PERSON_ID not in sheet
    assert "范姜志明" in sheet and "400,000" in sheet, "half of the land"
    director.page.emulate_media(media="print")
    assert not director.page.locator("nav.side").is_visible() and director.page.locator("table.trace").is_visible()
    director.page.emulate_media(media="screen")
    return int(amount.removesuffix(" 元").replace(",", ""))
