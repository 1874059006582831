"""What is fetched over SFTP: settings written by one person, tried out, approved by another; and the fetching itself.

The password or key is never in the database or on a screen: the setting names a file in `SFTP_SECRETS/<county or national>/<host>/`, so a
secret serves one county and one host alone, whatever somebody writes into a setting.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.core import clock
from app.core.text import fold
from app.exchange import sftp
from app.exchange.layouts import LAYOUTS
from app.models.mapping import IN_USE as MAPPING_IN_USE
from app.models.mapping import ExchangeMapping
from app.models.sftp_source import DRAFT, ENDED, IN_USE, RHYTHMS, SECRETS, STATES, SftpSource
from app.models.transfer import Transfer
from app.security import scope
from app.security.actor import Actor

from .base import CommandError, Context, Refused, command
from .deliveries import SENDERS, county_for
from .lifecycle import Lifecycle, Move
from .mappings import named
from .transfers import KEEPERS, for_county, mode_of, take

TEST_SECONDS: Final = 8.0  # a person waits
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}$")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,59}$")

SFTP = Lifecycle(
    SftpSource,
    STATES,
    (
        Move(
            "approve", _l("Approve and fetch"), (DRAFT,), IN_USE, "exchange.approve_sftp",
            by="approved_by_id", differs_from=("written_by_id",), style="primary",
        ),
        Move("discard", _l("Discard the draft"), (DRAFT,), ENDED, "exchange.write_sftp", needs_comment=True, style="danger"),
        Move("end", _l("Stop fetching"), (IN_USE,), ENDED, "exchange.write_sftp", needs_comment=True, style="danger"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A setting as it was typed."""

    label: str
    source: str
    host: str
    user: str
    host_key: str
    secret_name: str
    login_by: str = "key"
    port: int | None = 22
    folder: str = "/"
    pattern: str = "*"
    mapping: str = ""
    rhythm: str = "hour"
    at_hour: int | None = 6
    county: str | None = None
    note: str = ""

    def faults(self) -> Iterator[str]:
        """What is wrong with it, each a sentence."""
        if not self.label.strip():
            yield "請填機關名稱，例如「法務部矯正署」"
        if self.source not in LAYOUTS:
            yield "請選擇資料來源"
        if not _HOST.match(self.host) or len(self.host) > 253:
            yield "主機請填主機名稱或 IPv4 位址，例如 sftp.example.gov.tw，不含 sftp:// 與路徑"
        if not 1 <= (self.port or 0) <= 65535:
            yield "連接埠請填 1 到 65535，通常是 22"
        if not _USER.match(self.user):
            yield "請填對方機關給的帳號（英文、數字、. _ - @）"
        if sftp.fingerprint(self.host_key) is None:
            yield "請填對方機關提供的主機金鑰指紋（SHA256: 開頭，43 個字）或整行公開金鑰（ssh-ed25519 AAAA…），沒有它就不能確認連到的是對方"
        if self.login_by not in SECRETS or not _FILE.match(self.secret_name):
            yield "密鑰檔請填檔名（英文、數字、. _ -），不含路徑"
        if not self.folder.startswith("/") or ".." in self.folder.split("/") or not self.folder.isprintable() or len(self.folder) > 200:
            yield "資料夾請填對方主機上的完整路徑，以 / 開頭，不含 .."
        if not self.pattern or "/" in self.pattern or not self.pattern.isprintable() or len(self.pattern) > 80:
            yield "檔名樣式請填檔名，可用 * 與 ?，例如 *.csv"
        if self.rhythm not in RHYTHMS or not 0 <= (-1 if self.at_hour is None else self.at_hour) <= 23:
            yield "請選擇取檔時間；每天一次請填 0 到 23 點"


_FOLDED: Final = ("source", "host", "user", "login_by", "secret_name", "pattern", "rhythm", "county")


def _tidy(given: dict[str, Any]) -> Setting:
    text: dict[str, Any] = {k: fold(v) if k in _FOLDED and v else v.strip() if isinstance(v, str) else v for k, v in given.items()}
    return Setting(**{**text, "host": text["host"].lower(), "host_key": " ".join(fold(text["host_key"]).split()[:2])})  # a comment behind the key goes


