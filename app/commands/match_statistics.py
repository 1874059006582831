"""The five columns of the published statistics (submitted, doubtful, by county conditions, overpaid cases, overpaid amount), for our own months."""

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.core import roc
from app.exchange import codes
from app.exchange.layouts import STATISTICS_COLUMNS
from app.exchange.store import write_whole
from app.models.doubt import Doubt, DoubtAnswer, DoubtSighting
from app.models.exchange import ACCEPTED, NIL, Batch
from app.models.match_run import MatchRun, NotChecked
from app.models.office import County
from app.models.rule_control import RuleHold
from app.models.statistic import PublishedStatistic
from app.rules.exclusions import Exclusion, county_defined
from app.security.roles import COUNTY, MINISTRY_OFFICER

from .base import Context, Refused, command
from .parameters import exclusion_rows

Key = tuple[int, str, str]


@dataclass
class Figures:
    """One month, county and kind. `county_defined` None: the county has set no condition of its own, which is not 0."""

    month: int
    county_code: str
    county: str
    data_kind: str
    submitted: int
    doubtful: int | None = None
    county_defined: int | None = None
    overpaid_count: int = 0
    overpaid_amount: int = 0


def statistics_rows(session: Session, first: int, last: int) -> list[Figures]:
    """The figures of every roster in force from `first` to `last`; within the scope in force. `doubtful` None: not matched yet."""
    names = {c.code: c.name for c in session.scalars(select(County))}
    out: dict[Key, Figures] = {}
    rosters = select(Batch).where(Batch.source == "roster", Batch.state.in_((ACCEPTED, NIL)), Batch.month.between(first, last))
    matched = {
        (r.month, r.extent) for r in session.scalars(select(MatchRun).where(MatchRun.state == "done", MatchRun.month.between(first, last)))
    }
    settings = exclusion_rows(session)[1]
    for batch in session.scalars(rosters):
        if batch.month is None or batch.kind is None:
            continue
        county = batch.county_code
        was_matched = (batch.month, "") in matched or (batch.month, county) in matched
        own = _conditions(settings, county, batch.kind, batch.month)
        out[batch.month, county, batch.kind] = Figures(
            batch.month, county, names.get(county, codes.COUNTIES.get(county, county)), batch.kind, batch.snapshot_rows,
            0 if was_matched else None, None if own is None or not was_matched else 0,
        )  # fmt: skip
    _doubts(session, out, first, last)
    _answers(session, out, first, last)
    return [out[key] for key in sorted(out)]


def _conditions(settings: tuple[Exclusion, ...], county: str, kind: str, month: int) -> bool | None:
    day: dt.date = roc.first_day(month)
    return county_defined(settings, county, kind, day)


def _doubts(session: Session, out: dict[Key, Figures], first: int, last: int) -> None:
    """What was shown, by month, also when a later run of the month found it answered; the mirror of a pair is the same doubt told twice
    and is not counted."""
    answered_then = (
        select(DoubtAnswer.id).where(DoubtAnswer.doubt_id == Doubt.id, DoubtAnswer.run_month == DoubtSighting.month).correlate(Doubt, DoubtSighting)
    ).exists()
    counted = or_(DoubtSighting.state == "open", and_(DoubtSighting.state == "silent", answered_then))
    shown = (
        select(DoubtSighting.month, Doubt.county_code, Doubt.benefit, Doubt.own_condition, func.count())
        .join(Doubt, Doubt.id == DoubtSighting.doubt_id)
        .where(DoubtSighting.month.between(first, last), counted, Doubt.mirror.is_(False))
        .group_by(DoubtSighting.month, Doubt.county_code, Doubt.benefit, Doubt.own_condition)
    )
    for month, county, kind, own, count in session.execute(shown):
        figures = out.get((month, county, kind))
        if figures is not None:
            figures.doubtful = (figures.doubtful or 0) + count
            if own:
                figures.county_defined = (figures.county_defined or 0) + count


def _answers(session: Session, out: dict[Key, Figures], first: int, last: int) -> None:
    """What counties answered as overpaid, under the month the doubt was answered for: the last answer to each doubt and month counts."""
    answers = (
        select(
            DoubtAnswer.doubt_id, DoubtAnswer.run_month, DoubtAnswer.outcome, DoubtAnswer.overpaid_amount, Doubt.county_code, Doubt.benefit
        )
        .join(Doubt, Doubt.id == DoubtAnswer.doubt_id)
        .where(DoubtAnswer.run_month.between(first, last))
        .order_by(DoubtAnswer.id)
    )
    latest: dict[tuple[int, int], Any] = {}
    for row in session.execute(answers):
        latest[row.doubt_id, row.run_month] = row
    sums: dict[Key, list[int]] = defaultdict(list)
    for row in latest.values():
        if row.outcome == "overpaid":
            sums[row.run_month, row.county_code, row.benefit].append(row.overpaid_amount)
    for key, amounts in sums.items():
        if key in out:
            out[key].overpaid_count, out[key].overpaid_amount = len(amounts), sum(amounts)


def not_checked(session: Session, month: int) -> list[tuple[str, str]]:
    """What the runs in force of a month did not check, within the scope in force: county, reason. Never the same as no doubt."""
    runs = select(MatchRun.id).where(MatchRun.month == month, MatchRun.state == "done")
    missing = select(NotChecked.county_code, NotChecked.reason).where(NotChecked.run_id.in_(runs))
    held = select(RuleHold.county_code, RuleHold.reason).where(RuleHold.run_id.in_(runs), RuleHold.state.in_(("held", "dropped")))
    return sorted({(county, reason) for statement in (missing, held) for county, reason in session.execute(statement)})


def published_rows(session: Session, first: int, last: int) -> list[Figures]:
    """The audit's figures of ROC 98 in the same form."""
    names = {c.code: c.name for c in session.scalars(select(County))}
    rows = session.scalars(
        select(PublishedStatistic)
        .where(PublishedStatistic.month.between(first, last))
        .order_by(PublishedStatistic.month, PublishedStatistic.county_code, PublishedStatistic.data_kind)
    )
    return [
        Figures(
            r.month, r.county_code, names.get(r.county_code, r.county_code), r.data_kind, r.submitted, r.doubtful, r.county_defined,
            r.overpaid_count, r.overpaid_amount,
        )
        for r in rows
    ]  # fmt: skip


@command("matching.statistics", roles=(*COUNTY, MINISTRY_OFFICER))
def export_statistics(ctx: Context, path: Path, first: int, last: int) -> int:
    """Write the statistics file; how many rows. A month without a roster of our own shows the audit's published figures. Raises Refused."""
    if last < first:
        raise Refused("迄月不可早於起月", "E-MAT-MONTHS")
    own = statistics_rows(ctx.session, first, last)
    months = {f.month for f in own}
    rows = sorted(
        [*own, *(f for f in published_rows(ctx.session, first, last) if f.month not in months)],
        key=lambda f: (f.month, f.county_code, f.data_kind),
    )

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(STATISTICS_COLUMNS)
            for f in rows:
                values = {**f.__dict__, "month": roc.month5(f.month)}
                writer.writerow(["" if values[c] is None else values[c] for c in STATISTICS_COLUMNS])

    write_whole(path, write)
    return len(rows)
