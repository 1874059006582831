"""Every night: cards and permits that run out, and whom to notify."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands.register import watch
from app.core import clock

from . import JobContext, job


@job("register_watch", label=_l("Deadlines of cards and permits"), schedule="40 2 * * *")
def run(ctx: JobContext) -> Iterator[None]:
    """Chunk by chunk; repeating it opens nothing twice."""
    today = clock.today()
    counts: dict[str, int] = ctx.checkpoint.setdefault("counts", {})
    for name, step in watch.steps():
        while done := step(ctx, today):
            counts[name] = counts.get(name, 0) + done
            yield
        counts.setdefault(name, 0)
        yield
    ctx.result = dict(counts)
    yield
