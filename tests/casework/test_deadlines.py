"""Statutory clocks of a case: days left by the county's holiday calendar, on the page and in the queues."""

import datetime as dt

import pytest

from app.commands import working_days
from app.commands.base import Refused
from app.commands.casework import deadlines
from app.core import clock
from tests.seed import HOME_TOWN

VISITED = "low_income_living_assistance"


def on(day):
    return clock.frozen(dt.datetime.combine(dt.date.fromisoformat(day), dt.time(1), dt.UTC))


def submitted(desk, day, n=1):
    """A household that hands its papers in on a day."""
    with on(day):
        desk.open(n=n, benefit=VISITED, born=dt.date(1986, 3, 1), sex="F", name="羅美蘭")
        return desk.papers().account().submit()


def clocks(desk, day):
    with on(day):
        return [(r.clock.code, r.day.isoformat(), r.words, r.tone, r.provisional) for r in deadlines.running(desk.session, desk.case, clock.today())]


def test_the_household_is_visited_within_five_days_of_receipt(desk):
    submitted(desk, "2026-05-04")
    assert clocks(desk, "2026-05-04") == [("visit", "2026-05-11", "剩 7 日", "good", False)]  # 5/9 is a Saturday
    assert clocks(desk, "2026-05-10")[0][2:4] == ("剩 1 日", "warn")
    assert clocks(desk, "2026-05-11")[0][2:4] == ("今天到期", "warn")
    assert clocks(desk, "2026-05-13")[0][2:4] == ("已逾 2 日", "bad")


def test_a_day_in_lieu_moves_the_last_day(desk):
    submitted(desk, "2026-10-21")  # the fifth day is 10/26, off in lieu of 10/25
    assert desk.case.due_on == dt.date(2026, 10, 27) and desk.case.due_provisional is False


def test_a_year_nobody_confirmed_says_so_until_the_county_confirms_it(desk):
    submitted(desk, "2027-03-01")
    assert desk.case.due_provisional is True
    with on("2027-03-01"):
        assert deadlines.label(desk.case)[0].endswith("（日曆尚未確認）")
        working_days.confirm_year(desk.who("officer"), 2027, "行政院核定之116年政府行政機關辦公日曆表")
    assert desk.case.due_provisional is False
    with on("2027-03-01"), pytest.raises(Refused, match="已經確認"):
        working_days.confirm_year(desk.who("director"), 2027, "再一次")


def test_the_county_corrects_a_day_and_every_running_clock_follows(desk):
    submitted(desk, "2026-05-04")
    officer = desk.who("officer")
    with on("2026-05-04"):
        with pytest.raises(Refused, match="理由"):
            working_days.set_day(officer, dt.date(2026, 5, 11), "off", "颱風停止上班", " ")
        working_days.set_day(officer, dt.date(2026, 5, 11), "off", "颱風停止上班", "縣府115年5月10日公告")
        assert desk.case.due_on == dt.date(2026, 5, 12)
        working_days.set_day(officer, dt.date(2026, 5, 9), "worked", "補行上班", "縣府公告")
        assert desk.case.due_on == dt.date(2026, 5, 9)
        working_days.drop_day(officer, dt.date(2026, 5, 9))
        working_days.drop_day(officer, dt.date(2026, 5, 11))
    assert desk.case.due_on == dt.date(2026, 5, 11)


def test_another_countys_correction_changes_nothing_here(desk, session):
    from app.models.working_days import DayOff

    session.add(DayOff(county_code="65000", day=dt.date(2026, 5, 11), kind="off", name="颱風", reason="新北市公告"))
    session.commit()
    submitted(desk, "2026-05-04")
    assert desk.case.due_on == dt.date(2026, 5, 11)


def test_the_township_has_no_hand_in_the_calendar(desk):
    from app.commands.base import Forbidden

    with pytest.raises(Forbidden):
        working_days.set_day(desk.who("clerk"), dt.date(2026, 5, 11), "off", "颱風", "公告")


def test_the_visit_ends_the_clock(desk):
    submitted(desk, "2026-05-04")
    with on("2026-05-06"):
        desk.complete().first_review(visited_on=clock.today(), visit_report="家中僅病榻一張")
    assert clocks(desk, "2026-05-06") == [] and desk.case.due_on is None


