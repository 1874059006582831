"""Every night: do all invariants and the audit chain hold?"""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import verify
from app.commands.base import Refused

from . import JobContext, job

SHOWN = 20
"""Breaks of one check that are kept for the health page; all are counted."""


@job("verify", label=_l("Nightly verification"), schedule="30 3 * * *")
def run(ctx: JobContext) -> Iterator[None]:
    """Fails when anything does not hold, so that it stands on the home page the next morning. The checkpoint keeps what the health page shows."""
    checks = verify.run()
    broken = [check for check in checks if check.breaks]
    for check in broken:
        ctx.log(f"不符：{check.title}（{len(check.breaks)} 處）", "error")
        for sentence in check.breaks[:SHOWN]:
            ctx.log(sentence, "error")
    ctx.log(f"共 {len(checks)} 項，{len(checks) - len(broken)} 項通過")
    ctx.progress(len(checks), len(checks))
    ctx.result = {"檢查項目": len(checks), "不符": len(broken)}
    ctx.checkpoint["checks"] = [[c.name, c.title, len(c.breaks), c.breaks[:SHOWN]] for c in checks]
    yield
    if broken:
        raise Refused(f"有 {len(broken)} 項檢查不符，詳見執行紀錄；請通知系統管理人員", "E-VERIFY")
