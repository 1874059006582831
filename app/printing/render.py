"""From documents to one PDF: characters without a glyph are marked, the press sets the rest in a process with ceilings on time and memory."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import fonts as fonts_room
from .documents import Letter, Permit, Sheet, Slip
from .fonts import Fonts

SECONDS = 120
PRESS = Path(__file__).with_name("press.py")


class PrintingFailed(RuntimeError):
    """The press could not set a document: a defect of a layout or too much at once. The message is for the log, never for a screen."""


def letters(documents: Sequence[Letter], fonts: Fonts, made_at: dt.datetime, *, picture: bool = False) -> bytes:
    """Official letters, one after another, as one PDF (or the first page as a PNG picture). Raises PrintingFailed."""
    plain: list[dict[str, Any]] = []
    for i, letter in enumerate(documents):
        rare: list[str] = []
        plain.append(fonts_room.without_lacking(fonts, asdict(letter), rare) | {"rare": rare, "key": str(i)})
    return _set("notice", plain, fonts, made_at, tags=len(plain) <= 20, picture=picture)


def permits(documents: Sequence[Permit], fonts: Fonts, made_at: dt.datetime, *, picture: bool = False) -> bytes:
    """Parking permits, a page each, as one PDF (or the first page as a PNG picture). Raises PrintingFailed."""
    plain: list[dict[str, Any]] = []
    for permit in documents:
        rare: list[str] = []
        plain.append(fonts_room.without_lacking(fonts, asdict(permit), rare) | {"rare": rare})
    return _set("permit", plain, fonts, made_at, tags=len(plain) <= 20, picture=picture)


def lists(sheets: Sequence[Sheet], fonts: Fonts, made_at: dt.datetime, *, picture: bool = False) -> bytes:
    """Lists with page totals as one PDF (or the first page as a PNG picture). Raises PrintingFailed."""
    plain: list[dict[str, Any]] = []
    for sheet in sheets:
        head = asdict(sheet)
        pages = head.pop("pages")
        for page in pages:
            rare: list[str] = []
            page["rows"] = fonts_room.without_lacking(fonts, page["rows"], rare)
            page["rare"] = rare
        plain.append(fonts_room.without_lacking(fonts, head, []) | {"pages": pages})
    return _set("table", plain, fonts, made_at, tags=False, picture=picture)


def slips(documents: Sequence[Slip], fonts: Fonts, made_at: dt.datetime, *, picture: bool = False) -> bytes:
    """Payment slips, a page each, as one PDF (or the first page as a PNG picture). Raises PrintingFailed."""
    plain: list[dict[str, Any]] = []
    for slip in documents:
        rare: list[str] = []
        plain.append(fonts_room.without_lacking(fonts, asdict(slip), rare) | {"rare": rare})
    return _set("slip", plain, fonts, made_at, tags=len(plain) <= 20, picture=picture)


def _set(layout: str, documents: list[dict[str, Any]], fonts: Fonts, made_at: dt.datetime, *, tags: bool, picture: bool) -> bytes:
    order = {
        "layout": layout,
        "format": "png" if picture else "pdf",
        "folders": sorted({str(path.parent) for path in (*fonts.files, *(p for _, p in fonts.own))}),
        "made_at": int(made_at.replace(tzinfo=made_at.tzinfo or dt.UTC).timestamp()),
        "tags": tags,
        "mark": fonts.mark,
        "data": {"fonts": fonts.order, "documents": documents},
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(PRESS)], input=json.dumps(order).encode(), capture_output=True, timeout=SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired as error:
        raise PrintingFailed(f"{layout}: no document after {SECONDS} s") from error
    if done.returncode or not done.stdout:
        raise PrintingFailed(f"{layout}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout
