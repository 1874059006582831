"""Working days: the one calendar that every statutory clock is reckoned with, and a county's corrections to it."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.working_days import CalendarYear, DayOff
from app.rules.clocks import Calendar
from app.rules.days_off import fixed_days_off
from app.security import roles

from .base import Context, Refused, command
from .reference import read_rows, reference_loader

FIRST_YEAR = 2008
"""The oldest year a clock could still be reckoned in (the product's first months are of ROC 97)."""


@dataclass(frozen=True)
class CalendarDay:
    """A day that is not what its weekday says. `own`: the county's correction, with its reason."""

    day: dt.date
    kind: str
    name: str
    basis: str
    own: bool
    reason: str = ""


def calendar_of(session: Session, county: str | None) -> Calendar:
    """The calendar of a county (None: the nation's): delivered days, the county's corrections over them, days fixed by law beneath.

    `years` are the confirmed ones; a clock that reaches into another year says so instead of pretending. Read once a session.
    """
    kept: dict[str, Calendar] = session.info.setdefault("calendars", {})
    own = county or ""
    if own not in kept:
        off = {f.day for year in range(FIRST_YEAR, clock.today().year + 3) for f in fixed_days_off(year)}
        years = session.scalars(select(CalendarYear.year).where(CalendarYear.county_code.in_(("", own))))
        kept[own] = _calendar(off, _rows(session, own), years)
    return kept[own]


def calendars(session: Session) -> Callable[[str], Calendar]:
    """county code ("" = the nation) → its calendar, for looks at many counties: read once, worked out when asked for."""
    rows = list(session.scalars(select(DayOff).order_by(DayOff.county_code, DayOff.day)))
    years = session.execute(select(CalendarYear.county_code, CalendarYear.year)).all()
    fixed = {f.day for year in range(FIRST_YEAR, clock.today().year + 3) for f in fixed_days_off(year)}

    @cache
    def of(county: str) -> Calendar:
        return _calendar(set(fixed), [r for r in rows if r.county_code in ("", county)], (y for c, y in years if c in ("", county)))

    return of


def _calendar(off: set[dt.date], rows: Iterable[DayOff], years: Iterable[int]) -> Calendar:
    worked: set[dt.date] = set()
    for row in rows:
        (off if row.kind == "off" else worked).add(row.day)
        (worked if row.kind == "off" else off).discard(row.day)
    return Calendar(frozenset(off), frozenset(worked), frozenset(years))


def _rows(session: Session, county: str | None) -> list[DayOff]:
    """The nation's rows first, the county's after them."""
    return list(session.scalars(select(DayOff).where(DayOff.county_code.in_(("", county or ""))).order_by(DayOff.county_code, DayOff.day)))


def days_of(session: Session, county: str | None, year: int) -> list[CalendarDay]:
    """What the screen shows of a year (AD), by day: each day once, the county's word last."""
    found = {f.day: CalendarDay(f.day, "off", f.name, f.law, False) for f in fixed_days_off(year)}
    for row in _rows(session, county):
        if row.day.year == year:
            below = found.get(row.day)
            found[row.day] = CalendarDay(row.day, row.kind, row.name, below.basis if below else "", bool(row.county_code), row.reason)
    return [found[day] for day in sorted(found)]


def confirmation(session: Session, county: str | None, year: int) -> CalendarYear | None:
    """What says that a year is complete: the county's own confirmation, or the delivered one; None = not confirmed."""
    rows = select(CalendarYear).where(CalendarYear.county_code.in_(("", county or "")), CalendarYear.year == year)
    return session.scalars(rows.order_by(CalendarYear.county_code.desc()).limit(1)).first()


def _county(ctx: Context) -> str:
    if (county := ctx.actor.scope.county_code) is None:
        raise Refused("行事曆的更正由各縣市辦理，請以縣府帳號登入", "E-CAL-COUNTY")
    return county


@command("working_days.setting", roles=roles.COUNTY)
def set_day(ctx: Context, day: dt.date, kind: str, name: str, reason: str) -> None:
    """Make a day off or a working day in the actor's county; running clocks are reckoned anew. Raises Refused."""
    county = _county(ctx)
    if kind not in ("off", "worked"):
        raise Refused("請選擇放假日或上班日", "E-CAL-KIND")
    if not name.strip() or not reason.strip():
        raise Refused("請填名稱與更正的理由，例如「颱風停止上班，縣府115年7月10日公告」", "E-COMMENT")
    if not FIRST_YEAR <= day.year <= clock.today().year + 2:
        raise Refused(f"日期應在民國 {FIRST_YEAR - roc.EPOCH} 年到 {clock.today().year + 2 - roc.EPOCH} 年之間", "E-DATE")
    row = ctx.session.scalars(select(DayOff).where(DayOff.county_code == county, DayOff.day == day)).one_or_none()
    if row is None:
        row = DayOff(county_code=county, day=day, created_by_id=ctx.actor.user_id)
        ctx.session.add(row)
    row.kind, row.name, row.reason, row.changed_by_id = kind, name.strip()[:40], reason.strip()[:200], ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("working_days.set", row, day=day, kind=kind, reason=row.reason)
    _reckon_anew(ctx, county)


@command("working_days.setting", roles=roles.COUNTY)
def drop_day(ctx: Context, day: dt.date) -> None:
    """Take a county's correction back: what is delivered counts again. Raises Refused."""
    county = _county(ctx)
    row = ctx.session.scalars(select(DayOff).where(DayOff.county_code == county, DayOff.day == day)).one_or_none()
    if row is None:
        raise Refused("這一天沒有本縣的更正", "E-CAL-ROW")
    ctx.audit("working_days.dropped", row, day=day, kind=row.kind)
    ctx.session.delete(row)
    ctx.session.flush()
    _reckon_anew(ctx, county)


@command("working_days.setting", roles=roles.COUNTY)
def confirm_year(ctx: Context, year: int, source: str) -> None:
    """The county has compared a year (AD) with the announced calendar. Raises Refused."""
    county = _county(ctx)
    if not FIRST_YEAR <= year <= clock.today().year + 2:
        raise Refused("只能確認已公布的年度", "E-DATE")
    if not source.strip():
        raise Refused("請填依據，例如「行政院核定之116年政府行政機關辦公日曆表」", "E-COMMENT")
    if confirmation(ctx.session, county, year) is not None:
        raise Refused(f"{year - roc.EPOCH} 年的行事曆已經確認", "E-CAL-YEAR")
    row = CalendarYear(county_code=county, year=year, source=source.strip()[:200], confirmed_at=ctx.now, confirmed_by_id=ctx.actor.user_id)
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("working_days.confirmed", row, year=year, source=row.source)
    _reckon_anew(ctx, county)


def _reckon_anew(ctx: Context, county: str) -> None:
    from .casework import deadlines, devices
    from .notices import service

    ctx.session.info.pop("calendars", None)
    deadlines.refresh(ctx.session, county)
    devices.refresh(ctx.session, county)
    service.refresh(ctx.session, county)


@reference_loader
def _load(session: Session) -> None:
    have = set(session.scalars(select(DayOff.day).where(DayOff.county_code == "")))
    for row in read_rows("days_off.csv"):
        if (day := roc.parse_date(row["day"])) not in have:
            session.add(DayOff(county_code="", day=day, kind="worked" if row["working"] else "off", name=row["name"]))
    years = set(session.scalars(select(CalendarYear.year).where(CalendarYear.county_code == "")))
    for row in read_rows("calendar_years.csv"):
        if (year := int(row["year"]) + roc.EPOCH) not in years:
            session.add(CalendarYear(county_code="", year=year, source=row["source"]))
