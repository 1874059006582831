"""Exact comparing and multiplying of whole numbers and fractions, without the general operators' cost: a recomputation does millions."""

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

Number = int | Fraction


class Quotient(NamedTuple):
    """A number that is compared now and made a fraction only where somebody reads it."""

    numerator: int
    denominator: int

    def exact(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


def product(value: Number, times: Number) -> Fraction:
    """For limits: few different ones, asked for again and again."""
    return _product(value.numerator, times.numerator, value.denominator, times.denominator)


@lru_cache(maxsize=4096)
def _product(a: int, b: int, c: int, d: int) -> Fraction:
    return Fraction(a * b, c * d)


def at_most(value: Number | Quotient, limit: Number | Quotient) -> bool:
    """value ≤ limit"""
    return value.numerator * limit.denominator <= limit.numerator * value.denominator


def less(value: Number | Quotient, limit: Number | Quotient) -> bool:
    """value < limit"""
    return value.numerator * limit.denominator < limit.numerator * value.denominator
