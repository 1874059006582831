"""Judging all running awards of a benefit anew, chunk by chunk: the same rule, the facts last decided on, the parameters of the day.

A line is kept for every award that does not stay the same. Traces are written only when they are asked for.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, aliased

from app.models.application import Application
from app.models.award import Award, AwardChange
from app.models.decision import Decision
from app.models.recomputation import CHANGED, SAME, STOPS, UNKNOWN, Recomputation, RecomputationLine
from app.rules import codec
from app.rules import facts as f
from app.rules.benefits import benefits
from app.rules.exclusions import Exclusion
from app.rules.laws import Law, law_of
from app.rules.parameters import Parameters
from app.rules.trace import Answer
from app.rules.trace import Decision as Judgement
from app.rules.versions import NoLaw
from app.security import roles

from .base import Context, Refused, command
from .parameters import exclusions_in_force, parameters_in_force

CHUNK = 2000
NO_FACTS = "系統中沒有本案核定時的審核資料（由舊系統轉入或人工建檔），請以年度複查重新查調"


@dataclass(frozen=True, slots=True)
class Running:
    """An award that runs on the day, with the facts last decided on (None = the product never decided it)."""

    award_id: int
    county_code: str
    town_code: str
    amount: int
    band: str
    from_month: int
    suspended: bool
    facts: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rule says of one award now. `why` is Chinese; empty when it stays the same."""

    award: Running
    outcome: str
    amount: int | None = None
    band: str = ""
    why: str = ""
    judgement: Judgement | None = None


@command("casework.recompute", roles=roles.COUNTY)
def begin(ctx: Context, benefit: str, on: dt.date, traced: bool, job_id: int | None = None) -> tuple[int, int]:
    """A run over the county's running awards of a benefit: (its number, how many awards). Raises Refused."""
    known = benefits().get(benefit)
    if known is None or not known.pays:
        raise Refused("請填會發給現金的給付項目代碼，例如 elderly_living_allowance", "E-BENEFIT")
    county = ctx.actor.scope.county_code
    if county is None:
        raise Refused("重新計算由縣（市）政府就本縣案件辦理，請以縣府帳號啟動", "E-COUNTY")
    try:
        law_of(benefit)
    except KeyError:
        raise Refused("這項給付沒有可用的規則，請先確認地方給付定義", "E-BENEFIT") from None
    run = Recomputation(county_code=county, benefit=benefit, job_id=job_id, judged_on=on, traced=traced, created_by_id=ctx.actor.user_id)
    ctx.session.add(run)
    ctx.session.flush()
    total = ctx.session.scalar(select(func.count(Award.id)).where(Award.benefit == benefit, Award.status != "ended")) or 0
    ctx.audit("recomputation.started", run, benefit=benefit)
    return run.id, total


def running(session: Session, benefit: str, after: int, size: int = CHUNK) -> list[Running]:
    """The next awards by number that are not over, with their newest granting decision: one query."""
    case, newer = aliased(Application), aliased(Decision)
    newest = (
        select(func.max(newer.id))
        .join(case, case.id == newer.application_id)
        .where(case.applicant_id == Award.recipient_id, case.benefit == Award.benefit, newer.outcome == "granted")
        .correlate(Award)
        .scalar_subquery()
    )
    paused = select(AwardChange.id).where(AwardChange.award_id == Award.id, AwardChange.kind == "suspend").exists()
    rows = session.execute(
        select(Award.id, Award.county_code, Award.town_code, Award.amount, Award.band, Award.from_month, paused, Decision.facts)
        .outerjoin(Decision, Decision.id == newest)
        .where(Award.benefit == benefit, Award.status != "ended", Award.id > after)
        .order_by(Award.id)
        .limit(size)
    )
    return [Running(*row) for row in rows]


def judge(awards: Sequence[Running], law: Law, on: dt.date, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None) -> Iterator[Outcome]:
    """The outcome of each award on a day."""
    for award in awards:
        if award.facts is None:
            yield Outcome(award, UNKNOWN, why=NO_FACTS)
            continue
        try:
            yield _outcome(award, law.decide(facts_on(law.facts, award, on), parameters, exclusions))
        except NoLaw as no_law:
            yield Outcome(award, UNKNOWN, why=str(no_law))


def facts_on(kind: type, award: Running, on: dt.date) -> Any:
    """The facts decided on, as they stand on another day: everybody is older, and the person has drawn the benefit since its first month.

    Whether the benefit ever broke off is known to be no where nothing was ever suspended; else it stays a question.
    """
    given = codec.from_plain(kind, award.facts)
    case = given if isinstance(given, f.CaseFacts) else given.case
    prior = case.prior_award or f.PriorAward(award.from_month, None if award.suspended else True)
    case = replace(case, on=on, prior_award=prior)
    return case if given.__class__ is f.CaseFacts else replace(given, case=case)


def _outcome(award: Running, found: Judgement) -> Outcome:
    if found.eligible is Answer.UNKNOWN:
        return Outcome(award, UNKNOWN, why="；".join(m.text for m in found.missing[:3]), judgement=found)
    if found.eligible is Answer.NO:
        return Outcome(award, STOPS, 0, why="；".join(f"{x.question}{x.measured}" for x in found.failed()[:3]), judgement=found)
    if found.amount == award.amount and found.band == (award.band or found.band):
        return Outcome(award, SAME, found.amount, found.band, judgement=found)
    return Outcome(award, CHANGED, found.amount, found.band, f"每月 {award.amount:,} 元改為 {found.amount or 0:,} 元", found)


def step(session: Session, run: Recomputation, after: int) -> tuple[int, int]:
    """Judge the next chunk and keep what came of it: (number of the last award seen, how many; 0 = that was all)."""
    awards = running(session, run.benefit, after)
    law = law_of(run.benefit)
    counts = dict.fromkeys((SAME, CHANGED, STOPS, UNKNOWN), 0)
    lines = []
    for county, group in groupby(sorted(awards, key=lambda a: a.county_code), key=lambda a: a.county_code):
        pairs = tuple(e for e in exclusions_in_force(session, county, run.judged_on) if e.benefit == run.benefit)
        for found in judge(list(group), law, run.judged_on, parameters_in_force(session, county), pairs):
            counts[found.outcome] += 1
            if found.outcome != SAME:
                lines.append(_line(run, found))
    if lines:
        session.execute(insert(RecomputationLine), lines)
    for name, number in counts.items():
        setattr(run, name, getattr(run, name) + number)
    session.flush()
    return (awards[-1].award_id if awards else after), len(awards)


def _line(run: Recomputation, found: Outcome) -> dict[str, Any]:
    a = found.award
    return {
        "recomputation_id": run.id,
        "award_id": a.award_id,
        "benefit": run.benefit,
        "county_code": a.county_code,
        "town_code": a.town_code,
        "outcome": found.outcome,
        "amount_before": a.amount,
        "amount_after": found.amount,
        "band_after": found.band,
        "why": found.why,
        "judgement": codec.to_plain(found.judgement) if run.traced and found.judgement else None,
    }
