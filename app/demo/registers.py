"""The registers other agencies would send for the demo months, in the contract's own layouts: what really happened, late by as much as it is late."""

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from app.core import roc

from .cases import Made
from .means import Means
from .people import Population, Someone


@dataclass
class Agencies:
    """What custody, immigration, pension and labour insurance offices know about the invented people; fixed once per demo."""

    elsewhere: list[tuple[Someone, str, int, int | None, int, str]] = field(default_factory=list)
    custody: list[tuple[Someone, str, dt.date, dt.date | None]] = field(default_factory=list)
    crossings: list[tuple[Someone, dt.date, str]] = field(default_factory=list)
    pensions: list[tuple[Someone, str, dt.date, int]] = field(default_factory=list)

    @classmethod
    def invent(cls, population: Population, made: Sequence[Made], means: Means, first: int, last: int, seed: int) -> "Agencies":
        """True overlaps with awards between the months `first` and `last`, and several times as many that only look like it."""
        rng = Random(seed * 7 + 3)
        people = population.people
        dead = {e.person for e in population.events}
        holders = [f for f in made if f.from_month is not None and f.elder not in dead]
        rng.shuffle(holders)
        take = iter(holders)
        out = cls()
        for kind, amount, agency, count in (
            ("farmer_allowance", 8110, "勞動部勞工保險局", 11), ("np_old_age_guaranteed", 4049, "勞動部勞工保險局", 8),
            ("veteran_care", 16540, "國軍退除役官兵輔導委員會", 2), ("public_placement", 0, "新竹縣政府社會處", 2),
        ):  # fmt: skip
            for _ in range(count):
                if (f := next(take, None)) is not None:
                    out.elsewhere.append((people[f.elder], kind, rng.randint(first - 1, last), None, amount, agency))
        for _ in range(26):  # ended before the award began, or a kind the law does not exclude
            if (f := next(take, None)) is None or f.from_month is None:
                break
            elder = people[f.elder]
            if rng.random() < 0.6:
                until = f.from_month - rng.randint(1, 18)
                out.elsewhere.append((elder, "farmer_allowance", until - rng.randint(6, 60), until, 7550, "勞動部勞工保險局"))
            else:
                out.elsewhere.append((elder, "other", f.from_month, None, 750, "新竹縣政府社會處"))
        for n in range(8):
            if (f := next(take, None)) is None:
                break
            began = roc.first_day(rng.randint(first, last)) + dt.timedelta(days=rng.randint(0, 25))
            past = began - dt.timedelta(days=rng.randint(900, 4000))
            left_on = None if n < 3 else past + dt.timedelta(days=rng.randint(60, 700))
            out.custody.append((people[f.elder], "prison", began if n < 3 else past, left_on))
        for n in range(40):
            if (f := next(take, None)) is None:
                break
            elder = people[f.elder]
            left = roc.first_day(last) - dt.timedelta(days=rng.randint(215, 300) if n < 4 else rng.randint(20, 160))
            out.crossings.append((elder, left, "out"))
            if n >= 4:
                out.crossings.append((elder, left + dt.timedelta(days=rng.randint(4, 19)), "in"))
        for _ in range(18):
            if (f := next(take, None)) is not None:
                kind = rng.choice(("civil_monthly", "survivor_monthly", "civil_lump_sum"))
                out.pensions.append((people[f.elder], kind, dt.date(rng.randint(1995, 2018), 8, 1), rng.randint(90, 260) * 100))
        return out


