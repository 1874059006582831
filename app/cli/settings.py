"""`flask swis settings …`: loading a county's own settings from a file."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import current_app

from app.commands.base import CommandError
from app.commands.exclusion_file import load_county_exclusions, try_file
from app.security.actor import Actor

from . import answer, fail, json_option, swis


@swis.group("settings")
def settings() -> None:
    """縣市設定"""


@settings.command("exclusions")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def exclusions(file: Path, as_json: bool) -> Any:
    """載入縣市互斥設定檔（exclusions.csv）；先以比對過的月份試算，有一列錯誤就整檔不載入"""
    from app.commands.setup import prepare

    try:
        prepare(current_app._get_current_object())  # type: ignore[attr-defined]
        loaded = load_county_exclusions(Actor.system("swis settings"), file, try_file(file))
    except CommandError as error:
        fail(error.message, error.code, as_json)
        return
    for text in loaded.notices:
        click.echo(f"提醒：{text}", err=True)
    if loaded.replay is not None:
        click.echo(f"已用比對過的月份試算（試算編號 {loaded.replay}），結果見「設定試算」；會少掉曾確認的疑義 {len(loaded.confirmed_lost)} 筆", err=True)
        for number in loaded.confirmed_lost:
            click.echo(f"會少掉曾確認的疑義：{number}", err=True)
    text = f"共 {loaded.rows} 列：新增 {loaded.added}，取代 {loaded.replaced}，相同 {loaded.unchanged}（{'、'.join(loaded.counties)}）"
    answer(asdict(loaded), as_json, text)
    sys.stdout.flush()
