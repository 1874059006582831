"""Names a file's encoding cannot hold: what is written instead, character by character, as the county decided for that file.

A bank's own codes (造字) mean nothing to another bank, so the table belongs to one file layout, never to the county as a whole.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .line import Line

MARK, REFUSE = "mark", "refuse"
OTHERWISE = {MARK: "寫成代替符號", REFUSE: "不產生檔案，這一筆不得發放"}
_CODE = re.compile(r"(?:F[A-E]|FA|8[1-9A-F]|9[0-9A-F]|A0)(?:[4-6][0-9A-F]|7[0-9A-E]|A[1-9A-F]|[B-E][0-9A-F]|F[0-9A-E])")
"""A cell of the user-defined areas of Big5: FA40–FEFE, 8E40–A0FE, 8140–8DFE."""


@dataclass(frozen=True)
class Policy:
    """`characters`: character → a user-defined code in hex (FA40) or other text (a variant, a spelling in Latin letters)."""

    characters: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = MARK
    mark: str = "＊"


@dataclass(frozen=True)
class Written:
    """A name as it goes into a file: its bytes, what people are shown of them, and what had to be done."""

    content: bytes
    shown: str
    replaced: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    cut: bool = False


def is_code(text: str) -> bool:
    """Is this a code of the user-defined areas, as people write it?"""
    return _CODE.fullmatch(text.upper()) is not None


def holds(text: str, encoding: str) -> bool:
    """Can the encoding hold every character?"""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def write(text: str, encoding: str, policy: Policy, size: int | None = None) -> Written:
    """The text in at most `size` bytes (None: as many as it takes), cut between characters."""
    out, shown = b"", ""
    replaced: list[str] = []
    refused: list[str] = []
    for ch in text:
        piece, said = _one(ch, encoding, policy)
        if size is not None and len(out) + len(piece) > size:
            return Written(out, shown, tuple(replaced), tuple(refused), True)
        if said != ch or not piece:
            (refused if not piece else replaced).append(ch)
        out, shown = out + piece, shown + said
    return Written(out, shown, tuple(replaced), tuple(refused))


def _one(ch: str, encoding: str, policy: Policy) -> tuple[bytes, str]:
    if holds(ch, encoding):
        return ch.encode(encoding), ch
    given = policy.characters.get(ch, "")
    if is_code(given):
        return bytes.fromhex(given), f"〔{given.upper()}〕"
    if given:
        return given.encode(encoding), given
    return (b"", "") if policy.otherwise == REFUSE else (policy.mark.encode(encoding), policy.mark)


def readable(record: bytes, encoding: str) -> str:
    """A record for people's eyes: codes of the user-defined areas in brackets."""
    out, at = "", 0
    while at < len(record):
        size = 1 if record[at] < 0x80 else 2 if encoding == "cp950" else next((n for n in (2, 3, 4) if at + n == len(record) or record[at + n] & 0xC0 != 0x80), 1)
        piece = record[at : at + size]
        try:
            out += piece.decode(encoding)
        except UnicodeDecodeError:
            out += f"〔{piece.hex().upper()}〕"
        at += size
    return out.lstrip("\ufeff")


@dataclass(frozen=True)
class Affected:
    """A payee whose name does not go into the file as it is."""

    line: Line
    written: Written


def affected(lines: Iterable[Line], encoding: str, policy: Policy, size: int | None) -> list[Affected]:
    """The payees whose names are replaced, refused or cut, in the order of the lines."""
    made = ((x, write(x.payee.name, encoding, policy, size)) for x in lines)
    return [Affected(x, w) for x, w in made if w.replaced or w.refused or w.cut]
