"""The ten benefits as data: names, payment unit and rhythm, law, steps, clocks. Menus, rosters and statistics are made from these rows."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Benefit:
    """`kind` cash or register; `payment_unit` person, household, institution or none; `rhythm` monthly, once or none.

    `steps` are the reviews an application passes in order; `stats_name` is its name in the published statistics (empty = not in them);
    `to_confirm` says what a county must confirm because no public source was found.
    """

    code: str
    short: str
    name: str
    short_name: str
    stats_name: str
    kind: str
    payment_unit: str
    rhythm: str
    law: str
    steps: tuple[str, ...]
    decision_clock: str
    pay_clock: str
    recertification: str
    funding: str
    to_confirm: str

    @property
    def pays(self) -> bool:
        return self.kind == "cash"


@cache
def benefits() -> Mapping[str, Benefit]:
    """All benefits by code, in the order of the county's own list of subsystems."""
    text = (files(__package__) / "data" / "benefits.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["code"]: Benefit(steps=tuple(row.pop("steps").split(";")), **row) for row in rows}


def benefit(code: str) -> Benefit:
    """The benefit of a code. Raises KeyError."""
    return benefits()[code]


@cache
def code_of_short() -> Mapping[str, str]:
    """`ELA` → `elderly_living_allowance`."""
    return {b.short: b.code for b in benefits().values()}
