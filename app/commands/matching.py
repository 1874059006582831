"""The monthly match: read what is in force, let the rules find, hold back what is answered, and store run, doubts and sightings at once.

Everything is computed before the one transaction that stores it. A run that is killed leaves nothing; two runs at once make one.
"""

import datetime as dt
import hashlib
import json
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.exchange import codes
from app.extensions import db
from app.matching import conditions, doubts, engine, spark
from app.matching.gates import gate_of
from app.matching.rules import RULES, Rule
from app.matching.wording import COUNTERPARTS
from app.models.exchange import REJECTED, Batch
from app.models.match_run import GateStop, MatchRun, NotChecked
from app.models.office import County
from app.models.parameter import Parameter
from app.rules import exclusions as law_pairs
from app.rules.benefits import benefits
from app.security import scope
from app.security.actor import Actor
from app.security.roles import MINISTRY_OFFICER

from . import match_store, rule_control, sampling
from .base import Context, Refused, command
from .deliveries import InForce, current_snapshots, home
from .match_rules import RuleKey
from .parameters import exclusion_rows
from .rule_choice import rules_of

LOOK_BACK = 11  # months of earlier rosters that may have paid for the same months
EXPECTED_FOR = 3  # a roster seen in one of so many months before is expected this month
REGISTERS = ("household_register", "household_change", "custody", "border_crossing", "pension", "benefit_elsewhere")
SOURCE_NAMES = {
    "household_register": "戶籍資料",
    "household_change": "戶籍異動",
    "custody": "監管資料",
    "border_crossing": "國人入出境",
    "pension": "退休撫卹給與",
    "benefit_elsewhere": "其他機關給付",
    "roster": "縣市名冊",
    "basic_wage": "基本工資",
    "sum": "各項給付合計",
}
CARD_RULES = ("CARD_EXPIRED", "CARD_DOWNGRADED")
CARDS, LIVING = "disability_register", "disability_living_allowance"


@dataclass(frozen=True)
class Missing:
    """A source that was not there for a county: the rules named cannot be trusted to be clean. `county` empty = for every county of the
    run; `absent`: nothing at all came, so the rules are not asked (late data are used all the same)."""

    source: str
    reason: str
    rules: tuple[str, ...]
    county: str = ""
    kind: str | None = None
    absent: bool = False


@dataclass
class Inputs:
    """What a run reads: the deliveries in force when it began."""

    batches: list[InForce]
    rosters: int
    rows: int
    counties: tuple[str, ...]
    missing: list[Missing] = field(default_factory=list)

    def paths(self) -> dict[str, list[Path]]:
        """Parquet files by source; a source declared "nothing to report" has none and counts as delivered."""
        out: dict[str, list[Path]] = {}
        for batch in self.batches:
            if batch.path is not None:
                out.setdefault(batch.source, []).append(batch.path)
        return out

    def told(self) -> list[dict[str, Any]]:
        """The deliveries, as a run remembers them."""
        return [
            {"batch": b.batch_no, "source": b.source, "county": b.county or "", "month": b.month, "kind": b.kind, "sha256": b.content_sha256}
            for b in self.batches
        ]


@dataclass(frozen=True)
class Matched:
    """What a run found, as the command line prints it."""

    run_no: int
    month: int
    county: str | None
    rosters: int
    rows: int
    doubts: int
    by_rule: dict[str, int]
    by_grade: dict[str, int]
    not_checked: dict[str, str]
    seconds: float
    engine: str

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "month": roc.month5(self.month)}


