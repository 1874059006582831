"""What follows the decisions of a 年度總清查: notices in bulk and their service, and what was paid differently since January."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.award import Award
from app.models.campaign import Campaign, CampaignCase
from app.models.notice import METHODS, Notice
from app.models.recomputation import SAME
from app.payments import entitlement, register
from app.security import roles

from . import award_facts
from .base import Context, Refused, command
from .campaigns import at_work
from .jobs import enqueue
from .notices import bulk, service

SERVE_JOB: Final = "campaign_serve"
SERVED_AT_ONCE: Final = 100


def counts(session: Session, campaign_id: int) -> dict[str, int]:
    """Decisions of a campaign whose notice is to be issued (`due`), was issued, was served."""
    c, n = CampaignCase, Notice
    rows = session.execute(
        select(func.coalesce(n.state, "due"), func.count())
        .select_from(c)
        .outerjoin(n, (n.decision_id == c.decision_id) & (n.state != "withdrawn"))
        .where(c.campaign_id == campaign_id, c.decision_id.is_not(None))
        .group_by(n.state)
    )
    return {"due": 0, "issued": 0, "served": 0} | {state: number for state, number in rows}  # noqa: C416 (rows, not tuples, to mypy)


@command("notices.issue_all", roles=roles.COUNTY)
def issue_notices(ctx: Context, campaign_id: int) -> int:
    """Issue and print the notices of everything decided in the campaign, in the background; the number of the run. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if not counts(ctx.session, campaign_id)["due"]:
        raise Refused("已核定的案件都已發文；核定後再按一次", "E-EMPTY")
    return bulk.issue_all(ctx, campaign.benefit, campaign_id)


@command("notices.serve", roles=roles.COUNTY)
def serve_notices(ctx: Context, campaign_id: int, method: str, on: dt.date | None, note: str = "") -> int:
    """The same service for every notice of the campaign that was issued by that day, in the background; the number of the run. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if method not in METHODS or on is None or on > clock.today():
        raise Refused("請選擇送達方式，送達日期不能晚於今天", "E-NOTICE-SERVICE")
    if method in ("deposit", "public") and not note.strip():
        raise Refused("寄存送達請填寄存機關與收據號碼，公示送達請填公告文號", "E-NOTICE-SERVICE")
    if not _to_serve(ctx.session, campaign_id, on, 1):
        raise Refused(f"沒有 {roc.show_date(on)} 以前發文而等待登錄送達的通知書", "E-EMPTY")
    args = {"campaign": campaign.id, "method": method, "on": on.isoformat(), "note": note.strip()}
    return enqueue(ctx, SERVE_JOB, args, scope=f"總清查 {campaign.id}").id


def serve_next(ctx: Context, campaign_id: int, method: str, on: dt.date, note: str) -> int:
    """Record the service of the next notices; how many. Called by the job."""
    waiting = _to_serve(ctx.session, campaign_id, on, SERVED_AT_ONCE)
    return service.record_service_of_many(ctx, waiting, method, on, note) if waiting else 0


def _to_serve(session: Session, campaign_id: int, on: dt.date, limit: int) -> list[int]:
    decided = select(CampaignCase.decision_id).where(CampaignCase.campaign_id == campaign_id)
    found = select(Notice.id).where(Notice.decision_id.in_(decided), Notice.state == "issued", Notice.issued_on <= on).order_by(Notice.id).limit(limit)
    return list(session.scalars(found))


@dataclass(frozen=True)
class Differences:
    """What was paid otherwise than is due since the campaign's January: cases and NTD to pay in addition, and paid too much."""

    more_cases: int = 0
    more: int = 0
    less_cases: int = 0
    less: int = 0


def differences(session: Session, campaign: Campaign) -> Differences:
    """Of the awards that the campaign changed or ended. Nothing is paid or claimed here: a difference register and the recovery desk do that."""
    c, first = CampaignCase, roc.month_of(campaign.judged_for)
    awards = select(c.award_id).where(c.campaign_id == campaign.id, c.state == "decided", c.outcome != SAME)
    more, less = [], []
    for award in award_facts.load(session, [Award.id.in_(awards)], 0, amounts=True):
        parts = award.entitlement(dt.date.max)
        more.append(sum(p.amount for p in register.difference_parts(award, parts, max(award.paid, default=first), first)))
        less.append(sum(max(0, paid - entitlement.due(parts, month)) for month, paid in award.paid.items() if month >= first))
    return Differences(sum(map(bool, more)), sum(more), sum(map(bool, less)), sum(less))
