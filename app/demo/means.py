"""What the invented families earn and own: tax lines of one year per person, seeded like the people themselves."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from . import places
from .people import Family, Population, Someone

DEPOSIT_RATE = 0.017
_EMPLOYERS = (
    ("10000000", "和順精密股份有限公司（示範）"), ("10000018", "永樂食品股份有限公司（示範）"), ("10000026", "清溪營造有限公司（示範）"),
    ("10000034", "稻香農產合作社（示範）"), ("10000042", "長春照護有限公司（示範）"), ("10000050", "豐年電子股份有限公司（示範）"),
)
_BANK = ("10000069", "示範銀行")


@dataclass(frozen=True, slots=True)
class Income:
    """One line of `tax_income`; `gross` for the whole year."""

    person: int
    format_code: str
    payer_id: str
    payer_name: str
    gross: int


@dataclass(frozen=True, slots=True)
class Property:
    """One line of `tax_property`."""

    person: int
    kind: str
    location: str
    lot_no: str
    area: int
    share_num: int
    share_den: int
    assessed_value: int


@dataclass(frozen=True, slots=True)
class Investment:
    """One line of `tax_investment`."""

    person: int
    company_id: str
    company_name: str
    face_value: int


@dataclass(slots=True)
class Means:
    """Everything the tax office and the family would report. `other` holds monthly amounts that are not taxed: (person, kind, amount)."""

    incomes: list[Income] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    investments: list[Investment] = field(default_factory=list)
    other: list[tuple[int, str, int]] = field(default_factory=list)
    students: set[int] = field(default_factory=set)


def generate(population: Population, seed: int, today: dt.date, basic_wage: int) -> Means:
    """Means of every family. `basic_wage` (monthly) is the floor of a full-time wage."""
    maker = _Maker(Random(seed * 31 + 1), today, basic_wage)
    for family in population.families:
        maker.family(family, population.people)
    return maker.means


class _Maker:
    def __init__(self, rng: Random, today: dt.date, basic_wage: int):
        self.rng, self.today, self.basic_wage = rng, today, basic_wage
        self.means = Means()

    def family(self, family: Family, people: Sequence[Someone]) -> None:
        wealth = math.exp(self.rng.gauss(0, 0.5))
        self.elder(people[family.elder], wealth)
        for tie in family.ties:
            relative = people[tie.person]
            age = relative.age_on(self.today)
            if tie.relation == "spouse":
                self.elder(relative, wealth)
            elif age >= 16:
                self.worker(relative, age, wealth)

    def elder(self, person: Someone, wealth: float) -> None:
        rng, age = self.rng, person.age_on(self.today)
        if age < 70 and rng.random() < 0.16:
            self.wage(person, 0.75)
        self.deposit(person, 180_000 * wealth)
        if rng.random() < 0.3:
            self.means.other.append((person.key, "labour_pension", round(rng.gauss(9500, 3800) // 100 * 100) if age < 82 else 0))
        home = person.spouse is None or person.sex == "M"
        if home and rng.random() < 0.62:
            self.house(person, wealth)
        if rng.random() < 0.2:
            self.land(person, wealth)

    def worker(self, person: Someone, age: int, wealth: float) -> None:
        rng = self.rng
        chance = 0.12 if age < 19 else 0.35 if age < 23 else 0.88 if age < 56 else 0.6 if age < 65 else 0.12
        if age < 25 and rng.random() > chance:
            self.means.students.add(person.key)
            return
        if rng.random() < chance:
            self.wage(person, wealth**0.25)
        self.deposit(person, 220_000 * wealth)
        if rng.random() < 0.25:
            self.house(person, wealth * 1.2)
        if rng.random() < 0.07:
            self.means.investments.append(Investment(person.key, *rng.choice(_EMPLOYERS), rng.randint(1, 40) * 10_000))

    def wage(self, person: Someone, level: float) -> None:
        monthly = max(self.basic_wage, 34_500 * level * math.exp(self.rng.gauss(0, 0.27)))
        months = 12 if self.rng.random() < 0.9 else self.rng.randint(3, 11)
        payer, name = self.rng.choice(_EMPLOYERS)
        self.means.incomes.append(Income(person.key, "50", payer, name, round(monthly) * months))

    def deposit(self, person: Someone, mean: float) -> None:
        principal = self.rng.expovariate(1 / mean)
        if (interest := round(principal * DEPOSIT_RATE)) >= 1000:
            self.means.incomes.append(Income(person.key, "5A", *_BANK, interest))

    def house(self, person: Someone, wealth: float) -> None:
        rng = self.rng
        place = places.TOWN[person.town_code].name if person.town_code else "縣外"
        lot = f"{rng.choice(('永和', '福德', '長安', '東興'))}段{rng.randint(1, 1800):04d}-{rng.randint(0, 40):04d}地號"
        value = round(260_000 * wealth * math.exp(rng.gauss(0, 0.45)))
        ground = round(1_250_000 * wealth * math.exp(rng.gauss(0, 0.55)))
        self.means.properties.append(Property(person.key, "house", f"{place}{lot[:-2]}建號", lot, rng.randint(60, 180), 1, 1, value))
        share = rng.choice((1, 1, 1, 2, 4))
        self.means.properties.append(Property(person.key, "land", place, lot, rng.randint(40, 220), 1, share, ground * share))

    def land(self, person: Someone, wealth: float) -> None:
        rng = self.rng
        place = places.TOWN[person.town_code].name if person.town_code else "縣外"
        lot = f"{rng.choice(('水頭', '柑園', '竹林'))}段{rng.randint(1, 900):04d}地號"
        share = rng.choice((1, 2, 3, 6, 12))
        kind = "farmland" if rng.random() < 0.7 else "land"
        value = round(500_000 * wealth * math.exp(rng.gauss(0, 0.6))) * share
        self.means.properties.append(Property(person.key, kind, place, lot, rng.randint(300, 4000), 1, share, value))
