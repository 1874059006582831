"""`flask swis …`: the command line that outside parties rely on. Each file adds its commands to the group."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

swis = AppGroup("swis", help="社政資訊整合系統的作業指令")


def load() -> AppGroup:
    """The group with every command attached."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return swis


def command(name: str, *, prepared: bool = True) -> Callable[[Callable[..., Any]], click.Command]:
    """A `swis` command: prepares an empty SWIS_HOME first, and turns a refusal into a Chinese sentence with exit code 1."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @swis.command(name)
        @wraps(function)
        def run(**kwargs: Any) -> None:
            from app.commands.base import CommandError
            from app.commands.setup import prepare

            try:
                if prepared:
                    prepare(current_app._get_current_object())  # type: ignore[attr-defined]
                function(**kwargs)
            except CommandError as error:
                fail(error.message, error.code, bool(kwargs.get("as_json")))
            except OSError as error:  # a folder where a file should be, no right to write, no room left
                fail(f"檔案無法讀寫：{error.strerror or error}（{error.filename2 or error.filename or ''}）；請確認路徑與權限", "E-FILE", bool(kwargs.get("as_json")))
            except Exception as error:
                current_app.logger.exception("swis %s", name)
                fail(f"作業中斷，沒有完成：{type(error).__name__}；請通知系統管理人員查看紀錄", "E-BROKEN", bool(kwargs.get("as_json")))

        return run

    return decorate


json_option = click.option("--json", "as_json", is_flag=True, help="只在標準輸出印一個 JSON 物件")


def fail(message: str, code: str, as_json: bool) -> None:
    """Say why in Chinese and leave with exit code 1."""
    if as_json:
        click.echo(json.dumps({"error": message, "code": code}, ensure_ascii=False))
    click.echo(f"{message}（{code}）", err=True)
    sys.exit(1)


def answer(values: dict[str, Any], as_json: bool, text: str) -> None:
    """Print one JSON object, or the sentence for people."""
    click.echo(json.dumps(values, ensure_ascii=False, default=str) if as_json else text)
