"""The floor under a rule's precision and the breaker of sudden floods: what a run stores without sending, and who brings it back."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.exchange import codes
from app.matching.precision import wilson
from app.matching.rules import RULES, Rule
from app.models.doubt import Doubt, DoubtSighting
from app.models.match_run import MatchRun
from app.models.rule_control import HOLD_STATES, SHADOW_STATES, RuleHold, RuleShadow
from app.rules.parameters import Missing
from app.security.roles import MINISTRY_OFFICER

from . import doubt_clock, jobs
from .base import Context, command
from .lifecycle import Lifecycle, Move
from .match_rules import RuleKey, measured, rule_figures
from .parameters import parameters_in_force

LEAST_HISTORY = 3
"""With fewer matched months nobody knows what is usual, and the breaker says nothing."""
SHADOW = Lifecycle(
    RuleShadow,
    SHADOW_STATES,
    (
        Move("ask", "申請恢復送出", ("shadow",), "asked", "matching.restore", "asked_by_id", (), True),
        Move("restore", "核准恢復", ("asked",), "restored", "matching.restore", "restored_by_id", ("asked_by_id",), style="primary"),
        Move("refuse", "不同意恢復", ("asked",), "shadow", "matching.restore", None, ("asked_by_id",), True, "danger"),
    ),
)
HOLD = Lifecycle(
    RuleHold,
    HOLD_STATES,
    (
        Move("release", "確認無誤，送出疑義", ("held",), "released", "matching.release", "decided_by_id", (), True, "primary"),
        Move("drop", "確認有誤，不送出", ("held",), "dropped", "matching.release", "decided_by_id", (), True, "danger"),
    ),
)


def limit(session: Session, name: str) -> Fraction | None:
    """A national figure of the quality control in force today; None when nobody set it."""
    found = parameters_in_force(session, "").on(clock.today(), name)
    return None if isinstance(found, Missing) or found.value is None else Fraction(found.value)


# -- the floor ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fallen:
    """A rule version and grade whose precision is surely below its floor."""

    key: RuleKey
    confirmed: int
    answered: int
    reason: str


def in_shadow(session: Session) -> set[RuleKey]:
    """Rule versions and grades whose findings are not sent."""
    rows = session.execute(
        select(RuleShadow.rule_code, RuleShadow.rule_version, RuleShadow.grade).where(RuleShadow.state.in_(("shadow", "asked")))
    )
    return {(rule, version, grade) for rule, version, grade in rows}


def dark(shadows: Collection[RuleKey], rules: Mapping[str, Rule]) -> list[tuple[str, str]]:
    """Rule and grade of those in shadow, in the version that is asked."""
    return [(rule, grade) for rule, version, grade in shadows if rule in rules and rules[rule].version == version]


def fallen(session: Session, rules: Mapping[str, Rule]) -> list[Fallen]:
    """Rules in use (`rules`) whose upper Wilson bound lies below the floor of their grade and that are not in shadow yet."""
    floors = {grade: limit(session, f"match_floor.{grade}") for grade in "ABC"}
    least = limit(session, "match_floor.least") or 1
    standing = in_shadow(session)
    forgiven: dict[RuleKey, tuple[int, int]] = {}
    for row in session.scalars(select(RuleShadow).where(RuleShadow.state == "restored").order_by(RuleShadow.id)):
        forgiven[row.rule_code, row.rule_version, row.grade] = (row.confirmed_then or 0, row.answered_then or 0)
    out = []
    for key, counted in sorted(measured(rule_figures(session)).items()):
        rule, version, grade = key
        floor = floors[grade]
        before = forgiven.get(key, (0, 0))
        confirmed, answered = counted[0] - before[0], counted[1] - before[1]
        if floor is None or key in standing or rule not in rules or rules[rule].version != version:
            continue
        span = wilson(max(0, min(confirmed, answered)), answered)
        if span is not None and answered >= least and span[1] < floor:
            since = "恢復送出後" if key in forgiven else ""
            reason = f"{since}已答復{answered}筆，確認{confirmed}筆；確認率 95% 信賴區間上限{span[1]:.1%}，低於下限{float(floor):.1%}"
            out.append(Fallen(key, counted[0], counted[1], reason))
    return out


def put_in_shadow(ctx: Context, run: MatchRun, these: Sequence[Fallen]) -> None:
    """Note what fell below its floor; from this run on it is not sent."""
    standing = in_shadow(ctx.session)
    for fell in these:
        if fell.key in standing:
            continue
        rule, version, grade = fell.key
        row = RuleShadow(
            rule_code=rule, rule_version=version, grade=grade, answered=fell.answered, confirmed=fell.confirmed, reason=fell.reason,
            run_id=run.id, entered_by=ctx.actor.display, entered_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        ctx.audit("rule_shadow.entered", row, rule=rule, version=version, grade=grade, confirmed=fell.confirmed, answered=fell.answered)


@command("matching.restore", roles=(MINISTRY_OFFICER,))
def ask_to_restore(ctx: Context, shadow_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Ask that a rule be sent again, with the reason. Raises Refused, NotFound, Conflict."""
    SHADOW.advance(ctx, ctx.get(RuleShadow, shadow_id), "ask", comment, seen_version)


