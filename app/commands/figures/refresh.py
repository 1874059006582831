"""The monthly figures, made from the registers: one county and month at a time, by a few statements whatever the number of people.

Who draws a benefit in a month follows from what is recorded on the award now (`payments.entitlement` says the same, award by award), so a
change with past effect alters past months when they are computed again. What was paid is what closing counts: the registers released for
the month, by funding source.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.commands.base import Context, Refused, command
from app.commands.budgets import SPENT
from app.commands.jobs import enqueue
from app.core import clock, roc
from app.models.award import Award, AwardChange
from app.models.disability_card import DisabilityCard
from app.models.figures import AGES, CUTS, SUMS, StatisticCell, StatisticFact, StatisticMonth
from app.models.household import HouseholdMember
from app.models.low_income_living_assistance import LowIncomeApplication
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.security.roles import COUNTY

JOB = "figures"
KEPT_FRESH = 13
"""Months computed again every night; older ones when something recorded since reaches back to them."""
MOST_MONTHS = 120
MULTIPLE = "multiple"
"""The class of a card that names several."""


def build(session: Session, county: str, month: int, now: dt.datetime) -> int:
    """Compute a county's month anew, in the session's transaction and under the system's scope; how many facts."""
    here = (StatisticFact.county_code == county, StatisticFact.month == month)
    session.execute(delete(StatisticFact).where(*here).execution_options(synchronize_session=False))
    session.execute(delete(StatisticCell).where(StatisticCell.county_code == county, StatisticCell.month == month).execution_options(synchronize_session=False))
    for part in (_awards, _cards, _permits):
        columns = part(county, month)
        statement = columns.pop("statement")
        session.execute(insert(StatisticFact).from_select(list(columns), statement.with_only_columns(*columns.values())))
    _add_up(session, county, month)
    rows = session.scalar(select(func.count()).select_from(StatisticFact).where(*here)) or 0
    kept = session.scalars(select(StatisticMonth).where(StatisticMonth.county_code == county, StatisticMonth.month == month)).one_or_none()
    if kept is None:
        kept = StatisticMonth(county_code=county, month=month)
        session.add(kept)
    kept.built_at, kept.rows = now, rows
    session.flush()
    return rows


def age_group(birth: Any, month: int) -> ColumnElement[int]:
    """The first year of the age group on the month's last day: birthdays are compared, so both databases agree."""
    day = roc.last_day(month)
    return case(*((birth <= _years_before(day, age), age) for age in reversed(AGES)), else_=0)


def _years_before(day: dt.date, years: int) -> dt.date:
    """Who was born on this day or before is `years` old on `day`."""
    return day.replace(year=day.year - years, day=28 if (day.month, day.day) == (2, 29) and not _leap(day.year - years) else day.day)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# -- awards --------------------------------------------------------------------------------------------------------------------------------


def _last(county: str, month: int, kinds: Sequence[str], *columns: InstrumentedAttribute[Any]) -> Any:
    """Per award the last change of these kinds that is in effect in the month: by month, and of one month the later recorded."""
    c = AwardChange
    rank = func.row_number().over(partition_by=c.award_id, order_by=(c.month.desc(), c.seq.desc())).label("rank")
    return select(c.award_id, c.kind, c.month, *columns, rank).where(c.county_code == county, c.month <= month, c.kind.in_(kinds)).subquery()


def _running(life: Any, month: int) -> ColumnElement[bool]:
    """Does the award run in the month? The month of death is due, the month of an end is not."""
    ended = exists().where(AwardChange.award_id == Award.id, AwardChange.kind == "end", AwardChange.month <= month).correlate(Award)
    return and_(
        func.coalesce(life.c.kind, "").in_(("grant", "resume")), ~ended, or_(Award.to_month.is_(None), Award.to_month >= month),
        or_(Person.died_on.is_(None), Person.died_on >= roc.first_day(month)),
    )  # fmt: skip


