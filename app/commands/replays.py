"""Replay (試算): a proposed setting over months that were matched, on the deliveries they were matched with, against the counties' answers.

What is proposed is a pair of benefits, a version or parameter of a rule, or a county's settings file.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import roc
from app.matching import rule_settings
from app.models.doubt import DoubtAnswer
from app.models.exclusion import ExclusionPair
from app.models.match_replay import MatchReplay, ReplayCase
from app.models.match_run import MatchRun
from app.models.parameter import Parameter
from app.rules import exclusions as law_pairs
from app.rules import parameters as law_values

from . import jobs
from .base import Context, NotFound, Refused, command
from .parameters import PROPOSERS, pair_of
from .replay_effect import Candidate, Effect

MOST_MONTHS: Final = 24
USUAL_MONTHS: Final = 12
KINDS: Final[dict[str, type[ExclusionPair] | type[Parameter]]] = {"pair": ExclusionPair, "parameter": Parameter}


def runs_to_replay(session: Session, county: str | None, first: int = 0, last: int = 99999) -> list[MatchRun]:
    """The runs in force that a county's (or the nation's) proposal can be tried on, a run of all counties before one of the county alone."""
    extents = ("", county) if county else ("",)
    found = session.scalars(
        select(MatchRun).where(MatchRun.state == "done", MatchRun.extent.in_(extents), MatchRun.month.between(first, last)).order_by(MatchRun.month, MatchRun.extent)
    )
    by_month: dict[int, MatchRun] = {}
    for run in found:
        by_month.setdefault(run.month, run)
    return list(by_month.values())


def candidate_of(session: Session, kind: str, row_id: int) -> Candidate:
    """What a proposed row would set."""
    if kind == "pair":
        pair = pair_of(session, row_id)
        return Candidate(pair.county_code, (pair,))
    row = session.get_one(Parameter, row_id)
    return Candidate("", values={row.name: row.value})


def about(row: ExclusionPair | Parameter) -> str:
    """The setting in words."""
    if isinstance(row, Parameter):
        return f"{law_values.label_of(row.name)}：{row.value}{row.unit if len(row.unit) < 4 else ''}"
    names = law_pairs.counterpart_names()
    return f"{names.get(row.benefit, row.benefit_zh or row.benefit)}／{names.get(row.counterpart, row.counterpart)}"


@command("matching.replay", roles=PROPOSERS)
def request_replay(ctx: Context, row_id: int, first: int, last: int, kind: str = "pair") -> int:
    """Queue a replay of a proposal of one's own authority over the months `first` to `last`; the job's number. Raises Refused, NotFound."""
    row = own_proposal(ctx, kind, row_id)
    if last < first:
        raise Refused("迄月不可早於起月", "E-RPL-MONTHS")
    if last - first >= MOST_MONTHS:
        raise Refused(f"一次最多試算 {MOST_MONTHS} 個月", "E-RPL-MONTHS")
    if not runs_to_replay(ctx.session, row.county_code, first, last):
        raise Refused("這段期間沒有比對過的月份，請改選已比對的月份", "E-RPL-NONE")
    return jobs.enqueue(ctx, "match_replay", {kind: row.id, "first": first, "last": last}).id


def own_proposal(ctx: Context, kind: str, row_id: int) -> ExclusionPair | Parameter:
    """A proposal of the actor's own authority. Raises Refused, NotFound."""
    row = ctx.get(KINDS[kind], row_id)
    if ctx.actor.scope.level != "system" and row.county_code != ctx.actor.scope.county_code:
        raise NotFound("只能試算自己機關提出的設定", "E-RPL-OWN")
    if row.state != "proposed":
        raise Refused("這項設定已經決定，不需要試算", "E-RPL-STATE")
    if isinstance(row, Parameter) and row.name not in rule_settings.rule_settings():
        raise Refused("這項參數不影響比對規則，不需要試算", "E-RPL-STATE")
    return row


@command("matching.replay", roles=PROPOSERS)
def begin(ctx: Context, row_id: int, first: int, last: int, job_id: int | None = None, kind: str = "pair") -> int:
    """The row of a replay that starts; `step` and `finish` follow. Raises Refused, NotFound."""
    proposal = own_proposal(ctx, kind, row_id)
    row = MatchReplay(
        job_id=job_id, first_month=first, last_month=last, asked_by_id=ctx.actor.user_id, started_at=ctx.now, months=[],
        about=about(proposal)[:200], **{f"{kind}_id": proposal.id},
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("match_replay.begun", row, **{kind: proposal.id}, first=roc.month5(first), last=roc.month5(last))
    return row.id


def step(session: Session, replay_id: int, effect: Effect) -> None:
    """Add one month's effect to a replay."""
    row = session.get_one(MatchReplay, replay_id)
    row.months = [*row.months, effect.as_json()]
    row.gained, row.lost = row.gained + effect.gained, row.lost + effect.lost
    row.confirmed_lost, row.cpu_seconds = row.confirmed_lost + effect.lost_confirmed, row.cpu_seconds + effect.cpu_seconds
    for doubt_id, county, benefit, amount in effect.confirmed:
        session.add(ReplayCase(replay_id=row.id, doubt_id=doubt_id, county_code=county, benefit=benefit, month=effect.month, amount=amount))


@command("matching.replay", roles=PROPOSERS)
def finish(ctx: Context, replay_id: int) -> None:
    """All months are replayed."""
    row = ctx.session.get_one(MatchReplay, replay_id)
    row.finished_at = ctx.now
    ctx.audit("match_replay.finished", row, gained=row.gained, lost=row.lost, confirmed_lost=row.confirmed_lost)


def keep(ctx: Context, words: str, file_sha256: str, effects: Sequence[Effect]) -> MatchReplay:
    """The replay of a settings file, done before its rows come in force."""
    months = [e.month for e in effects]
    row = MatchReplay(
        file_sha256=file_sha256, about=words[:200], first_month=min(months), last_month=max(months), asked_by_id=ctx.actor.user_id,
        started_at=ctx.now, finished_at=ctx.now, months=[], gained=0, lost=0, confirmed_lost=0, cpu_seconds=0.0,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    for effect in effects:
        step(ctx.session, row.id, effect)
    ctx.audit("match_replay.finished", row, gained=row.gained, lost=row.lost, confirmed_lost=row.confirmed_lost)
    return row


def minutes_each(session: Session) -> float | None:
    """Minutes an answer takes on average, as measured; None when none was measured."""
    seconds = session.scalar(select(func.avg(DoubtAnswer.seconds_spent)).where(DoubtAnswer.seconds_spent.is_not(None)))
    return None if seconds is None else float(seconds) / 60


def work_saved(replay: MatchReplay, minutes: float | None) -> tuple[int, float | None]:
    """Doubts a reviewer need not open any more (lost and not confirmed, less those gained), and minutes at so many each."""
    saved = replay.lost - replay.confirmed_lost - replay.gained
    return saved, None if minutes is None else saved * minutes


def done_with(session: Session, kind: str, row_id: int) -> Sequence[Any]:
    """The replays of a proposal, the latest first."""
    column = MatchReplay.pair_id if kind == "pair" else MatchReplay.parameter_id
    return session.scalars(select(MatchReplay).where(column == row_id).order_by(MatchReplay.id.desc())).all()
