"""A person at a screen: opens pages, presses what is written on buttons, reads what the product says back."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Locator, Page

from . import site as sites
from .site import WIDTH, Site

SERIOUS = ("serious", "critical")


@dataclass
class Person:
    """One role's window; the next step is found by its words."""

    page: Page
    site: Site
    purpose: str
    album: Path | None = None
    """Where pictures for the user guide are kept, when somebody wants them."""
    troubles: list[str] = field(default_factory=list)
    """Script errors, and answers that say the server broke."""

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda e: self.troubles.append(f"{self.page.url}: {e}"))
        self.page.on("response", lambda r: self.troubles.append(f"{r.status} {r.url}") if r.status >= 500 else None)

    # -- going somewhere ------------------------------------------------------------------------------------------------
    def open(self, path: str) -> "Person":
        """A page by its address."""
        self.page.goto(self.site.url + path)
        return self.state_purpose()

    def follow(self, words: str, exact: bool = False) -> "Person":
        """Click the link that says `words`, in the page itself."""
        self.page.locator("main").get_by_role("link", name=words, exact=exact).first.click()
        self.page.wait_for_load_state()
        return self.state_purpose()

    def menu(self, group: str, words: str) -> "Person":
        """Choose from the menu at the left."""
        entry = self.page.locator("nav.side").get_by_role("link", name=words, exact=True)
        if not entry.is_visible():
            self.page.locator("nav.side summary", has_text=group).click()
        entry.click()
        self.page.wait_for_load_state()
        return self

    def state_purpose(self) -> "Person":
        """Say why the record is looked at, when the page asks."""
        sites.give_purpose(self.page, self.purpose)
        return self

    def today(self, words: str, benefit: str = "") -> int:
        """The number of a piece of today's work, of a benefit's queue when one is named; goes to its list."""
        self.open("/")
        if benefit:
            cell = self.page.locator(f"main table.desk a.desk-number[aria-label^='{benefit}　{words} ']")
            number = int(cell.inner_text().replace(",", ""))
            cell.click()
            self.page.wait_for_load_state()
            return number
        tile = self.page.locator("main a.stat", has=self.page.locator(".stat-label", has_text=re.compile(f"^{re.escape(words)}$")))
        number = int(tile.locator(".stat-number").inner_text().replace(",", ""))
        tile.click()
        self.page.wait_for_load_state()
        return number

    # -- doing something ------------------------------------------------------------------------------------------------
    def press(self, words: str) -> "Person":
        """Press the button that says `words`, confirm when it asks once more; the answer is a new page."""
        asks = self._button(words).get_attribute("data-confirm") is not None
        with self.page.expect_navigation():
            self.nudge(words)
            if asks:
                self.page.locator("dialog#confirm[open] button[value=yes]").click(no_wait_after=True)
        return self

    def nudge(self, words: str) -> None:
        """Press a button that leaves the page where it is."""
        self._button(words).click(no_wait_after=True)

    def _button(self, words: str) -> Locator:
        return self.page.locator("main").get_by_role("button", name=words, exact=True).first

    def move(self, words: str, comment: str = "") -> "Person":
        """Press a button of 「辦理」, with a comment."""
        if comment:
            self.page.fill("#move-comment", comment)
        return self.press(words)

    def fill(self, **values: str) -> "Person":
        """Fields by their names (`__` for `-`); a drop-down by what it shows."""
        for name, value in values.items():
            field = self.page.locator(f"[name='{name.replace('__', '-')}']")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)
        return self

    def search(self, column: str, value: str) -> "Person":
        """Fill one condition of a list's search and ask."""
        self.page.locator(f"[id='s-{column}']").fill(value)
        self.page.locator(".search").get_by_role("button", name="查詢").click()
        self.page.wait_for_load_state()
        return self

    def download(self, button: str, folder: Path) -> Path:
        """Press a button that gives a file; where it lies now."""
        with self.page.expect_download() as waiting:
            self.page.locator("main").get_by_role("button", name=button, exact=True).click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    # -- reading --------------------------------------------------------------------------------------------------------
    @property
    def text(self) -> str:
        """The page as it reads."""
        return self.page.locator("main").inner_text()

    @property
    def said(self) -> str:
        """The messages at the top of the page."""
        return "\n".join(self.page.locator("main .message, main .error-summary").all_inner_texts())

    @property
    def state(self) -> str:
        """The badge beside the heading."""
        return self.page.locator(".page-buttons .badge-state").first.inner_text()

    @property
    def moves(self) -> list[str]:
        """The buttons of 「辦理」."""
        return self.page.locator(".moves .button-row button").all_inner_texts()

    def figure(self, label: str) -> str:
        """A number at the top of a record."""
        stat = self.page.locator(".stat", has=self.page.locator(".stat-label", has_text=re.compile(f"^{re.escape(label)}$")))
        return stat.locator(".stat-number").first.inner_text()

    def fact(self, label: str) -> str:
        """What a record says under a label."""
        found = self.page.locator(".fact", has=self.page.locator("dt", has_text=re.compile(f"^{re.escape(label)}$")))
        return found.locator("dd").first.inner_text()

    @property
    def number(self) -> int:
        """The record's number, from the address."""
        found = re.search(r"/(?:show|intake|result|record|sheet|step)/(\d+)", self.page.url)
        assert found, self.page.url
        return int(found[1])

    def picture(self, name: str, at: str = "", height: int = 640) -> "Person":
        """Keep what the page shows (from the element `at` downwards), without menu and heading, for the user guide."""
        if self.album is not None:
            place = self.page.locator(at).first.evaluate("e => e.getBoundingClientRect().top + scrollY - 80") if at else 0
            self.page.evaluate("y => scrollTo({ top: y, behavior: 'instant' })", place)
            menu, bar = self.page.locator("nav.side").bounding_box(), self.page.locator(".top-bar").bounding_box()
            assert menu and bar
            left, top = menu["width"], bar["y"] + bar["height"]
            area: FloatRect = {"x": left, "y": top, "width": WIDTH - left, "height": height}
            self.page.screenshot(path=self.album / f"guide-{name}.png", clip=area)
        return self

    def fair(self) -> "Person":
        """Nobody is shut out of this page, and it needs no scrolling sideways."""
        serious = [v for v in Axe().run(self.page).response["violations"] if v["impact"] in SERIOUS]
        found = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in serious]
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert not found and width <= WIDTH, (self.page.url, width, found)
        return self
