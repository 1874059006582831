"""每年複查: a month before a running local benefit has gone a year without a decision, its case gets a task. Set-based, and repeatable."""

import datetime as dt
from typing import Final

from sqlalchemy import exists, func, select, tuple_

from app.commands.base import Context
from app.commands.register.tasks import open_tasks, row
from app.core import clock, roc
from app.models.application import Application
from app.models.award import Award
from app.models.case_task import YEARLY, CaseTask
from app.models.decision import Decision
from app.models.local_benefit import LocalBenefit, LocalBenefitVersion
from app.models.person import Person
from app.rules.clocks import months_after
from app.rules.local_definition import STEPS

CHUNK: Final = 500
MONTHS: Final = 12
AHEAD: Final = 1
"""Months: reviewed again twelve months after the last decision, the task one month earlier."""


def open_due(ctx: Context, today: dt.date) -> int:
    """Open the tasks that are due, at most a chunk; how many (0 = nothing is left)."""
    benefits = _reviewed_yearly(ctx, today)
    if not benefits:
        return 0
    codes = sorted({code for _, code in benefits})
    last = (
        select(Application.applicant_id, Application.benefit, func.max(Decision.id).label("decision_id"), func.max(Decision.decided_at).label("decided_at"))
        .join(Decision, Decision.application_id == Application.id)
        .where(Decision.outcome == "granted", Application.benefit.in_(codes))
        .group_by(Application.applicant_id, Application.benefit)
        .subquery()
    )
    before = dt.datetime.combine(months_after(today, AHEAD - MONTHS), dt.time(15, 59, 59))  # the end of that day in Taipei, as stored
    asked = exists().where(CaseTask.award_id == Award.id, CaseTask.source == YEARLY, CaseTask.details["decision"].as_integer() == last.c.decision_id)
    found = ctx.session.execute(
        select(Award, Person, last.c.decision_id, last.c.decided_at)
        .join(Person, Person.id == Award.recipient_id)
        .join(last, (last.c.applicant_id == Award.recipient_id) & (last.c.benefit == Award.benefit))
        .where(Award.status == "active", tuple_(Award.county_code, Award.benefit).in_(benefits), last.c.decided_at <= before, ~asked)
        .order_by(Award.id)
        .limit(CHUNK)
    ).all()
    rows = []
    for award, person, decision_id, decided_at in found:
        day = clock.to_taipei(decided_at).date()
        due = months_after(day, MONTHS)
        rows.append(
            row(
                award, f"review:{decision_id}", "review", source=YEARLY, person_id=person.person_id, name=person.name, award_id=award.id,
                application_id=award.application_id, happened_on=today, due_on=due, act_from=today, change_kind="means",
                facts=f"上次核定 {roc.show_date(day)}，{roc.show_date(due)} 前應複查；請重新查調財稅與戶籍資料", article=STEPS[YEARLY].split("（")[0],
                details={"decision": decision_id},
            )
        )  # fmt: skip
    return open_tasks(ctx, rows, YEARLY)


def _reviewed_yearly(ctx: Context, today: dt.date) -> list[tuple[str, str]]:
    """(county, code) of the local benefits whose version in force today asks for a yearly review."""
    v = LocalBenefitVersion
    bodies = ctx.session.execute(
        select(LocalBenefit.county_code, LocalBenefit.code, v.body).join(v, v.benefit_id == LocalBenefit.id).where(
            v.state == "active", v.effective_from <= today, v.effective_to.is_(None) | (v.effective_to >= today)
        )
    )  # fmt: skip
    return sorted({(county, code) for county, code, body in bodies if YEARLY in body.get("steps", ())})
