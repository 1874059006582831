"""The history of a record in words: the moves of its lifecycle and its entries in the audit trail, newest first."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.lifecycle import Lifecycle, history
from app.core import roc
from app.models.audit import AuditEntry, Step
from app.security.access import subject_of

from .base_values import choices_of, column_at, kind_of, label_at, show

LIMIT = 50
SAME = dt.timedelta(minutes=1)
"""A move and its audit entry are of one transaction; the entry is written at its end."""

_event_names: dict[str, Any] = {}
_record_names: dict[str, Any] = {}


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a history. `title` says what happened; `details` are (label, text) pairs; `tone`: good | bad | empty."""

    at: dt.datetime
    who: str
    title: str
    details: Sequence[tuple[str, str]] = ()
    comment: str = ""
    tone: str = ""


def name_events(names: Mapping[str, Any]) -> None:
    """What audit events are called in a history: {"person.moved": _l("Moved to another township")}."""
    _event_names.update(names)


def name_records(table: str, name: Any) -> None:
    """What the rows of a table are called in the logs; the first screen of a table says it."""
    _record_names.setdefault(table, name)


class _Events(dict[str, Any]):
    """Event → title, for every event there is."""

    def get(self, event: str, default: Any = None) -> Any:
        return event_title(event)


def event_names() -> Mapping[str, Any]:
    """The titles of all audit events, for lists and search."""
    return _Events(_event_names)


class _Records(dict[str, Any]):
    """Table → what its rows are called, for every table there is."""

    def get(self, table: str, default: Any = None) -> Any:
        return _record_names.get(table, "其他資料")


def record_names() -> Mapping[str, Any]:
    """table → what its rows are called."""
    return _Records(_record_names)


def timeline(session: Session, obj: Any, lifecycle: Lifecycle | None = None, limit: int = LIMIT) -> list[TimelineEntry]:
    """The record's history. An audit entry that a move has already told is not told again."""
    table, pk = subject_of(obj)
    moves = history(session, obj) if lifecycle is not None and pk.isdigit() else []
    told = [(f"{table}.{m.move}", m.at) for m in moves]
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.subject_table == table, AuditEntry.subject_id == pk).order_by(AuditEntry.seq.desc()).limit(limit)
    )
    lines = [_of_move(m, lifecycle) for m in reversed(moves)]
    lines += [_of_entry(e, type(obj)) for e in entries if not any(e.event == event and abs(e.at - at) < SAME for event, at in told)]
    return _folded(sorted(lines, key=lambda line: line.at, reverse=True)[:limit])


def _folded(lines: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """The same thing done again and again by one person is one line with its number."""
    found: list[TimelineEntry] = []
    for _, group in groupby(lines, key=lambda line: (line.title, line.who, line.comment, tuple(line.details))):
        first, *more = group
        found.append(replace(first, title=f"{first.title}（{len(more) + 1} 次）") if more else first)
    return found


def _of_move(step: Step, lifecycle: Lifecycle | None) -> TimelineEntry:
    move = lifecycle.moves.get(step.move) if lifecycle else None
    names = lifecycle.labels if lifecycle else {}
    tone = "bad" if move is not None and move.style == "danger" else "good" if move is not None and move.style == "primary" else ""
    title = f"{move.label if move else step.move}：{names.get(step.from_state, step.from_state)} → {names.get(step.to_state, step.to_state)}"
    return TimelineEntry(step.at, step.actor, title, comment=step.comment or "", tone=tone)


def _of_entry(entry: AuditEntry, model: type[Any]) -> TimelineEntry:
    details = json.loads(entry.details or "{}")
    pairs = [_pair(model, key, value) for key, value in details.items()] if isinstance(details, dict) else []
    return TimelineEntry(entry.at, f"{entry.actor}（{entry.office}）", event_title(entry.event), [p for p in pairs if p[1]])


def event_title(event: str) -> str:
    """The name of an audit event; a plain "changed" when nobody named it."""
    return str(_event_names.get(event, "資料異動"))


def _pair(model: type[Any], key: str, value: Any) -> tuple[str, str]:
    label = label_at(model, key)
    if label is None:
        return (key, "")
    column = column_at(model, key)
    if isinstance(value, list) and len(value) == 2:
        before, after = (show(_dated(v, column), column) or "（空白）" for v in value)
        return (str(label), f"{before} → {after}")
    coded = choices_of(column)
    return (str(label), "" if coded and value not in coded else show(_dated(value, column), column))


def _dated(value: Any, column: Any) -> Any:
    """Days and months stand in the trail as text (1150901, 11509): back to what they are, so that they are shown like everywhere else."""
    read = {"date": roc.parse_date, "month": roc.parse_month}.get(kind_of(column)) if column is not None else None
    try:
        return read(value) if read and isinstance(value, str) and value else value
    except roc.RocError:
        return value
