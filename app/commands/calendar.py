"""The exchange calendar: for every source, county and month what is due when, what came, what is missing, and until when it is fresh."""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.exchange import codes
from app.models.calendar import CalendarRule, CalendarSetting
from app.models.exchange import ACCEPTED, NIL, REJECTED, SOURCES, UNDONE, Batch
from app.models.office import County
from app.rules.clocks import Calendar
from app.security import scope

from .base import Context, Refused, command
from .deliveries import SENDERS
from .reference import read_rows, reference_loader
from .working_days import calendars

NOT_YET, DUE, LATE, RECEIVED, REPLACED, NOTHING, RETURNED, NOT_EXPECTED = (
    "not_yet", "due", "late", "received", "superseded", "nil", "rejected", "not_expected",
)  # fmt: skip
WORDING: Final = {
    NOT_YET: "未到期", DUE: "待送", LATE: "逾期未送", RECEIVED: "已收", REPLACED: "已收（取代舊檔）", NOTHING: "無資料",
    RETURNED: "退回待更正", NOT_EXPECTED: "不需送",
}  # fmt: skip
OPEN: Final = (DUE, LATE, RETURNED)
BACK: Final = 3  # periods looked back for what is outstanding
Place = tuple[str, str, str]
"""(county or "" for national, source, kind or "")."""


@dataclass(frozen=True)
class Cell:
    """One source of one county (empty: national) for one month. `due_on` None when nothing is expected."""

    county: str
    source: str
    kind: str
    month: int
    state: str
    due_on: dt.date | None = None
    batch_no: int | None = None
    received_at: dt.datetime | None = None
    fresh_until: dt.date | None = None
    days_late: int = 0
    rule: CalendarRule | None = None

    @property
    def label(self) -> str:
        return codes.KINDS[self.kind] if self.kind else str(SOURCES[self.source])

    @property
    def wording(self) -> str:
        return WORDING[self.state] + (f"（遲 {self.days_late} 日）" if self.days_late and self.state != LATE else "")


@dataclass(frozen=True)
class SourceAge:
    """How old what was used of a source is. `received_at` None: nothing was ever received, so nothing was checked with it."""

    source: str
    kind: str
    county: str
    label: str
    month: int | None
    received_at: dt.datetime | None
    batch_no: int | None
    days: int | None
    fresh_until: dt.date | None
    on: dt.date | None = None

    @property
    def stale(self) -> bool:
        return self.fresh_until is not None and self.on is not None and self.on > self.fresh_until


# --- when ------------------------------------------------------------------------------------------------------------


def due_on(rule: CalendarRule, month: int, own_due: int | None = None, days: Calendar | None = None) -> dt.date:
    """The last day on which the delivery for a month is in time; `days` is the sender's calendar of days off."""
    return day_due(own_due or rule.due, rule.unit, month, days)


def day_due(count: int, unit: str, month: int, days: Calendar | None = None) -> dt.date:
    """The `count`-th working day, or day, of the month after `month`."""
    if unit == "working_days":
        return (days or Calendar()).after(roc.last_day(month), count)
    following = month + 1
    year, place = following // 12, following % 12 + 1
    return dt.date(year, place, min(count, calendar.monthrange(year, place)[1]))


def is_period(rule: CalendarRule, month: int) -> bool:
    """Does a period of the rule end with this month?"""
    return (month + 1) % rule.every == 0


def rules_at(session: Session, month: int) -> list[CalendarRule]:
    """What is expected for a month by the rows in force."""
    of = (CalendarRule.effective_from <= month, or_(CalendarRule.effective_to.is_(None), CalendarRule.effective_to >= month))
    return list(session.scalars(select(CalendarRule).where(*of).order_by(CalendarRule.id)))


def counties_at(session: Session, month: int) -> dict[str, str]:
    """code → name of the counties that exist in a month."""
    rows = session.scalars(select(County).order_by(County.code)).all()
    until = {c.code: roc.month_of(ended) for c in rows if c.valid_to and (ended := roc.parse_date(c.valid_to))}
    since: dict[str, int] = {}
    known = set(codes.COUNTIES) & {c.code for c in rows}
    for c in rows:
        if c.successor and c.code in until and c.successor not in ("63000", "64000"):
            since[c.successor] = until[c.code] + 1
    return {c.code: c.name for c in rows if c.code in known and until.get(c.code, month) >= month and since.get(c.code, month) <= month}


# --- what came -------------------------------------------------------------------------------------------------------


