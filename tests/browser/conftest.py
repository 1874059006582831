"""A browser and the product with the demo county, once for the session; the database is put back before each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import demo_county

from . import site as sites
from .site import Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=1))  # Chromium is another program, and a busy machine may starve it once


@pytest.fixture(scope="session", autouse=True)
def product_alone() -> None:
    """Commands that other tests of this process declared are not the product's: no page may speak of them."""
    from app.commands.base import REGISTRY

    for name in [n for n, entry in REGISTRY.items() if entry.name.startswith("tests.")]:
        del REGISTRY[name]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    site = sites.serve(demo_county.installed(tmp_path_factory))
    yield site, demo_county.built(tmp_path_factory) / "swis.db"
    site.stop()


@pytest.fixture
def site(running: tuple[Site, Path]) -> Site:
    """The product as the demo fills it."""
    site, kept = running
    sites.restore(site, kept)
    return site


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = sites.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def sign_in(browser: Browser, site: Site) -> Iterator[Callable[[str], Page]]:
    """`sign_in("公所承辦")`: a window of that person."""
    opened: list[Page] = []

    def make(role: str) -> Page:
        opened.append(sites.sign_in(browser, site, role))
        return opened[-1]

    yield make
    for page in opened:
        page.context.close()
