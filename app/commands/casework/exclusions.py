"""What every member of the household already draws, in any township of the county and in every register received: the check before 核定.

The look-ups run across townships; only benefit, months and amount come back, never another office's case.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.commands.base import Context, Refused, command
from app.commands.benefit_rows import benefit_row, find
from app.commands.parameters import exclusions_in_force
from app.core import clock, roc
from app.models.application import CLOSED, Application
from app.models.award import Award
from app.models.decision import Decision
from app.models.household import HouseholdMember
from app.models.person import Person
from app.rules.exclusions import Exclusion, Relation, active, counterpart_names, drawn_as
from app.security import roles, scope

from . import local

SAME = "same_benefit_other_county"
AWARDS, APPLICATIONS = "本縣發放資料", "本縣審核中案件"
STATUS_ONLY = "列冊低收入戶，沒有現金給付，不生擇一或併計"
HARD = (Relation.CHOOSE_ONE, Relation.SUSPEND_A)


@dataclass(frozen=True, slots=True)
class Draw:
    """Something a person draws (or a state he or she is in), as one source says. `counterpart` is a code of the exclusion table."""

    person_id: str
    counterpart: str
    first: int
    last: int | None
    amount: int | None
    source: str
    agency: str = ""
    detail: str = ""
    as_of: dt.date | None = None
    paid: bool = True
    """False = applied for, nothing is drawn yet."""
    status_only: bool = False
    """A low-income household without cash: its members have the status and draw nothing that could be excluded."""


@dataclass(frozen=True, slots=True)
class Consulted:
    """A source and how far its data reach; None = nothing was received, so it was not checked."""

    name: str
    as_of: dt.date | None


Source = Callable[[Session, Application, int], tuple[list[Draw], list[Consulted]]]
"""(session, application, month) → what its members draw from that month on, and what was consulted."""


def own_awards(session: Session, application: Application, month: int) -> tuple[list[Draw], list[Consulted]]:
    """Running awards of this county, all benefits and townships."""
    county, ids = application.county_code, [m.person_id for m in application.members if m.person_id]
    rows = session.execute(
        select(Person.person_id, Award.benefit, Award.from_month, Award.to_month, Award.amount, Award.band, Award.household_no)
        .join(Person, Person.id == Award.recipient_id)
        .where(Person.county_code == county, Person.person_id.in_(ids), Award.status != "ended")
    )
    draws = [
        Draw(p, b, first, last, amount, AWARDS, detail=band, agency="全戶金額，領款人為戶代表" if house else _agency(session, b), as_of=clock.today(),
             status_only=not amount)
        for p, b, first, last, amount, band, house in rows
    ]
    draws += _in_households(session, application, ids)
    return [d for d in draws if d.last is None or d.last >= month], [Consulted(AWARDS, clock.today())]


def _in_households(session: Session, application: Application, ids: list[str]) -> list[Draw]:
    """Members who are in another household that is paid as one: what the decision in force puts on each of them."""
    later, its = aliased(Decision), aliased(Application)
    in_force = select(func.max(later.id)).join(its, its.id == later.application_id).where(
        its.applicant_id == Award.recipient_id, its.benefit == Award.benefit, later.outcome == "granted"
    )  # fmt: skip
    rows = session.execute(
        select(HouseholdMember.person_id, HouseholdMember.position, Award.benefit, Award.from_month, Award.to_month, Award.amount, Award.band, Decision.judgement)
        .join(Application, Application.id == HouseholdMember.application_id)
        .join(Award, Award.recipient_id == Application.applicant_id)
        .join(Decision, Decision.application_id == Application.id)
        .where(
            Award.household_no.is_not(None), Award.benefit == Application.benefit, Award.status != "ended", Decision.id == in_force.scalar_subquery(),
            HouseholdMember.counted.is_(True), HouseholdMember.relation != "applicant", HouseholdMember.person_id.in_(ids),
            Application.county_code == application.county_code, Application.applicant_id != application.applicant_id,
        )
    )  # fmt: skip
    found = []
    for person, position, benefit, first, last, whole, band, judgement in rows:
        amount = sum((Fraction(s["amount"]) for s in judgement.get("payments", []) if s["ref"] == str(position) and s["amount"] is not None), Fraction(0))
        found.append(Draw(person, benefit, first, last, int(amount), AWARDS, "列於他戶之成員", detail=band, as_of=clock.today(), status_only=not whole))
    return found


def own_applications(session: Session, application: Application, month: int) -> tuple[list[Draw], list[Consulted]]:
    """Applications of the members that are under way in this county: nothing is drawn yet, but both could be granted."""
    ids = [m.person_id for m in application.members if m.person_id]
    rows = session.execute(
        select(Person.person_id, Application.benefit, Application.received_on)
        .join(Person, Person.id == Application.applicant_id)
        .where(
            Application.county_code == application.county_code, Person.person_id.in_(ids), Application.state.not_in((*CLOSED, "draft")),
            Application.id != application.id, Application.purpose == "new",
        )
    )  # fmt: skip
    draws = [Draw(p, b, roc.month_of(on), None, None, APPLICATIONS, as_of=clock.today(), paid=False) for p, b, on in rows if benefit_row(session, b).pays]
    return draws, [Consulted(APPLICATIONS, clock.today())]


def _agency(session: Session, benefit: str) -> str:
    """A benefit outside the exclusion table goes by its own name."""
    found = None if benefit in counterpart_names() else find(session, benefit)
    return found.name if found else ""


def sources() -> tuple[Source, ...]:
    """Everything that is consulted."""
    from . import exclusion_sources

    return own_awards, own_applications, exclusion_sources.registers, exclusion_sources.rosters


def look(session: Session, application: Application, on: dt.date) -> dict[str, Any]:
    """Consult every source about every member; JSON with `hits`, `sources` and `shared` (members counted in another open case)."""
    position = {m.person_id: m.position for m in application.members if m.person_id}
    month = roc.month_of(on)
    pairs = {e.counterpart: e for e in local.pairs(session, application.county_code, application.benefit, on)}
    rows = active(exclusions_in_force(session, application.county_code, on))
    theirs = {e.benefit: e for e in rows if e.counterpart == application.benefit and e.benefit != application.benefit}
    theirs |= {e.benefit: e for e in local.pairs_of_others(session, application.county_code, application.benefit, on)}
    household = benefit_row(session, application.benefit).payment_unit == "household"
    hits: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    with scope.use(scope.SYSTEM):
        for consult in sources():
            draws, consulted = consult(session, application, month)
            hits += [
                _hit(session, d, position[d.person_id], _key(d, application, pairs), pairs, theirs, household)
                for d in draws if not _own(d, application, position)
            ]
            asked += [{"name": c.name, "as_of": c.as_of and c.as_of.isoformat()} for c in consulted]
        hits.sort(key=lambda h: (h["position"], not h["hard"], h["name"]))
        shared = _counted_elsewhere(session, application, list(position))
    kept = {(h["position"], h["counterpart"], h["first"]): h for h in (application.exclusions or {}).get("hits", []) if h["exception"]}
    for hit in hits:
        if old := kept.get((hit["position"], hit["counterpart"], hit["first"])):
            hit |= {"exception": old["exception"], "exception_reason": old["exception_reason"]}
    return {"hits": hits, "sources": asked, "shared": shared}


def _key(d: Draw, application: Application, pairs: dict[str, Exclusion]) -> str:
    """The code of the exclusion table: the same benefit drawn twice is a pair of its own, low income goes by its class."""
    return SAME if d.counterpart == application.benefit else drawn_as(d.counterpart, d.detail, pairs)


def _own(d: Draw, application: Application, position: dict[str, int]) -> bool:
    """The award this very case is about is no exclusion: a change or yearly review continues it, and what is paid once is asked for again."""
    again = application.purpose != "new" or application.PAID_ON_CLAIM
    return d.counterpart == application.benefit and position[d.person_id] == 1 and d.source == AWARDS and again


def _hit(
    session: Session, d: Draw, position: int, key: str, pairs: dict[str, Exclusion], theirs: dict[str, Exclusion], household: bool
) -> dict[str, Any]:
    """One line of the check. A pair binds the person who draws: the applicant, or every member where the household is paid as one.

    Where only the other benefit's law has a rule (`theirs`), it is shown: that benefit is the one to be cut or stopped.
    """
    concerned = position == 1 or household
    pair = pairs.get(key) if concerned else None
    other = theirs.get(d.counterpart) if concerned and (pair is None or pair.relation in (Relation.NONE, Relation.INFO_ONLY)) else None
    relation = pair.relation if pair else Relation.INFO_ONLY
    return asdict(d) | {
        "as_of": d.as_of and d.as_of.isoformat(),
        "counterpart": key,
        "position": position,
        "name": counterpart_names().get(key if key != SAME else d.counterpart) or (row.name if (row := find(session, d.counterpart)) else d.counterpart),
        "relation": relation.value,
        "article": other.article_zh if other else pair.article_zh if pair else "",
        "rule": STATUS_ONLY if d.status_only and key != SAME else rule_in_words(pair, other, concerned),
        "hard": relation in HARD and d.paid and (key == SAME or not d.status_only),
        "exception": "",
        "exception_reason": "",
        "person_id": None,
    }


def rule_in_words(pair: Exclusion | None, other: Exclusion | None, concerned: bool) -> str:
    """What a hit means for the money, for the person who reviews."""
    if not concerned:
        return "成員自己的給付，不影響本案"
    if other is not None and other.relation not in (Relation.NONE, Relation.INFO_ONLY):
        return f"由{other.benefit_zh or '對方給付'}處理：{other.relation.zh}" + (f"（{other.exception}）" if other.exception else "")
    if pair is None:
        return "互斥表未列，僅供參考"
    return pair.relation.zh + (f"（{pair.exception}）" if pair.exception else "")


def _counted_elsewhere(session: Session, application: Application, ids: list[str]) -> list[dict[str, Any]]:
    """Members who are counted in another open application of the same benefit: (position, how many)."""
    rows = session.execute(
        select(HouseholdMember.person_id)
        .join(Application, Application.id == HouseholdMember.application_id)
        .where(
            HouseholdMember.person_id.in_(ids),
            HouseholdMember.counted.is_(True),
            Application.id != application.id,
            Application.benefit == application.benefit,
            Application.state.not_in(CLOSED),
        )
    ).scalars()
    position = {m.person_id: m.position for m in application.members}
    return [{"position": position[p], "benefit": application.benefit} for p in set(rows) if p in position]


def unresolved(application: Application) -> list[dict[str, Any]]:
    """Hard exclusions without a lawful exception."""
    return [h for h in (application.exclusions or {}).get("hits", []) if h["hard"] and not h["exception"]]


def unchecked(application: Application) -> list[str]:
    """Sources nothing was received from: not checked, which is not the same as clean."""
    return [s["name"] for s in (application.exclusions or {}).get("sources", []) if s["as_of"] is None]


@command("casework.exclusions", roles=roles.CASEWORKERS)
def check_exclusions(ctx: Context, application_id: int) -> int:
    """Run the check and keep its result with the application; the number of hard hits. Raises NotFound."""
    application = ctx.get(Application, application_id, lock=True)
    if application.state in CLOSED:
        raise Refused("本案已經結案，不必再查核互斥", "E-CLOSED")
    run(ctx, application)
    return len(unresolved(application))


def run(ctx: Context, application: Application) -> None:
    """The check inside another command."""
    application.exclusions = look(ctx.session, application, clock.today())
    application.exclusions_checked_at = ctx.now
    hits: Iterable[dict[str, Any]] = application.exclusions["hits"]
    ctx.session.flush()
    ctx.audit("application.exclusions_checked", application, hits=sum(1 for _ in hits), hard=len(unresolved(application)))


@command("casework.second_review", roles=(roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR))
def record_exception(ctx: Context, application_id: int, hit_no: int, code: str, reason: str) -> None:
    """A lawful exception to one exclusion (`hit_no` counts from 0), with the county's code and reason. Raises Refused."""
    application = ctx.get(Application, application_id, lock=True)
    if application.state not in ("forwarded", "second_reviewed"):
        raise Refused("只有縣府複審中的案件可以登錄互斥例外", "E-MOVE")
    if not code.strip() or not reason.strip():
        raise Refused("請填例外代碼與理由", "E-EXCEPTION")
    found = application.exclusions or {"hits": []}
    if not 0 <= hit_no < len(found["hits"]):
        raise Refused("查無這筆互斥紀錄，請重新查核", "E-EXCEPTION")
    hits = [dict(h) for h in found["hits"]]
    hits[hit_no] |= {"exception": code.strip()[:10], "exception_reason": reason.strip()[:120]}
    application.exclusions = {**found, "hits": hits}
    ctx.session.flush()
    ctx.audit("application.exception", application, counterpart=hits[hit_no]["counterpart"], code=code.strip()[:10])
