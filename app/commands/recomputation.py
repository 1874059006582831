"""Judging all running awards of a benefit anew, chunk by chunk: the same rule, the facts last decided on, the parameters of the day.

A line is kept for every award that does not stay the same. Traces are written only when they are asked for.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import collector, roc
from app.models.application import Application
from app.models.award import Award, AwardChange
from app.models.decision import Decision
from app.models.recomputation import CHANGED, SAME, STOPS, UNKNOWN, Recomputation, RecomputationLine
from app.rules import codec
from app.rules import facts as f
from app.rules.benefits import benefits
from app.rules.exclusions import Exclusion
from app.rules.laws import Law, law_of
from app.rules.parameters import Missing, Parameter, Parameters, label_of
from app.rules.trace import Answer
from app.rules.trace import Decision as Judgement
from app.rules.versions import NoLaw
from app.security import roles

from . import bulk
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
    decision_id: int | None = None


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
        raise Refused("請選擇會發給現金的給付項目", "E-BENEFIT")
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
    """The next awards by number that are not over, with their newest granting decision: three queries, whatever the size."""
    paused = select(AwardChange.id).where(AwardChange.award_id == Award.id, AwardChange.kind == "suspend").exists()
    rows = session.execute(
        select(Award.id, Award.county_code, Award.town_code, Award.amount, Award.band, Award.from_month, paused, Award.recipient_id)
        .where(Award.benefit == benefit, Award.status != "ended", Award.id > after)
        .order_by(Award.id)
        .limit(size)
    ).all()
    newest = newest_granted(session, benefit, [row[-1] for row in rows])
    found = session.execute(select(Decision.id, Decision.facts).where(Decision.id.in_(newest.values())))
    facts = {decision: given for decision, given in found}  # noqa: C416
    return [Running(*row[:-1], facts.get(newest.get(row[-1], 0)), newest.get(row[-1])) for row in rows]


def newest_granted(session: Session, benefit: str, people: Sequence[int]) -> dict[int, int]:
    """Person → newest granting decision. Looked up by the people of a chunk, so that no planner can read the whole benefit for each of them."""
    rows = session.execute(
        select(Application.applicant_id, func.max(Decision.id))
        .join(Decision, Decision.application_id == Application.id)
        .where(Application.applicant_id.in_(people), Application.benefit == benefit, Decision.outcome == "granted")
        .group_by(Application.applicant_id)
    )
    return {person: decision for person, decision in rows}  # noqa: C416 (rows, not tuples, to mypy)


def judge(awards: Sequence[Running], law: Law, on: dt.date, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None) -> Iterator[Outcome]:
    """The outcome of each award on a day."""
    for award in awards:
        if award.facts is None:
            yield Outcome(award, UNKNOWN, why=NO_FACTS)
            continue
        try:
            yield outcome_of(award, law.decide(facts_on(law.facts, award, on), parameters, exclusions))
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


def outcome_of(award: Running, found: Judgement) -> Outcome:
    """What a judgement means for a running award."""
    if found.eligible is Answer.UNKNOWN:
        return Outcome(award, UNKNOWN, why="；".join(m.text for m in found.missing[:3]), judgement=found)
    if found.eligible is Answer.NO:
        return Outcome(award, STOPS, 0, why="；".join(f"{x.question}{x.measured}" for x in found.failed()[:3]), judgement=found)
    if found.amount == award.amount and found.band == (award.band or found.band):
        return Outcome(award, SAME, found.amount, found.band, judgement=found)
    return Outcome(award, CHANGED, found.amount, found.band, f"每月 {award.amount:,} 元改為 {found.amount or 0:,} 元", found)


@collector.held_back()
def step(session: Session, run: Recomputation, after: int) -> tuple[int, int]:
    """Judge the next chunk and keep what came of it: (number of the last award seen, how many; 0 = that was all)."""
    awards = running(session, run.benefit, after)
    law = law_of(run.benefit)
    counts = dict.fromkeys((SAME, CHANGED, STOPS, UNKNOWN), 0)
    lines = []
    for county, group in groupby(sorted(awards, key=lambda a: a.county_code), key=lambda a: a.county_code):
        pairs = tuple(e for e in exclusions_in_force(session, county, run.judged_on) if e.benefit == run.benefit)
        parameters = _Noting(parameters_in_force(session, county))
        for found in judge(list(group), law, run.judged_on, parameters, pairs):
            counts[found.outcome] += 1
            if found.outcome != SAME:
                then = _decided_on(found.award.facts)
                lines.append(_line(run, found, parameters.changed(then, run.judged_on) if then else []))
            parameters.asked.clear()
    bulk.add_rows(session, RecomputationLine, lines)
    for name, number in counts.items():
        setattr(run, name, getattr(run, name) + number)
    session.flush()
    return (awards[-1].award_id if awards else after), len(awards)


class _Noting(Parameters):
    """The same parameters; notes the names a rule asks for."""

    def __init__(self, of: Parameters) -> None:
        super().__init__(of.rows(), of.county_code)
        self.asked: dict[str, None] = {}

    def on(self, day: dt.date, name: str, region: str = "") -> Parameter | Missing:
        if not region:
            self.asked[name] = None
        return super().on(day, name, region)

    def changed(self, then: dt.date, on: dt.date) -> list[list[str]]:
        """[name, what it was, what it is now, since when] of the noted parameters that differ between two days; Chinese, ROC dates."""
        out = []
        for name in list(self.asked):
            before, now = super().on(then, name), super().on(on, name)
            if isinstance(now, Missing) or (not isinstance(before, Missing) and before.value == now.value):
                continue
            old = "尚未設定" if isinstance(before, Missing) else f"{before.text}{before.unit}"
            out.append([label_of(name), old, f"{now.text}{now.unit}", roc.show_date(now.effective_from) if now.effective_from else ""])
        return out


def _decided_on(facts: dict[str, Any] | None) -> dt.date | None:
    """The day the facts were judged on."""
    on = (facts or {}).get("on") or (facts or {}).get("case", {}).get("on")
    return dt.date.fromisoformat(on) if on else None


def _line(run: Recomputation, found: Outcome, changed_by: list[list[str]]) -> dict[str, Any]:
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
        "changed_by": changed_by,
        "judgement": codec.to_plain(found.judgement) if run.traced and found.judgement else None,
    }
