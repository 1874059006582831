"""Every night: running local benefits that their county reviews every year get their task in time."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands.casework import yearly_review
from app.core import clock

from . import JobContext, job


@job("yearly_review", label=_l("Yearly reviews of local benefits"), schedule="50 2 * * *")
def run(ctx: JobContext) -> Iterator[None]:
    """Chunk by chunk; repeating it opens nothing twice."""
    today = clock.today()
    opened = ctx.checkpoint.setdefault("opened", 0)
    while done := yearly_review.open_due(ctx, today):
        opened = ctx.checkpoint["opened"] = opened + done
        yield
    ctx.result = {"開立待辦": opened}
    yield
