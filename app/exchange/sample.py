"""Right example rows of every record type: the sample files of the specification page, and what tests start from."""

import csv
import io
from typing import Final

from app.core.identity import with_check_digit

from .codes import REGISTER_KINDS
from .layouts import Layout

_NAMES: Final = ("王小明", "陳美玉", "林阿土", "黃秀英", "張添財")
_NUMBERS: Final = ("rec_no", "record_no", "change_no", "assessment_no", "case_no")
_NO_MONEY: Final = {"amount": "0", "pay_unit": "", "channel": "", "pay_month_from": "", "pay_month_to": ""}


def row(layout: Layout, number: int) -> dict[str, str]:
    """A right row, as text: the fields' examples, with a person and a record number of its own."""
    out = {field.name: field.example for field in layout.fields}
    out["person_id"] = with_check_digit(f"J{number % 2 + 1}{number:07d}")
    for name in _NUMBERS:
        if name in out:
            out[name] = f"{name[:1].upper()}{number:08d}"
    if "line_no" in out:
        out["line_no"] = str(number)
    if "data_kind" in out:
        out["data_kind"] = layout.kind or out["data_kind"]
        if layout.kind in REGISTER_KINDS:
            out |= _NO_MONEY
    if "sex" in out:
        out["sex"] = "MF"[number % 2]
    if "name" in out:
        out["name"] = _NAMES[number % len(_NAMES)]
    return out


def sample_csv(layout: Layout, count: int = 3) -> bytes:
    """A sample file: CSV in UTF-8 with BOM, the titles and `count` invented rows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(layout.names)
    writer.writerows([row(layout, number)[name] for name in layout.names] for number in range(1, count + 1))
    return out.getvalue().encode("utf-8-sig")


def bad_csv(layout: Layout) -> bytes:
    """A file to learn from: each row but the first is returned or pointed out, for a reason of its own where the layout has it."""
    names = list(layout.names)
    rows = [row(layout, number) for number in range(1, 9)]
    rows[1]["person_id"] = "A12345678"
    rows[2]["person_id"] = rows[2]["person_id"][:-1] + str((int(rows[2]["person_id"][-1]) + 1) % 10)
    dates = [f.name for f in layout.fields if f.form == "date" and f.is_required(layout.kind)]
    ints = [f.name for f in layout.fields if f.form == "int" and f.is_required(layout.kind)]
    coded = [f.name for f in layout.fields if f.codes and f.is_required(layout.kind) and f.name not in ("county_code", "data_kind")]
    blank = next((f.name for f in reversed(layout.fields) if f.is_required(layout.kind) and f.name != "person_id"), "name")
    if dates:
        rows[3][dates[0]] = "0980230"
    if ints:
        rows[4][ints[-1]] = "六千元"
    if coded:
        rows[5][coded[0]] = "?"
    rows[6][blank] = ""
    if layout.key:
        rows[7] |= {name: rows[0][name] for name in layout.key}
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([line[name] for name in names] for line in rows)
    return out.getvalue().encode("utf-8-sig")
