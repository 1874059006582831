"""What happens to a running case, with the month it takes effect, and always two people."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.commands.base import Forbidden, Refused
from app.commands.casework import changes, documents, intake, review
from app.core import clock, roc
from app.models.application import Application
from app.models.award import Award
from app.models.decision import Change, Decision
from app.models.person import Person

ACCOUNT = {"channel": "post", "institution": "0069999", "account": "7654321", "payee_name": "彭水木"}


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    """The months below are those of changes recorded in November 115."""
    with clock.frozen(dt.date(2026, 11, 16)):
        yield


@pytest.fixture
def running(desk):
    """A case granted in September 115."""
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


def award(desk):
    desk.session.expire_all()
    return desk.session.scalars(select(Award)).one()


def record(desk, kind, on, details=None, job="clerk"):
    return changes.record_change(desk.who(job), desk.id, kind, on, None, details)


@pytest.mark.parametrize(
    ("kind", "on", "status", "last"),
    [
        ("death", dt.date(2026, 10, 31), "ended", roc.month(115, 10)),
        ("death", dt.date(2026, 10, 1), "ended", roc.month(115, 10)),
        ("move_out", dt.date(2026, 10, 5), "ended", roc.month(115, 10)),
        ("terminate", dt.date(2026, 11, 2), "ended", roc.month(115, 11)),
    ],
)
def test_the_month_of_the_event_is_still_due(running, kind, on, status, last):
    change = record(running, kind, on, {"county_code": "10018"} if kind == "move_out" else None)
    changes.apply_change(running.who("officer"), change)
    assert (award(running).status, award(running).to_month) == (status, last)
    assert "11條" in running.session.get(Change, change).article or kind == "terminate"


@pytest.mark.parametrize("kind", ["custody", "placement", "abroad"])
def test_states_that_may_end_only_suspend_and_resume_again(running, kind):
    changes.apply_change(running.who("officer"), record(running, kind, dt.date(2026, 10, 20)))
    assert award(running).status == "suspended"
    again = record(running, "resume", dt.date(2026, 11, 10))
    changes.apply_change(running.who("officer"), again)
    assert award(running).status == "active"
    assert running.session.get(Change, again).effective_month == roc.month(115, 11)


def test_a_death_is_kept_with_the_person(running):
    changes.apply_change(running.who("officer"), record(running, "death", dt.date(2026, 10, 3)))
    assert running.session.scalar(select(Person.died_on)) == dt.date(2026, 10, 3)


def test_a_new_account_from_the_month_it_was_reported(running):
    change = record(running, "account", dt.date(2026, 11, 1), ACCOUNT)
    changes.apply_change(running.who("officer"), change)
    assert (award(running).institution, award(running).account) == ("0069999", "7654321")


def test_without_an_account_the_money_is_handed_out_in_cash(running, client_as):
    cash = {"channel": "cash", "payee_name": "彭水木"}
    with pytest.raises(Refused, match="現金印領不填"):
        record(running, "account", dt.date(2026, 11, 1), {**cash, "institution": "0061234", "account": "0123456"})
    change = record(running, "account", dt.date(2026, 11, 1), cash)
    officer = client_as("officer.10004")
    officer.post(f"/case_changes/purpose/{change}", data={"purpose": "民眾查詢"})
    page = officer.get(f"/case_changes/show/{change}").text
    assert "現金印領" in page and ">cash<" not in page
    changes.apply_change(running.who("officer"), change)
    assert (award(running).channel, award(running).institution, award(running).account) == ("cash", "", "")


def test_an_account_that_cannot_be_paid_to_is_refused_at_once(running):
    with pytest.raises(Refused, match="局號 7 碼"):
        record(running, "account", dt.date(2026, 11, 1), {**ACCOUNT, "account": "12"})
    with pytest.raises(Refused, match="不是申請人本人"):
        record(running, "account", dt.date(2026, 11, 1), {**ACCOUNT, "payee_person_id": "A123456789"})


def test_who_records_does_not_apply(running):
    change = record(running, "death", dt.date(2026, 10, 3), job="officer")
    with pytest.raises(Refused, match="同一人不可以"):
        changes.apply_change(running.who("officer"), change)
    changes.apply_change(running.who("director"), change)
    with pytest.raises(Forbidden):
        changes.apply_change(running.who("clerk"), change)


def test_two_people_by_database_constraint(running):
    change = record(running, "death", dt.date(2026, 10, 3))
    row = running.session.get(Change, change)
    with pytest.raises(IntegrityError):
        running.session.execute(update(Change).where(Change.id == change).values(decided_by_id=row.recorded_by_id))
    running.session.rollback()


def test_a_change_not_accepted_changes_nothing(running):
    change = record(running, "death", dt.date(2026, 10, 3))
    with pytest.raises(Refused, match="填寫理由"):
        changes.refuse_change(running.who("officer"), change, "")
    changes.refuse_change(running.who("officer"), change, "經查為同名之人")
    assert award(running).status == "active"
    assert running.session.scalar(select(Person.died_on)) is None


def test_bad_dates_and_doubles(running):
    with pytest.raises(Refused, match="不可晚於今天"):
        record(running, "death", clock.today() + dt.timedelta(days=1))
    with pytest.raises(Refused, match="早於發生日期"):
        changes.record_change(running.who("clerk"), running.id, "death", dt.date(2026, 10, 3), dt.date(2026, 10, 2))
    record(running, "death", dt.date(2026, 10, 3))
    with pytest.raises(Refused, match="已登錄待審"):
        record(running, "death", dt.date(2026, 10, 4))
    with pytest.raises(Refused, match="請選擇異動種類"):
        record(running, "gone", dt.date(2026, 10, 4))
    with pytest.raises(Refused, match="遷往的縣市"):
        record(running, "move_out", dt.date(2026, 10, 4))


def test_a_case_under_review_has_no_changes(desk):
    desk.open()
    with pytest.raises(Refused, match="直接修改"):
        record(desk, "account", clock.today(), ACCOUNT)


def test_moving_within_the_county_takes_every_file_along(running, actor):
    changes.apply_change(running.who("officer"), record(running, "move_within", dt.date(2026, 10, 9), {"town_code": "10004020", "address": "新竹縣竹東鎮東泉里1鄰"}))
    case = running.case
    assert {case.town_code, case.applicant.town_code, award(running).town_code, case.decisions[0].town_code} == {"10004020"}
    assert {m.town_code for m in case.members} | {d.town_code for d in case.documents} == {"10004020"}
    assert {line.town_code for m in case.members for line in m.incomes} == {"10004020"}
    assert case.applicant.registered_address.startswith("新竹縣竹東鎮")
    changes.record_change(actor("clerk.10004020"), running.id, "account", dt.date(2026, 11, 1), None, ACCOUNT)


def test_a_son_who_lost_his_job_reopens_the_case_and_raises_the_amount(running):
    """From half to full: the case is judged again, the award changes from the month of the report, what was decided stays."""
    session = running.session
    session.execute(update(Award).values(amount=4_164, band="half"))
    session.commit()
    before = session.scalar(select(func.count()).select_from(Decision))
    change = record(running, "means", dt.date(2026, 11, 2))
    reopened = changes.apply_change(running.who("officer"), change)
    first, running.id = running.id, reopened
    case = running.case
    assert (case.purpose, case.state, case.previous_id) == ("change", "draft", first)
    assert [m.name for m in case.members] == ["彭水木", "彭志明"] and case.members[1].incomes[0].amount == 42_000 * 12
    today = clock.today()
    intake.save_draft(
        running.who("clerk"), reopened,
        intake.Draft(
            members=[{"position": 2, "employed": False}], lines={1: {"tax_year": 114}, 2: {"tax_year": 114, "incomes": []}},
            fields={"household_taken_on": today},
        ),
    )  # fmt: skip
    running.submit()
    documents.mark_documents_complete(running.who("clerk"), reopened)
    running.first_review().forward().second_review()
    decision = session.get(Decision, running.approve())
    assert decision.band == "full" and decision.start_month == roc.month(115, 11)
    assert (award(running).amount, award(running).band) == (8_329, "full")
    assert session.scalar(select(func.count()).select_from(Award)) == 1
    assert session.scalar(select(func.count()).select_from(Decision)) == before + 1
    assert session.get(Application, first).state == "approved"


def test_reopened_and_no_longer_eligible_ends_the_award(running):
    reopened = changes.apply_change(running.who("officer"), record(running, "means", dt.date(2026, 11, 2)))
    running.id = reopened
    wage = [{"kind": "wage", "amount": 1_500_000, "per": "year", "tax_year": 114, "source": "tax"}]
    intake.save_draft(
        running.who("clerk"), reopened,
        intake.Draft(lines={1: {"tax_year": 114}, 2: {"tax_year": 114, "incomes": wage}}, fields={"household_taken_on": clock.today()}),
    )  # fmt: skip
    running.submit()
    documents.mark_documents_complete(running.who("clerk"), reopened)
    running.first_review("fail").forward().second_review()
    review.reject(running.who("director"), reopened, "子女收入增加，平均超過標準")
    assert award(running).status == "ended" and award(running).to_month == roc.month(115, 10)
