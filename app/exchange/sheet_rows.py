"""The rows of a workbook's sheet, read a part of the sheet at a time: memory does not grow with the file, and two parts are read at once.

A part is a small workbook in memory: the sheet's head, some whole rows, and the file's own strings and styles. Calamine reads each, so every
cell means what it means in the whole. A sheet whose rows cannot be told apart from outside (no row numbers, comments) is read as a whole.
"""

import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineSheet, CalamineWorkbook

PART: Final = 6 << 20  # bytes of the sheet's XML read at once
_AT_ONCE: Final = 2
_HEAD: Final = 1 << 20  # bytes in which the rows begin
_ROW: Final = re.compile(rb'<row\s[^>]*?\br="(\d+)"')
_SHEET: Final = re.compile(r'<sheet\s[^>]*?\bname="([^"]*)"[^>]*?\br:id="([^"]*)"')
_TARGET: Final = re.compile(r"<Relationship\s[^>]*>")
_DIMENSION: Final = re.compile(rb"<dimension\s[^>]*/>")
_END: Final = b"</sheetData></worksheet>"


def sheet_rows(path: Path, place: int) -> Iterator[list[Any]]:
    """Every row of the sheet at `place` (0 the first), from the sheet's first row and column on, blank ones included."""
    with zipfile.ZipFile(path) as archive:
        name = _part_of(archive, place) if "[Content_Types].xml" in archive.namelist() else None
        if name is None or archive.getinfo(name).file_size <= PART:
            yield from _rows(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(place), 0)
            return
        shared = {i.filename: archive.read(i) for i in archive.infolist() if _is_shared(i.filename)}
        size = max(PART, 2 * len(shared.get("xl/sharedStrings.xml", b"")))  # the strings are read anew with every part
        number = 0
        for sheet in _read_ahead(_parts(archive, name, size), shared, name, place):
            rows = _rows(sheet, number)
            number += len(rows)
            yield from rows


def _rows(sheet: CalamineSheet, number: int) -> list[list[Any]]:
    """The rows behind row `number`, each from the first column on."""
    if sheet.start is None:
        return []
    first, left = sheet.start
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=True)
    if left:
        rows = [[""] * left + row for row in rows]
    return [[]] * (first - number) + rows if first > number else rows


def _is_shared(name: str) -> bool:
    return name == "[Content_Types].xml" or (name.endswith(".rels") and "/worksheets/" not in name) or re.fullmatch(r"xl/[^/]+\.xml", name) is not None


def _part_of(archive: zipfile.ZipFile, place: int) -> str | None:
    """The member that holds the sheet; None when the workbook does not say so in the usual way."""
    try:
        sheets = _SHEET.findall(archive.read("xl/workbook.xml").decode())
        links = {_attribute(t, "Id"): _attribute(t, "Target") for t in _TARGET.findall(archive.read("xl/_rels/workbook.xml.rels").decode())}
        target = links[sheets[place][1]]
        name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        archive.getinfo(name)
    except (KeyError, IndexError, UnicodeDecodeError):
        return None
    return name


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def _parts(archive: zipfile.ZipFile, name: str, size: int) -> Iterator[bytes]:
    """The sheet as sheets of whole rows."""
    with archive.open(name) as file:
        held = file.read(_HEAD)
        begin = held.find(b"<sheetData>") + len(b"<sheetData>")
        whole = begin < len(b"<sheetData>")
        head, held = (b"", held) if whole else (_DIMENSION.sub(b"", held[:begin]), held[begin:])
        while True:
            cut = 0 if whole or b"<!" in held else held.rfind(b"<row ")
            if cut <= 0 or _ROW.match(held) is None or _ROW.match(held, cut) is None:
                whole = True
            else:
                yield head + held[:cut] + _END
                held = held[cut:]
            if not (block := file.read(size)):
                break
            held += block
        yield head + held


def _read_ahead(parts: Iterator[bytes], shared: dict[str, bytes], name: str, place: int) -> Iterator[CalamineSheet]:
    """The parts read, two at a time, in their order; the first, which is small, by itself: a preview asks for no more."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sheet") as pool:
        begun: deque[Future[CalamineSheet]] = deque()
        for number, part in enumerate(parts):
            begun.append(pool.submit(_read, part, shared, name, place))
            if len(begun) > _AT_ONCE or number == 0:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _read(part: bytes, shared: dict[str, bytes], name: str, place: int) -> CalamineSheet:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        for other, content in shared.items():
            out.writestr(other, content)
        out.writestr(name, part)
    file.seek(0)
    return CalamineWorkbook.from_filelike(file).get_sheet_by_index(place)