def run_match(who: Actor | Context, month: int, county: str | None = None, engine_name: str | None = None) -> Matched:
    """Match one month, for all counties or for the rows of one (compared with everybody's), on the engine named or else the one that is set.

    Raises Refused, Forbidden, Conflict.
    """
    engine_name = engine_name or current_app.config["MATCH_ENGINE"]
    (who if isinstance(who, Context) else Context(db.session(), who)).require("matching.run")
    if county is not None and county not in codes.COUNTIES:
        raise Refused(f"沒有「{county}」這個縣市代碼", "E-MAT-COUNTY")
    began = time.monotonic()
    started = clock.now()
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        inputs = gather_inputs(session, month, county)
        if not inputs.rosters:
            whose = codes.COUNTIES[county] if county else ""
            raise Refused(f"{whose}{roc.show_month(month)}沒有已收下的名冊，請先匯入名冊再比對", "E-MAT-ROSTER")
        pairs = pairs_of(session)
        caps = caps_of(session)
        rates = rates_of(session)
        names = names_of(session)
        rules = rules_of(session)(month)
        fallen = rule_control.fallen(session, rules)
        shadows = rule_control.in_shadow(session) | {f.key for f in fallen}
        sampled = sampling.drawn_before(session, month)
        sizes = {code: sampling.size(session, code) for code in inputs.counties}
        session.expunge_all()
    work = engine.Work(
        month=month,
        paths=inputs.paths(),
        conditions=lambda months: conditions.rows(inputs.counties, months, pairs),
        cap=caps,
        cash_kinds=sorted(codes.CASH_KINDS),
        rates=rates,
        versions=rules,
    )
    if caps(month) is None:
        inputs.missing.append(Missing("basic_wage", f"尚未設定「基本工資」（{roc.show_month(month)}適用）", ("CAP",)))
    folder = home() / "matches" / f".{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    try:
        evidence, told_by_rules = find(work, engine_name, folder, inputs.missing)
        failed = [Missing(f"rule:{c}", f"規則「{RULES[c].title}」執行失敗，未比對", (c,)) for c in evidence.failed]
        settled, found, floods = _send(told_by_rules, work, names, county, shadows)
        samples = sampling.prepare(inputs.batches, month, county, found, rule_control.Shelf(shadows, floods), sizes, sampled)
        final = Found(
            inputs=inputs,
            missing=[*inputs.missing, *failed],
            doubts=found,
            stops=[s for s in doubts.counts(settled) if county is None or s["county"] == county],
            evidence=_keep(settled, month),
            fallen=fallen,
            shadows=shadows,
            floods=floods,
            samples=samples,
            timing=evidence.seconds,
            rules=rules,
            basis=_basis(inputs, conditions.rows(inputs.counties, range(evidence.months[0], evidence.months[1] + 1), pairs), rules),
        )
    except engine.EngineRefused as refused:
        raise Refused(str(refused), "E-MAT-ENGINE") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _store(who, month, county, engine_name, final, started, began)


@dataclass
class Found:
    """The result of a run before it is stored."""

    inputs: Inputs
    missing: list[Missing]
    doubts: list[dict[str, Any]]
    stops: list[dict[str, Any]]
    evidence: str
    timing: dict[str, float]
    rules: Mapping[str, Rule]
    basis: str
    fallen: list[rule_control.Fallen] = field(default_factory=list)
    shadows: set[RuleKey] = field(default_factory=set)
    floods: dict[tuple[str, str], rule_control.Flood] = field(default_factory=dict)
    samples: list[sampling.Drawn] = field(default_factory=list)


def cluster() -> spark.Cluster:
    """Where Spark runs, by the settings. Raises EngineRefused."""
    config = current_app.config
    return spark.Cluster(config["SPARK_MASTER"], spark.options_of(config["SPARK_OPTIONS"]), home(), config["SPARK_URL"])


def find(work: engine.Work, name: str, folder: Path, missing: Sequence[Missing]) -> tuple[engine.Evidence, pl.DataFrame]:
    """What the rules found, without what they say of registers that never came; nothing is settled yet. `folder` takes working files."""
    with engine.opened(name, folder / "temp", cluster() if name == "spark" else None) as running:
        evidence = engine.find(work, running, folder / "evidence.parquet")
    return evidence, asked(pl.read_parquet(evidence.path), missing)


