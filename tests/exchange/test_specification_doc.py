"""docs/exchange-specification.md is made of the layouts and the catalogue that read and check the files, so it is never out of date.

`python -m tests.exchange.test_specification_doc` writes it anew.
"""

from pathlib import Path

from app.exchange.layouts import FORM_WORDING, every_layout
from app.exchange.messages import CATALOGUE

DOC = Path(__file__).resolve().parents[2] / "docs" / "exchange-specification.md"
LEVELS = {"file": "整檔退回", "row": "該列退回", "notice": "收下並提醒"}


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def specification() -> str:
    lines = [
        "# 資料交換規格",
        "",
        "由讀取與檢核檔案的同一份宣告產生（`python -m tests.exchange.test_specification_doc`）；主控台的「檔案規格」頁另有正確與錯誤的範例檔。",
        "",
        "送件前可離線檢核：`pip install \".[check]\"` 後執行 `swis-check 檔案`，結束代碼 0 全部可收、1 有退回、2 用法不對；`--json` 供程式讀取，"
        "`--errors 資料夾` 寫出退回的列。",
        "",
        "## 資料格式",
        "",
    ]
    for spec in every_layout():
        lines += [f"### {spec.label}（`{spec.source}`{f'、`{spec.kind}`' if spec.kind else ''}）", "", f"提供機關：{spec.agency}", ""]
        lines += ["| 欄位 | 中文欄名 | 必填 | 形式與說明 | 範例 |", "|---|---|---|---|---|"]
        for f in spec.fields:
            size = f"，最多 {f.size} 字" if f.form in ("text", "name") else f"（{f.size} 碼）" if f.form == "digits" else ""
            known = "；" + "、".join(f"{code} {label}" for code, label in f.codes.items()) if f.codes and len(f.codes) <= 10 else ""
            note = f"；{f.note}" if f.note else ""
            lines.append(f"| `{f.name}` | {f.label} | {'是' if f.is_required(spec.kind) else ''} | {cell(FORM_WORDING[f.form] + size + note + known)} | {cell(f.example)} |")
        if spec.key:
            lines += ["", f"同一檔案內不可重複：{'、'.join(spec.field(k).label for k in spec.key)}。"]
        lines.append("")
    lines += ["## 檢核訊息", "", "| 代碼 | 處理 | 說明 | 如何修正 |", "|---|---|---|---|"]
    lines += [f"| `{e.code}` | {LEVELS[e.level]} | {cell(e.in_general()[0])} | {cell(e.in_general()[1])} |" for e in CATALOGUE.values()]
    return "\n".join(lines) + "\n"


def test_the_specification_is_up_to_date():
    assert specification() == DOC.read_text(encoding="utf-8"), "run: python -m tests.exchange.test_specification_doc"


if __name__ == "__main__":
    DOC.write_text(specification(), encoding="utf-8")
