"""中低收入老人生活津貼 as the offices do it, from the counter to 核定."""

import datetime as dt

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.commands.base import Conflict, Forbidden, NotFound, Refused
from app.commands.casework import documents, intake, review
from app.commands.casework.problems import Incomplete
from app.commands.lifecycle import history
from app.core import clock, roc
from app.models.application import Application
from app.models.audit import AuditEntry
from app.models.award import Award
from app.models.decision import Decision
from app.models.parameter import Parameter
from app.models.person import Person


def test_a_widower_with_two_working_children_gets_the_allowance(desk, session):
    desk.open().fill(children=[(45, 42_000), (40, 38_000)]).to_decision()
    decision = session.get(Decision, desk.approve())
    assert decision.outcome == "granted"
    assert (decision.amount, decision.band) == (4_164, "half")
    assert decision.start_month == roc.month_of(clock.today())
    assert desk.case.state == "approved"
    award = session.scalars(select(Award)).one()
    assert (award.amount, award.from_month, award.channel, award.account) == (4_164, decision.start_month, "post", "0123456")
    assert award.recipient_id == desk.case.applicant_id


def test_the_decision_keeps_facts_and_trace_and_counts_every_member(desk, session):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    decision = session.get(Decision, desk.approve())
    questions = [line["question"] for line in decision.judgement["trace"]]
    assert len(questions) >= 6 and all(line["article"] for line in decision.judgement["trace"])
    assert [m["name"] for m in decision.judgement["household"]] == ["彭水木", "彭志明"]
    assert decision.facts["county_code"] == "10004"
    assert all(m.counted for m in desk.case.members)
    assert all("條" in m.clause for m in desk.case.members)


def test_history_tells_who_did_what(desk, session):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    desk.approve()
    assert [s.move for s in history(session, desk.case)] == ["submit", "mark_complete", "first_review", "forward", "second_review", "approve"]
    assert len({s.actor_id for s in history(session, desk.case)}) == 4
    events = session.scalars(select(AuditEntry.event)).all()
    assert "decision.made" in events and "award.create" in events


def test_children_who_earn_too_much_lead_to_rejection_with_reasons(desk, session):
    desk.open().fill(children=[(45, 95_000), (40, 88_000)])
    desk.submit().complete().first_review("fail").forward().second_review()
    with pytest.raises(Refused, match="不符合請領條件"):
        desk.approve()
    decision = session.get(Decision, desk.reject())
    assert decision.outcome == "rejected" and decision.amount is None
    failed = [line for line in decision.judgement["trace"] if line["outcome"] == "not_met"]
    assert failed and failed[0]["limit"]
    assert session.scalar(select(func.count()).select_from(Award)) == 0


def test_a_hopeless_case_cannot_be_proposed_for_approval(desk):
    desk.open().fill(children=[(45, 95_000)]).submit().complete()
    with pytest.raises(Refused, match="不能送「擬准」"):
        desk.first_review("pass")


def test_without_the_countys_setting_the_result_is_not_known_and_names_it(desk, session):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    session.execute(update(Parameter).where(Parameter.name == "elderly_real_estate_limit").values(state="withdrawn"))
    session.commit()
    with pytest.raises(Refused, match="不動產限額"):
        desk.approve()
    assert desk.case.state == "second_reviewed"


def test_no_approval_without_tax_data_of_the_right_year(desk):
    desk.open().fill(children=[(45, 42_000)])
    desk.save(lines={2: {"tax_year": 112}}).to_decision()
    with pytest.raises(Refused, match="年度財稅資料"):
        desk.approve()


def test_no_approval_without_household_data(desk):
    desk.open().fill(children=[(45, 42_000)], household_taken_on=None).to_decision()
    with pytest.raises(Refused, match="戶籍資料"):
        desk.approve()


def test_no_approval_without_a_fresh_exclusion_check(desk, session):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    session.execute(update(Application).values(exclusions_checked_at=clock.now() - dt.timedelta(days=40)))
    session.commit()
    with pytest.raises(Refused, match="重新查核"):
        desk.approve()


