"""Fill an empty, prepared database with the demo county."""

import datetime as dt
import sys
import time
from collections.abc import Callable

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands import parameters
from app.commands.base import Refused
from app.commands.casework import deadlines
from app.commands.figures import refresh
from app.core import clock, roc
from app.extensions import WRITE, db
from app.models.doubt import Doubt
from app.models.overpayment import Overpayment
from app.models.payment import Payment
from app.models.person import Person
from app.security import audit, scope

from . import accounts, care, cases, county_work, further, means, notices, people, places
from .accounts import DIRECTOR, OFFICER, Staff
from .cases import Made
from .months import Months
from .people import Population

DEFAULT_HOUSEHOLDS, DEFAULT_SEED = 1130, 115
RUNS = 3
"""Months that were paid, reported and matched before today."""
BASIC_WAGE = 29_500
SETTINGS = (
    ("elderly_real_estate_limit", "6500000", "示範：縣府評定標準（虛構文號）"),
    ("deposit_interest_rate", "0.017", "示範：臺灣銀行一年期定期存款固定利率（虛構）"),
    ("child_youth_living_assistance", "2197", "示範：縣府公告（虛構文號）"),
    ("announced_land_value_rise", "0.0215", "示範：縣府公告土地現值調整幅度（虛構）"),
)


def fill(households: int = DEFAULT_HOUSEHOLDS, seed: int = DEFAULT_SEED, say: Callable[[str], None] | None = None) -> dict[str, int]:
    """Make the demo county; counts of what was made. Raises Refused when the database already has people."""
    say = say or (lambda text: print(text, file=sys.stderr, flush=True))
    began = time.monotonic()
    with scope.use(scope.SYSTEM):
        session = db.session()
        if session.scalar(select(func.count()).select_from(Person)):
            raise Refused("資料庫已經有個人資料，示範資料只能建在空的資料庫", "E-DEMO")
        today = clock.today()
        _begin(session)
        accounts.create(session)
        session.commit()
        staff = Staff(session)
        first = roc.month_of(today) - RUNS
        population = people.generate(households, seed, today)
        wealth = means.generate(population, seed, today, BASIC_WAGE)
        with clock.frozen(dt.datetime.combine(roc.first_day(first), dt.time(1), dt.UTC)):
            _settings(staff)
            made = _cases(session, staff, population, wealth, seed, today, first - 1)
        say(f"　{len(made):,} 件申請（{time.monotonic() - began:.0f} 秒）")
        Months(session, staff, population, wealth, made, seed, first, first + RUNS - 1).work()
        others = further.fill(population, staff, seed)
        notices.fill(session, staff)
        _begin(session)
        county_work.fill(session, staff)
        _begin(session)
        deadlines.refresh(session)
        session.commit()
        _figures(session, first)
        counts = {
            "people": len(population.people),
            "applications": len(made) + others,
            "decisions": sum(f.decided for f in made),
            "awards": sum(f.from_month is not None for f in made),
            "payments": session.scalar(select(func.count()).select_from(Payment)) or 0,
            "doubts": session.scalar(select(func.count()).select_from(Doubt)) or 0,
            "overpayments": session.scalar(select(func.count()).select_from(Overpayment)) or 0,
        }
        session.rollback()
    say(f"示範縣建立完成：{counts['applications']:,} 件申請、{counts['awards']:,} 件津貼，{time.monotonic() - began:.1f} 秒")
    return counts


def _figures(session: Session, first: int) -> None:
    """The figures of the worked months, as the night would compute them."""
    _begin(session)
    for month in range(first, roc.month_of(clock.today()) + 1):
        refresh.build(session, places.COUNTY, month, clock.now())
    session.commit()


def _begin(session: Session) -> None:
    session.rollback()
    session.connection(execution_options=WRITE)


def _cases(session: Session, staff: Staff, population: Population, wealth: means.Means, seed: int, today: dt.date, paid_until: int) -> list[Made]:
    """The applications in one transaction, with one line in the audit trail for all of them."""
    _begin(session)
    made = cases.fill(session, population, wealth, staff, seed, today, paid_until)
    audit.append(
        session,
        current_app.config["AUDIT_KEY"],
        [audit.Draft("demo.filled", "application", "*", {"applications": len(made), "seed": seed})],
        actor_id=None,
        actor="示範資料",
        office="系統",
    )
    session.commit()
    session.expunge_all()
    return made


def _settings(staff: Staff) -> None:
    """What no public source gives: proposed by one of the demo's people, approved by another."""
    for name, value, source in (*SETTINGS, *care.SETTINGS):
        row = parameters.propose_parameter(staff.actor(OFFICER), name, value, dt.date(2008, 1, 1), source, note="示範")
        parameters.approve_parameter(staff.actor(DIRECTOR), row)
