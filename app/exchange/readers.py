"""The one door to a file: recognise the carrier by its bytes, then open it as a table."""

import zipfile
from pathlib import Path
from typing import Final

from . import spreadsheets
from .headers import ERROR_COLUMNS
from .layouts import Layout
from .mapping import Mapping
from .messages import FileProblem
from .tables import Table
from .text_files import read_fixed, read_text

__all__ = ["ERROR_COLUMNS", "carrier_of", "open_table"]

LARGEST: Final = 800 << 20  # bytes of one file
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def carrier_of(path: Path) -> str:
    """`text`, `xlsx`, `ods` or `zip`, by the file's bytes and not by its name. FileProblem for what is not taken."""
    if not path.is_file():
        raise FileProblem("file_missing", name=path.name)
    size = path.stat().st_size
    if size == 0:
        raise FileProblem("file_empty")
    if size > LARGEST:
        raise FileProblem("file_large", size=f"{size >> 20} MB", limit=f"{LARGEST >> 20} MB")
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_OLE):
        with path.open("rb") as file:
            encrypted = "EncryptedPackage".encode("utf-16-le") in file.read(8 << 20)
        raise FileProblem("carrier_encrypted" if encrypted else "carrier_xls")
    if head.startswith(b"%PDF"):
        raise FileProblem("carrier_pdf")
    if head.startswith(b"PK"):
        return _zip_kind(path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<meta", b"<head", b"<style", b"<?xml")):
        raise FileProblem("carrier_html")
    return "text"


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "[Content_Types].xml" in names:
                return "xlsx"
            if "mimetype" in names and archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
                return "ods"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        raise FileProblem("carrier_broken") from None
    return "zip"


def open_table(path: Path, layout: Layout | None = None, mapping: Mapping | None = None) -> Table:
    """Open one data file. `layout` None recognises the record type by the titles. FileProblem when it cannot be read."""
    carrier = carrier_of(path)
    if carrier == "zip":
        raise FileProblem("carrier_unknown")
    try:
        if mapping is not None and mapping.carrier == "fixed":
            return read_fixed(path, mapping)
        if carrier == "text":
            return read_text(path, layout, mapping)
        return spreadsheets.read_sheet(path, carrier, layout, mapping)
    except OSError:
        raise FileProblem("carrier_broken") from None
