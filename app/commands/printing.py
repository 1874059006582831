"""The printing room as commands use it: the fonts of this installation, and refusals in words when nothing can be printed."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from flask import current_app

from app.printing import fonts, render
from app.printing.documents import Letter, Permit, Sheet, Slip
from app.security import installation

from .base import Refused

log = logging.getLogger("swis.printing")
NO_FONT = "E-PRINT-FONT"


def fonts_here() -> fonts.Fonts:
    """The fonts of this machine and the county's own characters. Raises Refused, which says what to install."""
    try:
        found = fonts.find(current_app.config["FONT_FOLDERS"], Path(current_app.config["SWIS_HOME"]) / "fonts")
        return replace(found, mark=installation.MARK) if installation.is_training() else found
    except fonts.NoChineseFont as error:
        raise Refused(str(error), NO_FONT) from None


def print_letters(letters: Sequence[Letter], made_at: datetime) -> bytes:
    """Letters as one PDF. Raises Refused."""
    here = fonts_here()
    try:
        return render.letters(letters, here, made_at)
    except render.PrintingFailed as error:
        raise _failed(error) from error


def print_permits(permits: Sequence[Permit], made_at: datetime) -> bytes:
    """Parking permits as one PDF. Raises Refused."""
    here = fonts_here()
    try:
        return render.permits(permits, here, made_at)
    except render.PrintingFailed as error:
        raise _failed(error) from error


def print_slips(slips: Sequence[Slip], made_at: datetime) -> bytes:
    """Payment slips as one PDF. Raises Refused."""
    here = fonts_here()
    try:
        return render.slips(slips, here, made_at)
    except render.PrintingFailed as error:
        raise _failed(error) from error


def print_volumes(volumes: Sequence[Sequence[Sheet]], name: str, made_at: datetime) -> tuple[bytes, str]:
    """Lists as one PDF, or a ZIP with a PDF for every volume; with the file's name. Raises Refused."""
    here = fonts_here()
    try:
        made = [render.lists(sheets, here, made_at) for sheets in volumes]
    except render.PrintingFailed as error:
        raise _failed(error) from error
    if len(made) == 1:
        return made[0], f"{name}.pdf"
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
        for no, content in enumerate(made, 1):
            archive.writestr(f"{name}_第{no}冊.pdf", content)
    return whole.getvalue(), f"{name}.zip"


def _failed(error: Exception) -> Refused:
    log.error("printing failed: %s", error)
    return Refused("PDF 沒有產生；請再試一次，仍失敗時請通知系統管理人員", "E-PRINT")