def write(folder: Path, population: Population, agencies: Agencies, month: int, since: dt.date, until: dt.date) -> dict[str, Path | None]:
    """The deliveries of `month`: states as they are on `until`, events registered after `since` up to then. Source → file (None = nothing)."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [e for e in population.events if e.registered <= until]
    people = population.people
    status = {e.person: {"death": "deceased", "move_out": "moved_out"}.get(e.kind, "resident") for e in known}

    def file(source: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path | None:
        lines = list(rows)
        if not lines:
            return None
        path = folder / f"{source}.csv"
        with open(path, "w", encoding="utf-8-sig", newline="") as f:
            writer = csv.writer(f)
            writer.writerow(columns)
            writer.writerows(lines)
        return path

    def day(value: dt.date | None) -> str:
        return "" if value is None else roc.date7(value)

    def who(p: Someone) -> tuple[str, str, str]:
        return p.person_id, p.name, roc.date7(p.birth)

    def key(index: int | None) -> str:
        return "" if index is None else people[index].person_id

    changes = [e for e in known if e.registered > since]
    return {
        "household_register": file(
            "household_register",
            ("person_id", "name", "birth", "sex", "household_no", "head_id", "relation", "county_code", "town_code", "address", "move_in_date",
             "spouse_id", "father_id", "mother_id", "status"),
            (
                (*who(p), p.sex, p.household_no, key(p.head), p.relation, p.county_code, p.town_code or f"{p.county_code}010", p.address, day(p.moved_in), key(p.spouse),
                 key(p.father), key(p.mother), status.get(p.key, "resident"))
                for p in people
            ),
        ),
        "household_change": file(
            "household_change",
            ("change_no", "person_id", "name", "birth", "event", "event_date", "registered_date", "county_from", "county_to", "new_value"),
            (
                (f"H{roc.month5(month)}{n:05d}", *who(people[e.person]), e.kind, day(e.on), day(e.registered), e.county_from, e.county_to, e.new_value)
                for n, e in enumerate(changes, 1)
            ),
        ),
        "custody": file(
            "custody",
            ("record_no", "person_id", "name", "birth", "kind", "from_date", "to_date"),
            ((f"J{n:07d}", *who(p), kind, day(a), day(b)) for n, (p, kind, a, b) in enumerate(agencies.custody, 1) if a <= until),
        ),
        "border_crossing": file(
            "border_crossing",
            ("record_no", "person_id", "date", "direction"),
            ((f"B{n:09d}", p.person_id, day(on), way) for n, (p, on, way) in enumerate(agencies.crossings, 1) if since < on <= until),
        ),
        "pension": file(
            "pension",
            ("record_no", "person_id", "name", "birth", "kind", "from_date", "to_date", "amount"),
            ((f"P{n:08d}", *who(p), kind, day(a), "", amount) for n, (p, kind, a, amount) in enumerate(agencies.pensions, 1)),
        ),
        "benefit_elsewhere": file(
            "benefit_elsewhere",
            ("record_no", "person_id", "name", "birth", "kind", "month_from", "month_to", "amount", "agency"),
            (
                (f"E{n:08d}", *who(p), kind, roc.month5(a), "" if b is None else roc.month5(b), amount, agency)
                for n, (p, kind, a, b, amount, agency) in enumerate(agencies.elsewhere, 1)
                if a <= month
            ),
        ),
    }


def neighbour_roster(path: Path, made: Sequence[Made], population: Population, month: int, seed: int) -> Path:
    """新竹市's roster of the same allowance: its own invented people, and two who also draw it here."""
    rng = Random(seed * 13 + 1)
    people = population.people
    strangers = [p for p in people if p.county_code == "10018" and p.birth.year < 1961][:60]
    holders = [f for f in made if f.from_month is not None]
    both = [people[f.elder] for f in rng.sample(holders, min(2, len(holders)))]
    columns = ("rec_no", "county_code", "town_code", "data_kind", "ref_month", "person_id", "name", "birth", "sex", "case_no", "start_month", "status",
               "pay_month_from", "pay_month_to", "pay_unit", "amount", "channel", "band")  # fmt: skip
    with open(path, "w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(columns)
        for n, p in enumerate([*strangers, *both], 1):
            m = roc.month5(month)
            writer.writerow((f"{m}N{n:06d}", "10018", "10018010", "elderly_living_allowance", m, p.person_id, p.name, roc.date7(p.birth), p.sex,
                             f"10018E{n:06d}", roc.month5(month - 8), "active", m, m, "person", 8329, "post", "full"))  # fmt: skip
    return path


