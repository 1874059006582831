"""A list as a spreadsheet: the same rows, order, scope and masking as the page. Strings stay strings; the totals are checked."""

import datetime as dt
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from flask import Response, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue

from app.commands.base import CommandError
from app.commands.exports import request_export
from app.core import clock
from app.security import web

from .base_search import TOKEN
from .base_values import Cell, column_at, kind_of, show_moment

AT_ONCE = 5_000
"""More rows than this are written by a job."""
SHEET_ROWS = 1_000_000
CELL_CHARACTERS = 32_767


class ExportFailed(RuntimeError):
    """A cell or row did not get into the spreadsheet."""


@dataclass(frozen=True)
class Facts:
    """What the check sheet says about the file."""

    title: str
    who: str
    office: str
    at: dt.datetime
    words: Sequence[tuple[str, str]]
    reason: str


@dataclass(frozen=True)
class Written:
    """What went into the file: `digest` is the SHA-256 of the rows' texts, `sums` the totals of the money columns."""

    rows: int
    digest: str
    sums: dict[str, int]


class Spreadsheet:
    """One workbook. Numbers and amounts are numbers; everything else is text, so `=1+1` stays `=1+1` and `0980301` keeps its 0."""

    def __init__(self, target: BinaryIO | Path, facts: Facts, columns: Sequence[tuple[str, str]]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)
        self.facts, self.columns = facts, columns
        self.head = self.book.add_format({"bold": True, "bg_color": "#E6F0F6", "bottom": 1})
        self.amount = self.book.add_format({"num_format": "#,##0"})
        self.text = self.book.add_format({"num_format": "@"})
        self.rows = self.sheets = self.line = 0
        self.sums: dict[str, int] = {label: 0 for label, kind in columns if kind == "money"}
        self.digest = hashlib.sha256()
        self.sheet: Any = None
        self._next_sheet()

    def _next_sheet(self) -> None:
        self.sheets += 1
        self.sheet = self.book.add_worksheet("資料" if self.sheets == 1 else f"資料{self.sheets}")
        self.sheet.freeze_panes(1, 0)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.set_footer(f"&L{self.facts.office}　{self.facts.who}　{show_moment(self.facts.at)}&R第 &P 頁，共 &N 頁")
        for i, (label, kind) in enumerate(self.columns):
            self.sheet.set_column(i, i, 14 if kind in ("money", "number", "date", "month") else 20)
            self._put(0, i, label, self.head)
        self.line = 1

    def _put(self, line: int, column: int, value: Any, style: Any = None) -> None:
        if isinstance(value, int) and not isinstance(value, bool):
            if abs(value) > 2**53:
                code = self.sheet.write_string(line, column, str(value), self.text)
            else:
                code = self.sheet.write_number(line, column, value, style or self.amount)
        else:
            text = str(value)
            if len(text) > CELL_CHARACTERS:
                raise ExportFailed("a text is too long for a cell")
            code = self.sheet.write_string(line, column, text, style or self.text)
        if code:
            raise ExportFailed(f"cell {line},{column} was not written ({code})")

    def add(self, cells: Sequence[Any]) -> None:
        """One row. Raises ExportFailed."""
        if self.line > SHEET_ROWS:
            self._next_sheet()
        for i, (cell, (label, kind)) in enumerate(zip(cells, self.columns, strict=True)):
            raw = getattr(cell, "raw", None)
            amount = raw if isinstance(raw, int) and not isinstance(raw, bool) and kind in ("money", "number") else None
            if kind == "money" and amount is not None:
                self.sums[label] += amount
            self._put(self.line, i, str(cell) if amount is None else amount)
        self.digest.update(("\x1f".join(str(c) for c in cells) + "\x1e").encode())
        self.line += 1
        self.rows += 1

    def close(self, expected: int | None = None) -> Written:
        """Write the check sheet and finish. `expected` rows must have been written. Raises ExportFailed."""
        if expected is not None and expected != self.rows:
            raise ExportFailed(f"{expected} rows were found, {self.rows} written")
        done = Written(self.rows, self.digest.hexdigest(), self.sums)
        self.sheet = self.book.add_worksheet("核對")
        self.sheet.set_column(0, 0, 18)
        self.sheet.set_column(1, 1, 70)
        facts: list[tuple[str, Any]] = [
            ("清單", self.facts.title),
            ("筆數", done.rows),
            *((f"{label}合計", total) for label, total in done.sums.items()),
            ("匯出人員", f"{self.facts.office} {self.facts.who}"),
            ("匯出時間", show_moment(self.facts.at)),
            ("案由", self.facts.reason or "（未填）"),
            ("查詢條件", "；".join(f"{k} {v}" for k, v in self.facts.words) or "（無，全部）"),
            ("內容雜湊（SHA-256）", done.digest),
        ]
        for line, (label, value) in enumerate(facts):
            self._put(line, 0, label, self.head)
            self._put(line, 1, value)
        self.book.close()
        return done


def columns_of(view: Any) -> list[tuple[str, str]]:
    """(label, kind) of the list's columns."""
    return [(str(view.label_columns.get(c, c)), kind_of(column_at(view.datamodel.obj, c))) for c in view.list_columns]


def cells_of(view: Any, item: Any) -> list[Cell]:
    """A row as it is exported: as shown, without the page's own mark-up."""
    return list(view.datamodel.get_values_item(item, view.list_columns))


def write_rows(view: Any, items: Iterable[Any], target: BinaryIO | Path, facts: Facts, expected: int | None) -> Written:
    """All rows into a workbook. Raises ExportFailed."""
    book = Spreadsheet(target, facts, columns_of(view))
    for item in items:
        book.add(cells_of(view, item))
    return book.close(expected)


def respond(view: Any, filters: Any, words: Sequence[tuple[str, str]], reason: str, back: str) -> ResponseReturnValue:
    """The spreadsheet at once, or (going `back` to the list) a job when there are many rows."""
    who = web.signed_in()
    joined = filters.get_joined_filters(view._base_filters)
    count = view.datamodel.query_count(view.datamodel.session.query(view.datamodel.obj), joined)
    table = view.datamodel.obj.__tablename__
    if count > AT_ONCE:
        try:
            token = request.args.get(TOKEN, "")
            public = {k: v for k, v in request.args.items() if k.startswith("_flt_")}
            job = request_export(who, view=type(view).__name__, criteria=public, token=token, reason=reason)
        except CommandError as error:
            flash(error.message, "danger")
        else:
            flash(f"資料超過 {AT_ONCE:,} 筆，已排入背景作業（第 {job} 號），完成後在「匯出檔案」下載。", "info")
        return redirect(back, 303)
    column, direction = view.order()
    count, items = view.datamodel.query(joined, column, direction, page=0, page_size=AT_ONCE)
    facts = Facts(view.page_title("list"), who.display, who.office, clock.now(), words, reason)
    memory = io.BytesIO()
    written = write_rows(view, items, memory, facts, count)
    if view.personal:
        web.log_access("export", (table, None), reason, rows=written.rows)
    memory.seek(0)
    return file_response(memory, facts.title, facts.at)


def file_response(content: BinaryIO | Path, title: str, at: dt.datetime) -> Response:
    """The workbook as a download, named after the list and the moment."""
    return send_file(
        content,
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        as_attachment=True,
        download_name=f"{title}-{clock.to_taipei(at):%Y%m%d-%H%M}.xlsx",
    )
