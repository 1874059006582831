"""The set-based work of a 年度總清查: freezing the cohort and judging it anew, chunk by chunk, with facts, trace and differences kept.

A member's tax data are facts of their own: received (or known to be none) they replace last year's, missing they leave the member not
looked up, and the rule then cannot say yes or no. What was proved beside the tax file last time stays beside it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import Any, cast

import polars as pl
from sqlalchemy import Table, bindparam, inspect, select, update
from sqlalchemy.orm import Session, aliased

from app.core import clock, roc
from app.exchange import snapshots
from app.models.application import Application
from app.models.award import Award, AwardChange
from app.models.campaign import Campaign, CampaignCase, CampaignMember
from app.models.decision import Decision
from app.models.household import HouseholdMember
from app.models.person import Person
from app.models.recomputation import SAME, UNKNOWN
from app.rules import codec
from app.rules import facts as f
from app.rules.laws import Law, law_of
from app.rules.parameters import Parameters
from app.rules.trace import Decision as Judgement
from app.rules.versions import NoLaw

from .base import Context
from .bulk import add_rows
from .campaign_taxes import Corrections, corrections_of, with_taxes
from .casework.received_means import TAX, Received, received
from .deliveries import current_snapshots
from .parameters import exclusions_in_force, parameters_in_force
from .recomputation import NO_FACTS, Running, facts_on, newest_granted, outcome_of

CHUNK = 1000
LOW_INCOME = "low_income_living_assistance"
STILL_OUT = "財稅資料尚未收到"
_JUDGED = ("state", "outcome", "reason", "amount_after", "band_after", "why", "differences", "facts", "judgement")
PARTS = (("income", "每月收入"), ("movable", "動產"), ("real_estate", "不動產"))


# -- the cohort ------------------------------------------------------------------------------------------------------------------
def freeze(session: Session, campaign: Campaign, after: int, size: int = CHUNK) -> tuple[int, int]:
    """Take the next running awards into the cohort with their counted members: (number of the last award, how many; 0 = that was all)."""
    rows = session.execute(
        select(Award.id, Award.town_code, Award.case_no, Award.amount, Award.band, Person.name, Person.person_id, Award.recipient_id)
        .join(Person, Person.id == Award.recipient_id)
        .where(
            Award.benefit == campaign.benefit, Award.county_code == campaign.county_code, Award.status != "ended", Award.id > after,
            Award.from_month <= roc.month_of(campaign.frozen_on),
        )
        .order_by(Award.id)
        .limit(size)
    ).all()  # fmt: skip
    if not rows:
        return after, 0
    newest = newest_granted(session, campaign.benefit, [r[7] for r in rows])
    d = Decision
    decided = {r.id: r for r in session.execute(select(d.id, d.application_id, d.decided_at).where(d.id.in_(newest.values())))}
    common = {"campaign_id": campaign.id, "county_code": campaign.county_code, "benefit": campaign.benefit}
    add_rows(
        session,
        CampaignCase,
        [
            {**common, "award_id": r[0], "town_code": r[1], "case_no": r[2], "amount_before": r[3], "band_before": r[4], "name": r[5],
             **_before(campaign, decided.get(newest.get(r[7], 0)))}
            for r in rows
        ],
    )  # fmt: skip
    ids = {
        award: (case_id, application, state)
        for case_id, award, application, state in session.execute(
            select(CampaignCase.id, CampaignCase.award_id, CampaignCase.application_id, CampaignCase.state).where(
                CampaignCase.campaign_id == campaign.id, CampaignCase.award_id >= rows[0][0], CampaignCase.award_id <= rows[-1][0]
            )
        )
    }
    members: dict[int, list[tuple[int, str | None, str]]] = defaultdict(list)
    h = HouseholdMember
    applications = [a for _, a, state in ids.values() if a is not None and state != "excepted"]
    for at in range(0, len(applications), 500):
        found = select(h.application_id, h.position, h.person_id, h.name).where(
            h.application_id.in_(applications[at : at + 500]), h.counted.is_not(False), h.death.is_(None)
        )
        for of, position, person_id, name in session.execute(found):
            members[of].append((position, person_id, name))
    lines = []
    for r in rows:
        case_id, application, state = ids[r[0]]
        if state == "excepted":
            continue  # nobody is asked about who is not due
        own = members[application] if application in members else [(1, r[6], r[5])]
        lines += [{**common, "town_code": r[1], "case_id": case_id, "position": p, "person_id": pid, "name": name} for p, pid, name in own]
    add_rows(session, CampaignMember, lines)
    return rows[-1][0], len(rows)


def _before(campaign: Campaign, decision: Any) -> dict[str, Any]:
    """The columns that come of the newest decision: who was decided on in the first year is not due."""
    if decision is None:
        return {"before_id": None, "application_id": None, "state": "frozen"}
    first = campaign.excepted_from is not None and clock.to_taipei(decision.decided_at).date() >= campaign.excepted_from
    return {"before_id": decision.id, "application_id": decision.application_id, "state": "excepted" if first else "frozen"}


def id_list(session: Session, campaign_id: int) -> list[tuple[str, str]]:
    """(ID number, name) of every member the tax office is asked about, each once, in order."""
    m = CampaignMember
    rows = session.execute(select(m.person_id, m.name).where(m.campaign_id == campaign_id, m.person_id.is_not(None)).distinct().order_by(m.person_id))
    return [(person_id, name) for person_id, name in rows if person_id]


# -- the reply of the tax office ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reply:
    """What the three files in force say about the cohort. `years` that stand in them; `strangers`: people nobody asked about."""

    years: tuple[int, ...]
    missing_files: tuple[str, ...]
    received: frozenset[str]
    rejected: frozenset[str]
    strangers: int


def reply(session: Session, campaign: Campaign) -> Reply:
    """Hold the tax files in force against the cohort."""
    paths = defaultdict(list)
    for batch in current_snapshots(session, roc.month_of(campaign.judged_for)):
        if batch.source in TAX and batch.path is not None:
            paths[batch.source].append(batch.path)
    asked = pl.DataFrame(id_list(session, campaign.id), schema={"person_id": pl.String, "known": pl.String}, orient="row").lazy()
    years: set[int] = set()
    good: set[str] = set()
    other: set[str] = set()
    strangers: set[str] = set()
    for source in paths:
        rows = snapshots.scan(paths[source]).select("person_id", "name", "tax_year")
        years |= set(rows.select(pl.col("tax_year").unique()).collect()["tax_year"])
        of_year = rows.filter(pl.col("tax_year") == campaign.tax_year).unique()
        mine = of_year.join(asked, on="person_id").collect()
        good |= set(mine.filter(pl.col("name") == pl.col("known"))["person_id"])
        other |= set(mine.filter(pl.col("name") != pl.col("known"))["person_id"])
        strangers |= set(of_year.join(asked, on="person_id", how="anti").select("person_id").unique().collect()["person_id"])
    return Reply(tuple(sorted(years)), tuple(s for s in TAX if s not in paths), frozenset(good - other), frozenset(other), len(strangers))


def note_reply(session: Session, campaign: Campaign, found: Reply) -> set[int]:
    """Write each member's tax state; who is in no file stays asked for. The cases about whose people something else is known now."""
    m = CampaignMember
    moved: set[int] = set()
    for state, people in (("received", found.received), ("rejected", found.rejected)):
        wanted = sorted(people)
        for at in range(0, len(wanted), 500):
            other = (m.campaign_id == campaign.id, m.person_id.in_(wanted[at : at + 500]), m.tax_state != state)
            moved.update(session.scalars(select(m.case_id).where(*other)))
            session.execute(update(m).where(*other).values(tax_state=state).execution_options(synchronize_session=False))
    return moved


