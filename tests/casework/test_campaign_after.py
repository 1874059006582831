"""年度總清查, around the decision: papers beside the tax file, every second year, waiting for low income, notices, objections, money already paid."""

import datetime as dt
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands import campaign_cases, campaign_notices, campaign_taxes, campaigns, exchange, objections
from app.commands.base import Conflict, Refused
from app.commands.notices import senders
from app.core import clock, roc
from app.extensions import db
from app.jobs import lease
from app.models.application import Application
from app.models.award import Award
from app.models.campaign import Campaign, CampaignCase, CampaignCorrection, CampaignMember
from app.models.decision import Decision
from app.models.household import IncomeLine
from app.models.job import RUNNING, Job
from app.models.notice import Notice
from app.models.objection import Objection
from app.rules import facts
from tests.casework.conftest import person_id
from tests.casework.test_campaign import BENEFIT, SON, SYSTEM, YEAR, arrive, granted, review
from tests.casework.test_recomputation import approve
from tests.exchange.making import write_csv

__all__ = ["arrive", "granted", "review"]
RICH = 2_400_000


@pytest.fixture
def stopping(granted, review, arrive):
    """Three cases that would end: the son earns too much."""
    arrive([(*SON, RICH)])
    review.open().answer()
    review.judge()
    return review


def decided(review, at=0):
    case = review.cases(outcome="stops")[at]
    review.reviewed(case.id)
    campaign_cases.decide(review.director, case.id)
    return review.cases(id=case.id)[0]


