"""A year later all running awards are judged anew: what stays, what changes, what stops, what nobody can say, and none twice."""

import threading

import pytest
from sqlalchemy import select, update

from app.commands import jobs, parameters, recomputation
from app.commands.base import Refused
from app.core import clock
from app.extensions import db
from app.jobs import lease, runner
from app.models.award import Award
from app.models.decision import Decision as Decided
from app.models.job import DONE, Job
from app.models.recomputation import Recomputation, RecomputationLine
from app.rules import codec, facts
from app.rules.elderly_living_allowance import decide
from app.security import scope

BENEFIT = "elderly_living_allowance"


def work(app, seconds=30):
    held = lease.claim(db.engine, "worker", seconds)
    assert held is not None
    runner.execute(app, held, threading.Event())
    db.session.rollback()
    with scope.use(scope.SYSTEM):
        return db.session.get_one(Job, held.job_id)


def approve(desk, n, **more):
    desk.open(n=n, name="彭水木火土"[n - 1 : n + 1]).fill(**more).to_decision()
    desk.approve()
    return desk.id


@pytest.fixture
def granted(desk, session):
    """Three people draw the allowance; one of them was paid too little until now."""
    ids = [approve(desk, n) for n in (1, 2, 3)]
    session.execute(update(Award).where(Award.application_id == ids[1]).values(amount=1))
    session.commit()
    return ids


def ask(actor, **args):
    with scope.use(scope.SYSTEM):
        return jobs.start(actor("officer.10004"), "recompute", {"benefit": BENEFIT, **args})


def lines(session):
    session.expire_all()
    return {x.award_id: x for x in session.scalars(select(RecomputationLine))}


def test_the_counts_and_a_line_for_each_that_changes(granted, app, actor, session):
    ask(actor)
    job = work(app)
    assert job.state == DONE, job.error_text
    [run] = session.scalars(select(Recomputation)).all()
    assert (run.same, run.changed, run.stops, run.unknown) == (2, 1, 0, 0) and run.finished_at
    assert (job.result["維持不變"], job.result["金額或級距改變"]) == (2, 1)
    [line] = lines(session).values()
    assert (line.amount_before, line.outcome) == (1, "changed") and line.amount_after > 1 and "每月 1 元改為" in line.why
    assert line.judgement is None


def test_with_traces_each_line_keeps_its_calculation(granted, app, actor, session):
    ask(actor, traces="Y")
    work(app)
    [line] = lines(session).values()
    assert [x["code"] for x in line.judgement["trace"]][:2] == ["age", "registered"]


def test_a_setting_that_is_lacking_and_an_award_without_facts_cannot_be_decided(granted, app, actor, session):
    award = session.scalars(select(Award).order_by(Award.id)).first()
    missing = award.id
    session.execute(update(Award).where(Award.id == missing).values(recipient_id=award.recipient_id, benefit="disability_living_allowance"))
    session.commit()
    with scope.use(scope.SYSTEM):
        jobs.start(actor("officer.10004"), "recompute", {"benefit": "disability_living_allowance"})
    work(app)
    [line] = lines(session).values()
    assert line.outcome == "unknown" and "請以年度複查重新查調" in line.why


def test_an_interrupted_run_goes_on_and_counts_nobody_twice(granted, app, actor, session, monkeypatch):
    monkeypatch.setattr(recomputation, "CHUNK", 1)
    monkeypatch.setattr(recomputation.running, "__defaults__", (1,))
    real, calls = recomputation.step, []

    def breaks(session, run, after):
        calls.append(after)
        if len(calls) == 2:
            raise MemoryError
        return real(session, run, after)

    monkeypatch.setattr(recomputation, "step", breaks)
    ask(actor)
    with pytest.MonkeyPatch.context():
        first = work(app)
    if first.state != "queued":
        session.execute(update(Job).where(Job.id == first.id).values(state="queued", finished_at=None))
        session.commit()
    job = work(app)
    assert job.state == DONE, job.error_text
    [run] = session.scalars(select(Recomputation)).all()
    assert (run.same, run.changed) == (2, 1) and len(lines(session)) == 1


def test_it_says_what_the_rule_says(granted, actor, session):
    decided = session.scalars(select(Decided).order_by(Decided.id)).first()
    rows = parameters.parameters_in_force(session, "10004")
    award = recomputation.running(session, BENEFIT, 0)[0]
    alone = decide(recomputation.facts_on(facts.CaseFacts, award, clock.today()), rows)
    [found] = recomputation.judge([award], recomputation.law_of(BENEFIT), clock.today(), rows, None)
    assert found.amount == alone.amount == decided.amount
    assert codec.from_plain(facts.CaseFacts, decided.facts).members == recomputation.facts_on(facts.CaseFacts, award, clock.today()).members


def test_nonsense_is_refused(actor, app):
    for benefit in ("parking_permit", "x"):
        with pytest.raises(Refused):
            recomputation.begin(actor("officer.10004"), benefit, clock.today(), False)


def test_by_which_parameter_the_amount_changes_is_kept_and_shown(granted, app, actor, session, client_as):
    """核定後，縣府另定自明年起的不動產限額：每一件會變的都寫出原值、新值與自何日起。"""
    later = clock.today().replace(year=clock.today().year + 1, month=6, day=1)
    row = parameters.propose_parameter(actor("officer.10004"), "elderly_real_estate_limit", "7000000", later.replace(month=1), "縣府公告（測試）")
    parameters.approve_parameter(actor("director.10004"), row)
    ask(actor, on=later.isoformat())
    job = work(app)
    assert job.state == DONE, job.error_text
    found = [x for x in lines(session).values() if x.amount_before == 1]
    assert len(found) == 1
    named = {name: (before, now) for name, before, now, _ in found[0].changed_by}
    label = parameter_labels()["elderly_real_estate_limit"]
    assert "6500000" in named[label][0].replace(",", "") and "7000000" in named[label][1].replace(",", "")
    client = client_as("officer.10004")
    runs = client.get("/recomputations/list/").text
    assert "recomputation_lines/list" in runs
    page = client.get("/recomputation_lines/list/").text
    assert label in page and "7,000,000" in page and "/elderly_living_allowance/show/" in page
    assert client_as("clerk.10004010").get("/recomputations/list/").status_code in (302, 403), "the county's own work"


def parameter_labels():
    from app.rules.parameters import label_of

    return {"elderly_real_estate_limit": label_of("elderly_real_estate_limit")}
