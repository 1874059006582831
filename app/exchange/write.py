"""Writing files: canonical rosters and registers in every carrier, and any table of text.

What is written is what our own reader takes back unchanged. A value a carrier cannot hold (a `|` in a pipe file, a character
CP950 lacks) refuses the file with its place; nothing is replaced silently.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
import xlsxwriter

from . import encoding as enc
from .canonical import text_frame
from .layouts import Layout
from .store import write_whole

XLSX_ROWS: Final = 1_048_575  # data rows one sheet holds below its heading
XLSX_OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMULA: Final = r"^['=+\-@＝＋－＠]"
_CHUNK: Final = 100_000


class WriteProblem(ValueError):
    """The rows cannot be written in this carrier; the message is Chinese and says where and what to do."""


def write_records(frame: pl.DataFrame, layout: Layout, path: Path, carrier: str = "", encoding: str = "utf-8-sig") -> list[Path]:
    """Write typed rows (columns of the layout) as a canonical file. `carrier` `csv`, `txt` or `xlsx`, by default from the name.

    Returns the files written: one, or several (`name-1.xlsx` …) when a workbook cannot hold all rows. Raises WriteProblem.
    """
    carrier = carrier or path.suffix.lower().lstrip(".")
    text = text_frame(frame, layout)
    if carrier == "xlsx":
        if text.height <= XLSX_ROWS:
            return [write_xlsx(path, layout.names, text)]
        parts = range((text.height + XLSX_ROWS - 1) // XLSX_ROWS)
        name = [path.with_name(f"{path.stem}-{i + 1}{path.suffix}") for i in parts]
        return [write_xlsx(name[i], layout.names, text.slice(i * XLSX_ROWS, XLSX_ROWS)) for i in parts]
    if carrier == "csv":
        guarded = [f.name for f in layout.fields if f.form in ("text", "name")]
        return [write_text(path, layout.names, text, ",", encoding, guarded)]
    if carrier == "txt":
        return [write_text(path, layout.names, text, "|", "utf-8" if encoding == "utf-8-sig" else encoding)]
    raise WriteProblem(f"不能寫成「{carrier}」；請使用 csv、txt 或 xlsx。")


def write_text(path: Path, titles: Sequence[str], text: pl.DataFrame, separator: str, encoding: str, guarded: Iterable[str] = ()) -> Path:
    """Write columns of text as CSV or pipe file. `guarded` columns get an apostrophe before what a spreadsheet would take for
    a formula (our reader takes it off again)."""
    if separator == "|":
        _no_pipes(text)
    columns = [
        pl.when(pl.col(name).str.contains(_FORMULA)).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in guarded
    ]
    text = text.with_columns(columns).with_columns(pl.when(pl.all() != "").then(pl.all()))
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    line_end = "\r\n" if separator == "," else "\n"
    head = io.StringIO()
    head.write(separator.join(_quoted(title) if separator == "," else title.replace("|", " ") for title in titles) + line_end)

    def write(part: Path) -> None:
        with part.open("wb") as file:
            if encoding == "utf-8-sig":
                file.write(b"\xef\xbb\xbf")
            file.write(_encoded(head.getvalue(), plain, 0))
            for start in range(0, text.height, _CHUNK):
                rows = text.slice(start, _CHUNK).write_csv(
                    include_header=False,
                    separator=separator,
                    line_terminator=line_end,
                    quote_style="necessary" if separator == "," else "never",
                    null_value="",
                )
                file.write(_encoded(rows or "", plain, start + 1))
            file.flush()

    return write_whole(path, write)


def _quoted(title: str) -> str:
    return '"' + title.replace('"', '""') + '"' if any(sign in title for sign in ',"\n\r') else title


def _no_pipes(text: pl.DataFrame) -> None:
    found = text.with_row_index("n").filter(pl.any_horizontal(pl.col(c).str.contains(r"[|\r\n]") for c in text.columns))
    if not found.is_empty():
        raise WriteProblem(f"第 {found['n'][0] + 1} 筆的內容含有 |，無法寫成以 | 分隔的檔案；請改用 CSV 或 XLSX。")


def _encoded(text: str, encoding: str, first_row: int) -> bytes:
    try:
        return enc.encode(text, encoding)
    except UnicodeEncodeError as error:
        row = first_row + text.count("\n", 0, error.start)
        raise WriteProblem(f"第 {row} 筆的「{text[error.start]}」不在 CP950（Big5）字集內；請改用 UTF-8。") from None


# --- workbooks -------------------------------------------------------------------------------------------------------


class Sheet:
    """A sheet written row by row, strings as strings; every return code is checked."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, titles: Sequence[str]) -> None:
        self.sheet = book.add_worksheet(name)
        self.row = 0
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True})
        self.sheet.freeze_panes(1, 0)
        for place, title in enumerate(titles):
            self.sheet.set_column(place, place, max(10, min(40, 2 * len(title) + 4)))
        self.add(titles, bold)

    def add(self, cells: Sequence[Any], style: Any = None) -> None:
        """One row; text as text, integers as numbers, None as an empty cell. WriteProblem when the sheet refuses it."""
        for place, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            write = self.sheet.write_number if isinstance(cell, int) else self.sheet.write_string
            if write(self.row, place, cell, style) != 0:
                raise WriteProblem(f"第 {self.row + 1} 列第 {place + 1} 欄的內容超過 Excel 的限制（32,767 字、1,048,576 列）。")
        self.row += 1


def write_xlsx(
    path: Path,
    titles: Sequence[str],
    text: pl.DataFrame,
    sheet: str = "資料",
    front: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Any]]]] = (),
) -> Path:
    """Write columns of text as the sheet `sheet`, behind the `front` sheets (name, titles, rows). At most XLSX_ROWS rows."""
    if text.height > XLSX_ROWS:
        raise WriteProblem(f"{text.height:,} 列超過一張工作表的上限 {XLSX_ROWS:,} 列；請分檔。")

    def write(part: Path) -> None:
        book = xlsxwriter.Workbook(str(part), XLSX_OPTIONS)
        try:
            for name, columns, rows in front:
                page = Sheet(book, name, columns)
                for row in rows:
                    page.add(row)
            data = Sheet(book, sheet, titles)
            for row in text.iter_rows():
                data.add(row)
        finally:
            book.close()

    return write_whole(path, write)