def test_a_paper_stands_beside_the_line_and_the_case_is_judged_anew(stopping, session):
    review = stopping
    case = review.cases()[0]
    [line] = campaign_taxes.lines_of(session, case, case.campaign)
    assert (line.kind, line.amount, line.correction) == ("薪資所得", RICH, None) or line.amount == RICH
    name = f"{line.position}|{line.key}"
    for kind, amount, code, proof, said in (
        ("amount", 504_000, "", " ", "證明文件"), ("amount", None, "", "離職證明", "金額"), ("exempt", None, "water", "函", "不能這樣更正"),
        ("principal", 1, "", "存款證明", "不能這樣更正"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=said):
            campaign_cases.correct(review.chief, case.id, name, kind, amount, code, proof)
    with pytest.raises(Refused, match="請選擇要更正"):
        campaign_cases.correct(review.chief, case.id, "9|x", "amount", 1, "", "離職證明")
    assert session.scalar(select(CampaignCorrection.id)) is None, "nothing half written"
    campaign_cases.give_opinion(review.chief, case.id, "disagree", "兒子已離職")
    campaign_cases.correct(review.chief, case.id, name, "amount", 504_000, "", "離職證明 115-1")
    after = review.cases(id=case.id)[0]
    assert (after.outcome, after.state, after.opinion) == ("same", "judged", None)
    [line] = campaign_taxes.lines_of(session, after, after.campaign)
    assert line.amount == RICH and line.correction.amount == 504_000, "the file says what it said"
    assert "離職證明 115-1，更正114年度財稅資料" in str(after.facts)
    with pytest.raises(IntegrityError):
        session.execute(update(CampaignCorrection).values(amount=1))
    session.rollback()
    assert [c.outcome for c in review.cases()].count("stops") == 2, "nobody else's case is touched"


def test_shares_principal_and_land_by_code_are_reckoned_and_shown(granted, review, session, tmp_path):
    """Interest becomes principal by the year's rate (0.017), a half house counts half, certified land counts nothing and says why."""
    son = {"person_id": SON[0], "name": SON[1], "tax_year": "114"}
    house = {"area": "80", "share_num": "1", "share_den": "1"}
    files = {
        "tax_income": [son | {"format_code": code, "payer_id": "1", "payer_name": "示範", "gross": gross, "withheld": "0"} for code, gross in (("50", "504000"), ("5A", "17000"))],
        "tax_property": [son | house | {"kind": "house", "location": "竹北市", "lot_no": "1", "share_den": "2", "assessed_value": "600000"},
                         son | house | {"kind": "land", "location": "尖石鄉", "lot_no": "2", "assessed_value": "500000"}],
        "tax_investment": [son | {"company_id": "1", "company_name": "示範公司", "face_value": "10000"}],
    }  # fmt: skip
    for source, rows in files.items():
        assert exchange.import_file(SYSTEM, source, write_csv(tmp_path / f"{source}.csv", rows), None, None, None, "new").problem is None
    review.open().answer()
    review.judge()
    case = review.cases()[0]

    def sums(part):
        return sorted((x["item"], str(x["amount"])) for x in review.cases(id=case.id)[0].judgement[part])

    assert sums("movable") == [("存款本金", "1000000"), ("投資", "10000")] and sums("real_estate") == [("土地", "500000"), ("房屋", "300000")]
    land = next(x for x in campaign_taxes.lines_of(session, case, case.campaign) if x.kind == "土地")
    campaign_cases.correct(review.chief, case.id, f"{land.position}|{land.key}", "exempt", None, "indigenous_reserved", "公所證明 1")
    [line] = [x for x in review.cases(id=case.id)[0].judgement["real_estate"] if x["item"] == "土地"]
    assert line["amount"] in (0, "0") and "原住民保留地" in line["basis"] and "第5條之2" in line["article"]


def test_every_second_year_leaves_out_the_first_year_and_the_year_after_a_review(granted, review, session):
    long_ago = clock.now() - dt.timedelta(days=800)
    with session.no_autoflush:
        session.connection().exec_driver_sql("DROP TRIGGER IF EXISTS decision_no_update" + ("" if session.get_bind().dialect.name == "sqlite" else " ON decision"))
    session.execute(update(Decision).where(Decision.application_id == granted[0]).values(decided_at=long_ago))
    session.commit()
    review.open(every_years=2)
    assert sorted(c.state for c in review.cases()) == ["excepted", "excepted", "frozen"]
    assert len(review.request().splitlines()) == 1 + 2, "the tax office is asked about who is due only"
    assert {m.case_id for m in session.scalars(select(CampaignMember))} == {c.id for c in review.cases(state="frozen")}
    assert sum(campaigns.counts(session, review.id).values()) == 1
    session.execute(update(Campaign).values(year=YEAR - 1, state="closed"))
    session.commit()
    with pytest.raises(Refused, match=f"{YEAR - 1} 年度已經清查，下次是 {YEAR + 1} 年度"):
        campaigns.open_campaign(review.officer, BENEFIT, YEAR, 114, 2, every_years=2)
    with pytest.raises(Refused, match="暫准續發的期限"):
        campaigns.open_campaign(review.officer, BENEFIT, YEAR, 114, 2, provisional_until=dt.date(YEAR + 1912, 1, 1))


def test_who_waits_for_low_income_is_told_until_when_and_is_judged_again(desk, review, arrive, session):
    approve(desk, 1, children=[(45, 42_000)], low_income_status="low")
    arrive([(*SON, 504_000)])
    review.open(provisional_until=dt.date(YEAR + roc.EPOCH, 2, 28)).answer()
    review.judge()
    [case] = review.cases()
    assert case.reason == "depends" and f"暫准續發至 {roc.show_date(dt.date(YEAR + roc.EPOCH, 2, 28))}" in case.why
    with pytest.raises(Refused, match="還有 1 件沒有決定"):
        campaigns.close(review.director, review.id)
    low = Campaign(county_code="10004", benefit="low_income_living_assistance", year=YEAR, tax_year=114, state="judged", frozen_on=case.campaign.frozen_on,
                   judged_for=case.campaign.judged_for, closes_on=case.campaign.closes_on, sample_size=1)  # fmt: skip
    award = session.get(Award, case.award_id)
    held = Award(**{k: getattr(award, k) for k in ("county_code", "town_code", "recipient_id", "from_month", "amount", "channel", "payee_person_id", "payee_name",
                                                   "institution", "account")}, benefit=low.benefit, case_no="L1", decision_no="L1", band="2")  # fmt: skip
    session.add_all([low, held])
    session.flush()
    session.add(CampaignCase(campaign_id=low.id, award_id=held.id, benefit=low.benefit, county_code="10004", town_code=award.town_code, case_no="L1", name="彭",
                             amount_before=1, state="excepted"))  # fmt: skip
    session.commit()
    campaigns.judge_again(review.officer, review.id)
    review.work()
    assert review.cases()[0].outcome in ("same", "changed"), "its low-income household is not due and so stays listed"
    with pytest.raises(Refused, match="沒有無法認定"):
        campaigns.judge_again(review.officer, review.id)


def test_a_late_file_is_used_when_the_unknown_are_judged_again(granted, review, arrive, session):
    arrive([(*SON, 504_000), (person_id(3), "別人", 1)])
    review.open().answer()
    review.judge()
    assert [c.reason for c in review.cases(outcome="unknown")] == ["tax_rejected"]
    session.execute(update(CampaignMember).where(CampaignMember.person_id == person_id(3)).values(tax_state="none_on_file"))
    session.commit()
    campaigns.judge_again(review.officer, review.id)
    review.work()
    assert [c.reason for c in review.cases(outcome="unknown")] == ["tax_rejected"], "the file in force still names somebody else"


def test_who_was_taken_to_have_nothing_on_file_is_judged_again_when_a_file_comes(granted, review, arrive, session):
    review.open()
    old = session.scalars(select(CampaignMember).where(CampaignMember.person_id == person_id(3))).one()
    arrive([(*SON, 504_000), (old.person_id, old.name, RICH)])
    review.answer()
    session.execute(update(CampaignMember).where(CampaignMember.id == old.id).values(tax_state="none_on_file"))  # as before the file came
    session.commit()
    review.judge()
    assert {c.outcome for c in review.cases()} == {"same"}
    campaigns.judge_again(review.officer, review.id)
    review.work()
    assert {c.outcome for c in review.cases(id=old.case_id)} == {"stops"} and len(review.cases(outcome="same")) == 2


def test_the_pause_is_the_kill_switch_of_the_approval_too(granted, review, arrive, session):
    arrive([(*SON, 504_000)])
    review.open().answer()
    review.judge()
    review.check_sample()
    from app.commands import campaign_approval

    campaign_approval.approve_same(review.director, review.id)
    campaigns.pause(review.officer, review.id, "參數公告有誤")
    assert "暫停" in review.work()["說明"]
    assert {c.state for c in review.cases()} <= {"judged", "checked"}, "nobody was decided"
    campaigns.resume(review.officer, review.id)
    campaigns.roll_back(review.director, review.id, "參數公告有誤")
    assert {c.state for c in review.cases()} == {"frozen"}
    assert session.scalar(select(Decision.id).where(Decision.reason.contains("總清查"))) is None


@pytest.mark.sqlite
def test_killed_in_the_middle_of_a_chunk_the_judging_goes_on_and_judges_nobody_twice(granted, review, arrive, backend, app, session):
    arrive([(*SON, 504_000)])
    review.open().answer()
    number = campaigns.start_judging(review.officer, review.id)
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    session.rollback()
    died = subprocess.run([sys.executable, "-m", "tests.casework.campaign_worker", str(backend.folder), url], timeout=300)
    assert died.returncode == -signal.SIGKILL
    assert [c.state for c in review.cases()] == ["judged", "frozen", "frozen"], "the chunk that was committed stays, the one under way left nothing"
    versions = [c.version for c in review.cases(state="judged")]
    session.rollback()
    while session.get_one(Job, number, populate_existing=True).state == RUNNING:
        time.sleep(0.2)
        session.rollback()
        lease.sweep(db.engine)
    session.rollback()
    assert review.work()["維持不變"] == 3
    assert session.get_one(Job, number, populate_existing=True).attempt == 2 and [c.version for c in review.cases()][:1] == versions


def test_notices_in_bulk_their_service_and_an_objection_that_is_decided_anew(stopping, session):
    review = stopping
    senders.add_sender(review.director, agency="新竹縣政府", head_title="縣長", head_name="王大明", word="府社老字", address="新竹縣竹北市光明六路10號",
                        unit="社會處", phone="03-5518101")  # fmt: skip
    with pytest.raises(Refused, match="已核定的案件都已發文"):
        campaign_notices.issue_notices(review.officer, review.id)
    case = decided(review)
    assert campaign_notices.counts(session, review.id) == {"due": 1, "issued": 0, "served": 0}
    campaign_notices.issue_notices(review.officer, review.id)
    assert review.work()["發文"] == 1
    notice = session.scalars(select(Notice)).one()
    assert notice.kind == "stopped" and f"{YEAR}年度總清查不符請領規定" in notice.subject and "申請" not in notice.subject
    with pytest.raises(Refused, match="公示送達請填"):
        campaign_notices.serve_notices(review.officer, review.id, "public", clock.today())
    campaign_notices.serve_notices(review.officer, review.id, "post", clock.today())
    assert review.work() == {"登錄送達件數": 1}
    session.expire_all()
    assert campaign_notices.counts(session, review.id) == {"due": 0, "issued": 0, "served": 1} and session.get(Notice, notice.id).appeal_until

    with pytest.raises(Refused, match="沒有申復"):
        objections.file(review.chief, case.decision_id, "own", clock.today(), "不服")
    with pytest.raises(Refused, match="提出日期"):
        objections.file(review.chief, case.decision_id, "appeal", clock.today() + dt.timedelta(days=1), "不服")
    number = objections.file(review.chief, case.decision_id, "appeal", clock.today(), "兒子早已失業，沒有扶養")
    with pytest.raises(Refused, match="以一次為限"):
        objections.file(review.chief, case.decision_id, "appeal", clock.today(), "再訴願")
    with pytest.raises(Refused, match="決定書文號"):
        objections.propose(review.officer, number, "revised", "原處分未審酌失業")
    seen = session.get(Objection, number).version
    objections.propose(review.officer, number, "revised", "原處分未審酌失業", "衛部法字第1號", seen_version=seen)
    with pytest.raises(Conflict):
        objections.propose(review.officer, number, "upheld", "維持", "衛部法字第1號", seen_version=seen)
    new = session.get(Application, objections.settle(review.director, number))
    assert (new.purpose, new.state, new.effective_month) == ("recertification", "draft", roc.month(YEAR, 1)), "from the month the review decided about"
    session.expire_all()
    assert (session.get(Objection, number).state, session.get(Objection, number).reopened_id) == ("settled", new.id)


def test_months_already_paid_otherwise_are_shown_and_nothing_is_paid_by_itself(stopping, session, monkeypatch):
    from app.commands import award_facts
    from app.payments.register import AwardFacts

    review, real = stopping, award_facts.load
    case = decided(review)
    first = roc.month(YEAR, 1)
    assert campaign_notices.differences(session, case.campaign) == campaign_notices.Differences()

    def paid(*args, **more):
        return [AwardFacts(**{**{f: getattr(a, f) for f in a.__dataclass_fields__}, "paid": {first - 1: 1, first: 8000, first + 1: 8000}}) for a in real(*args, **more)]

    monkeypatch.setattr(award_facts, "load", paid)
    found = campaign_notices.differences(session, case.campaign)
    assert (found.less_cases, found.less, found.more) == (1, 16_000, 0)


def test_who_did_not_work_and_now_has_wages_is_asked_about(desk, review, arrive):
    approve(desk, 1, children=[(45, 0)])
    arrive([(*SON, RICH)])
    review.open().answer()
    review.judge()
    [case] = review.cases()
    assert (case.outcome, case.reason) == ("unknown", "fact") and "是否就業尚未查明" in case.why


def test_a_finding_about_other_income_holds_until_a_line_comes_to_it():
    before = (facts.Income(facts.IncomeKind.OTHER, 1, counted=False, source=facts.Source("113年度財稅資料")),)

    def now(*amounts):
        return [IncomeLine(kind="other", amount=amount) for amount in amounts]

    assert campaign_taxes._settled(before, now(9)) == {facts.IncomeKind.OTHER: False}
    assert campaign_taxes._settled(before, now(9, 9)) == {}, "a new line is asked about"
    assert campaign_taxes._settled((*before, replace(before[0], counted=True)), now(9)) == {}, "two findings are none"
