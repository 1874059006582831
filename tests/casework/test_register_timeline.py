"""身心障礙者資料 as one timeline: what the offices, the hospitals and the night write on it, and what it does to the benefits that hang on a card."""

import datetime as dt

import polars as pl
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands.base import Conflict, Refused
from app.commands.casework import changes
from app.commands.casework.arrival_tasks import record
from app.commands.casework.problems import Incomplete, find
from app.commands.register import assessments, cards, watch
from app.commands.register.reading import current_card, state_at, timeline
from app.core import clock, roc
from app.models.audit import Step
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.disability_card import DisabilityCard, DisabilityEvent
from app.models.person import Person
from app.rules.disability import Card, Grade
from app.rules.register_timeline import Entry, Standing, state_on
from app.security.actor import Actor
from tests.casework.conftest import person_id

BORN = dt.date(1970, 1, 1)
ASSESSED = {
    "lives_at_registration": True, "issue": "first", "assessment_number": "D0000001", "assessment_hospital": "臺大醫院新竹分院",
    "assessment_qualifies": True, "assessment_grade": "severe", "assessment_classes": "７、1", "assessment_irreversible": False,
}  # fmt: skip


class Register:
    """A holder's dealings with the register, in few words. Days are counted from today."""

    def __init__(self, desk, session):
        self.desk, self.session, self.today = desk, session, clock.today()

    def day(self, days):
        return self.today + dt.timedelta(days=days)

    def apply(self, n=1, **facts):
        days = {"assessment_day": self.day(-40), "assessment_needs_assessed": self.day(-10)}
        self.desk.open(n, benefit="disability_register", born=BORN)
        self.desk.save(fields={**ASSESSED, **days, **facts})
        return self.desk.papers()

    def issue(self, n=1, **facts):
        self.apply(n, **facts).to_decision().approve()
        return self.card(n)

    def card(self, n=1):
        self.session.expire_all()
        holder = self.session.scalars(select(Person).where(Person.person_id == person_id(n))).one()
        return current_card(self.session, holder.id)

    def ends_in(self, days, n=1):
        """The card in use ends in so many days (as if it had been issued long ago)."""
        card = self.card(n)
        values = {"expires": self.day(days), "permanent": False, "issued_on": self.day(days - 1500), "assessed_on": self.day(days - 1540)}
        self.session.execute(update(DisabilityCard).where(DisabilityCard.id == card.id).values(**values))
        self.session.commit()
        return self.card(n)

    def night(self, days=0):
        ctx = job_context(self.session)
        done = watch.run(ctx, self.day(days))
        self.session.commit()
        return done

    def living(self, n=1, **facts):
        """The holder draws 身心障礙者生活補助."""
        self.desk.open(n, benefit="disability_living_allowance", born=BORN)
        here = {"lives_at_registration": True, "days_in_taiwan": 366, "public_placement": False, "housed": False, "in_custody": False}
        self.desk.save(fields={**here, "low_income_status": "low", **facts}, lines={1: {"tax_year": 114, "employed": False}})
        self.desk.papers().account().to_decision().approve()
        return self.desk.id

    def tasks(self, kind=None, state="open"):
        self.session.expire_all()
        query = select(CaseTask).where(CaseTask.source == "disability_register", CaseTask.state == state)
        return list(self.session.scalars((query.where(CaseTask.kind == kind) if kind else query).order_by(CaseTask.id)))

    def kinds(self, card):
        return [e.kind for e in timeline(self.session, card.holder_id)]


def job_context(session):
    from app.commands.base import Context

    return Context(session, Actor.system("test"))


@pytest.fixture
def register(desk, session):
    return Register(desk, session)


# -- the timeline ---------------------------------------------------------------------------------------------------------------
def test_an_approval_issues_the_card_and_begins_the_timeline(register):
    """身權法第14條: at most five years."""
    card = register.issue()
    assert (card.grade, card.classes, card.status, card.issue) == ("severe", "7、1", "current", "first")
    assert card.expires == card.issued_on.replace(year=card.issued_on.year + 5) and not card.permanent
    assert register.kinds(card) == ["assessed", "first"]
    assert [t.kind for t in register.tasks()] == ["pick_up"]


