"""Applications for local benefits: which definition judges them, what their form asks, which exclusions hold. Nothing for other benefits."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.base import Refused
from app.commands.local_benefits import definitions_in_force
from app.commands.parameters import exclusions_in_force
from app.core import clock
from app.models.application import DELIVERED_LOCAL, Application, Document
from app.models.award import Award
from app.models.local_application import LocalApplication
from app.models.person import Person
from app.rules.exclusions import Exclusion, active
from app.rules.local_benefit import pairs_on
from app.rules.local_definition import Definition
from app.rules.local_form import form_of
from app.rules.versions import NoLaw


def is_local(benefit: str) -> bool:
    """Is this a benefit that counties define?"""
    return benefit in DELIVERED_LOCAL or benefit.startswith("local_")


def definitions(session: Session, county_code: str, benefit: str) -> dict[str, Definition]:
    """The county's definition of a local benefit by its code; nothing for benefits that are code."""
    return definitions_in_force(session, county_code, benefit) if is_local(benefit) else {}


def ask(session: Session, application: Application) -> None:
    """Note on an application what the version in force asks today, and add the documents it wants. Raises Refused without one."""
    if not isinstance(application, LocalApplication):
        return
    definition = definitions(session, application.county_code, application.benefit).get(application.benefit)
    if definition is None:
        raise Refused("本縣尚未啟用這項津貼，請縣府於「地方津貼」設定並啟用", "E-LOCAL")
    try:
        version = definition.on(clock.today())
    except NoLaw as gap:
        raise Refused(str(gap), "E-LOCAL") from None
    form = form_of(definition, version)
    if form == application.form:
        return
    application.form = form
    have = {d.code for d in application.documents}
    where = {"county_code": application.county_code, "town_code": application.town_code}
    application.documents += [Document(code=d.code, required=d.required, **where) for d in version.documents if d.code not in have]


def pairs(session: Session, county_code: str, benefit: str, on: dt.date) -> tuple[Exclusion, ...]:
    """The exclusions of a benefit a county works with on a day; a local benefit brings its own."""
    settings = exclusions_in_force(session, county_code, on)
    definition = definitions(session, county_code, benefit).get(benefit)
    if definition is None:
        return tuple(e for e in active(settings) if e.benefit == benefit)
    try:
        return tuple(active(pairs_on(definition, definition.on(on), on, settings)))
    except NoLaw:
        return ()


def pairs_of_others(session: Session, county_code: str, benefit: str, on: dt.date) -> tuple[Exclusion, ...]:
    """What the county's own definitions say about a benefit as their counterpart: their half of the check when that benefit is reviewed."""
    settings = exclusions_in_force(session, county_code, on)
    found: list[Exclusion] = []
    for code, definition in definitions_in_force(session, county_code).items():
        if code == benefit:
            continue
        try:
            own = pairs_on(definition, definition.on(on), on, settings)
        except NoLaw:
            continue
        found += [e for e in active(own) if e.counterpart == benefit]
    return tuple(found)


def refuse_second(session: Session, person: Person, benefit: str, form: dict[str, object]) -> None:
    """What is paid once is not granted to the same person again. Raises Refused."""
    if form.get("rhythm") != "once" or person.id is None:
        return
    drawn = session.scalar(select(Award.case_no).where(Award.recipient_id == person.id, Award.benefit == benefit).limit(1))
    if drawn:
        raise Refused(f"這項津貼一生發給一次，此人已以案件 {drawn} 核定，不能再發給", "E-LOCAL-ONCE")
