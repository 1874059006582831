"""Invented deliveries for the tests: rows that are right, and ways to write them."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

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


def write_ods(path, lines):
    """A spreadsheet as LibreOffice writes it, small."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = "".join("<table:table-row>" + "".join(cell.format(escape(str(text))) for text in line) + "</table:table-row>" for line in lines)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        f' office:version="1.2"><office:body><office:spreadsheet><table:table table:name="名冊">{body}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml"'
        ' manifest:media-type="text/xml"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def write_fixed(path: Path, lines: list[list[str]], encoding: str = "cp950") -> dict[str, Any]:
    """Lines (the first one the titles) as a file cut by bytes; the mapping that reads it."""
    titles, *body = lines
    sizes = [max([1, *(len(line[i].encode(encoding)) for line in body)]) for i in range(len(titles))]
    cut = ["".join(chr(b) for i, cell in enumerate(line) for b in cell.encode(encoding).ljust(sizes[i])) for line in body]
    path.write_bytes("".join(line + "\n" for line in cut).encode("latin-1"))
    starts = [1 + sum(sizes[:i]) for i in range(len(sizes))]
    positions = {title: [start, size] for title, start, size in zip(titles, starts, sizes, strict=True)}
    return {"name": "往返", "carrier": "fixed", "encoding": encoding, "record_length": sum(sizes), "positions": positions}
