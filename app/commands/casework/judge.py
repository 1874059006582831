"""Ask the law about an application: the county's parameters, the facts as stored, the rule of the benefit."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from app.commands.base import Refused
from app.commands.parameters import exclusions_in_force, parameters_in_force
from app.models.application import Application
from app.models.household import HouseholdMember
from app.rules import codec
from app.rules.laws import law_of
from app.rules.trace import Decision
from app.rules.versions import NoLaw

from . import local
from .facts import case_facts


def decide(session: Session, application: Application, on: dt.date) -> Decision:
    """What the rule answers today about this application; nothing is stored. Raises Refused on a day without a law."""
    county = application.county_code
    law = law_of(application.benefit, local.definitions(session, county, application.benefit))
    try:
        return law.decide(case_facts(application, on), parameters_in_force(session, county), exclusions_in_force(session, county, on))
    except NoLaw as gap:
        raise Refused(str(gap), "E-LAW") from None


def assess(session: Session, application: Application, on: dt.date) -> Decision | None:
    """`decide`, and note on every member whether the rule counts him or her, by which clause and why. None before there is an applicant."""
    if sum(m.relation == "applicant" for m in application.members) != 1:
        return None
    found = decide(session, application, on)
    mark(application.members, found)
    return found


def mark(members: list[HouseholdMember], found: Decision) -> None:
    """Write the rule's answer about each person on the members."""
    answers = {c.ref: c for c in found.household}
    for m in members:
        c = answers.get(str(m.position))
        m.counted, m.clause, m.reason = (c.counted, c.article[:80], c.reason[:300]) if c else (None, None, None)


def plain(value: Any) -> Any:
    """Facts or decision as stored in a JSON column."""
    return codec.to_plain(value)
