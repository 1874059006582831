"""Which benefits are worth asking about: a few answers of a citizen, judged by the very rules that decide cases. Never a promise.

What was not answered stays not known. A benefit is worth asking about unless a test of its law fails already by what was answered.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.application import DOCUMENTS, Application
from app.models.office import County, Office
from app.rules import facts as f
from app.rules.benefits import benefits
from app.rules.disability import Grade
from app.rules.laws import law_of
from app.rules.trace import Outcome
from app.rules.versions import NoLaw
from app.security import scope

from .casework.fact_columns import fill
from .local_benefits import definitions_in_force, names_in_force
from .parameters import exclusions_in_force, parameters_in_force

ELSEWHERE = "63000"
"""Some other county than the one asked, for somebody who is not registered here."""
GROWN_UP = 40
"""The age other family members are taken to have: what they earn is what was told, nothing is imputed."""


@dataclass(frozen=True)
class Answers:
    """None = not answered. Sums in NTD: `income` of the whole household a month, `movable` and `real_estate` what it owns. `people` in it."""

    county_code: str
    birth: dt.date | None = None
    registered: bool | None = None
    most_of_year: bool | None = None
    people: int | None = None
    income: int | None = None
    movable: int | None = None
    real_estate: int | None = None
    status: str | None = None
    card: str | None = None
    institution: bool | None = None


@dataclass(frozen=True)
class Found:
    """`against` are (question, article) of the tests that fail by the answers; none = worth asking. `papers` are (name, required)."""

    code: str
    label: Any
    against: tuple[tuple[str, str], ...]
    papers: tuple[tuple[Any, bool], ...]


class _Row:
    """The answers under the names of the facts they answer, as a form's row would hold them; anything else is not answered."""

    def __init__(self, a: Answers, on: dt.date) -> None:
        self.card_held = None if a.card is None else a.card != "none"
        if a.card and a.card != "none":
            self.card_grade = Grade(a.card)
        self.institution = self.placed = a.institution


def counties(session: Session) -> list[tuple[str, str]]:
    """(code, name) of the counties that work with this installation."""
    with scope.use(scope.SYSTEM):
        here = select(Office.county_code).where(Office.kind == "township")
        rows = session.execute(select(County.code, County.name).where(County.code.in_(here)).order_by(County.code))
        return [(code, name) for code, name in rows]


def check(session: Session, answers: Answers) -> list[Found]:
    """Every benefit of the county with what speaks against it; those worth asking about first."""
    on, county = clock.today(), answers.county_code
    with scope.use(scope.SYSTEM):
        parameters, pairs = parameters_in_force(session, county), exclusions_in_force(session, county, on)
        definitions, local = definitions_in_force(session, county), names_in_force(session, county)
    case, row = case_of(answers, on), _Row(answers, on)
    forms = {m.class_.BENEFIT: m.class_ for m in inspect(Application).self_and_descendants}
    found = []
    for code in dict.fromkeys((*benefits(), *local)):
        form = forms.get(code)
        if form is None and code not in local:
            continue  # a local benefit this county has not put in force
        law = law_of(code, definitions)
        try:
            judged = law.decide(case if law.facts is f.CaseFacts else fill(law.facts, row, {"case": case}), parameters, pairs)
            asked = form.DOCUMENTS if form else tuple((d.code, d.required) for d in definitions[code].on(on).documents)
        except NoLaw:
            continue
        against = tuple((line.question, line.article) for line in judged.trace if line.outcome is Outcome.NOT_MET)
        found.append(Found(code, form.LABEL if form else local[code], against, tuple((DOCUMENTS.get(c, c), r) for c, r in asked)))
    return sorted(found, key=lambda x: bool(x.against))


def case_of(a: Answers, on: dt.date) -> f.CaseFacts:
    """The facts the answers stand for. The household's income is shared out evenly, its property stands with the applicant."""
    people = a.people or 1
    share = None if a.income is None else a.income // people
    work = None if share is None else f.Work(share > 0, monthly_pay=share or None)
    incomes = None if a.income is None else ()
    held = ((f.AssetKind.DEPOSIT, a.movable), (f.AssetKind.HOUSE, a.real_estate))
    assets = None if a.movable is None and a.real_estate is None else tuple(f.Asset(kind, value) for kind, value in held if value)
    applicant = f.Member("1", f.Relation.APPLICANT, "", a.birth, lives_together=True, work=work, incomes=incomes, assets=assets)
    grown = dt.date(on.year - GROWN_UP, 1, 1)
    others = tuple(
        f.Member(str(n), f.Relation.CHILD, "", grown, lives_together=True, same_registration=True, work=work, incomes=incomes, assets=())
        for n in range(2, people + 1)
    )
    return f.CaseFacts(
        on=on,
        county_code=a.county_code,
        members=(applicant, *others),
        application_date=on,
        documents_complete=on,
        residence=f.Residence(
            registered_county=None if a.registered is None else a.county_code if a.registered else ELSEWHERE,
            lives_there=a.registered,
            days_in_taiwan=None if a.most_of_year is None else 366 if a.most_of_year else 0,
        ),
        status=f.Status(a.status) if a.status else None,
    )

