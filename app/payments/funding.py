"""Splitting money between funding sources: whole dollars, nothing lost, the total of a register exact to the dollar."""

from collections.abc import Sequence

SOURCES = ("central", "county", "town")
WHOLE = 10_000


def leading(shares: Sequence[int]) -> int:
    """The source that takes what rounding leaves: the largest share, the first of equals."""
    return max(range(len(shares)), key=lambda i: (shares[i], -i))


def split(amount: int, shares: Sequence[int], before: int = 0) -> tuple[int, ...]:
    """NTD of every source for `amount`, when `before` NTD of the same register were split already. `shares`: parts of 10,000, together 10,000.

    What a source has had so far is its share of all money so far, rounded down; the leading source takes the rest. So lines add up to the
    amount, and a register to the shares of its total, however many lines it has. Lines of at least 6 NTD never get a negative part.
    """
    rest = leading(shares)
    parts = [(before + amount) * s // WHOLE - before * s // WHOLE for s in shares]
    parts[rest] = amount - sum(p for i, p in enumerate(parts) if i != rest)
    return tuple(parts)
