"""The history of a record: a move is told once, and doing one thing again and again is one line."""

import datetime as dt

from app.commands.casework import facts
from app.core import clock
from app.security import scope
from app.views.base_timeline import TimelineEntry, _folded
from tests.seed import HOME_TOWN


def entry(minute, title, who="彭雅婷"):
    return TimelineEntry(dt.datetime(2026, 11, 22, 1, minute), who, title)


def test_the_same_thing_again_and_again_is_one_line_with_its_number():
    lines = _folded([entry(9, "送件"), entry(8, "儲存內容"), entry(7, "儲存內容"), entry(6, "儲存內容", "范國棟"), entry(5, "儲存內容")])
    assert [line.title for line in lines] == ["送件", "儲存內容（2 次）", "儲存內容", "儲存內容"]
    assert lines[1].at.minute == 8


def test_a_check_before_eight_in_the_morning_is_of_that_day(desk):
    desk.open().fill(children=[(45, 42_000)])
    case = desk.case
    case.exclusions_checked_at = dt.datetime(2026, 11, 21, 21, 35)
    with scope.use(scope.SYSTEM), desk.session.no_autoflush:
        source = facts.case_facts(case, clock.today()).other_benefits_source
        desk.session.rollback()
    assert source.as_of == dt.date(2026, 11, 22)


def test_a_move_is_told_once(desk, client_as):
    desk.open().fill(children=[(45, 42_000)]).submit()
    client = client_as(f"clerk.{HOME_TOWN}")
    client.post(f"/elderly_living_allowance/purpose/{desk.id}", data={"purpose": "民眾查詢"})
    page = client.get(f"/elderly_living_allowance/show/{desk.id}").text
    assert page.count("送件：草稿") == 1 and ">送件</p>" not in page
