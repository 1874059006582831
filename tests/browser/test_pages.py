"""Every page as every role: in Traditional Chinese, within the width of a small screen, reachable by keyboard, without outside requests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from app.security import roles

from . import site as sites
from .crawl import Visited, crawl
from .language import leftovers, read, simplified
from .site import HEIGHT, WIDTH, Site


def signed_in(site: Site, role: str) -> FlaskClient:
    """A client without a browser, signed in as the demo's person of a role."""
    account, client = site.account(role), site.app.test_client()
    from .crawl import TOKEN

    token = TOKEN.search(client.get("/login/").text)
    assert token
    answer = client.post("/login/", data={"username": account.username, "password": account.password, "csrf_token": token[1]})
    assert answer.status_code == 302
    return client


@pytest.fixture(scope="module")
def visited(running: Any) -> dict[str, list[Visited]]:
    """What each role can reach by links."""
    site, kept = running
    sites.restore(site, kept)
    return {role: list(crawl(signed_in(site, role))) for role in roles.ALL}


@pytest.mark.parametrize("role", roles.ALL)
def test_every_link_leads_somewhere(visited: dict[str, list[Visited]], role: str) -> None:
    assert len(visited[role]) > 2
    assert [(v.path, v.status) for v in visited[role] if v.status != 200] == []


@pytest.mark.parametrize("role", roles.ALL)
def test_no_english_and_no_simplified_character(visited: dict[str, list[Visited]], names: frozenset[str], role: str) -> None:
    found = {v.path: (words, characters) for v in visited[role] for words, characters in [_not_chinese(v.html, names)] if words or characters}
    assert found == {}


@pytest.fixture(scope="module")
def names(running: Any) -> frozenset[str]:
    """The names people sign in with, and names written in Latin letters."""
    from app.demo.names import TAYAL
    from app.extensions import db
    from app.models.user import User

    with running[0].app.app_context():
        return frozenset(db.session.scalars(select(User.username))).union(*TAYAL.values())


def _not_chinese(html: str, names: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    text, _ = read(html)
    return leftovers(text, names), simplified(text)


def test_the_check_finds_what_it_looks_for() -> None:
    assert _not_chinese("<p>Save 98-ELA-00176 A12345**** <code>ls</code></p><p>查询</p>") == (["Save"], ["询"])
    assert _not_chinese("<input placeholder='Search' value='typed by people'>") == (["Search"], [])
    assert _not_chinese("<td>care_rate.age10</td>") == (["care_rate"], [])
    assert _not_chinese("<td>xianfu-boss</td>", frozenset({"xianfu-boss"})) == ([], [])


SERIOUS = ("serious", "critical")


class Watched:
    """A page whose console errors and outside requests are noted."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.problems = page, []  # type: Page, list[str]
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.problems.append(str(e)))
        page.on("request", lambda r: self.problems.append(f"outside: {r.url}") if not r.url.startswith((site.url, "data:")) else None)


@pytest.fixture(scope="module")
def windows(browser: Browser, running: Any) -> Iterator[Callable[[str], Page]]:
    site, _ = running
    opened: dict[str, Page] = {}

    def window(role: str) -> Page:
        if role not in opened:
            opened[role] = sites.sign_in(browser, site, role)
        return opened[role]

    yield window
    for page in opened.values():
        page.context.close()


def test_every_kind_of_page_in_a_browser(visited: dict[str, list[Visited]], running: Any, windows: Callable[[str], Page]) -> None:
    """No horizontal scrolling at 1366 px, no script error, no outside request, no serious finding of axe."""
    site, _ = running
    seen: set[str] = set()
    findings: dict[str, list[str]] = {}
    axe = Axe()
    for role in roles.ALL:
        page = windows(role)
        watched = Watched(page, site)
        for visit in visited[role]:
            kind = visit.kind.split("?")[0]
            if kind in seen or visit.path.endswith("#purpose") or kind == "/login/":
                continue
            seen.add(kind)
            watched.problems.clear()
            page.goto(site.url + visit.path)
            sites.give_purpose(page)
            problems = list(watched.problems)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > WIDTH:
                problems.append(f"{width} px wide")
            result = axe.run(page).response
            problems += [f"axe {v['id']}: {v['nodes'][0]['html'][:160]}" for v in result["violations"] if v["impact"] in SERIOUS]
            if problems:
                findings[f"{role} {visit.path}"] = problems
    assert findings == {}


def test_keyboard_only(sign_in: Callable[[str], Page]) -> None:
    """Skip link, search by "/", a new record by Alt+N, the ROC picker and the look-up by arrow keys."""
    page = sign_in(roles.TOWN_CLERK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.goto(page.url.split("#")[0].rstrip("/") + "/people/list/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.closest('.search') !== null")
    box = page.locator("input[data-roc=date]").first
    box.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".roc-picker").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert box.input_value().count("/") == 2
    assert page.locator(".roc-picker").count() == 0
    assert page.evaluate("document.activeElement.dataset.roc") == "date"


def test_a_phone_can_use_it(sign_in: Callable[[str], Page]) -> None:
    page = sign_in(roles.TOWN_CLERK)
    page.set_viewport_size({"width": 390, "height": HEIGHT})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(".menu-button")
    assert page.locator("nav.side").is_visible()


def test_nothing_of_the_page_is_needed_from_a_script(browser: Browser, site: Site) -> None:
    """Searching and opening a case works with scripts switched off."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": WIDTH, "height": HEIGHT})
    page, account = context.new_page(), site.account(roles.TOWN_CLERK)
    page.goto(f"{site.url}/login/")
    page.fill("#username", account.username)
    page.fill("#password", account.password)
    page.click("form button:has-text('登入')")
    page.goto(f"{site.url}/people/list/")
    page.click("tbody th a >> nth=0")
    sites.give_purpose(page)
    page.click(".reveal button >> nth=0")
    assert "****" not in page.locator(".facts").first.inner_text()
    context.close()
