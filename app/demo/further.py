"""A few cases of the other benefits, put through the product's own commands by the demo's staff, one in each state of the way."""

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any

from app.commands import payer_settings
from app.commands.casework import documents, intake, review
from app.commands.casework.judge import decide
from app.core import clock, roc
from app.models.application import Application
from app.rules.benefits import benefit
from app.rules.clocks import case_clocks
from app.rules.trace import Answer

from . import care, devices, local, low_income, places, register
from .accounts import DIRECTOR, OFFICER, Staff
from .people import Population, Someone

EACH = 6
"""Cases of a benefit: draft, submitted, complete, reviewed, forwarded, reviewed again; a register's last two are decided."""
PAID_HERE = (
    "disability_living_allowance", "child_youth_living_assistance", "county_senior_allowance", "paralysis_living_allowance", care.BENEFIT,
)  # fmt: skip
"""Benefits the county pays itself, so that their first case can be paid; the others' own files say how theirs are."""
_HERE = {"lives_at_registration": True, "days_in_taiwan": 360, "public_placement": False}


def fill(population: Population, staff: Staff, seed: int) -> int:
    """Make the cases; how many. Everybody is somebody of the population who has no case yet."""
    rng = Random(seed * 29 + 3)
    local.define(staff)
    for code in PAID_HERE:
        payer_settings.add_payer_setting(
            staff.actor(DIRECTOR), benefit=code, payer_name="新竹縣政府", cutoff_day=25, post_office="0061234", post_account="50123457"
        )
    grown, young, old = _people(population, 30, 60), _people(population, 1, 17), _people(population, 66, 99)
    made = devices.fill(grown, staff, rng)
    for code, source, facts in (
        ("disability_living_allowance", grown, _living),
        ("low_income_living_assistance", grown, _low_income),
        ("child_youth_living_assistance", young, _child),
        ("disability_register", grown, _register),
        ("parking_permit", grown, _permit),
        ("county_senior_allowance", old, lambda _: local.SENIOR),
        ("paralysis_living_allowance", grown, lambda _: local.PARALYSED),
        (care.BENEFIT, grown, lambda rng: care.facts(rng, _card(rng))),
    ):
        for stage in range(EACH):
            someone = next(source, None)
            if someone is None:
                break
            _case(staff, code, someone, facts(rng), stage)
            made += 1
    made += low_income.fill(grown, young, staff)
    return made + register.fill(grown, staff, rng) + care.fill(grown, staff, rng, _card, _case)


def _people(population: Population, youngest: int, oldest: int) -> Iterator[Someone]:
    """People of the county, town by town, about whom no register will say anything."""
    today = clock.today()
    elders, moved = {f.elder for f in population.families}, {e.person for e in population.events}
    towns: dict[str, list[Someone]] = {}
    for key, p in enumerate(population.people):
        fits = p.county_code == places.COUNTY and youngest <= p.age_on(today) <= oldest
        if fits and key not in elders and key not in moved:
            towns.setdefault(p.town_code, []).append(p)
    while towns:
        for town in sorted(towns):
            yield towns[town].pop(0)
            if not towns[town]:
                del towns[town]


def _card(rng: Random) -> dict[str, Any]:
    today = clock.today()
    return {
        "card_held": True, "card_number": f"J{rng.randrange(10**8):08d}", "card_grade": rng.choice(("mild", "moderate", "severe")),
        "card_classes": rng.choice(("1", "7", "2、7")), "card_issued": today - dt.timedelta(days=400), "card_expires": today + dt.timedelta(days=900),
    }  # fmt: skip


def _living(rng: Random) -> dict[str, Any]:
    return {**_HERE, **_card(rng), "housed": False, "in_custody": False, "low_income_status": rng.choice(("none", "low", "near_low"))}


def _low_income(rng: Random) -> dict[str, Any]:
    return {**_HERE, "cause": rng.choice(("illness", "unemployment", "single_parent")), "housing": rng.choice(("rented", "owned"))}


def _child(rng: Random) -> dict[str, Any]:
    return {"lives_at_registration": True, "public_placement": False, "low_income_status": "near_low", "category": "near_low", "hardship": True,
            "custodian": rng.choice(("mother", "father", "relative"))}  # fmt: skip


def _register(rng: Random) -> dict[str, Any]:
    today = clock.today()
    return {
        "lives_at_registration": True, "issue": "first", "assessment_hospital": "示範醫院", "assessment_day": today - dt.timedelta(days=40),
        "assessment_qualifies": True, "assessment_grade": rng.choice(("mild", "moderate", "severe")), "assessment_classes": "7",
        "assessment_irreversible": rng.random() < 0.3, "assessment_needs_assessed": today - dt.timedelta(days=5),
    }  # fmt: skip


def _permit(rng: Random) -> dict[str, Any]:
    return {"lives_at_registration": True, **_card(rng), "mobility": True, "holder": "self", "vehicle": "car", "plate": f"BDX-{rng.randint(1000, 9999)}",
            "special_plate": False, "other_permit": False}  # fmt: skip


def _case(staff: Staff, code: str, who: Someone, facts: dict[str, Any], stage: int) -> int:
    today = clock.today()
    clerk, chief = staff.actor(staff.clerk(who.town_code)), staff.actor(staff.chief(who.town_code))
    person = intake.NewPerson(who.person_id, who.name, who.birth, who.sex, who.address, who.address, who.phone)
    pk = intake.open_draft(clerk, code, person)
    if stage == 0:
        return pk
    application = staff.session.get_one(Application, pk)
    fields = {**facts, "household_taken_on": today, "consent_on": today, "affidavit_on": today}
    if "account" in application.SECTIONS:
        fields |= {"channel": "post", "institution": "0061234", "account": f"{pk % 10**7:07d}"}
    tax_year = today.year - roc.EPOCH - (1 if today.month >= 10 else 2)
    own: dict[str, Any] = {"tax_year": tax_year, "employed": False} if "means" in application.SECTIONS else {}
    if application.MEMBER_FACTS:
        own |= {"listed": True, "card": False, "student": False, "residence_lives_there": True, "residence_days_in_taiwan": 360}
    papers = {d.code: {"received_on": today} for d in application.documents if d.required}
    intake.save_draft(clerk, pk, intake.Draft(fields=fields, lines={1: own} if own else {}, documents=papers))
    intake.submit(clerk, pk)
    if stage >= 2:
        documents.mark_documents_complete(clerk, pk)
    if stage >= 3:
        fits = decide(staff.session, staff.session.get_one(Application, pk), today).eligible is not Answer.NO
        visited = today if any(c.code == "visit" for c in case_clocks(code)) else None
        opinion = "資料相符，擬准予辦理" if fits else "經試算不符合規定，擬不准"
        review.first_review(chief, pk, "pass" if fits else "fail", opinion, visited, "家訪所見與申請相符" if visited else "")
    if stage >= 4:
        review.forward(chief, pk)
    if stage >= 5 or (stage >= 4 and not benefit(code).pays):
        review.second_review(staff.actor(OFFICER), pk, "複核無誤")
        if not benefit(code).pays:
            review.approve(staff.actor(DIRECTOR), pk)
    return pk
