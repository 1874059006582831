"""年度總清查: the cohort, the tax office's answer, three lists, approval together and one by one, pause, taking back, closing."""

import datetime as dt

import pytest
from sqlalchemy import func, select, update

from app.commands import campaign_approval, campaign_cases, campaigns, exchange, verify
from app.commands.base import Conflict, Forbidden, Refused
from app.core import clock, roc
from app.models.application import Application
from app.models.award import Award
from app.models.campaign import Campaign, CampaignCase, CampaignMember
from app.models.decision import Decision
from app.models.job import DONE
from app.security import scope
from app.security.actor import Actor
from tests.casework.conftest import person_id
from tests.casework.test_recomputation import approve, work
from tests.exchange.making import write_csv

BENEFIT = "elderly_living_allowance"
SYSTEM = Actor.system("test")
YEAR = clock.today().year - roc.EPOCH
NAMES = ("水木", "木火", "火土")


@pytest.fixture
def granted(desk):
    """Three old people draw the allowance; each has a son whose wage the tax office knows."""
    return [approve(desk, n, children=[(45, 42_000)]) for n in (1, 2, 3)]


@pytest.fixture
def arrive(tmp_path):
    """The tax office's three files: wages by ID number, everybody else in none of them."""

    def send(wages, year=114, source="all"):
        base = {"tax_year": str(year)}
        rows = {
            "tax_income": [
                base | {"person_id": p, "name": name, "format_code": "50", "payer_id": "1", "payer_name": "示範公司", "gross": str(wage), "withheld": "0"}
                for p, name, wage in wages
            ],
            "tax_property": [
                base | {"person_id": person_id(990), "name": "路人甲", "kind": "house", "location": "竹北市", "lot_no": "1", "area": "80",
                        "share_num": "1", "share_den": "1", "assessed_value": "500000"}
            ],
            "tax_investment": [base | {"person_id": person_id(990), "name": "路人甲", "company_id": "1", "company_name": "示範公司", "face_value": "1"}],
        }  # fmt: skip
        for name, lines in rows.items():
            if source in ("all", name):
                mode = "new" if year == 114 else "replacement"
                exchange.import_file(SYSTEM, name, write_csv(tmp_path / f"{name}{year}.csv", lines), None, None, None, mode)

    return send


class Review:
    """A campaign walked by its people."""

    def __init__(self, app, actor, session):
        self.app, self.actor, self.session = app, actor, session
        self.officer, self.director, self.chief = actor("officer.10004"), actor("director.10004"), actor("chief.10004010")
        self.id = 0

    def work(self):
        job = work(self.app, 900)  # a busy machine may take long over a chunk; losing a lease is not what is tried here
        assert job.state == DONE, job.error_text
        return job.result

    def open(self, **more):
        self.id = campaigns.open_campaign(self.officer, BENEFIT, YEAR, 114, **{"sample_size": 2} | more)
        self.work()
        return self

    def request(self):
        return campaigns.request_taxes(self.officer, self.id).decode("utf-8-sig")

    def answer(self):
        self.request()
        campaigns.take_reply(self.officer, self.id)
        return campaigns.complete_reply(self.officer, self.id, "財稅字第1150000001號")

    def judge(self):
        campaigns.start_judging(self.officer, self.id)
        return self.work()

    def row(self):
        self.session.expire_all()
        return self.session.get_one(Campaign, self.id)

    def cases(self, **wanted):
        self.session.expire_all()
        statement = select(CampaignCase).where(CampaignCase.campaign_id == self.id).filter_by(**wanted).order_by(CampaignCase.id)
        return list(self.session.scalars(statement))

    def check_sample(self):
        for case in self.cases(sampled=True):
            campaign_cases.check(self.officer, case.id, "agree")

    def reviewed(self, case_id):
        """初審 and 複審 agree."""
        campaign_cases.give_opinion(self.chief, case_id, "agree", "與財稅資料相符")
        campaign_cases.check(self.officer, case_id, "agree")

    def approve(self):
        campaign_approval.approve_same(self.director, self.id)
        return self.work()["整批核定件數"]


