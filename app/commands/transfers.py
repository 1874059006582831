"""Files that arrive without a person at a screen: by a county system's token or in a drop folder (`sftp_sources`: fetched). Every transfer is hashed, logged, kept."""

import datetime as dt
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.exchange import codes, confined, sftp, store
from app.exchange.layouts import LAYOUTS
from app.exchange.mapping import Mapping
from app.models.transfer import Transfer, UploadToken
from app.security import scope
from app.security.actor import Actor
from app.security.roles import COUNTY_SUPERVISOR, MINISTRY_OFFICER

from . import exchange
from .base import CommandError, Context, Refused, command
from .deliveries import SENDERS, home
from .exchange import BatchResult

KEEPERS: Final = (COUNTY_SUPERVISOR, MINISTRY_OFFICER)
LARGEST: Final = 50 << 20  # bytes the endpoint reads while the county's system waits
PER_MINUTE: Final = 30  # transfers of one token
LONGEST: Final = 730  # days a token may be valid
STABLE: Final = 60  # seconds a dropped file must have been left alone


# --- tokens ----------------------------------------------------------------------------------------------------------


@command("exchange.token", roles=KEEPERS)
def make_token(ctx: Context, label: str, days: int, county: str | None = None) -> tuple[int, str]:
    """A token for a county's system; (its number, the token itself, which is not kept and cannot be shown again). Raises Refused."""
    if not current_app.config["OUTGOING"]:
        raise Refused("訓練環境不與其他系統介接，不能建立權杖", "E-TRAINING")
    own = ctx.actor.scope.county_code or county or ""
    if own not in codes.COUNTIES or (county and county != own):
        raise Refused("請選擇縣市；縣市人員只能為自己的縣市建立介接權杖", "E-TOK-COUNTY")
    if not label.strip():
        raise Refused("請填使用這個權杖的系統名稱，例如「縣府福利系統」", "E-TOK-LABEL")
    if not 1 <= days <= LONGEST:
        raise Refused(f"有效天數請填 1 到 {LONGEST}", "E-TOK-DAYS")
    token = f"swis_{secrets.token_urlsafe(32)}"
    row = UploadToken(
        county_code=own, label=label.strip()[:60], token_sha256=_digest(token), created_at=ctx.now, created_by=ctx.actor.display[:128],
        expires_on=clock.today() + dt.timedelta(days=days),
    )  # fmt: skip
    ctx.session.add(row)
    ctx.audit("token.made", row, label=row.label, expires_on=row.expires_on.isoformat())
    return row.id, token


@command("exchange.token", roles=KEEPERS)
def revoke_token(ctx: Context, token_id: int, comment: str = "") -> None:
    """From now on the token is worthless."""
    row = ctx.get(UploadToken, token_id, lock=True)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = ctx.now, ctx.actor.display[:128]
        ctx.audit("token.revoked", row, comment=comment)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Sender:
    """Who a token speaks for."""

    token_id: int
    county: str
    actor: Actor


def sender_of(session: Session, token: str) -> Sender | None:
    """Whom a token speaks for; None when it is not valid now. The county is the token's, whatever the request says."""
    if not current_app.config["OUTGOING"]:
        return None
    with scope.use(scope.SYSTEM):
        row = session.scalars(select(UploadToken).where(UploadToken.token_sha256 == _digest(token))).one_or_none()
        if row is None or row.revoked_at is not None or row.expires_on < clock.today():
            return None
        return Sender(row.id, row.county_code, for_county(f"介接：{row.label}", row.county_code))


def for_county(name: str, county: str | None) -> Actor:
    """An actor that may do nothing but import, and that for one county (None: the national registers)."""
    reach = scope.Scope("county", county) if county else scope.SYSTEM
    return Actor(None, name, name, codes.COUNTIES.get(county or "", "系統"), reach, frozenset({"exchange.import"}))


def too_many(session: Session, sender: Sender) -> bool:
    """Has the token been used more often than it may in the last minute?"""
    since = clock.now() - dt.timedelta(minutes=1)
    with scope.use(scope.SYSTEM):
        used = session.scalar(select(func.count()).where(Transfer.token_id == sender.token_id, Transfer.received_at > since)) or 0
    return used >= PER_MINUTE


def receive(
    sender: Sender, path: Path, file_name: str, source: str, month: int | None, kind: str | None, mode: str, reason: str
) -> tuple[BatchResult | None, str, str]:
    """Take in a file a county's system sent; (the result, code, sentence): code empty when it was taken in."""
    return take(sender.actor, "endpoint", path, file_name, source, sender.county, month, kind, mode, reason, sender.token_id)


