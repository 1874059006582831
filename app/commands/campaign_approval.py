"""年度總清查: everything that stays the same is decided together, by a job in chunks, once the sample was looked at and nobody disagreed."""

from typing import Any, Final

from sqlalchemy import func, select, update

from app.core import clock, roc
from app.models.application import Application
from app.models.campaign import TO_DECIDE, Campaign, CampaignCase
from app.models.decision import Decision
from app.models.recomputation import SAME
from app.security.roles import COUNTY_SUPERVISOR

from .base import Context, Refused, command
from .bulk import add_rows
from .campaigns import APPROVE_JOB, CAMPAIGN, at_work, set_off
from .numbers import take

AT_ONCE: Final = 1000


@command("campaign.approve", roles=(COUNTY_SUPERVISOR,))
def approve_same(ctx: Context, campaign_id: int, comment: str = "", seen_version: int | None = None) -> int:
    """Have every case decided that stays the same, as a job; its number. Raises Refused, Conflict."""
    campaign = at_work(ctx, campaign_id)
    if campaign.what_if:
        raise Refused("試算不能核定", "E-WHAT-IF")
    c = CampaignCase
    open_, bad = ctx.session.execute(
        select(func.count().filter(c.finding.is_(None)), func.count().filter(c.finding == "disagree")).where(
            c.campaign_id == campaign_id, c.sampled, c.outcome == SAME, c.state.in_(TO_DECIDE)
        )
    ).one()
    if open_:
        raise Refused(f"抽查還有 {open_} 件沒有登錄結果，請逐件核對後再整批核定", "E-SAMPLE")
    if bad:
        raise Refused(f"抽查有 {bad} 件不同意試算結果，請先查明原因（參數或資料），撤回審查後重新試算", "E-SAMPLE")
    CAMPAIGN.advance(ctx, campaign, "approve_same", comment, seen_version)
    return set_off(ctx, campaign, APPROVE_JOB)


@command("campaign.approve", roles=(COUNTY_SUPERVISOR,))
def approve_next(ctx: Context, campaign_id: int) -> int:
    """Decide the next cases that stay the same; how many (0 = that was all). Called by the job, chunk by chunk."""
    campaign, c, me = ctx.get(Campaign, campaign_id, lock=True), CampaignCase, ctx.actor.user_id  # not taken back or paused in between
    unopposed = (c.finding == "agree") | (c.finding.is_(None) & ~c.sampled & c.opinion.is_distinct_from("disagree"))
    wanted = (
        c.campaign_id == campaign_id, c.outcome == SAME, c.state.in_(TO_DECIDE), unopposed, c.application_id.is_not(None),
        c.opinion_by_id.is_distinct_from(me), c.checked_by_id.is_distinct_from(me),
    )  # fmt: skip
    if campaign.state != "judged" or campaign.paused_at is not None:
        return 0  # taken back or paused meanwhile
    rows = ctx.session.execute(
        select(c.id, c.application_id, c.town_code, c.facts, c.judgement).where(*wanted).order_by(c.id).limit(AT_ONCE).with_for_update()
    ).all()
    if not rows:
        return 0
    word = next(m.DECISION_WORD for m in Application.__subclasses__() if campaign.benefit == m.BENEFIT)
    year = clock.today().year - roc.EPOCH
    first = take(ctx.session, f"decision:{campaign.county_code}:{year}", len(rows))
    add_rows(
        ctx.session, Decision,
        [_decision(campaign, ctx, f"{word}第{year:03d}{first + i:07d}號", r.application_id, r.town_code, r.facts, r.judgement) for i, r in enumerate(rows)],
    )  # fmt: skip
    d = Decision
    numbers = select(d.id).where(d.application_id == c.application_id, d.decided_at == ctx.now).order_by(d.id.desc()).limit(1).scalar_subquery()
    ctx.session.execute(
        update(c)
        .where(*wanted, c.id.in_([r.id for r in rows]))
        .values(state="decided", decision_id=numbers, decided_by_id=ctx.actor.user_id, version=c.version + 1)
        .execution_options(synchronize_session=False)
    )
    ctx.audit("campaign.approved", campaign, cases=len(rows))
    return len(rows)


def _decision(campaign: Campaign, ctx: Context, number: str, application_id: int, town: str, facts: Any, judgement: Any) -> dict[str, Any]:
    return {
        "county_code": campaign.county_code,
        "town_code": town,
        "benefit": campaign.benefit,
        "application_id": application_id,
        "decision_no": number,
        "outcome": "granted",
        "amount": judgement["amount"],
        "band": judgement["band"] or None,
        "start_month": roc.month_of(campaign.judged_for),
        "rule_version": judgement["rule_version"],
        "facts": facts,
        "judgement": judgement,
        "reason": f"{campaign.year} 年度總清查：續予核定",
        "made_by_id": ctx.actor.user_id,
        "decided_at": ctx.now,
    }
