"""On the first of the month: write the lists the law makes counties send, for the month that is over, and make what changed anew until they leave."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import outgoing
from app.core import clock, roc

from . import JobContext, job


@job("outgoing_lists", label=_l("Monthly lists to other agencies"), schedule="0 5 1 * *")
def run(ctx: JobContext) -> Iterator[None]:
    """County by county, list by list. Safe to repeat: the same content is the same file."""
    month = roc.month_of(clock.today()) - 1
    with ctx.read() as session:
        counties = outgoing.counties_with_awards(session)
    made = 0
    for county in counties:
        for code, wanted in outgoing.lists().items():
            if month >= wanted.effective_from:
                outgoing.make(ctx, code, month, county)
                made += 1
                ctx.progress(made)
                yield
    ctx.result = {"月份": roc.show_month(month), "名冊": made}
    yield
