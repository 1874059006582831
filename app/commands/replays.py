"""Replay (試算): a proposed setting over months that were matched, on the deliveries they were matched with, against the counties' answers.

Both sides are computed in the same run by the rules of today: with the settings in force, and with the proposal in their place. What
differs is the proposal's doing and nothing else's.
"""

import datetime as dt
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import roc
from app.exchange import codes
from app.extensions import db
from app.matching import conditions, doubts, engine
from app.models.doubt import Doubt, DoubtAnswer
from app.models.exchange import Batch
from app.models.exclusion import ExclusionPair
from app.models.match_replay import MatchReplay, ReplayCase
from app.models.match_run import MatchRun
from app.rules import exclusions as law_pairs
from app.rules.exclusions import Exclusion
from app.security import scope

from . import jobs, rule_control
from .base import Context, NotFound, Refused, command
from .deliveries import home, in_force_of
from .match_rules import OVERPAID, STOPPED
from .matching import Inputs, asked, caps_of, names_of, rates_of, registers_missing
from .parameters import PROPOSERS, exclusion_rows, pair_of

MOST_MONTHS = 24
Key = tuple[Any, ...]


@dataclass
class Effect:
    """What the proposal changes in one month. Doubts gained and lost with their NTD; of those lost, how many were confirmed, answered as no
    overpayment, and not answered; of those gained, how many the county has answered before as no overpayment."""

    month: int
    run: int
    rows: int
    doubts: int
    gained: int = 0
    gained_amount: int = 0
    gained_refuted: int = 0
    lost: int = 0
    lost_amount: int = 0
    lost_confirmed: int = 0
    lost_refuted: int = 0
    cpu_seconds: float = 0.0
    confirmed: list[tuple[int, str, str, int | None]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Without the cases, which are rows."""
        return {k: v for k, v in asdict(self).items() if k != "confirmed"}


def runs_to_replay(session: Session, county: str | None, first: int = 0, last: int = 99999) -> list[MatchRun]:
    """The runs in force that a county's (or the nation's) proposal can be tried on, a run of all counties before one of the county alone."""
    extents = ("",) if county is None else ("", county)
    found = session.scalars(
        select(MatchRun).where(MatchRun.state == "done", MatchRun.extent.in_(extents), MatchRun.month.between(first, last)).order_by(MatchRun.month, MatchRun.extent)
    )
    by_month: dict[int, MatchRun] = {}
    for run in found:
        by_month.setdefault(run.month, run)
    return list(by_month.values())


@command("matching.replay", roles=PROPOSERS)
def request_replay(ctx: Context, pair_id: int, first: int, last: int) -> int:
    """Queue a replay of a proposed pair of one's own authority over the months `first` to `last`; the job's number. Raises Refused, NotFound."""
    pair = own_proposal(ctx, pair_id)
    if last < first:
        raise Refused("迄月不可早於起月", "E-RPL-MONTHS")
    if last - first >= MOST_MONTHS:
        raise Refused(f"一次最多試算 {MOST_MONTHS} 個月", "E-RPL-MONTHS")
    if not runs_to_replay(ctx.session, pair.county_code, first, last):
        raise Refused("這段期間沒有比對過的月份，請改選已比對的月份", "E-RPL-NONE")
    return jobs.enqueue(ctx, "match_replay", {"pair": pair.id, "first": first, "last": last}).id


def own_proposal(ctx: Context, pair_id: int) -> ExclusionPair:
    """A proposed pair of the actor's own authority. Raises Refused, NotFound."""
    pair = ctx.get(ExclusionPair, pair_id)
    if ctx.actor.scope.level != "system" and pair.county_code != ctx.actor.scope.county_code:
        raise NotFound("只能試算自己機關提出的設定", "E-RPL-OWN")
    if pair.state != "proposed":
        raise Refused("這項設定已經決定，不需要試算", "E-RPL-STATE")
    return pair


