"""What the county's officer left behind: a source that may wait, a look into the household register, the year's recomputation, a setting
that was tried on the matched months and waits for a second person, and a trial of the yearly review."""

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands import campaign_work, campaigns, parameters, recomputation, replays
from app.commands.base import Context
from app.commands.casework import arrival_tasks, household_data
from app.commands.replay_effect import effect_of
from app.core import clock, roc
from app.models.application import CLOSED, Application
from app.models.campaign import Campaign
from app.models.job import DONE, Job
from app.models.recomputation import Recomputation

from . import places
from .accounts import OFFICER, Staff

BENEFIT = "elderly_living_allowance"
WAITING = ("custody", 3, "示範：監管資料每週更正，三日內不急著處理")


def fill(session: Session, staff: Staff) -> None:
    """Make it, through the commands; the recomputation is the one the job makes."""
    source, days, why = WAITING
    arrival_tasks.set_wait(staff.actor(OFFICER), places.COUNTY, source, days, why)
    asked = session.execute(
        select(Application.id, Application.town_code)
        .where(Application.benefit == BENEFIT, Application.state.not_in(CLOSED))
        .order_by(Application.id)
        .limit(2)
    ).all()
    for key, town in asked:
        household_data.look(Context(session, staff.actor(staff.clerk(town))), key)
    session.commit()
    key, _ = recomputation.begin(staff.actor(OFFICER), BENEFIT, clock.today(), False)
    run, last, seen = session.get_one(Recomputation, key), 0, 1
    while seen:
        last, seen = recomputation.step(session, run, last)
    run.finished_at = clock.now()
    session.commit()
    try_setting(session, staff)
    _trial_review(session, staff)


def try_setting(session: Session, staff: Staff) -> None:
    """The county would stop asking about the farmers' allowance: tried on the last two months, as the job does it."""
    officer = staff.actor(OFFICER)
    pair = parameters.propose_exclusion(
        officer, BENEFIT, "farmer_allowance", "choose_one", False, clock.today(), note="示範：改由農會系統事先勾稽（提案，待試算後核准）"
    )
    runs = [(run.id, run.month) for run in replays.runs_to_replay(session, places.COUNTY)[-2:]]
    key = replays.begin(officer, pair, runs[0][1], runs[-1][1])
    candidate = replays.candidate_of(session, "pair", pair)
    for run, _ in runs:
        replays.step(session, key, effect_of(candidate, run))
    session.commit()
    replays.finish(officer, key)


def _trial_review(session: Session, staff: Staff) -> None:
    """A trial of the yearly review, worked through at once; its job has nothing left to do."""
    officer = staff.actor(OFFICER)
    year = clock.today().year - roc.EPOCH
    number = campaigns.open_campaign(officer, BENEFIT, year, year - 1, 10, what_if=True)
    campaign = session.get_one(Campaign, number)
    for step, done in ((partial(campaign_work.freeze, session), campaigns.frozen), (partial(campaign_work.judge, Context(session, officer)), campaigns.judged)):
        last, seen = 0, 1
        while seen:
            last, seen = step(campaign, last)
        session.commit()
        done(officer, number)
    job = session.get_one(Job, campaign.job_id)
    job.state, job.finished_at = DONE, clock.now()
    session.commit()
