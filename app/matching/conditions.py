"""Which pairs exist, for whom and when: the nation's exclusion table, the county's settings over it, and what the table leaves unsaid.

The table says "benefit, counterpart, relation". Here it becomes directed conditions per county and month: `benefit` looks at `counterpart`
and learns whether it gives way, must be chosen between, is topped up, or is lawful beside it; by which article and how surely.
"""

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Protocol

from app.core import roc

LOW_INCOME, CARE = "low_income_living_assistance", "disability_care_subsidy"
_CLASSES: Final = tuple(f"{LOW_INCOME}:{c}" for c in "123")
_SERVICES: Final = tuple(f"{CARE}:{s}" for s in ("day", "night", "residential"))
# A counterpart of the table → the keys under which roster rows answer to it. General names first: specific ones are laid over them.
_GENERAL: Final[Mapping[str, tuple[str, ...]]] = {LOW_INCOME: _CLASSES, CARE: _SERVICES}
_SPECIFIC: Final[Mapping[str, tuple[str, ...]]] = {
    "low_income_class1": _CLASSES[:1],
    "low_income_class23": _CLASSES[1:],
    "day_care": _SERVICES[:1],
    "residential_care": _SERVICES[1:],
}
_RELATION: Final = {
    "suspend_a": "gives_way",
    "suspend_b": "none",
    "choose_one": "choose_one",
    "top_up": "top_up",
    "cap_sum": "cap",
    "info_only": "info",
    "none": "none",
}
_GRADE: Final = {"high": 1, "medium": 2, "low": 3}
_REVERSED: Final = {"suspend_b": "gives_way", "choose_one": "choose_one"}


class PairLike(Protocol):
    """A row of the exclusion table (`app.rules.exclusions.Exclusion`)."""

    @property
    def benefit(self) -> str: ...
    @property
    def counterpart(self) -> str: ...
    @property
    def relation(self) -> str: ...
    @property
    def law(self) -> str: ...
    @property
    def article(self) -> str: ...
    @property
    def confidence(self) -> str: ...
    @property
    def county_code(self) -> str: ...
    @property
    def enabled(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """What one county's benefit says about one counterpart in one month. `grade` 1–3 as A–C; `own` = set by the county itself."""

    relation: str
    grade: int
    own: bool
    law: str
    article: str


@dataclass(frozen=True, slots=True)
class _Supplement:
    benefit: str
    counterpart: str
    relation: str
    law: str
    article: str
    confidence: str
    effective_from: dt.date | None
    override: bool
    county_code: str = ""
    enabled: bool = True


@cache
def supplement() -> tuple[_Supplement, ...]:
    """What the national table leaves unsaid but every payment presupposes: a living recipient, one award, one county."""
    rows = csv.DictReader((files(__package__) / "data" / "supplement.csv").read_text("utf-8").splitlines())
    return tuple(
        _Supplement(
            row["benefit"],
            row["counterpart"],
            row["relation"],
            row["law"],
            row["article"],
            row["confidence"],
            roc.parse_date(row["effective_from"]) if row["effective_from"] else None,
            row["override"] == "Y",
        )
        for row in rows
    )


def resolve(pairs: Iterable[PairLike], on: dt.date) -> dict[tuple[str, str], Condition]:
    """Directed conditions of one county on a day, by (benefit, counterpart key).

    `pairs` are the county's rows in force that day, its own settings already laid over the nation's (`rules.exclusions.merged`).
    """
    given = list(pairs)
    said = {(p.benefit, p.counterpart) for p in given}
    own = {(p.benefit, p.counterpart) for p in given if p.county_code}
    extra = [s for s in supplement() if s.effective_from is None or s.effective_from <= on]
    over = {(s.benefit, s.counterpart) for s in extra if s.override} - own
    rows: list[PairLike] = [p for p in given if (p.benefit, p.counterpart) not in over]
    rows += [s for s in extra if (s.override and (s.benefit, s.counterpart) not in own) or (s.benefit, s.counterpart) not in said]
    out: dict[tuple[str, str], Condition] = {}
    for specific in (False, True):  # reversed rows first, so that what a benefit says itself is laid over them
        chosen = [p for p in rows if (p.counterpart in _SPECIFIC) == specific]
        for p in chosen:
            if p.relation in _REVERSED and not specific:
                for key in _GENERAL.get(p.benefit, (p.benefit,)):
                    out.setdefault((p.counterpart, key), _condition(p, _REVERSED[p.relation]))
        for p in chosen:
            keys = _SPECIFIC.get(p.counterpart) or _GENERAL.get(p.counterpart, (p.counterpart,))
            for key in keys:
                mirrored = out.get((p.benefit, key))
                if p.relation == "suspend_b" and mirrored is not None and mirrored.relation == "gives_way":
                    continue
                out[p.benefit, key] = _condition(p, _RELATION[p.relation])
    return out


def _condition(pair: PairLike, relation: str) -> Condition:
    own = bool(pair.county_code)
    return Condition(relation if pair.enabled else "off", 1 if own else _GRADE.get(pair.confidence, 3), own, pair.law, pair.article)


def rows(counties: Iterable[str], months: Iterable[int], pairs: Callable[[str, dt.date], Iterable[PairLike]]) -> list[dict[str, object]]:
    """The condition table of a run: one row per county, month, benefit and counterpart, under the one key the rules join on."""
    months = sorted(set(months))
    return [
        {
            "pair_key": f"{county}|{month}|{benefit}|{key}",
            "relation": c.relation,
            "grade": c.grade,
            "own": int(c.own),
            "law": c.law,
            "article": c.article,
        }
        for county in sorted(set(counties))
        for month in months
        for (benefit, key), c in resolve(pairs(county, roc.first_day(month)), roc.first_day(month)).items()
    ]
