"""`flask swis init`, `flask swis verify`: prepare an installation, check every invariant."""

import sys

import click
from flask import current_app

from app.commands import setup, verify

from . import answer, command, json_option


@command("init", prepared=False)
def init() -> None:
    """建立或更新資料庫、角色、權限與參考資料（可重複執行）"""
    token = setup.prepare(current_app._get_current_object(), force=True)  # type: ignore[attr-defined]
    click.echo("資料庫、角色、權限與參考資料已就緒")
    if token:
        click.echo(f"首次設定代碼（只顯示這一次）：{token}\n請以瀏覽器開啟 /setup，輸入代碼建立第一位系統管理人員")


@command("verify")
@json_option
def verify_all(as_json: bool) -> None:
    """檢查所有不變條件與稽核軌跡；有任何不符即以代碼 1 結束"""
    report = verify.run()
    text = "\n".join(f"{'通過' if not c.breaks else '不符'}　{c.title}" + "".join(f"\n　　{b}" for b in c.breaks[:20]) for c in report)
    broken = [c for c in report if c.breaks]
    answer(
        {"ok": not broken, "checks": [{"name": c.name, "title": c.title, "breaks": c.breaks} for c in report]},
        as_json,
        text,
    )
    if broken:
        sys.exit(1)
