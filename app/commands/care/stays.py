"""What each person's days in an institution are worth in a month: contract, decision, rate, ceilings and absences put together, set by set."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from app.commands.casework.changes import ENDS
from app.commands.parameters import parameters_in_force
from app.commands.working_days import calendar_of
from app.core import money, roc
from app.models.application import Application
from app.models.award import Award, AwardChange
from app.models.care_institution import CareContract, CareInstitution
from app.models.decision import Change, Decision
from app.models.person import Person
from app.rules import care_days
from app.rules.care_days import Leave, MonthDue, Turn
from app.rules.clocks import Calendar
from app.rules.disability_care_subsidy import BENEFIT, SERVICES
from app.rules.parameters import Missing, Parameters

RUNS = {"grant": True, "resume": True, "suspend": False, "end": False}


@dataclass
class Stay:
    """One contract in one month. `worth`: payable day → whole-month subsidy as of that day (NTD); `problem`: what must be put right first."""

    contract: CareContract
    award_id: int | None = None
    worth: dict[dt.date, int] = field(default_factory=dict)
    absent: list[dt.date] = field(default_factory=list)
    allowed: int = 0
    rate: int | None = None
    ceiling: int | None = None
    problem: str = ""

    def due(self, month: int) -> MonthDue:
        """What the stay is due in the month, by days."""
        return care_days.month_due(month, self.worth, self.absent, self.allowed)


@dataclass
class _Case:
    """The award of a person as its days run."""

    award_id: int
    turns: list[Turn]
    paid_until: int | None
    died_on: dt.date | None


def in_month(session: Session, institution_id: int, month: int) -> list[CareContract]:
    """The contracts of an institution with at least one day in the month, by name and number of the person."""
    statement = _contracts(month).join(Person, Person.id == CareContract.recipient_id).where(CareContract.institution_id == institution_id)
    return list(session.scalars(statement.order_by(Person.name, Person.person_id, CareContract.since)))


def of_people(session: Session, people: Collection[int], month: int, fees: Mapping[int, int] | None = None) -> dict[int, Stay]:
    """Every stay of these people in a month, in any institution: contract → stay. `fees`: contract → the fee of this month instead."""
    contracts = list(session.scalars(_contracts(month).where(CareContract.recipient_id.in_(people))))
    cases = _cases(session, people, month)
    laws: dict[str, Parameters] = {}
    out = {}
    for c in contracts:
        law = laws.setdefault(c.county_code, parameters_in_force(session, c.county_code))
        out[c.id] = _stay(c, cases.get(c.recipient_id), month, law, calendar_of(session, c.county_code), (fees or {}).get(c.id, c.fee))
    return out


def _contracts(month: int) -> Select[CareContract]:
    return (
        select(CareContract)
        .where(
            CareContract.since <= roc.last_day(month),
            or_(CareContract.until.is_(None), CareContract.until >= roc.first_day(month)),
        )
        .options(
            selectinload(CareContract.absences),
            selectinload(CareContract.recipient),
            selectinload(CareContract.institution).selectinload(CareInstitution.services),
        )
        .execution_options(populate_existing=True)
    )


def _stay(c: CareContract, case: _Case | None, month: int, law: Parameters, calendar: Calendar, fee: int) -> Stay:
    stay = Stay(c)
    days = [d for d in care_days.days_of(month) if c.since <= d and (c.until is None or d <= c.until)]
    leaves = [Leave(a.left_on, a.back_on) for a in c.absences if not a.withdrawn]
    if any(leave.away(d) for leave in leaves for d in days):
        _absences(stay, leaves, month, law, days, calendar)
    if case is None:
        return stay
    stay.award_id = case.award_id
    percents = care_days.percents(month, case.turns, case.died_on)
    if case.paid_until is not None and month <= case.paid_until:
        percents = {}
    mine = [d for d in days if d in percents]
    if unlicensed := [d for d in mine if not c.institution.licensed_on(d)]:
        stay.problem = f"機構立案效期未涵蓋 {roc.show_date(unlicensed[0])}，請先更新立案資料再請款"
        return stay
    for d in mine:
        ceiling = _ceiling(c, d, law, stay)
        if ceiling is None:
            return stay
        stay.worth[d] = care_days.whole_month(fee, ceiling, percents[d])
        stay.rate, stay.ceiling = percents[d], ceiling
    return stay


def _absences(stay: Stay, leaves: Iterable[Leave], month: int, law: Parameters, days: Collection[dt.date], calendar: Calendar) -> None:
    first = roc.first_day(month)
    allowed, holidays = (law.on(first, f"disability_care_absence.{name}") for name in ("days", "holidays"))
    for found in (allowed, holidays):
        if isinstance(found, Missing) or found.value is None:
            stay.problem = found.text if isinstance(found, Missing) else "請假日數的規定尚未登錄數值"
            return
    assert not isinstance(allowed, Missing) and not isinstance(holidays, Missing)
    stay.allowed = int(allowed.value or 0)
    counted = care_days.absent_days(month, tuple(leaves), None if holidays.value else calendar)
    stay.absent = [d for d in counted if d in days]


def _ceiling(c: CareContract, day: dt.date, law: Parameters, stay: Stay) -> int | None:
    """The lower of the county's ceiling and the institution's own."""
    found = law.on(day, f"disability_care_ceiling.{c.service}")
    if isinstance(found, Missing) or found.value is None:
        stay.problem = found.text if isinstance(found, Missing) else "收費上限尚未登錄數值"
        return None
    own = c.institution.ceiling_on(c.service, day)
    if own is None:
        stay.problem = f"{roc.show_date(day)} 機構未經核定辦理{SERVICES[c.service]}，請登錄核定的服務與收費上限"
        return None
    return min(int(found.value), own)


def _cases(session: Session, people: Collection[int], month: int) -> dict[int, _Case]:
    """The newest award of each person that had begun by the month."""
    awards = session.scalars(
        select(Award).where(Award.recipient_id.in_(people), Award.benefit == BENEFIT, Award.from_month <= month).order_by(Award.id)
    ).all()
    newest = {a.recipient_id: a for a in awards}
    ids = [a.id for a in newest.values()]
    changes: dict[int, list[AwardChange]] = defaultdict(list)
    for change in session.scalars(select(AwardChange).where(AwardChange.award_id.in_(ids)).order_by(AwardChange.seq)):
        changes[change.award_id].append(change)
    facts = _day_facts(session, people)
    died: dict[int, dt.date | None] = dict(session.execute(select(Person.id, Person.died_on).where(Person.id.in_(people))).all())
    return {
        person: _Case(a.id, [_turn(c, facts.get(person, [])) for c in changes[a.id]], a.paid_until, died.get(person))
        for person, a in newest.items()
    }


_Fact = tuple[str, int, dt.date]
"""(what sort of change it dates, the month it took effect, the exact day)."""


def _day_facts(session: Session, people: Collection[int]) -> dict[int, list[_Fact]]:
    """The exact days behind the months of the awards: the first day a decision grants, the day something happened."""
    out: dict[int, list[_Fact]] = defaultdict(list)
    mine = (Application.applicant_id.in_(people), Application.benefit == BENEFIT)
    for person, month, day in session.execute(
        select(Application.applicant_id, Decision.start_month, Decision.valid_from)
        .join(Decision, Decision.application_id == Application.id)
        .where(*mine, Decision.outcome == "granted")
        .order_by(Decision.id)
    ):
        if month is not None and day is not None:
            out[person].append(("rate", month, day))
    for person, kind, month, day, reopened in session.execute(
        select(Application.applicant_id, Change.kind, Change.effective_month, Change.happened_on, Change.reopened_id)
        .join(Change, Change.application_id == Application.id)
        .where(*mine, Change.state == "applied")
        .order_by(Change.id)
    ):
        if reopened is not None:
            out[person].append(("rate", month, day))
        elif kind == "resume":
            out[person].append(("resume", month, day))
        else:
            out[person].append(("end" if kind in ENDS else "suspend", month, day + dt.timedelta(days=1)))
    return out


def _turn(change: AwardChange, facts: Sequence[_Fact]) -> Turn:
    """A change of the award with its exact day: the month's first day where nothing says better."""
    sort = "rate" if change.kind in ("grant", "amount") else change.kind
    exact = [day for kind, month, day in facts if kind == sort and month == change.month and roc.month_of(day) == month]
    day = exact[-1] if exact else roc.first_day(change.month)
    band = change.band or ""
    percent = int(band.removeprefix("rate")) if change.kind in ("grant", "amount") and band.removeprefix("rate").isdigit() else None
    return Turn(day, percent, RUNS.get(change.kind))


def explain(stay: Stay, month: int, fee: int) -> str:
    """How the amount of a line came about, in one Chinese sentence."""
    if stay.award_id is None:
        return "尚未核定托育養護補助，不予補助"
    if not stay.worth:
        return "本月沒有核定補助的照顧日數"
    due, length = stay.due(month), len(care_days.days_of(month))
    over = stay.ceiling is not None and fee > stay.ceiling
    base = f"收費 {money.show(fee)} 元{f'，超過上限，以 {money.show(stay.ceiling)} 元計' if over else ''}，補助 {stay.rate}%"
    if due.whole and len(set(stay.worth.values())) == 1:
        return f"{base}，整月 {money.show(due.amount)} 元"
    away = f"，請假計 {len(stay.absent)} 日、扣 {due.deducted} 日" if stay.absent else ""
    values = [money.show(v) for v in dict.fromkeys(stay.worth.values())]
    if len(values) > 1:
        return f"{base}，整月 {'、'.join(values)} 元分段計 {due.days - due.deducted}／{length} 日{away}"
    return f"{base}，整月 {values[0]} 元 × {due.days - due.deducted}／{length} 日{away}"