# -- judging -----------------------------------------------------------------------------------------------------------------------
def judge(ctx: Context, campaign: Campaign, after: int, size: int = CHUNK) -> tuple[int, int]:
    """Judge the next cases of the cohort that nobody has touched: (number of the last case, how many; 0 = that was all)."""
    session, c = ctx.session, CampaignCase
    paused = select(AwardChange.id).where(AwardChange.award_id == Award.id, AwardChange.kind == "suspend").exists()
    rows = session.execute(
        select(c.id, c.award_id, c.town_code, c.amount_before, c.band_before, Award.from_month, Award.recipient_id, paused, Decision.facts, Decision.judgement)
        .join(Award, Award.id == c.award_id)
        .outerjoin(Decision, Decision.id == c.before_id)
        .where(c.campaign_id == campaign.id, c.state == "frozen", c.id > after)
        .order_by(c.id)
        .limit(size)
    ).all()
    if not rows:
        return after, 0
    law = law_of(campaign.benefit)
    parameters = parameters_in_force(session, campaign.county_code, proposed=campaign.what_if)
    pairs = tuple(e for e in exclusions_in_force(session, campaign.county_code, campaign.judged_for) if e.benefit == campaign.benefit)
    people = {} if campaign.what_if else _members(session, [r[0] for r in rows])
    means = Received(None, {}) if campaign.what_if else received(session, {(p, n) for own in people.values() for _, p, n, _ in own if p}, campaign.tax_year)
    proved = {} if campaign.what_if else corrections_of(session, [r[0] for r in rows])
    statuses = _statuses(session, campaign, [r[6] for r in rows])
    done = []
    for case_id, award_id, town, amount, band, first, recipient, suspended, facts, before in rows:
        award = Running(award_id, campaign.county_code, town, amount, band, first, suspended, facts)
        done.append({"key": case_id, **_judged(campaign, award, law, parameters, pairs, people.get(case_id, ()), means, proved.get(case_id, {}), statuses(recipient), before)})
    table = cast(Table, inspect(c).local_table)  # ids read in scope just now
    session.execute(update(table).where(table.c.id == bindparam("key")).values({n: bindparam(n) for n in _JUDGED}), done)
    return rows[-1][0], len(rows)


