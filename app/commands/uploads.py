"""Uploads by people, step by step: file, preview, mapping, check, confirm, taken in. Between the steps everything is kept.

Files are read by a child process with limits. Small files are read while the person waits, large ones by a job.
"""

import secrets
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from app.core import roc
from app.exchange import archives, codes, confined
from app.exchange.delivery import Delivery
from app.exchange.layouts import LAYOUTS
from app.exchange.mapping import Mapping
from app.exchange.messages import FileProblem
from app.exchange.preview import Preview
from app.exchange.summary import findings
from app.models.exchange import ACCEPTED, Batch
from app.models.mapping import ExchangeMapping
from app.models.upload import ABANDONED, CHECKED, CHECKING, DONE, IMPORTING, OPEN, Upload
from app.security.actor import Actor

from . import exchange, mappings
from .base import CommandError, Context, NotFound, Refused, command
from .concerns import concerns
from .deliveries import SENDERS, county_for, home, slot_of
from .exchange import MODES, BatchResult, NeedsReason
from .jobs import enqueue

CHECK_JOB: Final = "check_upload"
IMPORT_JOB: Final = "import_file"
AT_ONCE: Final = 5 << 20  # bytes of an upload read while the person waits; larger ones are read by a job
ENCODINGS: Final = {"": "依檔案內容", "utf-8": "UTF-8", "cp950": "Big5（CP950）"}


# --- the steps -------------------------------------------------------------------------------------------------------


@command("exchange.import", roles=SENDERS)
def stage(
    ctx: Context, kept: Path, digest: str, file_name: str, source: str, county: str | None, month: int | None, kind: str | None, mode: str
) -> str:
    """Remember a received file (kept by `store.keep`); the token that names it in addresses."""
    assert ctx.actor.user_id is not None, "an upload belongs to a person"
    own = county_for(ctx.actor, source, county) or ""
    before = mappings.remembered(ctx.session, own, source)
    upload = Upload(
        token=secrets.token_urlsafe(32), owner_id=ctx.actor.user_id, county_code=own, state=OPEN, file_name=file_name[-200:],
        path=str(kept.relative_to(home())), size=kept.stat().st_size, file_sha256=digest, source=source, kind=kind, month=month, mode=mode,
        mapping_id=before.id if before is not None else None,
    )  # fmt: skip
    ctx.session.add(upload)
    ctx.audit("upload.staged", upload, source=source, file_sha256=digest)
    return upload.token


def own_upload(ctx: Context, token: str) -> Upload:
    """The signed-in person's upload. Raises NotFound for anybody else's."""
    found = ctx.session.scalars(select(Upload).where(Upload.token == token, Upload.owner_id == ctx.actor.user_id)).one_or_none()
    if found is None:
        raise NotFound("查無這次上傳，可能是其他人的上傳；請由「上傳檔案」重新開始", "E-404")
    return found


def _editable(ctx: Context, token: str) -> Upload:
    upload = own_upload(ctx, token)
    if upload.state not in (OPEN, CHECKED):
        raise Refused("這次上傳正在處理或已經完成，不能再更改", "E-UPL-STATE")
    return upload


@command("exchange.import", roles=SENDERS)
def describe(
    ctx: Context, token: str, source: str, county: str | None, month: int | None, kind: str | None, mode: str, encoding: str = ""
) -> None:
    """What the file is and how it is to be read; what an earlier check found no longer counts."""
    upload = _editable(ctx, token)
    if mode not in MODES or encoding not in ENCODINGS:
        raise Refused("送件方式或編碼不在選項內，請重新選擇", "E-EXC-MODE")
    if source != upload.source:
        before = mappings.remembered(ctx.session, upload.county_code, source)
        upload.mapping_id = before.id if before is not None else None
    upload.county_code = county_for(ctx.actor, source, county) or ""
    upload.source, upload.month, upload.kind, upload.mode, upload.encoding = source, month, kind, mode, encoding
    upload.state, upload.found = OPEN, None
    ctx.audit("upload.described", upload, source=source, county=upload.county_code, month=month, kind=kind, mode=mode, encoding=encoding)


@command("exchange.import", roles=SENDERS)
def choose_mapping(ctx: Context, token: str, mapping_id: int | None) -> None:
    """Read the file with this mapping (None: with the titles alone). Raises NotFound, Refused."""
    upload = _editable(ctx, token)
    if mapping_id is not None and ctx.get(ExchangeMapping, mapping_id).source != upload.source:
        raise Refused("這個格式對照是另一種資料來源的，請重新選擇", "E-MAP-SOURCE")
    upload.mapping_id, upload.state, upload.found = mapping_id, OPEN, None
    ctx.audit("upload.mapped", upload, mapping=mapping_id)


