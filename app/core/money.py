"""Whole New Taiwan dollars. Amounts of money are `int`; averages that decide eligibility are `Fraction`."""

from fractions import Fraction


def show(amount: int | None) -> str:
    """`6,000`; empty for None."""
    return "" if amount is None else f"{amount:,}"


def show_exact(value: Fraction | int) -> str:
    """A per-capita value for people: two decimals when it is not whole, never used to compare."""
    return f"{int(value):,}" if value == int(value) else f"{float(value):,.2f}"
