"""A first look at a file before it is checked: how it was read, its columns, its first rows. Nothing is taken in."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from . import encoding, readers
from .headers import normal_title
from .internal import READABLE
from .mapping import Mapping
from .messages import FileProblem

ROWS: Final = 10
_LINES: Final = 5
_CELL: Final = 60


@dataclass
class Preview:
    """`columns`: the field each title is read as, None where it is not known. `lines`: the first raw lines with their length in bytes,
    for files without titles (fixed width). `problem`: (code, sentence) when the file cannot be read like this."""

    carrier: str = ""
    encoding: str = ""
    source: str = ""
    titles: list[str] = field(default_factory=list)
    columns: list[str | None] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)
    problem: tuple[str, str] | None = None

    @property
    def undecided(self) -> bool:
        """Is the encoding the uploader's to choose?"""
        return self.problem is not None and self.problem[0] in ("encoding_unknown", "encoding_mixed")

    @property
    def hopeless(self) -> bool:
        """Is it not a file of data at all, whatever is chosen for it?"""
        return self.problem is not None and self.problem[0].startswith(("carrier_", "file_", "zip_", "sheet_"))


def look(path: Path, source: str | None, kind: str | None = None, mapping: Mapping | None = None) -> Preview:
    """Read the first rows. Never raises for a bad file: the preview says what is wrong with it."""
    seen = Preview(source=source or "")
    try:
        seen.carrier = readers.carrier_of(path)
        if seen.carrier == "zip":
            return seen
        if seen.carrier == "text":
            seen.lines = _raw_lines(path)
            if not (mapping and (mapping.encoding or mapping.carrier == "fixed")):
                encoding.detect(path)  # to the last byte: while people look at the preview they can still choose
        layout = READABLE[source] if source else None
        table = readers.open_table(path, layout, mapping)
        seen.carrier, seen.encoding = table.carrier, table.encoding
        seen.titles, seen.columns = list(table.header.titles), list(table.header.columns)
        piece = next((p for p in table.pieces if not p.is_empty()), None)
        if piece is not None:
            cells = [f"c{i}" for i in range(len(seen.titles))]
            seen.rows = [[str(cell or "")[:_CELL] for cell in row] for row in piece.head(ROWS).select(cells).iter_rows()]
        if layout is not None:
            spec = layout.for_kind(kind) if kind and layout.source == "roster" else layout
            have = {name for name in seen.columns if name} | set(mapping.constants if mapping else ())
            seen.missing = [name for name in spec.required if name not in have]
    except FileProblem as problem:
        seen.problem = (problem.code, str(problem))
    return seen


def _raw_lines(path: Path) -> list[tuple[int, str]]:
    with path.open("rb") as file:
        lines = file.read(1 << 16).split(b"\n")[:_LINES]
    return [(len(line.rstrip(b"\r")), line.rstrip(b"\r").decode("cp950", "backslashreplace")[:300]) for line in lines if line.strip()]


def mapped(titles: list[str], chosen: dict[int, str], source: str) -> dict[str, Any]:
    """`columns` of a mapping from what was chosen for each title (place → field); titles known by themselves may be left out.
    FileProblem when a field was chosen twice."""
    fields = [name for name in chosen.values() if name]
    if twice := sorted({name for name in fields if fields.count(name) > 1}):
        labels = "、".join(READABLE[source].field(name).label for name in twice)
        raise FileProblem("mapping_form", detail=f"「{labels}」選了兩次")
    return {"columns": {titles[place]: name for place, name in chosen.items() if name and normal_title(titles[place])}}
