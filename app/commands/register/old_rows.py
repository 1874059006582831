"""Rows of an old disability register against the county's data: what is known is read for a whole chunk at once, and so it is written."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.commands.base import Context
from app.core.text import fold
from app.exchange.delivery import Delivery
from app.exchange.error_file import explanations
from app.models.disability_card import END_REASONS, DisabilityCard, DisabilityEvent
from app.models.disability_register import ISSUES
from app.models.office import Township
from app.models.person import Person
from app.rules import clocks
from app.rules.disability import SINCE_101
from app.rules.disability_register import PERMANENT_NEEDS_YEARS
from app.rules.old_register import Holder, OldRow, Register, Verdict, plan, read_classes, read_expiry

from .reading import codes_of

CHUNK: Final = 1000


@dataclass(frozen=True)
class OldFile:
    """A file as read: rows by person and day of issue, what the reader refused {row: why}, and what is ambiguous within the file itself."""

    rows: tuple[OldRow, ...]
    refused: Mapping[int, str]
    twins: frozenset[tuple[str, dt.date]]
    """(name, birth) of several person IDs."""
    shared: frozenset[str]
    """Card numbers of several person IDs."""

    def chunks(self, start: int = 0) -> Iterator[tuple[int, Sequence[OldRow]]]:
        """(place after it, rows) from a place on; the rows of one person are never parted."""
        while start < len(self.rows):
            end = min(start + CHUNK, len(self.rows))
            while end < len(self.rows) and self.rows[end].person_id == self.rows[end - 1].person_id:
                end += 1
            yield end, self.rows[start:end]
            start = end


def _place(text: str | None) -> str:
    return fold(text or "").replace("台", "臺").strip()


def townships(session: Session, county: str) -> dict[str, str]:
    """Code and name → code of the county's townships."""
    found = session.execute(select(Township.code, Township.name).where(Township.county_code == county)).all()
    return {code: code for code, _ in found} | {_place(name): code for code, name in found}


def prepare(delivery: Delivery, towns: Mapping[str, str]) -> OldFile:
    """The accepted rows typed and checked further, ordered by person and day of issue."""
    said = explanations(delivery.issues, delivery.layout)
    what, fix = said.columns[2], said.columns[3]
    refused = {row["row_no"]: f"{row[what]}{row[fix]}" for row in said.iter_rows(named=True)}
    rows = sorted((_row(r, towns) for r in delivery.frame.iter_rows(named=True)), key=lambda r: (r.person_id, r.issued_on, r.row_no))
    people: dict[tuple[str, dt.date], set[str]] = defaultdict(set)
    numbers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.birth is not None:
            people[row.name, row.birth].add(row.person_id)
        numbers[row.card_no].add(row.person_id)
    twins = frozenset(key for key, ids in people.items() if len(ids) > 1)
    return OldFile(tuple(rows), refused, twins, frozenset(number for number, ids in numbers.items() if len(ids) > 1))


def _row(r: Mapping[str, Any], towns: Mapping[str, str]) -> OldRow:
    classes, wrong_class = read_classes(r["class_old"], r["class_new"])
    expires, permanent, wrong_end = read_expiry(r["expiry"], r["permanent"])
    town = towns.get(_place(r["township"]), "")
    problems = [wrong_class, wrong_end]
    if not town:
        problems.append(f"「鄉鎮市區」的「{str(r['township'])[:20]}」不在本縣（市）。請填本縣（市）的鄉鎮市區名稱或 8 碼代碼。")
    if expires is not None and expires < r["issue_date"]:
        problems.append("「有效期限」早於「核發日期」。請確認兩個日期沒有填反。")
    if r["birth"] is not None and r["birth"] > r["issue_date"]:
        problems.append("「核發日期」早於「出生日期」。請確認兩個日期沒有填反。")
    if r["cancelled_date"] is None and r["cancel_reason"]:
        problems.append("有「註銷原因」但沒有「註銷日期」。請補填註銷日期，或刪除原因。")
    return OldRow(
        r["row_no"], r["person_id"], bool(r["id_ok"]), r["name"], r["birth"], r["sex"], town, r["address"], fold(r["card_no"]).upper(), r["grade"], classes,
        r["assess_date"], r["issue_date"], expires, permanent, r["reassess_date"], r["cause"] or "", r["cancelled_date"], r["cancel_reason"] or "",
        "".join(p for p in problems if p),
    )  # fmt: skip


# -- judging a chunk -----------------------------------------------------------------------------------------------------------
def judge(session: Session, county: str, file: OldFile, rows: Sequence[OldRow]) -> tuple[list[Verdict], dict[str, Holder]]:
    """The verdicts on a chunk, and the people known by ID. Five reads, whatever the number of rows."""
    groups: dict[str, list[OldRow]] = defaultdict(list)
    for row in rows:
        groups[row.person_id].append(row)
    query = select(Person.id, Person.person_id, Person.name, Person.birth, Person.sex, Person.town_code)
    query = query.where(Person.county_code == county, Person.person_id.in_(groups))
    holders = {pid: Holder(key, name, birth, sex, town) for key, pid, name, birth, sex, town in session.execute(query)}
    names = {row.name for row in rows if row.person_id not in holders}
    like = select(Person.name, Person.birth).where(Person.county_code == county, Person.name.in_(names))
    namesakes = file.twins | {(name, birth) for name, birth in session.execute(like)}
    registers = _registers(session, [h.key for h in holders.values()])
    of_number = select(DisabilityCard.card_no, DisabilityCard.holder_id)
    of_number = of_number.where(DisabilityCard.county_code == county, DisabilityCard.card_no.in_({row.card_no for row in rows}))
    owners = {row.card_no: row.holder_id for row in session.execute(of_number)}
    out: list[Verdict] = []
    for person_id, own in groups.items():
        holder = holders.get(person_id)
        key = holder.key if holder else None
        foreign = {r.card_no for r in own if r.card_no in file.shared or owners.get(r.card_no, key) != key}
        namesake = any(r.birth is not None and (r.name, r.birth) in namesakes for r in own)
        out += plan(own, holder, registers[key] if key else Register(), namesake, foreign)
    return out, holders


