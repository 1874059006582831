"""Household data of an applicant: read by a job, compared line by line, taken over only where somebody ticks."""

import datetime as dt
import threading

import pytest

from app.commands import exchange
from app.commands.base import Forbidden, Refused
from app.commands.casework import household_data
from app.core import clock
from app.extensions import db
from app.jobs import lease, runner
from app.models.household import HouseholdMember
from app.security.actor import Actor
from tests.casework.conftest import person_id
from tests.exchange.making import write_csv
from tests.seed import HOME_TOWN

HOUSE = "F0000001"
FATHER, MOTHER, WIFE, SON, WED, GRANDCHILD, LODGER = (person_id(n, s) for n, s in ((70, "M"), (71, "F"), (72, "F"), (73, "M"), (74, "F"), (75, "M"), (76, "M")))


def row(number, name, birth, sex, house=HOUSE, status="resident", **family):
    return {
        "person_id": number, "name": name, "birth": birth, "sex": sex, "household_no": house, "head_id": "", "relation": "家屬", "county_code": "10004",
        "town_code": "10004010", "address": "", "move_in_date": "", "spouse_id": "", "father_id": "", "mother_id": "", "status": status, **family,
    }  # fmt: skip


OWN = row(person_id(1), "彭水木", "0370301", "M", spouse_id=WIFE, father_id=FATHER, mother_id=MOTHER)
FAMILY = [
    OWN,
    row(WIFE, "范秀妹", "0400505", "F", spouse_id=person_id(1)),
    row(SON, "彭志明", "0640101", "M", house="F0000002", father_id=person_id(1), mother_id=WIFE, spouse_id=WED),
    row(GRANDCHILD, "彭小寶", "0990101", "M", father_id=SON, mother_id=WED),
    row(FATHER, "彭阿土", "0100101", "M", house="F0000009", status="deceased", spouse_id=MOTHER),
    row(LODGER, "羅同住", "0600101", "M"),
    row(person_id(90), "陳無關", "0600101", "M", house="F0000077"),
]


@pytest.fixture
def arrive(tmp_path):
    def send(*rows, source="household_register"):
        result = exchange.import_file(Actor.system("測試"), source, write_csv(tmp_path / f"{source}.csv", list(rows)), None, None, None, "new")
        assert result.problem is None and result.accepted == len(rows), result

    return send


@pytest.fixture
def case(desk):
    """A draft that knows the applicant, a son without his number's registration, and a daughter the register does not have."""
    desk.open().papers()
    desk.save(members=[
        {"position": 2, "relation": "child", "person_id": SON, "name": "彭志銘", "birth": dt.date(1975, 1, 1), "sex": "M", "same_registration": True},
        {"position": 3, "relation": "child", "person_id": person_id(80, "F"), "name": "彭美玉", "birth": dt.date(1978, 1, 1), "sex": "F"},
    ])  # fmt: skip
    return desk


def looked(app, desk):
    household_data.ask(desk.who("clerk"), desk.id)
    held = lease.claim(db.engine, "worker", 30)
    assert held is not None
    runner.execute(app, held, threading.Event())
    desk.session.expire_all()
    return household_data.last(desk.session, desk.id)


def told(found):
    return [(line["kind"], line["name"], line["field"], line["old"], line["new"]) for line in found.lines]


def test_the_whole_household_and_first_degree_relatives_elsewhere_are_found(app, case, arrive):
    arrive(*FAMILY)
    found = looked(app, case)
    assert found.state == "ready" and found.as_of == clock.today()
    assert told(found) == [
        ("changed", "彭水木", "same_registration", None, True),
        ("new", "范秀妹", "", None, None),
        ("changed", "彭志銘", "name", "彭志銘", "彭志明"),
        ("changed", "彭志銘", "same_registration", True, False),
        ("new", "彭小寶", "", None, None),
        ("new", "彭阿土", "", None, None),
        ("new", "羅同住", "", None, None),
        ("gone", "彭美玉", "", None, None),
    ]
    relations = {line["name"]: line["values"]["relation"] for line in found.lines if line["kind"] == "new"}
    assert relations == {"范秀妹": "spouse", "彭小寶": "grandchild", "彭阿土": "parent", "羅同住": "other"}


def test_the_case_stays_as_it_is_until_somebody_ticks(app, case, arrive):
    arrive(*FAMILY)
    looked(app, case)
    assert [m.name for m in case.case.members] == ["彭水木", "彭志銘", "彭美玉"]