@command("matching.restore", roles=(MINISTRY_OFFICER,))
def restore(ctx: Context, shadow_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Send a rule's findings again from the next run on; by somebody else than who asked. Raises Refused, NotFound, Conflict."""
    row = ctx.get(RuleShadow, shadow_id)
    confirmed, answered = measured(rule_figures(ctx.session)).get((row.rule_code, row.rule_version, row.grade), (0, 0))
    SHADOW.advance(ctx, row, "restore", comment, seen_version, restored_at=ctx.now, confirmed_then=confirmed, answered_then=answered)


@command("matching.restore", roles=(MINISTRY_OFFICER,))
def refuse_to_restore(ctx: Context, shadow_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Leave a rule in shadow, with the reason. Raises Refused, NotFound, Conflict."""
    SHADOW.advance(ctx, ctx.get(RuleShadow, shadow_id), "refuse", comment, seen_version)


# -- the breaker -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """Where a doubt goes that is not sent: `shadow`, `held`, or nowhere (None). The mirror of a pair goes with the doubt it mirrors."""

    shadows: Collection[RuleKey]
    held: Collection[tuple[str, str]]

    def __call__(self, doubt: dict[str, Any]) -> str | None:
        if (doubt["rule"], doubt["rule_version"], doubt["asked_grade"]) in self.shadows:
            return "shadow"
        return "held" if (doubt["c_county"] if doubt["mirror"] else doubt["county"], doubt["rule"]) in self.held else None


@dataclass(frozen=True)
class Flood:
    """Doubts of one rule in one county, far above that rule's history there. `history`: (month, doubts found); `usual`: their median."""

    county: str
    rule: str
    found: int
    usual: float
    history: tuple[tuple[int, int], ...]
    reason: str


def floods(session: Session, month: int, found: Sequence[dict[str, Any]], shadows: Collection[RuleKey]) -> dict[tuple[str, str], Flood]:
    """Compare a run's doubts with each rule's history per county: the floods by (county, rule).

    What a person has released for the month stays released when the month is matched again.
    """
    ratio, more, months = (limit(session, f"match_breaker.{n}") for n in ("ratio", "more", "months"))
    if ratio is None or more is None or months is None:
        return {}
    in_shade = Shelf(shadows, ())
    now = Counter((d["county"], d["rule"]) for d in found if not d["mirror"] and in_shade(d) is None)
    suspects = {key: n for key, n in now.items() if n > more}
    if not suspects:
        return {}
    first = month - int(months)
    matched: dict[str, set[int]] = {}
    for earlier, extent in session.execute(
        select(MatchRun.month, MatchRun.extent).where(MatchRun.state == "done", MatchRun.month.between(first, month - 1))
    ):
        matched.setdefault(extent, set()).add(earlier)
    counted = {
        (county, rule, earlier): n
        for county, rule, earlier, n in session.execute(
            select(Doubt.county_code, Doubt.rule_code, DoubtSighting.month, func.count())
            .join(DoubtSighting, DoubtSighting.doubt_id == Doubt.id)
            .where(DoubtSighting.month.between(first, month - 1), DoubtSighting.state.in_(("open", "silent")), Doubt.mirror.is_(False))
            .group_by(Doubt.county_code, Doubt.rule_code, DoubtSighting.month)
        )
    }
    released = {
        (county, rule)
        for county, rule in session.execute(select(RuleHold.county_code, RuleHold.rule_code).where(RuleHold.month == month, RuleHold.state == "released"))
    }
    out = {}
    for (county, rule), n in sorted(suspects.items()):
        known = sorted(matched.get("", set()) | matched.get(county, set()))
        if len(known) < LEAST_HISTORY or (county, rule) in released:
            continue
        history = tuple((earlier, counted.get((county, rule, earlier), 0)) for earlier in known)
        usual = median(count for _, count in history)
        if n <= ratio * Fraction(usual) or n - usual <= more:
            continue
        reason = (
            f"{codes.COUNTIES.get(county, county)}{roc.show_month(month)}「{RULES[rule].title}」疑義{n:,}筆，前{len(known)}個月中位數{usual:g}筆，"
            f"超過{float(ratio):g}倍且多出{more}筆以上；暫停送出，待確認"
        )
        out[county, rule] = Flood(county, rule, n, float(usual), history, reason)
    return out


def hold(ctx: Context, run: MatchRun, these: Iterable[Flood]) -> None:
    """Note the floods of a run: what they found is stored and not sent."""
    for flood in these:
        row = RuleHold(
            run_id=run.id, month=run.month, county_code=flood.county, rule_code=flood.rule, rule_version=run.rule_versions[flood.rule],
            found=flood.found, usual=flood.usual, history=[list(h) for h in flood.history], reason=flood.reason, held_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        ctx.audit("rule_hold.entered", row, rule=flood.rule, county=flood.county, month=roc.month5(run.month), found=flood.found)


def supersede(session: Session, runs: Sequence[int]) -> None:
    """What an overtaken run held back is no longer to be decided."""
    session.execute(update(RuleHold).where(RuleHold.run_id.in_(runs), RuleHold.state == "held").values(state="superseded", version=RuleHold.version + 1))


def _of(row: RuleHold) -> Any:
    """The sightings a hold stopped; ids of doubts."""
    whose = or_(
        and_(Doubt.mirror.is_(False), Doubt.county_code == row.county_code), and_(Doubt.mirror, Doubt.counterpart_county == row.county_code)
    )
    return (
        select(DoubtSighting.doubt_id)
        .join(Doubt, Doubt.id == DoubtSighting.doubt_id)
        .where(DoubtSighting.run_id == row.run_id, DoubtSighting.state == "held", Doubt.rule_code == row.rule_code, whose)
    )


def _decide(ctx: Context, hold_id: int, move: str, comment: str, seen_version: int | None) -> None:
    row = ctx.get(RuleHold, hold_id, lock=True)
    HOLD.advance(ctx, row, move, comment, seen_version, decided_at=ctx.now)
    ids = list(ctx.session.scalars(_of(row)))
    doubt, sighting = ("open", "open") if move == "release" else ("withdrawn", "withdrawn")
    due = {} if move == "drop" else doubt_clock.terms(ctx.session, [row.county_code], clock.to_taipei(ctx.now).date())
    from_states = ("held", "answered", "withdrawn") if move == "release" else ("held",)
    for start in range(0, len(ids), 900):
        part = ids[start : start + 900]
        ctx.session.execute(
            update(DoubtSighting)
            .where(DoubtSighting.run_id == row.run_id, DoubtSighting.doubt_id.in_(part))
            .values(state=sighting)
            .execution_options(synchronize_session=False)
        )
        ctx.session.execute(
            update(Doubt)
            .where(Doubt.id.in_(part), Doubt.state.in_(from_states))
            .values(state=doubt, due_on=due.get(row.county_code), changed_at=ctx.now, version=Doubt.version + 1)
            .execution_options(synchronize_session=False)
        )


@command("matching.release", roles=(MINISTRY_OFFICER,))
def release(ctx: Context, hold_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Send what was held back to the county, with the reason. What was settled without it meanwhile is matched again in the background, so
    that no payment is claimed twice. Raises Refused, NotFound, Conflict."""
    _decide(ctx, hold_id, "release", comment, seen_version)
    run = ctx.get(RuleHold, hold_id).run
    jobs.enqueue(ctx, "match", {"month": run.month} | ({"county": run.extent} if run.extent else {}), reason="暫停送出的疑義已放行，重新整理同一筆給付的疑義")


@command("matching.release", roles=(MINISTRY_OFFICER,))
def drop(ctx: Context, hold_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Do not send what was held back, with the reason; the rule stays not checked for that county and month. Raises Refused, NotFound, Conflict."""
    _decide(ctx, hold_id, "drop", comment, seen_version)