def _send(
    evidence: pl.DataFrame, work: engine.Work, names: doubts.Names, county: str | None, shadows: set[RuleKey]
) -> tuple[pl.DataFrame, list[dict[str, Any]], dict[tuple[str, str], rule_control.Flood]]:
    """Settle and gather until no further flood is found: what is held back claims no payment, so a weaker rule may speak in its place, and
    that in turn may be a flood. The settled evidence, the doubts, the floods by (county, rule)."""
    floods: dict[tuple[str, str], rule_control.Flood] = {}
    while True:
        settled = doubts.settle(evidence, rule_control.dark(shadows, work.versions), list(floods))
        found = doubts.gather(settled, names, work.month, county, work.versions)
        with Session(db.engine) as session, scope.use(scope.SYSTEM):
            further = {k: f for k, f in rule_control.floods(session, work.month, found, shadows).items() if k not in floods}
        if not further:
            return settled, found, floods
        floods |= further


def asked(evidence: pl.DataFrame, missing: Sequence[Missing]) -> pl.DataFrame:
    """Without what rules say of a register that never came: that somebody is not in it means nothing."""
    for m in missing:
        if m.absent:
            there = pl.lit(True) if not m.county else pl.col("county") == m.county
            evidence = evidence.filter(~(pl.col("rule").is_in(m.rules) & there))
    return evidence


def _keep(settled: pl.DataFrame, month: int) -> str:
    """The evidence, passed and stopped, under the name of its content; its path relative to SWIS_HOME."""
    part = home() / "matches" / f".{secrets.token_hex(8)}.part"
    settled.sort("rec_key", "rule", "month", "c_rec", nulls_last=True).write_parquet(part, compression="zstd")
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    target = home() / "matches" / roc.month5(month) / f"{digest}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    part.rename(target)
    return str(target.relative_to(home()))


