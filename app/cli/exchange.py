"""`flask swis import`, `import-all`, `nil`: taking files in from the command line."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from app.commands import deliveries, exchange
from app.commands import mappings as stored
from app.commands.base import Refused
from app.commands.exchange import BatchResult
from app.core import roc
from app.exchange import mapping as mappings
from app.exchange.layouts import LAYOUTS
from app.exchange.messages import FileProblem, say
from app.security.actor import Actor

from . import answer, command, fail, json_option

_STATES = {"accepted": "已收下", "rejected": "退回", "superseded": "已被取代", "nil": "無資料", "undone": "已撤銷"}


class Month(click.ParamType):
    """A ROC month, `09803`."""

    name = "yyyMM"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            return roc.parse_month(str(value))
        except roc.RocError as error:
            self.fail(str(error), param, ctx)


MONTH = Month()


def _sentence(result: BatchResult) -> str:
    what = " ".join(
        part for part in (result.source, result.county, roc.month5(result.month) if result.month is not None else "", result.kind) if part
    )
    if result.problem:
        return f"退回 {result.file_name}（{what}）：{result.problem[1]}（{result.problem[0]}）"
    if result.duplicate_of is not None:
        return f"內容相同 {result.file_name}（{what}）：與第 {result.duplicate_of} 批相同，沒有重複收件"
    counts = f"{result.rows:,} 列，收下 {result.accepted:,}（其中提醒 {result.noticed:,}），退回 {result.rejected:,}"
    return f"{_STATES.get(result.state, result.state)} 第 {result.batch_no} 批（{what}）：{counts}，{result.seconds:.1f} 秒"


def _details(result: BatchResult) -> str:
    lines = [_sentence(result), *(f"提醒：{text}" for text in result.notices)]
    if result.error_file:
        lines.append(f"退回的列與修正方法：{result.error_file}")
    return "\n".join(lines)


def _mapping(text: str | None, source: str, county: str | None) -> mappings.Mapping | None:
    """A mapping given as a JSON file, or by the name of a stored one that is in use. A file of that name goes first."""
    if text is None:
        return None
    path = Path(text)
    if not path.exists() and path.name == text and path.suffix.lower() != ".json":
        return stored.named(Actor.system("swis import"), text, source, county)
    try:
        return mappings.load(path)
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None


@command("import")
@click.argument("source")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--county", help="縣市代碼 5 碼，例如 10004")
@click.option("--month", type=MONTH, help="資料年月，例如 09803")
@click.option("--kind", help="資料種類，例如 elderly_living_allowance")
@click.option("--mode", type=click.Choice(exchange.MODES), default="new", show_default=True, help="新送件、補正更正的列、整份取代")
@click.option("--mapping", help="格式對照的 JSON 檔，或主控台已啟用的格式對照名稱（固定長度檔案必填）")
@json_option
def import_one(
    source: str, file: Path, county: str | None, month: int | None, kind: str | None, mode: str, mapping: str | None, as_json: bool
) -> None:
    """收下一個檔案：逐列檢核，通過的列封存，退回的列寫成錯誤檔"""
    if source not in LAYOUTS:
        fail("".join(say("source_unknown", source=source, known="、".join(LAYOUTS))), "source_unknown", as_json)
    given = _mapping(mapping, source, county)
    try:
        result = exchange.import_file(Actor.system("swis import"), source, file, county, month, kind, mode, given)
    except Refused as refusal:
        result = BatchResult(None, source, county, month, kind, file.name, problem=(refusal.code, refusal.message))
    if as_json or result.problem:
        click.echo(_sentence(result), err=True)
    if as_json or not result.problem:
        answer(result.as_json(), as_json, _details(result))
    if result.problem or (result.state == "rejected" and result.duplicate_of is None):
        sys.exit(1)


@command("import-all")
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def import_all(folder: Path, as_json: bool) -> None:
    """收下整個資料夾：先登記簿（registers），再依月份收名冊（rosters）"""
    began = time.monotonic()
    results = []
    for result in exchange.import_all(Actor.system("swis import-all"), folder):
        results.append(result)
        click.echo(_sentence(result), err=True)
    totals = {name: sum(getattr(r, name) for r in results) for name in ("rows", "accepted", "noticed", "rejected")}
    failed = [r for r in results if r.problem or (r.state == "rejected" and r.duplicate_of is None)]
    seconds = round(time.monotonic() - began, 3)
    values = {
        "files": len(results),
        "registers": sum(r.source != "roster" for r in results),
        "rosters": sum(r.source == "roster" for r in results),
        **totals,
        "duplicates": sum(r.duplicate_of is not None for r in results),
        "failed": len(failed),
        "seconds": seconds,
        "batches": [r.as_json() for r in results],
    }
    text = (
        f"共 {len(results)} 個檔案，{totals['rows']:,} 列：收下 {totals['accepted']:,}（其中提醒 {totals['noticed']:,}），"
        f"退回 {totals['rejected']:,}；整檔退回 {len(failed)} 個；{seconds:.1f} 秒"
    )
    answer(values, as_json, text)
    if failed:
        sys.exit(1)


@command("nil")
@click.argument("source")
@click.option("--county", required=True, help="縣市代碼 5 碼")
@click.option("--month", type=MONTH, required=True, help="資料年月，例如 09803")
@click.option("--kind", help="資料種類（名冊必填）")
@json_option
def nil(source: str, county: str, month: int, kind: str | None, as_json: bool) -> None:
    """申報「本月無資料」；與「尚未送件」是兩種不同的狀態"""
    number = deliveries.declare_nil(Actor.system("swis nil"), source, county, month, kind)
    values = {"batch_no": number, "source": source, "county": county, "month": roc.month5(month), "kind": kind, "state": "nil"}
    answer(values, as_json, f"已登錄 {source} {county} {roc.month5(month)} {kind or ''} 本月無資料（第 {number} 批）")
