"""What is in force: one roster per county, month and kind; the register deliveries that count; nothing to report; taking back."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.exchange import codes, snapshots
from app.exchange.canonical import content_sha256
from app.exchange.layouts import LAYOUTS
from app.exchange.messages import say
from app.models.exchange import ACCEPTED, NIL, UNDONE, Batch
from app.models.match_run import MatchRun
from app.security import scope
from app.security.actor import Actor
from app.security.roles import COUNTY, MINISTRY_OFFICER

from .arrivals import taken_back
from .base import Context, Refused, command
from .verify import invariant

SENDERS: Final = (*COUNTY, MINISTRY_OFFICER)


@dataclass(frozen=True)
class InForce:
    """A delivery that counts for a month. `path` None and `nil` True: declared as nothing to report."""

    batch_no: int
    source: str
    county: str | None
    month: int | None
    kind: str | None
    path: Path | None
    rows: int
    received_at: dt.datetime
    nil: bool
    content_sha256: str | None


def home() -> Path:
    """The folder that holds received files, snapshots and error files."""
    return Path(current_app.config["SWIS_HOME"])


def slot_of(source: str, county: str | None, month: int | None, kind: str | None) -> str:
    """The name of what a delivery is a delivery of."""
    return "/".join((source, county or "-", roc.month5(month) if month is not None else "-", kind or "-"))


def county_for(actor: Actor, source: str, county: str | None) -> str | None:
    """A county's people hand in for their county, whatever the form said."""
    if county is not None and county not in codes.COUNTIES:
        raise Refused(f"縣市代碼「{county}」不在規格內；請填 5 碼縣市代碼，例如 10004", "E-EXC-COUNTY")
    own = actor.scope.county_code
    if own is None:
        return county
    if county not in (None, own):
        raise Refused("只能上傳自己縣市的資料，請確認縣市代碼", "E-EXC-COUNTY")
    return own


def received(ctx: Context) -> dict[str, Any]:
    return {"received_at": ctx.now, "received_by_id": ctx.actor.user_id, "received_by": ctx.actor.display[:128]}


def base_of(ctx: Context, slot: str, source: str, mode: str) -> Batch | None:
    """The delivery in force in the slot: what a supplement builds on, what a replacement or a first file replaces."""
    in_force = select(Batch).where(Batch.slot == slot, Batch.state.in_((ACCEPTED, NIL))).order_by(Batch.id.desc()).limit(1)
    base = ctx.session.scalars(in_force.with_for_update(of=Batch)).one_or_none()
    if mode == "supplement":
        if base is None or base.state == NIL:
            raise Refused("還沒有可以補正的批次；請先以「新送件」（new）上傳整個檔案", "E-EXC-BASE")
        if not LAYOUTS[source].key:
            raise Refused("這種資料沒有紀錄編號，不能只補正幾列；請以「全檔取代」（replacement）上傳整個檔案", "E-EXC-BASE")
    return base


# --- nothing to report, undo -----------------------------------------------------------------------------------------


@command("exchange.import", roles=SENDERS)
def declare_nil(ctx: Context, source: str, county: str, month: int, kind: str | None = None) -> int:
    """Declare "nothing to report" for a slot; the batch number. Raises Refused while a delivery with rows is in force there."""
    if source not in LAYOUTS:
        raise Refused("{}{}".format(*say("source_unknown", source=source, known="、".join(LAYOUTS))), "source_unknown")
    if source == "roster":
        if kind is None:
            raise Refused("名冊的無資料申報要說明資料種類（--kind）", "E-EXC-KIND")
        if kind not in codes.KINDS:
            raise Refused("{}{}".format(*say("kind_unknown", kind=kind)), "kind_unknown")
    else:
        kind = None
    own = county_for(ctx.actor, source, county)
    slot = slot_of(source, own, month, kind)
    base = base_of(ctx, slot, source, "new")
    if base is not None and base.state == NIL:
        return base.id
    if base is not None:
        raise Refused(f"已有第 {base.id} 批資料，不能再申報無資料；如為誤送，請先撤銷該批", "E-EXC-EXISTS")
    batch = Batch(county_code=own or "", source=source, kind=kind, month=month, slot=slot, mode="nil", state=NIL, **received(ctx))
    ctx.session.add(batch)
    ctx.audit("exchange.nil", batch, slot=slot)
    return batch.id