def _members(session: Session, case_ids: Sequence[int]) -> dict[int, list[tuple[int, str | None, str, str]]]:
    m = CampaignMember
    found = session.execute(
        select(m.case_id, m.position, m.person_id, m.name, m.tax_state).where(m.case_id >= case_ids[0], m.case_id <= case_ids[-1]).order_by(m.case_id)
    )
    return {case_id: [(r[1], r[2], r[3], r[4]) for r in own] for case_id, own in groupby(found, key=lambda r: r[0])}


def _statuses(session: Session, campaign: Campaign, recipients: Sequence[int]) -> Any:
    """How a person's listing as low-income stands in this year's review: `low`, `none`, `pending`; None where no low-income case is known."""
    if campaign.benefit == LOW_INCOME or campaign.what_if:
        return lambda _person: None
    c, other = CampaignCase, aliased(Campaign)
    rows = session.execute(
        select(Award.recipient_id, c.state, c.outcome, Application.state)
        .join(Award, Award.id == c.award_id)
        .outerjoin(Application, Application.id == c.reopened_id)
        .join(other, other.id == c.campaign_id)
        .where(
            other.benefit == LOW_INCOME, other.year == campaign.year, other.county_code == campaign.county_code, ~other.what_if, other.state != "dropped",
            Award.recipient_id.in_(recipients),
        )
    )  # fmt: skip
    return {person: _listed(state, outcome, reopened) for person, state, outcome, reopened in rows}.get


def _listed(state: str, outcome: str | None, reopened: str | None) -> str:
    """`low`, `none` or `pending`, from the state of a low-income case, its outcome, and its ordinary review if it was taken there."""
    if state == "excepted" or reopened == "approved":
        return "low"
    if reopened == "rejected":
        return "none"
    return ("none" if outcome == "stops" else "low") if state == "decided" else "pending"