def _paid(county: str, month: int) -> Any:
    """Per award the money of the registers released for the month, by funding source: the lines that closing counts."""
    line = PaymentLine
    lives = exists().where(Payment.run_id == line.run_id, Payment.line_no == line.line_no, Payment.live).correlate(line)
    whole = line.amount + line.deduction

    def fund(name: str) -> ColumnElement[int]:
        return func.sum(func.coalesce(getattr(line, f"fund_{name}"), 0)).label(name)

    return (
        select(
            line.award_id, func.max(line.town_code).label("town"), func.sum(whole).label("paid"), fund("central"), fund("county"), fund("town").label("town_fund"),
            func.sum(case((line.fund_central.is_(None), whole), else_=0)).label("none"),
        )
        .join(PaymentRun, PaymentRun.id == line.run_id)
        .where(
            PaymentRun.county_code == county, PaymentRun.month == month, PaymentRun.state.in_(SPENT), line.run_id == line.root_run_id,
            line.status != "withheld", lives,
        )
        .group_by(line.award_id)
        .subquery()
    )  # fmt: skip


def _awards(county: str, month: int) -> dict[str, Any]:
    lives, worths = ("grant", "suspend", "resume", "end"), ("grant", "amount")
    life, was = _last(county, month, lives), _last(county, month - 1, lives)
    worth, before = (_last(county, m, worths, AwardChange.amount, AwardChange.band) for m in (month, month - 1))
    paid, now, then = _paid(county, month), _running(life, month), _running(was, month - 1)
    movement = case(
        (and_(now, ~then, life.c.kind == "grant"), "new"),
        (and_(now, ~then), "resumed"),
        (and_(now, worth.c.amount != before.c.amount), "changed"),
        (now, "same"),
        (then, "stopped"),
        else_="paid",
    )
    member = HouseholdMember
    listed = or_(member.relation == "applicant", func.coalesce(member.listed, member.same_registration, False))
    persons = select(func.count()).where(member.application_id == Award.application_id, listed).correlate(Award).scalar_subquery()
    household = LowIncomeApplication.__table__
    due = case((and_(now, (month - Award.from_month) % Award.every == 0), worth.c.amount), else_=0)
    statement = select(Award.id).join(Person, Person.id == Award.recipient_id)
    for part in (life, was, worth, before):
        statement = statement.outerjoin(part, and_(part.c.award_id == Award.id, part.c.rank == 1))
    statement = statement.outerjoin(paid, paid.c.award_id == Award.id).outerjoin(household, household.c.id == Award.application_id)
    money = {f"fund_{n}": func.coalesce(paid.c[c], 0) for n, c in (("central", "central"), ("county", "county"), ("town", "town_fund"), ("none", "none"))}
    return {
        "statement": statement.where(Award.county_code == county, or_(now, then, paid.c.paid.is_not(None))),
        "source": literal("award"), "source_id": Award.id, "recipient_id": Award.recipient_id, "county_code": Award.county_code,
        "town_code": func.coalesce(paid.c.town, Award.town_code), "benefit": Award.benefit, "month": literal(month),
        "band": func.coalesce(worth.c.band, Award.band), "grade": literal(""), "sex": Person.sex, "age_from": age_group(Person.birth, month),
        "channel": Award.channel, "cause": func.coalesce(household.c.cause, ""), "movement": movement,
        "persons": case((Award.benefit == LowIncomeApplication.BENEFIT, persons), else_=1), "due": due, "paid": func.coalesce(paid.c.paid, 0), **money,
    }  # fmt: skip


# -- cards and permits -------------------------------------------------------------------------------------------------------------------


def _card_stands(card: Any, day: dt.date) -> ColumnElement[bool]:
    """Is the card in use on the day? A delay that was accepted, or the note on an old card, carries it past its last day."""
    until = func.coalesce(card.extended_to, card.expires)
    return and_(card.issued_on <= day, or_(card.ended_on.is_(None), card.ended_on > day), or_(until.is_(None), until >= day, card.annotated_on.is_not(None)))


def _permit_stands(permit: Any, day: dt.date) -> ColumnElement[bool]:
    return and_(permit.issued_on <= day, or_(permit.ended_on.is_(None), permit.ended_on > day), permit.expires >= day)


