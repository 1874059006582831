"""The monthly lists the law makes a county send: written from the awards, due on the third working day, sent, and their receipt."""

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import select

from app.commands import outgoing, verify
from app.commands.base import CommandError, Refused
from app.commands.casework import changes
from app.core import clock, roc
from app.models.outgoing import OutgoingFile
from tests.casework.conftest import county_settings as county_settings
from tests.casework.conftest import desk as desk
from tests.casework.test_arrival_tasks import running as running

OCTOBER = roc.month(115, 10)
MADE_ON = dt.date(2026, 11, 2)


def table(file):
    return list(csv.DictReader(io.StringIO(outgoing.content_of(file).decode("utf-8-sig"))))


@pytest.fixture
def make(running):
    def made(code, month=OCTOBER, on=MADE_ON, job="officer"):
        with clock.frozen(on):
            return running.session.get(OutgoingFile, outgoing.make(running.who(job), code, month), populate_existing=True)

    return made


def test_the_list_for_the_national_pension_names_who_draws_in_the_month(running, make):
    file = make("np_insurance")
    (row,) = table(file)
    assert (row["姓名"], row["名冊種類"], row["領取年月"], row["核定起月"]) == ("彭水木", "中低收入老人生活津貼", "11510", "11509")
    assert (file.rows, file.state, file.due_on, file.county_code) == (1, "made", dt.date(2026, 11, 4), "10004")
    assert int(row["當月應領金額"]) > 0


def test_the_list_of_changes_names_beginnings_and_ends_only(running, make):
    assert [r["異動別"] for r in table(make("farmer_allowance", roc.month(115, 9)))] == ["新增"]
    assert table(make("farmer_allowance")) == []
    with clock.frozen(dt.date(2026, 11, 10)):
        changes.apply_change(running.who("officer"), changes.record_change(running.who("clerk"), running.id, "death", dt.date(2026, 10, 20)))
    (row,) = table(make("farmer_allowance", roc.month(115, 11), dt.date(2026, 12, 1)))
    assert (row["異動別"], row["當月應領金額"]) == ("停止", "0")


def test_the_same_content_is_the_same_file_and_a_correction_is_the_next(running, make):
    first = make("np_insurance")
    assert make("np_insurance").id == first.id
    with clock.frozen(MADE_ON):
        outgoing.send(running.who("officer"), first.id)
    with clock.frozen(dt.date(2026, 11, 3)):
        changes.apply_change(running.who("officer"), changes.record_change(running.who("clerk"), running.id, "death", dt.date(2026, 9, 20)))
    second = make("np_insurance", on=dt.date(2026, 11, 4))
    assert (second.seq, second.rows, second.state) == (2, 0, "made") and len(table(first)) == 1


def test_a_receipt_is_recorded_after_sending_and_a_return_makes_it_owed_again(running, make):
    file = make("np_insurance")
    officer = running.who("officer")
    with clock.frozen(dt.date(2026, 11, 3)):
        with pytest.raises(Refused):
            outgoing.receipt(officer, file.id, "保國字第1號")
        assert {o.wanted.code for o in outgoing.owed(running.session, "10004")} == {"np_insurance", "farmer_allowance", "civil_affairs", "immigration"}
        outgoing.send(officer, file.id)
        assert "np_insurance" not in {o.wanted.code for o in outgoing.owed(running.session, "10004")}
        with pytest.raises(Refused):
            outgoing.receipt(officer, file.id, " ")
        outgoing.receipt(officer, file.id, "保國字第1號")
        assert (file.state, file.receipt) == ("received", "保國字第1號")
        outgoing.returned(officer, file.id, "格式不符，請補送")
        assert "np_insurance" in {o.wanted.code for o in outgoing.owed(running.session, "10004")}


def test_a_list_not_made_by_the_third_working_day_is_late(running):
    late = {d: [o.late for o in outgoing.owed(running.session, "10004", d) if o.month == OCTOBER] for d in (dt.date(2026, 11, 4), dt.date(2026, 11, 5))}
    assert late == {dt.date(2026, 11, 4): [False] * 4, dt.date(2026, 11, 5): [True] * 4}


def test_a_month_that_is_not_over_another_county_and_the_township_are_refused(running, make):
    with pytest.raises(Refused):
        make("np_insurance", roc.month(115, 11))
    with pytest.raises(Refused):
        make("civil_affairs", roc.month(99, 12))
    with pytest.raises(CommandError):
        make("np_insurance", job="clerk")


def test_a_changed_file_is_not_handed_out_and_verify_says_so(running, make):
    file = make("np_insurance")
    broken = lambda: [c.breaks for c in verify.run() if c.name == "outgoing_files"]  # noqa: E731
    assert broken() == [[]]
    (outgoing.home() / file.path).write_text("x", "utf-8")
    with pytest.raises(Refused):
        outgoing.content_of(file)
    assert len(broken()[0]) == 1


def test_the_officer_makes_downloads_and_sends_a_list_on_screen(running, client_as):
    with clock.frozen(MADE_ON):
        officer = client_as("officer.10004")
        page = officer.get("/outgoing/list/").text
        assert "老農津貼政府生活補助異動名冊" in page and "國民年金法第56條" in page
        shown = officer.post("/outgoing/make", data={"list": "np_insurance", "month": "11510"}, follow_redirects=True)
        assert "下載名冊" in shown.text
        file = running.session.scalars(select(OutgoingFile)).one()
        assert "彭水木" in officer.post(f"/outgoing/file/{file.id}").get_data().decode("utf-8-sig")
        moved = officer.post(f"/outgoing/move/{file.id}/send", data={"comment": ""}, follow_redirects=True)
        assert "「已送出」完成" in moved.text
        running.session.rollback()
        assert file.state == "sent"
        assert client_as("clerk.10004010").post(f"/outgoing/file/{file.id}").status_code in (302, 303, 403, 404)
