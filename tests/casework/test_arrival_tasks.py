"""A record that arrives about a running case opens a task in it; what takes the record back closes the task."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands import deliveries, exchange
from app.commands.base import CommandError, Refused
from app.commands.casework import arrival_facts, arrival_tasks, changes
from app.core import clock, roc
from app.models.audit import Step
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.decision import Change
from app.rules import exclusions
from app.security.actor import Actor
from tests.casework.conftest import person_id
from tests.exchange.making import write_csv

SYSTEM = Actor.system("test")
ELDER = {"person_id": person_id(1), "name": "彭水木", "birth": "0370301"}


@pytest.fixture
def running(desk):
    """A case granted in September 115, with one counted son."""
    with clock.frozen(dt.date(2026, 9, 15)):
        today = clock.today()
        desk.open().fill(children=[(45, 42_000)])
        desk.save(
            fields={"household_taken_on": today, "consent_on": today, "affidavit_on": today, "received_on": today},
            lines={1: {"tax_year": 113}, 2: {"tax_year": 113}},
            documents={d.code: {"received_on": today} for d in desk.case.documents if d.required},
        )
        desk.to_decision().approve()
    return desk


@pytest.fixture
def arrive(running, tmp_path):
    """A file of one source arrives on a day; rows in the caseworker's words."""
    count = iter(range(1, 99))

    def send(source, on, *rows, mode="new"):
        with clock.frozen(on):
            path = write_csv(tmp_path / f"{source}{next(count)}.csv", [ELDER | r for r in rows])
            return exchange.import_file(SYSTEM, source, path, None, None, None, mode)

    return send


def event(number, kind, on, **more):
    return {"change_no": number, "event": kind, "event_date": on, "registered_date": on, "county_from": "", "county_to": "", "new_value": ""} | more


def tasks(desk):
    desk.session.expire_all()
    return list(desk.session.scalars(select(CaseTask).order_by(CaseTask.id)))


def task(desk):
    (found,) = tasks(desk)
    return found


def test_a_death_opens_a_task_with_the_month_after_and_its_article(running, arrive):
    sent = arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    found = task(running)
    assert (found.kind, found.state, found.effective_month, found.case_no) == ("death", "open", roc.month(115, 11), running.case.case_no)
    assert "11條" in found.article and "115" in found.facts and "新增 1 件" in "".join(sent.notices)
    assert found.batch_id == sent.batch_no and found.act_from == dt.date(2026, 11, 3)


