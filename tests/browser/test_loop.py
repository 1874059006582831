"""The whole loop in a browser, as five people (and the ministry, whose match it is): counter, reviews, decision, money, roster, match, doubt, claim, statistics."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.commands import verify
from app.jobs import load
from app.jobs.process import JobsProcess, Settings
from app.security import roles

from . import loop_counter as counter
from . import loop_match as matching
from . import loop_money as money
from .loop_people import Person
from .site import Site


@pytest.fixture
def jobs(site: Site) -> Iterator[None]:
    """The jobs process beside the console."""
    load()
    process = JobsProcess(site.app, Settings(poll=0.2, grace=5))
    worker = threading.Thread(target=process.serve)
    worker.start()
    yield
    process.stop()
    worker.join()


def test_the_whole_loop_as_five_people(site: Site, jobs: None, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    people = {
        roles.TOWN_CLERK: "受理申請", roles.TOWN_SUPERVISOR: "初審", roles.COUNTY_OFFICER: "複審", roles.COUNTY_SUPERVISOR: "核定",
        roles.ACCOUNTANT: "撥款作業", roles.MINISTRY_OFFICER: "稽核",
    }  # fmt: skip
    clerk, chief, officer, director, accountant, ministry = (Person(sign_in(role), site, why) for role, why in people.items())

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
    money.approve(director, run_id)
    money.release(accountant, run_id)
    money.post_office_file(accountant, tmp_path, amount)
    assert counter.NAME in money.workbook(accountant, "下載發放清冊", tmp_path)
    result, name = money.answer_of_the_bank(site, run_id, tmp_path)
    money.reconcile(accountant, run_id, result, name)
    money.money_without_account(clerk, officer, name)
    money.pay_again(officer, director, accountant, name, tmp_path)

    sent = matching.roster(officer, run_id, tmp_path)
    matching.upload(ministry, matching.farmers_list(site, tmp_path), source="其他機關給付", month=matching.roc.month5(matching.month()))
    matching.match(ministry)
    claim = matching.answer(officer, amount)
    matching.recover(officer, director, claim)
    matching.statistics(director, sent, amount)
    assert [p.troubles for p in (clerk, chief, officer, director, accountant, ministry)] == [[]] * 6
    with site.app.app_context():
        assert [c for c in verify.run() if c.breaks] == []
