"""Which characters a font file has: the `cmap` table of TrueType and OpenType files and collections, read without a library."""

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))
"""Private Use Areas: what stands there means something only to whoever made the font (造字)."""


@dataclass(frozen=True)
class Coverage:
    """Character codes as sorted, disjoint, closed spans."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    def __contains__(self, character: str) -> bool:
        code = ord(character)
        at = bisect_right(self.firsts, code) - 1
        return at >= 0 and code <= self.lasts[at]


@lru_cache(maxsize=64)
def _read(path: Path, _changed: float) -> Coverage:
    with path.open("rb") as file:
        head = file.read(12)
        offset = struct.unpack(">I", file.read(4))[0] if head[:4] == b"ttcf" else 0
        file.seek(offset + 4)
        tables = struct.unpack(">H", file.read(2))[0]
        file.seek(offset + 12)
        for _ in range(tables):
            tag, _sum, start, length = struct.unpack(">4sIII", file.read(16))
            if tag == b"cmap":
                file.seek(start)
                return _merged(_spans(file.read(length)))
    return Coverage((), ())


def coverage(path: Path) -> Coverage:
    """The characters of a font file (of a collection's first font). Raises OSError, struct.error for what is no font."""
    return _read(path, path.stat().st_mtime)


def _spans(cmap: bytes) -> list[tuple[int, int]]:
    """Spans of the Unicode subtables; format 12 has all planes, format 4 the first."""
    count = struct.unpack_from(">H", cmap, 2)[0]
    offsets = {struct.unpack_from(">I", cmap, 4 + 8 * i + 4)[0] for i in range(count) if struct.unpack_from(">H", cmap, 4 + 8 * i)[0] in (0, 3)}
    spans: list[tuple[int, int]] = []
    for at in offsets:
        form = struct.unpack_from(">H", cmap, at)[0]
        if form == 12:
            groups = struct.unpack_from(">I", cmap, at + 12)[0]
            spans += [struct.unpack_from(">II", cmap, at + 16 + 12 * i) for i in range(groups)]
        elif form == 4:
            spans += _format_4(cmap, at)
    return spans


def _format_4(cmap: bytes, at: int) -> list[tuple[int, int]]:
    """The spans that have a glyph: a segment may map single codes to glyph 0, which is the empty box."""
    half = struct.unpack_from(">H", cmap, at + 6)[0]
    n = half // 2
    ends = struct.unpack_from(f">{n}H", cmap, at + 14)
    starts = struct.unpack_from(f">{n}H", cmap, at + 16 + half)
    deltas = struct.unpack_from(f">{n}H", cmap, at + 16 + 2 * half)
    ranges_at = at + 16 + 3 * half
    ranges = struct.unpack_from(f">{n}H", cmap, ranges_at)
    spans: list[tuple[int, int]] = []
    for i in range(n):
        if starts[i] == 0xFFFF:
            continue
        if not ranges[i]:
            spans.append((starts[i], ends[i]))
            continue
        for code in range(starts[i], ends[i] + 1):
            where = ranges_at + 2 * i + ranges[i] + 2 * (code - starts[i])
            glyph = struct.unpack_from(">H", cmap, where)[0] if where + 2 <= len(cmap) else 0
            if glyph and (glyph + deltas[i]) & 0xFFFF:
                spans.append((code, code))
    return spans


def _merged(spans: list[tuple[int, int]]) -> Coverage:
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(spans):
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return Coverage(tuple(firsts), tuple(lasts))


def is_private(character: str) -> bool:
    """Is this a user-defined character (造字)?"""
    return any(first <= ord(character) <= last for first, last in PRIVATE)


def family(path: Path) -> str:
    """The English family name of a font file (of a collection's first font); the file's name when it says none."""
    data = path.read_bytes()
    offset = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    for i in range(struct.unpack_from(">H", data, offset + 4)[0]):
        tag, _sum, start, _length = struct.unpack_from(">4sIII", data, offset + 12 + 16 * i)
        if tag == b"name":
            names = _names(data, start)
            return names.get((3, 0x409)) or next(iter(names.values()), path.stem)
    return path.stem


def _names(data: bytes, start: int) -> dict[tuple[int, int], str]:
    """(platform, language) → family name."""
    _, count, storage = struct.unpack_from(">HHH", data, start)
    names: dict[tuple[int, int], str] = {}
    for i in range(count):
        platform, _encoding, language, which, length, at = struct.unpack_from(">6H", data, start + 6 + 12 * i)
        if which == 1 and platform in (0, 3):
            raw = data[start + storage + at : start + storage + at + length]
            names[(platform, language)] = raw.decode("utf-16-be", "replace")
    return names
