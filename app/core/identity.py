"""National IDs and resident numbers (統一編號、統一證號): recognise and check them.

A failed check digit is a flag, never a reason to drop a row: registered numbers that fail do exist.
"""

import re

from .text import fold

_ORDER = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
LETTER = {letter: 10 + i for i, letter in enumerate(_ORDER)}
_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_NATIONAL = re.compile(r"[A-Z][12]\d{8}$")
_RESIDENT = re.compile(r"[A-Z][89]\d{8}$")
_RESIDENT_OLD = re.compile(r"[A-Z][A-D]\d{8}$")


def normal(value: str) -> str:
    """Folded, upper case, without blanks inside."""
    return fold(value).upper().replace(" ", "")


def kind(value: str) -> str:
    """`national`, `resident`, `resident_old` or `unknown` (the form only, not the check digit)."""
    if _NATIONAL.match(value):
        return "national"
    if _RESIDENT.match(value):
        return "resident"
    return "resident_old" if _RESIDENT_OLD.match(value) else "unknown"


def checksum_ok(value: str) -> bool:
    """Does the check digit hold? False for anything that is not an ID by form."""
    if kind(value) == "unknown":
        return False
    first = LETTER[value[0]]
    second = LETTER[value[1]] % 10 if value[1].isalpha() else int(value[1])
    digits = (first // 10, first % 10, second, *map(int, value[2:]))
    return sum(d * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 10 == 0


def sex_of(value: str) -> str | None:
    """`M` or `F` as the number's second character says; None when it does not say."""
    return {"1": "M", "2": "F", "8": "M", "9": "F", "A": "M", "B": "F", "C": "M", "D": "F"}.get(value[1:2])


def with_check_digit(nine: str) -> str:
    """The full number for its first nine characters (used to invent people)."""
    return next(nine + str(d) for d in range(10) if checksum_ok(nine + str(d)))
