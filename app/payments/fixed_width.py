"""Fixed-width records as data: a table of positions (a CSV) packs and unpacks bytes. A county adds a file by adding a table.

Columns: start (1-based), length (bytes), name, label, form, value. Forms:
const  the value given          blank  spaces             digits  digits, filled with zeros on the left
left   ASCII, spaces on the right   right  ASCII, spaces on the left   id  an ID number, upper case
date7  ROC yyyMMdd   date8  0yyyMMdd   ad8  yyyyMMdd of the common era
whole  whole NTD, zeros on the left   cents  NTD with two further digits   name  CP950, cut at a character, spaces on the right
"""

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core import identity, roc
from app.core.text import cut_bytes

FORMS = frozenset(("const", "blank", "digits", "left", "right", "id", "date7", "date8", "ad8", "whole", "cents", "name"))
LAYOUTS = Path(__file__).parent / "layouts"


@dataclass(frozen=True)
class Problem:
    """Why a value does not fit its field: the line, the field's label and what to do."""

    line_no: int
    label: str
    message: str

    def __str__(self) -> str:
        return f"第 {self.line_no} 筆「{self.label}」{self.message}"


class LayoutError(ValueError):
    """The positions table is wrong; the message says where."""


class RecordError(ValueError):
    """Records that cannot be written or read; `problems` lists every one of them."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        shown = "；".join(str(p) for p in problems[:5])
        super().__init__(shown + (f"；共 {len(problems)} 個問題" if len(problems) > 5 else ""))


class Unfit(ValueError):
    """A value that does not fit its field; says what to do."""


@dataclass(frozen=True)
class Field:
    start: int
    length: int
    name: str
    label: str
    form: str
    value: str = ""

    def pack(self, value: object) -> bytes:
        """The field's bytes, exactly `length` of them. Raises Unfit with what to do."""
        if self.form == "const":
            return self.value.encode("ascii")
        if self.form == "blank":
            return b" " * self.length
        if self.form in ("date7", "date8", "ad8"):
            return self._date(value)
        if self.form in ("whole", "cents"):
            return self._amount(value)
        text = "" if value is None else str(value)
        if self.form == "name":
            return cut_bytes(text, self.length).ljust(self.length)
        if not text.isascii() or (text and min(text) < " "):
            raise Unfit("只能是半形英數字，請修正")
        if len(text) > self.length:
            raise Unfit(f"超過 {self.length} 碼，請修正")
        if self.form == "digits":
            if not text.isdigit():
                raise Unfit("空白，請補登" if not text else "只能是數字，請修正")
            return text.rjust(self.length, "0").encode("ascii")
        if self.form == "id":
            text = text.upper()
            if identity.kind(text) == "unknown":
                raise Unfit("不是身分證統一編號或統一證號，請修正")
        return (text.rjust if self.form == "right" else text.ljust)(self.length).encode("ascii")

    def _date(self, value: object) -> bytes:
        if not isinstance(value, dt.date):
            raise Unfit("不是日期，請填轉存日期")
        if self.form == "ad8":
            return f"{value:%Y%m%d}".rjust(self.length, "0").encode("ascii")
        text = roc.date7(value)
        if len(text) != 7 or text.startswith("-"):
            raise Unfit("日期超出檔案能記的範圍，請修正")
        return text.rjust(self.length, "0").encode("ascii")

    def _amount(self, value: object) -> bytes:
        if not isinstance(value, int) or value <= 0:
            raise Unfit("必須是大於 0 的整數元，請修正")
        text = str(value) + ("00" if self.form == "cents" else "")
        if len(text) > self.length:
            raise Unfit(f"{value:,} 元超過檔案欄位能記的位數，請分筆")
        return text.rjust(self.length, "0").encode("ascii")

    def unpack(self, piece: bytes) -> object:
        """The value in the field's bytes. Raises Unfit."""
        if self.form == "blank":
            return None
        if self.form == "name":
            try:
                return piece.decode("cp950").rstrip(" \u3000")
            except UnicodeDecodeError:
                raise Unfit("有 Big5(CP950) 以外的位元組，請確認檔案編碼") from None
        try:
            text = piece.decode("ascii")
        except UnicodeDecodeError:
            raise Unfit("有半形英數字以外的位元組，請確認檔案與版面") from None
        if self.form == "const":
            if text != self.value:
                raise Unfit(f"應為「{self.value}」，檔案是「{text}」，可能不是這種檔案")
            return text
        if self.form in ("whole", "cents"):
            if not text.isdigit():
                raise Unfit("金額不是數字，檔案可能缺位或錯位")
            amount, cents = (divmod(int(text), 100)) if self.form == "cents" else (int(text), 0)
            if cents:
                raise Unfit("金額帶有角分，請確認檔案")
            return amount
        if self.form in ("date7", "date8"):
            try:
                return roc.parse_date(text)
            except roc.RocError as e:
                raise Unfit(str(e)) from None
        if self.form == "ad8":
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                raise Unfit("不是西元 8 碼日期，檔案可能缺位或錯位") from None
        if self.form == "digits" and not text.isdigit():
            raise Unfit("不是數字，檔案可能缺位或錯位")
        return text.strip(" ") if self.form == "right" else text.rstrip(" ")


