"""A county's own file layout: columns as data, checked as a whole, and the file they make of a register's lines.

CSV or records of fixed width in bytes, each with an optional first and last record (totals). How values are packed: `fixed_width`.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core import identity, roc

from . import rare_names
from .bank_csv import safe
from .fixed_width import Field, Problem, RecordError, Unfit
from .line import Line
from .post_office import NEWLINES
from .rare_names import Policy

CARRIERS = {"csv": "CSV（以分隔字元隔開）", "fixed": "固定寬度（以位元組計）"}
ENCODINGS = {"cp950": "Big5（CP950）", "utf-8-sig": "UTF-8（含 BOM，Excel 可直接開）", "utf-8": "UTF-8"}
LINE_ENDS = {"crlf": "CRLF（Windows）", "lf": "LF"}
DELIMITERS = {",": "逗號", "|": "直線 |", ";": "分號", "\t": "Tab"}
COVERS = {"banks": "銀行、農漁會", "post": "郵局"}
PARTS = {"header": "首錄", "detail": "明細", "trailer": "尾錄"}
BANKS = ("bank", "ach", "institution")

TEXT, WORDS, DATE, AMOUNT, NUMBER, CONST, BLANK = "text", "words", "date", "amount", "number", "const", "blank"
SOURCES: dict[str, tuple[str, str]] = {
    "institution": ("金融機構代號（郵局：局號）", TEXT),
    "account": ("帳號", TEXT),
    "person_id": ("領款人統一編號", TEXT),
    "name": ("戶名", WORDS),
    "amount": ("金額", AMOUNT),
    "seq": ("檔內序號", NUMBER),
    "line_no": ("清冊筆次", NUMBER),
    "memo": ("附言（給付與月份）", WORDS),
    "value_date": ("撥款日", DATE),
    "month": ("發放月份（民國 5 碼）", TEXT),
    "run_no": ("清冊編號", TEXT),
    "payer_name": ("發放單位名稱", WORDS),
    "payer_account": ("發放單位轉出帳號", TEXT),
    "tax_id": ("機關統一編號", TEXT),
    "count": ("總筆數", NUMBER),
    "total": ("總金額", AMOUNT),
    "const": ("固定文字", CONST),
    "blank": ("空白", BLANK),
}
"""What a column can hold: its name and what sort of value it is."""
LINE_ONLY = ("institution", "account", "person_id", "name", "amount", "seq", "line_no")
FORMS = {
    "left": "靠左，右補空白", "right": "靠右，左補空白", "digits": "靠右，左補 0", "whole": "元，左補 0", "cents": "元角分，左補 0",
    "date7": "民國 7 碼 0980331", "date8": "民國 8 碼 00980331", "ad8": "西元 8 碼 20090331",
}  # fmt: skip
FORMS_OF = {
    TEXT: ("left", "right", "digits"), WORDS: ("left",), DATE: ("date7", "date8", "ad8"), AMOUNT: ("whole", "cents", "right"),
    NUMBER: ("digits", "right", "left"), CONST: ("left",), BLANK: ("left",),
}  # fmt: skip
LEAST = {"person_id": 10, "date7": 7, "date8": 8, "ad8": 8, "month": 5, "name": 6}
"""Fewest bytes a value needs."""
DATES = ("date7", "date8", "ad8")
MOST_COLUMNS, WIDEST = 60, 2000


@dataclass(frozen=True)
class Column:
    """One column: what people call it, what it holds, how it is written, how wide (bytes; fixed width only), the fixed text."""

    label: str
    source: str
    form: str = "left"
    length: int = 0
    value: str = ""


@dataclass(frozen=True)
class FileLayout:
    """Everything one version says. `institutions`: heads (3 digits) or branches (7) whose accounts go into this file; none = all."""

    carrier: str = "csv"
    encoding: str = "cp950"
    newline: str = "crlf"
    covers: str = "banks"
    institutions: tuple[str, ...] = ()
    delimiter: str = ","
    headings: bool = True
    record_length: int = 0
    header: tuple[Column, ...] = ()
    detail: tuple[Column, ...] = ()
    trailer: tuple[Column, ...] = ()
    characters: tuple[tuple[str, str], ...] = ()
    otherwise: str = rare_names.MARK
    mark: str = "＊"

    @property
    def policy(self) -> Policy:
        return Policy(dict(self.characters), self.otherwise, self.mark)

    @property
    def codec(self) -> str:
        """The codec of characters, without the mark at the beginning of the file."""
        return "utf-8" if self.encoding == "utf-8-sig" else self.encoding

    @property
    def writes_names(self) -> bool:
        return any(c.source == "name" for c in self.detail)

    @property
    def name_size(self) -> int | None:
        """Bytes there are for the name; None when it may be as long as it is, or is not written."""
        return next((c.length for c in self.detail if c.source == "name" and self.carrier == "fixed"), None)


@dataclass(frozen=True)
class Frame:
    """What stands in a file beside its lines."""

    run_no: str
    value_date: dt.date
    month: int
    memo: str
    payer_name: str
    payer_account: str
    tax_id: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a layout, and where: part ("" = the layout), row (-1 = the part), field."""

    part: str
    row: int
    field: str
    message: str

    @property
    def where(self) -> str:
        place = PARTS.get(self.part, "")
        return f"{place}第 {self.row + 1} 欄：" if self.row >= 0 else f"{place}：" if place else ""


