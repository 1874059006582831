"""A nation's month with planted truth: who is overpaid by how much is known before any rule is asked, because it was put there.

Every recipient is ordinary, or is one of the cases below: really overpaid, or looking so. Over all of them lie harmless facts (trips,
pensions, moves within the county, old prison terms) and a few slips of the pen. At scale 1 the size of the country: 1.6 M roster rows,
4 M persons, 3 M household changes, 20 M crossings, 2.5 M benefits elsewhere. Seeded; vectorised, so that the whole takes a minute.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from app.core import identity, roc
from app.exchange import codes, snapshots

from .frames import DCS, DLA, ELA, LILA

CYLA, REGISTER = "child_youth_living_assistance", "disability_register"
SHARES: Final = {ELA: 0.2, DLA: 0.45, LILA: 0.25, DCS: 0.05, CYLA: 0.05}
RECIPIENTS, CARDS, PERSONS, CHANGES, CROSSINGS, ELSEWHERE = 600_000, 1_000_000, 4_000_000, 3_000_000, 20_000_000, 2_500_000
SLIP: Final = 0.002  # of the planted cases: one of name and birth is written differently, so nobody may be sure
_FAMILY, _GIVEN = "王陳林張李黃吳劉蔡楊許鄭謝郭洪邱曾廖賴徐", "明華美玲志偉淑芬建國秀英家豪雅婷宗翰怡君"
NAMES: Final = np.array([f + a + b for f in _FAMILY for a in _GIVEN for b in _GIVEN])
COUNTIES: Final = np.array(sorted(codes.COUNTIES))
_AMOUNT: Final = {ELA: 6000, DLA: 4000, LILA: 5000, DCS: 9000, CYLA: 1900, REGISTER: 0}
_SHORT: Final = {ELA: "E", DLA: "D", LILA: "L", DCS: "C", CYLA: "Y", REGISTER: "R"}
_EPOCH = dt.date(1970, 1, 1)


@dataclass
class Nation:
    """`sources`: snapshot frames by source; `truth`: (rec_key, overpaid, why) of every roster row that is overpaid by a fact beyond doubt."""

    month: int
    sources: dict[str, pl.DataFrame]
    truth: pl.DataFrame

    def write(self, folder: Path) -> dict[str, list[Path]]:
        """The frames as sealed snapshots, rosters by kind."""
        folder.mkdir(parents=True, exist_ok=True)
        out: dict[str, list[Path]] = {}
        for source, frame in self.sources.items():
            parts = frame.partition_by("data_kind") if source == "roster" else [frame]
            for n, part in enumerate(parts):
                path = folder / f"{source}-{n}.parquet"
                snapshots.conform(part, source).write_parquet(path, compression="zstd", row_group_size=snapshots.ROW_GROUP)
                out.setdefault(source, []).append(path)
        return out


@dataclass
class _Maker:
    rng: np.random.Generator
    month: int
    scale: float
    rows: list[pl.DataFrame] = field(default_factory=list)
    facts: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    pools: dict[str, np.ndarray] = field(default_factory=dict)

    # -- people ---------------------------------------------------------------------------------------------------------------------------
    def people(self) -> None:
        n = max(2_000, int(PERSONS * self.scale))
        self.recipients = int(RECIPIENTS * self.scale)
        i = np.arange(n)
        self.pid = numbers(i)
        self.name = NAMES[self.rng.integers(0, len(NAMES), n)]
        self.home = self.rng.integers(0, len(COUNTIES), n)
        self.kind = self.rng.choice(len(SHARES), n, p=list(SHARES.values()))
        old = self.rng.integers(66 * 365, 95 * 365, n)
        child = self.rng.integers(365, 14 * 365, n)
        anyone = self.rng.integers(20 * 365, 90 * 365, n)
        kinds = list(SHARES)
        age = np.select([self.kind == kinds.index(ELA), self.kind == kinds.index(CYLA)], [old, child], anyone)
        self.birth = days(roc.first_day(self.month)) - age
        for k, kind in enumerate(kinds):
            self.pools[kind] = self.rng.permutation(np.flatnonzero(self.kind[: self.recipients] == k))

    def take(self, kind: str, per_mille: float) -> np.ndarray:
        """People of a benefit who have no case yet, so many in a thousand recipients (at least 5)."""
        count = max(5, int(self.recipients * per_mille / 1000))
        taken, self.pools[kind] = self.pools[kind][:count], self.pools[kind][count:]
        if len(taken) < count:
            raise ValueError(f"too few people for {kind}")
        return taken

    # -- rows and facts -------------------------------------------------------------------------------------------------------------------
    def pay(self, who: np.ndarray, kind: str, over: int | None = 0, why: str = "", **more: Any) -> None:
        """One roster row each; `over`: how much of it is overpaid (None = all of it)."""
        n = len(who)
        amount = more.pop("amount", _AMOUNT[kind])
        values: dict[str, Any] = {
            "who": who, "county": COUNTIES[more.pop("county", self.home[who])], "data_kind": kind, "amount": amount,
            "over": amount if over is None else over, "why": why, "status": "active", "pay_unit": "household" if kind == LILA else "person",
            "pay_month_from": self.month, "pay_month_to": self.month, "start_month": self.month - 20, "case": "", "exempt_code": None,
            "class": "2" if kind == LILA else None, "service_type": "residential" if kind == DCS else None, "name": self.name[who],
            "birth": self.birth[who], "person_id": self.pid[who], "expiry": None, **more,
        }  # fmt: skip
        typed = {"pay_unit": pl.String, "pay_month_from": pl.Int64, "pay_month_to": pl.Int64, "exempt_code": pl.String, "class": pl.String, "service_type": pl.String, "expiry": pl.Int64}
        columns = [pl.Series(k, v if isinstance(v, np.ndarray) else [v] * n, dtype=typed.get(k)) for k, v in values.items()]
        self.rows.append(pl.DataFrame(columns))

    def tell(self, source: str, who: np.ndarray, **values: Any) -> None:
        """One register row each; dates as day numbers."""
        n = len(who)
        base: dict[str, Any] = {"person_id": self.pid[who], "name": self.name[who], "birth": self.birth[who], **values}
        if source == "border_crossing":
            del base["name"], base["birth"]
        columns = [pl.Series(k, v if isinstance(v, np.ndarray) else [v] * n) for k, v in base.items()]
        self.facts.setdefault(source, []).append(pl.DataFrame(columns))

    def change(self, who: np.ndarray, event: str, on: np.ndarray, late: Any = None, **more: Any) -> None:
        late = self.rng.integers(0, 40, len(who)) if late is None else late
        self.tell("household_change", who, event=event, event_date=on, registered_date=on + late, **more)

    def before(self, n: int, first: int = 2, last: int = 150) -> np.ndarray:
        """Days so many before the month's first day."""
        return days(roc.first_day(self.month)) - self.rng.integers(first, last, n)

    def other(self, who: np.ndarray) -> np.ndarray:
        return (self.home[who] + 1 + self.rng.integers(0, len(COUNTIES) - 1, len(who))) % len(COUNTIES)

    # -- what is there --------------------------------------------------------------------------------------------------------------------
    def overpaid(self) -> None:
        """Cases where the law leaves no doubt, by the benefit the law stops."""
        first, last = days(roc.first_day(self.month)), days(roc.last_day(self.month))
        for kind, share in ((ELA, 4), (DLA, 5), (DCS, 2)):
            who = self.take(kind, share)
            self.pay(who, kind, None, "death")
            self.change(who, "death", self.before(len(who)))
        who = self.take(ELA, 1)  # an annulled date, then the right one
        self.pay(who, ELA, None, "death")
        on = self.before(len(who), 80, 150)
        self.change(who, "death", on, 1)
        self.change(who, "death_annulled", on, 5)
        self.change(who, "death", on + 3, 6)
        who = self.take(DLA, 1)  # died under the number before it was corrected
        new = numbers(np.arange(len(who)) + 9_000_000 + int(self.month) * 10_000)
        self.pay(who, DLA, None, "death", person_id=new)
        self.change(who, "id_change", self.before(len(who), 200, 400), new_value=new)
        self.change(who, "death", self.before(len(who)))
        who = self.take(ELA, 1)  # three months at once, dead in the first
        self.pay(who, ELA, 12_000, "death", amount=18_000, pay_month_from=self.month - 2)
        on = np.full(len(who), days(roc.first_day(self.month - 2)) + 9)
        self.change(who, "death", on)
        who = self.take(ELA, 4)
        there = self.other(who)
        self.pay(who, ELA, None, "moved")
        self.change(who, "move_out", self.before(len(who)), county_from=COUNTIES[self.home[who]], county_to=COUNTIES[there])
        self.home[who] = there
        self.settled = [who]
        on = who[::2]  # and half of them once more, within the new county
        self.change(on, "move_within", np.full(len(on), days(roc.first_day(self.month)) - 1), county_from=COUNTIES[there[::2]], county_to=COUNTIES[there[::2]])
        for kind, share in ((ELA, 2), (DLA, 2)):
            who = self.take(kind, share)
            self.pay(who, kind, None, "custody")
            until = np.where(self.rng.random(len(who)) < 0.5, -1, last + 30)
            self.tell("custody", who, kind="prison", from_date=self.before(len(who), 2, 400), to_date=until)
            who = self.take(kind, share)
            self.pay(who, kind, None, "placement")
            since = self.month - self.rng.integers(1, 9, len(who))
            self.tell("benefit_elsewhere", who, kind="public_placement", month_from=since, month_to=-1, amount=12_000)
        who = self.take(ELA, 2)
        self.pay(who, ELA, None, "abroad")
        self.travelled = who
        self.tell("border_crossing", who, date=first - self.rng.integers(200, 360, len(who)), direction="out")
        for kind in (ELA, DLA):
            who = self.take(kind, 2)
            self.pay(who, kind)
            self.pay(who, kind, None, "twice", county=self.other(who), case="X")
            who = self.take(kind, 1)
            self.pay(who, kind)
            self.pay(who, kind, None, "twice", case="X")
        who = self.take(ELA, 3)
        self.pay(who, ELA)
        self.pay(who, DLA, None, "choose")
        who = self.take(ELA, 2)  # the county where nobody is registered gives way, although it pays more
        self.pay(who, ELA, None, "choose", county=self.other(who))
        self.pay(who, DLA)
        who = self.take(DLA, 3)
        self.pay(who, DLA, None, "care")
        self.pay(who, DCS)
        for drawn in ("farmer_allowance", "np_old_age_guaranteed", "np_disability_guaranteed"):
            who = self.take(ELA, 1.5)
            self.pay(who, ELA, None, "elsewhere")
            since = self.month - self.rng.integers(0, 9, len(who))
            self.tell("benefit_elsewhere", who, kind=drawn, month_from=since, month_to=-1, amount=3000)
        who = self.take(LILA, 2)
        self.pay(who, LILA, amount=14_000, pay_unit="person", **{"class": "1"})
        self.pay(who, DLA, 720, "cap")
        who = self.take(ELA, 1)
        self.birth[who] = first - self.rng.integers(50 * 365, 64 * 365, len(who))
        self.pay(who, ELA, None, "age")

    def only_looks_so(self) -> None:
        """Several times as many who are paid rightly."""
        first, last = days(roc.first_day(self.month)), days(roc.last_day(self.month))
        for kind in (ELA, DLA, DCS):
            who = self.take(kind, 6)
            self.pay(who, kind)
            self.change(who, "death", self.rng.integers(first, last + 1, len(who)))
        who = self.take(ELA, 2)
        self.pay(who, ELA)
        on = self.before(len(who))
        self.change(who, "death", on, 1)
        self.change(who, "death_annulled", on, 4)
        who = self.take(ELA, 2)  # arrears for the months before the death
        self.pay(who, ELA, amount=12_000, pay_month_from=self.month - 2, pay_month_to=self.month - 1)
        self.change(who, "death", np.full(len(who), days(roc.first_day(self.month - 1)) + 12))
        who = self.take(DLA, 3)  # somebody else's number
        self.pay(who, DLA, name="錯號人", birth=self.birth[who] + 40)
        self.change(who, "death", self.before(len(who)))
        who = self.take(LILA, 5)
        self.pay(who, LILA, amount=0)
        self.change(who, "death", self.before(len(who)))
        who = self.take(ELA, 4)  # out and back
        self.pay(who, ELA)
        there, on = COUNTIES[self.other(who)], self.before(len(who), 40, 150)
        here = COUNTIES[self.home[who]]
        self.change(who, "move_out", on, county_from=here, county_to=there)
        self.change(who, "move_in", on + self.rng.integers(0, 30, len(who)), county_from=there, county_to=here)
        who = self.take(DLA, 4)  # no condition of the living allowance in 98
        self.pay(who, DLA)
        there2 = self.other(who)
        self.change(who, "move_out", self.before(len(who)), county_from=COUNTIES[self.home[who]], county_to=COUNTIES[there2])
        self.home[who] = there2
        self.settled.append(who)
        who = self.take(ELA, 3)
        self.pay(who, ELA)
        self.tell("custody", who, kind="prison", from_date=self.before(len(who), 500, 900), to_date=self.before(len(who), 2, 400))
        who = self.take(ELA, 3)
        self.pay(who, ELA)
        out = first - self.rng.integers(120, 300, len(who))
        self.tell("border_crossing", who, date=out, direction="out")
        self.tell("border_crossing", who, date=out + self.rng.integers(20, 110, len(who)), direction="in")
        who = self.take(ELA, 4)  # stopped drawing before the month, or not yet
        self.pay(who, ELA)
        self.tell("benefit_elsewhere", who, kind="farmer_allowance", month_from=self.month - 9, month_to=self.month - 1, amount=6000)
        who = self.take(DLA, 6)
        self.pay(who, DLA)
        self.tell("benefit_elsewhere", who, kind="veteran_care", month_from=self.month - 9, month_to=-1, amount=9000)
        who = self.take(LILA, 8)
        self.pay(who, LILA)
        self.pay(who, DLA)
        who = self.take(ELA, 2)
        self.pay(who, ELA, exempt_code="E1")
        self.pay(who, DLA, exempt_code="E1")
        who = self.take(ELA, 2)  # the difference paid later in one case
        self.pay(who, ELA, amount=5000)
        self.pay(who, ELA, amount=1000)
        who = self.take(DLA, 2)  # handed over without overlap: the old county pays the month before, late
        self.pay(who, DLA, start_month=self.month)
        self.pay(who, DLA, county=self.other(who), pay_month_from=self.month - 1, pay_month_to=self.month - 1, case="X")
        who = self.take(DLA, 3)  # two months in one payment
        self.pay(who, DLA, amount=8000, pay_month_from=self.month - 1)

    def ordinary(self) -> None:
        for kind, pool in self.pools.items():
            self.pay(pool, kind)
            self.pools[kind] = pool[:0]
        cards = np.arange(int(CARDS * self.scale))
        self.pay(cards, REGISTER, pay_unit=None, pay_month_from=None, pay_month_to=None)

    def harmless(self) -> None:
        """What means nothing: for everybody, recipients or not."""
        first, n = days(roc.first_day(self.month)), len(self.pid)
        some = lambda count: self.rng.integers(0, n, int(count * self.scale))  # noqa: E731
        who = np.setdiff1d(some(CHANGES * 0.9), np.concatenate(self.settled))
        here = COUNTIES[self.home[who]]
        self.change(who, "move_within", self.before(len(who), 2, 300), county_from=here, county_to=here)
        strangers = self.recipients + self.rng.integers(0, n - self.recipients, int(CHANGES * self.scale * 0.1))
        self.change(strangers, "death", self.before(len(strangers)))
        who = np.setdiff1d(some(CROSSINGS / 4), self.travelled)
        for start in (330, 60):  # two trips of up to three weeks
            out = first - start + self.rng.integers(0, 30, len(who))
            self.tell("border_crossing", who, date=out, direction="out")
            self.tell("border_crossing", who, date=out + self.rng.integers(1, 21, len(who)), direction="in")
        count = min(n - self.recipients, int(ELSEWHERE * self.scale))
        self.tell("benefit_elsewhere", self.recipients + np.arange(count), kind="farmer_allowance", month_from=self.month - 30, month_to=-1, amount=6000)
        who = some(RECIPIENTS * 0.3)
        self.tell("pension", who, kind="civil_monthly", from_date=first - 3000, to_date=-1, amount=20_000)

    # -- put together ---------------------------------------------------------------------------------------------------------------------
    def roster(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        rows = pl.concat(self.rows, how="diagonal_relaxed").with_row_index("n")
        slip = pl.Series("slip", self.rng.random(rows.height) < SLIP) & (rows["why"] != "")
        rows = rows.with_columns(pl.when(slip).then(pl.col("name").str.slice(0, 2)).otherwise("name").alias("name"))
        kind = pl.col("data_kind").replace_strict(_SHORT)
        rows = rows.with_columns(
            joined(pl.lit("R"), pl.col("n").cast(pl.String).str.zfill(8)).alias("rec_no"),
            joined("county", kind, pl.col("who").cast(pl.String).str.zfill(8), "case").alias("case_no"),
            pl.lit(self.month, dtype=pl.Int32).alias("ref_month"),
            pl.col("county").alias("county_code"),
            joined("county", pl.lit("010")).alias("town_code"),
            joined(pl.lit("H"), "who").alias("household_no"),
            pl.from_epoch("birth", "d").alias("birth"),
            pl.lit("post").alias("channel"),
            pl.lit("M").alias("sex"),
        )
        key = joined("county_code", pl.lit("|"), "data_kind", pl.lit("|"), "ref_month", pl.lit("|"), "rec_no").alias("rec_key")
        return rows, rows.with_columns(key).filter(pl.col("over") > 0).select("rec_key", "over", "why")

    def register(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "person_id": self.pid, "name": self.name, "birth": self.birth, "county_code": COUNTIES[self.home],
                "household_no": np.arange(len(self.pid)),
            }
        ).with_columns(
            pl.from_epoch("birth", "d").alias("birth"), joined(pl.lit("F"), "household_no").alias("household_no"),
            joined("county_code", pl.lit("010")).alias("town_code"), pl.lit("resident").alias("status"), pl.lit("M").alias("sex"),
        )  # fmt: skip

    def told(self, source: str) -> pl.DataFrame:
        frame = pl.concat(self.facts[source], how="diagonal_relaxed").with_row_index("n")
        number = "change_no" if source == "household_change" else "record_no"
        dates = [c for c in ("birth", "date", "event_date", "registered_date", "from_date", "to_date") if c in frame.columns]
        return frame.with_columns(
            *(pl.from_epoch(pl.when(pl.col(c) >= 0).then(c) if c == "to_date" else pl.col(c), "d").alias(c) for c in dates),
            *(pl.when(pl.col(c) >= 0).then(c).alias(c) for c in ("month_to",) if c in frame.columns),
            joined(pl.lit("N"), pl.col("n").cast(pl.String).str.zfill(9)).alias(number),
        )


