"""Lists too long to be written while somebody waits: a job writes them, on behalf of the person who asked."""

from collections.abc import Mapping
from typing import Any

from app.security.roles import ALL

from .base import Context, command
from .jobs import enqueue

KIND = "list_export"


@command("exports.request", roles=ALL)
def request_export(ctx: Context, view: str, criteria: Mapping[str, Any], token: str, reason: str) -> int:
    """Queue the export of a list; the number of the run. Personal criteria are named by their token, never copied."""
    args = {"view": view, "criteria": dict(criteria), "token": token, "reason": reason, "asked_at": ctx.now.isoformat()}
    job = enqueue(ctx, KIND, args, reason=reason)
    ctx.audit("export.requested", job, view=view, reason=reason)
    return job.id