@command("matching.replay", roles=PROPOSERS)
def begin(ctx: Context, pair_id: int, first: int, last: int, job_id: int | None = None) -> int:
    """The row of a replay that starts; `step` and `finish` follow. Raises Refused, NotFound."""
    pair = own_proposal(ctx, pair_id)
    row = MatchReplay(
        pair_id=pair.id, job_id=job_id, first_month=first, last_month=last, asked_by_id=ctx.actor.user_id, started_at=ctx.now, months=[]
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("match_replay.begun", row, pair=pair.id, first=roc.month5(first), last=roc.month5(last))
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


def _pairs(national: Sequence[Exclusion], settings: Sequence[Exclusion]) -> Callable[[str, dt.date], Sequence[conditions.PairLike]]:
    by_county: dict[str, list[Exclusion]] = {}
    for row in settings:
        by_county.setdefault(row.county_code, []).append(row)
    kept: dict[tuple[str, dt.date], tuple[Exclusion, ...]] = {}

    def pairs(county: str, on: dt.date) -> tuple[Exclusion, ...]:
        if (county, on) not in kept:
            kept[county, on] = law_pairs.merged(national, by_county.get(county, ()), county, on)
        return kept[county, on]

    return pairs


def _instead(rows: Sequence[Exclusion], proposal: Exclusion) -> list[Exclusion]:
    """The rows with the proposal in the place of those about the same pair, as if it had always been in force."""
    about = (proposal.county_code, proposal.benefit, proposal.counterpart)
    return [*(r for r in rows if (r.county_code, r.benefit, r.counterpart) != about), replace(proposal, effective_from=None, effective_to=None)]


def effect_of(pair_id: int, run_id: int) -> Effect:
    """Compute one month's effect. Nothing is written; the deliveries of the run are read as they were. Raises Refused when one is gone."""
    clock = time.process_time()
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        run = session.get_one(MatchRun, run_id)
        proposal = pair_of(session, pair_id)
        batches = in_force_of(session.scalars(select(Batch).where(Batch.id.in_([i["batch"] for i in run.inputs]))).all())
        gone = [b.batch_no for b in batches if b.path is not None and not b.path.exists()]
        if gone or len(batches) < len(run.inputs):
            raise Refused(f"{roc.show_month(run.month)}比對所用的封存檔已不在（批號 {'、'.join(map(str, gone)) or '已刪除'}），這個月不能試算", "E-RPL-GONE")
        national, settings = exclusion_rows(session)
        caps, rates, names = caps_of(session), rates_of(session), names_of(session)
        shadows = [(rule, grade) for rule, _, grade in rule_control.in_shadow(session)]
        month, extent = run.month, proposal.county_code or run.extent or None
        number, rows = run.id, run.rows
    counties = tuple(sorted({b.county or "" for b in batches if b.source == "roster" and b.month == month}))
    inputs = Inputs(batches, len(batches), rows, counties)
    missing = registers_missing(batches, month, counties)
    own = bool(proposal.county_code)
    sides = (
        _pairs(national, settings),
        _pairs(national if own else _instead(national, proposal), _instead(settings, proposal) if own else settings),
    )
    folder = home() / "matches" / f".{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    found: list[dict[Key, dict[str, Any]]] = []
    try:
        with engine.opened("duckdb", folder / "temp") as running:
            prepared: engine.Prepared | None = None
            for n, pairs in enumerate(sides):
                work = engine.Work(
                    month=month, paths=inputs.paths(), conditions=lambda months, p=pairs: conditions.rows(counties, months, p), cap=caps,  # type: ignore[misc]
                    cash_kinds=sorted(codes.CASH_KINDS), rates=rates,
                )  # fmt: skip
                prepared = prepared or engine.prepare(work, running, folder)
                evidence = engine.ask(work, running, prepared, folder / f"evidence{n}.parquet")
                settled = doubts.settle(asked(pl.read_parquet(evidence.path), missing), shadows)
                found.append({_key(d): d for d in doubts.gather(settled, names, month, extent) if not d["mirror"]})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    now, then = found
    effect = Effect(month, number, rows, len(now))
    _compare(effect, [d for k, d in then.items() if k not in now], [d for k, d in now.items() if k not in then])
    effect.cpu_seconds = round(time.process_time() - clock, 3)
    return effect


def _key(doubt: Mapping[str, Any]) -> Key:
    """The same question about the same row, whatever its grade or amount."""
    return tuple(doubt[n] for n in ("rule", "county", "kind", "rec_no", "ref_month", "c_source", "c_rec", "c_kind"))


def _compare(effect: Effect, gained: list[dict[str, Any]], lost: list[dict[str, Any]]) -> None:
    answers = _answers([d["fingerprint"] for d in (*gained, *lost)])
    effect.gained, effect.gained_amount = len(gained), sum(d["over"] for d in gained)
    effect.lost, effect.lost_amount = len(lost), sum(d["over"] for d in lost)
    effect.gained_refuted = sum(1 for d in gained if (a := answers.get(d["fingerprint"])) and a[1] == "no_overpayment")
    for d in lost:
        if (a := answers.get(d["fingerprint"])) is None:
            continue
        key, outcome, amount = a
        if outcome in (*OVERPAID, *STOPPED):
            effect.lost_confirmed += 1
            effect.confirmed.append((key, d["county"], d["kind"], amount))
        else:
            effect.lost_refuted += 1


def _answers(fingerprints: Sequence[str]) -> dict[str, tuple[int, str, int | None]]:
    """Fingerprint → doubt, last outcome, NTD confirmed."""
    out: dict[str, tuple[int, str, int | None]] = {}
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        for start in range(0, len(fingerprints), 900):
            part = fingerprints[start : start + 900]
            last = select(func.max(DoubtAnswer.id)).group_by(DoubtAnswer.doubt_id)
            rows = session.execute(
                select(Doubt.fingerprint, Doubt.id, DoubtAnswer.outcome, DoubtAnswer.overpaid_amount)
                .join(DoubtAnswer, DoubtAnswer.doubt_id == Doubt.id)
                .where(Doubt.fingerprint.in_(part), DoubtAnswer.id.in_(last))
            )
            out |= {fingerprint: (key, outcome, amount) for fingerprint, key, outcome, amount in rows}
    return out


def minutes_each(session: Session) -> float | None:
    """Minutes an answer takes on average, as measured; None when none was measured."""
    seconds = session.scalar(select(func.avg(DoubtAnswer.seconds_spent)).where(DoubtAnswer.seconds_spent.is_not(None)))
    return None if seconds is None else float(seconds) / 60


def work_saved(replay: MatchReplay, minutes: float | None) -> tuple[int, float | None]:
    """Doubts a reviewer need not open any more (lost and not confirmed, less those gained), and minutes at so many each."""
    saved = replay.lost - replay.confirmed_lost - replay.gained
    return saved, None if minutes is None else saved * minutes
