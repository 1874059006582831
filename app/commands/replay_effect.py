"""What a setting would change in one matched month: the rules it concerns asked twice, on the deliveries of then, against the answers.

Both sides are computed in the same run by the rules of today: with the settings in force, and with the proposal in their place. What
differs is the proposal's doing and nothing else's. What the other rules found is read from the run's evidence, not computed again.
"""

import datetime as dt
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import roc
from app.exchange import codes
from app.extensions import db
from app.matching import conditions, doubts, engine, rule_settings
from app.matching.tables import EVIDENCE
from app.models.doubt import Doubt, DoubtAnswer
from app.models.exchange import Batch
from app.models.match_run import MatchRun
from app.rules import exclusions as law_pairs
from app.rules.exclusions import Exclusion
from app.security import scope

from . import rule_control
from .base import Refused
from .deliveries import home, in_force_of
from .match_rules import OVERPAID, STOPPED
from .matching import Inputs, asked, caps_of, names_of, rates_of, registers_missing
from .parameters import exclusion_rows
from .rule_choice import rules_of

Key = tuple[Any, ...]
SETTLED: Final = ("covered", "counterpart_not_due")
"""Stops that settling gives: they say something about other doubts, so they are asked anew."""


@dataclass(frozen=True)
class Candidate:
    """What is tried: pairs (a county's or the nation's), or settings of rules by name. `county` empty = the nation's, or several counties'."""

    county: str
    pairs: tuple[Exclusion, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that may say something else."""
        return rule_settings.concerned(self.values, [p.counterpart for p in self.pairs])


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


def effect_of(candidate: Candidate, run_id: int) -> Effect:
    """Compute one month's effect. Nothing is written; the deliveries of the run are read as they were. Raises Refused when one is gone."""
    clock = time.process_time()
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        run = session.get_one(MatchRun, run_id)
        batches = in_force_of(session.scalars(select(Batch).where(Batch.id.in_([i["batch"] for i in run.inputs]))).all())
        gone = [b.batch_no for b in batches if b.path is not None and not b.path.exists()]
        if gone or len(batches) < len(run.inputs):
            raise Refused(f"{roc.show_month(run.month)}比對所用的封存檔已不在（批號 {'、'.join(map(str, gone)) or '已刪除'}），這個月不能試算", "E-RPL-GONE")
        month, extent = run.month, candidate.county or run.extent or None
        pairs = exclusion_rows(session)
        rules = rules_of(session)(month), rules_of(session, candidate.values)(month)
        caps, rates, names, shadows = caps_of(session), rates_of(session), names_of(session), rule_control.in_shadow(session)
        number, rows, kept = run.id, run.rows, home() / run.evidence_path
    counties = tuple(sorted({b.county or "" for b in batches if b.source == "roster" and b.month == month}))
    inputs = Inputs(batches, len(batches), rows, counties)
    missing = registers_missing(batches, month, counties)
    rest = _others(kept, candidate.rules)
    concerned = candidate.rules if rest is not None else tuple(rules[0])
    folder = home() / "matches" / f".{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    found: list[dict[Key, dict[str, Any]]] = []
    try:
        with engine.opened("duckdb", folder / "temp") as running:
            prepared: engine.Prepared | None = None
            for n, look_up in enumerate((_pairs(*pairs), _pairs(*_instead(*pairs, candidate.pairs)))):
                work = engine.Work(
                    month=month, paths=inputs.paths(), conditions=lambda months, p=look_up: conditions.rows(counties, months, p), cap=caps,  # type: ignore[misc]
                    cash_kinds=sorted(codes.CASH_KINDS), rates=rates, rules=concerned, versions=rules[n],
                )  # fmt: skip
                prepared = prepared or engine.prepare(work, running, folder)
                evidence = engine.ask(work, running, prepared, folder / f"evidence{n}.parquet")
                if evidence.failed:  # what was not asked is not "nothing lost"
                    said = "、".join(rules[n][code].title for code in evidence.failed)
                    raise Refused(f"規則「{said}」執行失敗，{roc.show_month(month)}不能試算；請通知系統管理人員", "E-RPL-FAILED")
                told = asked(pl.read_parquet(evidence.path), missing)
                settled = doubts.settle(told if rest is None else pl.concat([told, rest]), rule_control.dark(shadows, rules[n]))
                found.append({_key(d): d for d in doubts.gather(settled, names, month, extent, rules[n]) if not d["mirror"]})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    now, then = found
    effect = Effect(month, number, rows, len(now))
    _compare(effect, [d for k, d in then.items() if k not in now], [d for k, d in now.items() if k not in then])
    effect.cpu_seconds = round(time.process_time() - clock, 3)
    return effect


def _others(evidence: Path, concerned: Sequence[str]) -> pl.DataFrame | None:
    """What the run found by the rules that are not concerned, as it was before it was settled; None when the file is gone."""
    if not evidence.exists():
        return None
    stop = pl.when(pl.col("stop").is_in(SETTLED)).then(None).otherwise(pl.col("stop")).alias("stop")
    return pl.scan_parquet(evidence).filter(~pl.col("rule").is_in(list(concerned))).select(list(EVIDENCE)).with_columns(stop).collect()


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


def _instead(
    national: Sequence[Exclusion], settings: Sequence[Exclusion], proposals: Sequence[Exclusion]
) -> tuple[Sequence[Exclusion], Sequence[Exclusion]]:
    """The nation's rows and the counties' with the proposals in the place of those about the same pairs, as if they had always been in
    force. Of several for one pair (a file may hold a sequence of them) the last counts."""
    ordered = sorted(proposals, key=lambda p: p.effective_from or dt.date.min)
    latest = {(p.county_code, p.benefit, p.counterpart): replace(p, effective_from=None, effective_to=None) for p in ordered}
    sides = []
    for rows, whose in ((national, False), (settings, True)):
        mine = {k: p for k, p in latest.items() if bool(p.county_code) == whose}
        sides.append([*(r for r in rows if (r.county_code, r.benefit, r.counterpart) not in mine), *mine.values()])
    return sides[0], sides[1]


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
    last = select(func.max(DoubtAnswer.id)).group_by(DoubtAnswer.doubt_id)
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        for start in range(0, len(fingerprints), 900):
            rows = session.execute(
                select(Doubt.fingerprint, Doubt.id, DoubtAnswer.outcome, DoubtAnswer.overpaid_amount)
                .join(DoubtAnswer, DoubtAnswer.doubt_id == Doubt.id)
                .where(Doubt.fingerprint.in_(fingerprints[start : start + 900]), DoubtAnswer.id.in_(last))
            )
            out |= {fingerprint: (key, outcome, amount) for fingerprint, key, outcome, amount in rows}
    return out
