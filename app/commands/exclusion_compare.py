"""All counties' exclusion settings beside the nation's: how many each set, where one is stricter or looser than the law. No persons, no scope."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.models.office import County
from app.rules import exclusions as law_pairs
from app.rules.benefits import benefits
from app.rules.exclusions import Exclusion, Stance

from .parameters import exclusion_rows


@dataclass(frozen=True, slots=True)
class Setting:
    """What one county says about one pair, and how that stands to the nation's."""

    pair: Exclusion
    stance: Stance

    @property
    def text(self) -> str:
        return self.pair.relation.zh if self.pair.enabled else "停用"

    @property
    def looser(self) -> bool:
        return self.stance is Stance.LOOSER


@dataclass(frozen=True, slots=True)
class Count:
    """Settings of a county for one benefit: switched on, and of all those looser than the law."""

    on: int
    looser: int


@dataclass
class Pair:
    """One pair of the benefit compared: the nation's row (None: only counties have it) and the settings by county code."""

    counterpart: str
    name: str
    national: Exclusion | None
    settings: dict[str, Setting] = field(default_factory=dict)

    @property
    def looser(self) -> bool:
        return any(s.looser for s in self.settings.values())


@dataclass(frozen=True)
class Comparison:
    """`counts`: (county, benefit) → figures; no key = the county set nothing for the benefit, which is not the same as 0."""

    day: dt.date
    benefit: str
    counties: Sequence[tuple[str, str]]
    counts: dict[tuple[str, str], Count]
    pairs: Sequence[Pair]

    def count(self, county: str, benefit: str) -> Count | None:
        return self.counts.get((county, benefit))

    def kinds(self) -> set[str]:
        """The benefits for which any county set something."""
        return {benefit for _, benefit in self.counts}

    def set_by(self) -> list[tuple[str, str]]:
        """The counties with a setting for the benefit compared."""
        return [(code, name) for code, name in self.counties if (code, self.benefit) in self.counts]


def compare(session: Session, benefit: str, day: dt.date, county: str | None = None) -> Comparison:
    """The comparison of a day; `county` leaves out everybody else's settings."""
    national, settings = exclusion_rows(session)
    settings = tuple(s for s in settings if s.in_force(day) and (county is None or s.county_code == county))
    law = {(e.benefit, e.counterpart): e for e in reversed(national) if e.in_force(day)}
    chosen: dict[tuple[str, str, str], Exclusion] = {}
    for s in settings:
        key = (s.county_code, s.benefit, s.counterpart)
        if key not in chosen:
            found = law_pairs.setting_on(settings, *key, day)
            if found is not None:
                chosen[key] = found
    said = {key: Setting(pair, law_pairs.stance(pair.relation, pair.enabled, law.get((key[1], key[2])))) for key, pair in chosen.items()}
    counts: dict[tuple[str, str], Count] = {}
    for (code, kind, _), setting in said.items():
        before = counts.get((code, kind), Count(0, 0))
        counts[code, kind] = Count(before.on + setting.pair.enabled, before.looser + setting.looser)
    names = law_pairs.counterpart_names()
    keys = [c for b, c in law if b == benefit] + sorted({c for _, b, c in said if b == benefit and (b, c) not in law})
    pairs = [
        Pair(c, names.get(c, c), law.get((benefit, c)), {code: s for (code, b, other), s in said.items() if (b, other) == (benefit, c)})
        for c in keys
    ]
    return Comparison(day, benefit, _counties(session, day, county), counts, pairs)


def _counties(session: Session, day: dt.date, county: str | None) -> list[tuple[str, str]]:
    """Counties that exist on a day, or the one asked for."""
    rows = session.scalars(select(County).order_by(County.code))
    return [(c.code, c.name) for c in rows if c.code == county or (county is None and _exists(c, day))]


def _exists(county: County, day: dt.date) -> bool:
    return not county.valid_to or roc.parse_date(county.valid_to) >= day


def known_benefit(code: str) -> str:
    """A benefit's code, or the first one when the code is unknown."""
    return code if code in benefits() else next(iter(benefits()))
