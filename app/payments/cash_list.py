"""Print lists of a run as XLSX: 印領清冊 (to be signed) and 發放清冊 (the approved register). A4, ROC dates, page and grand totals."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from xlsxwriter.worksheet import Worksheet

from app.core import clock, roc
from app.core.text import mask_account, mask_id

from .amount_words import in_words
from .line import CHANNEL_NAMES, Line
from .register import DIFFERENCE_NAMES, Difference, totals
from .sheet import Book, put, put_row

SEALS = ("承辦", "主管", "主計", "機關首長")
ROWS_A_PAGE = 12
REGISTER_ROWS_A_PAGE = 28
_MAX_PAGES = 1000  # a sheet takes at most 1,023 page breaks


@dataclass(frozen=True)
class Heading:
    """What stands above every list. `town_names`: township code → name; `band_names`: band → what the benefit calls it."""

    office: str
    benefit: str
    month: int
    run_no: str
    content_hash: str
    made_at: dt.datetime
    town_names: dict[str, str]
    value_date: dt.date | None = None
    band_names: Mapping[str, str] = field(default_factory=dict)

    def town(self, code: str) -> str:
        return self.town_names.get(code, code)

    @property
    def made_on(self) -> str:
        moment = clock.to_taipei(self.made_at)
        return f"{roc.show_date(moment.date())} {moment:%H:%M}"


@dataclass(frozen=True)
class _List:
    """A kind of list: its title, its columns with their widths, how a line fills them, and how it falls on pages."""

    title: str
    columns: tuple[tuple[str, int], ...]
    cells: Callable[[Line], list[str | int | None]]
    rows_a_page: int
    row_height: int

    @property
    def amount_at(self) -> int:
        return [name for name, _ in self.columns].index("金額")


def _chunks(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def signature_list(heading: Heading, lines: Sequence[Line], *, masked: bool = False) -> bytes:
    """印領清冊 of the lines paid in cash: one sheet a township, page totals, grand total in words, seal boxes."""
    book = Book(f"{heading.benefit}印領清冊", heading.made_at)
    cash = [x for x in lines if x.payee.channel == "cash"]
    columns = (("編號", 7), ("姓名", 14), ("身分證統一編號", 16), ("住址", 44), ("金額", 12), ("簽章", 20), ("備註", 16))

    def cells(x: Line) -> list[str | int | None]:
        return [x.line_no, x.payee.name, _id(x.payee.person_id, masked), x.address, x.amount, "", _note(x)]

    _by_town(book, heading, cash, _List("印領清冊", columns, cells, ROWS_A_PAGE, 30))
    _summary(book, heading, cash)
    return book.close()


def register_list(heading: Heading, lines: Sequence[Line], differences: Sequence[Difference] = (), *, masked: bool = False) -> bytes:
    """發放清冊 of all lines: one sheet a township, a sheet of what changed since last time, a sheet of control totals."""
    book = Book(f"{heading.benefit}發放清冊", heading.made_at)
    kept = any(x.deduction for x in lines)
    columns = (
        ("編號", 7),
        ("姓名", 14),
        ("身分證統一編號", 16),
        ("發放月份", 18),
        ("管道", 10),
        ("局號／銀行代號", 14),
        ("帳號", 18),
        *((("應發", 12), ("扣抵", 12)) if kept else ()),
        ("金額", 12),
        ("備註", 14),
    )

    def cells(x: Line) -> list[str | int | None]:
        p = x.payee
        account = mask_account(p.account) if masked else p.account
        number, name = CHANNEL_NAMES.get(p.channel, p.channel), x.name if p.person_id == x.person_id else f"{x.name}（{p.name}代領）"
        granted = [x.gross, x.deduction] if kept else []
        return [x.line_no, name, _id(x.person_id, masked), _months(x), number, p.institution, account, *granted, x.amount, _note(x)]

    _by_town(book, heading, lines, _List("發放清冊", columns, cells, REGISTER_ROWS_A_PAGE, 18))
    _differences(book, heading, differences, masked)
    _summary(book, heading, lines)
    return book.close()


def _by_town(book: Book, heading: Heading, lines: Sequence[Line], kind: _List) -> None:
    """One sheet a township (more when a sheet cannot hold the page breaks); an empty list still has its sheet."""
    ordered = sorted(lines, key=lambda x: (x.town_code, x.line_no))
    groups = [(code, list(group)) for code, group in groupby(ordered, key=lambda x: x.town_code)] or [("", [])]
    for code, group in groups:
        volumes = list(_chunks(group, kind.rows_a_page * _MAX_PAGES)) or [()]
        for no, volume in enumerate(volumes, 1):
            name = (heading.town(code) if code else "無資料") + (f"_{no}" if len(volumes) > 1 else "")
            _sheet(book, book.sheet(name), heading, code, volume, kind)


def _sheet(book: Book, sheet: Worksheet, heading: Heading, town: str, lines: Sequence[Line], kind: _List) -> None:
    wide = len(kind.columns) - 1
    plain, money = book.format(border=1, text_wrap=True, font_size=11), book.format(border=1, num_format="#,##0", font_size=11)
    bold, bold_money = book.format(border=1, bold=True), book.format(border=1, bold=True, num_format="#,##0")
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.set_footer(f"&C第 &P 頁，共 &N 頁&R清冊 {heading.run_no}")
    for column, (_, width) in enumerate(kind.columns):
        sheet.set_column(column, column, width)
    title = f"{heading.office}　{heading.town(town)}{heading.benefit}{kind.title}　{roc.show_month(heading.month)}"
    sheet.merge_range(0, 0, 0, wide, title, book.format(bold=True, font_size=16, align="center"))
    value_date = f"　撥款日 {roc.show_date(heading.value_date)}" if heading.value_date else ""
    facts = f"清冊號 {heading.run_no}{value_date}　製表 {heading.made_on}　核對碼 {heading.content_hash[:16]}"
    sheet.merge_range(1, 0, 1, wide, facts, book.format(font_size=10))
    head = book.format(border=1, bold=True, align="center", bg_color="#EDEDED", text_wrap=True)
    put_row(sheet, 2, [name for name, _ in kind.columns], head, money)
    sheet.repeat_rows(0, 2)
    sheet.freeze_panes(3, 0)

    def total_row(row: int, label: str, part: Sequence[Line]) -> None:
        cells: list[str | int | None] = [None] * (wide + 1)
        cells[1:3] = [label, f"{len(part)} 筆"]
        cells[kind.amount_at] = sum(x.amount for x in part)
        put_row(sheet, row, cells, bold, bold_money)

    row, breaks = 3, []
    for page in _chunks(lines, kind.rows_a_page):
        for line in page:
            sheet.set_row(row, kind.row_height)
            put_row(sheet, row, kind.cells(line), plain, money)
            row += 1
        total_row(row, "本頁小計", page)
        row += 1
        breaks.append(row)
    total_row(row, "總計", lines)
    words = f"總計金額：{in_words(sum(x.amount for x in lines))}"
    sheet.merge_range(row + 1, 0, row + 1, wide, words, book.format(border=1, bold=True))
    sheet.set_h_pagebreaks(breaks[:-1])
    _seals(book, sheet, row + 3, len(kind.columns))


def _seals(book: Book, sheet: Worksheet, row: int, columns: int) -> None:
    """Four boxes to stamp, side by side over the width of the list."""
    edges = [round(i * columns / len(SEALS)) for i in range(len(SEALS) + 1)]
    sheet.set_row(row + 1, 60)
    for seal, first, end in zip(SEALS, edges, edges[1:], strict=False):
        for r, text in ((row, seal), (row + 1, "")):
            style = book.format(border=1, align="center")
            if end - first > 1:
                sheet.merge_range(r, first, r, end - 1, text, style)
            else:
                put(sheet, r, first, text, style)


def _differences(book: Book, heading: Heading, differences: Sequence[Difference], masked: bool) -> None:
    sheet = book.sheet("與上次差異")
    plain, money = book.format(border=1), book.format(border=1, num_format="#,##0")
    for column, width in enumerate((12, 16, 18, 30, 30)):
        sheet.set_column(column, column, width)
    put_row(sheet, 0, ["類別", "姓名", "身分證統一編號", "上次", "本次"], book.format(border=1, bold=True), money)
    for row, d in enumerate(differences, 1):
        put_row(sheet, row, [DIFFERENCE_NAMES[d.kind], d.name, _id(d.person_id, masked), d.before, d.after], plain, money)
    sheet.repeat_rows(0)


def _summary(book: Book, heading: Heading, lines: Sequence[Line]) -> None:
    sheet = book.sheet("彙總")
    plain, money = book.format(border=1), book.format(border=1, num_format="#,##0")
    head = book.format(border=1, bold=True)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 2, 16)
    t = totals(lines)
    sections = (
        ("鄉鎮市", {heading.town(k): v for k, v in t.by_town.items()}),
        ("類別", {heading.band_names.get(k, k): v for k, v in t.by_band.items()}),
        ("管道", {CHANNEL_NAMES.get(k, k): v for k, v in t.by_channel.items()}),
        ("總計", {"全冊": (t.count, t.amount)}),
    )
    row = 0
    for label, cells in sections:
        put_row(sheet, row, [label, "筆數", "金額"], head, head)
        for name, (count, amount) in cells.items():
            row += 1
            put_row(sheet, row, [name or "（未分類）", count, amount], plain, money)
        row += 2
    put_row(sheet, row, ["清冊號", heading.run_no], plain, money)
    put_row(sheet, row + 1, ["核對碼 (SHA-256)", heading.content_hash], plain, money)
    put_row(sheet, row + 2, ["製表時間", heading.made_on], plain, money)


def _id(person_id: str, masked: bool) -> str:
    return mask_id(person_id) if masked else person_id


def _months(line: Line) -> str:
    first, last = roc.show_month(line.month_from), roc.show_month(line.month_to)
    return first if line.month_from == line.month_to else f"{first}至{last}"


def _note(line: Line) -> str:
    notes = [] if line.month_from == line.month_to else [f"含補發（{_months(line)}）"]
    if line.deduction:
        notes.append(f"應發 {line.gross:,}，同意扣抵 {line.deduction:,}")
    return "；".join(notes)