def test_the_old_sixteen_classes_stand_beside_the_new_eight(register):
    """舊制 05 肢體障礙 as on a 手冊 of ROC 98."""
    assert register.issue(assessment_classes="05").classes == "05"


def test_a_card_without_last_day_gets_its_needs_assessed_every_five_years(register):
    """身權法第14條第1項但書."""
    card = register.issue(assessment_irreversible=True)
    assert card.permanent and card.expires is None
    assert card.needs_due_on == card.issued_on.replace(year=card.issued_on.year + 5)


def test_a_renewed_card_replaces_the_old_one_and_closes_its_tasks(register):
    first = register.issue()
    first = register.ends_in(55)
    register.night()
    assert {t.kind for t in register.tasks()} == {"pick_up", "may_apply", "notify"}
    second = register.issue(issue="reassessed", assessment_number="D0000002", old_held=True)
    assert second.id != first.id and register.session.get(DisabilityCard, first.id).status == "replaced"
    assert {(t.kind, t.card_id) for t in register.tasks()} == {("pick_up", second.id)}
    words = register.session.scalars(select(Step.comment).where(Step.subject_table == "case_task", Step.move == "settle")).all()
    assert set(words) == {f"已換發 {second.card_no}"}


def test_a_lost_card_is_made_again_with_grade_and_last_day_of_the_old_one(register):
    """身障證明核發辦法第3條第3項: 補發."""
    first = register.issue()
    card = register.issue(issue="replaced", loss=True, assessment_day=None, assessment_number=None, assessment_grade=None, assessment_classes=None)
    assert (card.grade, card.classes, card.expires) == (first.grade, first.classes, first.expires) and card.card_no != first.card_no
    assert register.kinds(card) == ["assessed", "first", "replaced"]


def test_the_register_can_be_read_as_it_stood_on_any_day(register, desk):
    card = register.issue()
    cards.cancel(desk.who("officer"), card.id, register.today, "recovered", "重新鑑定已無障礙")
    events = timeline(register.session, card.holder_id)
    assert state_at(events, register.day(-1)).standing is Standing.NONE
    state = state_at(events, register.today)
    assert state.standing is Standing.CANCELLED and state.card.grade is Grade.SEVERE


@pytest.mark.parametrize(
    ("day", "standing", "grade"),
    [
        (dt.date(2014, 12, 31), Standing.NONE, None),
        (dt.date(2015, 1, 1), Standing.VALID, Grade.MILD),
        (dt.date(2019, 12, 31), Standing.VALID, Grade.MILD),
        (dt.date(2020, 1, 1), Standing.ANNOTATED, Grade.MILD),  # 身權法第15條第2項: annotated, used until the new one is there
        (dt.date(2020, 3, 1), Standing.VALID, Grade.SEVERE),
        (dt.date(2022, 5, 1), Standing.MOVED_OUT, Grade.SEVERE),
        (dt.date(2023, 1, 1), Standing.VALID, Grade.SEVERE),
        (dt.date(2024, 6, 1), Standing.CANCELLED, Grade.SEVERE),
    ],
)
def test_a_long_life_of_cards(day, standing, grade):
    entries = (
        Entry("first", dt.date(2015, 1, 1), "A", Grade.MILD, ("05",), dt.date(2019, 12, 31)),
        Entry("annotated", dt.date(2019, 12, 20)),
        Entry("reassessed", dt.date(2020, 3, 1), "B", Grade.SEVERE, ("7",), None, True),
        Entry("moved_out", dt.date(2022, 5, 1)),
        Entry("moved_in", dt.date(2023, 1, 1), "C", Grade.SEVERE, ("7",), None, True),
        Entry("cancelled", dt.date(2024, 6, 1)),
    )
    found = state_on(entries, day)
    assert (found.standing, found.card.grade if found.card else None) == (standing, grade)


def test_an_event_is_never_changed_or_taken_away(register):
    card = register.issue()
    register.session.rollback()
    with pytest.raises(IntegrityError, match="append-only"):
        register.session.execute(update(DisabilityEvent).where(DisabilityEvent.holder_id == card.holder_id).values(grade="mild"))
    register.session.rollback()


