"""The whole loop as one story: who does what, in what order. The test walks it; the user guide's pictures are taken on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from playwright.sync_api import Browser, Page

from app.core import roc
from app.jobs import load
from app.jobs.process import JobsProcess, Settings
from app.security import roles

from . import loop_counter as counter
from . import loop_match as matching
from . import loop_money as money
from . import site as sites
from .loop_people import Person
from .site import Site

PURPOSES = {
    roles.TOWN_CLERK: "受理申請",
    roles.TOWN_SUPERVISOR: "初審",
    roles.COUNTY_OFFICER: "複審",
    roles.COUNTY_SUPERVISOR: "核定",
    roles.ACCOUNTANT: "撥款作業",
    roles.MINISTRY_OFFICER: "疑義查核",
}


@contextmanager
def jobs_process(site: Site) -> Iterator[None]:
    """The jobs process beside the console."""
    load()
    process = JobsProcess(site.app, Settings(poll=0.2, grace=5))
    worker = Thread(target=process.serve)
    worker.start()
    try:
        yield
    finally:
        process.stop()
        worker.join()


def walk(site: Site, sign_in: Callable[[str], Page], folder: Path, album: Path | None = None) -> list[Person]:
    """Counter, reviews, decision, money, roster, match, doubt, claim, statistics; the people as they are at the end."""
    people = [Person(sign_in(role), site, why, album) for role, why in PURPOSES.items()]
    clerk, chief, officer, director, accountant, ministry = people

    pk = counter.open_draft(clerk)
    counter.fill_in(clerk, pk)
    counter.come_back_later(clerk, pk)
    counter.submit(clerk)
    counter.correct(clerk)
    counter.first_review(chief, pk)
    counter.second_review(officer, pk)
    amount = counter.decide(director, pk)

    run_id = money.make_register(officer)
    money.settle_findings(officer, run_id)
    money.newcomer_is_new(officer)
    money.approve(director, run_id)
    money.release(accountant, run_id)
    money.post_office_file(accountant, folder, amount)
    assert counter.NAME in money.workbook(accountant, "下載發放清冊", folder)
    result, name = money.answer_of_the_bank(site, run_id, folder)
    money.reconcile(accountant, run_id, result, name)
    money.money_without_account(clerk, officer, name)
    money.pay_again(officer, director, accountant, name, folder)

    sent = matching.roster(officer, run_id, folder)
    matching.upload(ministry, matching.farmers_list(site, folder), source="其他機關給付", month=roc.month5(matching.month()))
    matching.match(ministry)
    claim = matching.answer(officer, director, amount)
    matching.recover(officer, director, claim)
    matching.statistics(director, sent, amount)
    return people


def take_pictures(browser: Browser, site: Site, album: Path) -> int:
    """Walk once and keep the pictures of the user guide; how many there are."""
    album.mkdir(parents=True, exist_ok=True)
    for old in album.glob("guide-*.png"):
        old.unlink()
    with TemporaryDirectory() as folder, jobs_process(site):
        for person in walk(site, lambda role: sites.sign_in(browser, site, role), Path(folder), album):
            person.page.context.close()
    return len(list(album.glob("guide-*.png")))
