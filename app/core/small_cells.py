"""Small cells of a table with totals: which figures must be left out so that nobody can be counted from what is shown.

A cell is left out when it is small itself, or when the totals would give a small one away (complementary suppression). Afterwards it is
checked by elimination over every sum of the table: no cell that was left out follows from those that are shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

TOTAL = "*"
Key = tuple[str, ...]
_PRIME = (1 << 61) - 1
MOST = 600
"""More hidden cells than this are not checked one by one: then all cells inside go and the totals alone are looked at."""


def with_totals(inner: Mapping[Key, int]) -> dict[Key, int]:
    """The cells with every total beside them (`TOTAL` on an axis = over all its values)."""
    out: dict[Key, int] = {}
    for key, value in inner.items():
        for mask in product((False, True), repeat=len(key)):
            at = tuple(TOTAL if over else part for part, over in zip(key, mask, strict=True))
            out[at] = out.get(at, 0) + value
    return out


def hidden(counts: Mapping[Key, int], least: int) -> frozenset[Key]:
    """The keys to leave out of a table whose cells count `counts` (cells inside, without totals). Cells of 0 may be shown."""
    whole = with_totals(counts)
    out = {key for key, value in whole.items() if 0 < value < least}
    if not out:
        return frozenset()
    lines = _lines(whole)
    while True:
        _complement(whole, lines, out, least)
        if len(out) > MOST:
            out |= {key for key, value in whole.items() if value and TOTAL not in key}
            _complement(whole, lines, out, least)
            return frozenset(out)
        given_away = _determined(lines, out)
        if not given_away:
            return frozenset(out)
        before = len(out)
        for key in sorted(given_away):
            _hide_one_more(whole, [line for line in lines if key in line], out)
        if len(out) == before:  # nothing is left that could protect it: the whole table goes
            return frozenset(key for key, value in whole.items() if value)


def _lines(whole: Mapping[Key, int]) -> list[tuple[Key, ...]]:
    """Every sum of the table: the cells that differ on one axis alone, with their total as the last."""
    found: dict[tuple[int, Key], list[Key]] = {}
    for key in whole:
        for axis, part in enumerate(key):
            line = found.setdefault((axis, (*key[:axis], TOTAL, *key[axis + 1 :])), [])
            if part != TOTAL:
                line.append(key)
    return [(*sorted(line), total) for (_, total), line in sorted(found.items())]


def _complement(whole: Mapping[Key, int], lines: Iterable[tuple[Key, ...]], out: set[Key], least: int) -> None:
    """In every sum with something left out, enough is left out that what is missing is neither one cell nor a small number."""
    todo = True
    while todo:
        todo = False
        for line in lines:
            parts = [key for key in line[:-1] if key in out]
            gone = len(parts) + (line[-1] in out)
            if not gone:
                continue
            small = line[-1] not in out and sum(whole[key] for key in parts) < least
            if (gone == 1 or small) and _hide_one_more(whole, [line], out):
                todo = True


def _hide_one_more(whole: Mapping[Key, int], lines: Iterable[tuple[Key, ...]], out: set[Key]) -> bool:
    """Leave out the smallest cell of these sums that is still shown, a total only when nothing else is left."""
    free = [key for line in lines for key in line if key not in out and whole[key]]
    if not free:
        return False
    out.add(min(free, key=lambda key: (key.count(TOTAL), whole[key], key)))
    return True


def _determined(lines: Iterable[tuple[Key, ...]], out: set[Key]) -> set[Key]:
    """Hidden cells that follow from the sums and the cells shown: unit rows of the equations reduced (modulo a large prime)."""
    order = {key: i for i, key in enumerate(sorted(out))}
    pivots: dict[int, dict[int, int]] = {}
    for row in _equations(lines, order):
        for column in sorted(pivots):
            if column in row:
                _subtract(row, pivots[column], row[column])
        if row:
            lead = min(row)
            scale = pow(row[lead], -1, _PRIME)
            new = {c: v * scale % _PRIME for c, v in row.items()}
            for other in pivots.values():
                if lead in other:
                    _subtract(other, new, other[lead])
            pivots[lead] = new
    alone = {next(iter(row)) for row in pivots.values() if len(row) == 1}
    return {key for key, i in order.items() if i in alone}


def _equations(lines: Iterable[tuple[Key, ...]], order: Mapping[Key, int]) -> Iterator[dict[int, int]]:
    for line in lines:
        row = {order[key]: 1 for key in line[:-1] if key in order}
        if line[-1] in order:
            row[order[line[-1]]] = _PRIME - 1
        if row:
            yield row


def _subtract(row: dict[int, int], other: Mapping[int, int], times: int) -> None:
    for column, value in other.items():
        left = (row.get(column, 0) - times * value) % _PRIME
        if left:
            row[column] = left
        else:
            row.pop(column, None)
