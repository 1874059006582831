"""Dated parameters (thresholds, amounts, rates): looked up by name, place and day, never guessed.

Nothing found is a `Missing` that names the setting in Chinese; the rule then says "not known".
"""

import csv
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files

from app.core import money, roc

from .regions import county, places_on, same_name

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Setting:
    """What a parameter name means. `scope` is who announces it: nation, region or county."""

    name: str
    label: str
    unit: str
    scope: str
    mandatory: bool
    law: str
    article: str
    note: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One dated row. `value` None = the row exists but nobody has sourced it. `county_code` = a county's own setting."""

    name: str
    region: str
    value: Number | None
    unit: str
    effective_from: dt.date | None
    effective_to: dt.date | None
    source: str
    confidence: str
    county_code: str = ""

    def in_force(self, day: dt.date) -> bool:
        return (self.effective_from is None or self.effective_from <= day) and (self.effective_to is None or day <= self.effective_to)

    @property
    def text(self) -> str:
        """`9,829`, or a rate as a decimal."""
        return "" if self.value is None else money.show_exact(self.value) if self.value >= 1 else str(float(self.value))

    @property
    def dates(self) -> str:
        """`98/01/01～98/12/31`."""
        return f"{roc.show_date(self.effective_from)}～{roc.show_date(self.effective_to)}"


@dataclass(frozen=True, slots=True)
class Missing:
    """A parameter that is not there on a day. `text` tells people what to enter."""

    name: str
    label: str
    place: str
    on: dt.date

    @property
    def text(self) -> str:
        return f"尚未設定「{self.label}」（{self.place}，{roc.show_date(self.on)}適用），請縣府於「參數與縣市設定」登錄並經第二人核准"


class MissingParameter(LookupError):
    """Raised by `Parameters.need`; carries the `Missing`."""

    def __init__(self, missing: Missing):
        super().__init__(missing.text)
        self.missing = missing


@cache
def settings() -> Mapping[str, Setting]:
    """The catalogue of parameters the rules ask for, by name."""
    text = (files(__package__) / "data" / "settings.csv").read_text("utf-8")
    return {
        row["name"]: Setting(
            row["name"], row["label"], row["unit"], row["scope"], row["mandatory"] == "Y", row["law"], row["article"], row["note"]
        )
        for row in csv.DictReader(text.splitlines())
    }


def label_of(name: str) -> str:
    """The Chinese name of a parameter; `occupation_wage.木工` reads 職類別平均薪資（木工）."""
    if name in settings():
        return settings()[name].label
    if name.startswith("occupation_wage."):
        return f"職類別每月平均經常性薪資（{name.partition('.')[2]}）"
    if name.startswith("disability_care_rate."):
        part = name.partition(".")[2].replace("general", "一般").replace("age", "年齡")
        return f"身心障礙者托育養護費用補助比率（{part}）"
    return name


def number(text: str) -> Number | None:
    """`9829`, `0.0135`, `1/3`; empty means not sourced. Raises ValueError for anything else."""
    if not text.strip():
        return None
    value = Fraction(text.strip().replace(",", ""))
    return int(value) if value.denominator == 1 else value


