"""The random sample (抽查): drawn with each month's match, looked at by the county, and what it says about what the rules miss."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.exchange import snapshots
from app.matching import sampling
from app.models.award import Award
from app.models.doubt import Doubt, DoubtSighting
from app.models.match_run import MatchRun
from app.models.sample import SAMPLE_OUTCOMES, RosterSample, SampleRow
from app.rules.parameters import Missing
from app.security.roles import COUNTY

from . import bulk
from .base import Context, Refused, command
from .deliveries import InForce
from .match_rules import OVERPAID
from .parameters import parameters_in_force
from .recovery import open_overpayment

COLUMNS = (
    "data_kind", "rec_no", "town_code", "case_no", "person_id", "name", "birth", "pay_month_from", "pay_month_to", "amount",
)  # fmt: skip


# -- drawing ------------------------------------------------------------------------------------------------------------------------------------


Key = tuple[str, str]
"""Kind and record number of a roster row."""


@dataclass(frozen=True)
class Drawn:
    """A county's sample of a month before it is stored. `population`: rows without a doubt; `rows`: the sample, when it is drawn now; `out`:
    rows of a sample drawn before that are not among the rows without a doubt (any more)."""

    county: str
    seed: str
    wanted: int
    population: int
    rows: list[dict[str, Any]]
    out: set[Key]


def size(session: Session, county: str, on: dt.date | None = None) -> int:
    """How many rows of a county are looked at each month; 0 when nobody set a number."""
    found = parameters_in_force(session, county).on(on or clock.today(), "match_sample.size")
    return 0 if isinstance(found, Missing) or found.value is None else int(found.value)


def drawn_before(session: Session, month: int) -> dict[str, set[Key]]:
    """The rows sampled of a month so far, by county."""
    out: dict[str, set[Key]] = {}
    for county, kind, rec_no in session.execute(select(SampleRow.county_code, SampleRow.benefit, SampleRow.rec_no).where(SampleRow.month == month)):
        out.setdefault(county, set()).add((kind, rec_no))
    return out


def prepare(
    batches: Sequence[InForce],
    month: int,
    county: str | None,
    found: Iterable[dict[str, Any]],
    shelf: Callable[[dict[str, Any]], str | None],
    sizes: Mapping[str, int],
    before: Mapping[str, set[Key]],
) -> list[Drawn]:
    """Draw the samples of a run that has found its doubts; one county's roster is read at a time. What is in shadow or held back is not
    sent, so it is not flagged; the mirror of a pair says nothing about its own row. `before`: see `drawn_before`."""
    flagged: dict[str, set[Key]] = {}
    for doubt in found:
        if not doubt["mirror"] and doubt["ref_month"] == month and shelf(doubt) is None:
            flagged.setdefault(doubt["county"], set()).add((doubt["kind"], doubt["rec_no"]))
    paths: dict[str, list[Path]] = {}
    for batch in batches:
        if batch.source == "roster" and batch.month == month and batch.path is not None and (county is None or batch.county == county):
            paths.setdefault(batch.county or "", []).append(batch.path)
    out = []
    for code, files in sorted(paths.items()):
        known, wanted = before.get(code), sizes.get(code, 0)
        if known is None and wanted <= 0:
            continue
        free = sampling.unflagged(snapshots.scan(files).select(COLUMNS).collect(), flagged.get(code, set()))
        seed = f"{code}-{roc.month5(month)}"
        if known is None:
            out.append(Drawn(code, seed, wanted, free.height, sampling.draw(free, seed, wanted).to_dicts(), set()))
        else:
            still = free.filter(pl.col("rec_no").is_in([rec_no for _, rec_no in known])).select("data_kind", "rec_no").iter_rows()
            out.append(Drawn(code, seed, wanted, free.height, [], known - set(still)))
    return out


def store(ctx: Context, run: MatchRun, drawn: Sequence[Drawn]) -> None:
    """Store new samples; of samples drawn before, take out what has become a doubt. A county's month is drawn once."""
    have = {s.county_code: s for s in ctx.session.scalars(select(RosterSample).where(RosterSample.month == run.month))}
    for d in drawn:
        known = have.get(d.county)
        if known is not None:
            known.population = d.population
            _take_out(ctx.session, known, d.out)
            continue
        if not d.rows:
            continue
        sample = RosterSample(
            county_code=d.county, month=run.month, run_id=run.id, seed=d.seed, wanted=d.wanted, population=d.population, drawn_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(sample)
        ctx.session.flush()
        ctx.audit("sample.drawn", sample, month=roc.month5(run.month), county=d.county, rows=len(d.rows), population=d.population)
        bulk.add_rows(ctx.session, SampleRow, [_row(sample, r) for r in d.rows])


def _row(sample: RosterSample, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "sample_id": sample.id, "county_code": sample.county_code, "benefit": row["data_kind"], "month": sample.month, "state": "open",
        "town_code": row["town_code"], "rec_no": row["rec_no"], "case_no": row["case_no"] or "", "person_id": row["person_id"],
        "name": row["name"] or "", "birth": row["birth"], "pay_from": row["pay_month_from"], "pay_to": row["pay_month_to"],
        "amount": row["amount"], "reason": "", "version": 1,
    }  # fmt: skip


def _take_out(session: Session, sample: RosterSample, out: set[Key]) -> None:
    for row in session.scalars(select(SampleRow).where(SampleRow.sample_id == sample.id)):
        state = "flagged" if (row.benefit, row.rec_no) in out else "answered" if row.outcome else "open"
        if row.state != state:
            row.state = state


# -- looking ------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """What a person found out about a sampled row. `overpaid` needs months and an amount (NTD) above 0; every finding needs a reason, except
    that the row is rightly paid."""

    outcome: str
    reason: str = ""
    overpaid_from: int | None = None
    overpaid_to: int | None = None
    overpaid_amount: int | None = None


@command("matching.sample", roles=COUNTY)
def answer_sample(ctx: Context, row_id: int, finding: Finding, seen_version: int | None = None) -> None:
    """Store what was found out about a sampled row; `overpaid` opens a claim, which another person decides. Raises Refused, Conflict."""
    row = ctx.get(SampleRow, row_id, lock=True)
    ctx.check_version(row, seen_version)
    if row.state == "flagged":
        raise Refused("這一列已另案列為疑義，請在疑義頁答復", "E-SMP-STATE")
    if row.overpayment_id is not None:
        raise Refused("這一列已開立溢領案，不能再改；有誤請到追繳頁撤銷該案", "E-SMP-CLAIM")
    _check(finding)
    if finding.outcome == "overpaid":
        assert finding.overpaid_from is not None and finding.overpaid_to is not None
        award = ctx.session.scalar(
            select(Award.id).where(Award.county_code == row.county_code, Award.benefit == row.benefit, Award.case_no == row.case_no)
        )
        claim = open_overpayment(
            ctx, origin="sample", origin_ref=f"{row.county_code}-{roc.month5(row.month)}-{row.rec_no}", benefit=row.benefit,
            reason=finding.reason.strip(), award_id=award, person_id=row.person_id, name=row.name or "（名冊未載姓名）",
            county_code=row.county_code, town_code=row.town_code or row.county_code, first_month=finding.overpaid_from,
            last_month=finding.overpaid_to, amount=finding.overpaid_amount,
        )  # fmt: skip
        row.overpayment_id = claim.id
    row.state, row.outcome, row.reason = "answered", finding.outcome, finding.reason.strip()
    row.overpaid_from, row.overpaid_to, row.overpaid_amount = finding.overpaid_from, finding.overpaid_to, finding.overpaid_amount
    row.answered_by_id, row.answered_at = ctx.actor.user_id, ctx.now
    ctx.session.flush()
    ctx.audit("sample.answered", row, outcome=finding.outcome, amount=finding.overpaid_amount)


def _check(finding: Finding) -> None:
    if finding.outcome not in SAMPLE_OUTCOMES:
        raise Refused("請選擇查核結果", "E-SMP-OUTCOME")
    if finding.outcome != "correct" and not finding.reason.strip():
        raise Refused("請填寫查核經過，說明為什麼溢領或無法查明", "E-SMP-REASON")
    if finding.outcome != "overpaid":
        if finding.overpaid_amount:
            raise Refused("只有「溢領」可以填溢領金額；請改結果，或清空金額", "E-SMP-AMOUNT")
        return
    if not finding.overpaid_amount or finding.overpaid_amount <= 0:
        raise Refused("結果為「溢領」時，溢領金額必須大於 0", "E-SMP-AMOUNT")
    if finding.overpaid_from is None or finding.overpaid_to is None or finding.overpaid_to < finding.overpaid_from:
        raise Refused("結果為「溢領」時，請填溢領起月與迄月，且迄月不可早於起月", "E-SMP-MONTHS")


# -- estimating ---------------------------------------------------------------------------------------------------------------------------------


@dataclass
class SampleFigures:
    """A county's month: rows without a doubt, the sample by finding, and rows with a doubt confirmed as overpaid (`caught`) or not answered
    yet (`waiting`)."""

    county: str
    month: int
    population: int
    sampled: int
    correct: int
    overpaid: int
    unclear: int
    caught: int = 0
    waiting: int = 0

    @property
    def looked(self) -> int:
        return self.correct + self.overpaid

    @property
    def stratum(self) -> sampling.Stratum:
        return sampling.Stratum(self.population, self.looked, self.overpaid, self.caught)


def sample_figures(session: Session, first: int, last: int) -> list[SampleFigures]:
    """The samples of the months `first` to `last`, within the scope in force. Rows taken out of a sample do not count."""

    def of(*conditions: Any) -> Any:
        return func.sum(case((and_(SampleRow.state != "flagged", *conditions), 1), else_=0))

    found = session.execute(
        select(
            RosterSample.county_code, RosterSample.month, RosterSample.population, of(),
            *(of(SampleRow.state == "answered", SampleRow.outcome == outcome) for outcome in SAMPLE_OUTCOMES),
        )
        .join(SampleRow, SampleRow.sample_id == RosterSample.id)
        .where(RosterSample.month.between(first, last))
        .group_by(RosterSample.id, RosterSample.county_code, RosterSample.month, RosterSample.population)
        .order_by(RosterSample.month, RosterSample.county_code)
    )  # fmt: skip
    out = {(county, month): SampleFigures(county, month, population, *(int(n) for n in counts)) for county, month, population, *counts in found}
    doubts = session.execute(
        select(
            Doubt.county_code, DoubtSighting.month,
            func.sum(case((Doubt.outcome.in_(OVERPAID), 1), else_=0)), func.sum(case((Doubt.outcome.is_(None), 1), else_=0)),
        )
        .join(DoubtSighting, DoubtSighting.doubt_id == Doubt.id)
        .where(DoubtSighting.month.between(first, last), DoubtSighting.state.in_(("open", "silent")), Doubt.mirror.is_(False))
        .group_by(Doubt.county_code, DoubtSighting.month)
    )  # fmt: skip
    for county, month, caught, waiting in doubts:
        if (county, month) in out:
            out[county, month].caught, out[county, month].waiting = int(caught), int(waiting)
    return list(out.values())


def recall_of(figures: Iterable[SampleFigures]) -> sampling.Recall | None:
    """The estimated recall of several counties and months; see `app.matching.sampling.recall`."""
    return sampling.recall([f.stratum for f in figures])


def summed(figures: Sequence[SampleFigures]) -> SampleFigures:
    """The figures added up; what stands for one county and month in them is the first's."""
    counted = ("population", "sampled", "correct", "overpaid", "unclear", "caught", "waiting")
    return SampleFigures(figures[0].county, figures[0].month, *(sum(getattr(f, n) for f in figures) for n in counted))
