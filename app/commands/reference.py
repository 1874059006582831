"""Reference data every installation needs. Each room registers a loader; loading twice changes nothing."""

import csv
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.office import County, Office, Township

DATA = Path(__file__).parent / "data"
LOADERS: list[Callable[[Session], None]] = []


def reference_loader(function: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register a function(session) that adds what is missing, and never changes what people have changed."""
    LOADERS.append(function)
    return function


def load(session: Session) -> None:
    """Run every loader, places and offices first."""
    _places(session)
    for loader in LOADERS:
        loader(session)
    session.flush()


def read_rows(name: str) -> list[dict[str, str]]:
    """A table of reference data from the data folder."""
    with open(DATA / name, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def _places(session: Session) -> None:
    have = set(session.scalars(select(County.code)))
    for row in read_rows("counties.csv"):
        if row["code"] not in have:
            session.add(
                County(
                    code=row["code"],
                    name=row["name"],
                    region=row["region"],
                    valid_to=row["valid_to"] or None,
                    successor=row["successor"] or None,
                )
            )
    session.flush()
    towns = set(session.scalars(select(Township.code)))
    for row in read_rows("townships.csv"):
        if row["code"] not in towns:
            session.add(Township(code=row["code"], name=row["name"], zip_code=row["zip"] or None, county_code=row["code"][:5]))
    session.flush()
    offices = set(session.scalars(select(Office.code)))
    for row in read_rows("offices.csv"):
        if row["code"] not in offices:
            session.add(
                Office(
                    code=row["code"],
                    name=row["name"],
                    kind=row["kind"],
                    county_code=row["county_code"] or None,
                    town_code=row["town_code"] or None,
                )
            )
    session.flush()