def test_missing_documents_are_named_and_a_correction_notice_waits(desk):
    desk.open().fill(children=[(45, 42_000)])
    desk.save(documents={"passbook": {"received_on": None}, "affidavit": {"received_on": None}}).submit()
    with pytest.raises(Refused, match="還缺 2 項"):
        desk.complete()
    documents.request_correction(desk.who("clerk"), desk.id, ["存摺封面影本", "切結書"], 10)
    case = desk.case
    assert case.state == "returned_for_correction"
    assert case.corrections[0].due_on == clock.today() + dt.timedelta(days=10)
    today = clock.today()
    desk.save(documents={"passbook": {"received_on": today}, "affidavit": {"received_on": today}}).submit().complete()
    assert desk.case.documents_complete_on == today
    assert desk.case.corrections[0].answered_on == today


def test_start_month_is_the_month_the_documents_were_complete(desk, session):
    start = dt.date(2026, 9, 10)
    with clock.frozen(start):
        desk.open().fill(children=[(45, 42_000)])
        desk.save(fields={"household_taken_on": start, "consent_on": start, "affidavit_on": start}, documents={c: {"received_on": start} for c in (
            "application_form", "identity", "household_transcript", "passbook", "consent_form", "affidavit")}, lines={1: {"tax_year": 113}})  # fmt: skip
        desk.submit()
    with clock.frozen(dt.date(2026, 10, 2)):
        documents.mark_documents_complete(desk.who("clerk"), desk.id, dt.date(2026, 9, 10))
        desk.save(lines={1: {"tax_year": 114}})
        desk.first_review().forward().second_review()
        decision = session.get(Decision, desk.approve())
    assert decision.start_month == roc.month(115, 9)


def test_returned_with_reason_and_corrected_goes_round_again(desk):
    desk.open().fill(children=[(45, 42_000)]).to_county()
    with pytest.raises(Refused, match="填寫理由"):
        review.return_to_township(desk.who("officer"), desk.id, " ")
    review.return_to_township(desk.who("officer"), desk.id, "長子婚姻狀況請查明")
    case = desk.case
    assert case.state == "returned_to_township"
    desk.submit("chief")
    assert desk.case.first_reviewed_by_id is None
    desk.complete().first_review(job="clerk").forward().second_review()
    desk.approve()
    assert desk.case.state == "approved"


def test_needs_visit_is_not_forwarded_before_the_visit(desk):
    desk.open().fill(children=[(45, 42_000)]).submit().complete().first_review("needs_visit")
    with pytest.raises(Refused, match="需訪視"):
        desk.forward()
    desk.first_review("pass", visited_on=clock.today(), visit_report="獨居，子女未同住，有扶養事實")
    desk.forward()
    assert desk.case.visited_on == clock.today()


def test_nobody_reviews_what_he_made(desk):
    desk.open().fill(children=[(45, 42_000)]).submit().complete()
    with pytest.raises(Refused, match="同一人不可以"):
        desk.first_review(job="clerk")
    desk.first_review(job="clerk2").forward().second_review()
    with pytest.raises((Refused, Forbidden)):
        desk.approve(job="officer")


def test_maker_and_checker_differ_by_database_constraint(desk, session):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    case = desk.case
    for column in ("first_reviewed_by_id", "second_reviewed_by_id", "decided_by_id"):
        with pytest.raises(IntegrityError):
            session.execute(update(Application).where(Application.id == case.id).values({column: case.submitted_by_id}))
        session.rollback()


def test_a_decision_is_never_changed_or_deleted(desk, session):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    decision = session.get(Decision, desk.approve())
    with pytest.raises(Exception, match="append-only"):
        session.execute(update(Decision).where(Decision.id == decision.id).values(amount=8_329))
    session.rollback()
    with pytest.raises(Exception, match="append-only"):
        session.delete(session.get(Decision, decision.id))
        session.flush()


