"""What every member of the household already draws, in any township of the county and in every register received: the check before 核定.

The look-ups run across townships; only benefit, months and amount come back, never another office's case.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.base import Context, Refused, command
from app.commands.benefit_rows import find
from app.core import clock, roc
from app.models.application import CLOSED, Application
from app.models.award import Award
from app.models.household import HouseholdMember
from app.models.person import Person
from app.rules.exclusions import Exclusion, Relation, counterpart_names
from app.security import roles, scope

from . import local

SAME = "same_benefit_other_county"
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
        select(Person.person_id, Award.benefit, Award.from_month, Award.to_month, Award.amount)
        .join(Person, Person.id == Award.recipient_id)
        .where(Person.county_code == county, Person.person_id.in_(ids), Award.status != "ended")
    )
    draws = [Draw(p, b, first, last, amount, "本縣發放資料", _agency(session, b), as_of=clock.today()) for p, b, first, last, amount in rows]
    return [d for d in draws if d.last is None or d.last >= month], [Consulted("本縣發放資料", clock.today())]


def _agency(session: Session, benefit: str) -> str:
    """A benefit outside the exclusion table goes by its own name."""
    found = None if benefit in counterpart_names() else find(session, benefit)
    return found.name if found else ""


def sources() -> tuple[Source, ...]:
    """Everything that is consulted."""
    from . import exclusion_sources

    return own_awards, exclusion_sources.registers, exclusion_sources.rosters


def look(session: Session, application: Application, on: dt.date) -> dict[str, Any]:
    """Consult every source about every member; JSON with `hits`, `sources` and `shared` (members counted in another open case)."""
    position = {m.person_id: m.position for m in application.members if m.person_id}
    month = roc.month_of(on)
    pairs = {e.counterpart: e for e in local.pairs(session, application.county_code, application.benefit, on)}
    hits: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    with scope.use(scope.SYSTEM):
        for consult in sources():
            draws, consulted = consult(session, application, month)
            hits += [_hit(session, d, position[d.person_id], _key(d, application), pairs) for d in draws if not _own(d, application, position)]
            asked += [{"name": c.name, "as_of": c.as_of and c.as_of.isoformat()} for c in consulted]
        shared = _counted_elsewhere(session, application, list(position))
    kept = {(h["position"], h["counterpart"], h["first"]): h for h in (application.exclusions or {}).get("hits", []) if h["exception"]}
    for hit in hits:
        if old := kept.get((hit["position"], hit["counterpart"], hit["first"])):
            hit |= {"exception": old["exception"], "exception_reason": old["exception_reason"]}
    return {"hits": hits, "sources": asked, "shared": shared}


def _key(d: Draw, application: Application) -> str:
    """The code of the exclusion table: the same benefit drawn twice is a pair of its own."""
    return SAME if d.counterpart == application.benefit else d.counterpart


def _own(d: Draw, application: Application, position: dict[str, int]) -> bool:
    """The award this very case is about is no exclusion: a change or yearly review continues it, and what is paid once is asked for again."""
    again = application.purpose != "new" or application.PAID_ON_CLAIM
    return d.counterpart == application.benefit and position[d.person_id] == 1 and d.source == "本縣發放資料" and again


def _hit(session: Session, d: Draw, position: int, key: str, pairs: dict[str, Exclusion]) -> dict[str, Any]:
    own, pair = position == 1, pairs.get(key)
    relation = pair.relation if pair and own else Relation.INFO_ONLY
    return asdict(d) | {
        "as_of": d.as_of and d.as_of.isoformat(),
        "counterpart": key,
        "position": position,
        "name": counterpart_names().get(d.counterpart) or (row.name if (row := find(session, d.counterpart)) else d.counterpart),
        "relation": relation.value,
        "article": pair.article_zh if pair and own else "",
        "hard": own and relation in HARD,
        "exception": "",
        "exception_reason": "",
        "person_id": None,
    }


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
