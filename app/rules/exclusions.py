"""Which benefits and states of a person exclude each other: national rows with article and date, and each county's own settings.

A county setting either confirms, changes or switches off a pair. "No setting" and "switched off" are two different answers.
"""

import csv
import datetime as dt
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from app.core import roc

from .benefits import benefits, code_of_short


class Relation(StrEnum):
    """`suspend_a`: the benefit itself stops; `suspend_b`: the counterpart stops; `top_up`: the difference may be paid."""

    CHOOSE_ONE = "choose_one"
    SUSPEND_A = "suspend_a"
    SUSPEND_B = "suspend_b"
    CAP_SUM = "cap_sum"
    TOP_UP = "top_up"
    INFO_ONLY = "info_only"
    NONE = "none"

    @property
    def zh(self) -> str:
        return {
            "choose_one": "擇一領取",
            "suspend_a": "停發本津貼",
            "suspend_b": "停發對方津貼",
            "cap_sum": "合計設上限",
            "top_up": "補足差額",
            "info_only": "僅供參考",
            "none": "可併領",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One dated pair. `benefit` is a benefit code; `counterpart` a benefit code or the code of a state or register
    (`death`, `custody`, `farmer_allowance` …). `county_code` is empty for the nation's rows; `enabled` False = switched off by the county."""

    benefit: str
    counterpart: str
    relation: Relation
    law: str
    article: str
    effective_from: dt.date | None
    effective_to: dt.date | None = None
    exception: str = ""
    source: str = ""
    confidence: str = ""
    benefit_zh: str = ""
    counterpart_zh: str = ""
    county_code: str = ""
    enabled: bool = True

    def in_force(self, day: dt.date) -> bool:
        return (self.effective_from is None or self.effective_from <= day) and (self.effective_to is None or day <= self.effective_to)

    @property
    def article_zh(self) -> str:
        """`中低收入老人生活津貼發給辦法第12條`, or the law alone, or empty."""
        laws, parts = self.law.split("/"), self.article.split("/")
        if len(laws) == len(parts):
            return "、".join(f"{law}{article_text(part)}" for law, part in zip(laws, parts, strict=True))
        return self.law + "、".join(article_text(part) for part in parts)


_ARTICLE = re.compile(r"(\d+)(?:-(\d+))? ?([IVX]*)(?:\((\d+)\))?(?:\((\D.*|\d+年.*)\))?$")
_PARAGRAPH = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10}


def article_text(short: str) -> str:
    """`4 I(5)` → 第4條第1項第5款, `5-1` → 第5條之1, `2,6` → 第2條、第6條; what is not written so stays as it is."""
    out = []
    for piece in short.split(","):
        m = _ARTICLE.match(piece.strip())
        if m is None:
            out.append(piece.strip())
            continue
        text = f"第{m[1]}條" + (f"之{m[2]}" if m[2] else "")
        text += f"第{_PARAGRAPH[m[3]]}項" if m[3] in _PARAGRAPH else ""
        text += f"第{m[4]}款" if m[4] else ""
        out.append(text + (f"（{m[5]}）" if m[5] else ""))
    return "、".join(out)


def _date(text: str) -> dt.date | None:
    return roc.parse_date(text) if text else None


def code(text: str) -> str:
    """A benefit code from its short or long form; other counterparts stay as they are."""
    return code_of_short().get(text, text)


