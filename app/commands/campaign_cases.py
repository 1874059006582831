"""年度總清查, case by case: visits, papers against the tax file, 初審 by the township, 複審 by the county, the decision, and ordinary review instead."""

import datetime as dt
from typing import Final

from flask_babel import lazy_gettext as _l

from app.core import clock, roc
from app.models.application import Application
from app.models.campaign import CASE_STATES, OPINIONS, TO_DECIDE, Campaign, CampaignCase, CampaignVisit
from app.models.decision import Decision
from app.models.recomputation import CHANGED, SAME, STOPS, UNKNOWN
from app.security.roles import COUNTY_OFFICER, COUNTY_SUPERVISOR, TOWNSHIP

from . import awards, campaign_taxes, campaign_work
from .base import Context, Refused, command
from .campaigns import NOT_SEEN
from .casework.changes import copy_of
from .lifecycle import Lifecycle, Move
from .numbers import take

CASE: Final = Lifecycle(
    CampaignCase,
    CASE_STATES,
    (
        Move("give_opinion", _l("Give the opinion"), ("judged", "reviewed"), "reviewed", "campaign.opinion", by="opinion_by_id"),
        Move("check", _l("Check by the county"), ("judged", "reviewed", "checked"), "checked", "campaign.check", by="checked_by_id", differs_from=("opinion_by_id",)),
        Move("send_back", _l("Back to the township"), ("reviewed", "checked"), "judged", "campaign.check", needs_comment=True),
        Move("correct", _l("Correct the tax data"), TO_DECIDE, "frozen", "campaign.opinion"),
        Move("decide", _l("Decide as judged"), ("checked",), "decided", "campaign.approve", by="decided_by_id", differs_from=("opinion_by_id", "checked_by_id"),
             style="primary"),
        Move("reopen", _l("Take to ordinary review"), TO_DECIDE, "reopened", "campaign.opinion", needs_comment=True),
    ),
)


def _case(ctx: Context, case_id: int) -> tuple[CampaignCase, Campaign]:
    case = ctx.get(CampaignCase, case_id, lock=True)
    campaign = case.campaign
    if campaign.what_if:
        raise Refused("試算不能審查", "E-WHAT-IF")
    if campaign.state != "judged" or campaign.paused_at is not None:
        raise Refused("這次總清查目前不能審查（尚未試算完成、已暫停或已結案）", "E-CAMPAIGN")
    return case, campaign


def _opinion(case: CampaignCase, opinion: str, text: str) -> None:
    if opinion not in OPINIONS:
        raise Refused("請選擇同意或不同意試算結果", "E-OPINION")
    if opinion == "disagree" and not text.strip():
        raise Refused("不同意時請寫明哪一項資料或計算有誤", "E-COMMENT")
    if case.outcome == UNKNOWN and opinion == "agree":
        raise Refused("這一件無法自動認定，沒有結果可以同意；請補齊資料重新試算，或轉入一般審查", "E-UNKNOWN")


@command("campaign.opinion", roles=TOWNSHIP)
def give_opinion(ctx: Context, case_id: int, opinion: str, text: str = "", seen_version: int | None = None) -> None:
    """初審: `agree` or `disagree` with the result, in words when one disagrees. Raises Refused, Conflict."""
    if ctx.actor.scope.level != "township":
        raise Refused("初審由公所登錄；縣府請登錄複審意見", "E-FIRST")
    case, _ = _case(ctx, case_id)
    _opinion(case, opinion, text)
    CASE.advance(ctx, case, "give_opinion", text, seen_version, opinion=opinion, opinion_text=text.strip()[:300] or None)


@command("campaign.check", roles=(COUNTY_OFFICER,))
def check(ctx: Context, case_id: int, finding: str, text: str = "", seen_version: int | None = None) -> None:
    """複審 after the township's 初審; a case of the sample is looked at at once. Raises Refused, Conflict."""
    case, _ = _case(ctx, case_id)
    if case.state == "judged" and not (case.sampled and case.outcome == SAME):
        raise Refused("請先由公所登錄初審意見，再由縣府複審", "E-FIRST")
    _opinion(case, finding, text)
    CASE.advance(ctx, case, "check", text, seen_version, finding=finding, finding_text=text.strip()[:300] or None)