@command("exchange.import", roles=SENDERS)
def give_up(ctx: Context, token: str) -> None:
    """Leave an upload; the file stays among the received ones until the sweep."""
    upload = _editable(ctx, token)
    upload.state = ABANDONED
    ctx.audit("upload.abandoned", upload)


@command("exchange.import", roles=SENDERS)
def _asked(ctx: Context, token: str) -> dict[str, Any]:
    """What is needed to read the file, apart from the session."""
    upload = own_upload(ctx, token)
    row = ctx.get(ExchangeMapping, upload.mapping_id) if upload.mapping_id is not None else None
    try:
        mapping = mappings.as_mapping(row) if row is not None else None
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None
    if upload.encoding:
        base = mapping.as_dict() if mapping else {"name": ""}
        mapping = Mapping(**{**base, "source": upload.source, "encoding": upload.encoding, "mark_unread": True})
    return {
        "id": upload.id, "path": home() / upload.path, "size": upload.size, "file_name": upload.file_name, "mode": upload.mode,
        "what": (upload.source, upload.month, upload.county_code or None, upload.kind, mapping), "state": upload.state,
    }  # fmt: skip


def _person(who: Actor | Context) -> Actor:
    """A job reads before its chunk opens a transaction."""
    return who.actor if isinstance(who, Context) else who


def preview(who: Actor, token: str) -> Preview:
    """The first rows as they would be read."""
    asked = _asked(who, token)
    source, _, _, kind, mapping = asked["what"]
    return confined.look_confined(asked["path"], source, kind, mapping)


def check(who: Actor, token: str) -> int | None:
    """Check the whole file: at once (None), or by a job (its number) when it is large."""
    asked = _asked(who, token)
    if asked["size"] > AT_ONCE:
        return _queue(who, token, CHECK_JOB, CHECKING)
    check_now(who, token)
    return None


@command("exchange.import", roles=SENDERS)
def _queue(ctx: Context, token: str, kind: str, state: str, reason: str = "") -> int:
    upload = _editable(ctx, token)
    upload.state, upload.reason = state, reason
    upload.job_id = enqueue(ctx, kind, {"upload": upload.id}, scope=f"upload {upload.id}").id
    return upload.job_id


def check_now(who: Actor | Context, token: str) -> dict[str, Any]:
    """Read and check the file, and keep what was found with the upload."""
    asked, began = _asked(_person(who), token), time.monotonic()
    deliveries: list[Delivery] = []
    problem: FileProblem | None = None
    source, month, county, kind, mapping = asked["what"]
    try:
        if archives.is_archive(asked["path"]):
            with archives.unpacked(asked["path"]) as members:
                for m in members:
                    read = confined.read_confined(
                        m.path, m.source or source, m.month if month is None else month, county or m.county, kind or m.kind, mapping
                    )
                    archives.check_totals(m, read.meta.rows, read.meta.sum_amount, read.meta.rejected)
                    deliveries.append(read)
        else:
            deliveries.append(confined.read_confined(asked["path"], *asked["what"]))
    except FileProblem as found:
        problem = found
    return _found(who, token, deliveries, problem, time.monotonic() - began)


@command("exchange.import", roles=SENDERS)
def _found(ctx: Context, token: str, deliveries: list[Delivery], problem: FileProblem | None, seconds: float) -> dict[str, Any]:
    upload = own_upload(ctx, token)
    found: dict[str, Any] = {"problem": [problem.code, str(problem)] if problem else None, "seconds": round(seconds, 2), "files": len(deliveries)}
    for name in ("rows", "accepted", "noticed", "rejected", "sum_amount"):
        found[name] = sum(getattr(d.meta, name) for d in deliveries)
    found["encoding"] = "、".join(sorted({d.meta.encoding for d in deliveries} - {""}))
    found["what"] = [_what(d) for d in deliveries]
    found["notices"] = [[n.code, n.what, n.fix] for d in deliveries for n in d.notices]
    found["findings"] = [
        {"level": f.level, "code": f.code, "label": f.label, "count": f.count, "message": f.message, "fix": f.fix, "rows": f.rows}
        for d in deliveries
        for f in findings(d.issues, d.layout)
    ]
    found["concerns"] = [[c.code, c.text] for d in deliveries for c in concerns(ctx.session, d)]
    standing = [_standing(ctx, d, upload.mode) for d in deliveries]
    found["blocked"] = [text for text, _ in standing if text]
    found["duplicate_of"] = next((number for _, number in standing if number), None)
    if upload.mapping_id is not None and not problem:
        mappings.note_test(ctx, ctx.get(ExchangeMapping, upload.mapping_id), found["rows"], found["accepted"])
    upload.found, upload.state = found, CHECKED
    ctx.audit("upload.checked", upload, rows=found["rows"], accepted=found["accepted"], rejected=found["rejected"])
    return found