def test_the_same_file_twice_and_a_change_known_already_open_nothing(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    arrive("household_change", dt.date(2026, 11, 4), event("H1", "death", "1151020"))
    assert len(tasks(running)) == 1
    with clock.frozen(dt.date(2026, 11, 5)):
        changes.record_change(running.who("clerk"), running.id, "custody", dt.date(2026, 10, 5))
        custody = {"record_no": "J1", "kind": "prison", "from_date": "1151005", "to_date": ""}
        arrive("custody", dt.date(2026, 11, 6), custody)
    assert len(tasks(running)) == 1


def test_a_change_recorded_from_another_paper_answers_the_report(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    with clock.frozen(dt.date(2026, 11, 4)):
        number = changes.record_change(running.who("clerk"), running.id, "death", dt.date(2026, 10, 20), None, {}, "家屬申報")
    found = task(running)
    assert (found.state, found.change_id) == ("done", number)


def test_an_annulled_death_withdraws_the_task_in_whatever_order_it_comes(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    arrive("household_change", dt.date(2026, 11, 5), event("H2", "death_annulled", "1151020", registered_date="1151104"))
    assert task(running).state == "withdrawn"
    last = running.session.scalars(select(Step).where(Step.subject_table == "case_task")).one()
    assert last.to_state == "withdrawn" and "撤銷" in last.comment


def test_an_annulment_after_the_award_was_ended_asks_to_put_it_right(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    with clock.frozen(dt.date(2026, 11, 4)):
        change = arrival_tasks.record(running.who("clerk"), task(running).id)
        changes.apply_change(running.who("officer"), change)
    assert running.session.scalars(select(Award)).one().status == "ended"
    arrive("household_change", dt.date(2026, 11, 9), event("H2", "death_annulled", "1151020", registered_date="1151108"))
    first, second = tasks(running)
    assert (first.state, second.kind, second.state) == ("done", "annulled", "open") and "恢復發給" in second.facts


def test_the_change_is_recorded_by_one_and_applied_by_another(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "move_out", "1151020", county_from="10004", county_to="10018"))
    with clock.frozen(dt.date(2026, 11, 4)):
        number = arrival_tasks.record(running.who("officer"), task(running).id)
        recorded = running.session.get(Change, number)
        assert (recorded.kind, recorded.happened_on, recorded.details["county_code"]) == ("move_out", dt.date(2026, 10, 20), "10018")
        with pytest.raises(CommandError):
            changes.apply_change(running.who("officer"), number)
        changes.apply_change(running.who("director"), number)
    assert running.session.scalars(select(Award)).one().to_month == roc.month(115, 10)


def test_coming_back_to_the_county_withdraws_the_move(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "move_out", "1151020", county_from="10004", county_to="10018"),
           event("H2", "move_in", "1151028", county_from="10018", county_to="10004"))  # fmt: skip
    assert tasks(running) == []


def test_a_corrected_date_rewrites_the_open_task(running, arrive):
    stay = {"record_no": "J1", "kind": "prison", "from_date": "1151005", "to_date": ""}
    arrive("custody", dt.date(2026, 11, 3), stay)
    arrive("custody", dt.date(2026, 11, 5), stay | {"from_date": "1150928"})
    found = task(running)
    assert (found.state, found.happened_on, found.effective_month) == ("open", dt.date(2026, 9, 28), roc.month(115, 10))
    arrive("custody", dt.date(2026, 11, 6), stay | {"from_date": "1150928", "to_date": "1151030"})
    assert (task(running).until, task(running).state) == (dt.date(2026, 10, 30), "open")


def test_a_release_after_the_suspension_asks_to_resume(running, arrive):
    stay = {"record_no": "J1", "kind": "prison", "from_date": "1151005", "to_date": ""}
    arrive("custody", dt.date(2026, 11, 3), stay)
    with clock.frozen(dt.date(2026, 11, 4)):
        changes.apply_change(running.who("officer"), arrival_tasks.record(running.who("clerk"), task(running).id))
    arrive("custody", dt.date(2026, 12, 3), stay | {"to_date": "1151120"})
    _, second = tasks(running)
    assert (second.kind, second.change_kind, second.happened_on, second.effective_month) == ("ended", "resume", dt.date(2026, 11, 20), roc.month(115, 11))


def test_a_task_waits_as_long_as_the_county_set(running, arrive):
    arrival_tasks.set_wait(running.who("director"), None, "household_change", 10, "戶政常有撤銷")
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    assert task(running).act_from == dt.date(2026, 11, 13)
    with pytest.raises(Refused):
        arrival_tasks.set_wait(running.who("director"), None, "household_change", 91)


def test_going_abroad_waits_until_the_law_counts_it_and_a_return_takes_it_back(running, arrive):
    out = {"record_no": "B1", "date": "1151001", "direction": "out"}
    arrive("border_crossing", dt.date(2026, 11, 3), out)
    found = task(running)
    assert (found.kind, found.happened_on) == ("abroad", dt.date(2026, 10, 1) + dt.timedelta(days=182)) and found.act_from == found.happened_on
    arrive("border_crossing", dt.date(2026, 12, 3), {"record_no": "B2", "date": "1151120", "direction": "in"})
    assert task(running).state == "withdrawn"


def test_a_benefit_elsewhere_that_excludes_ours_asks_for_a_check_and_another_does_not(running, arrive):
    other = {"record_no": "E1", "kind": "unemployment_benefit", "month_from": "11510", "month_to": "", "amount": "5000", "agency": "勞動部勞工保險局"}
    arrive("benefit_elsewhere", dt.date(2026, 11, 3), other)
    assert tasks(running) == []
    arrive("benefit_elsewhere", dt.date(2026, 11, 4), other, other | {"record_no": "E2", "kind": "veteran_care"})
    found = task(running)
    assert (found.kind, found.change_kind, found.effective_month) == ("elsewhere", "", roc.month(115, 10)) and found.article
    with clock.frozen(dt.date(2026, 11, 5)), pytest.raises(Refused):
        arrival_tasks.record(running.who("clerk"), found.id)
    arrival_tasks.dismiss(running.who("clerk"), found.id, "已放棄就養給與")
    assert task(running).state == "dismissed"


def test_the_death_of_a_counted_member_reopens_the_household(running, arrive):
    son = {"person_id": person_id(900), "name": "彭志明", "birth": "0700101"}
    arrive("household_change", dt.date(2026, 11, 3), son | event("H1", "death", "1151020"))
    found = task(running)
    assert (found.kind, found.change_kind, found.name) == ("household", "household", "彭志明")


def test_what_a_counted_member_receives_elsewhere_reopens_the_means_of_the_household(running, arrive):
    son = {"person_id": person_id(900), "name": "彭志明", "birth": "0700101"}
    other = son | {"record_no": "E1", "kind": "unemployment_benefit", "month_from": "11510", "month_to": "", "amount": "5000", "agency": "勞動部"}
    arrive("benefit_elsewhere", dt.date(2026, 11, 3), other)
    found = task(running)
    assert (found.kind, found.change_kind, found.name) == ("household", "household", "彭志明") and "家庭收入" in found.facts
    arrive("benefit_elsewhere", dt.date(2026, 11, 4), other | {"month_to": "11510", "kind": "public_placement"})
    assert "公費安置" in task(running).facts and "應計人口" in task(running).facts


@pytest.mark.parametrize("benefit, opens", [("low_income_living_assistance", True), ("elderly_living_allowance", False)])
def test_a_members_absence_counts_where_the_law_asks_the_whole_household_to_be_at_home(benefit, opens):
    member = arrival_tasks.Case(
        1, 1, "10004", "10004010", benefit, "C1", roc.month(115, 7), "active", person_id(900), "彭志明", dt.date(1981, 1, 1), False
    )
    trip = {"record_no": "B1", "person_id": member.person_id, "date": dt.date(2026, 10, 1), "direction": "out", "batch_no": 7}
    [fact] = arrival_facts.absence([trip], "10004")

    class Law:
        def pair(self, case, counterpart, on):
            return next((e for e in exclusions.pairs_for(case.benefit, on) if e.counterpart == counterpart), None)

    made = arrival_tasks._task(member, fact, "border_crossing", Law(), {})
    assert (made is not None) == opens
    if made is not None:
        assert (made.kind, made.change_kind) == ("household", "household") and made.article.startswith("社會救助法第4條") and "183" in made.facts


def test_an_id_alone_is_not_the_person_and_taking_the_file_back_withdraws(running, arrive):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020") | {"name": "林阿土", "birth": "0200101"})
    assert tasks(running) == []
    sent = arrive("household_change", dt.date(2026, 11, 4), event("H1", "death", "1151020"))
    assert task(running).state == "open"
    deliveries.undo(SYSTEM, sent.batch_no, "送錯檔案")
    assert task(running).state == "withdrawn"
    arrive("household_change", dt.date(2026, 11, 5), event("H1", "death", "1151020"))
    assert task(running).state == "open"


def test_another_townships_people_do_not_see_it(running, arrive, client_as):
    arrive("household_change", dt.date(2026, 11, 3), event("H1", "death", "1151020"))
    number = task(running).id
    assert running.case.case_no in client_as("clerk.10004010").get("/case_tasks/list/").text
    stranger = client_as("clerk.10004020")
    assert running.case.case_no not in stranger.get("/case_tasks/list/").text
    assert running.case.case_no not in stranger.get(f"/case_tasks/show/{number}", follow_redirects=True).text