def cells(session: Session, months: Sequence[int], counties: Iterable[str], today: dt.date | None = None) -> list[Cell]:
    """The state of everything expected in the months, of these counties and of the national sources, in calendar order.

    Counties' deliveries are read under the scope in force; that national registers came is a fact of the installation.
    """
    today = today or clock.today()
    found = _batches(session, months)
    own = own_settings(session)
    places, days = list(counties), calendars(session)
    out = []
    for month in months:
        for rule in rules_at(session, month):
            if not is_period(rule, month):
                continue
            for county in places if rule.deliverer == "county" else [""]:
                place = (county, rule.source, rule.kind)
                out.append(_cell(rule, place, month, found.get((*place, month), []), own.get(place), today, days(county)))
    return out


def _batches(session: Session, months: Sequence[int]) -> dict[tuple[str, str, str, int], list[Batch]]:
    """Deliveries by (county, source, kind, month), oldest first. A register that names no month is that of the month before it came."""
    if not months:
        return {}
    first, last = min(months), max(months)
    begin = dt.datetime.combine(roc.first_day(first), dt.time())
    rosters = select(Batch).where(Batch.source == "roster", Batch.month.between(first, last), Batch.state != UNDONE)
    registers = select(Batch).where(
        Batch.source != "roster", Batch.state != UNDONE, or_(Batch.month.between(first, last), Batch.month.is_(None) & (Batch.received_at >= begin))
    )
    rows = list(session.scalars(rosters.order_by(Batch.id)))
    with scope.use(scope.SYSTEM):
        rows += list(session.scalars(registers.order_by(Batch.id)))
    out: dict[tuple[str, str, str, int], list[Batch]] = defaultdict(list)
    for batch in rows:
        month = batch.month if batch.month is not None else roc.month_of(clock.to_taipei(batch.received_at).date()) - 1
        county = batch.county_code if batch.source == "roster" else ""
        out[county, batch.source, batch.kind or "", month].append(batch)
    return out


def own_settings(session: Session) -> dict[Place, CalendarSetting]:
    """What counties set for themselves, within the scope in force."""
    return {(s.county_code, s.source, s.kind): s for s in session.scalars(select(CalendarSetting))}


def _cell(
    rule: CalendarRule, place: Place, month: int, batches: list[Batch], own: CalendarSetting | None, today: dt.date, days: Calendar
) -> Cell:
    county, source, kind = place
    due = due_on(rule, month, own.due if own is not None else None, days)
    in_force = next((b for b in reversed(batches) if b.state in (ACCEPTED, NIL)), None)
    if in_force is not None:
        came = clock.to_taipei(in_force.received_at).date()
        first_came = clock.to_taipei(next(b for b in batches if b.state != REJECTED).received_at).date()
        state = NOTHING if in_force.state == NIL else REPLACED if in_force.supersedes_id is not None else RECEIVED
        fresh = due_on(rule, month + rule.every, days=days) + dt.timedelta(days=rule.fresh_days)
        late = max(0, (min(came, first_came) - due).days)
        return Cell(county, source, kind, month, state, due, in_force.id, in_force.received_at, fresh, late, rule)
    if own is not None and not own.expected:
        return Cell(county, source, kind, month, NOT_EXPECTED, rule=rule)
    if batches:
        last = batches[-1]
        return Cell(county, source, kind, month, RETURNED, due, last.id, last.received_at, None, max(0, (today - due).days), rule)
    state = LATE if today > due else DUE if today > roc.last_day(month) else NOT_YET
    return Cell(county, source, kind, month, state, due, days_late=max(0, (today - due).days), rule=rule)


def outstanding(session: Session, counties: Iterable[str], today: dt.date | None = None, soon: int = 5) -> list[Cell]:
    """What these counties still owe: late, returned, or due within `soon` days; the last periods since the installation's first delivery."""
    today = today or clock.today()
    with scope.use(scope.SYSTEM):
        begin = session.scalar(select(func.min(Batch.month)).where(Batch.source == "roster", Batch.month.is_not(None)))
    if begin is None:
        return []
    last = roc.month_of(today) - 1
    months = [m for m in range(last - BACK + 1, last + 1) if m >= begin]
    limit = today + dt.timedelta(days=soon)
    owed = [
        c for c in cells(session, months, counties, today) if c.county and c.state in OPEN and (c.state != DUE or (c.due_on or today) <= limit)
    ]
    return sorted(owed, key=lambda c: (-c.month, c.county))