def _what(d: Delivery) -> str:
    month = roc.show_month(d.meta.month) if d.meta.month is not None else ""
    return "　".join(part for part in (codes.COUNTIES.get(d.meta.county or "", ""), month, LAYOUTS[d.meta.source].label, codes.KINDS.get(d.meta.kind or "", "")) if part)


def _standing(ctx: Context, d: Delivery, mode: str) -> tuple[str, int | None]:
    """(why it cannot be sent in this mode, the batch that has the same content)."""
    slot = slot_of(d.meta.source, d.meta.county, d.meta.month, d.meta.kind)
    base = ctx.session.scalars(
        select(Batch).where(Batch.slot == slot, Batch.state == ACCEPTED).order_by(Batch.id.desc()).limit(1)
    ).one_or_none()
    if base is not None and base.content_sha256 == d.meta.content_sha256:
        return "", base.id
    if mode == "new" and base is not None and d.meta.source == "roster":
        return f"已有第 {base.id} 批：只送更正的列請改選「補正更正列」，整份更換請改選「全檔取代」。", None
    if mode == "supplement" and base is None:
        return "還沒有可以補正的批次；請改選「新送件」上傳整個檔案。", None
    return "", None


# --- taking it in ----------------------------------------------------------------------------------------------------


def confirm(who: Actor, token: str, reason: str = "") -> BatchResult | int:
    """Take the checked file in: at once (the result), or by a job (its number). Raises NeedsReason, Refused."""
    asked = _asked(who, token)
    if asked["state"] != CHECKED:
        raise Refused("請先完成檢核，再確認送件", "E-UPL-STATE")
    if asked["size"] > AT_ONCE:
        _needs_reason(who, token, reason)
        return _queue(who, token, IMPORT_JOB, IMPORTING, reason.strip())
    return import_now(who, token, reason)


@command("exchange.import", roles=SENDERS)
def _needs_reason(ctx: Context, token: str, reason: str) -> None:
    found = own_upload(ctx, token).found or {}
    if found.get("concerns") and not reason.strip():
        raise NeedsReason([exchange.Concern(*c) for c in found["concerns"]])


def import_now(who: Actor | Context, token: str, reason: str = "") -> BatchResult:
    """Take the file in and close the upload. Doing it twice gives the same batch, recognised by its content."""
    asked = _asked(_person(who), token)
    source, month, county, kind, mapping = asked["what"]
    result = exchange.import_file(
        who, source, asked["path"], county, month, kind, asked["mode"], mapping, asked["file_name"],
        reader=confined.read_confined, confirm=True, reason=reason,
    )  # fmt: skip
    _close(who, token, result.batch_no, result.problem is None and bool(result.accepted), reason)
    return result


@command("exchange.import", roles=SENDERS)
def _close(ctx: Context, token: str, batch_no: int | None, good: bool, reason: str) -> None:
    upload = own_upload(ctx, token)
    upload.batch_id, upload.state, upload.reason = batch_no, DONE, reason.strip()
    if good and upload.mapping_id is not None:
        try:
            mappings.put_to_use(ctx, ctx.get(ExchangeMapping, upload.mapping_id, lock=True))
        except CommandError:  # another version came into use meanwhile; the file is in all the same
            return


@command("exchange.import", roles=SENDERS)
def token_of(ctx: Context, upload_id: int) -> tuple[str, str]:
    """(token, reason) of the person's upload, for the job that works on it."""
    upload = ctx.get(Upload, upload_id)
    return own_upload(ctx, upload.token).token, upload.reason


@command("exchange.import", roles=SENDERS)
def reopen(ctx: Context, upload_id: int) -> None:
    """A job could not go on: the person decides again."""
    upload = ctx.get(Upload, upload_id)
    if upload.state in (CHECKING, IMPORTING):
        upload.state = CHECKED if upload.found else OPEN
        ctx.audit("upload.reopened", upload, state=upload.state)
