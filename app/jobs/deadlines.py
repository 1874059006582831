"""Every night: the deadlines of running cases are reckoned anew, so that a corrected calendar or a new law reaches every queue."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands.casework import deadlines

from . import JobContext, job


@job("deadlines", label=_l("Statutory deadlines"), schedule="40 2 * * *")
def run(ctx: JobContext) -> Iterator[None]:
    """A chunk is five hundred cases; the checkpoint is the last id."""
    while True:
        last = deadlines.refresh(ctx.session, after=ctx.checkpoint.get("after", 0), limit=deadlines.CHUNK)
        if last is None:
            return
        ctx.checkpoint["after"] = last
        yield
