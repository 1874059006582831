"""The form a file layout is written in: what is said once, and one table of columns a part. Every button sends the whole form; nothing typed is lost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField, ValidationError

from app.core.text import fold, row_number
from app.payments import own_layout as layouts
from app.payments.own_layout import Column, Fault, FileLayout
from app.payments.rare_names import OTHERWISE

from .base_forms import WholeNumberField
from .fields_roc import RocDateField

CELLS = ("label", "source", "form", "length", "value")
_ROW = re.compile(r"(header|detail|trailer)(\d{1,3})-label")


class HeadForm(Form):
    """What a version says once."""

    effective_from = RocDateField("施行日期", description="撥款日在這一天以後的清冊採用這一版")
    carrier = SelectField("檔案種類", choices=list(layouts.CARRIERS.items()))
    encoding = SelectField("文字編碼", choices=list(layouts.ENCODINGS.items()))
    newline = SelectField("換行", choices=list(layouts.LINE_ENDS.items()))
    covers = SelectField("適用帳戶", choices=list(layouts.COVERS.items()))
    institutions = StringField("限哪些金融機構", description="3 碼總機構或 7 碼分支機構代號，以逗號分隔，例如 930,931；留白＝全部銀行、農漁會")
    record_length = WholeNumberField("每筆位元組數", description="固定寬度才填，照金融機構的規格；中文字算 2（Big5）")
    delimiter = SelectField("分隔字元", choices=list(layouts.DELIMITERS.items()), description="CSV 才用")
    headings = BooleanField("第一列寫欄名（CSV）")
    note = StringField("規格來源", description="例如「竹北市農會 98年3月2日提供之整批入帳檔格式」")
    otherwise = SelectField("對照表沒有的難字", choices=list(OTHERWISE.items()), description="戶名有這種編碼寫不出的字，下面對照表又沒有時")
    mark = StringField("代替符號", description="一個字，例如「＊」或「？」")
    characters = TextAreaField("難字對照表", description="一行一個字：堃=FA40（該機構的造字碼，限 Big5）、峯=峰（通用字）或 堃=KUN（拼音）；每家機構的造字碼不同，請照對方的造字表填", render_kw={"rows": 4})

    def validate_institutions(self, typed: StringField) -> None:
        if len(typed.data or "") > 400:
            raise ValidationError("機構太多，請分成數個檔案格式")


@dataclass
class Page:
    """The form as it stands: the head, the rows of every part as typed, and what is wrong at which field."""

    head: HeadForm
    rows: dict[str, list[dict[str, str]]]
    wrong: dict[str, list[str]] = field(default_factory=dict)
    """id of a field (or part) → messages."""
    focus: str = ""

    @property
    def layout(self) -> FileLayout:
        """What the form says; figures that cannot be read count as 0 (see `wrong`)."""
        h = self.head
        parts = {part: tuple(_column(row) for row in rows) for part, rows in self.rows.items()}
        heads = tuple(x for x in re.split(r"[,、\s]+", fold(h.institutions.data or "")) if x)
        return FileLayout(
            carrier=h.carrier.data, encoding=h.encoding.data, newline=h.newline.data, covers=h.covers.data, institutions=heads,
            delimiter=h.delimiter.data, headings=bool(h.headings.data), record_length=h.record_length.data or 0,
            characters=_pairs(h.characters.data or ""), otherwise=h.otherwise.data, mark=(h.mark.data or "").strip(), **parts,
        )  # fmt: skip

    def readable(self) -> bool:
        """Can everything typed be read? What cannot stands in `wrong`."""
        self.head.validate()
        for part, rows in self.rows.items():
            for n, row in enumerate(rows):
                if row["length"] and row_number(row["length"]) is None:
                    self.wrong.setdefault(f"{part}{n}-length", []).append(f"「{row['length'][:10]}」不是整數，請填位元組數")
        return not self.head.errors and not self.wrong

    def mark(self, faults: list[Fault]) -> None:
        """Put what is wrong with the layout at its fields."""
        for f in faults:
            if not f.part:
                getattr(self.head, f.field).errors = [*getattr(self.head, f.field).errors, f.message]
            else:
                self.wrong.setdefault(f"{f.part}{f.row}-{f.field}" if f.row >= 0 else f.part, []).append(f.message)

    def errors(self) -> list[tuple[str, str]]:
        """(id of the field, sentence) of everything that is wrong."""
        found = [(f.id, f"{f.label.text}：{e}") for f in self.head for e in f.errors]
        for key, texts in self.wrong.items():
            part, row = re.fullmatch(r"([a-z]+)(\d*)(?:-\w*)?", key).groups()  # type: ignore[union-attr]
            place = layouts.PARTS[part] + (f"第 {int(row) + 1} 欄" if row else "")
            found += [(key, f"{place}：{text}") for text in texts]
        return found

    def places(self, part: str) -> list[str]:
        """From which byte to which every column stands."""
        out, at = [], 1
        for row in self.rows[part]:
            length = row_number(row["length"]) or 0
            out.append(f"{at}–{at + length - 1}" if length else "－")
            at += length
        return out

    def width(self, part: str) -> int:
        return sum(row_number(row["length"]) or 0 for row in self.rows[part])


def _column(row: Mapping[str, str]) -> Column:
    return Column(row["label"].strip(), row["source"], row["form"], row_number(row["length"]) or 0, row["value"])


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """The table of characters as people write it; a line without a sign keeps its text, so that it can be marked."""
    lines = (line.strip().partition("=") for line in text.replace("＝", "=").splitlines() if line.strip())
    return tuple((left.strip(), right.strip()) for left, _, right in lines)


def page_of(layout: FileLayout, effective_from: Any, note: str) -> Page:
    """The form of a stored version."""
    data = {name: getattr(layout, name) for name in ("carrier", "encoding", "newline", "covers", "delimiter", "headings", "otherwise", "mark")}
    data |= {
        "effective_from": effective_from, "note": note, "institutions": ",".join(layout.institutions), "record_length": layout.record_length or None,
        "characters": "\n".join(f"{a}={b}" for a, b in layout.characters),
    }  # fmt: skip
    rows = {
        part: [{**{name: str(getattr(c, name)) for name in CELLS}, "length": str(c.length or "")} for c in getattr(layout, part)] for part in layouts.PARTS
    }
    return Page(HeadForm(data=data), rows)


def page_posted(data: Any) -> Page:
    """The form as it was sent, with the row added, moved or removed that its button asked for."""
    numbers: dict[str, list[int]] = {part: [] for part in layouts.PARTS}
    for name in data:
        if m := _ROW.fullmatch(name):
            numbers[m[1]].append(int(m[2]))
    rows = {
        part: [{cell: data.get(f"{part}{n}-{cell}", "").translate({0: ""}) for cell in CELLS} for n in sorted(set(found))]
        for part, found in numbers.items()
    }
    for found in rows.values():
        for row in found:
            row["length"] = fold(row["length"])
    page = Page(HeadForm(data), rows)
    _change(page, data.get("go", ""))
    return page


def _change(page: Page, go: str) -> None:
    action, _, target = go.partition(":")
    m = re.fullmatch(r"(header|detail|trailer)(\d{0,3})", target)
    if m is None:
        return
    rows, at = page.rows[m[1]], int(m[2] or 0)
    if action == "add":
        rows.append({"label": "", "source": "const" if m[1] != "detail" else "name", "form": "left", "length": "", "value": ""})
        page.focus = f"{m[1]}{len(rows) - 1}-label"
    elif action == "remove" and at < len(rows):
        del rows[at]
    elif action == "up" and 0 < at < len(rows):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
        page.focus = f"{m[1]}{at - 1}-label"