def _register(model: Any, source: str, benefit: str, holder: Any, stands: Any, grade: Any, band: Any, county: str, month: int) -> dict[str, Any]:
    """Who holds a card or permit on the last day of the month, and who lost it in the month."""
    day, before = roc.last_day(month), roc.last_day(month - 1)
    other, earlier = aliased(model), aliased(model)
    same = holder.key
    has_another = exists().where(getattr(other, same) == holder, stands(other, day)).correlate(model)
    had_one = exists().where(getattr(earlier, same) == holder, stands(earlier, before)).correlate(model)
    moves = [(and_(stands(model, day), ~had_one), "new")]
    if grade is not None:
        changed = exists().where(getattr(earlier, same) == holder, stands(earlier, before), earlier.grade != grade).correlate(model)
        moves.append((and_(stands(model, day), changed), "changed"))
    movement = case(*moves, (stands(model, day), "same"), else_="stopped")
    zero = {name: literal(0) for name in SUMS if name != "persons"}
    return {
        "statement": select(model.id).join(Person, Person.id == holder).where(
            model.county_code == county, or_(stands(model, day), and_(stands(model, before), ~has_another))
        ),
        "source": literal(source), "source_id": model.id, "recipient_id": holder, "county_code": model.county_code, "town_code": model.town_code,
        "benefit": literal(benefit), "month": literal(month), "band": band, "grade": literal("") if grade is None else grade, "sex": Person.sex,
        "age_from": age_group(Person.birth, month), "channel": literal(""), "cause": literal(""), "movement": movement, "persons": literal(1), **zero,
    }  # fmt: skip


def _cards(county: str, month: int) -> dict[str, Any]:
    card = DisabilityCard
    band = case((card.classes.like("%、%"), MULTIPLE), else_=card.classes)
    return _register(card, "card", "disability_register", card.holder_id, _card_stands, card.grade, band, county, month)


def _permits(county: str, month: int) -> dict[str, Any]:
    permit = ParkingPermit
    return _register(permit, "permit", "parking_permit", permit.person_id, _permit_stands, None, permit.vehicle, county, month)


def _add_up(session: Session, county: str, month: int) -> None:
    f = StatisticFact
    cut = [getattr(f, name) for name in CUTS]
    sums = [func.sum(getattr(f, name)) for name in SUMS]
    rows = (
        select(f.county_code, f.town_code, f.benefit, *cut, *sums, func.count(), func.sum(case((f.paid > 0, 1), else_=0)))
        .where(f.county_code == county, f.month == month)
        .group_by(f.county_code, f.town_code, f.benefit, *cut)
    )
    session.execute(insert(StatisticCell).from_select(["county_code", "place", "benefit", *CUTS, *SUMS, "rows", "paid_rows"], rows))


# -- which months ------------------------------------------------------------------------------------------------------------------------


def to_compute(session: Session, today: dt.date) -> list[tuple[str, int]]:
    """(county, month) of the nightly run, the newest first: the last months, and back to whatever was changed since an older one was computed."""
    last = roc.month_of(today)
    counties = session.scalars(select(Award.county_code).union(select(DisabilityCard.county_code), select(ParkingPermit.county_code)).order_by("county_code"))
    out = []
    for county in list(counties):
        first = last - KEPT_FRESH + 1
        oldest = session.scalar(select(func.min(StatisticMonth.built_at)).where(StatisticMonth.county_code == county, StatisticMonth.month < first))
        if oldest is not None:
            reached = session.scalar(select(func.min(AwardChange.month)).where(AwardChange.county_code == county, AwardChange.recorded_at > oldest))
            known = session.scalar(select(func.min(StatisticMonth.month)).where(StatisticMonth.county_code == county))
            first = max(known or first, min(first, reached or first))
        out += [(county, month) for month in range(last, first - 1, -1)]
    return out


def freshness(session: Session, first: int, last: int) -> tuple[dt.datetime | None, list[int]]:
    """Since when the oldest of the months computed stands, and the months nobody computed yet; within the scope in force."""
    rows = session.execute(
        select(StatisticMonth.month, func.min(StatisticMonth.built_at)).where(StatisticMonth.month.between(first, last)).group_by(StatisticMonth.month)
    ).all()
    known = {row[0]: row[1] for row in rows}
    return min(known.values(), default=None), [m for m in range(first, last + 1) if m not in known]


@command("figures.refresh", roles=COUNTY)
def request(ctx: Context, first: int, last: int) -> int:
    """Compute the county's months anew, as a job; its number. Raises Refused."""
    county = ctx.actor.scope.county_code
    if county is None or ctx.actor.scope.level != "county":
        raise Refused("統計由縣府重新計算；公所與中央看的是縣府算好的數字", "E-FIGURES")
    if not 0 <= last - first < MOST_MONTHS or last > roc.month_of(clock.today()):
        raise Refused(f"請填到本月為止、最多 {MOST_MONTHS} 個月的期間", "E-FIGURES")
    args = {"county": county, "first": first, "last": last}
    return enqueue(ctx, JOB, args, scope=f"統計 {county} {roc.month5(first)}-{roc.month5(last)}").id

