"""Local benefits: a county defines one in the console, a second person puts it in force, the township works its cases, the county pays."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands import local_benefits as local
from app.commands import parameters, payments
from app.commands.base import Forbidden, NotFound, Refused
from app.commands.casework import intake
from app.core import clock, roc
from app.models.award import Award
from app.models.decision import Decision
from app.models.local_benefit import LocalBenefitVersion
from app.rules.exclusions import Relation
from app.rules.local_definition import AmountRow, LocalDocument, LocalExclusion, LocalTest, LocalVersion
from app.rules.local_examples import Told, example_of
from app.security import scope

ARTICLE = "第3條第1項"
STARTED = dt.date(2026, 1, 1)
QUESTION = "本次結婚之雙方是否均為初婚？"


def told(name, eligible, amount=None, **values):
    base = {"birth": dt.date(1995, 5, 6), "registered": True, "registered_since": dt.date(2020, 1, 1), "finding_q1": True}
    return example_of(Told(name, dt.date(2026, 6, 1), eligible, amount, {**base, **values}, {}), "10004")


def wedding(**more):
    """新婚祝賀金: registered for six months, a first marriage, 6,000 once."""
    given = {
        "number": 1,
        "effective_from": STARTED,
        "law": "新竹縣新婚祝賀金發給辦法",
        "who": "設籍本縣滿六個月之新婚者",
        "rhythm": "once",
        "tests": (
            LocalTest("registered", ARTICLE + "第1款"),
            LocalTest("registered_months", ARTICLE + "第2款", limit=6),
            LocalTest("finding", ARTICLE + "第3款", QUESTION, code="q1"),
        ),
        "amounts": (AmountRow(6_000, article="第4條"),),
        "documents": (LocalDocument("application_form"), LocalDocument("household_transcript")),
        "examples": (told("設籍六年的新人", "yes", 6_000), told("設籍差一天滿六個月", "no", registered_since=dt.date(2025, 12, 2))),
        **more,
    }
    return LocalVersion(**given)


@pytest.fixture
def county(actor, session):
    """The county office writing a benefit; `defined` puts one in force."""
    return County(actor, session)


class County:
    def __init__(self, actor, session):
        self.actor, self.session, self.pk = actor, session, 0

    def write(self, version=None, who="officer.10004", name="新婚祝賀金", short="NWD"):
        self.pk = local.create_benefit(self.actor(who), name, name[:2], short)
        local.save_draft(self.actor(who), self.pk, version or wedding())
        return self

    def propose(self, who="officer.10004"):
        local.propose(self.actor(who), self.pk)
        return self

    def activate(self, who="director.10004"):
        local.activate(self.actor(who), self.pk)
        return self

    @property
    def row(self):
        self.session.expire_all()
        with scope.use(scope.SYSTEM):
            return self.session.get(LocalBenefitVersion, self.pk)

    @property
    def code(self):
        return self.row.benefit.code

    def defined(self, version=None, **names):
        return self.write(version, **names).propose().activate()


# -- defining ---------------------------------------------------------------------------------------------------------------------


def test_a_second_person_puts_a_finished_version_in_force(county):
    county.defined()
    assert county.row.state == "active" and county.row.activated_by_id != county.row.proposed_by_id
    found = local.definitions_in_force(county.session, "10004")
    assert [d.name for d in found.values()] == ["新婚祝賀金"]


def test_whoever_wrote_or_proposed_it_may_not_put_it_in_force(county):
    county.write(who="director.10004").propose()
    with pytest.raises(Refused, match="同一人不可以"):
        county.activate()
    county.pk = 0
    county.write(who="officer.10004", name="百歲敬老金", short="CEN").propose("director.10004")
    with pytest.raises(Refused, match="同一人不可以"):
        county.activate()


def test_the_database_refuses_the_same_person_too(county):
    county.defined()
    row = county.row
    for column in ("proposed_by_id", "written_by_id"):
        with pytest.raises(IntegrityError):
            county.session.execute(update(LocalBenefitVersion).where(LocalBenefitVersion.id == row.id).values({column: row.activated_by_id}))
        county.session.rollback()


def test_an_officer_does_not_put_in_force(county):
    county.write().propose()
    with pytest.raises(Forbidden):
        county.activate("officer2.10004")


def test_a_failing_example_is_named_with_what_was_expected_and_what_came(county):
    wrong = (*wedding().examples[:1], told("初婚卻說不符", "no"), told("金額寫錯", "yes", 9_000))
    county.write(wedding(examples=wrong))
    with pytest.raises(Refused) as stop:
        county.propose()
    assert "測試案例「初婚卻說不符」未通過：結果應為「不符合」，實際為「符合」" in stop.value.message
    assert "金額應為9,000元，實際為6,000元" in stop.value.message
    assert county.row.state == "draft"


def test_examples_are_judged_again_when_it_is_put_in_force(county, actor):
    limited = wedding(tests=(LocalTest("age_at_least", "第3條", parameter="county_senior_allowance.age"), *wedding().tests))
    settings = [replace(e, settings=()) for e in wedding().examples]
    row = parameters.propose_parameter(actor("officer.10004"), "county_senior_allowance.age", "20", dt.date(2020, 1, 1), "縣府公告（測試）")
    parameters.approve_parameter(actor("director.10004"), row)
    county.write(replace(limited, examples=tuple(settings))).propose()
    parameters.withdraw_parameter(actor("director.10004"), row, "測試撤回")
    with pytest.raises(Refused, match="設籍六年的新人"):
        county.activate()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"examples": wedding().examples[:1]}, "至少須有一個「不符合」"),
        ({"examples": wedding().examples[1:]}, "至少須有一個「符合」"),
        ({"tests": (LocalTest("registered", ""), *wedding().tests[1:])}, "請填條次"),
        ({"tests": (LocalTest("registered", "條次由縣府補登"), *wedding().tests[1:])}, "請填本縣規定的條次"),
        ({"amounts": (AmountRow(6_000),)}, "金額表第1列：請填條次"),
        ({"law": ""}, "請填法規名稱"),
        ({"who": ""}, "請填發給對象"),
        ({"documents": ()}, "應備文件"),
        ({"confirmed": False}, "本縣已確認"),
        ({"amounts": ()}, "金額表至少須有一列"),
        ({"tests": (LocalTest("registered_months", "第3條"),)}, "限額與縣市設定"),
    ],
)
@pytest.mark.sqlite
def test_what_is_missing_is_said(county, change, said):
    with pytest.raises(Refused, match=said):
        county.write(wedding(**change)).propose()


def test_a_version_in_force_is_followed_not_changed(county):
    county.defined()
    first = county.pk
    with pytest.raises(Refused, match="另立新版"):
        local.save_draft(county.actor("officer.10004"), first, wedding())
    county.pk = local.new_version(county.actor("officer.10004"), county.row.benefit_id)
    with pytest.raises(Refused, match="請填施行日期"):
        county.propose()
    raised = wedding(effective_from=dt.date(2027, 1, 1), amounts=(AmountRow(8_000, article="第4條"),), examples=(
        example_of(Told("新制", dt.date(2027, 2, 1), "yes", 8_000, {"birth": dt.date(1995, 5, 6), "registered": True, "registered_since": STARTED, "finding_q1": True}, {}), "10004"),
        example_of(Told("再婚", dt.date(2027, 2, 1), "no", None, {"birth": dt.date(1995, 5, 6), "registered": True, "registered_since": STARTED, "finding_q1": False}, {}), "10004"),
    ))  # fmt: skip
    local.save_draft(county.actor("officer.10004"), county.pk, raised)
    county.propose().activate()
    before = county.session.get(LocalBenefitVersion, first)
    assert (before.state, before.effective_to) == ("superseded", dt.date(2026, 12, 31))
    definition = local.definitions_in_force(county.session, "10004")[county.code]
    assert [definition.on(day).amounts[0].amount for day in (dt.date(2026, 12, 31), dt.date(2027, 1, 1))] == [6_000, 8_000]


@pytest.mark.parametrize(("begins", "said"), [(dt.date(2026, 5, 1), "重疊"), (dt.date(2026, 8, 1), "不可空白")])
@pytest.mark.sqlite
def test_versions_neither_overlap_nor_leave_a_gap(county, begins, said):
    county.defined(wedding(effective_to=dt.date(2026, 6, 30)))
    county.pk = local.new_version(county.actor("officer.10004"), county.row.benefit_id)
    local.save_draft(county.actor("officer.10004"), county.pk, wedding(effective_from=begins))
    with pytest.raises(Refused, match=said):
        county.propose()


def test_only_one_version_is_written_at_a_time(county):
    county.defined()
    local.new_version(county.actor("officer.10004"), county.row.benefit_id)
    with pytest.raises(Refused, match="正在撰寫"):
        local.new_version(county.actor("officer2.10004"), county.row.benefit_id)


def test_another_county_neither_sees_nor_changes_nor_applies_it(county, client_as, actor):
    county.defined()
    with pytest.raises(NotFound):
        local.save_draft(actor("officer.10005"), county.pk, wedding())
    assert local.definitions_in_force(county.session, "10005") == {}
    page = client_as("officer.10005").get("/local-benefits/list/").text
    assert "新婚祝賀金" not in page and "新婚祝賀金" in client_as("officer.10004").get("/local-benefits/list/").text
    assert client_as("officer.10005").get(f"/local-benefits/show/{county.pk}").status_code == 404
    who = intake.NewPerson("J100000018", "彭水木", dt.date(1990, 1, 1), "M", "苗栗縣苗栗市")
    with pytest.raises(Refused, match="尚未啟用"):
        intake.open_draft(actor("clerk.10005010"), county.code, who)


# -- working its cases --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def couple(desk, county):
    """A newlywed at the counter of a township whose county pays 6,000 once."""
    county.defined()

    def make(**facts):
        desk.open(benefit=county.code, born=dt.date(1995, 5, 6), name="彭新人")
        desk.save(fields={"registered_since": dt.date(2020, 1, 1), "finding_q1": True, **facts})
        return desk.papers().account()

    return make


def test_from_the_counter_to_the_register_and_paid_once(couple, desk, county, session):
    couple().to_decision()
    decision = session.get(Decision, desk.approve())
    month = roc.month_of(clock.today())
    assert (decision.amount, decision.start_month, decision.end_month) == (6_000, month, month)
    cited = {line["article"] for line in decision.judgement["trace"]}
    assert {ARTICLE + "第1款", ARTICLE + "第2款", ARTICLE + "第3款", "第4條"} <= cited
    assert decision.rule_version == f"{county.code}-1"
    assert desk.case.case_no.startswith("NWD")
    session.commit()
    run = payments.build_run(desk.who("officer"), benefit=county.code, payer="10004", month=month, cutoff_on=roc.last_day(month))
    assert (run.line_count, run.total) == (1, 6_000) and "-NWD-" in run.run_no
    with pytest.raises(Refused, match="沒有應發"):
        payments.build_run(desk.who("officer"), benefit=county.code, payer="10004", month=month + 1)


def test_what_is_paid_once_is_not_taken_in_twice(couple, desk):
    couple().to_decision()
    desk.approve()
    with pytest.raises(Refused, match="一生發給一次"):
        desk.open(benefit=desk.case.benefit, born=dt.date(1995, 5, 6), name="彭新人")


def test_the_form_asks_what_the_tests_need_and_nothing_else(couple, desk):
    case = couple().case
    assert case.FACTS == ("registered_since", "finding_q1") and case.SECTIONS == ("person", "facts", "documents", "account")
    assert [d.code for d in case.documents] == ["application_form", "household_transcript"]
    with pytest.raises(Refused, match="不在可修改的範圍"):
        desk.save(fields={"own_income": 1})


def test_the_countys_own_question_stays_open_until_somebody_answers(couple, desk):
    couple(finding_q1=None).to_decision()
    with pytest.raises(Refused, match="還不能核定"):
        desk.approve()


def test_no_is_a_refusal_with_its_article(couple, desk, session):
    couple(finding_q1=False).submit().complete().first_review("fail").forward().second_review()
    decision = session.get(Decision, desk.reject("再婚"))
    failed = [line for line in decision.judgement["trace"] if line["outcome"] == "not_met"]
    assert [(f["question"], f["article"]) for f in failed] == [(QUESTION, ARTICLE + "第3款")]


def test_an_exclusion_of_the_definition_stops_the_decision(desk, county, session):
    monthly = wedding(
        rhythm="monthly",
        exclusions=(LocalExclusion("elderly_living_allowance", Relation.CHOOSE_ONE, article="第6條"),),
    )
    county.defined(monthly)
    desk.open(born=dt.date(1948, 3, 1)).fill(children=[(45, 42_000)]).to_decision()
    desk.approve()
    desk.open(benefit=county.code, born=dt.date(1948, 3, 1))
    desk.save(fields={"registered_since": dt.date(2020, 1, 1), "finding_q1": True}).papers().account().to_decision()
    (hit,) = desk.case.exclusions["hits"]
    assert (hit["counterpart"], hit["hard"], hit["article"]) == ("elderly_living_allowance", True, "第6條")
    with pytest.raises(Refused, match="尚未擇領"):
        desk.approve()


@pytest.mark.parametrize(("rhythm", "every"), [("monthly", 1), ("two_monthly", 2), ("quarterly", 3), ("yearly", 12)])
@pytest.mark.sqlite
def test_every_rhythm_pays_in_its_months(desk, county, session, rhythm, every):
    county.defined(wedding(rhythm=rhythm))
    desk.open(benefit=county.code, born=dt.date(1995, 5, 6), name="彭新人")
    desk.save(fields={"registered_since": dt.date(2020, 1, 1), "finding_q1": True}).papers().account().to_decision()
    desk.approve()
    award = session.scalars(select(Award)).one()
    assert award.every == every and award.to_month is None
    first, code = award.from_month, county.code
    paid = []
    for month in range(first, first + 13):
        try:
            run = payments.build_run(desk.who("officer"), benefit=code, payer="10004", month=month, cutoff_on=roc.last_day(month))
            paid.append((month - first, run.total))
        except Refused:
            continue
    assert paid == [(n, 6_000) for n in range(0, 13, every)]


# -- the delivered ones -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["county_senior_allowance", "paralysis_living_allowance"])
@pytest.mark.sqlite
def test_a_delivered_proposal_becomes_the_countys_draft_and_is_not_in_force_before_it_is_confirmed(county, code):
    county.pk = local.adopt(county.actor("officer.10004"), code)
    assert county.row.state == "draft" and county.code == code
    with pytest.raises(Refused, match="請填本縣規定的條次"):
        county.propose()
    with pytest.raises(Refused, match="已採用"):
        local.adopt(county.actor("officer2.10004"), code)
