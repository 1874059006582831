"""Every night: the monthly figures of every county, month by month, so that questions are answered from added-up rows."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands.figures import refresh
from app.core import clock

from . import JobContext, job


@job(refresh.JOB, label=_l("Monthly figures"), schedule="20 3 * * *", permission="figures.refresh", by_hand=False)
def run(ctx: JobContext) -> Iterator[None]:
    """The months asked for, or those of the night; a month done stays done when the run is taken up again."""
    if "todo" not in ctx.checkpoint:
        if "county" in ctx.args:
            todo = [(ctx.args["county"], m) for m in range(ctx.args["last"], ctx.args["first"] - 1, -1)]
        else:
            with ctx.read() as session:
                todo = refresh.to_compute(session, clock.today())
        ctx.checkpoint |= {"todo": todo, "at": 0, "rows": 0}
    todo = ctx.checkpoint["todo"]
    for at in range(ctx.checkpoint["at"], len(todo)):
        county, month = todo[at]
        ctx.checkpoint["rows"] += refresh.build(ctx.session, county, month, ctx.now)
        ctx.checkpoint["at"] = at + 1
        ctx.progress(at + 1, len(todo))
        yield
    ctx.result = {"縣市月份": len(todo), "筆數": ctx.checkpoint["rows"]}
    yield