def test_what_is_ticked_is_taken_over_with_its_source_and_day_and_judged_anew(app, case, arrive):
    arrive(*FAMILY)
    found = looked(app, case)
    wanted = {line["no"] for line in found.lines if line["name"] in ("范秀妹", "彭美玉") or line["field"] == "name"}
    assert household_data.take_over(case.who("clerk"), found.id, wanted) == 3
    members = {m.name: m for m in case.case.members}
    assert set(members) == {"彭水木", "彭志明", "范秀妹"}
    wife, son = members["范秀妹"], members["彭志明"]
    assert (wife.relation, wife.person_id, wife.source, wife.as_of, wife.counted) == ("spouse", WIFE, "register", clock.today(), True)
    assert (son.source, son.same_registration) == ("register", True), "the line that was not ticked stays as it was"
    assert case.case.household_taken_on == clock.today()
    with pytest.raises(Refused, match="已經處理過"):
        household_data.take_over(case.who("clerk"), found.id, {1})


def test_a_death_in_the_change_file_comes_with_its_day(app, case, arrive):
    arrive(*FAMILY)
    event = {"change_no": "H1", "person_id": SON, "name": "彭志明", "birth": "0640101", "event": "death", "event_date": "1150901", "registered_date": "1150903",
             "county_from": "", "county_to": "", "new_value": ""}  # fmt: skip
    arrive(event, source="household_change")
    found = looked(app, case)
    line = next(line for line in found.lines if line["field"] == "death" and line["kind"] == "changed")
    household_data.take_over(case.who("clerk"), found.id, {line["no"]})
    assert case.case.members[1].death == dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    ("rows", "state"),
    [([], "nothing"), (FAMILY[1:], "absent"), ([{**OWN, "name": "王大同", "birth": "0300101"}], "absent")],
    ids=["nothing received", "not on file", "another person under the number"],
)
def test_nothing_received_and_not_on_file_are_two_answers_and_neither_is_no_family(app, case, arrive, rows, state):
    if rows:
        arrive(*rows)
    found = looked(app, case)
    assert (found.state, found.lines) == (state, [])
    assert len(case.case.members) == 3


def test_without_consent_nobody_is_looked_up(desk):
    desk.open()
    with pytest.raises(Refused, match="同意書"):
        household_data.ask(desk.who("clerk"), desk.id)


def test_a_case_under_review_takes_nothing_in(app, case, arrive, desk):
    arrive(*FAMILY)
    found = looked(app, case)
    desk.save(members=[{"position": 1}])
    desk.account().submit().complete().first_review("fail")
    with pytest.raises(Refused, match="已送出審查"):
        household_data.take_over(desk.who("clerk"), found.id, {1})
    with pytest.raises(Forbidden):
        household_data.ask(desk.who("officer"), desk.id)


def test_the_screen_lists_every_difference_and_takes_the_ticked_ones(app, case, arrive, client_as):
    arrive(*FAMILY)
    client = client_as(f"clerk.{HOME_TOWN}")
    base = "/elderly_living_allowance"
    client.post(f"{base}/purpose/{case.id}", data={"purpose": "受理申請"})
    assert "尚未查調" in client.get(f"{base}/household/{case.id}").text
    assert client.post(f"{base}/household_ask/{case.id}").status_code == 303
    assert "已排入查調" in client.get(f"{base}/household/{case.id}").text
    held = lease.claim(db.engine, "worker", 30)
    runner.execute(app, held, threading.Event())
    page = client.get(f"{base}/household/{case.id}").text
    assert "新增成員" in page and "姓名：彭志銘" in page and "姓名：彭志明" in page and "戶籍資料沒有此人" in page and WIFE not in page
    found = household_data.last(case.session, case.id)
    number = next(line["no"] for line in found.lines if line["name"] == "范秀妹")
    stale = client.post(f"{base}/household/{case.id}", data={"download": str(found.id + 1), "take": str(number)})
    assert stale.status_code == 409
    answer = client.post(f"{base}/household/{case.id}", data={"download": str(found.id), "take": str(number), "_seen_version": str(case.case.version)})
    assert answer.status_code == 303
    case.session.rollback()
    assert case.session.query(HouseholdMember).filter_by(application_id=case.id, name="范秀妹", source="register").count() == 1
    assert "未採用" in client.get(f"{base}/household/{case.id}").text