def ages(
    session: Session, month: int, county: str | None = None, used: Collection[int] | None = None, on: dt.date | None = None
) -> list[SourceAge]:
    """Per national register, and per roster kind of the county when one is named: what of it counts for the month, and how old it is
    `on` a day (today). `used` limits it to the deliveries a match run read.

    Runs beside an eligibility result or a match, whoever asks: that something was received is no personal data.
    """
    with scope.use(scope.SYSTEM):
        which = Batch.state.in_((ACCEPTED, NIL)) if used is None else Batch.id.in_(sorted(used))
        mine = Batch.source != "roster" if county is None else or_(Batch.source != "roster", Batch.county_code == county)
        latest_first = func.row_number().over(
            partition_by=(Batch.source, func.coalesce(Batch.kind, "")), order_by=(Batch.received_at.desc(), Batch.id.desc())
        )
        ranked = select(Batch.id, latest_first.label("rank")).where(which, mine, or_(Batch.month.is_(None), Batch.month <= month)).subquery()
        rows = session.scalars(select(Batch).join(ranked, ranked.c.id == Batch.id).where(ranked.c.rank == 1)).all()
        rules = rules_at(session, month)
    on = on or clock.today()
    newest = {(b.source, b.kind or ""): b for b in rows}
    out, days = [], calendars(session)
    for rule in rules:
        if rule.deliverer == "county" and county is None:
            continue
        place = county or "" if rule.deliverer == "county" else ""
        label = codes.KINDS[rule.kind] if rule.kind else str(SOURCES[rule.source])
        batch = newest.get((rule.source, rule.kind))
        if batch is None:
            out.append(SourceAge(rule.source, rule.kind, place, label, None, None, None, None, None))
            continue
        came = clock.to_taipei(batch.received_at).date()
        of = batch.month if batch.month is not None else roc.month_of(came) - 1
        while not is_period(rule, of):
            of -= 1
        fresh = due_on(rule, of + rule.every, days=days(place)) + dt.timedelta(days=rule.fresh_days)
        out.append(SourceAge(rule.source, rule.kind, place, label, batch.month, batch.received_at, batch.id, (on - came).days, fresh, on))
    return out


# --- what a county sets for itself -----------------------------------------------------------------------------------


@command("exchange.calendar", roles=SENDERS)
def set_expected(ctx: Context, county: str, source: str, kind: str, expected: bool, due: int | None, reason: str) -> int:
    """What a county set for itself; the setting's number. Raises Refused: another county, later than the calendar, no reason."""
    own = ctx.actor.scope.county_code
    if own is not None and county != own:
        raise Refused("只能調整自己縣市的送件行事曆", "E-CAL-COUNTY")
    rule = next((r for r in rules_at(ctx.session, roc.month_of(clock.today())) if (r.source, r.kind) == (source, kind)), None)
    if rule is None or rule.deliverer != "county" or county not in codes.COUNTIES:
        raise Refused("行事曆沒有這一項，請重新選擇", "E-CAL-ROW")
    if due is not None and not 1 <= due <= rule.due:
        raise Refused(f"期限只能提前：請填 1 到 {rule.due}", "E-CAL-DUE")
    if not expected and not reason.strip():
        raise Refused("請說明為什麼不需要送件，例如「本縣未發放此項津貼」", "E-COMMENT")
    of = (CalendarSetting.county_code == county, CalendarSetting.source == source, CalendarSetting.kind == kind)
    row = ctx.session.scalars(select(CalendarSetting).where(*of)).one_or_none()
    if row is None:
        row = CalendarSetting(county_code=county, source=source, kind=kind, created_by_id=ctx.actor.user_id)
        ctx.session.add(row)
    row.expected, row.due, row.reason, row.changed_by_id = expected, due, reason.strip()[:500], ctx.actor.user_id
    ctx.audit("calendar.set", row, source=source, kind=kind, expected=expected, due=due, reason=row.reason)
    return row.id


@reference_loader
def _load(session: Session) -> None:
    have = {(r.source, r.kind, r.effective_from) for r in session.scalars(select(CalendarRule))}
    for row in read_rows("exchange_calendar.csv"):
        begin = roc.parse_month(row["effective_from"])
        if (row["source"], row["kind"], begin) in have:
            continue
        session.add(
            CalendarRule(
                source=row["source"], kind=row["kind"], deliverer=row["deliverer"], every=int(row["every"]), due=int(row["due"]),
                unit=row["unit"], fresh_days=int(row["fresh_days"]), law=row["law"], article=row["article"], note=row["note"],
                effective_from=begin, effective_to=roc.parse_month(row["effective_to"]) if row["effective_to"] else None,
            )
        )
