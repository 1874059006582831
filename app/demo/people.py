"""Invented families of the county: an elder, who lives with them, who has moved away, who has died. Pure and seeded.

Nobody in it exists. The ID numbers hold their check digit, because the product would flag them otherwise.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from app.core import identity

from . import names, places

_AGES = ((65, 70, 28), (70, 75, 26), (75, 80, 18), (80, 85, 14), (85, 90, 9), (90, 95, 4), (95, 104, 1))
_LETTERS = ("J" * 76) + "OOOOOO" + "KKKKKK" + "HHHHHH" + "FABDEU"
_YEARLY_DEATHS = ((70, 0.014), (75, 0.022), (80, 0.036), (85, 0.062), (90, 0.105), (200, 0.19))


@dataclass(slots=True)
class Someone:
    """A person as the household register would know them. Links are keys into `Population.people`."""

    key: int
    person_id: str
    name: str
    birth: dt.date
    sex: str
    indigenous: bool
    county_code: str
    town_code: str
    village: str
    address: str
    household_no: str = ""
    head: int = 0
    relation: str = "戶長"
    father: int | None = None
    mother: int | None = None
    spouse: int | None = None
    phone: str = ""
    moved_in: dt.date | None = None

    def age_on(self, day: dt.date) -> int:
        """Full years (實足年齡)."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the monthly household change file. `kind` is one of the pinned event codes."""

    person: int
    kind: str
    on: dt.date
    registered: dt.date
    county_from: str = ""
    county_to: str = ""
    new_value: str = ""


@dataclass(frozen=True, slots=True)
class Tie:
    """A relative of the elder, with what the counting rules ask about them."""

    person: int
    relation: str  # spouse, child, child_in_law, grandchild
    lives_together: bool
    married: bool = False
    claims_elder: bool = False


@dataclass(slots=True)
class Family:
    elder: int
    ties: list[Tie] = field(default_factory=list)


@dataclass(slots=True)
class Population:
    people: list[Someone]
    families: list[Family]
    events: list[Event]

    def residents(self) -> Iterator[Someone]:
        """Everybody registered in the county."""
        return (p for p in self.people if p.county_code == places.COUNTY)


def generate(families: int, seed: int, today: dt.date) -> Population:
    """`families` elders with their families as of `today`. The same arguments always give the same people."""
    return _Maker(Random(seed), today).population(families)


