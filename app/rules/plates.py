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
    for first, _second in splits:
        front, back = bare[:first], bare[first:]
        if front.isdigit() != back.isdigit():  # one part of digits alone, the other with letters
            return f"{front}-{back}"
    return ""
