"""Taking files in: one file, an archive, a folder. What is in force afterwards: `deliveries`.

The file is read and checked before the transaction begins; the transaction only writes the batch. What is stored beside the database
(the received file, the snapshot, the error file) is named by its content, so a repeated or interrupted import leaves nothing wrong.
"""

import errno
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import select

from app.core import roc
from app.exchange import archives, codes, snapshots, store
from app.exchange import mapping as mappings
from app.exchange.canonical import content_sha256
from app.exchange.confined import read_confined
from app.exchange.delivery import Delivery, folder_files, read_delivery
from app.exchange.error_file import suffix, write_error_file
from app.exchange.layouts import LAYOUTS
from app.exchange.messages import FileProblem
from app.exchange.summary import findings
from app.models.exchange import ACCEPTED, REJECTED, SUPERSEDED, Batch, BatchError
from app.security.actor import Actor

from .arrivals import arrived
from .base import Conflict, Context, Forbidden, Refused, command
from .concerns import Concern, concerns
from .deliveries import SENDERS, base_of, county_for, received, slot_of
from .deliveries import current_snapshots as current_snapshots
from .deliveries import home as home

MODES: Final = ("new", "supplement", "replacement")
_AHEAD: Final = 2  # files of a folder read while one is taken in
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
Reader = Callable[..., Delivery]


class NeedsReason(Refused):
    """The delivery is remarkable; whoever sends it has to confirm it with a reason."""

    def __init__(self, found: list[Concern]) -> None:
        super().__init__("請確認下列事項並填寫理由後再送：" + " ".join(c.text for c in found), "E-EXC-CONFIRM")
        self.concerns = found


