"""Fetching files over SFTP from an agency's host, through paramiko. No database, no Flask.

The host has to show the pinned key, or nothing is shown to it. The key is pinned as the host's public key (`ssh-ed25519 AAAA…`) or as its
fingerprint (`SHA256:…`, what `ssh-keygen -lf` prints).
"""

import base64
import binascii
import errno
import fnmatch
import hashlib
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import paramiko

HALF_WRITTEN: Final = (".part", ".tmp", ".filepart", ".crdownload", ".partial")
LARGEST: Final = 2 << 30
TIMEOUT: Final = 30.0  # seconds of silence
SETTLE: Final = 10.0  # seconds a file has to stay as it is before it is fetched
_ALGORITHMS: Final = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256")
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?$")


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
    secret: Path
    login_by: str = "key"
    county: str | None = None
    port: int = 22
    pattern: str = "*"
    mapping: str = ""

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


def fingerprint(host_key: str) -> str | None:
    """`SHA256:…` of a pinned key, given as a public key or as the fingerprint itself; None when it is neither."""
    words = host_key.split()
    if len(words) == 1 and _FINGERPRINT.match(words[0]):
        return words[0].rstrip("=")
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-")):
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    inner = len(words[0]).to_bytes(4, "big") + words[0].encode()
    return _fingerprint(blob) if blob.startswith(inner) and len(blob) > len(inner) + 16 else None


def _fingerprint(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


class _Pinned(paramiko.MissingHostKeyPolicy):
    """Lets the one key pass and nothing else. Asked before anything is shown to the host."""

    def __init__(self, pull: Pull) -> None:
        self.pull = pull

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        shown = _fingerprint(key.asbytes())
        if shown != fingerprint(self.pull.host_key):
            raise SftpProblem(
                f"SFTP「{self.pull.name}」：主機出示的金鑰（{key.get_name()}，{shown}）與設定的不同，沒有連線；"
                "請以電話向對方機關查證，確認是對方的金鑰再改設定"
            )


def _secrets(pull: Pull) -> dict[str, Any]:
    """What the host is shown: from a file only its owner can read."""
    path = pull.secret
    try:
        if path.stat().st_mode & 0o077:
            raise SftpProblem(f"SFTP「{pull.name}」：{path.name} 其他使用者也能讀取，請改為只有執行帳號可讀（chmod 600）")
        if pull.login_by == "key":
            with path.open("rb"):
                return {"key_filename": str(path)}
        if not (password := path.read_text("utf-8").strip()):
            raise SftpProblem(f"SFTP「{pull.name}」：{path.name} 是空的，請系統管理人員寫入密碼")
        return {"password": password}
    except UnicodeDecodeError:
        raise SftpProblem(f"SFTP「{pull.name}」：{path.name} 不是文字檔；若為金鑰檔，請把密鑰種類改為「私密金鑰檔」") from None
    except OSError as error:
        raise SftpProblem(f"SFTP「{pull.name}」：讀不到密鑰檔 {path.name}（{error.strerror}）；請系統管理人員放到伺服器上") from None


@contextmanager
def connected(pull: Pull, timeout: float = TIMEOUT) -> Iterator[paramiko.SFTPClient]:
    """A session with the host, which has to show the pinned key. Raises SftpProblem."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Pinned(pull))
    try:
        client.connect(
            pull.host, pull.port, pull.user, timeout=timeout, banner_timeout=timeout, auth_timeout=timeout, look_for_keys=False, allow_agent=False,
            disabled_algorithms=_other_keys(pull.host_key), **_secrets(pull),
        )  # fmt: skip
        session = client.open_sftp()
        session.get_channel().settimeout(timeout)
        yield session
    except paramiko.AuthenticationException:
        raise SftpProblem(f"SFTP「{pull.name}」：主機不接受帳號或密鑰；請確認設定與對方機關的授權") from None
    except FileNotFoundError:
        raise SftpProblem(f"SFTP「{pull.name}」：主機上沒有資料夾 {pull.folder}；請向對方機關確認資料夾名稱") from None
    except PermissionError:
        raise SftpProblem(f"SFTP「{pull.name}」：這個帳號不能讀取資料夾 {pull.folder} 或其中的檔案；請對方機關開放讀取") from None
    except (TimeoutError, paramiko.SSHException, EOFError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SftpProblem(f"SFTP「{pull.name}」：連線或傳輸中斷（{type(error).__name__}），稍後會再試") from None
    finally:
        client.close()


def _other_keys(host_key: str) -> dict[str, list[str]]:
    """Host key algorithms not to agree on: with a public key pinned all but those of its kind, for a host may have several keys."""
    kind = host_key.split()[0]
    if kind.startswith("SHA256:"):
        return {}
    return {"keys": [name for name in _ALGORITHMS if name != kind and not (kind == "ssh-rsa" and name.startswith("rsa-"))]}


def look(pull: Pull, timeout: float) -> int:
    """Connect and count the files that would be fetched; nothing is fetched. Raises SftpProblem."""
    with connected(pull, timeout) as session:
        return len(_look(session, pull))


def ready(session: paramiko.SFTPClient, pull: Pull, wait: Callable[[float], None] = time.sleep) -> list[Remote]:
    """Files that fit the pattern and did not change between two looks, in name order."""
    first = _look(session, pull)
    if not first:
        return []
    wait(SETTLE)
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
