"""Finding the line of column titles in a file and knowing which field each title means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.core.text import fold

from .layouts import LAYOUTS, Layout
from .mapping import Mapping
from .messages import FileProblem

ERROR_COLUMNS: Final = ("錯誤代碼", "錯誤說明", "如何修正")  # added by us to a returned file; ignored when it comes back
LOOK_AHEAD: Final = 12  # rows in which the titles must appear


@dataclass(frozen=True)
class Header:
    """`titles` as the uploader wrote them; `columns` the field name of each, None for columns we do not use.
    `row` is the (1-based) row the titles stand in, `rows` how many rows the heading takes up to and including it
    and a second line of titles."""

    titles: tuple[str, ...]
    columns: tuple[str | None, ...]
    row: int
    rows: int


@lru_cache(maxsize=4096)
def normal_title(title: str) -> str:
    """A title as compared: folded, without blanks, stars and a remark in brackets at its end."""
    text = re.sub(r"[\s*＊]+", "", fold(title)).lower()
    return re.sub(r"[(（][^()（）]*[)）]$", "", text) or text


_Known = dict[str, tuple[str, int]]


def _known(layout: Layout, mapping: Mapping | None) -> _Known:
    """normal title → (field, rank): the mapping's titles first, then field names, labels, synonyms."""
    known: _Known = {}
    for title, name in (mapping.columns if mapping else {}).items():
        known[normal_title(title)] = (name, 0)
    for field in layout.fields:
        known.setdefault(normal_title(field.name), (field.name, 1))
    for field in layout.fields:
        known.setdefault(normal_title(field.label), (field.name, 2))
    for field in layout.fields:
        for title in field.synonyms:
            known.setdefault(normal_title(title), (field.name, 3))
    return known


def _match(row: Sequence[str], known: _Known) -> tuple[str | None, ...]:
    """The field of each title. Where two titles could mean a field, the more exact one does and the other means nothing."""
    found = [known.get(normal_title(title)) for title in row]
    best: dict[str, int] = {}
    for match in found:
        if match:
            best[match[0]] = min(match[1], best.get(match[0], 9))
    return tuple(match[0] if match and best[match[0]] == match[1] else None for match in found)


def find(rows: Sequence[Sequence[str]], layout: Layout, mapping: Mapping | None = None) -> Header:
    """The heading among the first rows of a file. FileProblem when there is none or a field comes twice."""
    known = _known(layout, mapping)
    matches = [_match(row, known) for row in rows[:LOOK_AHEAD]]
    scores = [len({name for name in match if name}) for match in matches]
    if not scores or max(scores) < 2:
        raise FileProblem("header_missing", example="、".join(layout.names[:4]))
    best = scores.index(max(scores))
    columns = matches[best]
    titles = tuple(str(title).strip() for title in rows[best])
    twice = sorted({titles[i] for i, name in enumerate(columns) if name and columns.count(name) > 1})
    if twice:
        raise FileProblem("header_duplicate", names="、".join(twice))
    second = best + 1 < len(matches) and scores[best + 1] >= 2 and scores[best + 1] * 2 >= scores[best]
    return Header(titles, columns, best + 1, best + (2 if second else 1))


def guess_source(rows: Sequence[Sequence[str]]) -> str | None:
    """The record type whose required columns the heading fits best; None when none fits."""
    best: tuple[float, str] | None = None
    for source, layout in LAYOUTS.items():
        known = _known(layout, None)
        found = max((len({n for n in _match(row, known) if n} & set(layout.required)) for row in rows[:LOOK_AHEAD]), default=0)
        share = found / len(layout.required) + found / 1000
        if found >= 2 and (best is None or share > best[0]):
            best = (share, source)
    return best[1] if best else None
