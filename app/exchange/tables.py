"""A file opened for reading: its heading, and its rows in pieces of text columns.

A piece is a frame with the columns `c0`, `c1` … (text, blank cells null, one per title), `row_no` (Int64, the row in the file
counted from 1) and `problem` (text, null when the row's shape is right: the code of what is wrong with it as a row) and
`problem_value` (text).
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from .headers import Header

PIECE_ROWS: Final = 65_536


@dataclass
class Table:
    """`notices` are (catalogue code, values) about the file as a whole, filled while reading."""

    carrier: str
    encoding: str
    separator: str
    header: Header
    pieces: Iterator[pl.DataFrame]
    notices: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    cell_errors: frozenset[str] = frozenset()


def cell_names(count: int) -> list[str]:
    return [f"c{i}" for i in range(count)]


def frame_of(cells: pl.DataFrame, row_no: pl.Series, blanks: bool = True) -> pl.DataFrame:
    """A piece of well-shaped rows. `blanks` says that blank cells may be empty texts, which become null."""
    nothing = pl.lit(None, dtype=pl.String)
    if blanks:
        cells = cells.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in cells.columns)
    return cells.with_columns(
        row_no.cast(pl.Int64).alias("row_no"), nothing.alias("problem"), nothing.alias("problem_value")
    )


def frame_of_rows(rows: Sequence[tuple[int, Sequence[str]]], width: int, glue: str = ",") -> pl.DataFrame:
    """A piece from (row number, cells); rows of another width are kept, marked, their surplus glued to the last cell.
    Rows without any content are left out."""
    kept = [(number, cells) for number, cells in rows if any(cell.strip(" \u3000\t") for cell in cells)]
    columns: list[list[str | None]] = [[] for _ in range(width)]
    problems: list[str | None] = []
    values: list[str | None] = []
    for _, cells in kept:
        full = list(cells)
        wrong = len(full) != width
        if len(full) > width and not any(full[width:]):
            full, wrong = full[:width], False
        problems.append("columns_count" if wrong else None)
        values.append(str(len(full)) if wrong else None)
        if len(full) > width:
            full = [*full[: width - 1], glue.join(full[width - 1 :])]
        full += [""] * (width - len(full))
        for column, cell in zip(columns, full, strict=True):
            column.append(cell or None)
    data: dict[str, pl.Series] = {name: pl.Series(name, column, pl.String) for name, column in zip(cell_names(width), columns, strict=True)}
    data["row_no"] = pl.Series("row_no", [number for number, _ in kept], pl.Int64)
    data["problem"] = pl.Series("problem", problems, pl.String)
    data["problem_value"] = pl.Series("problem_value", values, pl.String)
    return pl.DataFrame(data)


def ahead(pieces: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same pieces, the next one read by a second thread while the last one is worked on. One piece waits, no more."""
    waiting: queue.Queue[tuple[pl.DataFrame | None, BaseException | None]] = queue.Queue(1)
    stop = threading.Event()

    def put(piece: pl.DataFrame | None, error: BaseException | None) -> None:
        while not stop.is_set():
            with suppress(queue.Full):
                waiting.put((piece, error), timeout=0.05)
                break

    def read() -> None:
        try:
            for piece in pieces:
                put(piece, None)
                if stop.is_set():
                    return
            put(None, None)
        except BaseException as error:
            put(None, error)

    reader = threading.Thread(target=read, name="read ahead", daemon=True)
    reader.start()
    try:
        while True:
            piece, error = waiting.get()
            if error is not None:
                raise error
            if piece is None:
                return
            yield piece
    finally:
        stop.set()
        reader.join()


def _is_total(row: dict[str, Any], width: int) -> bool:
    words = [str(row[f"c{i}"] or "").replace(" ", "").replace("\u3000", "") for i in range(width)]
    first = next((word for word in words if word), "")
    filled = sum(1 for word in words if word)
    return first.startswith(("合計", "總計", "共計", "小計", "Total", "TOTAL", "total")) and filled * 2 <= width + 1


def without_total(table: Table) -> Iterator[tuple[pl.DataFrame, dict[str, Any] | None]]:
    """The pieces, the last one without a total row at its end; with it that row (or None)."""
    width = len(table.header.titles)
    held: pl.DataFrame | None = None
    for piece in ahead(table.pieces):
        if piece.is_empty():
            continue
        if held is not None:
            yield held, None
        held = piece
    if held is None:
        return
    last = held.row(-1, named=True)
    if _is_total(last, width):
        table.notices.append(("total_row", {"row": last["row_no"]}))
        yield held.head(-1), last
    else:
        yield held, None