def faults(layout: FileLayout) -> list[Fault]:
    """Everything that keeps a layout from being used, each at its place."""
    found = _about_whole(layout)
    for part in PARTS:
        columns: Sequence[Column] = getattr(layout, part)
        for row, column in enumerate(columns):
            found += [Fault(part, row, name, text) for name, text in _about_column(layout, part, column)]
        if len(columns) > MOST_COLUMNS:
            found.append(Fault(part, -1, "", f"最多 {MOST_COLUMNS} 欄"))
        width = sum(c.length for c in columns)
        if layout.carrier == "fixed" and columns and layout.record_length and width != layout.record_length:
            gap = layout.record_length - width
            found.append(Fault(part, -1, "", f"各欄合計 {width} 位元組，與每筆 {layout.record_length} 位元組不符，{'少' if gap > 0 else '多'} {abs(gap)}"))
    have = {c.source for c in layout.detail}
    needed = ["account", "amount"] + (["person_id"] if layout.covers == "post" else [])
    if layout.covers == "post" or not (len(layout.institutions) == 1 and len(layout.institutions[0]) == 7):
        needed.insert(0, "institution")
    if not layout.detail:
        found.append(Fault("detail", -1, "", "還沒有欄位，請先加入欄位"))
    elif missing := [SOURCES[s][0] for s in needed if s not in have]:
        found.append(Fault("detail", -1, "", f"缺少必要的欄位：{'、'.join(missing)}"))
    return found


def _about_whole(layout: FileLayout) -> list[Fault]:
    found = []
    if layout.carrier == "fixed" and not 1 <= layout.record_length <= WIDEST:
        found.append(Fault("", -1, "record_length", f"請填每筆的位元組數（1 到 {WIDEST}），照金融機構的檔案規格"))
    for head in layout.institutions:
        if not (head.isascii() and head.isdigit() and len(head) in (3, 7)):
            found.append(Fault("", -1, "institutions", f"「{head[:12]}」不是 3 碼總機構或 7 碼分支機構代號"))
    if layout.carrier == "csv" and layout.delimiter == "|" and layout.encoding == "cp950":
        found.append(Fault("", -1, "delimiter", "Big5 中文字的第二個位元組可能就是「|」，會把一欄切成兩欄；請改用逗號、分號或 Tab"))
    if layout.covers == "post" and layout.institutions:
        found.append(Fault("", -1, "institutions", "適用郵局的格式不分機構代號，請留白"))
    if not layout.mark or not rare_names.holds(layout.mark, layout.codec) or len(layout.mark) != 1:
        found.append(Fault("", -1, "mark", "請填一個這種編碼寫得出的字，例如「＊」"))
    for ch, given in layout.characters:
        if len(ch) != 1:
            found.append(Fault("", -1, "characters", f"「{ch[:10]}」不是一個字；一行一個字，寫成「堃=FA40」或「堃=坤」"))
        elif rare_names.holds(ch, layout.codec):
            found.append(Fault("", -1, "characters", f"「{ch}」用{ENCODINGS[layout.encoding]}寫得出來，不需要代替，請移除"))
        elif rare_names.is_code(given) and layout.encoding != "cp950":
            found.append(Fault("", -1, "characters", f"「{ch}={given}」的造字碼只能用在 Big5（CP950）檔案"))
        elif not given or not rare_names.holds(given, layout.codec) or len(given) > 20:
            found.append(Fault("", -1, "characters", f"「{ch}={given[:20]}」須為 Big5 造字區的 4 碼十六進位（例如 FA40），或這種編碼寫得出的文字"))
    return found


