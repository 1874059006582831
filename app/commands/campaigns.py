"""年度總清查, what people do with a campaign: open, ask for tax data, judge and judge again, pause, take back, close.

Nobody is stopped for not applying: a case that was not decided goes on as it is, and the campaign cannot be closed over it.
"""

import csv
import datetime as dt
import hashlib
import io
import random
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.application import Application
from app.models.campaign import STATES, TO_DECIDE, Campaign, CampaignCase, CampaignCorrection, CampaignMember, CampaignVisit
from app.models.job import LIVE, Job
from app.models.office import Township
from app.models.recomputation import CHANGED, SAME, STOPS, UNKNOWN
from app.rules.benefits import benefits
from app.rules.laws import law_of
from app.security.roles import COUNTY, COUNTY_OFFICER, COUNTY_SUPERVISOR

from . import campaign_work as work
from .base import Context, Refused, command
from .jobs import enqueue
from .lifecycle import Lifecycle, Move
from .verify import invariant

FREEZE_JOB: Final = "campaign_freeze"
JUDGE_JOB: Final = "campaign_judge"
APPROVE_JOB: Final = "campaign_approve"

_GOES_ON: Final = {"open": (FREEZE_JOB,), "answered": (JUDGE_JOB,), "judged": (JUDGE_JOB,)}
"""Work that goes on after a pause, by the campaign's state. Approving together is pressed again, by whoever may approve."""
NOT_SEEN: Final[dict[str, Any]] = dict.fromkeys(("opinion", "opinion_text", "opinion_by_id", "finding", "finding_text", "checked_by_id"))

CAMPAIGN: Final = Lifecycle(
    Campaign,
    STATES,
    (
        Move("freeze", _l("Cohort frozen"), ("open",), "frozen", "campaign.run"),
        Move("request", _l("Tax data requested"), ("frozen", "requested"), "requested", "campaign.run"),
        Move("complete", _l("Reply is complete"), ("requested",), "answered", "campaign.run"),
        Move("judge", _l("Cases judged"), ("frozen", "answered", "judged"), "judged", "campaign.run", by="judged_by_id"),
        Move("approve_same", _l("Approve all that stay the same"), ("judged",), "judged", "campaign.approve", by="approved_by_id",
             differs_from=("judged_by_id",), style="primary"),
        Move("roll_back", _l("Take the judging back"), ("judged",), "answered", "campaign.approve", needs_comment=True, style="danger"),
        Move("close", _l("Close the campaign"), ("judged",), "closed", "campaign.approve", style="primary"),
        Move("drop", _l("Give the campaign up"), ("open", "frozen", "requested", "answered"), "dropped", "campaign.run", needs_comment=True, style="danger"),
    ),
)  # fmt: skip


def reviewed_yearly() -> dict[str, str]:
    """code → name of the benefits that can be reviewed by their rule and pay."""
    out = {}
    for code, row in benefits().items():
        try:
            law_of(code)
        except KeyError:
            continue
        if row.pays and row.rhythm == "monthly":
            out[code] = row.name
    return out


