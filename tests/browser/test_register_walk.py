"""A card and a permit in a browser: from the counter to the card, a downgrade that reaches the living allowance, and a permit printed in one screen."""

from collections.abc import Callable

from playwright.sync_api import Page

from app.core import clock, identity, roc

from .loop_offices import Offices, tax_year
from .site import Site

REGISTER, LIVING, PERMIT = "身心障礙者資料管理", "身心障礙者生活補助", "身心障礙者停車證"
NAME, PERSON_ID = "范姜春梅", identity.with_check_digit("J29990066")


class Counter(Offices):
    """The person of this story at the counter, and in again with all papers."""

    def come(self, benefit: str) -> None:
        self.open(benefit, {"person_id": PERSON_ID, "name": NAME, "birth": "58/3/1", "sex": "女"})

    def hand_in(self, *papers: str, means: bool = False) -> int:
        """The remaining sections, and in; the case's number."""
        if means:
            self.clerk.fill(m1__employed="否").press("儲存並到下一節")
            self.clerk.fill(m1__tax_year=tax_year()).press("儲存並到下一節")
        self.papers(papers, account=means)
        return self.submit()

    def through(self, base: str, pk: int, exclusions: bool = False) -> None:
        """初審, 陳報, 複審, 核定."""
        self.review(base, pk, exclusions)
        self.decide(base, pk)


def card(o: Counter, issue: str, grade: str, number: str) -> None:
    """An application for the card; a slip of the pen is shown at its field."""
    o.come(REGISTER)
    o.clerk.fill(household_taken_on=o.today, lives_at_registration="是", issue=issue, assessment_number=number, assessment_hospital="示範醫院")
    o.clerk.fill(assessment_day="115/13/1", assessment_qualifies="是", assessment_grade=grade, assessment_classes="7", assessment_irreversible="否")
    o.clerk.fill(assessment_needs_assessed=o.today, mobility_difficulty="是").press("儲存並到下一節")
    assert "不是存在的日期" in o.clerk.said
    o.clerk.fill(assessment_day="115/6/1").press("儲存並到下一節")
    o.through("/disability_register", o.hand_in("application_form", "identity", "photos"))


def living(o: Counter) -> int:
    """The living allowance finds the card already filled in."""
    o.come(LIVING)
    assert o.clerk.page.locator("[name=card_grade] option:checked").inner_text() == "重度"
    o.clerk.fill(lives_at_registration="是", days_in_taiwan="360", public_placement="否", housed="否", in_custody="否", low_income_status="低收入戶")
    o.clerk.press("儲存並到下一節").fill(household_taken_on=o.today)
    pk = o.hand_in("application_form", "identity", "household_transcript", "disability_card", "passbook", "consent_form", "affidavit", means=True)
    o.through("/disability_living_allowance", pk, exclusions=True)
    return pk


def permit(o: Counter) -> None:
    """Papers complete at the township; one screen at the county: label, tick, print."""
    o.come(PERMIT)
    o.clerk.fill(household_taken_on=o.today, lives_at_registration="是", mobility="是", holder="身心障礙者本人", vehicle="自用小客車", plate="12")
    o.clerk.fill(special_plate="否", other_permit="否").press("儲存並到下一節")
    o.clerk.page.locator(".intake-tabs").get_by_role("link", name="居住與身分").click()
    assert "不是車牌號碼的格式" in o.clerk.text
    o.clerk.fill(plate="rbx1234").press("儲存並到下一節")
    o.hand_in("application_form", "identity", "disability_card", "driving_licence", "vehicle_licence")
    assert o.officer.today("識別證待核發") >= 1
    row = o.officer.page.locator("tbody tr", has_text=NAME)
    assert "符合" in row.inner_text()
    row.locator("[name=tick]").check()
    o.officer.fair().press("核發並列印勾選者")
    assert "請填識別證" in o.officer.text, "a label is asked for at its field"
    row.locator(".label-input").fill("W0000001")
    o.officer.press("核發並列印勾選者")
    assert "RBX-1234" in o.officer.text and "W0000001" in o.officer.text and "新竹縣政府" in o.officer.text
    o.officer.fair().page.emulate_media(media="print")
    assert not o.officer.page.locator("nav.side").is_visible() and o.officer.page.locator("article.permit").is_visible()
    o.officer.page.emulate_media(media="screen")


def downgrade(o: Counter, case: int) -> None:
    """The new card is lower: the living allowance has a task with its month, and the change is recorded from it."""
    card(o, "重新鑑定", "輕度", "D9000002")
    o.clerk.open(f"/disability_living_allowance/show/{case}")
    o.clerk.open("/case_tasks/list/?_flt_0_state=open&_flt_0_kind=card_changed").search("case_no", "DLA")
    o.clerk.page.locator("tbody tr", has_text=NAME).get_by_role("link").first.click()
    o.clerk.state_purpose()
    following = roc.show_month(roc.month_of(clock.today()) + 1)
    assert "重度改為輕度" in o.clerk.text and o.clerk.fact("生效月") == following, o.clerk.text
    o.clerk.fair().move("登錄異動")
    assert o.clerk.state == "已處理"
    o.officer.open("/disability_cards/list/").search("card_no", "D")
    o.officer.page.locator("tbody tr", has_text=NAME).filter(has_text="使用中").get_by_role("link").first.click()
    o.officer.page.wait_for_load_state()
    text = o.officer.fair().text
    assert "初次核發" in text and "重新鑑定" in text and "輕度" in text and "重度改為輕度" in text


def test_a_card_a_permit_and_a_downgrade(site: Site, sign_in: Callable[[str], Page]) -> None:
    o = Counter(site, sign_in)
    card(o, "初次核發", "重度", "D9000001")
    case = living(o)
    permit(o)
    downgrade(o, case)
    assert o.troubles == []
