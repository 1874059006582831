"""Files of the exchange in `flask swis verify`: what the database names is there, and what nobody names is set aside."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.exchange import Batch
from app.models.old_register import OldRegisterImport
from app.models.transfer import Transfer
from app.models.upload import ABANDONED, Upload

from .deliveries import home
from .verify import invariant

FOLDERS: Final = ("received", "errors", "snapshots")
ASIDE: Final = "orphans"
OLD: Final = 24 * 3600  # seconds; younger files may belong to an import under way


def named(session: Session) -> set[str]:
    """Every file the database names, relative to the installation's folder. Abandoned uploads name none."""
    out: set[str] = set()
    for raw, snapshot, error in session.execute(select(Batch.raw_path, Batch.snapshot_path, Batch.error_path)):
        out |= {path for path in (raw, snapshot, error) if path}
    out |= set(session.scalars(select(Upload.path).where(Upload.state != ABANDONED)))
    out |= set(session.scalars(select(OldRegisterImport.path).where(OldRegisterImport.state != "dropped")))
    out |= set(session.scalars(select(Transfer.path).where(Transfer.path != "")))
    return out


def sweep(session: Session, now: float | None = None) -> list[str]:
    """Set aside what an interrupted import or an abandoned upload left behind; their places. Nothing is deleted but half-written parts:
    a database restored from an older backup finds the younger files again under `orphans`."""
    moment, wanted, moved = time.time() if now is None else now, named(session), []
    for folder in FOLDERS:
        for path in sorted((home() / folder).rglob("*")):
            if not path.is_file() or path.is_symlink() or moment - path.stat().st_mtime < OLD:
                continue
            place = str(path.relative_to(home()))
            if ".part" in path.suffixes and path.name.startswith("."):
                path.unlink(missing_ok=True)
            elif place not in wanted:
                target = home() / ASIDE / place
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
            else:
                continue
            moved.append(place)
    return moved


@invariant("exchange_files", "收到的檔案與退回列檔都在，沒有無主的檔案留在收件區")
def _files(session: Session) -> Iterator[str]:
    for number, raw, error in session.execute(select(Batch.id, Batch.raw_path, Batch.error_path)):
        yield from (f"第 {number} 批的檔案 {Path(path).name[:16]}… 遺失" for path in (raw, error) if path and not (home() / path).is_file())
    for place in session.scalars(select(Upload.path).where(Upload.state.not_in((ABANDONED, "done")))):
        if not (home() / place).is_file():
            yield f"上傳中的檔案 {Path(place).name[:16]}… 遺失"
    sweep(session)
    wanted = named(session)
    for folder in FOLDERS:
        for path in (home() / folder).rglob("*"):
            if path.is_file() and time.time() - path.stat().st_mtime >= OLD and str(path.relative_to(home())) not in wanted:
                yield f"{folder} 內有無法移開的無主檔案 {path.name[:16]}…"