def test_picking_up_settles_the_task_and_is_done_once(register, desk):
    card = register.issue()
    cards.pick_up(desk.who("clerk"), card.id, register.today)
    assert register.tasks("pick_up") == [] and register.kinds(card)[-1] == "picked_up"
    with pytest.raises(Refused, match="已於"):
        cards.pick_up(desk.who("clerk"), card.id, register.today)


def test_the_old_card_is_annotated_only_while_a_renewal_is_under_way(register, desk):
    """身權法第15條第2項."""
    register.issue()
    card = register.ends_in(20)
    with pytest.raises(Refused, match="沒有審核中的換證申請案"):
        cards.annotate(desk.who("clerk"), card.id, register.today)
    register.apply(issue="reassessed", assessment_number="D0000002").submit()
    cards.annotate(desk.who("clerk"), card.id, register.today)
    events = timeline(register.session, card.holder_id)
    assert events[-1].kind == "annotated" and events[-1].article.endswith("第15條第2項")


def test_a_good_reason_before_the_last_day_gives_sixty_days_more(register, desk):
    """身權法第14條第3項."""
    register.issue()
    card = register.ends_in(10)
    cards.extend(desk.who("officer"), card.id, register.today, "住院中，無法前往鑑定")
    assert register.card().extended_to == card.expires + dt.timedelta(days=60)
    late = register.ends_in(-1)
    with pytest.raises(Refused, match="效期屆滿前提出"):
        cards.extend(desk.who("officer"), late.id, register.today, "忘記")


def test_a_changed_condition_is_assessed_within_sixty_days_of_the_notice(register, desk):
    """身權法第14條第5項; a last day on a weekend moves to the next working day (行政程序法第48條)."""
    card = register.issue()
    cards.order_reassessment(desk.who("officer"), card.id, register.today, "行走能力明顯恢復")
    due = register.tasks("reassess")[0].due_on
    assert due >= register.day(60) and due.weekday() < 5 and (due - register.day(60)).days <= 2


def test_a_move_within_the_county_takes_the_register_along(register, desk):
    card = register.issue()
    pk = changes.record_change(desk.who("clerk"), desk.id, "move_within", register.today, None, {"town_code": "10004020", "address": "竹東鎮大同路1號"})
    changes.apply_change(desk.who("officer"), pk)
    card = register.card()
    assert card.town_code == "10004020"
    assert {e.town_code for e in timeline(register.session, card.holder_id)} == {"10004020"}
    assert register.kinds(card)[-1] == "moved_within" and {t.town_code for t in register.tasks()} == {"10004020"}


def test_a_death_recorded_in_any_case_cancels_the_card(register, desk):
    """身權法第15條第3項."""
    register.issue()
    register.living()
    changes.apply_change(desk.who("officer"), changes.record_change(desk.who("clerk"), desk.id, "death", register.today))
    assert register.card() is None
    assert register.tasks("card_ended") == [], "what the death itself ended needs no task"


# -- what hangs on the card -------------------------------------------------------------------------------------------------------
def test_a_downgraded_card_opens_a_task_in_the_living_allowance_from_the_next_month(register, desk, session):
    """身障者生活補助費發給辦法第7條第4項: less from the next month; then the award is decided again."""
    register.issue()
    case = register.living()
    register.issue(issue="reassessed", assessment_number="D0000002", assessment_grade="mild")
    task = register.tasks("card_changed")[0]
    assert (task.benefit, task.change_kind, task.application_id) == ("disability_living_allowance", "card_down", case)
    assert task.effective_month == roc.month_of(register.today) + 1 and "重度改為輕度" in task.facts and "第7條第4項" in task.article
    change = record(desk.who("clerk"), task.id)
    reopened = changes.apply_change(desk.who("officer"), change)
    desk.id = reopened
    assert (desk.case.card_grade, desk.case.effective_month) == ("mild", task.effective_month), "the new card is filled in"
    desk.papers().to_decision().approve()
    award = session.scalars(select(Award)).one()
    assert (award.amount, award.band) == (5_437, "low_mild")


