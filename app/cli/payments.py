"""`flask swis roster`: our own payments as a roster file."""

from pathlib import Path

import click

from app.commands.payment_roster import write_roster
from app.security.actor import Actor

from . import answer, command, json_option
from .exchange import MONTH


@command("roster")
@click.option("--county", required=True, help="縣市代碼 5 碼，例如 10004")
@click.option("--month", type=MONTH, required=True, help="發放年月，例如 09803")
@click.option("--kind", required=True, help="給付項目，例如 elderly_living_allowance")
@click.option("--out", "path", type=click.Path(path_type=Path), required=True, help="名冊檔名（.csv、.txt 或 .xlsx）")
@json_option
def roster(county: str, month: int, kind: str, path: Path, as_json: bool) -> None:
    """把本系統已撥款的資料寫成名冊檔"""
    made = write_roster(Actor.system("swis roster"), county, month, kind, path)
    answer(made, as_json, f"已產生名冊 {made['rows']:,} 列、{made['amount']:,} 元：{'、'.join(made['files'])}")
