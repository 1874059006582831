"""Cases in the caseworker's own words, one file per benefit: what is granted, how much, and by which article."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core import roc
from app.rules import (
    assistive_device_subsidy,
    child_youth_living_assistance,
    disability_care_subsidy,
    disability_living_allowance,
    disability_register,
    low_income_living_assistance,
    parking_permit,
)
from app.rules.facts import Finding, Residence
from app.rules.laws import law_of
from app.rules.local_definition import Definition, LocalFacts, delivered
from app.rules.low_income_amounts import LowIncomeMember
from app.rules.parameters import Parameters
from app.rules.trace import Decision
from tests.rules.disabled import NO, YES_, ah_mei, day
from tests.rules.families import HSINCHU, R, parameters, person, setting

from .words import Assessment, DeviceItem, NamedFinding, Story, read

LATER = (setting("minimum_living_expense", 10_244, "100/1/1"), setting("basic_wage", 17_880, "100/1/1"))


def _low(s: Story) -> Any:
    able = s.who.pop("able", False)

    def applicant(**more: Any) -> Any:
        who = ah_mei(**more)
        return replace(who, conditions=more.get("conditions", ())) if able else who

    c = s.built(applicant)
    members = []
    for m in c.members:
        fields = {"card": False, "student": False, "other_benefits": (), "residence": c.residence, **s.members.get(m.ref, {})}
        if m is c.applicant:
            fields["other_benefits"] = c.other_benefits
        members.append(LowIncomeMember(m.ref, **fields))
    return low_income_living_assistance.LowIncomeFacts(c, tuple(members), **{"visited": s.on, **s.own})


def _child(s: Story) -> Any:
    c = s.built(lambda **more: person("小寶", R.APPLICANT, "95/6/20", **more))
    return child_youth_living_assistance.ChildFacts(c, **{"category": "near_low", **s.own})


def _living(s: Story) -> Any:
    return disability_living_allowance.DisabilityLivingFacts(s.built(), s.held(), **{"institution": NO, **s.own})


def _care(s: Story) -> Any:
    base: dict[str, Any] = {
        "placed": YES_,
        "service": "residential",
        "fee": 18_000,
        "referred": False,
        "parent_65": NO,
        "disabled_in_family": 1,
    }
    return disability_care_subsidy.CareFacts(s.built(), s.held(), **{**base, "same_service": NO, **s.own})


def _device(s: Story) -> Any:
    item = DeviceItem(**{"code": "12", "name": "輪椅", "max_amount": 4_000, "min_years": 3, **s.item})
    base: dict[str, Any] = {"qualifies": YES_, "report": s.on, "history": tuple(s.history)}
    known = {**base, **s.own}
    of_person = {name: known.pop(name) for name in ("history", "special") if name in known}
    asked = assistive_device_subsidy.RequestedDevice("1", known.pop("item", item), **known)
    return assistive_device_subsidy.DeviceApplicationFacts(s.built(), s.held(), (asked,), **of_person)


def _permit(s: Story) -> Any:
    return parking_permit.PermitFacts(s.built(), s.held(), **{"special_plate": NO, "other_permit": NO, **s.own})


def _register(s: Story) -> Any:
    base: dict[str, Any] = {"day": s.on, "hospital": "新竹醫院", "classes": ("7",), "qualifies": True, "needs_assessed": s.on}
    return disability_register.RegisterFacts(s.built(), Assessment(**{**base, **s.assessment}), old=s.held(), **s.own)


def _senior(s: Story) -> Any:
    found = {"public_pension": False, "active_public_employee": False, **s.found}
    named = tuple(NamedFinding(code, Finding(holds)) for code, holds in found.items())
    base: dict[str, Any] = {"registered_since": day("80/1/1"), "own_income": 0, "own_real_estate": 0}
    return LocalFacts(s.built(), findings=named, **{**base, **s.own})


def _paralysed(s: Story) -> Any:
    found = {"bedridden": True, "institution": False, **s.found}
    named = tuple(NamedFinding(code, Finding(holds)) for code, holds in found.items() if code != "confirmed")
    return LocalFacts(s.built(), card=s.held(), findings=named, **{"registered_since": day("80/1/1"), **s.own})


def _confirmed() -> Definition:
    """The delivered proposal as a county confirms it."""
    proposal = delivered()["paralysis_living_allowance"]
    return replace(proposal, versions=tuple(replace(v, confirmed=True) for v in proposal.versions))


FACTS: dict[str, Callable[[Story], Any]] = {
    "low_income_living_assistance": _low, "child_youth_living_assistance": _child, "disability_living_allowance": _living,
    "disability_care_subsidy": _care, "assistive_device_subsidy": _device, "parking_permit": _permit, "disability_register": _register,
    "county_senior_allowance": _senior, "paralysis_living_allowance": _paralysed,
}  # fmt: skip
REGISTERS = ("parking_permit", "disability_register")


def rows_of(benefit: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(__file__).with_name(f"{benefit}.csv").open(encoding="utf-8")))


CASES = [(benefit, row) for benefit in FACTS for row in rows_of(benefit)]


def judged(benefit: str, row: dict[str, str]) -> Decision:
    on = roc.parse_date(row["日期"])
    story = read(row["事實"], on)
    named = {p.name for p in story.settings}
    rows = Parameters((*story.settings, *parameters().rows(), *(p for p in LATER if p.name not in named)), HSINCHU)
    asked = {} if story.found.get("confirmed") is False else {"paralysis_living_allowance": _confirmed()}
    law = law_of(benefit, {benefit: asked[benefit]} if benefit in asked else None)
    return law.decide(FACTS[benefit](story), rows, None)


@pytest.mark.parametrize(("benefit", "row"), CASES, ids=[f"{b}-{r['編號']}-{r['情形']}" for b, r in CASES])
def test_case(benefit: str, row: dict[str, str]) -> None:
    found = judged(benefit, row)
    told = "\n".join(f"{t.outcome.zh} {t.article} {t.question} {t.measured} / {t.limit} {t.note}" for t in found.trace)
    assert {"yes": "准", "no": "不准", "unknown": "未定"}[found.eligible.value] == row["結果"], told
    if row["結果"] == "准":
        shown = roc.show_date(found.valid_to) if benefit in REGISTERS else str(found.amount)
        assert shown == row["金額"], told
    deciding = {"yes": found.trace, "no": found.failed(), "unknown": found.open_questions()}[found.eligible.value]
    cited = [t.article for t in deciding] + [c.article for c in found.household] + [p.article for p in found.payments]
    assert any(row["依據"] in article for article in cited), told


@pytest.mark.parametrize("benefit", FACTS)
def test_每項津貼至少25例_登記至少10例(benefit: str) -> None:
    assert len(rows_of(benefit)) >= (10 if benefit in REGISTERS else 25)
    assert Residence().lives_there is None
