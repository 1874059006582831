"""A sheet read in parts says the same as the whole: gaps, dates, shared texts, formulas, blank columns; and what cannot be cut is not."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from app.exchange import sheet_rows
from app.exchange.delivery import read_delivery
from tests.exchange.making import rows, table, write_xlsx


def odd(path: Path, constant: bool) -> Path:
    """A workbook with everything that could shift a row or a cell."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": constant}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        book.add_worksheet("說明").write(0, 0, "別的工作表")
        page = book.add_worksheet("名冊")
        for n in range(3, 400):
            if n % 50 == 7:
                continue  # no row at all
            if not 100 < n < 200:  # for many rows the first columns are blank
                page.write_string(n, 1, f"R{n % 30} <row r=&\"'>")
            page.write_number(n, 2, n / 4)
            page.write_datetime(n, 3, dt.datetime(2009, 3, 1 + n % 28), day)
            page.write_formula(n, 4, f"=C{n}*2", None, n * 2)
            page.write_boolean(n, 5, n % 2)
    return path


def as_lists(path: Path) -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(1).to_python(skip_empty_area=False)


def trimmed(lines: list[list[object]]) -> list[list[object]]:
    """Without blank cells at the end, which say nothing."""
    out = []
    for line in lines:
        line = list(line)
        while line and line[-1] == "":
            line.pop()
        out.append(line)
    return out


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("size", [300, 3_000, 20_000])
def test_parts_say_what_the_whole_says(tmp_path, monkeypatch, constant, size):
    monkeypatch.setattr(sheet_rows, "PART", size)
    monkeypatch.setattr(sheet_rows, "_HEAD", 1500)
    path = odd(tmp_path / "a.xlsx", constant)
    read = list(sheet_rows.sheet_rows(path, 1))
    assert trimmed(read) == trimmed(as_lists(path)) and len(read) == 400


@pytest.mark.parametrize("change", [(b' r="', b' q="'), (b"<sheetData>", b"<sheetData >"), (b"</row>", b"</row><!-- <row r=\"9\"> -->")])
def test_a_sheet_that_cannot_be_cut_is_read_as_a_whole(tmp_path, monkeypatch, change):
    monkeypatch.setattr(sheet_rows, "PART", 500)
    monkeypatch.setattr(sheet_rows, "_HEAD", 1500)
    path, changed = odd(tmp_path / "a.xlsx", True), tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            new.writestr(item.filename, content.replace(*change) if "/sheet2" in item.filename else content)
    assert trimmed(list(sheet_rows.sheet_rows(changed, 1))) == trimmed(as_lists(changed))


def test_row_numbers_are_those_people_see_in_the_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet_rows, "PART", 400)
    monkeypatch.setattr(sheet_rows, "_HEAD", 1500)
    data = rows(count=40)
    data[30]["birth"] = "0980230"
    lines = table(data)
    done = read_delivery(write_xlsx(tmp_path / "a.xlsx", [[], [], *lines[:20], [], *lines[20:]]), "roster")
    assert (done.meta.rows, done.meta.rejected, done.rejected["row_no"].to_list()) == (40, 1, [35])