def _judged(
    campaign: Campaign, award: Running, law: Law, parameters: Parameters, pairs: Any, people: Sequence[Any], means: Received, proved: Corrections,
    status: str | None, before: Any,
) -> dict[str, Any]:
    """The columns of one judged case."""
    empty: dict[str, Any] = dict.fromkeys(_JUDGED) | {"state": "judged", "band_after": "", "why": ""}
    if award.facts is None:
        return empty | {"outcome": UNKNOWN, "reason": "no_facts", "why": NO_FACTS}
    facts = facts_on(law.facts, award, campaign.judged_for)
    case = facts if isinstance(facts, f.CaseFacts) else facts.case
    if not campaign.what_if:
        case = with_taxes(case, people, means, proved)
    listed = case.status in (f.Status.LOW, f.Status.NEAR_LOW)
    if listed and status == "none":
        case = replace(case, status=f.Status.NONE)
    facts = case if facts.__class__ is f.CaseFacts else replace(facts, case=case)
    kept = {"facts": codec.to_plain(facts)}
    if listed and not campaign.what_if and campaign.benefit != LOW_INCOME and status in (None, "pending"):
        until = f"暫准續發至 {roc.show_date(campaign.provisional_until)}" if campaign.provisional_until else "暫准續發"
        text = f"去年以列冊低收入戶或中低收入戶認定，本年度列冊審查尚未完成；完成前{until}，逾期未完成也不會自動停發"
        return empty | kept | {"outcome": UNKNOWN, "reason": "depends", "why": text}
    try:
        judged = law.decide(facts, parameters, pairs)
    except NoLaw as gap:
        return empty | kept | {"outcome": UNKNOWN, "reason": "no_law", "why": str(gap)}
    found = outcome_of(award, judged)
    out = empty | kept | {"outcome": found.outcome, "amount_after": found.amount, "band_after": found.band, "why": found.why}
    out["judgement"] = codec.to_plain(judged)
    if found.outcome == UNKNOWN:
        out["reason"], why = _reason(judged, people if not campaign.what_if else ())
        out["why"] = why or found.why
    elif found.outcome != SAME:
        out["differences"] = differences(before, out["judgement"])
    return out


def _reason(judged: Judgement, people: Sequence[Any]) -> tuple[str, str]:
    """(one of REASONS, sentence) for a case the rule cannot decide."""
    by_state = defaultdict(list)
    for _, _, name, state in people:
        by_state[state].append(name)
    if by_state["requested"]:
        return "tax_missing", f"{'、'.join(by_state['requested'])}：{STILL_OUT}"
    if by_state["rejected"]:
        return "tax_rejected", f"{'、'.join(by_state['rejected'])}：財稅資料的姓名與案件不同，請查明"
    return ("setting" if any(m.kind == "setting" for m in judged.missing) else "fact"), ""


def differences(before: dict[str, Any] | None, after: dict[str, Any]) -> list[dict[str, Any]]:
    """What differs between two judgements by person and line: {part, name, item, before, after}, amounts as exact text, None = not there."""
    out = []
    for key, part in PARTS:
        sums: dict[tuple[str, str, str], list[Any]] = defaultdict(lambda: [None, None])
        for side, judged in enumerate((before or {}, after)):
            for x in judged.get(key, ()):
                place = sums[x["ref"], x["name"], x["item"]]
                place[side] = _plus(place[side], x["amount"])
        out += [
            {"part": part, "name": name, "item": item, "before": a, "after": b} for (_, name, item), (a, b) in sums.items() if a != b
        ]
    return out


def _plus(one: str | None, two: str | int | None) -> str | None:
    if two is None:
        return one
    return str((Fraction(one) if one else Fraction(0)) + Fraction(two))