def take(
    actor: Actor, channel: str, path: Path, file_name: str, source: str, county: str | None, month: int | None, kind: str | None, mode: str,
    reason: str, token_id: int | None = None, remote: str | None = None, mapping: Mapping | None = None,
) -> tuple[BatchResult | None, str, str]:  # fmt: skip
    """Keep a file, take it in, log the transfer; (the result, code, sentence): code empty when it was taken in."""
    kept, digest = store.keep(path, home())
    result: BatchResult | None = None
    try:
        result = exchange.import_file(
            actor, source, kept, county, month, kind, mode, mapping, file_name, reader=confined.read_confined, confirm=True, reason=reason
        )
        code, text = result.problem or ("", "")
        if not code and not result.accepted and result.duplicate_of is None:
            code, text = "all_rejected", "全部的列都未通過檢核；請依退回列的說明更正後整份重送。"
    except CommandError as error:
        code, text = error.code, error.message
    outcome = "refused" if code else "duplicate" if result is not None and result.duplicate_of is not None else "taken"
    _log(
        actor, channel=channel, source=source[:30], file_name=file_name[-200:], size=path.stat().st_size, file_sha256=digest,
        path=str(kept.relative_to(home())), outcome=outcome, code=code, message=text, batch_id=result.batch_no if result else None,
        token_id=token_id, county_code=county or "", remote=remote,
    )  # fmt: skip
    return result, code, text


@command("exchange.import", roles=SENDERS)
def _log(ctx: Context, **columns: Any) -> None:
    row = Transfer(received_at=ctx.now, **columns)
    ctx.session.add(row)
    if row.token_id is not None:
        ctx.get(UploadToken, row.token_id).used_at = ctx.now
    ctx.audit("transfer.received", row, channel=row.channel, outcome=row.outcome, code=row.code, file_sha256=row.file_sha256)


# --- drop folders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dropped:
    """A file that waits in a drop folder: `<source>/file` for a national register, `roster/<county>/file` for a county."""

    path: Path
    source: str
    county: str | None


def drop_folder() -> Path:
    return Path(current_app.config["DROP_FOLDER"])


def make_folders() -> None:
    """The folders people and programs drop files into."""
    for source in LAYOUTS:
        for place in (f"roster/{county}" for county in codes.COUNTIES) if source == "roster" else (source,):
            (drop_folder() / place).mkdir(parents=True, exist_ok=True)


def waiting(now: float | None = None) -> Iterator[Dropped]:
    """Files left alone for a while, in name order. Half-written ones, links and what lies elsewhere are not touched."""
    moment = time.time() if now is None else now
    for source in LAYOUTS:
        folder = drop_folder() / source
        for place, county in [(folder / c, c) for c in codes.COUNTIES] if source == "roster" else [(folder, None)]:
            if not place.is_dir() or place.is_symlink():
                continue
            for path in sorted(place.iterdir()):
                if path.is_symlink() or not path.is_file() or path.name.startswith((".", "~$")) or path.suffix.lower() in sftp.HALF_WRITTEN:
                    continue
                if moment - path.stat().st_mtime >= STABLE:
                    yield Dropped(path, source, county)


def mode_of(path: Path) -> str:
    """How a file is meant by its name: one ending in `_supplement` or `_replacement` says so."""
    return next((m for m in ("supplement", "replacement") if path.stem.lower().endswith((f"_{m}", f".{m}"))), "new")


def take_dropped(found: Dropped) -> tuple[str, str]:
    """Take one dropped file in; (code, sentence), empty when it was. The file leaves the folder: its bytes are in the store; a refused
    one stands in `_refused` with the reason beside it, returned rows stand in `_returned`. A name ending in `_supplement` or
    `_replacement` says how it is meant."""
    before = found.path.stat()
    mode = mode_of(found.path)
    result, code, text = take(for_county("收件匣", found.county), "folder", found.path, found.path.name, found.source, found.county, None, None, mode, "")
    after = found.path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):  # written again meanwhile: the next look takes it
        return code, text
    if code:
        aside = _aside(found.path, "_refused")
        shutil.move(found.path, aside)
        aside.with_name(aside.name + ".原因.txt").write_text(f"{text}\n錯誤代碼：{code}\n", encoding="utf-8-sig")
    else:
        os.unlink(found.path)
    if result is not None and result.error_file is not None:
        back = _aside(found.path.with_name(f"{found.path.stem}_錯誤{result.error_file.suffix}"), "_returned")
        shutil.copyfile(result.error_file, back)
    return code, text


def _aside(path: Path, folder: str) -> Path:
    """A free place in a folder beside the file."""
    place = path.parent / folder
    place.mkdir(exist_ok=True)
    stamp = clock.to_taipei(clock.now()).strftime("%Y%m%d-%H%M%S")
    target = place / f"{stamp}_{path.name}"
    return target if not target.exists() else place / f"{stamp}-{secrets.token_hex(2)}_{path.name}"
