"""The dry run and the writing of a county's old disability register, in chunks that can be taken up again."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import old_register
from app.commands.base import Refused
from app.exchange.messages import FileProblem
from app.models.old_register import OUTCOMES

from . import JobContext, job


def _shown(counts: dict[str, int]) -> dict[str, int]:
    return {str(label): counts[name] for name, label in OUTCOMES.items()}


@job(old_register.CHECK_JOB, label=_l("Old data dry run"), permission="register.old_import", by_hand=False, on_behalf=True)
def check(ctx: JobContext) -> Iterator[None]:
    """Says of every row what would become of it; nothing but the list of rows is written. Taken up again it goes on after the last chunk."""
    ctx.require("register.old_import")
    number = ctx.args["import"]
    try:
        with ctx.read() as session:
            file = old_register.read(ctx, session, number)
    except FileProblem as problem:
        old_register.unreadable(ctx, number, problem)
        yield
        raise Refused(str(problem), problem.code) from None
    total = len(file.rows) + len(file.refused)
    if "at" not in ctx.checkpoint:
        old_register.begin(ctx, number, file)
        ctx.checkpoint["at"] = 0
        ctx.progress(len(file.refused), total)
        yield
    for place, rows in file.chunks(ctx.checkpoint["at"]):
        old_register.foresee(ctx, number, file, rows)
        ctx.checkpoint["at"] = place
        ctx.progress(len(file.refused) + place, total)
        yield
    ctx.result = _shown(old_register.checked(ctx, number))
    yield


@job(old_register.RUN_JOB, label=_l("Import of old data"), permission="register.old_confirm", by_hand=False, on_behalf=True)
def run(ctx: JobContext) -> Iterator[None]:
    """Writes people, cards and timeline; a row that is there already is left as it is, so the run may be repeated."""
    ctx.require("register.old_confirm")
    number = ctx.args["import"]
    try:
        with ctx.read() as session:
            file = old_register.read(ctx, session, number)
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None
    total = len(file.rows) + len(file.refused)
    for place, rows in file.chunks(ctx.checkpoint.get("at", 0)):
        old_register.carry_out(ctx, number, file, rows)
        ctx.checkpoint["at"] = place
        ctx.progress(len(file.refused) + place, total)
        yield
    ctx.result = _shown(old_register.finish(ctx, number))
    yield
