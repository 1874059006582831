"""A sheet on which amounts are put down and added up, one line per amount. The lines are written when somebody reads them."""

from dataclasses import dataclass
from fractions import Fraction

from .exact import Quotient
from .facts import Member, Source
from .lazy import Text, written
from .trace import MissingItem, SumLine

_Entry = tuple[Member, str, int | None, int, Text, str, tuple[Source | None, ...]]


@dataclass(slots=True)
class Sum:
    """What a sheet comes to: None while a line is not known. `most`: with every pending exemption refused (None = not known)."""

    value: Quotient | None
    most: Quotient | None
    missing: tuple[MissingItem, ...]
    _sheet: "Sheet"

    @property
    def lines(self) -> tuple[SumLine, ...]:
        return self._sheet.lines()

    @property
    def total(self) -> Fraction | None:
        return None if self.value is None else self.value.exact()


class Sheet:
    """`missing` = what the sum waits for. Amounts are NTD as `amount`/`parts`, so that no fraction is made before somebody reads it."""

    __slots__ = ("_entries", "_sums", "missing", "unknown")

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._sums: dict[int, int] = {}
        self.missing: list[MissingItem] = []
        self.unknown = False

    def add(self, m: Member, item: str, amount: int, parts: int, basis: Text, article: str, *sources: Source | None) -> None:
        """A known amount of `amount` ÷ `parts`."""
        self._entries.append((m, item, amount, parts, basis, article, sources))
        self._sums[parts] = self._sums.get(parts, 0) + amount

    def unsettled(self, m: Member, item: str, basis: str, article: str, missing: MissingItem | None = None) -> None:
        """An amount nobody knows: the total is not known either. `missing` = what to do (default: a question about the person)."""
        self._entries.append((m, item, None, 1, basis, article, ()))
        self.missing.append(missing or MissingItem("fact", f"{m.ref}.{item}", f"{m.name or m.relation.zh}：{basis}"))
        self.unknown = True

    def known(self) -> Quotient:
        """The sum of the amounts that are known."""
        top, bottom = 0, 1
        for parts, amount in self._sums.items():
            top, bottom = top * parts + amount * bottom, bottom * parts
        return Quotient(top, bottom)

    def sum(self, pending: Quotient | None = None) -> Sum:
        """The sum now. `pending`: what the unknown amounts come to at most, where that is known."""
        missing = tuple(dict.fromkeys(self.missing)) if self.missing else ()
        if not self.unknown:
            value = self.known()
            return Sum(value, value, missing, self)
        return Sum(None, None if pending is None else _plus(self.known(), pending), missing, self)

    def lines(self) -> tuple[SumLine, ...]:
        return tuple(
            SumLine(
                m.ref, m.name, item, None if amount is None else Fraction(amount, parts), written(basis), article,
                tuple(s for s in sources if s),
            )
            for m, item, amount, parts, basis, article, sources in self._entries
        )  # fmt: skip


def _plus(one: Quotient, other: Quotient) -> Quotient:
    return Quotient(one.numerator * other.denominator + other.numerator * one.denominator, one.denominator * other.denominator)