def test_a_better_grade_counts_from_the_same_month(register):
    """發給辦法第7條第3項."""
    register.issue(assessment_grade="mild")
    register.living()
    register.issue(issue="reassessed", assessment_number="D0000002", assessment_grade="severe")
    task = register.tasks("card_changed")[0]
    assert (task.change_kind, task.effective_month) == ("card_up", roc.month_of(register.today))


def test_a_cancelled_card_opens_a_task_that_stops_the_award(register, desk, session):
    """發給辦法第7條: stops from the month after."""
    card = register.issue()
    register.living()
    cards.cancel(desk.who("officer"), card.id, register.today, "returned")
    task = register.tasks("card_ended")[0]
    assert task.effective_month == roc.month_of(register.today) + 1
    changes.apply_change(desk.who("officer"), record(desk.who("clerk"), task.id))
    award = session.scalars(select(Award)).one()
    assert (award.status, award.to_month) == ("ended", roc.month_of(register.today))
    assert register.tasks() == []


def test_a_new_application_gets_its_card_from_the_register(register, desk):
    card = register.issue()
    desk.open(1, benefit="disability_living_allowance", born=BORN)
    case = desk.case
    assert (case.card_held, case.card_number, case.card_grade, case.card_expires) == (True, card.card_no, "severe", card.expires)


def test_a_cancelled_card_cannot_carry_a_new_application(register, desk):
    card = register.issue()
    cards.cancel(desk.who("officer"), card.id, register.today, "recovered")
    desk.open(1, benefit="disability_living_allowance", born=BORN).save(fields={"card_held": True, "card_grade": "severe"})
    found = [p for p in find(desk.case, clock.today()) if p.field == "card_held"]
    assert found and found[0].level == "refuse" and "註銷" in found[0].message


def test_a_change_of_the_card_is_only_for_what_hangs_on_it(register, desk):
    register.issue()
    with pytest.raises(Refused, match="不以身心障礙手冊"):
        changes.record_change(desk.who("clerk"), desk.id, "card_down", clock.today())


# -- the night ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("days", "kinds"), [(91, set()), (90, {"may_apply"}), (61, {"may_apply"}), (60, {"may_apply", "notify"}), (-1, set())])
def test_ninety_days_before_one_may_apply_and_sixty_days_before_the_county_notifies(register, days, kinds):
    """身權法第14條第1項、第2項."""
    register.issue()
    register.ends_in(days)
    register.night()
    assert {t.kind for t in register.tasks()} - {"pick_up"} == kinds


def test_the_night_may_be_repeated(register):
    register.issue()
    register.living()
    register.ends_in(50)
    assert sum(register.night().values()) == 3
    assert sum(register.night().values()) == 0
    assert sorted(t.kind for t in register.tasks()) == ["expiring", "may_apply", "notify", "pick_up"]


def test_an_ending_card_says_in_the_award_from_when_nothing_is_due(register):
    register.issue()
    register.living()
    card = register.ends_in(50)
    register.night()
    task = register.tasks("expiring")[0]
    assert task.effective_month == roc.month_of(card.expires) + 1 and task.benefit == "disability_living_allowance"
    assert roc.show_month(task.effective_month) in task.facts
    register.issue(issue="reassessed", assessment_number="D0000002")
    assert register.tasks("expiring") == [], "the renewal settles it"


def test_who_was_notified_or_has_applied_is_not_on_the_list(register, desk):
    register.issue()
    card = register.ends_in(50)
    register.night()
    assert cards.notified(desk.who("officer"), [card.id], register.today) == 1
    assert register.tasks("notify") == [] and register.kinds(card)[-1] == "notified"
    register.issue(2, assessment_number="D0000009")
    register.ends_in(50, 2)
    register.apply(2, issue="reassessed", assessment_number="D0000010").submit()
    register.night()
    assert register.tasks("notify") == []


def test_a_holder_who_died_is_to_be_cancelled_by_the_county(register, session):
    card = register.issue()
    session.execute(update(Person).where(Person.id == card.holder_id).values(died_on=register.day(-3)))
    session.commit()
    register.night()
    assert [t.kind for t in register.tasks() if t.kind != "pick_up"] == ["holder_died"]
    assert sum(register.night().values()) == 0


