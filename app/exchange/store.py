"""Files kept: what was received, byte for byte, and the error files sent back. Named by content, written whole or not at all."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

_SUFFIXES: Final = (".csv", ".txt", ".xlsx", ".ods", ".zip")
_BLOCK: Final = 1 << 20


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut (folders cannot be opened on Windows, where senders check their files)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def keep(path: Path, home: Path) -> tuple[Path, str]:
    """Copy a received file into the store while hashing it; (its place, SHA-256). The same bytes are stored once."""
    folder = home / "received"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{secrets.token_hex(8)}.part"
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, part.open("wb") as target:
            while block := source.read(_BLOCK):
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        suffix = path.suffix.lower() if path.suffix.lower() in _SUFFIXES else ".dat"
        place = folder / f"{digest.hexdigest()}{suffix}"
        if place.exists():
            os.utime(place)  # received anew: the sweep leaves it alone
        else:
            part.rename(place)
            sync_folder(folder)
    finally:
        part.unlink(missing_ok=True)
    return place, digest.hexdigest()


def _room(target: Path) -> None:
    """OSError (no space, over quota) when nothing more can be written beside `target`."""
    probe = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * (64 << 10))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def write_whole(target: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` make a file, then put it in its place at once. `write` gets a path with the same suffix."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part{target.suffix}")
    try:
        try:
            write(part)
        except OSError:
            raise
        except Exception:  # the libraries that write Parquet and workbooks have errors of their own for a full disk
            _room(target)
            raise
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return target
