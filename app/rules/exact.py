"""Exact comparing and multiplying of whole numbers and fractions, without the general operators' cost: a recomputation does millions."""

from fractions import Fraction
from functools import lru_cache

Number = int | Fraction


def product(value: Number, times: Number) -> Fraction:
    """For limits: few different ones, asked for again and again."""
    return _product(value.numerator, times.numerator, value.denominator, times.denominator)


@lru_cache(maxsize=4096)
def _product(a: int, b: int, c: int, d: int) -> Fraction:
    return Fraction(a * b, c * d)


def per_head(total: Fraction, persons: int) -> Fraction:
    return Fraction(total.numerator, total.denominator * persons)


def at_most(value: Number, limit: Number) -> bool:
    """value ≤ limit"""
    return value.numerator * limit.denominator <= limit.numerator * value.denominator


def less(value: Number, limit: Number) -> bool:
    """value < limit"""
    return value.numerator * limit.denominator < limit.numerator * value.denominator
