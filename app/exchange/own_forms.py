"""Simple files that are not part of the exchange contract: their columns, and their rows as text. Read them confined."""

from pathlib import Path
from typing import Any, Final

from app.core.text import fold

from .layouts import Field, Layout
from .messages import FileProblem
from .readers import open_table
from .tables import without_total

MAX_ROWS: Final = {"care_invoice": 5_000, "payment_sheet": 20_000}

CARE_INVOICE: Final = Layout(
    source="care_invoice",
    label="托育養護請款明細",
    agency="身心障礙福利機構",
    key=(),
    fields=(
        Field("person_id", "身分證統一編號", "text", True, 10, synonyms=("統一編號", "身分證號"), example="A123456789"),
        Field("name", "姓名", "text", True, 50, example="王小明"),
        Field("fee", "每月收費", "text", size=12, synonyms=("月費",), example="21000", note="留白採契約收費"),
        Field("claimed", "請領金額", "text", size=12, synonyms=("請款金額",), example="15750"),
        Field("left_on", "離開日期", "text", size=10, synonyms=("請假起日",), example="1150803"),
        Field("back_on", "返回日期", "text", size=10, synonyms=("銷假日期",), example="1150806", note="離開日起至返回日前一日為請假"),
    ),
)
PAYMENT_SHEET: Final = Layout(
    source="payment_sheet",
    label="發放清冊工作表",
    agency="發放單位",
    key=(),
    fields=(
        Field("run_no", "清冊號", "text", True, 40, example="10004-ELA-09803-01"),
        Field("line_no", "編號", "text", True, 8, example="1"),
        Field("person_id", "身分證統一編號", "text", True, 10, example="A123456789"),
        Field("amount", "金額", "text", True, 12, example="6000"),
        Field("handling", "處理", "text", size=4, example="暫緩", note="留白照發；暫緩；送出後填入帳或退匯"),
        Field("reason", "原因", "text", size=200, example="04", note="改金額或暫緩的原因；退匯填代碼"),
    ),
)
FORMS: Final = {"care_invoice": CARE_INVOICE, "payment_sheet": PAYMENT_SHEET}


def read_rows(path: Path, form: str) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """The rows of a file in one of the `FORMS` (field → text, with `row_no` and `problem`), and its row of totals. Raises FileProblem."""
    layout = FORMS[form]
    table = open_table(path, layout)
    names = table.header.columns
    missing = [f.label for f in layout.fields if f.required and f.name not in names]
    if missing:
        raise FileProblem("columns_missing", names="、".join(missing))

    def cells(line: dict[str, Any]) -> dict[str, str]:
        return {name: fold(line[f"c{i}"] or "") for i, name in enumerate(names) if name}

    rows: list[dict[str, Any]] = []
    totals = None
    for piece, total in without_total(table):
        rows += [{**cells(x), "row_no": int(x["row_no"]), "problem": x["problem"] or ""} for x in piece.iter_rows(named=True)]
        totals = cells(total) if total else None
        if len(rows) > MAX_ROWS[form]:
            raise FileProblem("file_heavy", limit=f"{MAX_ROWS[form]} 列")
    return rows, totals
