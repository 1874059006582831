"""Which encoding a text file is in, decided strictly, and CP950 with its user-defined areas.

BOM, else strict UTF-8, else strict CP950 plus the source's map of user-defined characters, else the file is refused.
Cells of the user-defined areas (EUDC) that the source's map does not name become the private-use characters Windows gives
them, one to one, so the bytes can always be told back (`raw_hex`) and written again.
"""

import codecs
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from .messages import FileProblem

_BLOCKS: Final = {"cp950": 1 << 16}  # small: each user-defined character costs a copy of the block
_BLOCK: Final = 1 << 17
Encoding = str  # "utf-8-sig", "utf-8" or "cp950"

# The user-defined areas in the order Windows code page 950 numbers them: (first lead, first trail, last lead, first character).
_AREAS: Final = ((0xFA, 0x40, 0xFE, 0xE000), (0x8E, 0x40, 0xA0, 0xE311), (0x81, 0x40, 0x8D, 0xEEB8), (0xC6, 0xA1, 0xC8, 0xF6B1))
_TRAILS: Final = (*range(0x40, 0x7F), *range(0xA1, 0xFF))


def _user_defined() -> dict[bytes, str]:
    table: dict[bytes, str] = {}
    for first, trail, last, start in _AREAS:
        cells = [bytes((lead, t)) for lead in range(first, last + 1) for t in _TRAILS if (lead, t) >= (first, trail)]
        table |= {cell: chr(start + i) for i, cell in enumerate(cells) if not _assigned(cell)}
    return table


def _assigned(cell: bytes) -> bool:
    """CP950 itself gives part of the last area (C6A1 on) characters of their own."""
    try:
        cell.decode("cp950")
    except UnicodeDecodeError:
        return False
    return True


EUDC: Final[Mapping[bytes, str]] = _user_defined()
_BACK: Final[Mapping[str, bytes]] = {char: cell for cell, char in EUDC.items()}


def _decode_error(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    char = EUDC.get(error.object[error.start : error.start + 2])
    if char is None:
        raise error
    return char, error.start + 2


def _encode_error(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    cell = _BACK.get(error.object[error.start])
    if cell is None:
        raise error
    return cell, error.start + 1


UNREAD: Final = "\ufffd"  # stands for bytes that are not of an encoding the uploader chose; its row is rejected


def _mark_error(error: UnicodeError) -> tuple[str, int]:
    try:
        return _decode_error(error)
    except UnicodeDecodeError as unread:
        return UNREAD, unread.start + 1


codecs.register_error("swis-eudc", _decode_error)
codecs.register_error("swis-mark", _mark_error)
codecs.register_error("swis-eudc-back", _encode_error)


def decode(data: bytes, encoding: Encoding) -> str:
    """Strict decoding of one value. UnicodeDecodeError when it is not of the encoding."""
    return data.decode(encoding, "swis-eudc" if encoding == "cp950" else "strict")


def encode(text: str, encoding: Encoding) -> bytes:
    """Strict encoding of one value. UnicodeEncodeError for characters the encoding lacks."""
    return text.encode(encoding, "swis-eudc-back" if encoding == "cp950" else "strict")


def raw_hex(text: str) -> str:
    """The bytes a name had in a CP950 file, in hexadecimal (characters CP950 lacks: their UTF-8 bytes)."""
    out = b""
    for char in text:
        try:
            out += encode(char, "cp950")
        except UnicodeEncodeError:
            out += char.encode("utf-8", "surrogatepass")
    return out.hex()


def detect(path: Path, thorough: bool = True) -> Encoding:
    """The file's encoding. FileProblem when it is neither UTF-8 nor CP950 throughout, with the line of the first offence. Blocks are
    small enough to stay in the processor's cache, which makes this pass cost a fifth.

    Not `thorough`: what is not UTF-8 is taken for CP950, and whoever reads it (`utf8_blocks`) comes upon the offence."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(codecs.BOM_UTF8):
        if (offence := _offence(path, "utf-8-sig")) is not None:
            raise FileProblem("encoding_mixed", line=offence)
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in head:
        raise FileProblem("encoding_utf16")
    if _offence(path, "utf-8") is None:
        return "utf-8"
    if thorough and (offence := _offence(path, "cp950")) is not None:
        raise FileProblem("encoding_unknown", line=offence)
    return "cp950"


def _offence(path: Path, encoding: Encoding) -> int | None:
    """The line of the first byte that is not of the encoding; None when there is none."""
    decoder = _decoder(encoding)
    lines = 1
    with path.open("rb") as file:
        while True:
            data = file.read(_BLOCKS.get(encoding, _BLOCK))
            try:
                decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
            if not data:
                return None
            lines += data.count(b"\n")


def _decoder(encoding: Encoding, mark: bool = False) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)("swis-mark" if mark else "swis-eudc" if encoding == "cp950" else "strict")


def utf8_blocks(
    path: Path, encoding: Encoding, mark: bool = False, translation: Mapping[int, str] | None = None, sound: bool = False
) -> Iterator[bytes]:
    """The file's text in pieces as UTF-8, without a mark in front, line ends as `\\n`. FileProblem at the first byte that does not decode;
    with `mark` such a byte becomes `UNREAD`. `sound` says that `detect` found this encoding: then UTF-8
    is handed on as it is."""
    if sound and encoding != "cp950" and not translation:
        yield from _as_they_are(path)
        return
    decoder = io.IncrementalNewlineDecoder(_decoder(encoding, mark), translate=True)
    lines = 1
    with path.open("rb") as file:
        while True:
            data = file.read(_BLOCKS.get(encoding, _BLOCK))
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise FileProblem("encoding_unknown", line=lines + error.object[: error.start].count(b"\n")) from None
            encoded = (text.translate(translation) if translation else text).encode()
            if not data:
                yield encoded
                return
            lines += encoded.count(b"\n")
            yield encoded


def _as_they_are(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        data = file.read(_BLOCK).removeprefix(codecs.BOM_UTF8)
        while data:
            if data.endswith(b"\r"):
                data += file.read(1)
            yield data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
            data = file.read(_BLOCK)
