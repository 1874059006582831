"""An example case as a short list of answers, and the facts it stands for: a person writes the answers, the law reads the facts.

An answer nobody gave (None) is not known, as at the counter. `draws` is the code of another benefit the person draws now.
"""

import datetime as dt
from dataclasses import dataclass

from app.core import roc

from . import facts as f
from .disability import Card, Grade
from .local_definition import Example, ExampleSetting, LocalFacts, LocalVersion, NamedFinding
from .local_form import FINDING, asked

ELSEWHERE = "63000"
"""Some other county, for somebody who is not registered here."""
MEANS = ("household_income", "movable", "real_estate")


@dataclass(frozen=True, slots=True)
class Told:
    """The answers of one example. `values` by the names `questions_of` gives."""

    name: str
    on: dt.date
    eligible: str
    amount: int | None
    values: dict[str, object]
    settings: dict[str, int]


def questions_of(version: LocalVersion) -> tuple[str, ...]:
    """What an example of this version has to say, in order; nothing its tests do not ask."""
    found = asked(version)
    names = ["birth"]
    types = {t.type for t in version.tests}
    if "registered" in types:
        names.append("registered")
    for name in found.needed:
        names.append({"card_held": "card_grade"}.get(name, name))
    if "class" in types:
        names.append("card_class")
    if found.means:
        names += MEANS
    if version.exclusions:
        names.append("draws")
    return tuple(dict.fromkeys(names))


def settings_of(version: LocalVersion) -> tuple[str, ...]:
    """The county settings the version stands on; an example says which values it takes for them."""
    return tuple(dict.fromkeys(p for p in (*(t.parameter for t in version.tests), *(a.parameter for a in version.amounts)) if p))


def example_of(told: Told, county_code: str) -> Example:
    """The example the law can judge."""
    settings = tuple(ExampleSetting(name, value) for name, value in told.settings.items())
    return Example(told.name, facts_of(told, county_code), told.eligible, told.amount, settings=settings)


def facts_of(told: Told, county_code: str) -> LocalFacts:
    """The facts of the answers."""
    v = told.values

    def yes_no(name: str) -> bool | None:
        value = v.get(name)
        return value if isinstance(value, bool) else None

    def number(name: str) -> int | None:
        value = v.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def day(name: str) -> dt.date | None:
        value = v.get(name)
        return value if isinstance(value, dt.date) else None

    registered = yes_no("registered")
    status, draws = v.get("low_income_status"), v.get("draws")
    other = (f.OtherBenefit(str(draws), roc.month_of(told.on) - 1, None),) if draws else ()
    case = f.CaseFacts(
        on=told.on,
        county_code=county_code,
        members=(_applicant(day("birth"), number("household_income"), number("movable"), number("real_estate")),),
        application_date=told.on,
        documents_complete=told.on,
        residence=f.Residence(
            registered_county=None if registered is None else county_code if registered else ELSEWHERE,
            lives_there=yes_no("lives_at_registration"),
            days_in_taiwan=number("days_in_taiwan"),
        ),
        placement=f.Finding(yes_no("public_placement")),
        custody=f.Finding(yes_no("in_custody")),
        other_benefits=other,
        status=f.Status(str(status)) if status else None,
    )
    return LocalFacts(
        case,
        registered_since=day("registered_since"),
        card=_card(v.get("card_grade"), v.get("card_class"), told.on),
        own_income=number("own_income"),
        own_real_estate=number("own_real_estate"),
        findings=tuple(NamedFinding(n.removeprefix(FINDING), f.Finding(yes_no(n))) for n in v if n.startswith(FINDING)),
    )


def _applicant(birth: dt.date | None, income: int | None, movable: int | None, real_estate: int | None) -> f.Member:
    """A person alone: works for the household's income, owns its deposit and its house."""
    work = None if income is None else f.Work(income > 0, monthly_pay=income or None)
    incomes = None if income is None else ()
    held = [(f.AssetKind.DEPOSIT, movable), (f.AssetKind.HOUSE, real_estate)]
    assets = None if movable is None and real_estate is None else tuple(f.Asset(kind, value) for kind, value in held if value)
    return f.Member("1", f.Relation.APPLICANT, "範例申請人", birth, work=work, incomes=incomes, assets=assets)


def _card(grade: object, kind: object, on: dt.date) -> Card | None:
    """A card that is valid on the day of the example; none where neither grade nor class was told."""
    if not grade and not kind:
        return None
    if grade == "none":
        return Card(held=False)
    issued = dt.date(on.year - 1, on.month, 1)
    return Card(
        held=True, grade=Grade(str(grade)) if grade else None, classes=(str(kind),) if kind else (), issued=issued,
        expires=dt.date(on.year + 2, on.month, 1),
    )  # fmt: skip


def told_of(example: Example) -> Told:
    """The answers of a stored example, for the form."""
    x, case = example.facts, example.facts.case
    who = case.applicant
    values: dict[str, object] = {
        "birth": who.birth,
        "registered": None if case.residence.registered_county is None else case.residence.registered_county == case.county_code,
        "lives_at_registration": case.residence.lives_there,
        "days_in_taiwan": case.residence.days_in_taiwan,
        "registered_since": x.registered_since,
        "public_placement": case.placement.holds,
        "in_custody": case.custody.holds,
        "low_income_status": case.status.value if case.status else None,
        "own_income": x.own_income,
        "own_real_estate": x.own_real_estate,
        "card_grade": None if x.card is None else "none" if x.card.held is False else x.card.grade.value if x.card.grade else None,
        "card_class": x.card.classes[0] if x.card and x.card.classes else None,
        "household_income": None if who.work is None else who.work.monthly_pay or 0,
        "movable": _held(who, f.AssetKind.DEPOSIT),
        "real_estate": _held(who, f.AssetKind.HOUSE),
        "draws": case.other_benefits[0].kind if case.other_benefits else None,
        **{FINDING + n.code: n.finding.holds for n in x.findings},
    }
    return Told(example.name, case.on, example.eligible, example.amount, values, {s.name: s.value for s in example.settings})


def _held(who: f.Member, kind: f.AssetKind) -> int | None:
    return None if who.assets is None else sum(a.value or 0 for a in who.assets if a.kind is kind)
