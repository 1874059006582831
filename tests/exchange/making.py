"""Invented deliveries for the tests: rows that are right, and ways to write them."""

import csv
import io
from pathlib import Path
from typing import Any

from app.exchange import sample
from app.exchange.layouts import Layout, layout

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
NAMES = ("王小明", "陳美玉", "林阿土", "黃秀英", "張添財")


def row(spec: Layout, number: int, **changes: str) -> dict[str, str]:
    """A right row of a record type; `changes` replace cells."""
    return sample.row(spec, number) | changes


def rows(kind: str = "elderly_living_allowance", count: int = 10, **changes: str) -> list[dict[str, str]]:
    """Right roster rows of one kind."""
    spec = layout("roster", kind)
    return [row(spec, number, **changes) for number in range(1, count + 1)]


def write_csv(path: Path, data: list[dict[str, Any]], encoding: str = "utf-8-sig", titles: dict[str, str] | None = None) -> Path:
    """A CSV file as a county would send it."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = list(data[0])
    writer.writerow([(titles or {}).get(name, name) for name in names])
    writer.writerows([[line.get(name, "") for name in names] for line in data])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def write_xlsx(path: Path, lines: list[list[Any]], sheet: str = "名冊") -> Path:
    """A workbook of one sheet."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for number, line in enumerate(lines):
            page.write_row(number, 0, line)
    return path


def table(data: list[dict[str, str]]) -> list[list[str]]:
    return [list(data[0]), *([line[name] for name in data[0]] for line in data)]