def from_csv(text: str) -> tuple[Parameter, ...]:
    """Rows of a parameter file (columns of the reference file; dates ROC)."""
    return tuple(
        Parameter(
            row["parameter"],
            same_name(row["region"]),
            number(row["value"]),
            row["unit"],
            roc.parse_date(row["effective_from"]) if row["effective_from"] else None,
            roc.parse_date(row["effective_to"]) if row["effective_to"] else None,
            row["source"],
            row["confidence"],
            row.get("county_code") or "",
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def reference() -> tuple[Parameter, ...]:
    """The parameters the product is delivered with."""
    return from_csv((files(__package__) / "data" / "parameters.csv").read_text("utf-8"))


REMEMBERED = 10_000
"""Answers a look-up keeps; it lives as long as its rows are in force."""


class Parameters:
    """An immutable look-up for one county: its own settings first, then its region, then the nation.

    A row without a value never hides a row with one, so a county can fill in what the nation left unsourced.
    """

    def __init__(self, rows: Iterable[Parameter], county_code: str = ""):
        self.county_code = county_code
        self._rows: dict[str, list[Parameter]] = defaultdict(list)
        self._found: dict[tuple[dt.date, str, str], Parameter | Missing] = {}
        for row in rows:
            if not row.county_code or row.county_code == county_code:
                self._rows[row.name].append(row)

    def for_county(self, county_code: str) -> "Parameters":
        """The national rows seen from another county (a county's own rows do not travel)."""
        if county_code == self.county_code:
            return self
        return Parameters((r for rows in self._rows.values() for r in rows if not r.county_code), county_code)

    def on(self, day: dt.date, name: str, region: str = "") -> Parameter | Missing:
        """The row in force on `day`; of two in one place the later start wins."""
        key = (day, name, region)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[key] = self._look_up(day, name, region)
        return found

    def _look_up(self, day: dt.date, name: str, region: str) -> Parameter | Missing:
        places = (same_name(region),) if region else places_on(self.county_code, day)
        order = {place: i for i, place in enumerate(places, 1)}
        found = [
            (0 if row.county_code else order[row.region], -(row.effective_from or dt.date.min).toordinal(), i, row)
            for i, row in enumerate(self._rows.get(name, ()))
            if row.value is not None and row.in_force(day) and (row.county_code or row.region in order)
        ]
        if found:
            return min(found)[3]
        return Missing(name, label_of(name), region or self._place(name, places), day)

    def need(self, day: dt.date, name: str, region: str = "") -> Parameter:
        """Like `on`, but raises MissingParameter."""
        found = self.on(day, name, region)
        if isinstance(found, Missing):
            raise MissingParameter(found)
        return found

    def missing_on(self, day: dt.date) -> tuple[Missing, ...]:
        """The mandatory settings this county lacks on `day`: its to-do list."""
        found = (self.on(day, s.name) for s in settings().values() if s.mandatory)
        return tuple(f for f in found if isinstance(f, Missing))

    def rows(self, name: str = "") -> tuple[Parameter, ...]:
        """All rows, or all of one name, in the order given."""
        return tuple(self._rows.get(name, ())) if name else tuple(r for rows in self._rows.values() for r in rows)

    def _place(self, name: str, places: tuple[str, ...]) -> str:
        scope = settings()[name].scope if name in settings() else "nation"
        if scope == "nation" or len(places) < 4:
            return "全國"
        own = county(self.county_code)
        return own.name if scope == "county" and own else places[-4]


_FURTHER = re.compile(r"每增1人加([\d,]+)元")
_HOUSEHOLD_OF_4 = re.compile(r"元/戶（4口以內(?:，每增1口加([\d,]+)元)?）")


def limit_for(parameter: Parameter, persons: int) -> Number | None:
    """A limit for a household of `persons` by the row's unit (元/人, 元/戶, 4口以內, 每增1人); None when the announcement does not cover that size."""
    assert parameter.value is not None
    value: Number = parameter.value
    base, more = _sizes(parameter.unit)
    if persons <= base:
        return value
    if base and more is None:
        return None
    return value * persons if not base and parameter.unit == "元/人" else value + (more or 0) * (persons - base)


@lru_cache(maxsize=256)
def _sizes(unit: str) -> tuple[int, int | None]:
    """Up to how many persons the value itself holds and what each further one adds; (0, None) where the unit does not say."""
    if m := _FURTHER.search(unit):
        return 1, _amount(m[1])
    if m := _HOUSEHOLD_OF_4.search(unit):
        return 4, _amount(m[1]) if m[1] else None
    return 0, None


def _amount(text: str) -> int:
    return int(text.replace(",", ""))
