"""XLSX and ODS workbooks, through calamine."""

import datetime as dt
import itertools
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from . import headers
from .layouts import LAYOUTS, Layout
from .mapping import Mapping
from .messages import FileProblem
from .sheet_rows import sheet_rows
from .tables import PIECE_ROWS, Table

MOST_MEMBERS: Final = 200
MOST_UNPACKED: Final = 1 << 30
MOST_RATIO: Final = 200  # XML of a sheet packs well, a bomb far better
OUR_SHEETS: Final = ("說明", "重大錯誤", "彙總")  # stand in front of the data in an error file we returned
DATA_SHEET: Final = "資料"
_FIRST_ROWS: Final = 500  # of the first piece: a preview shows few, and a sheet's first part is read for them alone
_DATES = (dt.datetime, dt.date)
_BROKEN = (
    CalamineError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, TypeError, LookupError, OverflowError, RuntimeError,
)  # fmt: skip
"""RuntimeError: members that are encrypted or packed in an unknown way."""


def guard(path: Path, most_ratio: int = MOST_RATIO) -> None:
    """Refuse an archive that unpacks to too much, has too many members, or holds macros. FileProblem."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            packed = max(path.stat().st_size, 1)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileProblem("carrier_broken") from None
    if len(members) > MOST_MEMBERS * 5 or unpacked > MOST_UNPACKED or (unpacked > 64 << 20 and unpacked > packed * most_ratio):
        raise FileProblem("zip_bomb", size=f"{unpacked >> 20} MB")
    if any(member.filename.lower().endswith("vbaproject.bin") for member in members):
        raise FileProblem("carrier_macro")


@contextmanager
def _refused_when_broken() -> Iterator[None]:
    """Whatever the workbook library trips over in a damaged file, panics included, is a damaged file."""
    try:
        yield
    except FileProblem:
        raise
    except _BROKEN:
        raise FileProblem("carrier_broken") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise FileProblem("carrier_broken") from None


def read_sheet(path: Path, carrier: str, layout: Layout | None, mapping: Mapping | None) -> Table:
    """Open the first sheet (in an error file of ours: the sheet behind our own) of a workbook."""
    guard(path)
    with _refused_when_broken():
        sheets = CalamineWorkbook.from_path(str(path)).sheet_names
        names = [name for name in sheets if name not in OUR_SHEETS]
        if not names:
            raise FileProblem("sheet_empty")
        rows = sheet_rows(path, sheets.index(DATA_SHEET if DATA_SHEET in names and len(names) < len(sheets) else names[0]))
        head = list(itertools.islice(rows, headers.LOOK_AHEAD))
    if not head:
        raise FileProblem("sheet_empty")
    first = [[_text(cell) for cell in row] for row in head]
    if layout is None:
        source = headers.guess_source(first)
        if source is None:
            raise FileProblem("header_missing", example="rec_no、person_id、name、birth")
        layout = LAYOUTS[source]
    header = headers.find(first, layout, mapping)
    used = max(i for i, name in enumerate(header.columns) if name) + 1
    used = max([used, *(i + 1 for i, title in enumerate(header.titles) if title)])
    header = headers.Header(header.titles[:used], header.columns[:used], header.row, header.rows)
    table = Table(carrier, "", "", header, iter(()))
    body = itertools.chain(head[header.rows :], rows)
    table.pieces = _pieces(body, header, layout, table)
    return table


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.removeprefix("_x000D_")
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, _DATES):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _pieces(rows: Iterator[Sequence[Any]], header: headers.Header, layout: Layout, table: Table) -> Iterator[pl.DataFrame]:
    width = len(header.titles)
    number = header.rows + 1
    dates: dict[int, int] = {}
    for size in itertools.chain([_FIRST_ROWS], itertools.repeat(PIECE_ROWS)):
        with _refused_when_broken():
            chunk = list(itertools.islice(rows, size))
        if not chunk:
            break
        yield _piece(chunk, number, width, dates)
        number += len(chunk)
    for place, count in sorted(dates.items()):
        name = header.columns[place] if place < width else None
        if name and layout.field(name).form in ("date", "month"):
            table.notices.append(("excel_dates", {"label": layout.field(name).label, "count": count}))


def _all_text(chunk: list[Sequence[Any]], width: int) -> list[pl.Series]:
    """The columns of rows that are all `width` wide and hold text alone, built at once; an empty list for others."""
    if any(len(row) != width for row in chunk):
        return []
    try:
        cells = pl.Series("", list(itertools.chain.from_iterable(chunk)), dtype=pl.String, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        return []
    return [cells.gather_every(width, place).alias(f"c{place}") for place in range(width)]


def _piece(chunk: list[Sequence[Any]], number: int, width: int, dates: dict[int, int]) -> pl.DataFrame:
    columns = _all_text(chunk, width)
    across = [] if columns else list(itertools.zip_longest(*chunk, fillvalue=""))
    for place in range(len(columns), width):
        cells = across[place] if place < len(across) else ("",) * len(chunk)
        try:
            column = pl.Series(f"c{place}", cells, dtype=pl.String, strict=True)
        except (TypeError, pl.exceptions.PolarsError):
            count = sum(isinstance(cell, _DATES) for cell in cells)
            if count:
                dates[place] = dates.get(place, 0) + count
            column = pl.Series(f"c{place}", [_text(cell) for cell in cells], dtype=pl.String)
        columns.append(column)
    surplus = [number + i for i, row in enumerate(chunk) if len(row) > width and any(_text(cell).strip() for cell in row[width:])]
    piece = pl.DataFrame(columns).with_columns(
        pl.int_range(number, number + len(chunk), dtype=pl.Int64).alias("row_no"),
        pl.lit(None, dtype=pl.String).alias("problem"),
        pl.lit(None, dtype=pl.String).alias("problem_value"),
    )
    names = [f"c{place}" for place in range(width)]
    piece = piece.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names)
    begun = piece[names[0]].null_count() == 0 and bool(piece[names[0]].str.contains("[^ \u3000\t]").all())  # then no row is blank
    blank = None if begun else pl.all_horizontal((pl.col(name).fill_null("").str.strip_chars(" \u3000\t") == "") for name in names)
    if surplus:
        problem = pl.when(pl.col("row_no").is_in(surplus)).then(pl.lit("columns_count"))
        piece = piece.with_columns(
            problem.alias("problem"), pl.when(problem.is_not_null()).then(pl.lit(f"{width} 欄以上")).alias("problem_value")
        )
    return piece if blank is None else piece.filter(~blank)
