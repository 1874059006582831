"""A low-income household of the demo from the counter to its register: a mother and two children, one amount, three persons."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from app.commands import payer_settings, payments
from app.commands.casework import documents, intake, review
from app.core import clock, roc
from app.models.application import Application

from . import places
from .accounts import DIRECTOR, OFFICER, Staff
from .people import Someone

BENEFIT = "low_income_living_assistance"
DAYS_AGO = 40
WAGE = 36_000
MEMBER = {"listed": True, "residence_lives_there": True, "residence_days_in_taiwan": 366, "card": False}


def fill(grown: Iterator[Someone], young: Iterator[Someone], staff: Staff) -> int:
    """The case, its decision and the register of the month in which it was decided, made and not yet checked; how many cases."""
    mother = next((p for p in grown if p.sex == "F" and p.age_on(clock.today()) < 50), None)
    children = [p for p in (next((c for c in young if low <= c.age_on(clock.today()) < high), None) for low, high in ((7, 11), (15, 17))) if p]
    if mother is None or len(children) < 2:
        return 0
    payer_settings.add_payer_setting(
        staff.actor(DIRECTOR), benefit=BENEFIT, payer_name="新竹縣政府", cutoff_day=20, post_office="0061234", post_account="50123458"
    )
    with clock.frozen(dt.datetime.combine(clock.today() - dt.timedelta(days=DAYS_AGO), dt.time(3), dt.UTC)):
        _case(staff, mother, children)
        today = clock.today()
        payments.build_run(staff.actor(OFFICER), benefit=BENEFIT, payer=places.COUNTY, month=roc.month_of(today), cutoff_on=roc.last_day(roc.month_of(today)))
    return 1


def _case(staff: Staff, mother: Someone, children: list[Someone]) -> None:
    today = clock.today()
    clerk, chief = staff.actor(staff.clerk(mother.town_code)), staff.actor(staff.chief(mother.town_code))
    pk = intake.open_draft(
        clerk, BENEFIT, intake.NewPerson(mother.person_id, mother.name, mother.birth, mother.sex, mother.address, mother.address, mother.phone)
    )
    tax_year = today.year - roc.EPOCH - (1 if today.month >= 10 else 2)
    wage = [{"kind": "wage", "amount": WAGE * 12, "per": "year", "tax_year": tax_year, "source": "tax"}]
    lines: dict[int, dict[str, Any]] = {1: {"tax_year": tax_year, "employed": True, "incomes": wage, "assets": [], "student": False, **MEMBER}}
    members = []
    for n, child in enumerate(children, 2):
        student = child.age_on(today) >= 15
        proof = [{"kind": "day_student", "proven": True, "proof": "在學證明"}] if student else []
        members.append({
            "position": n, "relation": "child", "person_id": child.person_id, "name": child.name, "birth": child.birth, "sex": child.sex,
            "lives_together": True, "same_registration": True, "claims_dependant": False, "employed": False, "student": student, "circumstances": proof,
            **MEMBER,
        })  # fmt: skip
        lines[n] = {"tax_year": tax_year, "incomes": [], "assets": []}
    fields = {
        "lives_at_registration": True, "days_in_taiwan": 366, "public_placement": False, "cause": "single_parent", "housing": "rented",
        "household_taken_on": today, "consent_on": today, "affidavit_on": today, "channel": "post", "institution": "0061234",
        "account": f"{pk % 10**7:07d}",
    }  # fmt: skip
    application = staff.session.get_one(Application, pk)
    papers = {d.code: {"received_on": today} for d in application.documents if d.required}
    intake.save_draft(clerk, pk, intake.Draft(fields=fields, members=members, lines=lines, documents=papers))
    intake.submit(clerk, pk)
    documents.mark_documents_complete(clerk, pk)
    review.first_review(chief, pk, "pass", "資料相符，擬准予發給", today, "租屋居住，子女就學中，所訪與申請相符")
    review.forward(chief, pk)
    review.second_review(staff.actor(OFFICER), pk, "複核無誤")
    review.approve(staff.actor(DIRECTOR), pk)