def _about_column(layout: FileLayout, part: str, c: Column) -> list[tuple[str, str]]:
    if c.source not in SOURCES:
        return [("source", "請選擇這一欄的內容")]
    found, kind = [], SOURCES[c.source][1]
    if not c.label.strip() or len(c.label) > 20:
        found.append(("label", "請填欄名，20 個字以內"))
    elif layout.carrier == "csv" and layout.headings and not rare_names.holds(c.label, layout.codec):
        found.append(("label", f"欄名有{ENCODINGS[layout.encoding]}寫不出的字，請換字"))
    if part != "detail" and c.source in LINE_ONLY:
        found.append(("source", f"{PARTS[part]}沒有這項資料，{PARTS[part]}可用總筆數、總金額、日期與固定文字"))
    if part == "detail" and c.source in ("count", "total"):
        found.append(("source", "總筆數與總金額寫在首錄或尾錄"))
    if c.form not in FORMS_OF[kind]:
        found.append(("form", f"{SOURCES[c.source][0]}可用的寫法：{'、'.join(FORMS[f] for f in FORMS_OF[kind])}"))
    if kind == CONST and not rare_names.holds(c.value, layout.codec):
        found.append(("value", f"固定文字有{ENCODINGS[layout.encoding]}寫不出的字，請換字"))
    elif kind == CONST and any(ch < " " for ch in c.value):
        found.append(("value", "固定文字不能有換行或控制字元"))
    elif kind == CONST and not c.value and layout.carrier == "fixed":
        found.append(("value", "請填固定文字；要空白時內容選「空白」"))
    if layout.carrier == "fixed":
        least = _least(layout, c)
        if c.length < least:
            found.append(("length", f"至少要 {least} 位元組" if c.length else f"請填位元組數，至少 {least}"))
    return found


def _least(layout: FileLayout, c: Column) -> int:
    """Fewest bytes a column can have so that no real value is too long for it."""
    if c.source == "const":
        return len(c.value.encode(layout.codec, "ignore")) or 1
    if c.source in ("institution", "account"):
        post = layout.covers == "post"
        return 7 if c.source == "institution" or post else 14
    if c.source in ("amount", "total"):
        return 9 if c.form == "cents" else 7
    return LEAST.get(c.form if SOURCES[c.source][1] == DATE else c.source, 1)


def covers(layout: FileLayout, line: Line) -> bool:
    """Does a file of this layout pay the line?"""
    if layout.covers == "post":
        return line.payee.channel == "post"
    return line.payee.channel in BANKS and (not layout.institutions or line.payee.institution.startswith(layout.institutions))


def split(layouts: Sequence[FileLayout], lines: Sequence[Line]) -> tuple[list[list[Line]], list[Line]]:
    """The lines each layout takes, and the rest. Layouts for named institutions come before those for all banks."""
    order = sorted(range(len(layouts)), key=lambda i: (not layouts[i].institutions, i))
    taken: list[list[Line]] = [[] for _ in layouts]
    rest: list[Line] = []
    for x in lines:
        at = next((i for i in order if covers(layouts[i], x)), None)
        (rest if at is None else taken[at]).append(x)
    return taken, rest


