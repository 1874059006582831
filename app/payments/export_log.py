"""What was ever sent, kept outside the database: after a backup is restored it still says which registers already left.

One JSON line per file, appended under a lock and forced to disk before the database says "filed".
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One file that left. `payer` = county or township code; `content_hash` = the freeze of the register."""

    at: str
    run_no: str
    payer: str
    benefit: str
    month: int
    kind: str
    content_hash: str
    file: str
    sha256: str
    count: int
    total: int


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Add entries that are not in the log yet, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(fd, "r+", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        have = {(e.run_no, e.sha256) for e in _parse(log)}
        for entry in entries:
            if (entry.run_no, entry.sha256) not in have:
                log.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
        log.flush()
        os.fsync(log.fileno())


def read(path: Path) -> list[Entry]:
    """Everything in the log, oldest first; a line cut off by a power failure at the very end is left out."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as log:
        return _parse(log)


def _parse(lines: Iterable[str]) -> list[Entry]:
    out = []
    for line in lines:
        if line.endswith("\n"):
            out.append(Entry(**json.loads(line)))
    return out


def unknown(entries: Iterable[Entry], payer: str, benefit: str, month: int, known: Mapping[str, str]) -> list[Entry]:
    """Files of this payer, benefit and month that left, although the database has no such register released: a restored backup.

    `known`: run_no → content hash of the registers the database has as released or sent.
    """
    return [e for e in entries if (e.payer, e.benefit, e.month) == (payer, benefit, month) and known.get(e.run_no) != e.content_hash]
