"""停車位識別證 as issued: one valid per person, one screen to issue and print, lost, renewed, given back, misused."""

import datetime as dt
import io

import pypdf
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands.base import Context, Refused
from app.commands.casework import changes
from app.commands.casework.problems import Incomplete, find
from app.commands.register import permits, watch
from app.commands.register.reading import valid_permit
from app.core import clock
from app.models.access import AccessEntry
from app.models.case_task import CaseTask
from app.models.decision import Decision
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.rules import plates
from app.rules.clocks import months_after
from app.security.actor import Actor
from tests.casework.conftest import person_id

BORN = dt.date(1970, 1, 1)
PERMIT = {
    "lives_at_registration": True, "card_held": True, "card_grade": "severe", "card_classes": "7", "card_issued": dt.date(2024, 3, 1),
    "card_expires": dt.date(2028, 2, 29), "mobility": True, "holder": "self", "vehicle": "car", "plate": "abc1234", "special_plate": False,
    "other_permit": False,
}  # fmt: skip


class Counter:
    """The permits' counter, in few words."""

    def __init__(self, desk, session):
        self.desk, self.session, self.today = desk, session, clock.today()

    def apply(self, n=1, born=BORN, **facts):
        self.desk.open(n, benefit="parking_permit", born=born)
        self.desk.save(fields={**PERMIT, **facts})
        return self.desk.papers()

    def issue(self, n=1, label="L0001", **facts):
        """One step at the county, as soon as the papers are complete."""
        self.apply(n, **facts).submit().complete()
        return self.get(permits.issue_at_once(self.desk.who("officer"), self.desk.id, label))

    def get(self, pk):
        self.session.rollback()  # what other sessions committed is seen
        return self.session.get(ParkingPermit, pk)

    def of(self, n=1):
        self.session.rollback()  # what other sessions committed is seen
        person = self.session.scalars(select(Person).where(Person.person_id == person_id(n))).one()
        return valid_permit(self.session, person.id)

    def ends_in(self, days, n=1):
        permit = self.of(n)
        values = {"expires": self.today + dt.timedelta(days=days), "issued_on": self.today + dt.timedelta(days=days - 700)}
        self.session.execute(update(ParkingPermit).where(ParkingPermit.id == permit.id).values(**values))
        self.session.commit()
        return self.get(permit.id)

    def night(self):
        done = watch.run(Context(self.session, Actor.system("test")))
        self.session.commit()
        return done

    def tasks(self):
        self.session.rollback()  # what other sessions committed is seen
        return [t.kind for t in self.session.scalars(select(CaseTask).where(CaseTask.state == "open").order_by(CaseTask.id))]


@pytest.fixture
def counter(desk, session):
    return Counter(desk, session)


# -- issue --------------------------------------------------------------------------------------------------------------------------
def test_one_step_decides_numbers_labels_and_prints(counter, desk, session):
    """停車位設置管理辦法第10條: at most until the card ends."""
    permit = counter.issue()
    assert (permit.plate, permit.label_no, permit.print_count, permit.status) == ("ABC-1234", "L0001", 1, "valid")
    assert permit.expires == dt.date(2028, 2, 29) and permit.permit_no.startswith(f"P{counter.today.year - 1911}")
    assert desk.case.state == "approved" and session.scalars(select(Decision)).one().outcome == "granted"


def test_the_long_way_gives_a_permit_that_waits_for_its_print(counter, desk):
    counter.apply().to_decision().approve()
    permit = counter.of()
    assert (permit.print_count, permit.label_no) == (0, None)
    permits.print_permits(desk.who("clerk"), {permit.id: "ｌ０００２"})
    assert (counter.of().label_no, counter.of().print_count) == ("L0002", 1)


def test_what_the_rule_refuses_is_not_issued_and_nothing_is_left_behind(counter, desk, session):
    """第6條第6項: permit or special plate."""
    counter.apply(special_plate=True).submit().complete()
    with pytest.raises(Refused, match="不符合"):
        permits.issue_at_once(desk.who("officer"), desk.id, "L0001")
    assert session.scalars(select(ParkingPermit)).all() == [] and desk.case.state == "complete"


def test_a_label_is_needed_and_used_once(counter, desk):
    counter.issue()
    counter.apply(2, plate="AB-1234").submit().complete()
    for label, words in (("", "防偽標籤號碼"), ("L0001", "已經用過"), ("標籤", "防偽標籤號碼")):
        with pytest.raises(Refused, match=words):
            permits.issue_at_once(desk.who("officer"), desk.id, label)
    assert desk.case.state == "complete", "the refused label undid the decision too"


def test_a_permit_may_be_printed_again_with_its_label(counter, desk):
    permit = counter.issue()
    permits.print_permits(desk.who("clerk"), {permit.id: ""})
    assert (counter.of().print_count, counter.of().label_no) == (2, "L0001")


def test_who_took_the_papers_in_does_not_issue(counter, desk):
    from app.commands.base import Forbidden

    counter.apply().submit().complete()
    with pytest.raises(Forbidden):
        permits.issue_at_once(desk.who("clerk"), desk.id, "L0001")


