"""A sheet on which amounts are put down and added up, one line per amount. The lines are written when somebody reads them."""

from fractions import Fraction
from math import lcm

from .exact import Number
from .facts import Member, Source
from .lazy import Text, written
from .trace import MissingItem, SumLine

_Entry = tuple[Member, str, Number | None, int, Text, str, tuple[Source | None, ...]]
_NOTHING = Fraction(0)


class Sheet:
    """`missing` = what the sum waits for. Amounts are NTD as `amount`/`parts`, so that no fraction is made before the total."""

    __slots__ = ("_entries", "_sums", "missing", "unknown")

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._sums: dict[int, Number] = {}
        self.missing: list[MissingItem] = []
        self.unknown = False

    def add(self, m: Member, item: str, amount: Number, parts: int, basis: Text, article: str, *sources: Source | None) -> None:
        """A known amount of `amount` ÷ `parts`."""
        self._entries.append((m, item, amount, parts, basis, article, sources))
        self._sums[parts] = self._sums.get(parts, 0) + amount

    def unsettled(self, m: Member, item: str, basis: str, article: str, missing: MissingItem | None = None) -> None:
        """An amount nobody knows: the total is not known either. `missing` = what to do (default: a question about the person)."""
        self._entries.append((m, item, None, 1, basis, article, ()))
        self.missing.append(missing or MissingItem("fact", f"{m.ref}.{item}", f"{m.name or m.relation.zh}：{basis}"))
        self.unknown = True

    @property
    def known(self) -> Fraction:
        """The sum of the amounts that are known."""
        if not self._sums:
            return _NOTHING
        if len(self._sums) == 1:
            ((parts, amount),) = self._sums.items()
            return Fraction(amount, parts)
        common = lcm(*self._sums)
        return Fraction(sum(amount * (common // parts) for parts, amount in self._sums.items()), common)

    @property
    def total(self) -> Fraction | None:
        """The sum; None while a line is not known."""
        return None if self.unknown else self.known

    def lines(self) -> tuple[SumLine, ...]:
        return tuple(
            SumLine(
                m.ref, m.name, item, None if amount is None else Fraction(amount, parts), written(basis), article,
                tuple(s for s in sources if s),
            )
            for m, item, amount, parts, basis, article, sources in self._entries
        )  # fmt: skip

    def distinct_missing(self) -> tuple[MissingItem, ...]:
        return tuple(dict.fromkeys(self.missing)) if self.missing else ()
