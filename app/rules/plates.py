"""Vehicle plates: how they are written, so that the same plate is recognised however it was typed."""

import re

from app.core.text import fold

_SHAPE = re.compile(r"([A-Z0-9]{2,4})-?([A-Z0-9]{2,4})")
_SPLITS = {5: ((2, 3), (3, 2)), 6: ((2, 4), (4, 2), (3, 3)), 7: ((3, 4),)}
"""Parts before and behind the hyphen, by the number of characters (formats of the motor office: AB-1234, 1234-AB, AB-123, ABC-1234)."""


def normal(typed: str) -> str:
    """`ＡＢＣ１２３４` and `abc-1234` as `ABC-1234`; empty for what cannot be a plate."""
    text = re.sub(r"[\s.－–—_]", "", fold(typed).upper().replace("－", "-"))
    match = _SHAPE.fullmatch(text)
    bare = text.replace("-", "")
    if match is None or len(bare) not in _SPLITS or sum(c.isdigit() for c in bare) < 2:
        return ""
    splits = _SPLITS[len(bare)]
    if "-" in text:
        parts = text.split("-")
        return text if (len(parts[0]), len(parts[1])) in splits else ""
    cut = [(bare[:first], bare[first:]) for first, _ in splits]
    plain = [(a, b) for a, b in cut if (a.isalpha() and b.isdigit()) or (a.isdigit() and b.isalpha())]
    mixed = [(a, b) for a, b in cut if a.isdigit() != b.isdigit()]  # one part of digits alone, the other with letters among them
    return "-".join((plain or mixed)[0]) if plain or mixed else ""