class _Maker:
    def __init__(self, rng: Random, today: dt.date):
        self.rng, self.today = rng, today
        self.people: list[Someone] = []
        self.events: list[Event] = []
        self._ids: set[str] = set()
        self._households = 0

    def population(self, count: int) -> Population:
        weights = [town.elders for town in places.TOWNS]
        towns = self.rng.choices(places.TOWNS, weights, k=count)
        families = [self.family(town) for town in towns]
        return Population(self.people, families, sorted(self.events, key=lambda e: (e.registered, e.person)))

    def family(self, town: places.Town) -> Family:
        rng = self.rng
        low, high, _ = rng.choices(_AGES, [w for *_, w in _AGES])[0]
        indigenous = rng.random() < town.indigenous
        sex = "F" if rng.random() < 0.57 else "M"
        surname = names.surname(rng)
        home = (places.COUNTY, town.code, places.village(rng, town), places.street(rng, town))
        elder = self.person(surname, sex, self.birthday(rng.randint(low, high - 1)), home, indigenous)
        self.household(elder, [])
        family = Family(elder.key)
        age = elder.age_on(self.today)
        status = rng.random()
        single = 0.05 if sex == "F" else 0.09
        widowed = single + (0.25 + (age - 65) * 0.014 if sex == "F" else 0.08 + (age - 65) * 0.008)
        children_line = surname
        if status >= widowed:
            other = "M" if sex == "F" else "F"
            gap = rng.randint(0, 6) * (-1 if other == "F" else 1)
            spouse = self.person(names.surname(rng), other, self.birthday(max(55, age + gap)), home, indigenous)
            elder.spouse, spouse.spouse = spouse.key, elder.key
            family.ties.append(Tie(spouse.key, "spouse", True, True))
            children_line = spouse.name[0] if sex == "F" and spouse.name[0] in names.SURNAMES else surname
            self.join(elder, spouse, "妻" if other == "F" else "夫")
        if status >= single:
            self.children(family, elder, children_line, town, home, indigenous)
        self.fate(elder)
        return family

    def children(self, family: Family, elder: Someone, surname: str, town: places.Town, home: tuple[str, str, str, str], tribe: bool) -> None:
        rng = self.rng
        base = 4.2 if elder.birth.year < 1940 else 3.2 if elder.birth.year < 1950 else 2.3
        count = min(7, max(0, round(rng.gauss(base, 1.2))))
        spouse = self.people[elder.spouse] if elder.spouse is not None else elder
        first = max(elder.birth.year, spouse.birth.year) + rng.randint(20, 28)
        with_child = rng.randrange(count) if count and rng.random() < 0.44 else -1
        claimed = rng.randrange(count) if count and rng.random() < 0.35 else -1
        for n in range(count):
            born = first + n * rng.randint(2, 3)
            age = self.today.year - born
            if age < 20:
                continue
            sex = "M" if rng.random() < 0.52 else "F"
            married = rng.random() < min(0.8, max(0.0, (age - 24) / 26))
            together = n == with_child or (not married and rng.random() < 0.3)
            if together:
                place = home
            elif rng.random() < 0.55:
                other = rng.choices(places.TOWNS, [t.elders for t in places.TOWNS])[0] if rng.random() < 0.6 else town
                place = (places.COUNTY, other.code, places.village(rng, other), places.street(rng, other))
            else:
                county, address = places.address_elsewhere(rng)
                place = (county, "", "", address)
            child = self.person(surname, sex, self.birthday(age), place, tribe)
            child.father, child.mother = (elder.key, elder.spouse) if elder.sex == "M" else (elder.spouse, elder.key)
            if together:
                self.join(elder, child, ("長子" if n == 0 else "子") if sex == "M" else ("長女" if n == 0 else "女"))
            else:
                self.household(child, [])
            family.ties.append(Tie(child.key, "child", together, married, n == claimed))
            if married:
                self.in_laws(family, child, place, together)

    def in_laws(self, family: Family, child: Someone, place: tuple[str, str, str, str], together: bool) -> None:
        rng = self.rng
        age = child.age_on(self.today)
        other = "F" if child.sex == "M" else "M"
        spouse_age = max(22, age + rng.randint(-5, 2) * (1 if other == "F" else -1))
        partner = self.person(names.surname(rng), other, self.birthday(spouse_age), place, foreign=rng.random() < 0.03)
        child.spouse, partner.spouse = partner.key, child.key
        head = self.people[child.head]
        self.join(head, partner, ("媳" if together else "妻") if other == "F" else ("婿" if together else "夫"))
        family.ties.append(Tie(partner.key, "child_in_law", together, True))
        surname = (child if child.sex == "M" else partner).name[0]
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
            grand_age = age - rng.randint(24, 36)
            if grand_age < 0:
                continue
            grandchild = self.person(surname, "M" if rng.random() < 0.52 else "F", self.birthday(grand_age), place)
            grandchild.father, grandchild.mother = (child.key, partner.key) if child.sex == "M" else (partner.key, child.key)
            self.join(head, grandchild, ("孫" if together else "子") if grandchild.sex == "M" else ("孫女" if together else "女"))
            family.ties.append(Tie(grandchild.key, "grandchild", together))

    def person(
        self, surname: str, sex: str, birth: dt.date, place: tuple[str, str, str, str], indigenous: bool = False, foreign: bool = False
    ) -> Someone:
        rng = self.rng
        county, town, village, street = place
        full = f"{places.COUNTY_NAME}{places.TOWN[town].name}{village}{street}" if town else street
        phone = f"09{rng.randint(10, 88)}-000-{rng.randint(0, 999):03d}"
        name = names.full_name(rng, surname, sex, birth.year, indigenous)
        someone = Someone(
            len(self.people), self.number(sex, foreign), name, birth, sex, indigenous, county, town, village, full, phone=phone
        )
        self.people.append(someone)
        return someone

    def number(self, sex: str, foreign: bool) -> str:
        rng = self.rng
        while True:
            second = ("8" if sex == "M" else "9") if foreign else ("1" if sex == "M" else "2")
            value = identity.with_check_digit(f"{rng.choice(_LETTERS)}{second}{rng.randrange(10_000_000):07d}")
            if value not in self._ids:
                self._ids.add(value)
                return value

    def birthday(self, age: int) -> dt.date:
        """A day on which somebody of `age` full years today was born."""
        latest = self.today.replace(year=self.today.year - age, day=min(self.today.day, 28))
        return latest - dt.timedelta(days=self.rng.randint(1, 360))

    def household(self, head: Someone, members: list[Someone]) -> None:
        self._households += 1
        head.household_no, head.head = f"F{self._households:08d}", head.key
        head.moved_in = max(head.birth, self.today - dt.timedelta(days=self.rng.randint(400, 16000)))
        for member in members:
            self.join(head, member, member.relation)

    def join(self, head: Someone, member: Someone, relation: str) -> None:
        member.household_no, member.head, member.relation = head.household_no, head.head, relation
        member.moved_in = max(member.birth, head.moved_in or member.birth)

    def fate(self, elder: Someone) -> None:
        """What happened to the elder in the last year: mostly nothing; a death, a move, a corrected name."""
        rng = self.rng
        age = elder.age_on(self.today)
        if rng.random() < next(rate for below, rate in _YEARLY_DEATHS if age < below):
            died = self.today - dt.timedelta(days=rng.randint(3, 360))
            late = rng.randint(30, 95) if rng.random() < 0.08 else rng.randint(1, 14)
            self.events.append(Event(elder.key, "death", died, min(self.today, died + dt.timedelta(days=late))))
        elif rng.random() < 0.018:
            moved = self.today - dt.timedelta(days=rng.randint(10, 330))
            county, address = places.address_elsewhere(rng)
            self.events.append(Event(elder.key, "move_out", moved, moved, places.COUNTY, county, address))
        elif rng.random() < 0.02:
            moved = self.today - dt.timedelta(days=rng.randint(10, 330))
            town = places.TOWN[elder.town_code]
            address = f"{places.COUNTY_NAME}{town.name}{places.village(rng, town)}{places.street(rng, town)}"
            self.events.append(Event(elder.key, "move_within", moved, moved, places.COUNTY, places.COUNTY, address))
