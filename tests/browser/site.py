"""The real product on a loopback port, with the demo county in it, for tests that drive a browser and for `make screens`."""

import logging
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, Page, Playwright
from werkzeug.serving import BaseWSGIServer, make_server

from tests import demo_county, needs

WIDTH, HEIGHT = 1366, 820
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"]
PATIENCE = 120_000
"""Milliseconds for a page to answer: on a machine that is busy with other things, and with a whole register made behind one button."""


@dataclass
class Site:
    """`url` without a slash at the end; `accounts` the demo's, one per role."""

    app: Flask
    url: str
    server: BaseWSGIServer
    accounts: tuple[Any, ...]

    def account(self, role: str) -> Any:
        return next(a for a in self.accounts if a.role == role)

    def stop(self) -> None:
        self.server.shutdown()


def start(folder: Path, households: int = demo_county.HOUSEHOLDS) -> Site:
    """Build a county of that size and serve it."""
    return serve(demo_county.build(folder, households))


def serve(app: Flask) -> Site:
    """Every request in a thread of its own, as the browser asks for several files at once."""
    from app.demo import ACCOUNTS

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return Site(app, f"http://127.0.0.1:{server.server_port}", server, tuple(ACCOUNTS))


def restore(site: Site, source: Path) -> None:
    """Put the database back to what is in the file `source`."""
    from app.extensions import db

    with site.app.app_context():
        db.session.remove()
        db.engine.dispose()
    with sqlite3.connect(source) as copy, sqlite3.connect(site.app.config["SWIS_HOME"] / "swis.db") as live:
        copy.backup(live)


def launch(playwright: Playwright) -> Browser:
    """The machine's own Chromium."""
    return playwright.chromium.launch(executable_path=needs.chromium(), args=CHROMIUM_FLAGS, timeout=PATIENCE)


def sign_in(browser: Browser, site: Site, role: str) -> Page:
    """A fresh browser window (its own cookies), signed in as the demo's person of a role."""
    page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-TW", timezone_id="Asia/Taipei").new_page()
    page.set_default_timeout(PATIENCE)
    account = site.account(role)
    page.goto(f"{site.url}/login/")
    page.fill("#username", account.username)
    page.fill("#password", account.password)
    page.click("form button[type=submit]:has-text('登入')")
    page.wait_for_selector("nav.side")
    return page


def give_purpose(page: Page, purpose: str = "民眾查詢") -> None:
    """When the page asks why a record is looked at, say it."""
    if page.locator(".purpose-form").count():
        page.check(f".purpose-form input[value='{purpose}']")
        page.click(".purpose-form button[type=submit]")
        page.wait_for_load_state()
