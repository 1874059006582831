"""The one XLSX writer of this room: text stays text, nothing is cut or dropped silently."""

import datetime as dt
import io
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

_SAFE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False}
MAX_ROWS = 1_048_576


class SheetError(RuntimeError):
    """A cell could not be written as it is; the message says where."""


class Book:
    """A workbook in memory whose bytes depend on its content and `made_at` alone."""

    def __init__(self, title: str, made_at: dt.datetime):
        self._out = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._out, _SAFE)
        self._book.set_properties({"title": title, "created": made_at})
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **style: Any) -> Format:
        """A cell format; the same style is made once."""
        key = tuple(sorted(style.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_name": "標楷體", "font_size": 12, "valign": "vcenter", **style})
        return self._formats[key]

    def sheet(self, name: str) -> Worksheet:
        """A new sheet, printed on A4."""
        sheet = self._book.add_worksheet(name)
        sheet.set_paper(9)
        return sheet

    def close(self) -> bytes:
        self._book.close()
        return self._out.getvalue()


def put(sheet: Worksheet, row: int, column: int, value: str | int | None, style: Format) -> None:
    """One cell: whole numbers as numbers, everything else as text, never a formula. Raises SheetError."""
    if value is None or value == "":
        code = sheet.write_blank(row, column, None, style)
    elif isinstance(value, int):
        code = sheet.write_number(row, column, value, style)
    else:
        code = sheet.write_string(row, column, value, style)
    if code:
        raise SheetError(f"第 {row + 1} 列第 {column + 1} 欄無法寫入（代碼 {code}）：內容太長或超過工作表列數")


def put_row(sheet: Worksheet, row: int, values: list[str | int | None], style: Format, money: Format) -> None:
    """A row of cells; numbers get the money format."""
    for column, value in enumerate(values):
        put(sheet, row, column, value, money if isinstance(value, int) else style)
