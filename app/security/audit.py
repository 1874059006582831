"""The audit chain: append in the same transaction as the change, verify from the first entry to the head."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.audit import AuditEntry, AuditHead

GENESIS = "0" * 64


@dataclass(frozen=True)
class Draft:
    """What happened, before it has a place in the chain. `details` must be JSON and hold no personal data in clear."""

    event: str
    subject_table: str
    subject_id: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Break:
    """One place where the chain does not hold."""

    seq: int
    reason: str


def _digest(key: str, prev: str, entry: AuditEntry) -> str:
    body = json.dumps(
        [
            prev,
            entry.seq,
            entry.at.isoformat(),
            entry.actor_id,
            entry.actor,
            entry.office,
            entry.event,
            entry.subject_table,
            entry.subject_id,
            entry.details,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()


def canonical(details: dict[str, Any]) -> str:
    return json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def append(session: Session, key: str, drafts: list[Draft], *, actor_id: int | None, actor: str, office: str) -> None:
    """Append to the chain. Takes the head row's lock, so call it as the last thing before the commit."""
    if not drafts:
        return
    head = session.execute(
        select(AuditHead).where(AuditHead.id == 1).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
    for draft in drafts:
        entry = AuditEntry(
            seq=head.seq + 1,
            at=clock.now(),
            actor_id=actor_id,
            actor=actor,
            office=office,
            event=draft.event,
            subject_table=draft.subject_table,
            subject_id=draft.subject_id,
            details=canonical(draft.details),
            prev_hash=head.hash,
        )
        entry.hash = _digest(key, head.hash, entry)
        session.add(entry)
        head.seq, head.hash = entry.seq, entry.hash
    session.flush()


def verify(session: Session, key: str) -> Iterator[Break]:
    """Every break of the chain: a changed, missing, inserted or reordered entry, a cut tail."""
    prev, expected = GENESIS, 1
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=5000)):
        if entry.seq != expected:
            yield Break(expected, f"缺少第 {expected} 筆（下一筆是第 {entry.seq} 筆）")
        if entry.prev_hash != prev:
            yield Break(entry.seq, f"第 {entry.seq} 筆與前一筆不相連")
        if not hmac.compare_digest(entry.hash, _digest(key, entry.prev_hash, entry)):
            yield Break(entry.seq, f"第 {entry.seq} 筆的內容被改過")
        prev, expected = entry.hash, entry.seq + 1
    head = session.get(AuditHead, 1)
    if head is None:
        yield Break(0, "稽核軌跡的起點不見了")
    elif (head.seq, head.hash) != (expected - 1, prev):
        yield Break(head.seq, f"軌跡應到第 {head.seq} 筆，實際到第 {expected - 1} 筆")
