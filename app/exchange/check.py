"""`swis-check FILE`: check a file before it is sent, on the sender's own machine, with the same rules and messages as the receiver.

Needs no server, no database and no network: `pip install .[check]`. Exit code 0 every row would be taken, 1 rows or the whole file would
be returned, 2 wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core import roc

from . import archives, codes
from . import mapping as mappings
from .delivery import Delivery, read_delivery
from .error_file import suffix, write_error_file
from .layouts import LAYOUTS
from .messages import FileProblem
from .summary import findings

LEVELS = {"file": "整檔退回", "row": "退回", "notice": "提醒"}


def _month(text: str) -> int:
    try:
        return roc.parse_month(text)
    except roc.RocError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="swis-check", description="在送件前檢核資料檔：離線執行，規則與訊息和收件端相同。")
    parser.add_argument("file", type=Path, help="CSV、以 | 分隔的 TXT、XLSX、ODS、ZIP；固定長度檔案需加 --mapping")
    parser.add_argument("--source", choices=sorted(LAYOUTS), metavar="來源", help="資料來源代碼，例如 roster；省略時依欄位名稱判斷")
    parser.add_argument("--county", choices=sorted(codes.COUNTIES), metavar="縣市", help="縣市代碼 5 碼，例如 10004")
    parser.add_argument("--month", type=_month, metavar="年月", help="資料年月，例如 09803")
    parser.add_argument("--kind", choices=sorted(codes.KINDS), metavar="種類", help="名冊的資料種類，例如 elderly_living_allowance")
    parser.add_argument("--mapping", type=Path, metavar="檔案", help="格式對照（JSON）")
    parser.add_argument("--errors", type=Path, metavar="資料夾", help="把退回的列連同原因寫到這個資料夾，更正後可以直接送")
    parser.add_argument("--json", action="store_true", help="以 JSON 輸出結果")
    return parser


def check(path: Path, args: argparse.Namespace) -> list[Delivery]:
    """Every data file of `path`, read and checked. Raises FileProblem."""
    mapping = mappings.load(args.mapping) if args.mapping else None
    if not archives.is_archive(path):
        return [read_delivery(path, args.source, args.month, args.county, args.kind, mapping)]
    out = []
    with archives.unpacked(path) as members:
        for m in members:
            month = m.month if args.month is None else args.month
            done = read_delivery(m.path, m.source or args.source, month, args.county or m.county, args.kind or m.kind, mapping)
            archives.check_totals(m, done.meta.rows, done.meta.sum_amount, done.meta.rejected)
            done.meta.file_name = m.name
            out.append(done)
    return out


def as_json(done: Delivery, error_file: Path | None = None) -> dict[str, Any]:
    """What was found in one file."""
    meta = done.meta
    return {
        "file": meta.file_name,
        "source": meta.source,
        "county": meta.county,
        "month": roc.month5(meta.month) if meta.month is not None else None,
        "kind": meta.kind,
        "carrier": meta.carrier,
        "encoding": meta.encoding,
        "rows": meta.rows,
        "accepted": meta.accepted,
        "noticed": meta.noticed,
        "rejected": meta.rejected,
        "sum_amount": meta.sum_amount,
        "file_sha256": meta.file_sha256,
        "content_sha256": meta.content_sha256,
        "notices": [{"code": n.code, "message": n.what, "fix": n.fix} for n in done.notices],
        "findings": [
            {"level": f.level, "code": f.code, "field": f.field, "count": f.count, "message": f.message, "fix": f.fix, "rows": f.rows}
            for f in findings(done.issues, done.layout)
        ],
        "error_file": str(error_file) if error_file else None,
    }


def _told(said: dict[str, Any]) -> list[str]:
    counts = f"{said['rows']:,} 列，可收 {said['accepted']:,}（其中提醒 {said['noticed']:,}），會退回 {said['rejected']:,}"
    lines = [f"{said['file']}：{LAYOUTS[said['source']].label}{'　' + codes.KINDS[said['kind']] if said['kind'] else ''}　{counts}"]
    if said["sum_amount"]:
        lines.append(f"可收的金額合計 {said['sum_amount']:,} 元")
    lines += [f"〔提醒〕{n['message']}{n['fix']}" for n in said["notices"]]
    for f in said["findings"]:
        rows = "、".join(map(str, f["rows"]))
        lines.append(f"〔{LEVELS[f['level']]}〕{f['message']}{f['fix']}（{f['code']}，{f['count']:,} 列：第 {rows} 列{'…' if f['count'] > len(f['rows']) else ''}）")
    if said["error_file"]:
        lines.append(f"退回的列與修正方法：{said['error_file']}")
    return lines


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    args = _parser().parse_args(arguments)
    try:
        done = check(args.file, args)
    except FileProblem as problem:
        if args.json:
            print(json.dumps({"ok": False, "code": problem.code, "error": str(problem), "files": []}, ensure_ascii=False))
        print(f"〔整檔退回〕{problem}（{problem.code}）", file=sys.stderr)
        return 1
    files = []
    for delivery in done:
        target = None
        if args.errors and delivery.meta.rejected:
            target = write_error_file(delivery, args.errors / f"{Path(delivery.meta.file_name).stem}_錯誤{suffix(delivery)}")
        files.append(as_json(delivery, target))
    good = all(not said["rejected"] and said["accepted"] for said in files)
    if args.json:
        print(json.dumps({"ok": good, "files": files}, ensure_ascii=False))
    else:
        print("\n".join(line for said in files for line in _told(said)))
        print("檢核通過，可以送件。" if good else "有退回的列；請依說明更正後再送。")
    return 0 if good else 1


def main() -> None:
    """Entry point of the installed command."""
    sys.exit(run())


if __name__ == "__main__":
    main()