def write(layout: FileLayout, lines: Sequence[Line], frame: Frame) -> bytes:
    """The whole file. Every problem of every line is collected before anything is given out: raises RecordError."""
    problems: list[Problem] = []
    about: dict[str, object] = {
        "run_no": frame.run_no, "value_date": frame.value_date, "month": roc.month5(frame.month), "memo": frame.memo,
        "payer_name": frame.payer_name, "payer_account": frame.payer_account, "tax_id": frame.tax_id,
        "count": len(lines), "total": sum(x.amount for x in lines),
    }  # fmt: skip
    records = [_record(layout, layout.header, 0, about, problems)] if layout.header else []
    if layout.carrier == "csv" and layout.headings:
        records.append(_joined(layout, [c.label for c in layout.detail]))
    for seq, x in enumerate(lines, 1):
        p = x.payee
        values = about | {
            "seq": seq, "line_no": x.line_no, "institution": p.institution, "account": p.account, "person_id": p.person_id, "name": p.name,
            "amount": x.amount,
        }  # fmt: skip
        records.append(_record(layout, layout.detail, x.line_no, values, problems))
    if layout.trailer:
        records.append(_record(layout, layout.trailer, 0, about, problems))
    if problems:
        raise RecordError(problems)
    end = NEWLINES[layout.newline]
    start = b"\xef\xbb\xbf" if layout.encoding == "utf-8-sig" else b""
    return start + b"".join(r + end for r in records)


def _record(layout: FileLayout, columns: Iterable[Column], line_no: int, values: Mapping[str, object], problems: list[Problem]) -> bytes:
    fixed = layout.carrier == "fixed"
    cells: list[bytes] = []
    for c in columns:
        try:
            cells.append(_cell(layout, c, values.get(c.source), fixed))
        except Unfit as error:
            problems.append(Problem(line_no, c.label, str(error)))
            cells.append(b" " * c.length)
    if fixed:
        return b"".join(cells)
    return _joined(layout, [x.decode("latin-1") for x in cells], raw=True)


def _cell(layout: FileLayout, c: Column, value: object, fixed: bool) -> bytes:
    """One value; in records of fixed width exactly as many bytes as its column has."""
    kind = SOURCES[c.source][1]
    if kind in (WORDS, CONST, BLANK):
        text = c.value if kind == CONST else "" if kind == BLANK else str(value or "")
        if any(ch < " " for ch in text):  # a line break would make two records of one
            raise Unfit("有換行或控制字元，請修正")
        made = rare_names.write(text if fixed or kind == CONST else safe(text), layout.codec, layout.policy, c.length if fixed else None)
        if made.refused:
            raise Unfit(f"有這個檔案寫不出的字「{''.join(made.refused)}」，請在檔案格式登錄代替的字或造字碼")
        return made.content.ljust(c.length) if fixed else made.content
    if value in ("", None):
        raise Unfit("空白，請補登")
    if kind == NUMBER or (kind == AMOUNT and c.form == "right"):
        value = str(value)
    if not fixed and c.form not in DATES:
        return _csv_text(c, value)
    form = "id" if c.source == "person_id" and c.form == "left" else c.form
    return Field(1, c.length if fixed else LEAST[c.form], c.source, c.label, form).pack(value)


def _csv_text(c: Column, value: object) -> bytes:
    """A value of a CSV: filled with zeros only where somebody gave a width."""
    text = str(value) + ("00" if c.form == "cents" else "")
    if not text.isascii() or any(ch < " " for ch in text):
        raise Unfit("只能是半形英數字，請修正")
    if c.source == "person_id" and identity.kind(text) == "unknown":
        raise Unfit("不是身分證統一編號或統一證號，請修正")
    if c.length and len(text) > c.length:
        raise Unfit(f"超過 {c.length} 碼，請修正")
    return (text.rjust(c.length, "0") if c.form in ("digits", "whole", "cents") else text).encode("ascii")


def _joined(layout: FileLayout, cells: Sequence[str], raw: bool = False) -> bytes:
    """One CSV row; `raw` cells are bytes read as Latin-1, so that user-defined codes pass through."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=layout.delimiter, lineterminator="").writerow(cells)
    return out.getvalue().encode("latin-1" if raw else layout.codec)

