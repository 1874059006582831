"""What the match learns, seen by those who work with it: the sample, the memory, many answers at once, the shadow, the replay."""

import datetime as dt
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select, update
from werkzeug.serving import make_server

from app.core import roc
from app.security import roles
from tests import seed
from tests.conftest import settings
from tests.matching.frames import ELA, MAR, change, entry, paid, record

from . import site as sites
from .site import Site

PEOPLE = [{"person_id": f"A{200000000 + n}", "name": f"王{n}"} for n in range(22)]
DEAD, FARMERS, LATE = PEOPLE[:11], PEOPLE[11:13], PEOPLE[13]
OPEN = "/doubts/list/?_flt_0_state=open"


class Account:
    def __init__(self, role: str, username: str) -> None:
        self.role, self.username, self.password = role, username, seed.PASSWORD


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The product with the seed's people and one county's rosters of two months; no demo."""
    from app import create_app
    from app.commands import setup
    from app.extensions import Model, db
    from app.models.parameter import Parameter
    from app.security import scope
    from tests.matching.test_commands import deliver

    folder: Path = tmp_path_factory.mktemp("learning")
    app = create_app({**settings(folder, f"sqlite:///{folder / 'swis.db'}"), "TESTING": False, "PROPAGATE_EXCEPTIONS": False})
    with app.app_context(), scope.use(scope.SYSTEM):
        Model.metadata.create_all(db.engine)
        setup.initialise()
        session = db.session()
        seed.fill(session)
        session.execute(update(Parameter).where(Parameter.name == "match_sample.size").values(value=2))
        for month in (MAR, MAR + 1):
            rows = [paid(month=month, rec_no=f"R{month}-{n}", case_no=f"C{n}", **who) for n, who in enumerate(PEOPLE)]
            deliver(session, "roster", rows, month, "10004", ELA)
        db.session.remove()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    people = (Account(roles.COUNTY_OFFICER, "officer.10004"), Account(roles.COUNTY_SUPERVISOR, "director.10004"), Account(roles.MINISTRY_OFFICER, "ministry"))
    site = Site(app, f"http://127.0.0.1:{server.server_port}", server, people)
    yield site
    site.stop()


def match(site: Site, month: int, deaths: list[tuple[dict[str, Any], str]]) -> None:
    """The registers come in, the month is matched."""
    from app.commands import matching
    from app.extensions import db
    from app.security import scope
    from tests.matching.test_commands import SYSTEM, registers

    with site.app.app_context(), scope.use(scope.SYSTEM):
        registers(
            db.session(),
            household_register=[entry(**who) for who in PEOPLE],
            household_change=[change("death", day, "0970301", **who) for who, day in deaths],
            benefit_elsewhere=[record(kind="farmer_allowance", month_from=MAR - 5, month_to=None, amount=6000, **who) for who in FARMERS],
        )
        matching.run_match(SYSTEM, month)
        db.session.remove()


def counted(site: Site, *conditions: Any) -> int:
    from app.extensions import db
    from app.models.doubt import Doubt
    from app.security import scope

    with site.app.app_context(), scope.use(scope.SYSTEM):
        found = db.session.scalar(select(func.count(Doubt.id)).where(*conditions)) or 0
        db.session.remove()
    return found


def work_off(site: Site) -> None:
    """A worker does what is queued."""
    from app.extensions import db
    from app.jobs import lease, runner

    with site.app.app_context():
        held = lease.claim(db.engine, "worker", 30)
        assert held is not None
        runner.execute(site.app, held, threading.Event())
        db.session.remove()


def said(page: Page) -> str:
    return page.locator("main").inner_text()


def opened(page: Page) -> None:
    """A record's page, once the purpose is said and it can be worked on."""
    sites.give_purpose(page, "疑義查核")
    page.wait_for_selector("#answer")
    page.wait_for_load_state("load")


def sample(site: Site, page: Page) -> None:
    """Two rows, by keyboard alone once the purpose is said."""
    page.goto(site.url + "/samples/list/?_flt_0_state=open")
    page.click("tbody a >> nth=0")
    opened(page)
    page.keyboard.press("a")
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Alt+j")
    assert "查核結果已存檔" in said(page) and "各登記資料對這個人的記載" in said(page)
    page.keyboard.press("a")
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
    page.goto(site.url + "/samples/list/?_flt_0_state=open")
    assert "共 0 筆" in said(page)
    page.goto(site.url + "/statistics/?first=09803&last=09804")
    row = page.locator("#quality tbody tr", has_text="新竹縣").inner_text().split()
    assert row[:2] == ["98年3月", "新竹縣"] and "2" in row, row


def answer_one(site: Site, page: Page) -> str:
    """From doubt to doubt and back, then one is answered; its number."""
    from app.extensions import db
    from app.models.doubt import Doubt
    from app.security import scope

    with site.app.app_context(), scope.use(scope.SYSTEM):
        key = db.session.scalars(select(Doubt.id).where(Doubt.state == "open").order_by(Doubt.rank.desc(), Doubt.id.desc()).limit(1)).one()
        db.session.remove()
    page.goto(f"{site.url}/doubts/show/{key}")
    opened(page)
    first = page.locator("h1").inner_text()
    for key in ("j", "k"):
        with page.expect_navigation():
            page.keyboard.press(key)
        assert (page.locator("h1").inner_text() == first) is (key == "k")
    page.keyboard.press("a")
    page.keyboard.press("Space")
    page.fill("#answer textarea", "戶政查復為另一人")
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
    assert "答復已存檔" in said(page) and "先前的答復" in said(page)
    number = first.split()[-1]
    assert counted(site, Doubt.doubt_no == number, Doubt.state == "answered") == 1
    return number