@dataclass
class BatchResult:
    """What became of one file. `problem` is set when the whole file was refused (nothing taken in)."""

    batch_no: int | None
    source: str
    county: str | None
    month: int | None
    kind: str | None
    file_name: str
    state: str = REJECTED
    rows: int = 0
    accepted: int = 0
    noticed: int = 0
    rejected: int = 0
    sum_amount: int = 0
    snapshot_rows: int = 0
    duplicate_of: int | None = None
    supersedes: int | None = None
    problem: tuple[str, str] | None = None
    notices: list[str] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)
    error_file: Path | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The keys the contract pins, and a few more."""
        out = {
            "batch_no": self.batch_no,
            "source": self.source,
            "county": self.county,
            "month": roc.month5(self.month) if self.month is not None else None,
            "kind": self.kind,
            "rows": self.rows,
            "accepted": self.accepted,
            "noticed": self.noticed,
            "rejected": self.rejected,
            "duplicate_of": self.duplicate_of,
            "seconds": round(self.seconds, 3),
            "file": self.file_name,
            "state": self.state,
            "sum_amount": self.sum_amount,
            "snapshot_rows": self.snapshot_rows,
            "supersedes": self.supersedes,
            "notices": self.notices,
            "concerns": [concern.code for concern in self.concerns],
            "error_file": str(self.error_file) if self.error_file else None,
        }
        if self.problem:
            out |= {"error": self.problem[1], "code": self.problem[0]}
        return out


# --- taking a file in ------------------------------------------------------------------------------------------------


def import_file(
    who: Actor | Context,
    source: str,
    path: Path | str,
    county: str | None = None,
    month: int | None = None,
    kind: str | None = None,
    mode: str = "new",
    mapping: mappings.Mapping | None = None,
    file_name: str | None = None,
    *,
    reader: Reader = read_delivery,
    confirm: bool = False,
    reason: str = "",
) -> BatchResult:
    """Read, check and take in one file; `source` empty recognises the record type by the column titles. A ZIP with several
    files is taken in file by file; the result then adds them up.

    `reader` reads one file (`confined.read_confined` for files from outside). With `confirm`, a delivery that is remarkable
    (`concerns`) is refused until a `reason` is given, which the batch keeps.
    A file refused as a whole gives a result with `problem`, and its batch in state `rejected`. Raises Refused, Forbidden.
    """
    actor = who.actor if isinstance(who, Context) else who
    if not actor.can("exchange.import"):
        raise Forbidden("您的角色沒有上傳資料的權限，需要時請洽單位主管設定", "E-PERM")
    if mode not in MODES:
        raise Refused(f"沒有「{mode}」這種送件方式；請用 new、supplement 或 replacement", "E-EXC-MODE")
    county = county_for(actor, source, county)
    path, began = Path(path), time.monotonic()
    name = file_name or path.name
    asked = _Asked(source, county, month, kind, mode, mapping, name, reader, confirm, reason.strip())
    try:
        kept, digest = store.keep(path, home()) if path.is_file() else (path, "")
        return _take_in_kept(who, kept, digest, asked, began)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Refused("磁碟空間不足，這個檔案沒有收下，也沒有留下半個檔案；請系統管理人員清出空間後重送", "E-EXC-DISK") from None


def _take_in_kept(who: Actor | Context, kept: Path, digest: str, asked: "_Asked", began: float) -> BatchResult:
    """What is read is the kept copy: whoever writes over the file meanwhile changes nothing of what is checked and stored."""
    try:
        if kept.is_file() and archives.is_archive(kept):
            with archives.unpacked(kept) as members:
                results = [_take_in(who, *store.keep(member.path, home()), asked.for_member(member), member) for member in members]
            return results[0] if len(results) == 1 else _added_up(results, asked, time.monotonic() - began)
        return _take_in(who, kept, digest, asked, None)
    except FileProblem as problem:
        return _refuse(who, kept, digest, asked, problem, began)


@dataclass(frozen=True)
class _Asked:
    source: str
    county: str | None
    month: int | None
    kind: str | None
    mode: str
    mapping: mappings.Mapping | None
    file_name: str
    reader: Reader = read_delivery
    confirm: bool = False
    reason: str = ""

    def for_member(self, member: archives.Member) -> "_Asked":
        kind = self.kind or member.kind
        return replace(
            self,
            source=member.source or self.source,
            county=self.county or member.county,
            month=self.month if self.month is not None else member.month,
            kind=kind,
            file_name=f"{self.file_name}:{member.name}"[-200:],
        )


def _take_in(who: Actor | Context, raw: Path, digest: str, asked: _Asked, member: archives.Member | None) -> BatchResult:
    began = time.monotonic()
    try:
        delivery = asked.reader(raw, asked.source or None, asked.month, asked.county, asked.kind, asked.mapping)
        if member is not None:
            archives.check_totals(member, delivery.meta.rows, delivery.meta.sum_amount, delivery.meta.rejected)
    except FileProblem as problem:
        return _refuse(who, raw, digest, asked, problem, began)
    delivery.meta.file_name = asked.file_name
    error = _error_file(delivery) if delivery.meta.rejected else None
    try:
        return _accept(who, delivery, asked, raw, error, began)
    except Conflict:  # somebody else handed in for the same slot at the same moment: judge again with theirs in force
        return _accept(who, delivery, asked, raw, error, began)


def _error_file(delivery: Delivery) -> Path:
    meta = delivery.meta
    return write_error_file(delivery, home() / "errors" / f"{meta.file_sha256[:32]}-{meta.content_sha256[:16]}{suffix(delivery)}")


def _refuse(who: Actor | Context, raw: Path, digest: str, asked: _Asked, problem: FileProblem, began: float) -> BatchResult:
    """The file as a whole is refused: kept, and remembered as a rejected delivery."""
    batch_no = _remember_refusal(who, asked, raw, digest, problem) if digest else None
    return BatchResult(
        batch_no,
        asked.source,
        asked.county,
        asked.month,
        asked.kind,
        asked.file_name,
        problem=(problem.code, f"{problem.what}{problem.fix}"),
        seconds=time.monotonic() - began,
    )


@command("exchange.import", roles=SENDERS)
def _remember_refusal(ctx: Context, asked: _Asked, raw: Path, digest: str, problem: FileProblem) -> int:
    source = asked.source if asked.source in LAYOUTS else "roster"
    batch = Batch(
        county_code=asked.county or "",
        source=source,
        kind=asked.kind if asked.kind in codes.KINDS else None,
        month=asked.month,
        slot=slot_of(source, asked.county, asked.month, asked.kind if asked.kind in codes.KINDS else None),
        mode=asked.mode,
        state=REJECTED,
        file_name=asked.file_name[:200],
        file_sha256=digest,
        raw_path=_relative(raw),
        problem=f"{problem.what}{problem.fix}",
        **received(ctx),
    )
    batch.errors = [
        BatchError(county_code=batch.county_code, level="file", code=problem.code, count=1, message=problem.what, fix=problem.fix, rows=[])
    ]
    ctx.session.add(batch)
    ctx.audit("exchange.refused", batch, source=source, code=problem.code, file_sha256=digest)
    return batch.id


@command("exchange.import", roles=SENDERS)
def _accept(ctx: Context, delivery: Delivery, asked: _Asked, raw: Path, error: Path | None, began: float) -> BatchResult:
    meta = delivery.meta
    slot = slot_of(meta.source, meta.county, meta.month, meta.kind)
    result = BatchResult(
        None, meta.source, meta.county, meta.month, meta.kind, asked.file_name,
        rows=meta.rows, accepted=meta.accepted, noticed=meta.noticed, rejected=meta.rejected, sum_amount=meta.sum_amount,
        notices=[f"{n.what}{n.fix}" for n in delivery.notices], error_file=error,
    )  # fmt: skip
    frame, content, base = delivery.frame, meta.content_sha256, base_of(ctx, slot, meta.source, asked.mode)
    if asked.mode == "supplement" and base is not None:
        frame = _merged(base, delivery)
        content = content_sha256(frame, delivery.layout)
    earlier = _same_content(ctx, slot, content, asked.mode == "new" and base is not None and base.state == ACCEPTED)
    if earlier is not None:
        result.batch_no = result.duplicate_of = earlier.id
        result.state, result.snapshot_rows = earlier.state, earlier.snapshot_rows
        by = base.id if earlier.state == SUPERSEDED and base is not None else None
        result.notices.append(f"內容與第 {earlier.id} 批相同，沒有重複收件。" + (f"該批已由第 {by} 批取代，仍以第 {by} 批為準。" if by else ""))
        if earlier.state == ACCEPTED:
            result.notices += arrived(ctx, delivery, frame)
        result.seconds = time.monotonic() - began
        ctx.audit("exchange.duplicate", earlier, file_sha256=meta.file_sha256)
        return result
    if asked.mode == "new" and base is not None and meta.source == "roster" and base.state == ACCEPTED:
        raise Refused(
            f"這個縣市、月份、資料種類已有第 {base.id} 批；只補送更正的列請用「補正」（supplement），整份更換請用「全檔取代」（replacement）",
            "E-EXC-EXISTS",
        )
    batch = Batch(
        county_code=meta.county or "", source=meta.source, kind=meta.kind if meta.source == "roster" else None, month=meta.month,
        slot=slot, mode=asked.mode, state=ACCEPTED if meta.accepted else REJECTED, file_name=asked.file_name[:200],
        file_sha256=meta.file_sha256, content_sha256=content, carrier=meta.carrier, encoding=meta.encoding,
        mapping=(asked.mapping.name or None) if asked.mapping else None, rows=meta.rows, accepted=meta.accepted, noticed=meta.noticed,
        rejected=meta.rejected, sum_amount=int(frame["amount"].sum()) if "amount" in frame.columns else 0,
        raw_path=_relative(raw), error_path=_relative(error), **received(ctx),
    )  # fmt: skip
    if meta.accepted:
        result.concerns = concerns(ctx.session, delivery, frame, content)
        result.notices += [concern.text for concern in result.concerns]
        if asked.confirm and result.concerns and not asked.reason:
            raise NeedsReason(result.concerns)
        batch.concerns, batch.reason = [[c.code, c.text] for c in result.concerns], asked.reason
        folder = meta.kind if meta.source == "roster" and meta.kind else meta.source
        batch.snapshot_path = _relative(snapshots.seal(frame, home(), meta.source, folder, content))
        batch.snapshot_rows = frame.height
        _supersede(ctx, base, batch)
    batch.errors = _errors(batch, delivery)
    batch.seconds = round(time.monotonic() - began, 3)
    ctx.session.add(batch)
    ctx.session.flush()
    ctx.audit("exchange.received", batch, source=meta.source, slot=slot, mode=asked.mode, rows=meta.rows, accepted=meta.accepted,
              rejected=meta.rejected, reason=asked.reason or None, file_sha256=meta.file_sha256, content_sha256=content)  # fmt: skip
    result.batch_no, result.state, result.supersedes = batch.id, batch.state, batch.supersedes_id
    result.snapshot_rows, result.seconds = batch.snapshot_rows, batch.seconds
    if meta.accepted:
        result.notices += arrived(ctx, delivery, frame)
    return result


def _relative(path: Path | None) -> str | None:
    return str(path.relative_to(home())) if path else None


def _errors(batch: Batch, delivery: Delivery) -> list[BatchError]:
    out = [
        BatchError(county_code=batch.county_code, level="notice", code=n.code, count=1, message=n.what, fix=n.fix, rows=[])
        for n in delivery.notices
    ]
    out += [
        BatchError(
            county_code=batch.county_code,
            level=f.level,
            code=f.code,
            field=f.field,
            label=f.label,
            count=f.count,
            message=f.message,
            fix=f.fix,
            rows=f.rows,
        )
        for f in findings(delivery.issues, delivery.layout)
    ]
    return out


def _merged(base: Batch, delivery: Delivery) -> pl.DataFrame:
    """The base's rows with the corrected ones put in place of those of the same record number."""
    key = list(delivery.layout.key)
    before = snapshots.read(home() / str(base.snapshot_path))
    return snapshots.conform(pl.concat([before.join(delivery.frame.select(key), on=key, how="anti"), delivery.frame]), delivery.meta.source)