def _registers(session: Session, holders: list[int]) -> dict[int, Register]:
    out: dict[int, Register] = defaultdict(Register)
    cards = select(DisabilityCard.holder_id, DisabilityCard.card_no, DisabilityCard.issued_on, DisabilityCard.status)
    for holder, number, day, status in session.execute(cards.where(DisabilityCard.holder_id.in_(holders))):
        out[holder].cards[number] = day
        if status == "current":
            out[holder].current = (number, day)
    event = DisabilityEvent
    issues = select(event.holder_id, event.card_no, event.happened_on, event.grade, event.classes, event.expires, event.permanent)
    for holder, card_no, day, grade, classes, expires, permanent in session.execute(issues.where(event.holder_id.in_(holders), event.kind.in_(ISSUES))):
        out[holder].issues[card_no or "", day] = (grade or "", tuple(sorted(codes_of(classes))), expires, bool(permanent))
    return out


# -- writing a chunk -----------------------------------------------------------------------------------------------------------
def write(ctx: Context, county: str, number: int, verdicts: Sequence[Verdict], holders: Mapping[str, Holder]) -> None:
    """People, cards and timeline of the rows to be written, in at most five statements. `number` names the import on the timeline."""
    todo = [v for v in verdicts if v.written]
    if not todo:
        return
    stamp = {"created_by_id": ctx.actor.user_id, "changed_by_id": ctx.actor.user_id}
    places = {pid: (h.key, h.town_code) for pid, h in holders.items()}
    new = {v.row.person_id: v.row for v in reversed(todo) if v.outcome == "created"}
    if new:
        ctx.session.execute(insert(Person), [
            {"county_code": county, "town_code": r.town_code, "person_id": r.person_id, "name": r.name, "birth": r.birth, "sex": r.sex,
             "registered_address": r.address, **stamp}
            for r in new.values()
        ])  # fmt: skip
        made = select(Person.person_id, Person.id, Person.town_code).where(Person.county_code == county, Person.person_id.in_(new))
        places |= {pid: (key, town) for pid, key, town in ctx.session.execute(made)}
    with_card = [v for v in todo if v.has_card]
    if with_card:
        ctx.session.execute(insert(DisabilityCard), [{**_card(v, county, *places[v.row.person_id]), **stamp} for v in with_card])
    made_cards = select(DisabilityCard.card_no, DisabilityCard.id)
    made_cards = made_cards.where(DisabilityCard.county_code == county, DisabilityCard.card_no.in_({v.row.card_no for v in todo}))
    cards = {row.card_no: row.id for row in ctx.session.execute(made_cards)}
    events = [e for v in todo for e in _events(ctx, v, county, places[v.row.person_id], cards.get(v.row.card_no), number)]
    ctx.session.execute(insert(DisabilityEvent), events)


def _card(v: Verdict, county: str, holder: int, town: str) -> dict[str, Any]:
    r = v.row
    needs = clocks.months_after(r.issued_on, 12 * PERMANENT_NEEDS_YEARS) if r.permanent and r.issued_on >= SINCE_101 else None
    return {
        "county_code": county, "town_code": town, "holder_id": holder, "card_no": r.card_no, "issue": v.kind, "status": v.status, "grade": r.grade,
        "classes": "、".join(r.classes), "assessed_on": r.assessed_on, "issued_on": r.issued_on, "expires": r.expires, "permanent": r.permanent,
        "needs_due_on": needs, "ended_on": v.ended_on, "end_reason": _reason(r) if v.status == "cancelled" else None,
    }  # fmt: skip


def _reason(r: OldRow) -> str | None:
    """The code of a reason for cancelling written as the register writes it; None for any other words, which stay on the timeline."""
    return next((code for code, label in END_REASONS.items() if r.end_words in (code, str(label))), None)


def _events(ctx: Context, v: Verdict, county: str, place: tuple[int, str], card: int | None, number: int) -> Iterator[dict[str, Any]]:
    r, (holder, town) = v.row, place
    base: dict[str, Any] = {
        "county_code": county, "town_code": town, "holder_id": holder, "card_id": card, "card_no": r.card_no, "recorded_at": ctx.now,
        "recorded_by_id": ctx.actor.user_id, "grade": None, "classes": None, "expires": None, "permanent": None, "due_on": None,
    }  # fmt: skip
    words = [f"舊系統資料（第 {number} 號匯入）", f"致殘原因 {r.cause}" if r.cause else ""]
    yield {
        **base, "kind": v.kind, "happened_on": r.issued_on, "grade": r.grade, "classes": "、".join(r.classes), "expires": r.expires,
        "permanent": r.permanent, "due_on": r.due_on, "reason": "；".join(w for w in words if w)[:200],
    }  # fmt: skip
    if v.ends:
        words = [f"舊系統資料（第 {number} 號匯入）", r.end_words]
        yield {**base, "kind": v.status, "happened_on": v.ended_on, "reason": "；".join(w for w in words if w)[:200]}