# -- opening -----------------------------------------------------------------------------------------------------------------------
@command("campaign.run", roles=(COUNTY_OFFICER,))
def open_campaign(
    ctx: Context,
    benefit: str,
    year: int,
    tax_year: int,
    sample_size: int,
    what_if: bool = False,
    every_years: int = 1,
    excepted_from: dt.date | None = None,
    provisional_until: dt.date | None = None,
) -> int:
    """A campaign for a ROC year; its cohort is frozen by a job as of today. Raises Refused.

    A benefit reviewed every second year is not reviewed in the year after a review; who was decided on in the first year since is not due.
    """
    county = ctx.actor.scope.county_code
    if ctx.actor.scope.level != "county" or county is None:
        raise Refused("年度總清查由縣（市）政府辦理，請以縣府帳號開辦", "E-COUNTY")
    if benefit not in reviewed_yearly():
        raise Refused("請選擇按月發給的給付項目", "E-BENEFIT")
    today = clock.today()
    now = today.year - roc.EPOCH
    if not now <= year <= now + 1:
        raise Refused(f"總清查年度請填 {now} 或 {now + 1}", "E-YEAR")
    if not year - 3 <= tax_year < year:
        raise Refused(f"財稅年度請填 {year - 3} 到 {year - 1}（通常是 {year - 2}：秋天收到的是前一年度的資料）", "E-TAX-YEAR")
    if not 1 <= sample_size <= 1000:
        raise Refused("抽查件數請填 1 到 1,000", "E-SAMPLE")
    if every_years not in (1, 2):
        raise Refused("請選擇每年或每兩年清查", "E-RHYTHM")
    if excepted_from is not None and excepted_from > today:
        raise Refused("第一年免查的核定起日不能晚於今天", "E-RHYTHM")
    begins = roc.first_day(roc.month(year, 1))
    provisional_until = provisional_until or roc.last_day(roc.month(year, 3))
    if not begins <= provisional_until <= roc.last_day(roc.month(year, 12)):
        raise Refused(f"暫准續發的期限請填 {year} 年內的日期", "E-PROVISIONAL")
    same = select(Campaign.id).where(
        Campaign.benefit == benefit, Campaign.year == year, ~Campaign.what_if, Campaign.state.not_in(("closed", "dropped"))
    )
    if not what_if and ctx.session.scalar(same.limit(1)):
        raise Refused(f"{year} 年度這項給付的總清查已經開辦，請在清單開啟", "E-CAMPAIGN")
    if not what_if and every_years == 2:
        last = ctx.session.scalar(
            select(func.max(Campaign.year)).where(Campaign.benefit == benefit, ~Campaign.what_if, Campaign.state != "dropped", Campaign.year < year)
        )
        if last == year - 1:
            raise Refused(f"這項給付每兩年清查一次，{last} 年度已經清查，下次是 {last + 2} 年度", "E-RHYTHM")
        excepted_from = excepted_from or min(roc.first_day(roc.month(year - 1, 1)), today)
    campaign = Campaign(
        every_years=every_years, excepted_from=excepted_from, provisional_until=provisional_until,
        county_code=county, benefit=benefit, year=year, tax_year=tax_year, sample_size=sample_size, what_if=what_if, frozen_on=today,
        judged_for=begins, closes_on=roc.last_day(roc.month(year - 1, 12)),
        created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(campaign)
    ctx.session.flush()
    ctx.audit("campaign.open", campaign, benefit=benefit, year=year, what_if=what_if)
    set_off(ctx, campaign, FREEZE_JOB)
    return campaign.id


def set_off(ctx: Context, campaign: Campaign, kind: str) -> int:
    """Queue a job of the campaign; its number."""
    campaign.job_id = enqueue(ctx, kind, {"campaign": campaign.id}, scope=f"總清查 {campaign.id}").id
    return campaign.job_id


@command("campaign.run", roles=(COUNTY_OFFICER,))
def frozen(ctx: Context, campaign_id: int) -> int:
    """The cohort is complete; how many cases. Called by the job."""
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    CAMPAIGN.advance(ctx, campaign, "freeze")
    return ctx.session.scalar(select(func.count(CampaignCase.id)).where(CampaignCase.campaign_id == campaign_id)) or 0


# -- tax data ------------------------------------------------------------------------------------------------------------------------
@command("campaign.run", roles=(COUNTY_OFFICER,))
def request_taxes(ctx: Context, campaign_id: int) -> bytes:
    """The ID list for the tax office (CSV, UTF-8 with BOM): every counted member once. Making it again gives the same list. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if campaign.what_if:
        raise Refused("試算使用去年的資料，不必查調財稅", "E-WHAT-IF")
    people = work.id_list(ctx.session, campaign_id)
    if not people:
        raise Refused("這次的名冊沒有可以查調的人；請確認有發給中的案件", "E-EMPTY")
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("身分證統一編號", "姓名", "財稅年度"))
    rows.writerows((person_id, name, campaign.tax_year) for person_id, name in people)
    content = "\ufeff".encode() + text.getvalue().encode()
    digest = hashlib.sha256(content).hexdigest()
    CAMPAIGN.advance(ctx, campaign, "request", list_sha256=digest, requested_at=campaign.requested_at or ctx.now)
    ctx.audit("campaign.id_list", campaign, people=len(people), sha256=digest)
    return content


@command("campaign.run", roles=(COUNTY_OFFICER,))
def take_reply(ctx: Context, campaign_id: int) -> work.Reply:
    """Hold the received tax files against the cohort. May be repeated as files come in. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if campaign.state != "requested":
        raise Refused("請先產生財稅查調名冊；已確認回復齊全的不再比對", "E-CAMPAIGN")
    found = work.reply(ctx.session, campaign)
    if found.years and campaign.tax_year not in found.years:
        years = "、".join(map(str, found.years))
        raise Refused(f"收到的財稅資料是 {years} 年度，這次總清查要 {campaign.tax_year} 年度；請向財稅中心重新查調，或檢查上傳的檔案", "E-TAX-YEAR")
    if not found.received and not found.rejected:
        lacking = "、".join({"tax_income": "所得", "tax_property": "財產", "tax_investment": "投資"}[s] for s in found.missing_files)
        said = f"還沒有收到{lacking}檔" if lacking else f"收到的檔案有 {found.strangers:,} 人，沒有一人在這次的名冊內，可能是別的名冊的回復"
        raise Refused(f"{said}；請到「資料交換」上傳財稅中心對這份名冊的回復", "E-TAX-COHORT")
    work.note_reply(ctx.session, campaign, found)
    ctx.audit("campaign.reply", campaign, received=len(found.received), rejected=len(found.rejected), strangers=found.strangers)
    return found


@command("campaign.run", roles=(COUNTY_OFFICER,))
def complete_reply(ctx: Context, campaign_id: int, reply_no: str) -> int:
    """The tax office has answered for the whole list: who is in none of the files has nothing on file. How many. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if not reply_no.strip():
        raise Refused("請填財稅中心回復函的文號：沒有回復函，查無資料的人仍是「尚未收到」，不會當作沒有所得", "E-REPLY")
    if take_reply(ctx, campaign_id).missing_files:
        raise Refused("所得、財產、投資三種檔案要都收到，才能確認回復齊全", "E-TAX-FILES")
    m = CampaignMember
    none = ctx.session.execute(
        update(m)
        .where(m.campaign_id == campaign_id, m.tax_state == "requested", m.person_id.is_not(None))
        .values(tax_state="none_on_file")
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    CAMPAIGN.advance(ctx, campaign, "complete", reply_no=reply_no.strip()[:60])
    return int(none)


# -- judging --------------------------------------------------------------------------------------------------------------------------
@command("campaign.run", roles=(COUNTY_OFFICER,))
def start_judging(ctx: Context, campaign_id: int) -> int:
    """Judge every case of the cohort that was not judged yet, as a job; its number. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if campaign.state not in (("frozen", "judged") if campaign.what_if else ("answered", "judged")):
        raise Refused("財稅資料回復齊全後才能審查；試算則在名冊凍結後即可", "E-CAMPAIGN")
    ctx.audit("campaign.judging", campaign)
    return set_off(ctx, campaign, JUDGE_JOB)


@command("campaign.run", roles=(COUNTY_OFFICER,))
def judge_again(ctx: Context, campaign_id: int) -> int:
    """Judge those again that could not be decided (tax data, parameters or the low-income review came since), and those about whose people a
    file came after they were taken to have nothing on file. The job's number. Raises Refused."""
    campaign = at_work(ctx, campaign_id)
    if campaign.state != "judged" or campaign.what_if:
        raise Refused("審查開始後才能重新試算無法認定的案件", "E-CAMPAIGN")
    moved = sorted(work.note_reply(ctx.session, campaign, work.reply(ctx.session, campaign)))
    c, again = CampaignCase, 0
    for which in (c.outcome == UNKNOWN, *(c.id.in_(moved[at : at + 500]) for at in range(0, len(moved), 500))):
        again += ctx.session.execute(
            update(c)
            .where(c.campaign_id == campaign_id, which, c.state.in_(TO_DECIDE))
            .values({"state": "frozen", **NOT_SEEN, "version": c.version + 1})
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
    if not again:
        raise Refused("沒有無法認定而等待重新試算的案件", "E-EMPTY")
    ctx.audit("campaign.judging", campaign, again=again)
    return set_off(ctx, campaign, JUDGE_JOB)


@command("campaign.run", roles=(COUNTY_OFFICER,))
def judged(ctx: Context, campaign_id: int) -> dict[str, int]:
    """All cases are judged: draw the sample that is looked at by hand. The counts by outcome. Called by the job."""
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    CAMPAIGN.advance(ctx, campaign, "judge")
    c = CampaignCase
    if not campaign.what_if:
        same = ctx.session.scalars(select(c.id).where(c.campaign_id == campaign_id, c.outcome == SAME, c.state == "judged", ~c.sampled).order_by(c.id)).all()
        drawn = random.Random(f"campaign {campaign_id}").sample(same, min(max(0, campaign.sample_size - _drawn(ctx.session, campaign_id)), len(same)))
        ctx.session.execute(update(c).where(c.id.in_(drawn)).values(sampled=True).execution_options(synchronize_session=False))
    return counts(ctx.session, campaign_id)


def _drawn(session: Session, campaign_id: int) -> int:
    c = CampaignCase
    return session.scalar(select(func.count(c.id)).where(c.campaign_id == campaign_id, c.sampled, c.outcome == SAME)) or 0


def counts(session: Session, campaign_id: int) -> dict[str, int]:
    """Cases by outcome; 'unjudged' are those nobody has judged yet. Who is not due is in none."""
    c = CampaignCase
    rows = session.execute(
        select(func.coalesce(c.outcome, "unjudged"), func.count()).where(c.campaign_id == campaign_id, c.state != "excepted").group_by(c.outcome)
    )
    return dict.fromkeys((SAME, CHANGED, STOPS, UNKNOWN, "unjudged"), 0) | {row[0]: row[1] for row in rows}


# -- pausing, taking back, closing ----------------------------------------------------------------------------------------------------------
@command("campaign.run", roles=COUNTY)
def pause(ctx: Context, campaign_id: int, reason: str) -> None:
    """Stop everything: a job under way ends after its chunk, nothing can be decided until it is taken up again. Raises Refused."""
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    if campaign.paused_at is not None or campaign.state in ("closed", "dropped"):
        raise Refused("這次總清查已經暫停或結束", "E-PAUSED")
    if not reason.strip():
        raise Refused("請填暫停的理由", "E-COMMENT")
    campaign.paused_at, campaign.paused_why = ctx.now, reason.strip()[:200]
    ctx.audit("campaign.paused", campaign, reason=campaign.paused_why)


@command("campaign.run", roles=COUNTY)
def resume(ctx: Context, campaign_id: int) -> None:
    """Go on; judging that was under way goes on where it stopped. Raises Refused."""
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    if campaign.paused_at is None:
        raise Refused("這次總清查沒有暫停", "E-PAUSED")
    campaign.paused_at = campaign.paused_why = None
    ctx.audit("campaign.resumed", campaign)
    begun = ctx.session.get(Job, campaign.job_id) if campaign.job_id else None
    if begun is not None and begun.kind in _GOES_ON.get(campaign.state, ()) and begun.state not in LIVE:
        set_off(ctx, campaign, begun.kind)


@command("campaign.approve", roles=(COUNTY_SUPERVISOR,))
def roll_back(ctx: Context, campaign_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Take the judging back, as long as nothing was decided on it: the cohort and the tax data stay. Raises Refused, Conflict."""
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    c = CampaignCase
    decided = ctx.session.scalar(select(func.count(c.id)).where(c.campaign_id == campaign_id, c.state.in_(("decided", "reopened")))) or 0
    if decided:
        raise Refused(f"已有 {decided:,} 件核定或轉入一般審查，不能整批撤回；個別更正請以異動辦理，多付少付由補發差額與追繳處理", "E-DECIDED")
    CAMPAIGN.advance(ctx, campaign, "roll_back", comment, seen_version, judged_by_id=None)
    cleared = {
        "state": "frozen", "outcome": None, "reason": None, "amount_after": None, "band_after": "", "why": "", "differences": None, "facts": None,
        "judgement": None, "sampled": False, **NOT_SEEN, "version": c.version + 1,
    }  # fmt: skip
    settled = ("excepted", "decided", "reopened")  # the last two: by somebody at this very moment
    ctx.session.execute(
        update(c).where(c.campaign_id == campaign_id, c.state.not_in(settled)).values(cleared).execution_options(synchronize_session=False)
    )


@command("campaign.approve", roles=(COUNTY_SUPERVISOR,))
def close(ctx: Context, campaign_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Every case is decided: close. Raises Refused naming the townships where cases are open."""
    campaign = at_work(ctx, campaign_id)
    if not campaign.what_if and (left := open_by_town(ctx.session, campaign_id)):
        places = "、".join(f"{name} {number} 件" for name, number in left[:5])
        raise Refused(f"還有 {sum(n for _, n in left):,} 件沒有決定（{places}），決定後才能結案；未決定的案件照原核定繼續發給", "E-OPEN-CASES")
    CAMPAIGN.advance(ctx, campaign, "close", comment, seen_version, closed_at=ctx.now)


def open_by_town(session: Session, campaign_id: int) -> list[tuple[str, int]]:
    """(township, cases that are neither decided nor closed in ordinary review), most first."""
    c = CampaignCase
    left = or_(c.state.in_(("frozen", *TO_DECIDE)), (c.state == "reopened") & Application.state.not_in(("approved", "rejected", "withdrawn")))
    rows = session.execute(
        select(Township.name, func.count(c.id))
        .join(Township, Township.code == c.town_code)
        .outerjoin(Application, Application.id == c.reopened_id)
        .where(c.campaign_id == campaign_id, left)
        .group_by(Township.name)
        .order_by(func.count(c.id).desc())
    )
    return [(name, number) for name, number in rows]


@command("campaign.run", roles=(COUNTY_OFFICER,))
def drop(ctx: Context, campaign_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Give a campaign up before it was judged; the cohort goes. Raises Refused, Conflict."""
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    cases = select(CampaignCase.id).where(CampaignCase.campaign_id == campaign_id)
    if any(ctx.session.scalar(select(m.id).where(m.case_id.in_(cases)).limit(1)) for m in (CampaignVisit, CampaignCorrection)):
        raise Refused("已有訪視或更正財稅資料的紀錄，不能放棄；請重新試算後繼續", "E-RECORDS")
    CAMPAIGN.advance(ctx, campaign, "drop", comment, seen_version)
    ctx.session.execute(delete(CampaignMember).where(CampaignMember.campaign_id == campaign_id))
    ctx.session.execute(delete(CampaignCase).where(CampaignCase.campaign_id == campaign_id))


def at_work(ctx: Context, campaign_id: int) -> Campaign:
    campaign = ctx.get(Campaign, campaign_id, lock=True)
    if campaign.paused_at is not None:
        raise Refused(f"這次總清查已暫停（{campaign.paused_why}），請先恢復", "E-PAUSED")
    return campaign


@invariant("campaign_decided", "年度總清查：已決定的案件都有核定紀錄，沒有決定的沒有")
def _decided_has_decision(session: Session) -> list[str]:
    c = CampaignCase
    wrong = session.scalar(select(func.count(c.id)).where((c.state == "decided") != c.decision_id.is_not(None))) or 0
    return [f"有 {wrong} 件"] if wrong else []
