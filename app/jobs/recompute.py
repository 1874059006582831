"""Judge all running awards of a benefit anew as of a day: how many stay the same, change, stop, or cannot be decided."""

import datetime as dt
from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import recomputation
from app.core import clock, roc
from app.models.recomputation import OUTCOMES, Recomputation
from app.rules.benefits import benefits

from . import Argument, JobContext, job


@job(
    "recompute",
    label=_l("Recomputation of running awards"),
    permission="casework.recompute",
    on_behalf=True,
    arguments=(
        Argument("benefit", _l("Benefit"), "choice", choices=tuple((b.code, b.name) for b in benefits().values() if b.pays)),
        Argument("on", _l("Judged as of"), "date", required=False),
        Argument("traces", _l("Keep the calculation"), "choice", required=False, choices=(("Y", _l("Yes, of every case")),)),
    ),
)
def run(ctx: JobContext) -> Iterator[None]:
    """Each chunk's lines and counts are committed with its checkpoint, so an interrupted run goes on where it stopped."""
    key = ctx.session.scalar(select(Recomputation.id).where(Recomputation.job_id == ctx.job_id))
    if key is None:
        day = dt.date.fromisoformat(ctx.args["on"]) if ctx.args.get("on") else clock.today()
        traced = str(ctx.args.get("traces") or "").strip().upper() == "Y"
        key, total = recomputation.begin(ctx, str(ctx.args["benefit"]).strip(), day, traced, ctx.job_id)
        ctx.progress(0, total)
        yield
    while True:
        of_job = ctx.session.get_one(Recomputation, key)
        last, seen = recomputation.step(ctx.session, of_job, ctx.checkpoint.get("award", 0))
        ctx.checkpoint["award"] = last
        ctx.progress(ctx.done + seen)
        if not seen:
            break
        yield
    of_job.finished_at = ctx.now
    ctx.result = {"給付項目": benefits()[of_job.benefit].name, "認定日": roc.show_date(of_job.judged_on)}
    ctx.result |= {str(OUTCOMES[name]): getattr(of_job, name) for name in OUTCOMES}
    yield
