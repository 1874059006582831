"""The disability register as one timeline: what a holder's card was on any day, folded from everything that happened to it until then."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from .disability import Card, Grade, valid_on

ISSUES = ("first", "reassessed", "exchanged", "replaced", "moved_in")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `kind` as stored; an issue carries grade, classes, last day (None with `permanent`) and number."""

    kind: str
    day: dt.date
    number: str = ""
    grade: Grade | None = None
    classes: tuple[str, ...] = ()
    expires: dt.date | None = None
    permanent: bool | None = None


class Standing(StrEnum):
    NONE = "none"
    VALID = "valid"
    ANNOTATED = "annotated"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MOVED_OUT = "moved_out"

    @property
    def zh(self) -> str:
        return {
            "none": "未領有手冊、證明",
            "valid": "有效",
            "annotated": "已逾期，註記暫以原證明享有權益",
            "expired": "已逾期",
            "cancelled": "已註銷",
            "moved_out": "已遷出本縣",
        }[self.value]


@dataclass(frozen=True, slots=True)
class State:
    """The register on a day: the card last issued until then (None = never one), and how it stood."""

    card: Card | None
    standing: Standing


def state_on(entries: Iterable[Entry], day: dt.date) -> State:
    """The register on `day` from the holder's entries in the order they were recorded. An issue replaces what was before it.

    Events of the day itself count, so a card cancelled on a day is void on that day.
    """
    card: Card | None = None
    gone = False
    for entry in sorted((e for e in entries if e.day <= day), key=lambda e: e.day):
        if entry.kind in ISSUES:
            card = Card(True, entry.grade, entry.classes, entry.day, entry.expires, entry.permanent, number=entry.number)
            gone = False
        elif card is None:
            continue
        elif entry.kind == "annotated":
            card = replace(card, annotated=True)
        elif entry.kind == "cancelled":
            card = replace(card, cancelled=entry.day)
        elif entry.kind == "moved_out":
            gone = True
    return State(card, _standing(card, gone, day))


def _standing(card: Card | None, gone: bool, day: dt.date) -> Standing:
    if card is None:
        return Standing.NONE
    if card.cancelled is not None:
        return Standing.CANCELLED
    if gone:
        return Standing.MOVED_OUT
    if valid_on(card, day):
        return Standing.ANNOTATED if card.expires is not None and day > card.expires else Standing.VALID
    return Standing.EXPIRED