@command("exchange.undo", roles=SENDERS)
def undo(ctx: Context, batch_id: int, reason: str) -> None:
    """Take a delivery back while nothing used it; what it superseded is in force again. Raises Refused, NotFound."""
    batch = ctx.get(Batch, batch_id, lock=True)
    if batch.state not in (ACCEPTED, NIL):
        raise Refused("這一批目前不在有效狀態，沒有可以撤銷的內容", "E-EXC-STATE")
    if not reason.strip():
        raise Refused("撤銷要填寫理由", "E-COMMENT")
    if (run := _run_that_read(ctx.session, batch)) is not None:
        raise Refused(f"這一批已用於第 {run} 次比對，不能撤銷；請改以「全檔取代」上傳正確的檔案", "E-EXC-USED")
    later = select(Batch.id).where(Batch.supersedes_id == batch.id, Batch.state.in_((ACCEPTED, NIL)))
    if ctx.session.scalars(later.limit(1)).one_or_none() is not None:
        raise Refused("已有後來的批次取代這一批，請先撤銷後來的批次", "E-EXC-STATE")
    batch.state = UNDONE
    ctx.session.flush()
    if batch.supersedes_id is not None:
        before = ctx.get(Batch, batch.supersedes_id, lock=True)
        before.state = ACCEPTED if before.snapshot_path else NIL
    ctx.audit("exchange.undone", batch, reason=reason.strip())
    ctx.session.flush()
    taken_back(ctx, batch.source)


def _run_that_read(session: Session, batch: Batch) -> int | None:
    """The number of a match run that read the delivery, or None."""
    for run in session.scalars(select(MatchRun).where(MatchRun.finished_at >= batch.received_at)):
        if any(read["batch"] == batch.id for read in run.inputs):
            return run.id
    return None


# --- what is in force ------------------------------------------------------------------------------------------------


def current_snapshots(session: Session, month: int, since: int | None = None) -> list[InForce]:
    """What counts for a month: every roster in force of that month (of the months from `since` to it), and of every register the
    deliveries in force (events: all of them, oldest first, for what is told late is true all the same; states: the newest per county,
    not later than the month when one is named).

    What is in force is a fact of the installation, the same whoever asks: national registers belong to no county. It says
    where the snapshots lie; whose rows of them may be shown is the caller's matter.
    """
    first = month if since is None else since
    with scope.use(scope.SYSTEM):
        rows = session.scalars(select(Batch).where(Batch.state.in_((ACCEPTED, NIL))).order_by(Batch.received_at, Batch.id)).all()
    out: list[Batch] = []
    newest: dict[tuple[str, str], Batch] = {}
    for batch in rows:
        if batch.source == "roster":
            if batch.month is not None and first <= batch.month <= month:
                out.append(batch)
        elif LAYOUTS[batch.source].cumulative:
            out.append(batch)
        elif batch.month is None or batch.month <= month:
            newest[batch.source, batch.county_code] = batch
    return [_in_force(batch) for batch in (*out, *newest.values())]


def in_force_of(batches: Iterable[Batch]) -> list[InForce]:
    """Deliveries as they counted, whatever came after them."""
    return [_in_force(batch) for batch in batches]


def _in_force(batch: Batch) -> InForce:
    return InForce(
        batch_no=batch.id,
        source=batch.source,
        county=batch.county_code or None,
        month=batch.month,
        kind=batch.kind,
        path=home() / batch.snapshot_path if batch.snapshot_path else None,
        rows=batch.snapshot_rows,
        received_at=batch.received_at,
        nil=batch.state == NIL,
        content_sha256=batch.content_sha256,
    )


@invariant("exchange_snapshots", "收下的每一批都有完整的封存檔，列數與內容和收件時相同")
def _snapshots_complete(session: Session) -> Iterator[str]:
    for batch in session.scalars(select(Batch).where(Batch.snapshot_path.is_not(None))):
        try:
            frame = snapshots.read(home() / str(batch.snapshot_path))
        except (OSError, pl.exceptions.PolarsError):
            yield f"第 {batch.id} 批的封存檔遺失或無法讀取"
            continue
        layout = LAYOUTS[batch.source] if batch.kind is None else LAYOUTS[batch.source].for_kind(batch.kind)
        if frame.height != batch.snapshot_rows:
            yield f"第 {batch.id} 批的封存檔有 {frame.height} 列，紀錄為 {batch.snapshot_rows} 列"
        elif content_sha256(frame, layout) != batch.content_sha256:
            yield f"第 {batch.id} 批的封存檔內容被改過"