@command("exchange.write_sftp", roles=SENDERS)
def save_source(ctx: Context, given: dict[str, Any], source_id: int | None = None, seen_version: int | None = None) -> int:
    """Keep a setting as a draft: a draft is written over, of one in use the draft will take the place. Its key. Raises Refused, Conflict."""
    setting = _tidy(given)
    county = county_for(ctx.actor, setting.source, setting.county or None) or ""
    faults = list(setting.faults())
    if setting.source == "roster" and not county:
        faults.append("縣市名冊要選擇縣市")
    if county and ctx.actor.scope.county_code is None and setting.source != "roster":
        faults.append("全國性的來源不選縣市，縣市自己的來源由縣府設定")
    if setting.mapping and not faults:
        named(ctx, setting.mapping, setting.source, county)
    if faults:
        raise Refused("；".join(faults), "E-SFTP-SETTING")
    row = ctx.get(SftpSource, source_id, lock=True) if source_id is not None else None
    if row is not None:
        ctx.check_version(row, seen_version)
    if row is None or row.state != DRAFT:
        row = SftpSource(county_code=county, created_by_id=ctx.actor.user_id, state=DRAFT, replaces_id=row.id if row is not None and row.state == IN_USE else None)
        ctx.session.add(row)
    for name in ("label", "source", "host", "port", "user", "host_key", "folder", "pattern", "login_by", "secret_name", "mapping", "rhythm", "at_hour", "note"):
        setattr(row, name, getattr(setting, name))
    row.label, row.note, row.county_code, row.tested_at, row.problem = setting.label[:60], setting.note[:200], county, None, ""
    row.written_by_id = row.changed_by_id = ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("sftp_source.saved", row, source=row.source, host=row.host, port=row.port, user=row.user, fingerprint=sftp.fingerprint(row.host_key), folder=row.folder)
    return row.id