@dataclass(frozen=True)
class Layout:
    """One record type. The fields cover every byte from 1 to `length`, without gap or overlap."""

    code: str
    fields: tuple[Field, ...]

    @property
    def length(self) -> int:
        return sum(f.length for f in self.fields)

    @classmethod
    def from_csv(cls, code: str, text: str) -> "Layout":
        """Read a positions table. Raises LayoutError."""
        fields: list[Field] = []
        end = 0
        for no, row in enumerate(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))), 2):
            try:
                field = Field(int(row["start"]), int(row["length"]), row["name"], row["label"], row["form"], row["value"] or "")
            except (KeyError, TypeError, ValueError):
                raise LayoutError(f"版面「{code}」第 {no} 列缺欄位或起始、長度不是數字") from None
            if field.form not in FORMS:
                raise LayoutError(f"版面「{code}」第 {no} 列的格式「{field.form}」不存在")
            if field.start != end + 1 or field.length < 1:
                raise LayoutError(f"版面「{code}」第 {no} 列應從第 {end + 1} 碼開始，各欄位須相連不重疊")
            if field.form == "const" and (not field.value.isascii() or len(field.value) != field.length):
                raise LayoutError(f"版面「{code}」第 {no} 列的固定值長度與欄位不符")
            end += field.length
            fields.append(field)
        if not fields:
            raise LayoutError(f"版面「{code}」沒有任何欄位")
        return cls(code, tuple(fields))

    @classmethod
    def load(cls, code: str, folder: Path = LAYOUTS) -> "Layout":
        """A layout by its code from `folder`. Raises LayoutError."""
        path = folder / f"{code}.csv"
        if not path.is_file():
            raise LayoutError(f"找不到版面「{code}」，請先登錄版面")
        return cls.from_csv(code, path.read_text(encoding="utf-8"))

    def pack(self, line_no: int, values: Mapping[str, object], problems: list[Problem]) -> bytes:
        """One record without line end; what does not fit is appended to `problems`."""
        out = b""
        for field in self.fields:
            try:
                out += field.pack(values.get(field.name))
            except Unfit as e:
                problems.append(Problem(line_no, field.label, str(e)))
                out += b" " * field.length
        return out

    def unpack(self, line_no: int, record: bytes, problems: list[Problem]) -> dict[str, object]:
        """The values of one record; what cannot be read is appended to `problems`."""
        if len(record) != self.length:
            problems.append(Problem(line_no, "整筆", f"應為 {self.length} 位元組，檔案是 {len(record)}，可能被截斷或轉碼"))
            return {}
        out: dict[str, object] = {}
        for field in self.fields:
            try:
                value = field.unpack(record[field.start - 1 : field.start - 1 + field.length])
            except Unfit as e:
                problems.append(Problem(line_no, field.label, str(e)))
                continue
            if field.form not in ("blank", "const"):
                out[field.name] = value
        return out
