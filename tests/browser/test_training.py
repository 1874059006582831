"""A training console in Chromium: a task played wrong is explained, played right in the real screens it is passed; the mark is on every page."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.models.training import TrainingTry
from app.security import roles
from tests import demo_county
from tests.training.conftest import MORE, marked

from . import site as sites
from .loop_people import Person
from .site import Site

ALBUM = Path(os.environ["SWIS_PICTURES"]) if os.environ.get("SWIS_PICTURES") else None


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = marked(demo_county.built(tmp_path_factory), tmp_path_factory.mktemp("training-console") / "home")
    site = sites.serve(demo_county.application(home, **{**MORE, "WTF_CSRF_ENABLED": True}))
    yield site
    site.stop()


def material(site: Site) -> dict[str, object]:
    """What the newest try was made with."""
    from app.extensions import db

    with site.app.app_context():
        row = db.session.query(TrainingTry).order_by(TrainingTry.id.desc()).first()
        assert row is not None
        return dict(row.material)


def picture(person: Person, name: str) -> None:
    if ALBUM:
        ALBUM.mkdir(parents=True, exist_ok=True)
        person.page.screenshot(path=ALBUM / f"{name}.png", full_page=True)


def test_a_task_is_played_wrong_and_then_right(browser: Browser, console: Site) -> None:
    accountant = Person(sites.sign_in(browser, console, roles.ACCOUNTANT), console, "業務辦理")
    accountant.menu("訓練", "訓練任務")
    picture(accountant, "training-tasks")
    accountant.follow("放行並以兩個通路撥款", exact=True).press("開始練習")
    assert accountant.page.locator(".training-banner").is_visible()
    accountant.press("完成，請檢查")
    said = accountant.page.locator("#result").inner_text()
    assert "0 分" in said and said.count("還不對") == 4 and "放行是主計出納的權責" in said
    accountant.press("再練一次")
    picture(accountant, "training-task")
    run = material(console)["run"]
    accountant.open(f"/payment_runs/show/{run}").move("撥款").move("產生檔案")
    accountant.open("/training/task/pay_two_channels").press("完成，請檢查")
    said = accountant.page.locator("#result").inner_text()
    assert "通過" in said and "100 分" in said and "還不對" not in said
    picture(accountant, "training-result")
    assert accountant.page.evaluate("document.documentElement.scrollWidth") <= sites.WIDTH
    assert not accountant.troubles

    auditor = Person(sites.sign_in(browser, console, roles.AUDITOR), console, "稽核")
    auditor.open("/training/task/who_approved").press("開始練習").press("完成，請檢查")
    assert "請先回答：初審人員" in auditor.page.locator(".message-danger").inner_text()
    auditor.page.check(f"input[name=who][value='{material(console)['actor']}']")
    auditor.press("完成，請檢查")
    assert "做對了" in auditor.page.locator("#result").inner_text()

    director = Person(sites.sign_in(browser, console, roles.COUNTY_SUPERVISOR), console, "業務辦理")
    director.menu("訓練", "訓練成績")
    assert "放行並以兩個通路撥款" in director.page.locator("#passed").inner_text()
    picture(director, "training-results")
    director.open("/training-results/effect")
    picture(director, "training-effect")
    director.page.locator(".who-menu summary").click()
    director.page.get_by_role("button", name="第一天導覽").click()
    tour = director.page.locator("#tour")
    director.page.keyboard.press("ArrowRight")
    assert "今日工作" in tour.inner_text() and director.page.locator("a.brand.tour-here").count() == 1
    picture(director, "tour")
    for _ in range(4):
        director.page.keyboard.press("Enter")
    assert not tour.is_visible() and director.page.locator(".tour-here").count() == 0
    assert not director.troubles