def test_a_second_valid_permit_is_refused_at_its_field_and_by_the_database(counter, desk, session):
    """第8條: one."""
    permit = counter.issue()
    counter.apply()
    found = [p for p in find(desk.case, counter.today) if p.field == "other_permit" and p.level == "refuse"]
    assert found and permit.permit_no in found[0].message
    with pytest.raises(Incomplete):
        desk.submit()
    row = {c.name: getattr(permit, c.name) for c in ParkingPermit.__table__.c if c.name not in ("id", "permit_no", "label_no", "print_count")}
    session.rollback()
    with pytest.raises(IntegrityError):
        session.execute(ParkingPermit.__table__.insert().values(**row, permit_no="P1", print_count=0))
    session.rollback()


def test_within_the_last_month_the_permit_is_renewed(counter):
    """第10條第1項: from one month before."""
    first = counter.issue()
    counter.ends_in(20)
    counter.night()
    assert counter.tasks() == ["permit_renew"]
    second = counter.issue(label="L0002")
    assert counter.get(first.id).status == "renewed" and counter.get(second.id).replaces_id == first.id
    assert counter.tasks() == []


def test_an_expired_permit_makes_room(counter):
    first = counter.issue()
    counter.ends_in(-1)
    assert counter.night()["識別證逾期"] == 1
    assert (counter.get(first.id).status, counter.get(first.id).ended_on) == ("expired", counter.today - dt.timedelta(days=1))
    assert sum(counter.night().values()) == 0
    assert counter.issue(label="L0002").status == "valid"


# -- lost, given back, misused ------------------------------------------------------------------------------------------------------
def test_a_lost_permit_is_made_again_with_a_new_number_until_the_same_day(counter, desk):
    first = counter.issue()
    new = counter.get(permits.reissue(desk.who("clerk"), first.id, "lost", counter.today))
    assert counter.get(first.id).status == "lost"
    assert new.permit_no != first.permit_no and (new.expires, new.plate, new.label_no) == (first.expires, first.plate, None)


def test_another_car_needs_a_new_permit_with_its_plate(counter, desk):
    first = counter.issue()
    for plate in ("", "ABC-1234", "??"):
        with pytest.raises(Refused, match="車牌"):
            permits.reissue(desk.who("clerk"), first.id, "plate", counter.today, plate)
    new = counter.get(permits.reissue(desk.who("clerk"), first.id, "plate", counter.today, "BDX-5678"))
    assert new.plate == "BDX-5678" and counter.get(first.id).status == "returned"


def test_misuse_bans_for_three_years(counter, desk):
    """第13條."""
    permit = counter.issue()
    with pytest.raises(Refused, match="縣府查證"):
        permits.end(desk.who("clerk"), permit.id, "misused", counter.today, "出借他人")
    permits.end(desk.who("officer"), permit.id, "misused", counter.today, "出借他人")
    assert counter.get(permit.id).ban_until == months_after(counter.today, 36)
    desk.open(1, benefit="parking_permit", born=BORN)
    assert desk.case.misuse_found == counter.today, "the ban is filled in"
    desk.save(fields={**PERMIT, "misuse_found": None})
    desk.papers().submit().complete()
    with pytest.raises(Refused, match="不得再申請"):
        permits.issue_at_once(desk.who("officer"), desk.id, "L0002")


def test_given_back_permits_end_with_a_reason(counter, desk):
    """第11條."""
    permit = counter.issue()
    with pytest.raises(Refused, match="原因"):
        permits.end(desk.who("clerk"), permit.id, "returned", counter.today, " ")
    permits.end(desk.who("clerk"), permit.id, "returned", counter.today, "不再使用車輛")
    assert (counter.get(permit.id).status, counter.of()) == ("returned", None)
    with pytest.raises(Refused, match="已失效"):
        permits.reissue(desk.who("clerk"), permit.id, "lost", counter.today)


def test_a_death_in_its_own_case_ends_the_permit(counter, desk):
    permit = counter.issue()
    changes.apply_change(desk.who("officer"), changes.record_change(desk.who("clerk"), desk.id, "death", counter.today))
    assert counter.get(permit.id).status == "cancelled" and counter.tasks() == []


def test_the_night_finds_the_permit_of_somebody_who_died(counter, session):
    permit = counter.issue()
    session.execute(update(Person).where(Person.id == permit.person_id).values(died_on=counter.today))
    session.commit()
    counter.night()
    assert counter.tasks() == ["permit_back"]