def _same_content(ctx: Context, slot: str, content: str, old: bool) -> Batch | None:
    """An earlier delivery of the same content in the slot: in force, refused row for row, or (`old`) superseded since, for a file
    that is only sent again does not take the newer one out of force. The one in force is named first."""
    states = (ACCEPTED, REJECTED, SUPERSEDED) if old else (ACCEPTED, REJECTED)
    found = select(Batch).where(Batch.slot == slot, Batch.content_sha256 == content, Batch.state.in_(states))
    return ctx.session.scalars(found.order_by(Batch.state, Batch.id.desc()).limit(1)).one_or_none()


def _supersede(ctx: Context, base: Batch | None, batch: Batch) -> None:
    """Take the base out of force where the new delivery stands in its place (before the new one is written: one per slot)."""
    if base is None or (batch.mode == "new" and batch.source != "roster"):
        return
    base.state = SUPERSEDED
    batch.supersedes_id = base.id
    ctx.session.flush()
    ctx.audit("exchange.superseded", base, by_mode=batch.mode)


def _added_up(results: list[BatchResult], asked: _Asked, seconds: float) -> BatchResult:
    """One result for the files of an archive."""
    total = BatchResult(None, asked.source, asked.county, asked.month, asked.kind, asked.file_name, seconds=seconds)
    total.state = ACCEPTED if any(r.state == ACCEPTED for r in results) else REJECTED
    for name in ("rows", "accepted", "noticed", "rejected", "sum_amount", "snapshot_rows"):
        setattr(total, name, sum(getattr(r, name) for r in results))
    for r in results:
        total.batch_no = r.batch_no or total.batch_no
        total.concerns += r.concerns
        total.notices += [f"{r.file_name}：{text}" for text in ([r.problem[1]] if r.problem else r.notices)]
        total.problem = total.problem or r.problem
    if all(r.duplicate_of is not None for r in results):
        total.duplicate_of = total.batch_no
    return total


