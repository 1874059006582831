"""The generic file for banks and farmers' associations: one CSV row a payee, with totals on its slip (no public layout exists)."""

import csv
import hashlib
import io
from collections.abc import Iterable

from .line import Line

HEADER = ("序號", "金融機構代號", "帳號", "身分證統一編號", "戶名", "金額", "附言")
_RISKY = tuple("=+-@\t\r\n\0＝＋－＠")


def safe(text: str) -> str:
    """Spreadsheet programs run a cell that begins with one of these; a quote in front keeps it text."""
    return "'" + text if text.startswith(_RISKY) else text


def write(lines: Iterable[Line], memo: str, channels: tuple[str, ...] = ("bank", "ach", "institution")) -> tuple[bytes, int, int, str]:
    """(bytes, rows, NTD, SHA-256): UTF-8 with BOM, CRLF, the lines of these channels in order."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    count = total = 0
    for line in lines:
        p = line.payee
        if p.channel not in channels:
            continue
        writer.writerow((line.line_no, p.institution, p.account, p.person_id, safe(p.name), line.amount, safe(memo)))
        count += 1
        total += line.amount
    content = out.getvalue().encode("utf-8-sig")
    return content, count, total, hashlib.sha256(content).hexdigest()