# -- deliveries -----------------------------------------------------------------------------------------------------------------------
def delivery(session, *rows):
    """What `disability_assessment` brings, as the action gets it."""
    base = {"hospital": "臺大醫院新竹分院", "doctor": "林醫師", "assess_date": dt.date(2026, 10, 1), "class_old": None, "class_new": "1;7", "icf_codes": "b110.2;d450.3",
            "grade": "moderate", "reassess_date": dt.date(2031, 10, 1), "cause": "疾病", "birth": BORN, "name": "彭水木"}  # fmt: skip
    meta = type("Meta", (), {"county": None})()
    ctx = job_context(session)
    said = assessments.take_in(ctx, type("Delivery", (), {"meta": meta})(), pl.DataFrame([{**base, **r} for r in rows]))
    session.commit()
    return said


def test_a_delivered_assessment_fills_the_application_and_the_timeline_once(register, desk, session):
    """身權法第6條: the report goes to the county."""
    blank = dict.fromkeys(("assessment_number", "assessment_hospital", "assessment_day", "assessment_grade", "assessment_classes", "assessment_qualifies"))
    register.apply(**blank)
    row = {"assessment_no": "D777", "person_id": person_id(1)}
    assert "其中 1 筆填入" in delivery(session, row)[0]
    case = desk.case
    assert (case.assessment_number, case.assessment_grade, case.assessment_classes, case.assessment_qualifies) == ("D777", "moderate", "1、7", True)
    assert "0 筆新的" in delivery(session, row)[0]
    assert [e.kind for e in timeline(session, case.applicant_id)] == ["assessed"]


def test_an_assessment_of_a_holder_who_has_not_applied_is_looked_after(register, session):
    register.issue()
    said = delivery(session, {"assessment_no": "D778", "person_id": person_id(1)}, {"assessment_no": "D779", "person_id": person_id(55)})
    assert "1 筆鑑定還沒有申請案" in said[1] and "1 筆的身分證統一編號不在" in said[2]
    assert len(register.tasks("unclaimed")) == 1
    register.issue(issue="reassessed", assessment_number="D778")
    assert register.tasks("unclaimed") == []


# -- bad input ------------------------------------------------------------------------------------------------------------------------
FUTURE = dt.date(2030, 1, 1)


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"assessment_day": FUTURE}, "assessment_day", "不可晚於今天"),
        ({"assessment_day": dt.date(1960, 1, 1)}, "assessment_day", "早於出生日期"),
        ({"assessment_received": dt.date(2020, 1, 1)}, "assessment_received", "不可早於鑑定日期"),
        ({"assessment_needs_assessed": dt.date(2020, 1, 1)}, "assessment_needs_assessed", "不可早於鑑定日期"),
        ({"assessment_reassess": dt.date(2020, 1, 1)}, "assessment_reassess", "應在鑑定日期之後"),
        ({"assessment_irreversible": True, "assessment_reassess": FUTURE}, "assessment_reassess", "請擇一更正"),
        ({"assessment_provisional": True}, "assessment_provisional", "已滿 6 歲"),
        ({"assessment_classes": "9"}, "assessment_classes", "不存在"),
        ({"assessment_classes": "7、05"}, "assessment_classes", "不可混填"),
        ({"issue": "exchanged", "old_held": False}, "old_held", "初次核發"),
        ({"issue": "replaced", "loss": False}, "loss", "遺失或破損"),
        ({"old_held": True, "old_issued": dt.date(2024, 1, 1), "old_expires": dt.date(2023, 1, 1)}, "old_expires", "早於核發日期"),
        ({"old_held": True, "old_issued": FUTURE}, "old_issued", "不可晚於今天"),
    ],
)
def test_bad_input_is_refused_at_its_field(register, desk, facts, field, words):
    register.apply(**facts)
    found = [p for p in find(desk.case, clock.today()) if p.field == field and p.level == "refuse"]
    assert found and words in found[0].message and found[0].section == "facts"
    with pytest.raises(Incomplete):
        desk.submit()


