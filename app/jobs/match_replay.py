"""Try a proposed setting on months that were matched; one month a chunk."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import replays
from app.commands.replay_effect import effect_of
from app.core import roc
from app.models.match_replay import MatchReplay

from . import Argument, JobContext, job


@job(
    "match_replay",
    label=_l("Replay of a setting"),
    permission="matching.replay",
    on_behalf=True,
    by_hand=False,
    arguments=(
        Argument("pair", _l("Exclusion pair"), "int", required=False),
        Argument("parameter", _l("Parameter"), "int", required=False),
        Argument("first", _l("First month replayed"), "month"),
        Argument("last", _l("Last month replayed"), "month"),
    ),
)
def run(ctx: JobContext) -> Iterator[None]:
    """Each month's figures are committed with the checkpoint, so an interrupted replay goes on with the next month."""
    kind = "parameter" if ctx.args.get("parameter") else "pair"
    setting, first, last = ctx.args[kind], ctx.args["first"], ctx.args["last"]
    key = ctx.session.scalar(select(MatchReplay.id).where(MatchReplay.job_id == ctx.job_id))
    if key is None:
        key = replays.begin(ctx, setting, first, last, ctx.job_id, kind)
        yield
    with ctx.read() as session:
        candidate = replays.candidate_of(session, kind, setting)
        runs = [(r.id, r.month) for r in replays.runs_to_replay(session, candidate.county, first, last)]
    left = [(r, m) for r, m in runs if m > ctx.checkpoint.get("month", -1)]
    ctx.progress(len(runs) - len(left), len(runs))
    for run_id, month in left:
        effect = effect_of(candidate, run_id)
        replays.step(ctx.session, key, effect)
        ctx.checkpoint["month"] = month
        ctx.progress(ctx.done + 1)
        ctx.log(f"{roc.show_month(month)}：多出 {effect.gained:,} 筆、少掉 {effect.lost:,} 筆，其中曾確認的 {effect.lost_confirmed:,} 筆")
        yield
    replays.finish(ctx, key)
    row = ctx.session.get_one(MatchReplay, key)
    ctx.result = {"試算編號": key, "月份": len(runs), "多出疑義": row.gained, "少掉疑義": row.lost, "少掉曾確認的疑義": row.confirmed_lost}
    yield
