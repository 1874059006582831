"""Jobs: one file per kind, each a generator whose every `yield` commits a chunk together with its checkpoint.

    from app.jobs import JobContext, job

    @job("tidy", label=_l("Nightly tidying"), schedule="30 2 * * *")
    def run(ctx: JobContext) -> Iterator[None]:
        for part in parts_after(ctx.checkpoint.get("part", 0)):
            ctx.session.execute(...)
            ctx.checkpoint["part"] = part
            ctx.progress(part, total)
            yield                      # work, checkpoint, progress and audit rows: one transaction, fenced
        ctx.result = {"parts": total}

A killed run starts again with the checkpoint of its last commit, so the function begins by reading `ctx.checkpoint`.
"""

import importlib
import pkgutil

from app.commands.job_kinds import KINDS, Argument, Kind, job

from .context import JobContext, OutcomeUnknown

__all__ = ["KINDS", "Argument", "JobContext", "Kind", "OutcomeUnknown", "job", "load"]


def load() -> dict[str, Kind]:
    """Import every file of this package, so that every kind is registered; the register."""
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        importlib.import_module(module.name)
    return KINDS
