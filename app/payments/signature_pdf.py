"""印領清冊 as sheets to print: one list a township, totals under every page, the grand total in words, boxes to stamp.

The rows of a page are counted by how high they will be, so that a page's total stands under the rows it sums.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from app.core import roc
from app.core.text import display_width, mask_id
from app.printing.documents import Column, Page, Sheet

from .amount_words import in_words
from .cash_list import SEALS, Heading
from .line import Line

COLUMNS = (
    Column("編號", 14),
    Column("姓名", 30),
    Column("身分證統一編號", 34),
    Column("住址", None),
    Column("金額", 26, right=True),
    Column("簽章", 40),
    Column("備註", 34),
)
LINES_A_VOLUME = 5_000
"""Lines set at once; more become further volumes, so that memory stays bounded."""
PADDING = 10
_PAGE_MM = 138.0
"""Height of a page's rows, without headings and totals."""
_ROW_MM, _LINE_MM, _CELL_MM = 9.4, 4.9, 2.0
_ADDRESS_MM, _POINT_MM = 275 - 14 - 30 - 34 - 26 - 40 - 34, 11 * 0.3528


def volumes(heading: Heading, lines: Sequence[Line], *, masked: bool = False) -> list[list[Sheet]]:
    """The sheets of the lines paid in cash, in volumes of at most LINES_A_VOLUME lines; no cash line, no volume."""
    cash = sorted((x for x in lines if x.payee.channel == "cash"), key=lambda x: (x.town_code, x.line_no))
    parts = [cash[at : at + LINES_A_VOLUME] for at in range(0, len(cash), LINES_A_VOLUME)]
    towns = {code: list(group) for code, group in groupby(cash, key=lambda x: x.town_code)}
    out = []
    for no, part in enumerate(parts, 1):
        volume = f"　第 {no} 冊，共 {len(parts)} 冊" if len(parts) > 1 else ""
        out.append([_sheet(heading, code, list(group), towns[code], volume, masked) for code, group in groupby(part, key=lambda x: x.town_code)])
    return out


def _sheet(heading: Heading, town: str, lines: Sequence[Line], whole: Sequence[Line], volume: str, masked: bool) -> Sheet:
    """One township's list; its grand total is the whole township's, also where the list goes on in another volume."""
    value_date = f"　撥款日 {roc.show_date(heading.value_date)}" if heading.value_date else ""
    total = sum(x.amount for x in whole)
    return Sheet(
        title=f"{heading.office}　{heading.town(town)}{heading.benefit}印領清冊　{roc.show_month(heading.month)}",
        facts=f"清冊號 {heading.run_no}{volume}{value_date}　製表 {heading.made_on}　核對碼 {heading.content_hash[:16]}",
        foot=f"清冊 {heading.run_no}",
        columns=COLUMNS,
        pages=tuple(
            Page(tuple(_cells(x, masked) for x in page), ("", "本頁小計", f"{len(page):,} 筆", "", _amount(page), "", "")) for page in _pages(lines)
        ),
        grand=("", "總計", f"{len(whole):,} 筆", "", f"{total:,}", "", ""),
        words=f"總計金額：{in_words(total)}",
        seals=SEALS,
        padding=PADDING,
    )


def _cells(line: Line, masked: bool) -> tuple[str, ...]:
    person_id = mask_id(line.payee.person_id) if masked else line.payee.person_id
    span = "" if line.month_from == line.month_to else f"含補發（{roc.show_month(line.month_from)}至{roc.show_month(line.month_to)}）"
    return (str(line.line_no), line.payee.name, person_id, line.address, f"{line.amount:,}", "", span)


def _amount(lines: Sequence[Line]) -> str:
    return f"{sum(x.amount for x in lines):,}"


def _height(line: Line) -> float:
    """Millimetres of a row, by its cell with the most lines."""
    cells = ((line.payee.name, 30), (line.address, _ADDRESS_MM), ("含補發（　　年　月至　　年　月）" if line.month_from != line.month_to else "", 34))
    most = max(-(-int(display_width(text) * _POINT_MM / 2 * 10) // int((width - 2 * _CELL_MM) * 10)) for text, width in cells)
    return _ROW_MM + _LINE_MM * (max(most, 1) - 1)


def _pages(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    start, used = 0, 0.0
    for at, line in enumerate(lines):
        height = _height(line)
        if at > start and used + height > _PAGE_MM:
            yield lines[start:at]
            start, used = at, 0.0
        used += height
    yield lines[start:]