def import_all(who: Actor | Context, folder: Path | str) -> Iterator[BatchResult]:
    """Take in a folder laid out as `registers/*` and `rosters/<yyyMM>/<county>_<kind>.*`, registers first, then rosters by month.

    Yields the result of each file as it is done; a file that cannot be taken in does not stop the others.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise Refused("找不到資料夾；請確認路徑，內含 registers 與 rosters 兩個資料夾", "E-EXC-FOLDER")
    files = folder_files(folder)
    if not files:
        raise Refused("資料夾內沒有可收的檔案；請把檔案放在 registers 與 rosters/<年月>/ 之下", "E-EXC-FOLDER")
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="read ahead") as readers:
        begun: deque[Future[Delivery]] = deque()
        following = iter(files)
        for source, path, month, county, kind in files:
            for next_source, next_path, next_month, next_county, next_kind in itertools.islice(following, 1 + _AHEAD - len(begun)):
                begun.append(readers.submit(_read_ahead, next_path, next_source or None, next_month, next_county, next_kind))
            try:
                yield import_file(who, source, path, county, month, kind, reader=_from_ahead(path, county, begun.popleft()))
            except Refused as refusal:
                yield BatchResult(None, source, county, month, kind, path.name, problem=(refusal.code, refusal.message))


def _read_ahead(path: Path, source: str | None, month: int | None, county: str | None, kind: str | None) -> Delivery:
    """Read a file while the ones before it are still being taken in, in a process of its own. An archive is left for its turn."""
    if archives.is_archive(path):
        raise OSError(errno.ENOTSUP, "archive")
    return read_confined(path, source, month, county, kind)


def _from_ahead(path: Path, county: str | None, begun: "Future[Delivery]") -> Reader:
    """The reader that hands out what was read ahead, if it is of the very bytes that were kept and asked for the same county."""

    def read(raw: Path, source: str | None, month: int | None, asked: str | None, kind: str | None, mapping: mappings.Mapping | None) -> Delivery:
        try:
            delivery = begun.result()
        except OSError:
            return read_confined(raw, source, month, asked, kind, mapping)
        same = delivery.meta.file_sha256 == raw.stem and asked == county
        return delivery if same else read_confined(raw, source, month, asked, kind, mapping)

    return read
