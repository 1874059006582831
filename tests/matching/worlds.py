"""Small worlds at random, crowded with everything a real month has: arrears, moves and returns, changed numbers, wrong names, exceptions."""

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

from app.core import identity, roc

from .frames import DCS, DLA, ELA, LILA

COUNTIES = ("10004", "10005", "10018")
KINDS = (ELA, DLA, DCS, LILA, "child_youth_living_assistance", "county_senior_allowance", "disability_register")
REGISTER = "disability_register"
GRADES = ("mild", "moderate", "severe", "profound", None)
NAMES = ("王大明", "陳小美", "林阿土", "張秀英")


class Maker:
    """One world: `rows(source)` after `fill()`."""

    def __init__(self, seed: int, month: int, people: int = 60) -> None:
        self.r, self.month, self.people = random.Random(seed), month, people
        self.sources: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in ("roster", "household_register", "household_change", "custody", "border_crossing", "pension", "benefit_elsewhere")
        }
        self.n = 0
        self.known_ids: list[str] = []

    def number(self, head: str) -> str:
        self.n += 1
        return f"{head}{self.n:08d}"

    def day(self, around: int = 0, months: int = 8) -> dt.date:
        month = self.month + around + self.r.randint(-months, 1)
        return roc.first_day(month) + dt.timedelta(days=self.r.choice((0, 1, 14, (roc.last_day(month) - roc.first_day(month)).days)))

    def some(self, chance: float) -> bool:
        return self.r.random() < chance

    def fill(self) -> "Maker":
        for i in range(self.people):
            self.person(i)
        return self

    def person(self, i: int) -> None:
        r = self.r
        pid = identity.with_check_digit(f"A{1 + i % 2}{i:07d}")
        who = {
            "person_id": pid,
            "name": r.choice(NAMES),
            "birth": dt.date(r.choice((1925, 1938, 1943, 1944, 1944, 1950)), r.randint(1, 12), r.choice((1, 15, 28))),
        }
        home = r.choice(COUNTIES)
        known = dict(who)
        if self.some(0.1):  # a number corrected, the register under the new one
            new = identity.with_check_digit(f"B{1 + i % 2}{i:07d}")
            self.change({**who}, "id_change", self.day(), new_value=new)
            known["person_id"] = new
        if self.some(0.1):
            named = r.choice(NAMES)
            self.change(known, "name_change", self.day(), new_value=named)
            known["name"] = named
        home = self.moves(known, home) if self.some(0.35) else home
        if self.some(0.95):
            status = r.choice(("deceased", "missing", "removed", "moved_out")) if self.some(0.12) else "resident"
            self.sources["household_register"].append(
                {
                    **known, "sex": "M", "household_no": f"F{r.randint(1, 40)}", "county_code": home, "town_code": home + "010", "status": status,
                    **{link: r.choice(self.known_ids) for link in ("spouse_id", "father_id", "mother_id") if self.known_ids and self.some(0.2)},
                }
            )  # fmt: skip
        self.known_ids += [who["person_id"], known["person_id"]]
        for _ in range(r.choice((1, 1, 2, 2, 3))):
            self.payment(r.choice((who, known)), r.choice((home, home, r.choice(COUNTIES))))
        for _ in range(r.choice((0, 0, 1, 2))):
            self.payment(r.choice((who, known)), r.choice(COUNTIES), REGISTER)
        self.facts(who, known)
        if i % 4 == 0:
            self.plain_case((i // 4) % 6, known, home)

    def told(self, who: dict[str, Any]) -> dict[str, Any]:
        """The person as another agency writes him or her, rarely with a slip."""
        out = {k: who[k] for k in ("person_id", "name", "birth")}
        if self.some(0.08):
            out["name"] = self.r.choice(NAMES)
        if self.some(0.08):
            out["birth"] = out["birth"] + dt.timedelta(days=1)
        return out

    def change(self, who: dict[str, Any], event: str, on: dt.date, **more: Any) -> None:
        row = {
            **who,
            "change_no": self.number("H"),
            "event": event,
            "event_date": on,
            "registered_date": on + dt.timedelta(days=self.r.choice((0, 3, 40))),
            **more,
        }
        self.sources["household_change"].append(row)

    def moves(self, who: dict[str, Any], home: str) -> str:
        on = self.day()
        for _ in range(self.r.choice((1, 1, 2, 3))):
            to = self.r.choice([c for c in COUNTIES if c != home])
            event = self.r.choice(("move_out", "move_out", "move_in", "move_within", "removed"))
            if event == "move_within":
                self.change(self.told(who), event, on, county_from=home, county_to=home)
            elif event == "removed":
                self.change(self.told(who), event, on)
            else:
                self.change(self.told(who), event, on, county_from=home, county_to=to)
                home = to
            on += dt.timedelta(days=self.r.choice((0, 5, 31, 60)))
        return home

    def payment(self, who: dict[str, Any], county: str, kind: str = "") -> None:
        r = self.r
        kind = kind or r.choice(KINDS)
        cash = kind != "disability_register"
        ref = self.month - (1 if self.some(0.2) else 0)
        end = ref - r.choice((0, 0, 0, 0, 1))
        start = end - r.choice((0, 0, 0, 1, 2))
        amount = r.choice((0, 3000, 4000, 6000, 7000, 10001, 14000)) if cash else 0
        self.sources["roster"].append(
            {
                **self.told(who), "rec_no": self.number("R"), "county_code": county, "town_code": county + "010", "data_kind": kind, "ref_month": ref,
                "sex": "M", "case_no": r.choice(("C1", "C2", self.number("C"))), "start_month": ref - r.randint(3, 5),
                "status": r.choice(("suspended", "ended")) if self.some(0.1) else "active", "pay_month_from": start if cash else None, "pay_month_to": end if cash else None,
                "pay_unit": ("household" if kind == LILA and self.some(0.6) else "person") if cash else None, "amount": amount,
                "channel": r.choice(("post", "bank", "institution")), "account_hash": r.choice(("a1", "b2", "c3", "d4", None)) if self.some(0.3) else None,
                "household_no": r.choice(("H1", "H2", None)) if kind == LILA else None, "end_month": ref if self.some(0.05) else None,
                "id_ok": self.some(0.97), "grade": r.choice(GRADES) if kind in (DLA, REGISTER) else None,
                "low_income_flag": r.choice("YN") if kind == DLA else None,
                "expiry": r.choice((None, self.day())) if kind == REGISTER else None, "assess_date": r.choice((None, self.day())) if kind == REGISTER else None,
                "exempt_code": "E1" if self.some(0.07) else None, "class": r.choice("123") if kind == LILA else None,
                "service_type": r.choice(("day", "night", "residential", None)) if kind == DCS else None,
            }
        )  # fmt: skip

    def plain_case(self, which: int, who: dict[str, Any], home: str) -> None:
        """What chance alone hardly ever brings together."""
        before, roster = len(self.sources["roster"]), self.sources["roster"]
        told = {k: who[k] for k in ("person_id", "name", "birth")}
        plain = {**told, "status": "active", "exempt_code": None}
        if which == 0:  # a heavier degree is paid than the card says
            self.payment(who, home, DLA)
            roster[before].update(plain, grade=self.r.choice(("moderate", "severe")), amount=self.r.choice((3000, 4000, 7000)), ref_month=self.month)
            self.payment(who, home, REGISTER)
            roster[before + 1].update(plain, grade="mild", ref_month=self.month, expiry=None)
        elif which == 1:  # counted in two households
            for at, house in ((home, "H1"), (self.r.choice(COUNTIES), "H2")):
                self.payment(who, at, LILA)
                roster[-1].update(plain, amount=0, household_no=house, ref_month=self.month, pay_month_from=self.month, pay_month_to=self.month)
        elif which == 2:  # gone for long
            self.payment(who, home, DLA)
            roster[before].update(plain)
            self.change(told, "missing", self.day(-5, 3))
        elif which == 3:  # an account used by many
            self.payment(who, home, ELA)
            roster[before].update(plain, account_hash=self.r.choice(("e5", "f6", "g7")), channel="post", ref_month=self.month)
        elif which == 4:  # moved away for good
            self.payment(who, home, ELA)
            roster[before].update(plain)
            to = self.r.choice([c for c in COUNTIES if c != home])
            self.change(told, "move_out", self.day(-1, 2), county_from=home, county_to=to)
        else:  # two benefits of which one is to be chosen
            for kind in (ELA, DLA):
                self.payment(who, home, kind)
                roster[-1].update(plain, amount=4000, ref_month=self.month, pay_month_from=self.month, pay_month_to=self.month)

    def facts(self, who: dict[str, Any], known: dict[str, Any]) -> None:
        r = self.r
        under = lambda: self.told(r.choice((who, known)))  # noqa: E731
        if self.some(0.2):
            self.change(under(), "death", self.day())
            if self.some(0.3):
                self.change(under(), "death_annulled", self.day())
                if self.some(0.4):
                    self.change(under(), "death", self.day())
        if self.some(0.15):
            self.change(under(), "missing", self.day(-4))
            if self.some(0.4):
                self.change(under(), "found", self.day(-2))
        for _ in range(r.choice((0, 0, 0, 1, 2))):
            start = self.day()
            self.sources["custody"].append(
                {
                    **under(),
                    "record_no": self.number("J"),
                    "kind": "prison",
                    "from_date": start,
                    "to_date": r.choice((None, start + dt.timedelta(days=r.choice((0, 20, 45, 200))))),
                }
            )
        for _ in range(r.choice((0, 0, 0, 1, 2))):
            kind = r.choice(
                (
                    "farmer_allowance",
                    "np_old_age_guaranteed",
                    "np_disability_guaranteed",
                    "veteran_care",
                    "public_placement",
                    "unemployment_benefit",
                    "other",
                )
            )
            start = self.month + r.randint(-6, 1)
            self.sources["benefit_elsewhere"].append(
                {
                    **under(),
                    "record_no": self.number("E"),
                    "kind": kind,
                    "month_from": start,
                    "month_to": r.choice((None, start + r.randint(0, 5))),
                    "amount": r.choice((0, 3000, 6000, 9000)),
                }
            )
        if self.some(0.15):
            self.sources["pension"].append(
                {**under(), "record_no": self.number("P"), "kind": r.choice(("civil_monthly", "civil_lump_sum", "military_lump_sum", "survivor_monthly")),
                 "from_date": self.day(), "to_date": r.choice((None, self.day())), "amount": 20000}
            )  # fmt: skip
        if self.some(0.25):
            self.crossings(r.choice((who, known)))

    def crossings(self, who: dict[str, Any]) -> None:
        on = roc.first_day(self.month - 13) + dt.timedelta(days=self.r.randint(0, 60))
        for _ in range(self.r.choice((1, 2, 3))):
            for direction in ("out", "in"):
                if self.some(0.93):
                    self.sources["border_crossing"].append(
                        {"record_no": self.number("B"), "person_id": who["person_id"], "date": on, "direction": direction}
                    )
                on += dt.timedelta(
                    days=self.r.choice((0, 30, 181, 182, 183, 184, 200)) if direction == "out" else self.r.choice((0, 1, 60))
                )


def world(seed: int, month: int, people: int = 60) -> dict[str, Sequence[dict[str, Any]]]:
    """Rows by source."""
    return Maker(seed, month, people).fill().sources
