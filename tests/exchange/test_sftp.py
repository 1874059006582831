"""Fetching over SFTP, against a real server on loopback: the pinned host key, secrets, half-written files, nothing twice."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from sqlalchemy import select

from app.commands import sftp_sources, transfers
from app.exchange import sftp
from app.exchange.layouts import layout
from app.models.exchange import Batch
from app.models.transfer import Transfer
from app.security import scope
from tests.exchange.making import row, write_csv
from tests.exchange.sftp_server import PASSWORD, Host


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setattr(sftp, "SETTLE", 0.01)
    root = tmp_path / "agency"
    root.mkdir()
    server = Host(root)
    yield server
    server.close()


@pytest.fixture
def pull(host: Host, tmp_path: Path) -> Any:
    """A way to the host, by password and fingerprint."""
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)

    def make(**more: Any) -> sftp.Pull:
        given = {"source": "custody", "host": "127.0.0.1", "port": host.port, "user": "swis", "folder": "/", "host_key": host.fingerprint,
                 "secret": secret, "login_by": "password"} | more  # fmt: skip
        return sftp.Pull(**given)

    return make


def custody(path: Path, number: int = 1) -> Path:
    return write_csv(path, [row(layout("custody"), n) for n in range(number, number + 3)])


def log(session: Any) -> list[Transfer]:
    session.rollback()
    with scope.use(scope.SYSTEM):
        return list(session.scalars(select(Transfer).order_by(Transfer.id)))


def test_a_file_is_fetched_once_logged_and_kept_and_its_newer_state_again(app, session, host, pull):
    sent = custody(host.root / "custody_11510.csv")
    assert list(sftp_sources.fetch(pull())) == [("", "")]
    (first,) = log(session)
    assert (first.channel, first.outcome, first.file_name, first.source) == ("sftp", "taken", "custody_11510.csv", "custody")
    assert (transfers.home() / first.path).read_bytes() == sent.read_bytes() and session.get(Batch, first.batch_id).accepted == 3
    assert list(sftp_sources.fetch(pull())) == [] and len(host.served) == 1
    custody(host.root / "custody_11510.csv", 7)
    os.utime(host.root / "custody_11510.csv", (time.time() + 60, time.time() + 60))
    assert list(sftp_sources.fetch(pull())) == [("", "")]
    assert [t.outcome for t in log(session)] == ["taken", "taken"]


@pytest.mark.sqlite
def test_half_written_hidden_and_other_files_stay_where_they_are(app, session, host, pull, tmp_path):
    custody(host.root / "growing.csv")
    host.growing.add("growing.csv")
    for name in ("a.csv.part", ".b.csv", "c.xlsx"):
        custody(host.root / name)
    (host.root / "empty.csv").touch()
    (host.root / "folder.csv").mkdir()
    assert list(sftp_sources.fetch(pull(pattern="*.csv"))) == [] and host.served == []
    host.growing.clear()
    with sftp.connected(pull()) as connection:  # one that grows while it is fetched waits for the next look
        remote = next(r for r in sftp.ready(connection, pull()) if r.path == "/growing.csv")
        with (host.root / "growing.csv").open("ab") as file:
            file.write(b"more\r\n")
        assert sftp.fetch(connection, remote, tmp_path) is None
    assert not (tmp_path / "fetched.csv").exists()


def test_another_host_key_is_refused_before_anything_is_shown(host, pull):
    other = paramiko.ECDSAKey.generate()
    for wrong in (other.fingerprint, f"{other.get_name()} {other.get_base64()}"):
        with pytest.raises(sftp.SftpProblem, match="不同，沒有連線") as said:
            sftp.look(pull(host_key=wrong), 5)
        assert host.fingerprint in str(said.value)
    assert host.asked == [] and host.served == []
    assert sftp.look(pull(host_key=host.public_key), 5) == 0


def test_a_key_file_others_can_read_is_not_used_and_the_right_one_is(host, pull, tmp_path):
    key = tmp_path / "key"
    host.user_key.write_private_key_file(str(key))
    custody(host.root / "a.csv")
    key.chmod(0o644)
    with pytest.raises(sftp.SftpProblem, match="chmod 600"):
        sftp.look(pull(login_by="key", secret=key), 5)
    key.chmod(0o600)
    assert sftp.look(pull(login_by="key", secret=key), 5) == 1


def test_wrong_secrets_and_folders_are_said_without_the_secret(host, pull, tmp_path):
    secret = tmp_path / "other"
    for content, login_by, said in ((b"wrong horse", "password", "不接受"), (b"", "password", "是空的"), (b"\xff\xfe", "password", "不是文字檔"), (b"no key", "key", "中斷")):
        secret.write_bytes(content)
        secret.chmod(0o600)
        with pytest.raises(sftp.SftpProblem, match=said) as problem:
            sftp.look(pull(secret=secret, login_by=login_by), 5)
        assert "horse" not in str(problem.value)
    with pytest.raises(sftp.SftpProblem, match="讀不到密鑰檔"):
        sftp.look(pull(secret=tmp_path / "nothing"), 5)
    with pytest.raises(sftp.SftpProblem, match="沒有資料夾 /nowhere"):
        sftp.look(pull(folder="/nowhere"), 5)


@pytest.mark.parametrize("typed", ["", "SHA256:short", "ssh-ed25519", "ssh-ed25519 nonsense", "ssh-rsa QUFBQQ==", "MD5:00:11", "nothing at all"])
def test_what_is_no_host_key_pins_nothing(typed):
    assert sftp.fingerprint(typed) is None
