"""What can be printed: official letters (notices, certificates), parking permits and lists with totals. Plain data; every text is printed as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Item = tuple[str, str]
"""(mark, text): ("一、", "…")."""
_NUMERALS = "一二三四五六七八九"


def mark(number: int) -> str:
    """1 → 一、 … 23 → 二十三、"""
    tens, ones = divmod(number, 10)
    text = ("" if tens < 1 else "十" if tens == 1 else f"{_NUMERALS[tens - 1]}十") + (_NUMERALS[ones - 1] if ones else "")
    return f"{text}、"


def numbered(texts: Sequence[str]) -> tuple[Item, ...]:
    """Paragraphs with their marks; one alone has none."""
    return tuple((mark(i) if len(texts) > 1 else "", text) for i, text in enumerate(texts, 1))


@dataclass(frozen=True)
class Section:
    """說明, 法令依據, …"""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Letter:
    """One official letter. `party`: (label, value, over the whole width); `members`: a table with its heading row first."""

    agency: str
    title: str
    contact: tuple[str, ...]
    receiver: str
    receiver_address: str
    date: str
    number: str
    subject: str
    party: tuple[tuple[str, str, bool], ...]
    sections: tuple[Section, ...]
    remedy: tuple[Item, ...]
    copies: tuple[str, ...]
    head_title: str
    head_name: str
    attachments: str = ""
    members: tuple[tuple[str, ...], ...] = ()
    watermark: str = ""
    certificate: bool = False
    """Without the head of a letter: receiver, speed, attachments."""
    slip_title: str = ""
    slip: tuple[tuple[str, str], ...] = ()
    """A reply slip on a page of its own: (label, what is filled in already)."""
    others: tuple[tuple[str, str], ...] = ()
    """(receiver, address) of everybody else who gets the same letter, each a copy of his or her own."""


def letter_of(plain: Mapping[str, Any]) -> Letter:
    """A letter as it was kept (`dataclasses.asdict`, through JSON)."""
    pairs = {name: tuple(tuple(row) for row in plain.get(name, ())) for name in ("party", "remedy", "members", "slip", "others")}
    sections = tuple(Section(s["title"], tuple((m, t) for m, t in s["items"])) for s in plain["sections"])
    return Letter(**{**plain, **pairs, "sections": sections, "contact": tuple(plain["contact"]), "copies": tuple(plain["copies"])})


def each_receiver(letter: Letter) -> list[Letter]:
    """The letter once for everybody it is addressed to."""
    return [letter, *(replace(letter, receiver=name, receiver_address=address) for name, address in letter.others)]


@dataclass(frozen=True)
class Slip:
    """One payment slip: a page of three equal parts (for the payer, for the cashier, for accounting). `rows`: (label, value)."""

    agency: str
    title: str
    number: str
    date: str
    rows: tuple[tuple[str, str], ...]
    note: str


@dataclass(frozen=True)
class Permit:
    """One parking permit and the receipt below it: (label, value) pairs, two a row. Names stand on the receipt alone."""

    agency: str
    title: str
    plate: str
    facts: tuple[tuple[str, str], ...]
    note: str
    receipt: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """A column of a list: width in millimetres (None takes what is left), amounts to the right."""

    title: str
    width: int | None
    right: bool = False


@dataclass(frozen=True)
class Page:
    """One page: its rows and its total row, a text for every column."""

    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """One list (of one township, say). `facts` are the control facts above every page, `words` the grand total in words."""

    title: str
    facts: str
    foot: str
    columns: tuple[Column, ...]
    pages: tuple[Page, ...]
    grand: tuple[str, ...]
    words: str
    seals: tuple[str, ...]
    padding: int = 8
    """Points above and below the text of a row: room for a seal."""
