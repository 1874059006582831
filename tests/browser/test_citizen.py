"""The public pages as a citizen with a telephone meets them: all of axe-core's WCAG 2.1 AA rules, no sideways scrolling, both languages."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from app.core import roc
from app.extensions import db
from app.models.application import Application
from app.models.award import Award
from app.models.payment import PaymentLine
from app.security import scope

from .site import PATIENCE, Site

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def paid(site: Site) -> tuple[str, str, str, str]:
    """(case number, ID number, birth, name) of a demo case that was paid."""
    with site.app.app_context(), scope.use(scope.SYSTEM):
        statement = select(Application).join(Award, Award.application_id == Application.id).join(PaymentLine, PaymentLine.award_id == Award.id)
        a: Any = db.session.scalars(statement.where(PaymentLine.status == "credited").order_by(Application.id).limit(1)).one()
        return a.case_no, a.applicant.person_id, roc.show_date(a.applicant.birth), a.applicant.name


def looked_at(page: Page) -> None:
    """Nothing of WCAG 2.1 AA is broken and nothing is wider than the screen."""
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("window.innerWidth")


def test_a_citizen_sees_the_own_case_and_nobody_elses(browser: Browser, site: Site, paid: tuple[str, str, str, str]) -> None:
    number, who, birth, name = paid
    page = browser.new_context(viewport=PHONE).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(site.url + "/login/")
    page.click("text=民眾查詢")
    looked_at(page)
    for day in ("01/01/01", birth):
        page.fill("#case_no", number)
        page.fill("#person_id", who)
        page.fill("#birth", day)
        page.press("#birth", "Enter")
        page.wait_for_selector("text=查無案號" if day != birth else "text=決定內容")
        looked_at(page)
    assert "已入帳" in page.inner_text("main") and name not in page.inner_text("main")
    assert who not in page.url and number not in page.url
    page.click("summary")
    looked_at(page)
    page.click("text=English")
    page.wait_for_selector("text=How far is my case?")
    looked_at(page)
    page.context.close()


def test_the_checker_answers_by_keyboard_alone(browser: Browser, site: Site) -> None:
    page = browser.new_context(viewport=PHONE).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(site.url + "/citizen/zh/check")
    looked_at(page)
    page.focus("#birth")
    page.keyboard.type("37/3/1")
    page.focus("#people")
    page.keyboard.type("1")
    page.focus("#income")
    page.keyboard.type("9,000")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=請準備")
    looked_at(page)
    assert page.locator("h3", has_text="中低收入老人生活津貼").count() == 1
    page.context.close()