@pytest.fixture
def review(app, actor, session, county_settings):
    return Review(app, actor, session)


SON = (person_id(900), "彭志明")


def test_the_id_list_names_every_counted_member_once_and_missing_is_never_zero(granted, review, arrive):
    review.open()
    lines = review.request().splitlines()
    assert lines[0] == "身分證統一編號,姓名,財稅年度"
    assert len(lines) == 1 + 4, "three old people, and the son they share in the test once"
    assert {line.split(",")[2] for line in lines[1:]} == {"114"}
    assert {m.tax_state for m in review.session.scalars(select(CampaignMember))} == {"requested"}
    with pytest.raises(Refused, match="回復齊全後才能審查"):
        campaigns.start_judging(review.officer, review.id)
    arrive([(*SON, 504_000)])
    with pytest.raises(Refused, match="文號"):
        campaigns.complete_reply(review.officer, review.id, " ")
    assert campaigns.take_reply(review.officer, review.id).strangers == 1, "somebody nobody asked about is counted and not used"
    arrive([(*SON, 504_000)])
    campaigns.take_reply(review.officer, review.id)  # the same files once more change nothing
    states = review.session.execute(select(CampaignMember.tax_state, func.count()).group_by(CampaignMember.tax_state)).all()
    assert dict(map(tuple, states)) == {"received": 3, "requested": 3}


def test_three_lists_with_the_difference_by_person_and_line(granted, review, arrive, session):
    """One son earns more than last year; one old person is in a file under another name."""
    session.execute(update(Award).where(Award.application_id == granted[1]).values(amount=1))
    session.commit()
    arrive([(*SON, 504_000), (person_id(3), "別人", 1)])
    review.open().answer()
    assert review.judge() == {"維持不變": 1, "金額或級距改變": 1, "不再符合": 0, "無法認定": 1}
    [same], [changed], [unknown] = (review.cases(outcome=o) for o in ("same", "changed", "unknown"))
    assert same.facts and same.judgement["trace"] and same.amount_after == same.amount_before
    assert (changed.amount_before, changed.amount_after) == (1, same.amount_after) and "每月 1 元改為" in changed.why
    assert unknown.reason == "tax_rejected" and "財稅資料的姓名與案件不同" in unknown.why and unknown.amount_after is None
    assert all(a.status == "active" for a in session.scalars(select(Award))), "nobody is stopped by the reckoning"


def test_a_rise_in_wages_shows_where_it_comes_from_and_ends_the_allowance_only_by_decision(granted, review, arrive, session):
    arrive([(*SON, 2_400_000)])
    review.open().answer()
    assert review.judge()["不再符合"] == 3
    case = review.cases(outcome="stops")[0]
    assert {"part": "每月收入", "name": SON[1], "item": "工作收入", "before": "42000", "after": "200000"} in case.differences
    with pytest.raises(Refused, match="目前狀態"):
        campaign_cases.decide(review.director, case.id)
    with pytest.raises(Refused, match="先由公所"):
        campaign_cases.check(review.officer, case.id, "agree")
    with pytest.raises(Forbidden):
        campaign_cases.check(review.chief, case.id, "agree")
    with pytest.raises(Refused, match="初審由公所"):
        campaign_cases.give_opinion(review.officer, case.id, "agree")
    campaign_cases.give_opinion(review.chief, case.id, "agree", "與財稅資料相符")
    with pytest.raises(Refused, match="目前狀態"):
        campaign_cases.decide(review.director, case.id)
    campaign_cases.check(review.officer, case.id, "agree")
    campaign_cases.send_back(review.officer, case.id, "請再訪視")
    assert (review.cases(id=case.id)[0].state, review.cases(id=case.id)[0].opinion) == ("judged", None)
    with pytest.raises(Refused, match="訪視日期"):
        campaign_cases.record_visit(review.chief, case.id, clock.today() + dt.timedelta(days=1), "無人")
    campaign_cases.record_visit(review.chief, case.id, clock.today(), "兒子同住，確有薪資")
    review.reviewed(case.id)
    decision = session.get(Decision, campaign_cases.decide(review.director, case.id))
    assert decision.outcome == "rejected" and "總清查" in decision.reason and decision.judgement["eligible"] == "no"
    award = session.get(Award, case.award_id)
    assert award.status == "ended" and [c.month for c in award.changes if c.kind == "end"] == [roc.month(YEAR, 1)]


