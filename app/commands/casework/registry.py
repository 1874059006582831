"""The household of an applicant as the received household register has it: the whole household and first-degree relatives elsewhere.

Pure of the case: rows in, relatives out. Relations are worked out from spouse, father and mother, never from the wording of the register.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from app.commands.deliveries import current_snapshots
from app.core import clock, roc
from app.exchange import snapshots

SOURCE, CHANGES = "household_register", "household_change"
Row = dict[str, Any]


@dataclass(frozen=True)
class Relative:
    """One person of the family. `via` is the ID number of the child through whom he or she is related."""

    person_id: str
    relation: str
    name: str
    birth: dt.date
    sex: str
    same_registration: bool
    death: dt.date | None = None
    via: str | None = None
    dead_undated: bool = False


@dataclass(frozen=True)
class Answer:
    """What the register says. `as_of` None: nothing was received; `found` False: the applicant does not stand in it."""

    as_of: dt.date | None
    found: bool
    family: tuple[Relative, ...] = ()


def ask(session: Session, person_id: str, name: str, birth: dt.date) -> Answer:
    """The family of a person. A row under the number with another name and another birth date is somebody else's."""
    in_force = current_snapshots(session, roc.month_of(clock.today()))
    register = [s for s in in_force if s.source == SOURCE and s.path]
    if not register:
        return Answer(None, False)
    as_of = max(clock.to_taipei(s.received_at).date() for s in register)
    frame = snapshots.scan([s.path for s in register if s.path])
    rows = frame.filter(pl.col("person_id") == person_id).collect().to_dicts()
    own = next((r for r in rows if r["name"] == name or r["birth"] == birth), None)
    if own is None:
        return Answer(as_of, False)
    people = _near(frame, own)
    changes = [s.path for s in in_force if s.source == CHANGES and s.path]
    events = snapshots.scan(changes).filter(pl.col("person_id").is_in(list(people))).collect().to_dicts() if changes else []
    return Answer(as_of, True, tuple(family(own, list(people.values()), events)))


def _near(frame: pl.LazyFrame, own: Row) -> dict[str, Row]:
    """The household, the parents, spouse and children, and (to tell the relation) those the children are married to."""
    me = own["person_id"]
    parents = [p for p in (own["father_id"], own["mother_id"]) if p]
    wanted = [p for p in (me, own["spouse_id"], *parents) if p]
    condition = (
        (pl.col("household_no") == own["household_no"])
        | pl.col("person_id").is_in(wanted)
        | (pl.col("father_id") == me)
        | (pl.col("mother_id") == me)
        | (pl.col("spouse_id") == me)
    )
    return {r["person_id"]: r for r in frame.filter(condition).collect().to_dicts()}


def family(own: Row, people: Sequence[Row], events: Sequence[Row]) -> list[Relative]:
    """Everybody but those who have left the household for good, the applicant first, then by relation and age."""
    dead, renamed = _events(events)
    order = ("applicant", "spouse", "child", "child_spouse", "grandchild", "parent", "grandparent", "sibling", "other")
    out = []
    for row in people:
        relation, via = related(own, row, people)
        here = row["household_no"] == own["household_no"]
        left = row["status"] in ("moved_out", "removed")
        if relation == "other" and left:
            continue
        key = str(row["person_id"])
        out.append(
            Relative(
                key, relation, renamed.get(key) or str(row["name"]), row["birth"], row["sex"], here and not left, dead.get(key), via,
                row["status"] == "deceased" and key not in dead,
            )
        )  # fmt: skip
    return sorted(out, key=lambda r: (order.index(r.relation), r.birth))


def related(own: Row, row: Row, people: Sequence[Row]) -> tuple[str, str | None]:
    """(relation to the applicant, ID number of the child it goes through)."""
    me, key = own["person_id"], row["person_id"]
    if key == me:
        return "applicant", None
    if key == own["spouse_id"] or row["spouse_id"] == me:
        return "spouse", None
    if me in (row["father_id"], row["mother_id"]):
        return "child", None
    parents = {p for p in (own["father_id"], own["mother_id"]) if p}
    if key in parents:
        return "parent", None
    children = [p for p in people if me in (p["father_id"], p["mother_id"])]
    for child in children:
        if key == child["spouse_id"] or row["spouse_id"] == child["person_id"]:
            return "child_spouse", child["person_id"]
        if child["person_id"] in (row["father_id"], row["mother_id"]):
            return "grandchild", child["person_id"]
    if any(key in (p["father_id"], p["mother_id"]) for p in people if p["person_id"] in parents):
        return "grandparent", None
    if parents & {row["father_id"], row["mother_id"]}:
        return "sibling", None
    return "other", None


def _events(events: Sequence[Row]) -> tuple[dict[str, dt.date], dict[str, str]]:
    """Deaths that stand and names after their changes, by ID number."""
    dead: dict[str, dt.date] = {}
    renamed: dict[str, str] = {}
    for e in sorted(events, key=lambda e: (e["event_date"], e["registered_date"] or e["event_date"], e["change_no"])):
        if e["event"] == "death":
            dead[e["person_id"]] = e["event_date"]
        elif e["event"] == "death_annulled":
            dead.pop(e["person_id"], None)
        elif e["event"] == "name_change" and e["new_value"]:
            renamed[e["person_id"]] = e["new_value"]
    return dead, renamed