def from_csv(text: str) -> tuple[Exclusion, ...]:
    """Rows of the national exclusion table (columns of the reference file)."""
    return tuple(
        Exclusion(
            code(row["benefit_a"]),
            code(row["counterpart"]),
            Relation(row["relation"]),
            row["law"],
            row["article"],
            _date(row["effective_from"]),
            None,
            row["exception"],
            row["source"],
            row["confidence"],
            row["benefit_a_zh"],
            row["counterpart_zh"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def reference() -> tuple[Exclusion, ...]:
    """The exclusion table the product is delivered with."""
    return from_csv((files(__package__) / "data" / "exclusions.csv").read_text("utf-8"))


@cache
def counterpart_names() -> dict[str, str]:
    """Chinese names of all counterparts, benefits included."""
    return {e.counterpart: e.counterpart_zh for e in reference()} | {b.code: b.name for b in benefits().values()}


LOW_INCOME = "low_income_living_assistance"
PER_PERSON = ("class0", "class1")
"""Classes of low income that are paid per person, in full."""


def drawn_as(benefit: str, band: str, known: Container[str]) -> str:
    """The code under which the table (`known`: its counterparts) has a benefit that is drawn: low income goes by its class where it must."""
    if benefit != LOW_INCOME or benefit in known:
        return benefit
    code_of_class = "low_income_class1" if band in PER_PERSON else "low_income_class23"
    return code_of_class if code_of_class in known else benefit


def pairs_for(benefit: str, day: dt.date, rows: Iterable[Exclusion] | None = None) -> tuple[Exclusion, ...]:
    """The pairs of a benefit in force on a day, in table order; `rows` defaults to the national reference."""
    return _national(benefit, day) if rows is None else tuple(e for e in rows if e.benefit == benefit and e.in_force(day))


@lru_cache(maxsize=1024)
def _national(benefit: str, day: dt.date) -> tuple[Exclusion, ...]:
    return tuple(e for e in reference() if e.benefit == benefit and e.in_force(day))


class CountyState(StrEnum):
    """What a county says about a pair."""

    NO_ROW = "no_row"
    ON = "on"
    OFF = "off"


def county_state(settings: Iterable[Exclusion], county_code: str, benefit: str, counterpart: str, day: dt.date) -> CountyState:
    """The county's own setting for a pair on a day; of several the latest start speaks."""
    found = _setting(settings, county_code, benefit, counterpart, day)
    return CountyState.NO_ROW if found is None else CountyState.ON if found.enabled else CountyState.OFF


def county_defined(settings: Iterable[Exclusion], county_code: str, benefit: str, day: dt.date) -> bool | None:
    """Has the county any rule of its own for a benefit? None = no row at all (statistics stay empty); False = rows, all switched off."""
    rows = [e for e in settings if e.county_code == county_code and e.benefit == benefit and e.in_force(day)]
    return any(e.enabled for e in rows) if rows else None


class Stance(StrEnum):
    """How a county's own setting stands to the nation's pair."""

    SAME = "same"
    STRICTER = "stricter"
    LOOSER = "looser"
    OWN = "own"

    @property
    def zh(self) -> str:
        return {"same": "同全國", "stricter": "較嚴", "looser": "較寬", "own": "自訂"}[self.value]


_STRICTNESS = {
    Relation.NONE: 0,
    Relation.INFO_ONLY: 0,
    Relation.SUSPEND_B: 0,
    Relation.CAP_SUM: 1,
    Relation.TOP_UP: 2,
    Relation.CHOOSE_ONE: 3,
    Relation.SUSPEND_A: 4,
}
"""How much of the benefit itself a relation may take: nothing, what is above a sum, what the other pays, the lesser of two, all of it."""


def stance(relation: Relation, enabled: bool, national: Exclusion | None) -> Stance:
    """A county's setting against the nation's pair of the same day; `national` None = the nation says nothing about it."""
    if national is None:
        return Stance.OWN
    mine, theirs = _STRICTNESS[relation] if enabled else 0, _STRICTNESS[national.relation]
    return Stance.SAME if mine == theirs else Stance.STRICTER if mine > theirs else Stance.LOOSER


def setting_on(settings: Iterable[Exclusion], county_code: str, benefit: str, counterpart: str, day: dt.date) -> Exclusion | None:
    """A county's own setting of a pair on a day, None when it set nothing; of several the latest start speaks."""
    return _setting(settings, county_code, benefit, counterpart, day)


def merged(national: Iterable[Exclusion], settings: Iterable[Exclusion], county_code: str, day: dt.date) -> tuple[Exclusion, ...]:
    """The pairs a county works with on a day: its own setting where it has one (enabled or not), else the nation's row;
    pairs only the county has come last. What a setting leaves blank (law, article) it takes from the nation."""
    settings = tuple(settings)
    out: list[Exclusion] = []
    seen: set[tuple[str, str]] = set()
    for row in national:
        if not row.in_force(day):
            continue
        key = (row.benefit, row.counterpart)
        own = None if key in seen else _setting(settings, county_code, *key, day)
        seen.add(key)
        out.append(row if own is None else _filled(own, row))
    extra = {(e.benefit, e.counterpart) for e in settings if e.county_code == county_code and e.in_force(day)} - seen
    out += [own for key in sorted(extra) if (own := _setting(settings, county_code, *key, day))]
    return tuple(out)


def active(rows: Iterable[Exclusion]) -> tuple[Exclusion, ...]:
    """Those not switched off."""
    return tuple(e for e in rows if e.enabled)


def _setting(settings: Iterable[Exclusion], county_code: str, benefit: str, counterpart: str, day: dt.date) -> Exclusion | None:
    found = [
        e for e in settings if e.county_code == county_code and e.benefit == benefit and e.counterpart == counterpart and e.in_force(day)
    ]
    return max(found, key=lambda e: e.effective_from or dt.date.min, default=None)


def _filled(own: Exclusion, national: Exclusion) -> Exclusion:
    return replace(
        own,
        law=own.law or national.law,
        article=own.article or national.article,
        exception=own.exception or national.exception,
        confidence=own.confidence or "county",
        benefit_zh=national.benefit_zh,
        counterpart_zh=national.counterpart_zh,
    )