# -- bad input ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"plate": "12"}, "plate", "不是車牌號碼的格式"),
        ({"plate": "ABCD-EFG"}, "plate", "不是車牌號碼的格式"),
        ({"card_expires": dt.date(2020, 1, 1)}, "card_expires", "早於核發日期"),
        ({"card_issued": dt.date(2030, 1, 1), "card_expires": None}, "card_issued", "不可晚於今天"),
        ({"card_permanent": True}, "card_expires", "請擇一更正"),
        ({"card_classes": "99"}, "card_classes", "不存在"),
        ({"holder": "spouse_or_first"}, "holder_name", "持用人姓名"),
        ({"mobility_since": dt.date(2026, 1, 1), "mobility_until": dt.date(2025, 1, 1)}, "mobility_until", "評估日期之後"),
    ],
)
def test_bad_input_is_refused_at_its_field(counter, desk, facts, field, words):
    counter.apply(**facts)
    found = [p for p in find(desk.case, counter.today) if p.field == field and p.level == "refuse"]
    assert found and words in found[0].message
    with pytest.raises(Incomplete):
        desk.submit()


def test_a_child_does_not_drive(counter, desk):
    counter.apply(5, born=dt.date(2015, 5, 5), driver_is_self=True, vehicle="taxi")
    found = {p.field: p.message for p in find(desk.case, counter.today) if p.level == "refuse"}
    assert "未滿 18 歲" in found["driver_is_self"] and "限本人駕駛" in found["vehicle"]


def test_the_plate_of_another_persons_permit_is_pointed_out(counter, desk):
    permit = counter.issue()
    counter.apply(2, plate="ＡＢＣ－１２３４")
    found = [p for p in find(desk.case, counter.today) if p.field == "plate"]
    assert [p.level for p in found] == ["warn"] and permit.permit_no in found[0].message
    desk.submit()


@pytest.mark.parametrize(
    ("typed", "normal"),
    [("abc1234", "ABC-1234"), ("ＡＢＣ－１２３４", "ABC-1234"), ("AB1234", "AB-1234"), ("1234-AB", "1234-AB"), ("AB-123", "AB-123"), ("A1-2345", "A1-2345"),
     ("TAA 123", "TAA-123"), ("", ""), ("ABCDEF", ""), ("A-1", ""), ("王ABC-1234", ""), ("ABC-12345", "")],
)  # fmt: skip
def test_plates_are_written_one_way(typed, normal):
    assert plates.normal(typed) == normal


# -- screens ----------------------------------------------------------------------------------------------------------------------------
def test_the_issue_screen_issues_and_prints_several_at_once(counter, desk, client_as):
    counter.apply(1).submit().complete()
    first = desk.id
    counter.apply(2, plate="AB-1234").submit().complete()
    second = desk.id
    client = client_as("officer.10004")
    page = client.get("/parking_permits/issue").text
    assert page.count("符合") >= 2 and "ABC" in page.upper()
    nothing = client.post("/parking_permits/issue", data={})
    assert nothing.status_code == 422 and "請先勾選" in nothing.text
    form = {"tick": [f"a{first}", f"a{second}"], f"label-a{first}": "L0001", f"label-a{second}": ""}
    refused = client.post("/parking_permits/issue", data=form)
    assert refused.status_code == 422 and "請填識別證" in refused.text and desk.case.state == "complete"
    answer = client.post("/parking_permits/issue", data={"tick": f"a{second}", f"label-a{second}": "L0002"}, follow_redirects=True)
    assert "AB-1234" in answer.text and "L0002" in answer.text
    desk.session.rollback()
    both = ",".join(str(p.id) for p in desk.session.scalars(select(ParkingPermit)))
    printed = client.get(f"/parking_permits/print?ids={both}").text
    assert "ABC-1234" in printed and "AB-1234" in printed and "身心障礙者專用停車位識別證" in printed
    assert f"/parking_permits/pdf?ids={both}".replace(",", "%2C") in printed or f"/parking_permits/pdf?ids={both}" in printed
    pdf = client.get(f"/parking_permits/pdf?ids={both}")
    assert pdf.mimetype == "application/pdf" and pdf.data.startswith(b"%PDF") and len(pypdf.PdfReader(io.BytesIO(pdf.data)).pages) == 2
    desk.session.rollback()
    looks = desk.session.scalars(select(AccessEntry).where(AccessEntry.purpose == "停車位識別證列印", AccessEntry.action == "print")).all()
    assert len(looks) == 2
    assert client_as("clerk.10004020").get(f"/parking_permits/pdf?ids={both}").status_code == 303, "another township's permits are out of reach"


def test_a_lost_permit_from_its_page(counter, client_as):
    permit = counter.issue()
    client = client_as("clerk.10004010")
    assert "補發" in client.get(f"/parking_permits/show/{permit.id}").text
    wrong = client.post(f"/parking_permits/step/{permit.id}/reissue", data={"on": "", "why": "", "_seen_version": permit.version})
    assert wrong.status_code == 422 and "請填補發原因" in wrong.text
    form = {"on": "115/11/31", "why": "lost", "_seen_version": permit.version}
    assert "不是存在的日期" in client.post(f"/parking_permits/step/{permit.id}/reissue", data=form).text
    from app.core import roc

    form["on"] = roc.show_date(counter.today)
    page = client.post(f"/parking_permits/step/{permit.id}/reissue", data=form, follow_redirects=True).text
    assert "核發列印" in page and counter.of().permit_no in page
    assert counter.of().permit_no != permit.permit_no