def joined(*parts: Any) -> pl.Expr:
    """Columns and expressions written one after the other."""
    return pl.concat_str(*((pl.col(p) if isinstance(p, str) else p).cast(pl.String) for p in parts))


def days(day: dt.date) -> int:
    return (day - _EPOCH).days


def numbers(i: np.ndarray) -> np.ndarray:
    """ID numbers with their check digits, one for each integer."""
    letters = np.array(sorted(identity.LETTER))
    value = np.array([identity.LETTER[c] for c in letters])[i % 26]
    body, sex = i // 26, 1 + (i // 7) % 2
    total = value // 10 + value % 10 * 9 + sex * 8
    for place, weight in zip(range(6, -1, -1), (7, 6, 5, 4, 3, 2, 1), strict=True):
        total = total + body // 10**place % 10 * weight
    frame = pl.DataFrame({"l": letters[i % 26], "s": sex, "b": body, "c": (10 - total % 10) % 10})
    return frame.select(joined("l", "s", pl.col("b").cast(pl.String).str.zfill(7), "c")).to_series().to_numpy()


def nation(seed: int, month: int, scale: float) -> Nation:
    """A month of a country of `scale` times its size."""
    maker = _Maker(np.random.default_rng(seed), month, scale)
    maker.people()
    maker.overpaid()
    maker.only_looks_so()
    maker.ordinary()
    maker.harmless()
    rows, truth = maker.roster()
    sources: Mapping[str, pl.DataFrame] = {
        "roster": rows, "household_register": maker.register(), **{s: maker.told(s) for s in maker.facts},
    }  # fmt: skip
    return Nation(month, {s: cast(frame, s) for s, frame in sources.items()}, truth)


def cast(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """With the columns and types of the source's snapshots."""
    schema = snapshots.schema(source)
    return frame.select(
        *((pl.col(c) if c in frame.columns else pl.lit(None)).cast(t).alias(c) for c, t in schema.items())
    )  # fmt: skip
