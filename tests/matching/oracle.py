"""The match once more, slowly: plain Python over rows, written from the law and the contract, sharing no code with the rules but the
exclusion table. It answers with the same things: per rule, row, counterpart and grade, the months and the NTD claimed.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
DAY = dt.timedelta(days=1)
CUT = (
    "disability_living_allowance", "paralysis_living_allowance", "county_senior_allowance", "elderly_living_allowance",
    "child_youth_living_assistance", "low_income_living_assistance",
)  # fmt: skip
WELFARE_ELSEWHERE = {"veteran_care", "farmer_allowance", "np_old_age_guaranteed", "np_disability_guaranteed"}
ORDER = (
    "DEATH", "DEATH_STATUS", "CUSTODY", "PLACEMENT", "AGE", "MOVED", "REMOVED", "MISSING", "ABSENCE", "DUPLICATE", "MEMBER_TWICE",
    "SUSPENDED_BY", "CARD_EXPIRED", "ELSEWHERE", "CHOOSE_ONE", "PENSION", "CAP", "CARD_DOWNGRADED", "REGISTERED_ELSEWHERE", "ACCOUNT",
    "IDENTITY", "SHAPE",
)  # fmt: skip
DEGREES = ("mild", "moderate", "severe", "profound")


def first(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)


def last(month: int) -> dt.date:
    return first(month + 1) - DAY


def month_of(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


class Payment:
    """One month of one roster row."""

    def __init__(self, row: Row, month: int, paid: int, world: "World") -> None:
        self.row, self.month, self.paid = row, month, paid
        self.kind, self.county = row["data_kind"], row["county_code"]
        self.key = f"{self.county}|{self.kind}|{row['ref_month']}|{row['rec_no']}"
        self.person = world.now_known_as(row["person_id"])
        self.household = row["pay_unit"] == "household"
        self.home = world.home(self.person, self.county, month)

    @property
    def counterpart_name(self) -> str:
        if self.kind == "low_income_living_assistance":
            return f"{self.kind}:{self.row['class'] or '2'}"
        if self.kind == "disability_care_subsidy":
            return f"{self.kind}:{self.row['service_type'] or 'residential'}"
        return self.kind


class World:
    """All rows, looked up by person."""

    def __init__(
        self, month: int, sources: Mapping[str, Sequence[Row]], conditions: Callable[[str, int], Mapping[tuple[str, str], Any]],
        cap: int | None, cash: Iterable[str], mild: tuple[int | None, int | None] = (None, None),
    ) -> None:  # fmt: skip
        self.month, self.conditions, self.cap, self.mild = month, conditions, cap, mild
        get = lambda name: sources.get(name, ())  # noqa: E731
        self.renumbered = self._renumbered(get("household_change"))
        self.changes = self._by_person(get("household_change"))
        self.custody = self._by_person(get("custody"))
        self.crossings = self._by_person(get("border_crossing"))
        self.pensions = self._by_person(get("pension"))
        self.elsewhere = self._by_person(get("benefit_elsewhere"))
        self.register: dict[str, Row] = {}
        for row in get("household_register"):
            person = self.now_known_as(row["person_id"])
            old = self.register.get(person)
            if old is None or (row["person_id"] == person and old["person_id"] != person):
                self.register[person] = row
        self.cards: dict[str, list[Row]] = defaultdict(list)
        for row in get("roster"):
            if row["data_kind"] == "disability_register" and row["ref_month"] == month:
                self.cards[self.now_known_as(row["person_id"])].append(row)
        cash = set(cash)
        rows = [r for r in get("roster") if r["data_kind"] in cash and r["ref_month"] <= month]
        mine = [r for r in rows if r["ref_month"] == month]
        touched = {m for r in mine for m in self._months(r)}
        self.payments: dict[tuple[str, int], list[Payment]] = defaultdict(list)
        for row in rows:
            for m, paid in self._split(row).items():
                if m in touched or min(touched, default=m) <= m <= max(touched, default=m):
                    payment = Payment(row, m, paid, self)
                    self.payments[payment.person, m].append(payment)

    def _by_person(self, rows: Iterable[Row]) -> dict[str, list[Row]]:
        out: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            out[self.now_known_as(row["person_id"])].append(row)
        return out

    @staticmethod
    def _renumbered(changes: Iterable[Row]) -> dict[str, str]:
        return {
            c["person_id"]: c["new_value"]
            for c in changes
            if c["event"] == "id_change" and c["new_value"] and c["new_value"] != c["person_id"]
        }

    def now_known_as(self, person_id: str) -> str:
        for _ in range(2):
            person_id = self.renumbered.get(person_id, person_id)
        return person_id

    @staticmethod
    def _months(row: Row) -> range:
        start = row["pay_month_from"] if row["pay_month_from"] is not None else row["ref_month"]
        end = row["pay_month_to"] if row["pay_month_to"] is not None else start
        return range(start, end + 1)

    def _split(self, row: Row) -> dict[int, int]:
        months = list(self._months(row))
        parts = {m: row["amount"] // len(months) for m in months}
        parts[months[-1]] += row["amount"] - sum(parts.values())
        return parts

    # -- who and where ------------------------------------------------------------------------------------------------
    def names(self, person: str) -> set[str]:
        out = set()
        for c in self.changes[person]:
            if c["event"] == "name_change":
                out |= {c["name"], c["new_value"]}
        return out

    def alike(self, p: Payment, name: str | None, birth: dt.date | None) -> int:
        registered = self.register.get(p.person)
        mine = {p.row["name"]}
        if registered is not None and p.row["name"] in self.names(p.person):
            mine.add(registered["name"])
        return int(name is not None and name in mine) + int(birth is not None and birth == p.row["birth"])

    def moves(self, person: str) -> list[Row]:
        at = self.register.get(person, {}).get("county_code")
        found = [c for c in self.changes[person] if c["event"] in ("move_out", "move_in", "move_within", "removed")]
        return sorted(
            found, key=lambda c: (c["event_date"], int(at is not None and c["county_to"] == at), c["registered_date"], c["change_no"])
        )

    def home(self, person: str, county: str, month: int) -> bool | None:
        """Was the person registered in the county some time of the month? None when nothing says."""
        moves = self.moves(person)
        if any(c["county_to"] == county and first(month) <= c["event_date"] <= last(month) for c in moves):
            return True
        before = [c for c in moves if c["event_date"] < first(month)]
        after = [c for c in moves if c["event_date"] >= first(month)]
        where = before[-1]["county_to"] if before else None
        where = where or (after[0]["county_from"] if after else None) or self.register.get(person, {}).get("county_code")
        return None if where is None else where == county

    # -- the law ------------------------------------------------------------------------------------------------------
    def condition(self, p: Payment, counterpart: str) -> Any:
        return self.conditions(p.county, p.month).get((p.kind, counterpart))

    def doubts(self) -> dict[tuple[Any, ...], dict[int, int]]:
        """(rule, grade, row key, counterpart record, counterpart county) → month → NTD claimed."""
        claims: list[dict[str, Any]] = []
        for payments in self.payments.values():
            for p in payments:
                if p.row["ref_month"] == self.month:
                    for rule in (
                        self.dead,
                        self.dead_by_status,
                        self.held,
                        self.placed,
                        self.young,
                        self.moved,
                        self.struck_off,
                        self.gone,
                        self.card_lapsed,
                        self.card_lighter,
                        self.abroad,
                        self.drawing,
                        self.retired,
                    ):
                        claims += [c for c in rule(p) if c]
            claims += self.pairs(payments)
        claims += self.registered_elsewhere() + self.identity() + self.accounts() + self.contradictions()
        claims += self.capped()
        return self.settled(claims)

    def claim(
        self,
        rule: str,
        p: Payment,
        grades: Iterable[int],
        rec: Any = None,
        county: Any = None,
        over: int | None = None,
        other: Payment | None = None,
    ) -> dict[str, Any]:
        grade = max([*grades, 2 if p.row["status"] == "suspended" else 1])
        return {
            "rule": rule,
            "p": p,
            "grade": grade,
            "rec": rec,
            "county": county,
            "over": p.paid if over is None else over,
            "other": other,
        }

    def stops(self, p: Payment, counterpart: str) -> Any:
        """The condition by which the benefit stops, if it does and if something was paid."""
        found = self.condition(p, counterpart)
        return found if p.paid > 0 and found is not None and found.relation in ("gives_way", "choose_one", "top_up", "cap") else None

    def dead(self, p: Payment) -> list[Any]:
        rule = self.stops(p, "death")
        told = sorted(
            (c for c in self.changes[p.person] if c["event"] in ("death", "death_annulled")),
            key=lambda c: (c["registered_date"], c["change_no"]),
        )
        if not rule or not told or told[-1]["event"] == "death_annulled" or month_of(told[-1]["event_date"]) >= p.month:
            return []
        same = self.alike(p, told[-1]["name"], told[-1]["birth"])
        return [self.claim("DEATH", p, (rule.grade, 3 - same, 1 + p.household), told[-1]["change_no"])] if same else []

    def dead_by_status(self, p: Payment) -> list[Any]:
        rule, entry = self.stops(p, "death"), self.register.get(p.person)
        if (
            not rule
            or not entry
            or entry["status"] != "deceased"
            or any(c["event"] in ("death", "death_annulled") for c in self.changes[p.person])
        ):
            return []
        return (
            [self.claim("DEATH_STATUS", p, (rule.grade, 2), None, entry["county_code"])]
            if self.alike(p, entry["name"], entry["birth"])
            else []
        )

    def held(self, p: Payment) -> list[Any]:
        rule = self.stops(p, "incarceration")
        spells = []
        for c in self.custody[p.person]:
            if self.alike(p, c["name"], c["birth"]):
                days = (min(c["to_date"] or last(p.month), last(p.month)) - max(c["from_date"], first(p.month))).days + 1
                if days > 0:
                    spells.append((-days, c["from_date"], c["record_no"], c))
        same_person = [
            c
            for c in self.custody[p.person]
            if self.alike(p, c["name"], c["birth"])
            and c["from_date"] <= last(p.month)
            and (c["to_date"] is None or c["to_date"] >= first(p.month) - DAY)
        ]
        if not rule or not spells:
            return []
        record = min(spells)[3]
        full = sum(-s[0] for s in spells) >= (last(p.month) - first(p.month)).days + 1
        before = min(c["from_date"] for c in same_person) < first(p.month)
        if not before and not full:
            return []
        whole = full and before
        same = self.alike(p, record["name"], record["birth"])
        grades = (rule.grade, 3 - same, 1 if whole else 2, 1 + bool(p.row["exempt_code"]), 1 + p.household)
        return [self.claim("CUSTODY", p, grades, record["record_no"])]

    def placed(self, p: Payment) -> list[Any]:
        rule, out = self.stops(p, "public_placement"), []
        for x in self.elsewhere[p.person]:
            same = self.alike(p, x["name"], x["birth"])
            running = x["month_from"] <= p.month and (x["month_to"] is None or p.month <= x["month_to"])
            if x["kind"] == "public_placement" and rule and running and same:
                grades = (rule.grade, 3 - same, 1 if x["month_from"] < p.month else 2, 1 + bool(p.row["exempt_code"]), 1 + p.household)
                out.append(self.claim("PLACEMENT", p, grades, x["record_no"]))
        return out

    def young(self, p: Payment) -> list[Any]:
        rule, birth, entry = self.stops(p, "age_65"), p.row["birth"], self.register.get(p.person)
        limit = last(p.month)
        limit = limit.replace(year=limit.year - 65, day=28 if (limit.month, limit.day) == (2, 29) else limit.day)
        if not rule or birth is None or birth <= limit or (entry and entry["birth"] and entry["birth"] <= limit):
            return []
        same = self.alike(p, entry["name"], entry["birth"]) if entry else 0
        return [self.claim("AGE", p, (rule.grade, 1 if same == 2 else 2))]

    def moved(self, p: Payment) -> list[Any]:
        rule = self.stops(p, "moved_out")
        before = [c for c in self.moves(p.person) if c["event_date"] < first(p.month)]
        if not rule or not before or p.row["exempt_code"]:
            return []
        move = before[-1]
        back = any(c["county_to"] == p.county and first(p.month) <= c["event_date"] <= last(p.month) for c in self.moves(p.person))
        same = self.alike(p, move["name"], move["birth"])
        within_unnamed = move["event"] == "move_within" and move["county_to"] is None
        if move["event"] == "removed" or within_unnamed or back or move["county_to"] == p.county or not same:
            return []
        unsure = p.household or move["county_to"] is None
        return [self.claim("MOVED", p, (rule.grade, 3 - same, 2 if unsure else 1), move["change_no"], move["county_to"])]

    def struck_off(self, p: Payment) -> list[Any]:
        rule, entry = self.stops(p, "moved_out"), self.register.get(p.person)
        before = [c for c in self.moves(p.person) if c["event_date"] < first(p.month)]
        back = any(c["county_to"] == p.county and month_of(c["event_date"]) == p.month for c in self.moves(p.person))
        if not rule or p.row["exempt_code"] or back:
            return []
        if before:
            told, rec = before[-1], before[-1]["change_no"]
            if told["event"] != "removed":
                return []
        elif entry and entry["status"] == "removed":
            told, rec = entry, None
        else:
            return []
        return [self.claim("REMOVED", p, (rule.grade, 2), rec)] if self.alike(p, told["name"], told["birth"]) else []

    def gone(self, p: Payment) -> list[Any]:
        """Missing for six whole months before the month began."""
        rule, entry = self.stops(p, "missing_6m"), self.register.get(p.person)
        told = sorted(
            (c for c in self.changes[p.person] if c["event"] in ("missing", "found")), key=lambda c: (c["registered_date"], c["change_no"])
        )
        if not rule or p.row["exempt_code"]:
            return []
        if told:
            since = told[-1]["event_date"]
            full = month_of(since) + 6  # the month in which the six months become full; on its last day for days it does not have
            if told[-1]["event"] == "found" or full >= p.month or not self.alike(p, told[-1]["name"], told[-1]["birth"]):
                return []
            return [self.claim("MISSING", p, (rule.grade, 2), told[-1]["change_no"])]
        if entry and entry["status"] == "missing" and self.alike(p, entry["name"], entry["birth"]):
            return [self.claim("MISSING", p, (rule.grade, 2))]
        return []

    def best_card(self, person: str) -> Row | None:
        far = dt.date.max
        cards = sorted(self.cards[person], key=lambda c: (c["county_code"], c["rec_no"]))
        cards.sort(key=lambda c: c["expiry"] or far, reverse=True)
        return min(cards, key=lambda c: c["status"] == "ended", default=None)

    def card_lapsed(self, p: Payment) -> list[Any]:
        rule, c = self.stops(p, "certificate_expired"), self.best_card(p.person)
        if not rule or c is None or p.row["exempt_code"] or not self.alike(p, c["name"], c["birth"]):
            return []
        if c["status"] != "ended" and (c["expiry"] is None or c["expiry"] >= first(p.month)):
            return []
        return [self.claim("CARD_EXPIRED", p, (rule.grade, 2), c["rec_no"], c["county_code"])]

    def card_lighter(self, p: Payment) -> list[Any]:
        rule, c = self.stops(p, "certificate_expired"), self.best_card(p.person)
        ours = p.row["grade"] if p.kind == "disability_living_allowance" else None
        if not rule or c is None or ours is None or c["grade"] is None or p.row["exempt_code"]:
            return []
        if c["grade"] != "mild" or DEGREES.index(ours) == 0 or not self.alike(p, c["name"], c["birth"]):
            return []  # moderate and above are paid alike
        if c["assess_date"] is not None and c["assess_date"] >= first(p.month):
            return []
        due = self.mild[0 if p.row["low_income_flag"] == "Y" else 1]
        if due is not None and due >= p.paid:
            return []
        return [self.claim("CARD_DOWNGRADED", p, (rule.grade, 2), c["rec_no"], c["county_code"], 0 if due is None else p.paid - due)]

    def accounts(self) -> list[Any]:
        users: dict[str, set[str]] = defaultdict(set)
        paid = [
            p for payments in self.payments.values() for p in payments
            if p.row["ref_month"] == self.month and p.paid > 0 and p.row["account_hash"] and p.row["channel"] != "institution"
        ]  # fmt: skip
        for p in paid:
            users[p.row["account_hash"]].add(p.person)
        crowded = {account for account, people in users.items() if self.families(people) > 2}
        return [
            {**self.claim("ACCOUNT", p, (3,), p.row["account_hash"][:20], None, 0), "grade": 3}
            for p in paid if p.row["account_hash"] in crowded
        ]  # fmt: skip

    def families(self, people: set[str]) -> int:
        """Groups of people who hang together by household, marriage or descent."""
        family = {person: {person} for person in people}
        for a in people:
            for b in people:
                x, y = self.register.get(a), self.register.get(b)
                near = x and y and x["household_no"] is not None and x["household_no"] == y["household_no"]
                linked = x and b in {self.now_known_as(x[k]) for k in ("spouse_id", "father_id", "mother_id") if x[k]}
                if (near or linked) and family[a] is not family[b]:
                    together = family[a] | family[b]
                    for member in together:
                        family[member] = together
        return len({id(group) for group in family.values()})

    def contradictions(self) -> list[Any]:
        out = []
        for payments in self.payments.values():
            for p in payments:
                r = p.row
                wrong = (
                    r["id_ok"] is False or r["status"] != "active" or (r["birth"] is not None and r["birth"] > last(p.month))
                    or (r["start_month"] is not None and r["start_month"] > p.month)
                    or (r["end_month"] is not None and r["end_month"] < p.month) or p.month > r["ref_month"] + 1
                )  # fmt: skip
                if wrong and p.paid > 0 and r["ref_month"] == self.month:
                    out.append({**self.claim("SHAPE", p, (3,), None, None, 0), "grade": 3})
        return out

    def registered_elsewhere(self) -> list[Any]:
        out = []
        for payments in self.payments.values():
            for p in payments:
                rule, entry = self.stops(p, "moved_out"), self.register.get(p.person)
                before = [c for c in self.moves(p.person) if c["event_date"] < first(p.month)]
                if (
                    p.row["ref_month"] == self.month
                    and rule
                    and not before
                    and not p.row["exempt_code"]
                    and entry
                    and entry["status"] != "removed"
                    and (p.home is False or entry["status"] == "moved_out")
                ):
                    same = self.alike(p, entry["name"], entry["birth"])
                    after = [c for c in self.moves(p.person) if c["event_date"] >= first(p.month)]
                    where = (after[0]["county_from"] if after else None) or entry["county_code"]
                    if same:
                        out.append(self.claim("REGISTERED_ELSEWHERE", p, (rule.grade, 2), None, where))
        return out

    def abroad(self, p: Payment) -> list[Any]:
        rule, entry = self.stops(p, "absence_183"), self.register.get(p.person)
        if not rule or p.row["exempt_code"] or (entry and not self.alike(p, entry["name"], entry["birth"])):
            return []
        by_day: dict[dt.date, int] = defaultdict(int)
        names: dict[dt.date, str] = {}
        for c in self.crossings[p.person]:
            by_day[c["date"]] += 1 if c["direction"] == "out" else -1
            names[c["date"]] = max(names.get(c["date"], ""), c["record_no"])
        days = sorted(d for d, net in by_day.items() if net)
        begin, end = first(p.month).replace(year=first(p.month).year - 1), first(p.month)
        away, trips, rec = 0, 0, ""
        for i, day in enumerate(days):
            if by_day[day] < 0:
                continue
            following = days[i + 1] if i + 1 < len(days) else None
            if following is not None and by_day[following] > 0:
                continue
            nights = (min(following or end, end) - max(day, begin)).days
            if day < end and (following is None or following > begin):
                away, trips, rec = away + nights, trips + 1, max(rec, names[day])
        inside = (end - begin).days - away
        if away < 150 or inside > 183:
            return []
        return [self.claim("ABSENCE", p, (rule.grade, 1 if inside + trips <= 183 and away > 183 else 2, 1 + p.household), rec)]

    def drawing(self, p: Payment) -> list[Any]:
        out = []
        for x in self.elsewhere[p.person]:
            rule, same = self.stops(p, x["kind"]), self.alike(p, x["name"], x["birth"])
            running = x["month_from"] <= p.month and (x["month_to"] is None or p.month <= x["month_to"])
            if x["kind"] != "public_placement" and rule and running and x["amount"] > 0 and same and not p.row["exempt_code"]:
                over = min(p.paid, x["amount"]) if rule.relation == "top_up" else p.paid
                out.append(self.claim("ELSEWHERE", p, (rule.grade, 3 - same, 1 + p.household), x["record_no"], over=over))
        return out

    def retired(self, p: Payment) -> list[Any]:
        out = []
        for x in self.pensions[p.person]:
            key = "lump_sum_retirement" if x["kind"].endswith("lump_sum") else "monthly_retirement"
            rule, same = self.stops(p, key), self.alike(p, x["name"], x["birth"])
            if (
                rule
                and same
                and x["from_date"] <= last(p.month)
                and (x["to_date"] is None or x["to_date"] >= first(p.month))
                and not p.row["exempt_code"]
            ):
                out.append(self.claim("PENSION", p, (rule.grade, 3 - same, 1 + p.household), x["record_no"]))
        return out

    # -- two payments ---------------------------------------------------------------------------------------------------
    def pairs(self, payments: Sequence[Payment]) -> list[Any]:
        out = []
        for a in payments:
            for b in payments:
                if a is not b and self.month in (a.row["ref_month"], b.row["ref_month"]):
                    if a.paid > 0 and b.paid > 0:
                        out += self.twice(a, b) if a.kind == b.kind else self.exclusive(a, b)
                    elif a.kind == b.kind == "low_income_living_assistance":
                        out += self.in_two_households(a, b)
        return out

    def in_two_households(self, a: Payment, b: Payment) -> list[Any]:
        house = lambda p: p.row["household_no"] if p.row["household_no"] is not None else p.row["case_no"]  # noqa: E731
        if a.county == b.county and house(a) == house(b):
            return []
        rule = self.condition(a, "same_benefit_other_case" if a.county == b.county else "same_benefit_other_county")
        sound = all(p.row["status"] == "active" and not p.row["exempt_code"] for p in (a, b))
        if rule is None or rule.relation != "choose_one" or not sound or not self.alike(a, b.row["name"], b.row["birth"]):
            return []
        if not self.is_too_many(a, b):
            return []
        return [{**self.claim("MEMBER_TWICE", a, (rule.grade, 2), b.row["rec_no"], b.county, 0), "grade": max(2, rule.grade)}]

    @staticmethod
    def is_too_many(a: Payment, b: Payment) -> bool:
        by_case = (a.row["case_no"], a.key) > (b.row["case_no"], b.key)
        if a.county == b.county:
            return bool(by_case)
        if (a.home is False) != (b.home is False):
            return a.home is False
        return bool((a.row["start_month"], a.row["case_no"], a.key) > (b.row["start_month"], b.row["case_no"], b.key))

    def twice(self, a: Payment, b: Payment) -> list[Any]:
        here = a.county == b.county
        rule, same = (
            self.condition(a, "same_benefit_other_case" if here else "same_benefit_other_county"),
            self.alike(a, b.row["name"], b.row["birth"]),
        )
        again = here and a.row["case_no"] == b.row["case_no"]
        if not self.is_too_many(a, b) or rule is None or rule.relation not in ("choose_one", "gives_way") or not same or (again and a.paid != b.paid):
            return []
        odd = (
            [1 + bool(x.row["exempt_code"]) for x in (a, b)]
            + [1 + x.household for x in (a, b)]
            + [2 if b.row["status"] == "suspended" else 1]
        )
        return [self.claim("DUPLICATE", a, (rule.grade, 3 - same, 1 + again, *odd), b.row["rec_no"], b.county, other=b)]

    def exclusive(self, a: Payment, b: Payment) -> list[Any]:
        rule, same = self.condition(a, b.counterpart_name), self.alike(a, b.row["name"], b.row["birth"])
        if (
            rule is None
            or rule.relation not in ("gives_way", "choose_one", "top_up")
            or not same
            or a.row["exempt_code"]
            or b.row["exempt_code"]
        ):
            return []
        if rule.relation != "gives_way":
            if (a.home is False) != (b.home is False):
                gives = a.home is False
            else:
                gives = a.paid < b.paid or (a.paid == b.paid and a.key > b.key)
            if not gives:
                return []
        over = min(a.paid, b.paid) if rule.relation == "top_up" else a.paid
        grades = (rule.grade, 3 - same, 1 + a.household, 1 + b.household, 2 if b.row["status"] == "suspended" else 1)
        name = "SUSPENDED_BY" if rule.relation == "gives_way" else "CHOOSE_ONE"
        return [self.claim(name, a, grades, b.row["rec_no"], b.county, over, b)]

    def capped(self) -> list[Any]:
        out = []
        for (person, month), payments in self.payments.items():
            own = sorted((p for p in payments if p.kind in CUT and p.paid > 0), key=lambda p: (CUT.index(p.kind), p.key))
            if self.cap is None or not own or not any(p.row["ref_month"] == self.month for p in own):
                continue
            given = sum(
                x["amount"] for x in self.elsewhere[person]
                if x["kind"] in WELFARE_ELSEWHERE and x["month_from"] <= month and (x["month_to"] is None or month <= x["month_to"])
            )  # fmt: skip
            personal = sum(p.paid for p in own if not p.household) + given
            everything = sum(p.paid for p in own) + given
            hard = personal > self.cap
            excess = (personal if hard else everything) - self.cap
            for p in own:
                rule = self.condition(p, "basic_wage_cap")
                if excess > 0 and rule is not None and rule.relation == "cap" and not p.row["exempt_code"]:
                    out.append(self.claim("CAP", p, (rule.grade, 1 if hard else 2), over=min(excess, p.paid)))
                excess -= p.paid
        return out

    def identity(self) -> list[Any]:
        out = []
        for payments in self.payments.values():
            for p in payments:
                entry = self.register.get(p.person)
                if p.row["ref_month"] == self.month and p.paid > 0 and (entry is None or self.alike(p, entry["name"], entry["birth"]) == 0):
                    out.append({**self.claim("IDENTITY", p, (3,), None, entry["county_code"] if entry else None, 0), "grade": 3})
        return out

    # -- together -------------------------------------------------------------------------------------------------------
    def settled(self, claims: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[int, int]]:
        by_payment: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
        alone: dict[tuple[str, int], int] = defaultdict(int)
        for c in claims:
            if c["rule"] not in ("DUPLICATE", "SUSPENDED_BY", "CHOOSE_ONE", "CAP") and c["grade"] == 1:
                at = (c["p"].key, c["p"].month)
                alone[at] = max(alone[at], c["over"])
        standing = [c for c in claims if c["other"] is None or alone.get((c["other"].key, c["p"].month), 0) < c["other"].paid]
        back: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for c in standing:
            if c["rule"] != "CAP" and c["grade"] == 1:
                at = (c["p"].person, c["p"].month)
                back[at][c["p"].key] = min(c["p"].paid, back[at][c["p"].key] + c["over"])
        for c in standing:
            if c["rule"] == "CAP":
                c["over"] = max(0, c["over"] - sum(back[c["p"].person, c["p"].month].values()))
            if c["over"] > 0:
                by_payment[c["p"].key, c["p"].month].append(c)
        out: dict[tuple[Any, ...], dict[int, int]] = defaultdict(dict)
        for (_, month), mine in by_payment.items():
            left = mine[0]["p"].paid
            for c in sorted(mine, key=lambda c: (c["grade"], ORDER.index(c["rule"]), c["rec"] is None, c["rec"])):
                take = min(left, c["over"])
                left -= take
                if take > 0:
                    out[c["rule"], c["grade"], c["p"].key, c["rec"], c["county"]][month] = take
        for c in claims:
            if c["rule"] in ("IDENTITY", "ACCOUNT", "SHAPE", "MEMBER_TWICE") or (c["rule"] == "CARD_DOWNGRADED" and c["over"] == 0):
                out[c["rule"], c["grade"], c["p"].key, c["rec"], c["county"]][c["p"].month] = 0
        return dict(out)