@pytest.mark.parametrize(
    "act",
    [
        lambda d: d.complete(),
        lambda d: d.first_review(),
        lambda d: d.forward(),
        lambda d: d.second_review(),
        lambda d: d.approve(),
        lambda d: d.reject(),
    ],
)
def test_no_step_is_jumped(desk, act):
    desk.open().fill(children=[(45, 42_000)])
    with pytest.raises(Refused):
        act(desk)
    assert desk.case.state == "draft"


def test_a_case_at_the_county_is_not_edited_by_the_township(desk):
    desk.open().fill(children=[(45, 42_000)]).to_county()
    with pytest.raises(Refused, match="不能再修改"):
        desk.save(fields={"days_in_taiwan": 10})


def test_two_people_saving_at_once_the_second_is_told(desk):
    desk.open()
    version = desk.case.version
    intake.save_draft(desk.who("clerk"), desk.id, intake.Draft(person={"phone": "03-1"}), version)
    with pytest.raises(Conflict):
        intake.save_draft(desk.who("clerk2"), desk.id, intake.Draft(person={"phone": "03-2"}), version)
    assert desk.case.applicant.phone == "03-1"


def test_only_lines_changed_is_a_change_too(desk):
    desk.open()
    version = desk.case.version
    intake.save_draft(desk.who("clerk"), desk.id, intake.Draft(lines={1: {"incomes": [{"kind": "interest", "amount": 3000}]}}), version)
    assert desk.case.version > version


def test_what_cannot_be_read_is_kept_and_stops_submitting(desk):
    desk.open().fill(children=[(45, 42_000)])
    desk.save(unread={"facts.days_in_taiwan": "三百天"}, sections=("facts",))
    with pytest.raises(Incomplete) as stop:
        desk.submit()
    assert [(p.section, p.field) for p in stop.value.problems] == [("facts", "days_in_taiwan")]
    desk.save(fields={"days_in_taiwan": 300}, sections=("facts",)).submit()


def test_another_township_sees_nothing_and_the_try_is_logged(desk, actor, session):
    from app.models.access import SecurityEvent

    desk.open().fill(children=[(45, 42_000)])
    for username in ("clerk.10004020", "clerk.10005010"):
        with pytest.raises(NotFound):
            intake.save_draft(actor(username), desk.id, intake.Draft(person={"phone": "1"}))
    assert session.scalar(select(func.count()).select_from(SecurityEvent).where(SecurityEvent.kind == "denied")) == 2


def test_the_same_person_twice_at_the_counter(desk, actor):
    desk.open()
    first = desk.case.case_no
    with pytest.raises(Refused, match=first):
        desk.open()


def test_somebody_registered_in_another_township_is_sent_there(desk, actor, session):
    from tests.casework.conftest import person_id

    who = intake.NewPerson(person_id(5), "羅清泉", dt.date(1940, 1, 1), "M")
    intake.open_draft(actor("clerk.10004020"), "elderly_living_allowance", who)
    with pytest.raises(Refused, match="竹東鎮"):
        intake.open_draft(actor("clerk.10004010"), "elderly_living_allowance", who)


def test_county_officers_do_not_take_applications(desk, actor):
    with pytest.raises(Forbidden):
        intake.open_draft(actor("officer.10004"), "elderly_living_allowance", intake.NewPerson("J100000018", "彭", dt.date(1940, 1, 1), "M"))


def test_a_wrong_check_digit_asks_and_then_believes_the_document(desk, session):
    who = intake.NewPerson("J123456788", "彭水木", dt.date(1940, 1, 1), "M")
    with pytest.raises(Refused, match="檢查碼"):
        intake.open_draft(desk.who("clerk"), "elderly_living_allowance", who)
    intake.open_draft(desk.who("clerk"), "elderly_living_allowance", who, checksum_confirmed=True)
    assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_case_numbers_run_without_gaps(desk):
    numbers = []
    for n in range(3):
        desk.open(n=n + 1, name=f"彭水{'木火金'[n]}")
        numbers.append(desk.case.case_no)
    assert numbers == ["ELA1150100001", "ELA1150100002", "ELA1150100003"]
