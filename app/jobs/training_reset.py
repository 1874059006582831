"""Training: put the generated county back as it was. Accounts, results and the log of the runs stay."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.models.training import ABANDONED, OPEN, TrainingTry
from app.training import snapshot

from . import JobContext, job


@job(snapshot.KIND, label=_l("Reset of the training county"), permission="training.reset", by_hand=False)
def run(ctx: JobContext) -> Iterator[None]:
    """Repeating it changes nothing: what a killed run put back is put back again. What was being tried has lost its material."""
    snapshot.restore()
    dropped = update(TrainingTry).where(TrainingTry.state == OPEN).values(state=ABANDONED, finished_at=ctx.now)
    tries = ctx.session.execute(dropped).rowcount  # type: ignore[attr-defined]
    ctx.audit("training.reset", ("installation", 1), tries=tries)
    ctx.result = {"訓練資料": "已恢復為起始狀態", "中斷的練習": tries}
    yield
