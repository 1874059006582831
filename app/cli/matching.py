"""`flask swis match`, `doubts`, `answers`, `statistics`: the match from the command line."""

import sys
from pathlib import Path

import click

from app.commands import doubts, match_statistics, matching
from app.core import roc
from app.exchange import codes
from app.matching.engine import ENGINES
from app.matching.rules import RULES
from app.security.actor import Actor

from . import answer, command, json_option
from .exchange import MONTH


@command("match")
@click.option("--month", type=MONTH, required=True, help="比對月份，例如 09803")
@click.option("--county", help="只比對這個縣市的名冊（仍與所有縣市比對）")
@click.option("--engine", "engine_name", type=click.Choice(ENGINES), help="比對引擎；不寫就用設定的 MATCH_ENGINE（預設 duckdb）")
@json_option
def match(month: int, county: str | None, engine_name: str | None, as_json: bool) -> None:
    """以名冊比對各登記資料，產生疑義"""
    found = matching.run_match(Actor.system("swis match"), month, county, engine_name)
    lines = [
        f"第 {found.run_no} 次比對（{roc.show_month(month)}{codes.COUNTIES.get(county or '', '')}）：名冊 {found.rosters} 份、{found.rows:,} 列，"
        f"疑義 {found.doubts:,} 筆，{found.seconds:.1f} 秒",
        *(f"  {RULES[rule].title}（{rule}）：{count:,}" for rule, count in found.by_rule.items()),
        *(f"  等級 {grade}：{count:,}" for grade, count in found.by_grade.items()),
        *(f"未比對 {source}：{reason}" for source, reason in found.not_checked.items()),
    ]
    answer(found.as_json(), as_json, "\n".join(lines))


@command("doubts")
@click.option("--month", type=MONTH, required=True, help="比對月份，例如 09803")
@click.option("--county", help="縣市代碼 5 碼")
@click.option("--grade", type=click.Choice(["A", "B", "C"]), help="只取一個等級")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="寫出的檔案（CSV）")
@json_option
def export(month: int, county: str | None, grade: str | None, out: Path, as_json: bool) -> None:
    """把一個月的疑義寫成檔案"""
    count = doubts.export_doubts(Actor.system("swis doubts"), out, month, county, grade)
    answer({"month": roc.month5(month), "rows": count, "file": str(out)}, as_json, f"已寫出 {count:,} 筆疑義：{out}")


@command("answers")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def answers(file: Path, as_json: bool) -> None:
    """載入縣市的疑義答復檔；有錯的列說明原因，其餘照收"""
    loaded = doubts.load_answers(Actor.system("swis answers"), file)
    for fault in loaded.faults:
        click.echo(fault, err=True)
    text = (
        f"共 {loaded.rows} 列：收下 {loaded.taken}，內容相同 {loaded.unchanged}，退回 {len(loaded.faults)}；"
        f"溢領 {loaded.overpaid_count} 件、{loaded.overpaid_amount:,} 元"
    )
    answer(loaded.as_json(), as_json, text)
    if loaded.faults:
        sys.exit(1)


@command("statistics")
@click.option("--from", "first", type=MONTH, required=True, help="起月，例如 09801")
@click.option("--to", "last", type=MONTH, required=True, help="迄月，例如 09803")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="寫出的檔案（CSV）")
@json_option
def statistics(first: int, last: int, out: Path, as_json: bool) -> None:
    """把比對統計寫成檔案（與公布的統計同一形式）"""
    count = match_statistics.export_statistics(Actor.system("swis statistics"), out, first, last)
    answer({"rows": count, "file": str(out)}, as_json, f"已寫出 {count:,} 列統計：{out}")