def remember(site: Site, page: Page, number: str) -> None:
    """Matched again the answered doubt stays silent, until the answer has expired; when the death is registered anew on another day it is a
    new question."""
    from app.extensions import db
    from app.models.doubt import Doubt
    from app.security import scope

    before = counted(site, Doubt.state == "open")
    match(site, MAR, [(who, "0970115") for who in DEAD])
    page.goto(site.url + OPEN)
    assert number not in said(page) and counted(site, Doubt.state == "open") == before
    page.goto(site.url + "/match-runs/list/")
    page.click("tbody a >> nth=0")
    assert "縣市已就相同事實答復" in said(page)
    with site.app.app_context(), scope.use(scope.SYSTEM):  # the days of the answer pass
        db.session.execute(update(Doubt).where(Doubt.doubt_no == number).values(valid_until=roc.first_day(MAR) - dt.timedelta(days=1)))
        db.session.commit()
        db.session.remove()
    match(site, MAR, [(who, "0970115") for who in DEAD])
    page.goto(site.url + OPEN + "&_flt_0_doubt_no=" + number)
    assert number in said(page) and counted(site, Doubt.state == "open") == before + 1
    match(site, MAR, [(who, "0970120") for who in DEAD])
    assert counted(site, Doubt.state == "open", Doubt.rule_code == "DEATH") == len(DEAD)


def answer_many(site: Site, page: Page) -> None:
    """All that is open about deaths, at once: tried first, then stored."""
    from app.models.doubt import Doubt

    page.goto(site.url + OPEN + "&_flt_0_rule_code=DEATH")
    page.check("[data-tick-all]")
    page.click("button:has-text('批次答復')")
    page.check("input[name=outcome][value=no_overpayment]")
    page.fill("textarea[name=reason]", "戶政查復死亡登記誤植")
    page.click("button:has-text('試算，先不存檔')")
    assert f"試算結果：{len(DEAD)} 筆可存檔，0 筆不存檔" in said(page)
    assert counted(site, Doubt.state == "open", Doubt.rule_code == "DEATH") == len(DEAD)
    page.click(f"button:has-text('存檔 {len(DEAD)} 筆')")
    page.wait_for_selector(f"text=已答復 {len(DEAD)} 筆")
    assert counted(site, Doubt.state == "open", Doubt.rule_code == "DEATH") == 0


def shadow(site: Site, officer: Page, ministry: Page) -> None:
    """Every answer said no: next month the rule is asked, and nothing of it is sent."""
    from app.models.doubt import Doubt

    match(site, MAR + 1, [(who, "0970120") for who in (*DEAD, LATE)])
    assert counted(site, Doubt.state == "shadow", Doubt.rule_code == "DEATH") == 1
    officer.goto(site.url + OPEN)
    assert LATE["name"] not in said(officer)
    ministry.goto(site.url + "/match-rules/")
    assert "影子執行" in ministry.locator("tr", has_text="死亡後仍發給").first.inner_text()


def replay(site: Site, officer: Page, director: Page) -> None:
    """The county wants to stop asking about the farmers' allowance: not untried, and what was confirmed is named."""
    from app.commands import doubts, parameters
    from app.extensions import db
    from app.models.doubt import Doubt
    from app.models.user import User
    from app.security import scope, web
    from tests.matching.test_commands import SYSTEM

    with site.app.app_context():
        user = db.session.scalars(select(User).where(User.username == "officer.10004")).one()
        actor = web.actor_for(user)
        with scope.use(scope.SYSTEM):
            key, number = db.session.execute(select(Doubt.id, Doubt.doubt_no).where(Doubt.rule_code == "ELSEWHERE").order_by(Doubt.id).limit(1)).one()
        confirmed = doubts.Answer("overpaid", "農會查復屬實", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=6000)
        doubts.answer_doubt(SYSTEM, key, confirmed)
        pair = parameters.propose_exclusion(actor, ELA, "farmer_allowance", "choose_one", False, roc.first_day(MAR + 200))
        db.session.remove()
    director.goto(f"{site.url}/exclusions/show/{pair}")
    director.click("button[formaction$='/approve']")
    director.wait_for_selector("text=啟用前要先試算")
    officer.goto(f"{site.url}/exclusions/show/{pair}")
    officer.click("#replay button:has-text('試算')")
    officer.wait_for_selector("text=已排入試算")
    work_off(site)
    officer.goto(site.url + "/match-replays/list/")
    officer.click("tbody a >> nth=0")
    assert number in officer.locator("#cases").inner_text()
    assert "98年4月" in officer.locator("#months").inner_text()
    director.goto(f"{site.url}/exclusions/show/{pair}")
    director.click("button[formaction$='/approve']")
    director.wait_for_load_state()
    director.goto(f"{site.url}/exclusions/show/{pair}")
    assert "啟用前要先試算" not in said(director) and director.locator("button[formaction$='/approve']").count() == 0


def test_what_the_match_learns(small: Site, browser: Browser) -> None:
    officer, director, ministry = (sites.sign_in(browser, small, r) for r in (roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR, roles.MINISTRY_OFFICER))
    try:
        match(small, MAR, [(who, "0970115") for who in DEAD])
        sample(small, officer)
        number = answer_one(small, officer)
        remember(small, officer, number)
        answer_many(small, officer)
        shadow(small, officer, ministry)
        replay(small, officer, director)
    finally:
        for page in (officer, director, ministry):
            page.context.close()