@command("exchange.approve_sftp", roles=KEEPERS)
def approve_source(ctx: Context, source_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Fetch by this setting from now on. Never by its writer, never untested. Raises Refused, Conflict."""
    row = ctx.get(SftpSource, source_id, lock=True)
    if row.tested_at is None and SFTP.why_not(ctx.actor, row, "approve") is None:
        raise Refused("這個設定還沒有連線測試成功，不能核可；請先按「測試連線」", "E-SFTP-TEST")
    if row.replaces_id is not None:
        before = ctx.get(SftpSource, row.replaces_id, lock=True)
        if before.state == IN_USE:
            SFTP.advance(ctx, before, "end", "由修改後的設定取代")
    SFTP.advance(ctx, row, "approve", comment, seen_version)


@command("exchange.write_sftp", roles=SENDERS)
def end_source(ctx: Context, source_id: int, comment: str, seen_version: int | None = None) -> None:
    """Do not fetch by it any more; what was fetched stays. Raises Refused, Conflict."""
    SFTP.advance(ctx, ctx.get(SftpSource, source_id, lock=True), "end", comment, seen_version)


@command("exchange.write_sftp", roles=SENDERS)
def discard_source(ctx: Context, source_id: int, comment: str, seen_version: int | None = None) -> None:
    """Throw a draft away. Raises Refused, Conflict."""
    SFTP.advance(ctx, ctx.get(SftpSource, source_id, lock=True), "discard", comment, seen_version)


def test_source(who: Actor, source_id: int) -> int:
    """Connect with a setting and count the files that would be fetched; nothing is fetched. Raises Refused with what is wrong."""
    if not current_app.config["OUTGOING"]:
        raise Refused("訓練環境不與其他系統連線，不能測試", "E-TRAINING")
    pull, version = _pull_of(who, source_id)
    try:
        found = sftp.look(pull, TEST_SECONDS)
    except sftp.SftpProblem as problem:
        _tested(who, source_id, version, str(problem), 0)
        raise Refused(str(problem), "E-SFTP-CONNECT") from None
    _tested(who, source_id, version, "", found)
    return found


@command("exchange.write_sftp", roles=SENDERS)
def _pull_of(ctx: Context, source_id: int) -> tuple[sftp.Pull, int]:
    row = ctx.get(SftpSource, source_id)
    if row.state == ENDED:
        raise Refused("這個設定已停止取檔；要再用請改成新的設定", "E-SFTP-STATE")
    return pull_of(row), row.version


@command("exchange.write_sftp", roles=SENDERS)
def _tested(ctx: Context, source_id: int, version: int, problem: str, found: int) -> None:
    """Keep how a test ended, of the very values that were tested."""
    row = ctx.get(SftpSource, source_id)
    tested = {"tested_at": None if problem else ctx.now} if row.state == DRAFT else {}
    same = (SftpSource.id == source_id, SftpSource.version == version)
    ctx.session.execute(update(SftpSource).where(*same).values(problem=problem[:300], **tested).execution_options(synchronize_session=False))
    ctx.audit("sftp_source.tested", row, host=row.host, fine=not problem, found=found)


def pull_of(row: SftpSource) -> sftp.Pull:
    """A setting as the fetching takes it."""
    return sftp.Pull(
        source=row.source, host=row.host, port=row.port, user=row.user, host_key=row.host_key, folder=row.folder, pattern=row.pattern,
        secret=secret_folder(row.county_code, row.host) / row.secret_name, login_by=row.login_by, county=row.county_code or None,
        mapping=row.mapping,
    )  # fmt: skip


def secret_folder(county: str, host: str) -> Path:
    """Where the operators put the secrets of a county (or of the nation's registers) for a host."""
    return Path(current_app.config["SFTP_SECRETS"]) / (county or "national") / host


def mapping_names(session: Any) -> list[str]:
    """Names of the mappings in use within reach, for the form."""
    return sorted(set(session.scalars(select(ExchangeMapping.name).where(ExchangeMapping.state == MAPPING_IN_USE))))


# --- fetching --------------------------------------------------------------------------------------------------------


def due(now: dt.datetime, row: SftpSource) -> bool:
    """Has a time to fetch passed since the last try? What failed is tried again within the hour."""
    here, rhythm, at_hour, tried_at = clock.to_taipei(now), row.rhythm, row.at_hour, row.tried_at
    if rhythm == "day" and not row.problem:
        last = here.replace(hour=at_hour, minute=0, second=0, microsecond=0)
        last -= dt.timedelta(days=1) if last > here else dt.timedelta()
    else:
        last = here.replace(minute=here.minute // 15 * 15 if rhythm == "quarter" else 0, second=0, microsecond=0)
    return tried_at is None or clock.to_taipei(tried_at) < last


def due_sources(session: Any) -> list[tuple[int, sftp.Pull]]:
    """The settings in use whose time has come; none where nothing may leave."""
    if not current_app.config["OUTGOING"]:
        return []
    with scope.use(scope.SYSTEM):
        rows = session.scalars(select(SftpSource).where(SftpSource.state == IN_USE).order_by(SftpSource.id)).all()
        return [(row.id, pull_of(row)) for row in rows if due(clock.now(), row)]


def note_try(session: Any, source_id: int, problem: str) -> None:
    """Keep when a setting was last tried and what came of it."""
    with scope.use(scope.SYSTEM):
        session.execute(
            update(SftpSource).where(SftpSource.id == source_id).values(tried_at=clock.now(), problem=problem[:300]).execution_options(synchronize_session=False)
        )


def fetch(pull: sftp.Pull) -> Iterator[tuple[str, str]]:
    """Fetch and take in what is new in one folder; (code, sentence) of each file, empty when it was taken in. Raises SftpProblem."""
    actor = for_county(f"SFTP：{pull.host}", pull.county)
    try:
        mapping = named(actor, pull.mapping, pull.source, pull.county or "") if pull.mapping else None
    except CommandError as error:
        raise sftp.SftpProblem(f"SFTP「{pull.name}」：{error.message}") from None
    with sftp.connected(pull) as session, TemporaryDirectory(prefix="swis-sftp-") as folder:
        waiting = sftp.ready(session, pull)
        known = _fetched(actor, [r.mark for r in waiting])
        for remote in waiting:
            if remote.mark in known:
                continue
            path = sftp.fetch(session, remote, Path(folder))
            if path is None:
                continue
            name = Path(remote.path).name
            _, code, text = take(
                actor, "sftp", path, name, pull.source, pull.county, None, None, mode_of(Path(name)), "", remote=remote.mark, mapping=mapping
            )
            yield code, text


@command("exchange.import", roles=SENDERS)
def _fetched(ctx: Context, marks: list[str]) -> set[str]:
    """Those of the marks that were fetched before."""
    return {m for m in ctx.session.scalars(select(Transfer.remote).where(Transfer.remote.in_(marks))) if m}


def failing(session: Any) -> int:
    """How many settings in use within reach did not work the last time."""
    return len(session.scalars(select(SftpSource.id).where(SftpSource.state == IN_USE, SftpSource.problem != "")).all())
