"""The law as a county works with it: dated parameters with the county's own settings, and the exclusion pairs in force."""

import datetime as dt

from sqlalchemy.orm import Session

from app.commands.parameters import exclusions_in_force, parameters_in_force
from app.rules.exclusions import Exclusion
from app.rules.parameters import Parameters


def parameters(session: Session, county_code: str) -> Parameters:
    """Delivered parameters and the county's approved settings."""
    return parameters_in_force(session, county_code)


def exclusions(session: Session, county_code: str, on: dt.date) -> tuple[Exclusion, ...]:
    """The exclusion pairs a county works with on a day."""
    return exclusions_in_force(session, county_code, on)
