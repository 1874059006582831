"""The demo's institutions, the people in them, and two months of invoices: one approved, one with an adjustment that waits for a second person."""

import datetime as dt
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from app.commands.care import contracts, institutions, invoices
from app.commands.casework import review
from app.core import clock, roc
from app.models.application import Application
from app.models.care_invoice import CareInvoice

from . import places
from .accounts import DIRECTOR, OFFICER, Staff
from .people import Someone

BENEFIT = "disability_care_subsidy"
SETTINGS = (
    *((f"disability_care_ceiling.{code}", value, "示範：縣府公告收費上限（虛構文號）")
      for code, value in (("day", "12000"), ("night", "15000"), ("residential", "21000"), ("community", "18000"))),
    ("disability_care_absence.days", "5", "示範：縣府托育養護契約範本（虛構）"),
    ("disability_care_absence.holidays", "0", "示範：縣府托育養護契約範本（虛構）"),
)  # fmt: skip
HOMES = (("示範教養院", "residential", 20_500, 60), ("示範日間照顧中心", "day", 11_500, 24))
"""(name, service, fee ceiling, places)."""
INSIDE = 5
"""People with a contract; the last is in day care."""


def facts(rng: Random, card: dict[str, Any]) -> dict[str, Any]:
    """What an application for care says."""
    service, fee = rng.choice((("residential", 20_000), ("day", 11_000)))
    return {
        **card, "lives_at_registration": True, "days_in_taiwan": 360, "placed": True, "care_home": HOMES[0][0], "service": service, "fee": fee,
        "same_service": False, "disabled_in_family": 1, "parent_65": False, "low_income_status": rng.choice(("low", "near_low")),
    }  # fmt: skip


def fill(people: Iterator[Someone], staff: Staff, rng: Random, card: Callable[[Random], dict[str, Any]], case: Callable[..., int]) -> int:
    """Institutions, granted cases with contracts, absences and invoices; how many cases."""
    today = clock.today()
    last = roc.month_of(today) - 1
    began = roc.first_day(last - 1)
    officer, director = staff.actor(OFFICER), staff.actor(DIRECTOR)
    homes = [_home(officer, n, *row, today) for n, row in enumerate(HOMES, 1)]
    inside = []
    with clock.frozen(dt.datetime.combine(began, dt.time(2), dt.UTC)):
        for n in range(INSIDE):
            who = next(people, None)
            if who is None:
                break
            home, service, fee = (homes[1], "day", 11_000) if n == INSIDE - 1 else (homes[0], "residential", (20_000, 19_500, 23_000, 20_000)[n % 4])
            pk = case(staff, BENEFIT, who, {**facts(rng, card(rng)), "service": service, "fee": fee}, 5)
            review.approve(director, pk)
            recipient = staff.session.get_one(Application, pk).applicant_id
            inside.append(
                contracts.open_contract(
                    officer, recipient_id=recipient, institution_id=home, service=service, since=began, fee=fee, bed=f"{101 + n}", self_pay=fee // 10
                )
            )
    if len(inside) < INSIDE:
        return len(inside)
    away = roc.first_day(last) + dt.timedelta(days=4)
    contracts.add_absence(officer, inside[1], away, away + dt.timedelta(days=11), "hospital")
    first = invoices.create_invoice(officer, institution_id=homes[0], month=last - 1, invoice_no="示範教養字第1號")
    invoices.check_invoice(officer, first)
    invoices.approve_invoice(director, first)
    second = invoices.create_invoice(officer, institution_id=homes[0], month=last, invoice_no="示範教養字第2號")
    line = staff.session.get_one(CareInvoice, second).lines[0]
    invoices.adjust_line(officer, second, line.line_no, line.computed - 500, "機構退還當月伙食費")
    invoices.create_invoice(officer, institution_id=homes[1], month=last, invoice_no="示範日照字第1號")
    return len(inside)


def _home(officer: Any, n: int, name: str, service: str, ceiling: int, beds: int, today: dt.date) -> int:
    pk = institutions.add_institution(
        officer, name=name, tax_no=f"{99000000 + n}", place_code=places.COUNTY, address="新竹縣示範路1號", phone="03-0000000",
        licence_no=f"示社障字第{n:03d}號", licence_from=dt.date(2020, 1, 1), licence_to=today + dt.timedelta(days=(900, 40)[n % 2]),
        payee_name=name, bank_code="0040001", account=f"00100200{n:04d}",
    )  # fmt: skip
    institutions.set_service(officer, pk, service, dt.date(2020, 1, 1), ceiling, beds, "示社障字第1090000001號")
    return pk
