"""Take in an uploaded file that is too large to be read while the person waits."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import uploads
from app.commands.base import CommandError, Refused

from . import JobContext, job


@job(uploads.IMPORT_JOB, label=_l("Import of a file"), permission="exchange.import", by_hand=False, on_behalf=True)
def run(ctx: JobContext) -> Iterator[None]:
    """Repeating it is safe: what was taken in already is recognised by its content."""
    number = ctx.args["upload"]
    token, reason = uploads.token_of(ctx.actor, number)
    try:
        result = uploads.import_now(ctx, token, reason)
    except CommandError:
        ctx.session.rollback()
        uploads.reopen(ctx.actor, number)
        raise
    for text in result.notices:
        ctx.log(text, "warning")
    ctx.progress(result.rows, result.rows)
    ctx.result = {"批次": result.batch_no, "列數": result.rows, "收下": result.accepted, "提醒": result.noticed, "退回": result.rejected}
    yield
    if result.problem:
        raise Refused(result.problem[1], result.problem[0])
