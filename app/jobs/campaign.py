"""年度總清查: freezing the cohort, judging it, deciding what stays the same; in chunks that can be taken up again; a pause ends the run after its chunk."""

import datetime as dt
from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.commands import campaign_approval, campaign_notices, campaign_work, campaigns
from app.models.award import Award
from app.models.campaign import Campaign, CampaignCase
from app.models.recomputation import OUTCOMES

from . import JobContext, job

PAUSED = "總清查已暫停，恢復後從這裡續辦"


@job(campaigns.FREEZE_JOB, label=_l("Yearly review: freeze the cohort"), permission="campaign.run", by_hand=False, on_behalf=True)
def freeze(ctx: JobContext) -> Iterator[None]:
    """The running awards of the county, each once: the last award taken is the checkpoint."""
    number = ctx.args["campaign"]
    campaign = ctx.session.get_one(Campaign, number)
    if "award" not in ctx.checkpoint:
        last = ctx.session.scalar(select(func.max(CampaignCase.award_id)).where(CampaignCase.campaign_id == number))
        ctx.checkpoint["award"] = last or 0
        ctx.progress(0, ctx.session.scalar(select(func.count(Award.id)).where(Award.benefit == campaign.benefit, Award.status != "ended")) or 0)
        yield
    while True:
        campaign = ctx.session.get_one(Campaign, number)
        if campaign.paused_at is not None:
            ctx.result = {"說明": PAUSED}
            break
        ctx.checkpoint["award"], seen = campaign_work.freeze(ctx.session, campaign, ctx.checkpoint["award"])
        ctx.progress(ctx.done + seen)
        if not seen:
            ctx.result = {"名冊件數": campaigns.frozen(ctx, number)}
            break
        yield
    yield


@job(campaigns.JUDGE_JOB, label=_l("Yearly review: judge the cohort"), permission="campaign.run", by_hand=False, on_behalf=True)
def judge(ctx: JobContext) -> Iterator[None]:
    """Every case that is still frozen; a case judged stays judged when the run is taken up again."""
    number = ctx.args["campaign"]
    if "case" not in ctx.checkpoint:
        ctx.checkpoint["case"] = 0
        ctx.progress(0, campaigns.counts(ctx.session, number)["unjudged"])
        yield
    while True:
        campaign = ctx.session.get_one(Campaign, number)
        if campaign.paused_at is not None:
            ctx.result = {"說明": PAUSED}
            break
        ctx.checkpoint["case"], seen = campaign_work.judge(ctx, campaign, ctx.checkpoint["case"])
        ctx.progress(ctx.done + seen)
        if not seen:
            found = campaigns.judged(ctx, number)
            ctx.result = {str(OUTCOMES[name]): found[name] for name in OUTCOMES}
            break
        yield
    yield


@job(campaigns.APPROVE_JOB, label=_l("Yearly review: decide what stays the same"), permission="campaign.approve", by_hand=False, on_behalf=True)
def approve(ctx: JobContext) -> Iterator[None]:
    """What was decided is no longer asked for, so a run that is taken up again decides nobody twice."""
    number = ctx.args["campaign"]
    ctx.progress(ctx.done, ctx.total or campaigns.counts(ctx.session, number)["same"])
    while True:
        if ctx.session.get_one(Campaign, number).paused_at is not None:
            ctx.result = {"說明": PAUSED}
            break
        seen = campaign_approval.approve_next(ctx, number)
        ctx.progress(ctx.done + seen)
        if not seen:
            ctx.result = {"整批核定件數": ctx.done}
            break
        yield
    yield


@job(campaign_notices.SERVE_JOB, label=_l("Yearly review: record the service of notices"), permission="notices.serve", by_hand=False, on_behalf=True)
def serve(ctx: JobContext) -> Iterator[None]:
    """A notice served is no longer asked for, so a run that is taken up again serves none twice."""
    given = ctx.args
    while done := campaign_notices.serve_next(ctx, given["campaign"], given["method"], dt.date.fromisoformat(given["on"]), given["note"]):
        ctx.progress(ctx.done + done)
        yield
    ctx.result = {"登錄送達件數": ctx.done}
    yield
