"""Doubts into the database: known ones are recognised by their fingerprint, answered ones stay silent, the others are shown (again)."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.matching.precision import smoothed
from app.models.doubt import Doubt, DoubtAnswer, DoubtSighting
from app.models.match_run import MatchRun

from . import bulk, doubt_clock
from .base import Context
from .match_rules import measured, rule_figures
from .numbers import take

CHUNK = 900
Terms = dict[str, dt.date | None]
LASTING = ("no_overpayment", "our_data_error", "source_data_error")
"""Outcomes that answer the fact itself. The others answer the months they name: a payment for a further month is a new fact."""


def store(
    ctx: Context, run: MatchRun, found: Sequence[dict[str, Any]], county: str | None, shelf: Callable[[dict[str, Any]], str | None]
) -> dict[str, str]:
    """Insert, refresh and withdraw. Returns what became of each fingerprint: `open`, `silent` (it is answered), `shadow` or `held`.

    `shelf` says of a doubt whether its rule is in shadow or its sending is held back. A doubt that waits at a county already stays there.
    """
    session = ctx.session
    known = _known(session, [d["fingerprint"] for d in found])
    answers = _answered_months(session, [row.id for row in known.values() if row.outcome is not None])
    fresh: list[tuple[dict[str, Any], str]] = []
    again: list[tuple[Any, dict[str, Any], str]] = []
    for doubt in found:
        row = known.get(doubt["fingerprint"])
        state = shelf(doubt) or "open"
        if row is None:
            fresh.append((doubt, state))
        elif row.outcome is not None and _holds(row, answers.get(row.id, ()), doubt, run.month):
            again.append((row, doubt, "silent"))
        else:
            again.append((row, doubt, "open" if row.state == "open" else state))
    due = doubt_clock.terms(session, {d["county"] for d in found}, clock.to_taipei(ctx.now).date())
    ids = _insert(session, run, fresh, due, ctx.now)
    _refresh(session, run, again, due, ctx.now)
    seen = [(ids[d["fingerprint"]], d, state) for d, state in fresh] + [(row.id, d, state) for row, d, state in again]
    _sight(session, run, seen)
    _withdraw(session, run, county)
    _count(session, run)
    _order(session)
    return {d["fingerprint"]: state for _, d, state in seen}


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _known(session: Session, fingerprints: Sequence[str]) -> dict[str, Any]:
    columns = (Doubt.id, Doubt.fingerprint, Doubt.state, Doubt.outcome, Doubt.valid_until, Doubt.last_month)
    return {
        row.fingerprint: row
        for part in _chunks(fingerprints)
        for row in session.execute(select(*columns).where(Doubt.fingerprint.in_(part)))
    }


def _answered_months(session: Session, ids: Sequence[int]) -> dict[int, set[int]]:
    """The months the answers so far spoke about."""
    out: dict[int, set[int]] = {}
    for part in _chunks(ids):
        for doubt_id, months in session.execute(select(DoubtAnswer.doubt_id, DoubtAnswer.months).where(DoubtAnswer.doubt_id.in_(part))):
            out.setdefault(doubt_id, set()).update(months)
    return out


def _holds(row: Any, answered: Iterable[int], doubt: dict[str, Any], month: int) -> bool:
    """Is the answer still good for what was found? See LASTING."""
    if row.valid_until is not None and row.valid_until < roc.first_day(month):
        return False
    return row.outcome in LASTING or set(doubt["months"]) <= set(answered)


def said(doubt: dict[str, Any]) -> dict[str, Any]:
    """What one sighting keeps: the columns of the doubts file that may differ from month to month."""
    return {
        "rec_no": doubt["rec_no"],
        "ref_month": doubt["ref_month"],
        "grade": doubt["grade"],
        "rule_version": doubt["rule_version"],
        "relation": doubt["relation"],
        "counterpart_rec_no": doubt["c_rec"],
        "months": sorted(doubt["months"]),
        "expected_overpaid": doubt["over"],
        "law": doubt["law"],
        "article": doubt["article"],
        "facts": doubt["facts"],
        "own": bool(doubt["own"]),
    }


def _latest(doubt: dict[str, Any], month: int, now: dt.datetime) -> dict[str, Any]:
    """The columns of a doubt that follow the latest run."""
    day = _iso
    return {
        "town_code": doubt["town"],
        "grade": doubt["grade"],
        "rank": 0,  # see _order
        "rule_version": doubt["rule_version"],
        "relation": doubt["relation"],
        "own_condition": bool(doubt["own"]),
        "name": doubt["name"] or "",
        "birth": doubt["birth"],
        "rec_no": doubt["rec_no"],
        "ref_month": doubt["ref_month"],
        "counterpart_rec_no": doubt["c_rec"],
        "months": sorted(doubt["months"]),
        "lines": doubt["lines"],
        "counterpart": {
            "name": doubt["c_name"],
            "birth": day(doubt["c_birth"]),
            "case_no": doubt["c_case"],
            "amount": doubt["c_paid"],
            "d1": day(doubt["d1"]),
            "d2": day(doubt["d2"]),
            "n1": doubt["n1"],
            "n2": doubt["n2"],
        },
        "expected_overpaid": doubt["over"],
        "law": doubt["law"],
        "article": doubt["article"],
        "facts": doubt["facts"],
        "last_month": month,
        "changed_at": now,
    }


def _iso(value: dt.date | None) -> str | None:
    return value.isoformat() if value else None


def _due(doubt: dict[str, Any], state: str, due: Terms) -> dt.date | None:
    return due[doubt["county"]] if state == "open" and doubt["grade"] in doubt_clock.ASKED else None


def _insert(session: Session, run: MatchRun, fresh: Sequence[tuple[dict[str, Any], str]], due: Terms, now: dt.datetime) -> dict[str, int]:
    counts: dict[str, int] = {}
    for doubt, _ in fresh:
        counts[doubt["county"]] = counts.get(doubt["county"], 0) + 1
    head = {county: f"{county}-{roc.month5(run.month)}" for county in counts}
    following = {county: take(session, f"doubt {head[county]}", count) for county, count in sorted(counts.items())}
    rows = []
    for doubt, state in fresh:
        county = doubt["county"]
        rows.append(
            {
                "doubt_no": f"{head[county]}-{following[county]:05d}",
                "fingerprint": doubt["fingerprint"],
                "county_code": county,
                "benefit": doubt["kind"],
                "state": state,
                "rule_code": doubt["rule"],
                "mirror": doubt["mirror"],
                "person_id": doubt["written_id"],
                "case_no": doubt["case_no"] or "",
                "counterpart_source": doubt["c_source"],
                "counterpart_county": doubt["c_county"],
                "counterpart_kind": doubt["c_kind"],
                "first_month": run.month,
                "times_seen": 1,
                "version": 1,
                "due_on": _due(doubt, state, due),
                **_latest(doubt, run.month, now),
            }
        )
        following[county] += 1
    bulk.add_rows(session, Doubt, rows)
    return {
        row.fingerprint: row.id
        for part in _chunks([d["fingerprint"] for d, _ in fresh])
        for row in session.execute(select(Doubt.id, Doubt.fingerprint).where(Doubt.fingerprint.in_(part)))
    }


def _refresh(session: Session, run: MatchRun, again: Sequence[tuple[Any, dict[str, Any], str]], due: Terms, now: dt.datetime) -> None:
    """Known doubts say what this run says, unless a later month has spoken already; shown ones are to be answered (again)."""
    table = Doubt.__table__
    latest = [{"b_id": row.id, **_latest(d, run.month, now)} for row, d, _ in again if run.month >= row.last_month]
    if latest:
        columns: dict[str, Any] = {name: bindparam(name) for name in latest[0] if name != "b_id"}
        session.connection().execute(
            update(table).where(table.c.id == bindparam("b_id")).values(**columns, version=table.c.version + 1), latest
        )
    sent = [{"b_id": row.id, "due_on": _due(d, "open", due)} for row, d, state in again if state == "open" and row.state != "open"]
    if sent:
        session.connection().execute(update(table).where(table.c.id == bindparam("b_id")).values(due_on=bindparam("due_on")), sent)
    for target in ("open", "shadow", "held"):
        moved = [row.id for row, _, state in again if state == target != row.state and (target == "open" or row.state != "answered")]
        for part in _chunks(moved):
            session.execute(
                update(Doubt)
                .where(Doubt.id.in_(part))
                .values(state=target, changed_at=now, version=Doubt.version + 1)
                .execution_options(synchronize_session=False)
            )


def _sight(session: Session, run: MatchRun, seen: Sequence[tuple[int, dict[str, Any], str]]) -> None:
    have = {
        doubt_id: key
        for part in _chunks([doubt_id for doubt_id, _, _ in seen])
        for key, doubt_id in session.execute(
            select(DoubtSighting.id, DoubtSighting.doubt_id).where(DoubtSighting.month == run.month, DoubtSighting.doubt_id.in_(part))
        )
    }
    new = [
        {"doubt_id": i, "run_id": run.id, "month": run.month, "state": state, "said": said(d), "county_code": d["county"]}
        for i, d, state in seen
        if i not in have
    ]
    old = [{"id": have[i], "run_id": run.id, "state": state, "said": said(d)} for i, d, state in seen if i in have]
    bulk.add_rows(session, DoubtSighting, new)
    for part in _chunks(old):
        session.execute(update(DoubtSighting), list(part))


def _withdraw(session: Session, run: MatchRun, county: str | None) -> None:
    """What an earlier run of this month saw and this one did not."""
    gone = update(DoubtSighting).where(DoubtSighting.month == run.month, DoubtSighting.run_id != run.id)
    if county is not None:
        gone = gone.where(DoubtSighting.county_code == county)
    session.execute(gone.values(state="withdrawn").execution_options(synchronize_session=False))
    seen = select(DoubtSighting.id).where(DoubtSighting.doubt_id == Doubt.id, DoubtSighting.state != "withdrawn").exists()
    this_month = select(DoubtSighting.doubt_id).where(DoubtSighting.month == run.month, DoubtSighting.state == "withdrawn")
    session.execute(
        update(Doubt)
        .where(Doubt.state.in_(("open", "shadow", "held")), Doubt.id.in_(this_month), ~seen)
        .values(state="withdrawn", version=Doubt.version + 1)
        .execution_options(synchronize_session=False)
    )


def _count(session: Session, run: MatchRun) -> None:
    """First month, last month and how often, from the sightings that stand."""
    mine = (DoubtSighting.doubt_id == Doubt.id, DoubtSighting.state != "withdrawn")

    def of(value: Any) -> Any:
        return select(value).where(*mine).scalar_subquery()

    seen_now = select(DoubtSighting.doubt_id).where(DoubtSighting.run_id == run.id)
    session.execute(
        update(Doubt)
        .where(Doubt.id.in_(seen_now))
        .values(
            times_seen=of(func.count(DoubtSighting.id)),
            first_month=of(func.min(DoubtSighting.month)),
            last_month=of(func.max(DoubtSighting.month)),
        )
        .execution_options(synchronize_session=False)
    )


def _order(session: Session) -> None:
    """The queue of everybody: expected recoverable dollars × the measured precision of the rule version and grade, in NTD × 100."""
    right = measured(rule_figures(session))
    waiting = session.execute(
        select(Doubt.rule_code, Doubt.rule_version, Doubt.grade).where(Doubt.state == "open", Doubt.expected_overpaid > 0).distinct()
    ).all()
    for rule, version, grade in waiting:
        worth = round(100 * smoothed(*right.get((rule, version, grade), (0, 0)), grade))
        session.execute(
            update(Doubt)
            .where(Doubt.state == "open", Doubt.rule_code == rule, Doubt.rule_version == version, Doubt.grade == grade)
            .values(rank=Doubt.expected_overpaid * worth)
            .execution_options(synchronize_session=False)
        )
