"""Sets of months as sorted, disjoint, closed intervals of month numbers (see `roc`)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FOREVER = 9999 * 12


@dataclass(frozen=True)
class Months:
    """An immutable set of months. `spans` are closed (first, last) pairs, sorted, neither overlapping nor touching."""

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, *spans: tuple[int, int | None]) -> "Months":
        """From (first, last) pairs in any order; last None = open; first > last = empty."""
        if len(spans) == 1:
            first, last = spans[0][0], FOREVER if spans[0][1] is None else spans[0][1]
            return cls(((first, last),) if first <= last else ())
        out: list[tuple[int, int]] = []
        closed = [(a, FOREVER if b is None else b) for a, b in spans]
        for a, b in sorted(s for s in closed if s[0] <= s[1]):
            if out and a <= out[-1][1] + 1:
                out[-1] = (out[-1][0], max(out[-1][1], b))
            else:
                out.append((a, b))
        return cls(tuple(out))

    @classmethod
    def each(cls, months: Iterable[int]) -> "Months":
        return cls.of(*((m, m) for m in months))

    def __or__(self, other: "Months") -> "Months":
        return Months.of(*self.spans, *other.spans)

    def __and__(self, other: "Months") -> "Months":
        return Months.of(*((max(a, c), min(b, d)) for a, b in self.spans for c, d in other.spans))

    def __sub__(self, other: "Months") -> "Months":
        left = list(self.spans)
        for c, d in other.spans:
            left = [p for a, b in left for p in ((a, min(b, c - 1)), (max(a, d + 1), b)) if p[0] <= p[1]]
        return Months.of(*left)

    def __contains__(self, month: int) -> bool:
        return any(a <= month <= b for a, b in self.spans)

    def __iter__(self) -> Iterator[int]:
        for a, b in self.spans:
            yield from range(a, b + 1)

    def __len__(self) -> int:
        return sum(b - a + 1 for a, b in self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)
