"""The monthly match, started from the console."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import matching
from app.exchange import codes
from app.matching.rules import RULES

from . import Argument, JobContext, job


@job(
    "match",
    label=_l("Monthly match"),
    permission="matching.run",
    on_behalf=True,
    arguments=(Argument("month", _l("Reference month"), "month"), Argument("county", _l("County"), "choice", required=False, choices=tuple(codes.COUNTIES.items()))),
)
def run(ctx: JobContext) -> Iterator[None]:
    """One chunk: the match computes first, then stores its run whole under the job's fence. Repeating it gives the same doubts, which are known by their facts."""
    ctx.progress(0, 1)
    found = matching.run_match(ctx, ctx.args["month"], ctx.args.get("county"))
    for rule, count in found.by_rule.items():
        ctx.log(f"{RULES[rule].title}：{count:,} 筆")
    for source, reason in found.not_checked.items():
        ctx.log(f"未比對{matching.SOURCE_NAMES.get(source, source)}：{reason}", "warning")
    ctx.progress(1, 1)
    ctx.result = {"比對編號": found.run_no, "名冊": found.rosters, "列數": found.rows, "疑義": found.doubts, "未比對來源": len(found.not_checked)}
    yield