@command("campaign.check", roles=(COUNTY_OFFICER,))
def send_back(ctx: Context, case_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Back to the township for another look; the reason stays in the history. Raises Refused, Conflict."""
    case, _ = _case(ctx, case_id)
    CASE.advance(ctx, case, "send_back", comment, seen_version, **NOT_SEEN)


@command("campaign.opinion", roles=(*TOWNSHIP, COUNTY_OFFICER))
def record_visit(ctx: Context, case_id: int, on: dt.date | None, found: str) -> None:
    """Somebody was at the household. Raises Refused."""
    case, campaign = _case(ctx, case_id)
    if on is None or not campaign.frozen_on - dt.timedelta(days=90) <= on <= clock.today():
        raise Refused("訪視日期請填名冊凍結前三個月內到今天之間的日期", "E-DATE")
    if not found.strip():
        raise Refused("請填訪視紀錄", "E-VISIT")
    ctx.session.add(
        CampaignVisit(
            case_id=case.id, visited_on=on, found=found.strip()[:500], visited_by_id=ctx.actor.user_id, benefit=case.benefit,
            county_code=case.county_code, town_code=case.town_code,
        )
    )  # fmt: skip
    ctx.audit("campaign.visited", case)


@command("campaign.opinion", roles=(*TOWNSHIP, COUNTY_OFFICER))
def correct(
    ctx: Context, case_id: int, line: str, kind: str, amount: int | None, code: str, proof: str, seen_version: int | None = None
) -> None:
    """A paper proves something against a line of the tax file: recorded beside it, and the case is judged anew. Raises Refused, Conflict."""
    case, campaign = _case(ctx, case_id)
    row = campaign_taxes.correct(ctx, case, campaign, line, kind, amount, code, proof)
    CASE.advance(ctx, case, "correct", f"{row.said}：{row.proof}", seen_version, **NOT_SEEN)
    campaign_work.judge(ctx, campaign, case.id - 1, 1)


@command("campaign.approve", roles=(COUNTY_SUPERVISOR,))
def decide(ctx: Context, case_id: int, comment: str = "", seen_version: int | None = None) -> int:
    """Decide a case as judged: another amount from January, the end, or the same again; the decision's id. Raises Refused, Conflict."""
    case, campaign = _case(ctx, case_id)
    if case.outcome not in (SAME, CHANGED, STOPS) or case.application_id is None:
        raise Refused("這一件無法自動認定，請補齊資料重新試算，或轉入一般審查", "E-UNKNOWN")
    if case.finding == "disagree":
        raise Refused("複審不同意試算結果，請更正財稅資料重新試算，或轉入一般審查", "E-OPINION")
    application, judged = ctx.get(Application, case.application_id), case.judgement
    assert judged is not None and case.facts is not None
    month, year = roc.month_of(campaign.judged_for), clock.today().year - roc.EPOCH
    granted = case.outcome != STOPS
    number = f"{application.DECISION_WORD}第{year:03d}{take(ctx.session, f'decision:{case.county_code}:{year}'):07d}號"
    decision = Decision(
        county_code=case.county_code, town_code=case.town_code, benefit=case.benefit, application_id=application.id, decision_no=number,
        outcome="granted" if granted else "rejected", amount=case.amount_after if granted else None, band=case.band_after or None if granted else None,
        start_month=month if granted else None, rule_version=judged["rule_version"], facts=case.facts, judgement=judged,
        reason=comment.strip() or f"{campaign.year} 年度總清查：{case.why or '續予核定'}", made_by_id=ctx.actor.user_id, decided_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(decision)
    ctx.session.flush()
    ctx.audit("decision.made", decision, outcome=decision.outcome, amount=decision.amount, start_month=decision.start_month)
    CASE.advance(ctx, case, "decide", comment, seen_version, decision_id=decision.id)
    reason = f"{campaign.year} 年度總清查（{number}）"
    if case.outcome == STOPS:
        awards.end_award(ctx, case.award_id, from_month=month, reason=reason)
    elif case.outcome == CHANGED:
        awards.change_award(ctx, case.award_id, from_month=month, amount=case.amount_after, band=case.band_after, reason=reason, rule_version=judged["rule_version"])
    return decision.id


@command("campaign.opinion", roles=(*TOWNSHIP, COUNTY_OFFICER))
def reopen(ctx: Context, case_id: int, comment: str = "", seen_version: int | None = None) -> int:
    """Take the case out of the bulk into ordinary review, as an application that continues it; its id. Raises Refused, Conflict."""
    case, campaign = _case(ctx, case_id)
    if case.application_id is None:
        raise Refused("這一件由舊系統轉入，沒有可以接續的申請資料；請在受理頁新增申請", "E-NO-APPLICATION")
    before = ctx.get(Application, case.application_id)
    copy = copy_of(ctx, before, "recertification", clock.today(), roc.month_of(campaign.judged_for))
    ctx.audit("application.reopened", copy, previous=before.case_no, campaign=campaign.id)
    CASE.advance(ctx, case, "reopen", comment, seen_version, reopened_id=copy.id)
    return copy.id
