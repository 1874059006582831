"""ZIP archives of data files with a `manifest.json`.

manifest.json: {"county": "10004", "month": "09803", "files": [{"name": "…csv", "source": "roster", "kind": "…", "rows": 182,
"amount": 762000, "sha256": "…"}]}; everything but `name` may be left out. Without a manifest every data file is taken.
"""

import hashlib
import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from app.core import roc

from . import spreadsheets
from .messages import FileProblem
from .readers import LARGEST, carrier_of

MANIFEST: Final = "manifest.json"
_DATA: Final = (".csv", ".txt", ".xlsx", ".ods")
_RATIO: Final = 100


@dataclass(frozen=True)
class Member:
    """A data file of an archive, unpacked at `path`, and what the manifest says of it."""

    name: str
    path: Path
    source: str | None = None
    county: str | None = None
    month: int | None = None
    kind: str | None = None
    rows: int | None = None
    amount: int | None = None


def is_archive(path: Path) -> bool:
    """Is it a ZIP that is not a workbook? FileProblem for files that are not taken at all."""
    return carrier_of(path) == "zip"


@contextmanager
def unpacked(path: Path) -> Iterator[list[Member]]:
    """The archive's data files, unpacked into a folder that is gone afterwards. FileProblem when it is unsafe or not as the
    manifest says; nothing is ever written outside that folder, because members get names of our own."""
    spreadsheets.guard(path, _RATIO)
    with tempfile.TemporaryDirectory(prefix="swis-zip-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                members = _members(archive, Path(folder))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
            raise FileProblem("carrier_broken") from None
        yield members


def _members(archive: zipfile.ZipFile, folder: Path) -> list[Member]:
    infos: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if info.is_dir() or name.name.startswith(("._", ".DS_Store")) or "__MACOSX" in name.parts:
            continue
        linked = stat.S_ISLNK(info.external_attr >> 16)
        known = name.name == MANIFEST or name.suffix.lower() in _DATA
        if name.is_absolute() or ".." in name.parts or linked or not known or info.filename in infos:
            raise FileProblem("zip_unsafe", name=name.name[:60])
        if info.flag_bits & 1:
            raise FileProblem("zip_encrypted")
        infos[info.filename] = info
    data = {name: info for name, info in infos.items() if not name.endswith(MANIFEST)}
    if not data:
        raise FileProblem("zip_empty")
    manifest = next((archive.read(info) for name, info in infos.items() if name.endswith(MANIFEST)), None)
    paths = {
        name: _extract(archive, info, folder / f"{i}{PurePosixPath(name).suffix.lower()}") for i, (name, info) in enumerate(data.items())
    }
    if manifest is None:
        return [Member(PurePosixPath(name).name, path) for name, path in sorted(paths.items())]
    return _by_manifest(manifest, {PurePosixPath(name).name: path for name, path in paths.items()})


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> Path:
    """Unpack one member, never more than it said and never more than a file may have."""
    left = min(info.file_size, LARGEST)
    with archive.open(info) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
        if out.tell() > left:
            raise FileProblem("zip_bomb", size=f"{out.tell() >> 20} MB")
    return target


def _by_manifest(data: bytes, paths: dict[str, Path]) -> list[Member]:
    try:
        said = json.loads(data.decode("utf-8-sig"))
        files = said["files"]
        month = roc.parse_month(str(said["month"])) if said.get("month") else None
        members = [_member(entry, said, month, paths) for entry in files]
    except FileProblem:
        raise
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise FileProblem("manifest_form", detail="不是 UTF-8 的 JSON") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise FileProblem("manifest_form", detail="缺少 files 或內容的型別不對") from None
    listed = {member.name for member in members}
    if extra := sorted(set(paths) - listed):
        raise FileProblem("manifest_form", detail=f"沒有列出檔案 {extra[0][:60]}")
    return members


def _member(entry: dict[str, Any], said: dict[str, Any], month: int | None, paths: dict[str, Path]) -> Member:
    name = str(entry["name"])
    path = paths.get(name)
    if path is None:
        raise FileProblem("manifest_missing_file", name=name[:60])
    if entry.get("sha256"):
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != str(entry["sha256"]).lower():
                raise FileProblem("manifest_sha256", name=name[:60])
    rows, amount = entry.get("rows"), entry.get("amount")
    return Member(
        name,
        path,
        entry.get("source") or said.get("source"),
        entry.get("county") or said.get("county"),
        month,
        entry.get("kind") or said.get("kind"),
        int(rows) if rows is not None else None,
        int(amount) if amount is not None else None,
    )


def check_totals(member: Member, rows: int, amount: int, rejected: int) -> None:
    """Compare with what the manifest says. The amount is compared when no row was rejected. FileProblem."""
    if member.rows is not None and member.rows != rows:
        raise FileProblem("manifest_rows", name=member.name, rows=rows, expected=member.rows)
    if member.amount is not None and not rejected and member.amount != amount:
        raise FileProblem("manifest_amount", name=member.name, amount=f"{amount:,}", expected=f"{member.amount:,}")