def test_all_that_stay_the_same_are_approved_together_after_the_sample(granted, review, arrive, session):
    arrive([(*SON, 504_000)])
    review.open().answer()
    assert review.judge()["維持不變"] == 3
    assert len(review.cases(sampled=True)) == 2
    with pytest.raises(Refused, match="抽查還有 2 件"):
        campaign_approval.approve_same(review.director, review.id)
    with pytest.raises(Forbidden):
        campaign_approval.approve_same(review.officer, review.id)
    review.check_sample()
    assert review.approve() == 3
    assert review.approve() == 0, "pressed twice it decides nobody twice"
    cases = review.cases()
    assert {c.state for c in cases} == {"decided"} and len({c.decision_id for c in cases}) == 3
    written = session.scalars(select(Decision).where(Decision.reason.contains("續予核定"))).all()
    assert len(written) == len({d.decision_no for d in written}) == 3
    assert {d.application_id for d in written} == set(granted) and {d.start_month for d in written} == {roc.month(YEAR, 1)}
    campaigns.close(review.director, review.id)
    assert review.row().state == "closed"


def test_what_somebody_disagrees_with_and_what_oneself_checked_is_not_approved_together(granted, review, arrive, session):
    arrive([(*SON, 504_000)])
    review.open(sample_size=1).answer()
    review.judge()
    review.check_sample()
    first, second = review.cases(sampled=False)
    campaign_cases.give_opinion(review.chief, first.id, "disagree", "兒子已離職")
    campaign_cases.give_opinion(review.chief, second.id, "agree")
    campaign_cases.check(review.officer, second.id, "disagree", "財產另有新資料")
    assert review.approve() == 1, "the one of the sample"
    assert {c.id for c in review.cases(state="decided")}.isdisjoint({first.id, second.id})
    for case in (first, second):
        campaign_cases.check(review.officer, case.id, "agree")
    session.execute(update(CampaignCase).where(CampaignCase.id == first.id).values(checked_by_id=review.director.user_id))
    session.commit()
    assert review.approve() == 1
    assert [c.id for c in review.cases(state="checked")] == [first.id], "left for another person"


def test_a_sample_that_disagrees_stops_the_approval_and_the_judging_is_taken_back(granted, review, arrive):
    arrive([(*SON, 504_000)])
    review.open().answer()
    review.judge()
    first, second = review.cases(sampled=True)
    with pytest.raises(Refused, match="寫明"):
        campaign_cases.check(review.officer, first.id, "disagree")
    campaign_cases.check(review.officer, first.id, "disagree", "兒子已離職")
    campaign_cases.check(review.officer, second.id, "agree")
    with pytest.raises(Refused, match="1 件不同意"):
        campaign_approval.approve_same(review.director, review.id)
    campaigns.roll_back(review.director, review.id, "參數有誤")
    assert {(c.state, c.outcome, c.opinion, c.sampled) for c in review.cases()} == {("frozen", None, None, False)}
    assert review.row().state == "answered"
    assert review.judge()["維持不變"] == 3, "and judged anew"


