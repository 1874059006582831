"""Fetching files over SFTP from an agency's host, through paramiko. No database, no Flask.

What to fetch is a TOML file of `[[pull]]` tables (no secrets in it):
    source = "custody"            record type; for rosters also county = "10004"
    host = "sftp.example.gov.tw"  port = 22  user = "hccg"
    host_key = "ssh-ed25519 AAAA…"   the one key the host may show
    folder = "/outgoing"          pattern = "*.csv"
    key_file = "/etc/swis/sftp_ed25519"   or password_file = "…"   or password_env = "SFTP_CUSTODY"
"""

import errno
import fnmatch
import os
import stat
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import paramiko
from paramiko.hostkeys import HostKeyEntry

from . import codes
from .layouts import LAYOUTS

HALF_WRITTEN: Final = (".part", ".tmp", ".filepart", ".crdownload", ".partial")
LARGEST: Final = 2 << 30
TIMEOUT: Final = 30  # seconds of silence


class SftpProblem(Exception):
    """A setting or the host does not allow fetching; the message (Chinese) says what and what to do."""


@dataclass(frozen=True)
class Pull:
    """One folder of one host, for one source."""

    source: str
    host: str
    user: str
    host_key: str
    folder: str
    county: str | None = None
    port: int = 22
    pattern: str = "*"
    key_file: str = ""
    password_file: str = ""
    password_env: str = ""
    settle: float = 10.0
    """Seconds a file has to stay as it is before it is fetched."""

    @property
    def name(self) -> str:
        return f"{self.source}@{self.host}"


@dataclass(frozen=True)
class Remote:
    """A file of the host as it stood when it was looked at."""

    pull: Pull
    path: str
    size: int
    modified: int

    @property
    def mark(self) -> str:
        """What this state of the file is known by, so that it is fetched once."""
        return f"{self.pull.host}:{self.pull.port}{self.path}|{self.size}|{self.modified}"[:300]


def load(path: Path) -> list[Pull]:
    """The pulls of a settings file; none when there is no file. Raises SftpProblem."""
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("pull", [])
        return [_checked(Pull(**entry)) for entry in entries]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise SftpProblem(f"SFTP 設定檔 {path.name} 讀不懂（{error}）；請對照部署說明修正") from None


def _checked(pull: Pull) -> Pull:
    if pull.source not in LAYOUTS:
        raise SftpProblem(f"SFTP 設定的資料來源「{pull.source}」不在規格內")
    if (pull.source == "roster") != (pull.county is not None) or (pull.county is not None and pull.county not in codes.COUNTIES):
        raise SftpProblem(f"SFTP 設定「{pull.name}」：名冊要寫縣市代碼（county），其他來源不寫")
    if _host_key(pull) is None:
        raise SftpProblem(f"SFTP 設定「{pull.name}」沒有正確的主機金鑰（host_key）；請向對方機關取得後填入，例如 ssh-ed25519 AAAA…")
    if sum(map(bool, (pull.key_file, pull.password_file, pull.password_env))) != 1:
        raise SftpProblem(f"SFTP 設定「{pull.name}」：key_file、password_file、password_env 請擇一設定")
    return pull


def _host_key(pull: Pull) -> Any:
    try:
        entry = HostKeyEntry.from_line(f"{pull.host} {pull.host_key}")
    except Exception:  # paramiko raises several kinds for a broken line
        return None
    return entry.key if entry else None


def _secrets(pull: Pull) -> dict[str, Any]:
    """What the host is shown: from a file only its owner can read, or from the environment."""
    if pull.password_env:
        if not (found := os.environ.get(pull.password_env)):
            raise SftpProblem(f"SFTP「{pull.name}」：環境變數 {pull.password_env} 沒有設定")
        return {"password": found}
    path = Path(pull.key_file or pull.password_file)
    try:
        if path.stat().st_mode & 0o077:
            raise SftpProblem(f"SFTP「{pull.name}」：{path.name} 其他使用者也能讀取，請改為只有執行帳號可讀（chmod 600）")
        return {"key_filename": str(path)} if pull.key_file else {"password": path.read_text("utf-8").strip()}
    except OSError as error:
        raise SftpProblem(f"SFTP「{pull.name}」：讀不到 {path.name}（{error.strerror}）") from None


@contextmanager
def connected(pull: Pull) -> Iterator[paramiko.SFTPClient]:
    """A session with the host, which has to show the pinned key. Raises SftpProblem."""
    client = paramiko.SSHClient()
    key, name = _host_key(pull), pull.host if pull.port == 22 else f"[{pull.host}]:{pull.port}"
    client.get_host_keys().add(name, key.get_name(), key)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            pull.host, pull.port, pull.user, timeout=TIMEOUT, banner_timeout=TIMEOUT, auth_timeout=TIMEOUT, look_for_keys=False, allow_agent=False,
            **_secrets(pull),
        )  # fmt: skip
        session = client.open_sftp()
        session.get_channel().settimeout(TIMEOUT)
        yield session
    except paramiko.BadHostKeyException:
        raise SftpProblem(f"SFTP「{pull.name}」：主機出示的金鑰與設定的不同，沒有連線；請向對方機關查證，確認換過金鑰再改設定") from None
    except paramiko.AuthenticationException:
        raise SftpProblem(f"SFTP「{pull.name}」：主機不接受帳號或金鑰；請確認設定與對方機關的授權") from None
    except (TimeoutError, paramiko.SSHException, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SftpProblem(f"SFTP「{pull.name}」：連線或傳輸中斷（{type(error).__name__}），稍後會再試") from None
    finally:
        client.close()


def ready(session: paramiko.SFTPClient, pull: Pull, wait: Callable[[float], None] = time.sleep) -> list[Remote]:
    """Files that fit the pattern and did not change between two looks, in name order."""
    first = _look(session, pull)
    if not first:
        return []
    wait(pull.settle)
    second = _look(session, pull)
    return [r for name, r in sorted(second.items()) if first.get(name) == r]


def _look(session: paramiko.SFTPClient, pull: Pull) -> dict[str, Remote]:
    out = {}
    for entry in session.listdir_attr(pull.folder):
        name = entry.filename
        half = name.startswith((".", "~$")) or PurePosixPath(name).suffix.lower() in HALF_WRITTEN
        if half or "/" in name or not fnmatch.fnmatch(name, pull.pattern) or not stat.S_ISREG(entry.st_mode or 0):
            continue
        size = entry.st_size or 0
        if 0 < size <= LARGEST:
            out[name] = Remote(pull, str(PurePosixPath(pull.folder) / name), size, entry.st_mtime or 0)
    return out


def fetch(session: paramiko.SFTPClient, remote: Remote, folder: Path) -> Path | None:
    """Download into `folder`; None when the file changed meanwhile (the next look takes it)."""
    place = folder / f"fetched{PurePosixPath(remote.path).suffix.lower()[:8]}"
    place.unlink(missing_ok=True)
    session.get(remote.path, str(place))
    after = session.stat(remote.path)
    unchanged = (after.st_size, after.st_mtime) == (remote.size, remote.modified)
    if not unchanged or place.stat().st_size != remote.size:
        place.unlink()
        return None
    return place
