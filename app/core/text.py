"""Width folding, whitespace and masking of personal data."""

import unicodedata

_WIDE = {0x3000: 0x20, **{0xFF01 + i: 0x21 + i for i in range(94)}}
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])


def fold(value: str) -> str:
    """Codes as people type them: full-width forms to ASCII, invisible characters out, blanks trimmed."""
    return value.translate(_WIDE).translate(_INVISIBLE).strip()


def clean_name(value: str) -> str:
    """A name as stored: NFC, invisible characters out, blanks trimmed; the letters themselves stay as written."""
    return unicodedata.normalize("NFC", value.translate(_INVISIBLE)).strip(" \u3000\t")


def display_width(value: str) -> int:
    """How wide a text stands in print, in half widths: a Chinese character is two, a letter or figure one."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in value)


def row_number(value: str) -> int | None:
    """A row's number as a form sends it: plain digits that fit a database integer; None for whatever else comes."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def mask_id(value: str | None) -> str:
    """`A123456789` → `A12345****`; whatever else comes keeps at most its first six characters."""
    return "" if not value else value[:6] + "*" * max(4, len(value) - 6)


def mask_account(value: str | None) -> str:
    """Account numbers show their last four digits."""
    return "" if not value else "*" * max(4, len(value) - 4) + value[-4:]


def cut_bytes(value: str, size: int, encoding: str = "cp950", substitute: str = "？") -> bytes:
    """`value` in at most `size` bytes, never cutting a character in two; what the encoding lacks becomes `substitute`."""
    out = b""
    for ch in value:
        try:
            piece = ch.encode(encoding)
        except UnicodeEncodeError:
            piece = substitute.encode(encoding)
        if len(out) + len(piece) > size:
            break
        out += piece
    return out