def test_nothing_is_taken_back_after_a_decision(granted, review, arrive):
    arrive([(*SON, 2_400_000)])
    review.open().answer()
    review.judge()
    case = review.cases()[0]
    review.reviewed(case.id)
    campaign_cases.decide(review.director, case.id)
    with pytest.raises(Refused, match="已有 1 件核定"):
        campaigns.roll_back(review.director, review.id, "試試")
    with pytest.raises(Refused, match="還有 2 件沒有決定（竹北市 2 件）"):
        campaigns.close(review.director, review.id)


def test_taking_back_leaves_what_was_decided_at_that_very_moment(granted, review, arrive, monkeypatch):
    arrive([(*SON, 504_000)])
    review.open().answer()
    review.judge()
    case, advance = review.cases()[0], campaigns.CAMPAIGN.advance

    def decided_meanwhile(ctx, *args, **more):
        advance(ctx, *args, **more)
        ctx.session.execute(update(CampaignCase).where(CampaignCase.id == case.id).values(state="decided"))

    monkeypatch.setattr(campaigns.CAMPAIGN, "advance", decided_meanwhile)
    campaigns.roll_back(review.director, review.id, "試試")
    assert [c.state for c in review.cases()] == ["decided", "frozen", "frozen"]


def test_a_case_goes_to_ordinary_review_with_everything_it_says(granted, review, arrive, session):
    arrive([(*SON, 2_400_000)])
    review.open().answer()
    review.judge()
    case = review.cases()[0]
    with pytest.raises(Refused, match="理由"):
        campaign_cases.reopen(review.chief, case.id)
    new = session.get(Application, campaign_cases.reopen(review.chief, case.id, "兒子已失業，另附證明"))
    assert (new.purpose, new.state, new.previous_id) == ("recertification", "draft", case.application_id)
    assert len(new.members) == 2 and review.cases()[0].state == "reopened"


def test_the_pause_stops_everything_and_the_work_goes_on_where_it_stopped(granted, review, arrive, monkeypatch):
    from app.commands import campaign_work

    arrive([(*SON, 504_000)])
    review.open().answer()
    monkeypatch.setattr(campaign_work.judge, "__defaults__", (1,))
    campaigns.start_judging(review.officer, review.id)
    real = campaign_work.judge

    def once(ctx, campaign, after, size=1):
        out = real(ctx, campaign, after, size)
        campaign.paused_at, campaign.paused_why = clock.now(), "參數要改"
        return out

    monkeypatch.setattr(campaign_work, "judge", once)
    assert "暫停" in review.work()["說明"]
    monkeypatch.setattr(campaign_work, "judge", real)
    assert len(review.cases(state="judged")) == 1
    with pytest.raises(Refused, match="已暫停（參數要改）"):
        campaigns.start_judging(review.officer, review.id)
    campaigns.resume(review.officer, review.id)
    assert review.work()["維持不變"] == 3
    with pytest.raises(Refused, match="理由"):
        campaigns.pause(review.officer, review.id, " ")
    campaigns.pause(review.officer, review.id, "等公文")
    with pytest.raises(Refused, match="暫停"):
        campaign_cases.give_opinion(review.chief, review.cases()[0].id, "agree")


def test_a_file_of_the_wrong_year_or_of_another_list_is_told(granted, review, arrive):
    review.open()
    review.request()
    with pytest.raises(Refused, match="還沒有收到所得、財產、投資檔"):
        campaigns.take_reply(review.officer, review.id)
    arrive([(person_id(991), "路人乙", 1)])
    with pytest.raises(Refused, match="2 人，沒有一人在這次的名冊內"):
        campaigns.take_reply(review.officer, review.id)
    arrive([(*SON, 504_000)], year=113)
    with pytest.raises(Refused, match="是 113 年度，這次總清查要 114 年度"):
        campaigns.take_reply(review.officer, review.id)
    assert {m.tax_state for m in review.session.scalars(select(CampaignMember))} == {"requested"}, "nothing half taken"