def test_the_elderly_allowance_gives_the_township_a_month_from_complete_papers(desk):
    with on("2026-05-04"):
        desk.open().fill().submit()
        assert desk.case.due_on is None
        desk.complete()
    assert (desk.case.due_on, desk.case.due_clock) == (dt.date(2026, 6, 4), "preliminary_review")
    with on("2026-05-05"):
        desk.first_review().forward()
    assert desk.case.due_on is None


def test_the_disability_allowance_is_decided_within_a_month(desk):
    with on("2026-05-04"):
        desk.open(benefit="disability_living_allowance").papers().account().submit().complete()
    assert (desk.case.due_on, desk.case.due_clock) == (dt.date(2026, 6, 4), "decision")


def test_the_card_has_three_clocks_one_after_the_other(desk):
    """10 days hospital → health bureau, 10 days health bureau → county, 15 working days for the needs assessment."""
    with on("2026-05-04"):
        desk.open(benefit="disability_register").papers().submit()
        for dates, expected in (
            ({"assessment_day": dt.date(2026, 4, 28)}, [("hospital_report", "2026-05-08")]),
            ({"assessment_forwarded": dt.date(2026, 5, 1)}, [("health_forward", "2026-05-11")]),
            ({"assessment_received": dt.date(2026, 5, 4)}, [("needs_assessment", "2026-05-25")]),
            ({"assessment_needs_assessed": dt.date(2026, 5, 4)}, []),
        ):
            desk.save(fields=dates)
            assert [c[:2] for c in clocks(desk, "2026-05-04")] == expected
            assert desk.case.due_on == (dt.date.fromisoformat(expected[0][1]) if expected else None)


def test_the_queue_stands_in_the_order_of_the_deadlines_and_says_what_is_left(desk, client_as, actor):
    late = submitted(desk, "2026-05-04").id
    soon = submitted(desk, "2026-05-06", n=2).id
    client = client_as(f"chief.{HOME_TOWN}")
    with on("2026-05-12"):
        page = client.get("/low_income_living_assistance/list/?_flt_0_state=submitted&_oc_LowIncomeApplicationView=due_on&_od_LowIncomeApplicationView=asc").text
        assert "已逾 1 日" in page and "今天到期" not in page and "已逾 2 日" not in page
        assert page.index(f"/show/{late}") < page.index(f"/show/{soon}")
        assert "badge-bad" in page
        open_page = client_as(f"clerk.{HOME_TOWN}")
        open_page.post(f"/low_income_living_assistance/purpose/{late}", data={"purpose": "初審"})
        text = open_page.get(f"/low_income_living_assistance/show/{late}").text
    assert "派員調查" in text and "社會救助法第10條第2項" in text and "已逾 1 日" in text


def test_deadlines_written_before_are_reckoned_anew_in_chunks(desk, session):
    from sqlalchemy import update

    from app.models.application import Application

    submitted(desk, "2026-05-04"), submitted(desk, "2026-05-06", n=2)
    session.execute(update(Application).values(due_on=None))
    session.commit()
    last = deadlines.refresh(session, limit=1)
    assert last is not None and session.get(Application, last).due_on is not None
    deadlines.refresh(session)
    assert desk.case.due_on == dt.date(2026, 5, 11)


def test_the_calendar_on_screen(client_as):
    officer, clerk = client_as("officer.10004"), client_as(f"clerk.{HOME_TOWN}")
    page = officer.get("/working-days/?year=115").text
    assert "115/10/26" in page and "院授人培字第11430248312號" in page
    page = officer.get("/working-days/?year=116").text
    assert "尚未確認" in page and "116/10/10" in page
    answer = officer.post("/working-days/settings", data={"what": "set", "day": "1150710", "kind": "off", "name": "颱風停止上班", "reason": "縣府公告", "year": "115"})
    assert answer.status_code == 303
    assert "本縣市更正：縣府公告" in officer.get("/working-days/?year=115").text
    answer = officer.post("/working-days/settings", data={"what": "set", "day": "十月", "kind": "off", "name": "颱風", "reason": "x", "year": "115"})
    assert answer.status_code == 422 and "日期請填民國年月日" in answer.text and "颱風" in answer.text
    assert "更正一天" not in clerk.get("/working-days/?year=115").text
    assert clerk.post("/working-days/settings", data={"what": "set"}).status_code in (302, 403)