def _basis(inputs: Inputs, rows: Iterable[dict[str, object]], rules: Mapping[str, Rule]) -> str:
    text = json.dumps([inputs.told(), list(rows), {c: [r.version, dict(r.parameters)] for c, r in rules.items()}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# -- what goes in ------------------------------------------------------------------------------------------------------------------------


def gather_inputs(session: Session, month: int, county: str | None = None) -> Inputs:
    """The rosters of the month and of the months before, the registers in force, and what is missing, late or was sent back."""
    good = [b for b in current_snapshots(session, month, month - LOOK_BACK) if b.source in ("roster", *REGISTERS)]
    rejected = session.scalars(select(Batch).where(Batch.state == REJECTED).order_by(Batch.id)).all()
    rosters = [b for b in good if b.source == "roster"]
    now = [b for b in rosters if b.month == month]
    counties = tuple(sorted({b.county or "" for b in now} | ({county} if county else set())))
    missing = [m for source in REGISTERS for m in _register_missing(source, good, rejected, month, counties)]
    missing += _absent_rosters(rejected, rosters, month, county)
    missing += _absent_cards(now, county)
    counted = [b for b in now if county is None or b.county == county]
    return Inputs(good, len(counted), sum(b.rows for b in counted), counties, missing)


def registers_missing(batches: Sequence[InForce], month: int, counties: Sequence[str]) -> list[Missing]:
    """What is wrong with the registers among these deliveries, all of which were accepted."""
    return [m for source in REGISTERS for m in _register_missing(source, batches, (), month, counties)]


def _register_missing(
    source: str, good: Sequence[InForce], rejected: Sequence[Batch], month: int, counties: Sequence[str]
) -> Iterator[Missing]:
    """What is wrong with a register for a month: never received (by a county, when counties deliver it themselves), late, or sent back."""
    mine = [b for b in good if b.source == source]
    refused = [b for b in rejected if b.source == source]
    rules = tuple(code for code, rule in RULES.items() if source in rule.needs)
    name = SOURCE_NAMES[source]
    absent = f"{name}送件被退回，尚未重送" if refused else f"尚未收到{name}"
    if not mine:
        yield Missing(source, absent, rules, absent=True)
        return
    covered = {b.county for b in mine}
    if None not in covered:
        yield from (Missing(source, absent, rules, code, absent=True) for code in counties if code not in covered)
    named = [b.month for b in mine if b.month is not None]
    if len(named) == len(mine) and max(named) < month:
        yield Missing(source, f"{name}最近一次是{roc.show_month(max(named))}的資料，早於比對月份", rules)
    elif refused and refused[-1].id > max(b.batch_no for b in mine):
        yield Missing(source, f"{name}最近一次送件被退回，以前一次資料比對", rules)


def _absent_rosters(rejected: Sequence[Batch], rosters: Sequence[InForce], month: int, county: str | None) -> list[Missing]:
    """Rosters that came in the months before but not this month: the county's own payments and its part in every pair are not checked."""
    have = {(b.county or "", b.kind) for b in rosters if b.month == month}
    before = {(b.county or "", b.kind) for b in rosters if b.month is not None and month - EXPECTED_FOR <= b.month < month}
    sent_back = {(b.county_code, b.kind) for b in rejected if b.source == "roster" and b.month == month}
    out = []
    for code, kind in sorted((before | sent_back) - have, key=str):
        if kind in codes.REGISTER_KINDS or (county is not None and code != county):
            continue
        why = "名冊被退回，尚未重送" if (code, kind) in sent_back else "本月名冊尚未送達"
        out.append(Missing("roster", f"{codes.COUNTIES.get(code, code)}{codes.KINDS.get(kind or '', '')}{why}", tuple(RULES), code, kind))
    return out


def _absent_cards(now: Sequence[InForce], county: str | None) -> Iterator[Missing]:
    """Counties that pay the living allowance and sent no disability register this month: their cards cannot be looked at."""
    paying, sent = ({b.county or "" for b in now if b.kind == kind} for kind in (LIVING, CARDS))
    for code in sorted(paying - sent):
        if county is None or code == county:
            yield Missing("roster", f"{codes.COUNTIES.get(code, code)}本月身心障礙者名冊尚未送達", CARD_RULES, code, CARDS, absent=True)


def pairs_of(session: Session) -> Callable[[str, dt.date], Sequence[conditions.PairLike]]:
    """The pairs a county works with on a day."""
    national, settings = exclusion_rows(session)
    by_county: dict[str, tuple[law_pairs.Exclusion, ...]] = {}
    for row in settings:
        by_county[row.county_code] = (*by_county.get(row.county_code, ()), row)

    @cache
    def pairs(county: str, on: dt.date) -> tuple[law_pairs.Exclusion, ...]:
        return law_pairs.merged(national, by_county.get(county, ()), county, on)

    return pairs


def rates_of(session: Session) -> Callable[[int], dict[str, int | None]]:
    """What a mild disability is paid in a month, with and without low income, from the approved parameters."""
    low, other = (_national(session, f"{LIVING}.{name}") for name in ("low_income_mild", "other_mild"))
    return lambda month: {"mild_low": low(month), "mild_other": other(month)}


def caps_of(session: Session) -> Callable[[int], int | None]:
    """The basic wage in force on the first day of a month, from the approved parameters."""
    return _national(session, "basic_wage")


def _national(session: Session, name: str) -> Callable[[int], int | None]:
    """A national amount by month, as in force on its first day; None when it is not known."""
    rows = session.scalars(
        select(Parameter).where(Parameter.name == name, Parameter.state == "approved", Parameter.county_code.is_(None)).order_by(Parameter.id)
    ).all()
    spans = [(r.effective_from or dt.date.min, r.effective_to or dt.date.max, r.value) for r in rows if r.value is not None]

    def value_in(month: int) -> int | None:
        day = roc.first_day(month)
        found = [int(value) for first, last, value in spans if first <= day <= last]
        return found[-1] if found else None

    return value_in


def names_of(session: Session) -> doubts.Names:
    """Chinese names for the sentences."""
    counties = {c.code: c.name for c in session.scalars(select(County))} or dict(codes.COUNTIES)
    kinds = {**COUNTERPARTS, **codes.BENEFIT_ELSEWHERE_KIND, **codes.PENSION_KIND, **codes.CUSTODY_KIND, **{b.code: b.name for b in benefits().values()}}
    return doubts.Names(counties, kinds)


# -- storing -----------------------------------------------------------------------------------------------------------------------------


@command("matching.run", roles=(MINISTRY_OFFICER,))
def _store(ctx: Context, month: int, county: str | None, engine_name: str, found: Found, started: dt.datetime, began: float) -> Matched:
    """Store a run that has ended: the run, its doubts, what the gates held back and what was not checked."""
    extent = county or ""
    older = list(ctx.session.scalars(select(MatchRun).where(MatchRun.month == month, MatchRun.state == "done").with_for_update()))
    for run in older:
        if run.extent == extent or not extent:
            run.state = "superseded"
    ctx.session.flush()
    rule_control.supersede(ctx.session, [run.id for run in older if run.state == "superseded"])
    run = MatchRun(
        month=month,
        extent=extent,
        engine=engine_name,
        started_at=started,
        finished_at=clock.now(),  # a job's context is older than its computing
        rosters=found.inputs.rosters,
        rows=found.inputs.rows,
        inputs=found.inputs.told(),
        basis=found.basis,
        timing=found.timing,
        rule_versions={code: rule.version for code, rule in found.rules.items()},
        rule_parameters={code: dict(rule.parameters) for code, rule in found.rules.items() if rule.parameters},
        evidence_path=found.evidence,
    )
    ctx.session.add(run)
    ctx.session.flush()
    rule_control.put_in_shadow(ctx, run, found.fallen)
    rule_control.hold(ctx, run, found.floods.values())
    shelf = rule_control.Shelf(found.shadows, found.floods)
    became = match_store.store(ctx, run, found.doubts, county, shelf)
    sampling.store(ctx, run, found.samples)
    shown = [d for d in found.doubts if became[d["fingerprint"]] == "open"]
    run.doubts = len(shown)
    run.amount = sum(d["over"] for d in shown)
    run.by_rule = dict(sorted(Counter(d["rule"] for d in shown).items()))
    run.by_grade = dict(sorted(Counter(d["grade"] for d in shown).items()))
    _store_stops(ctx, run, found, [d for d in found.doubts if became[d["fingerprint"]] == "silent"])
    run.seconds = round(time.monotonic() - began, 3)
    ctx.audit("match.run", run, month=roc.month5(month), county=extent, doubts=run.doubts, amount=run.amount)
    return Matched(
        run.id, month, county, run.rosters, run.rows, run.doubts, run.by_rule, run.by_grade, told(found.missing), run.seconds, engine_name
    )


def told(missing: Iterable[Missing]) -> dict[str, str]:
    """Source → reason, as the command line prints it."""
    return {"/".join(p for p in (m.source, m.county, m.kind) if p): m.reason for m in missing}


def _store_stops(ctx: Context, run: MatchRun, found: Found, answered: list[dict[str, Any]]) -> None:
    for stop in found.stops:
        ctx.session.add(
            GateStop(
                run_id=run.id, county_code=stop["county"], rule_code=stop["rule"], gate=gate_of(stop["stop"]).value, stop=stop["stop"],
                rows=stop["rows"], amount=stop["amount"],
            )
        )  # fmt: skip
    silent: dict[tuple[str, str], list[int]] = {}
    for doubt in answered:
        silent.setdefault((doubt["county"], doubt["rule"]), []).append(doubt["over"])
    for (code, rule), amounts in sorted(silent.items()):
        ctx.session.add(
            GateStop(
                run_id=run.id, county_code=code, rule_code=rule, gate="answered", stop="answered", rows=len(amounts), amount=sum(amounts)
            )
        )
    for m in found.missing:
        for code in (m.county,) if m.county else found.inputs.counties:
            ctx.session.add(NotChecked(run_id=run.id, county_code=code, source=m.source, kind=m.kind, reason=m.reason, rules=list(m.rules)))