def test_a_missing_parameter_of_the_year_is_a_reason_of_its_own(granted, review, arrive, session):
    from app.models.parameter import Parameter

    arrive([(*SON, 504_000)])
    review.open().answer()
    session.execute(update(Parameter).where(Parameter.name == "elderly_real_estate_limit").values(effective_to=dt.date(YEAR + roc.EPOCH - 1, 12, 31)))
    session.commit()
    assert review.judge()["無法認定"] == 3
    assert {c.reason for c in review.cases()} == {"setting"}


def test_who_was_low_income_waits_for_that_review_and_goes_on_meanwhile(desk, review, arrive, session):
    approve(desk, 1, children=[(45, 42_000)], low_income_status="low")
    arrive([(*SON, 504_000)])
    review.open().answer()
    review.judge()
    [case] = review.cases()
    assert case.reason == "depends" and "暫准續發" in case.why
    assert session.get(Award, case.award_id).status == "active"


def test_a_trial_with_proposed_parameters_says_who_gains_and_decides_nothing(granted, review, actor):
    from app.commands import parameters

    parameters.propose_parameter(actor("officer.10004"), "elderly_real_estate_limit", "1", dt.date(YEAR + roc.EPOCH, 1, 1), "草案")
    review.open(what_if=True)
    result = review.judge()
    assert sum(result.values()) == 3
    assert {c.judgement["trace"] != [] for c in review.cases()} == {True}
    assert any("1元以下" in t["limit"] for t in review.cases()[0].judgement["trace"]), "the proposed value was reckoned with"
    with pytest.raises(Refused, match="試算"):
        campaign_approval.approve_same(review.director, review.id)
    with pytest.raises(Refused, match="試算"):
        campaign_cases.give_opinion(review.chief, review.cases()[0].id, "agree")


def test_two_campaigns_of_one_year_and_bad_years_are_refused(review, actor):
    review.open()
    with pytest.raises(Refused, match="已經開辦"):
        campaigns.open_campaign(review.officer, BENEFIT, YEAR, 114, 2)
    for year, tax, size in ((YEAR - 1, 113, 2), (YEAR, YEAR, 2), (YEAR, 114, 0)):
        with pytest.raises(Refused):
            campaigns.open_campaign(review.officer, "disability_living_allowance", year, tax, size)
    with pytest.raises(Refused, match="按月發給"):
        campaigns.open_campaign(review.officer, "parking_permit", YEAR, 114, 2)
    with pytest.raises(Forbidden):
        campaigns.open_campaign(actor("clerk.10004010"), BENEFIT, YEAR, 114, 2)


def test_a_township_sees_and_judges_only_its_own(granted, review, arrive, actor, session):
    arrive([(*SON, 2_400_000)])
    review.open().answer()
    review.judge()
    other = actor("chief.10004020")
    with scope.use(other.scope):
        assert session.scalars(select(CampaignCase.id)).all() == []
    with pytest.raises(Exception, match="查無這筆資料"):
        campaign_cases.give_opinion(other, review.cases()[0].id, "agree")


def test_two_people_decide_at_once_and_one_decision_stands(granted, review, arrive, session):
    arrive([(*SON, 2_400_000)])
    review.open().answer()
    review.judge()
    case = review.cases()[0]
    seen = case.version
    campaign_cases.give_opinion(review.chief, case.id, "agree", seen_version=seen)
    with pytest.raises(Conflict):
        campaign_cases.give_opinion(review.actor("clerk.10004010"), case.id, "agree", seen_version=seen)


def test_a_case_called_decided_without_a_decision_is_told(granted, review, session):
    review.open()
    assert list(verify.INVARIANTS["campaign_decided"][1](session)) == []
    session.execute(update(CampaignCase).values(state="decided"))
    assert list(verify.INVARIANTS["campaign_decided"][1](session)) == ["有 3 件"]
    session.rollback()
