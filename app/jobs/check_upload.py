"""Check an uploaded file that is too large to be checked while the person waits. Nothing is taken in."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import uploads
from app.commands.base import CommandError

from . import JobContext, job


@job(uploads.CHECK_JOB, label=_l("Check of an uploaded file"), permission="exchange.import", by_hand=False, on_behalf=True)
def run(ctx: JobContext) -> Iterator[None]:
    """One chunk; repeating it finds the same."""
    number = ctx.args["upload"]
    token, _ = uploads.token_of(ctx.actor, number)
    try:
        found = uploads.check_now(ctx, token)
    except CommandError:
        ctx.session.rollback()
        uploads.reopen(ctx.actor, number)
        raise
    ctx.progress(found["rows"], found["rows"])
    ctx.result = {"列數": found["rows"], "可收": found["accepted"], "提醒": found["noticed"], "退回": found["rejected"]}
    yield