def test_an_impossible_date_keeps_what_was_typed(register, desk, client_as):
    register.apply()
    client = client_as("clerk.10004010")
    client.post(f"/disability_register/purpose/{desk.id}", data={"purpose": "受理申請"})
    page = client.post(f"/disability_register/intake/{desk.id}/facts", data={"assessment_day": "115/2/30", "_go": "facts"}, follow_redirects=True).text
    assert "115/2/30" in page and "不是存在的日期" in page


def test_a_date_before_the_issue_or_after_today_is_refused(register, desk):
    card = register.issue()
    for day, words in ((register.day(1), "不可晚於今天"), (register.day(-1), "不可早於核發日期")):
        with pytest.raises(Refused, match=words):
            cards.pick_up(desk.who("clerk"), card.id, day)
    with pytest.raises(Refused, match="註銷原因"):
        cards.cancel(desk.who("officer"), card.id, register.today, "")
    with pytest.raises(Conflict):
        cards.pick_up(desk.who("clerk"), card.id, register.today, seen_version=99)


def test_a_number_is_given_to_one_card_only(register):
    first = register.issue()
    with pytest.raises(Refused, match="已經核發過"):
        register.issue(2, assessment_number="D9", card_no=first.card_no)


def test_the_database_keeps_one_card_in_use(register, session):
    card = register.issue()
    row = {c.name: getattr(card, c.name) for c in DisabilityCard.__table__.c if c.name not in ("id", "card_no")}
    session.rollback()
    with pytest.raises(IntegrityError):
        session.execute(DisabilityCard.__table__.insert().values(**row, card_no="X1"))
    session.rollback()


def test_a_township_cannot_cancel(register, desk):
    from app.commands.base import Forbidden

    card = register.issue()
    with pytest.raises(Forbidden):
        cards.cancel(desk.who("clerk"), card.id, register.today, "recovered")


# -- screens ------------------------------------------------------------------------------------------------------------------------
def test_the_cards_page_shows_the_timeline_and_any_day(register, client_as):
    card = register.issue()
    client = client_as("officer.10004")
    page = client.get(f"/disability_cards/show/{card.id}").text
    assert "身心障礙者資料歷程" in page and "完成鑑定" in page and "神經系統構造及精神、心智功能" in page and "初次核發" in page
    before = client.get(f"/disability_cards/show/{card.id}?on={roc.show_date(register.day(-1))}").text
    assert "未領有手冊、證明" in before
    assert "不是存在的日期" in client.get(f"/disability_cards/show/{card.id}?on=115/2/30").text
    client.post(f"/people/purpose/{card.holder_id}", data={"purpose": "民眾查詢"})
    assert "完成鑑定" in client.get(f"/people/show/{card.holder_id}").text


def test_whom_to_notify_is_one_list_with_one_button(register, client_as):
    register.issue()
    card = register.ends_in(50)
    register.night()
    client = client_as("officer.10004")
    page = client.get("/disability_cards/notify").text
    assert "彭水木" in page and roc.show_date(card.expires) in page
    refused = client.post("/disability_cards/notify", data={"on": roc.show_date(register.today)})
    assert refused.status_code == 422 and "勾選" in refused.text
    client.post("/disability_cards/notify", data={"on": roc.show_date(register.today), "card": card.id})
    assert "目前沒有應通知的人" in client.get("/disability_cards/notify").text
    assert client_as("clerk.10004010").get("/disability_cards/notify").status_code in (302, 403)


def test_a_step_says_at_its_field_what_is_missing(register, client_as):
    card = register.issue()
    client = client_as("officer.10004")
    page = client.post(f"/disability_cards/step/{card.id}/cancel", data={"on": "", "reason": "", "_seen_version": card.version})
    assert page.status_code == 422 and "請填註銷日期" in page.text and "請填註銷原因" in page.text


def test_the_card_as_a_fact_has_its_annotation(register):
    from app.commands.register.reading import as_card

    register.issue()
    assert as_card(register.ends_in(30)) == Card(
        True, Grade.SEVERE, ("7", "1"), register.day(30 - 1500), register.day(30), False, None, None, register.card().card_no
    )
