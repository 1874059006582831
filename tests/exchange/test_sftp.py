"""Fetching over SFTP, against a real server on loopback: the pinned host key, secrets, half-written files, nothing twice."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from sqlalchemy import select

from app.commands import transfers
from app.core import clock
from app.exchange import sftp
from app.extensions import db
from app.jobs import lease, load, runner
from app.models.exchange import Batch
from app.models.job import Job
from app.models.transfer import Transfer
from app.security import scope
from tests.exchange.making import row, rows, write_csv

PASSWORD = "correct horse"


class Folder(paramiko.SFTPServerInterface):
    """A folder of this machine as the server's root. `growing` names grow at every look."""

    root: Path
    growing: set[str]
    served: list[str]

    def _at(self, path: str) -> Path:
        return self.root / path.strip("/")

    def list_folder(self, path: str) -> Any:
        out = []
        for name in sorted(os.listdir(self._at(path))):
            if name in self.growing:
                with self._at(f"{path}/{name}").open("ab") as file:
                    file.write(b"x")
            out.append(paramiko.SFTPAttributes.from_stat(self._at(f"{path}/{name}").stat(), name))
        return out

    def stat(self, path: str) -> Any:
        return paramiko.SFTPAttributes.from_stat(self._at(path).stat())

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        self.served.append(path)
        handle = paramiko.SFTPHandle(flags)
        handle.filename, handle.readfile = path, self._at(path).open("rb")
        return handle


class Door(paramiko.ServerInterface):
    """Lets the user `swis` in with the password or the key."""

    key: paramiko.PKey

    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL if (username, password) == ("swis", PASSWORD) else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if username == "swis" and key == self.key else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class Host:
    """The agency's server: a folder, a host key, and the key it lets in."""

    def __init__(self, root: Path) -> None:
        self.root, self.served, self.growing = root, [], set()
        self.host_key, self.user_key = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        folder = type("Here", (Folder,), {"root": self.root, "growing": self.growing, "served": self.served})
        door = type("Here", (Door,), {"key": self.user_key})
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, folder)
            try:
                transport.start_server(server=door())
            except (paramiko.SSHException, EOFError, OSError):
                continue
            self._open.append(transport)

    def close(self) -> None:
        self._listener.close()
        for transport in self._open:
            transport.close()

    def pull(self, **more: Any) -> sftp.Pull:
        key = self.host_key
        given = {"source": "custody", "host": "127.0.0.1", "port": self.port, "user": "swis", "folder": "/", "settle": 0.01,
                 "host_key": f"{key.get_name()} {key.get_base64()}", "password_env": "SFTP_TEST"} | more  # fmt: skip
        return sftp.Pull(**given)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("SFTP_TEST", PASSWORD)
    root = tmp_path / "agency"
    root.mkdir()
    server = Host(root)
    yield server
    server.close()


def custody(path: Path, number: int = 1) -> Path:
    from app.exchange.layouts import layout

    return write_csv(path, [row(layout("custody"), n) for n in range(number, number + 3)])


def log(session: Any) -> list[Transfer]:
    session.rollback()
    with scope.use(scope.SYSTEM):
        return list(session.scalars(select(Transfer).order_by(Transfer.id)))


def test_a_file_is_fetched_once_logged_and_kept_and_its_newer_state_again(app, session, host):
    sent = custody(host.root / "custody_11510.csv")
    assert list(transfers.fetch(host.pull())) == [("", "")]
    (first,) = log(session)
    assert (first.channel, first.outcome, first.file_name, first.source) == ("sftp", "taken", "custody_11510.csv", "custody")
    assert (transfers.home() / first.path).read_bytes() == sent.read_bytes() and session.get(Batch, first.batch_id).accepted == 3
    assert list(transfers.fetch(host.pull())) == [] and len(host.served) == 1
    custody(host.root / "custody_11510.csv", 7)
    os.utime(host.root / "custody_11510.csv", (time.time() + 60, time.time() + 60))
    assert list(transfers.fetch(host.pull())) == [("", "")]
    assert [t.outcome for t in log(session)] == ["taken", "taken"]


def test_half_written_hidden_and_other_files_stay_where_they_are(app, session, host):
    custody(host.root / "growing.csv")
    host.growing.add("growing.csv")
    for name in ("a.csv.part", ".b.csv", "c.xlsx"):
        custody(host.root / name)
    (host.root / "empty.csv").touch()
    (host.root / "folder.csv").mkdir()
    assert list(transfers.fetch(host.pull(pattern="*.csv"))) == [] and host.served == []


def test_a_file_that_grows_while_it_is_fetched_waits_for_the_next_look(app, session, host, tmp_path):
    custody(host.root / "a.csv")
    with sftp.connected(host.pull()) as connection:
        (remote,) = sftp.ready(connection, host.pull())
        with (host.root / "a.csv").open("ab") as file:
            file.write(b"more\r\n")
        assert sftp.fetch(connection, remote, tmp_path) is None
    assert not (tmp_path / "fetched.csv").exists()


def test_another_host_key_is_refused_before_anything_is_shown(app, session, host):
    other = paramiko.ECDSAKey.generate()
    pull = host.pull(host_key=f"{other.get_name()} {other.get_base64()}")
    with pytest.raises(sftp.SftpProblem, match="金鑰與設定的不同"):
        list(transfers.fetch(pull))
    assert log(session) == [] and host.served == []


def test_a_key_file_others_can_read_is_not_used_and_the_right_one_is(app, session, host, tmp_path):
    key = tmp_path / "key"
    host.user_key.write_private_key_file(str(key))
    custody(host.root / "a.csv")
    key.chmod(0o644)
    with pytest.raises(sftp.SftpProblem, match="chmod 600"):
        list(transfers.fetch(host.pull(password_env="", key_file=str(key))))
    key.chmod(0o600)
    assert list(transfers.fetch(host.pull(password_env="", key_file=str(key)))) == [("", "")]


def test_a_wrong_password_and_a_missing_one_are_said(app, host, monkeypatch):
    monkeypatch.setenv("SFTP_TEST", "wrong")
    with pytest.raises(sftp.SftpProblem, match="不接受"):
        list(transfers.fetch(host.pull()))
    monkeypatch.delenv("SFTP_TEST")
    with pytest.raises(sftp.SftpProblem, match="沒有設定"):
        list(transfers.fetch(host.pull()))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"host_key": ""}, "host_key"), ({"host_key": "ssh-ed25519 nonsense"}, "host_key"), ({"source": "nothing"}, "規格"), ({"source": "roster"}, "county"),
     ({"key_file": "k"}, "擇一"), ({"colour": "red"}, "讀不懂")],
)  # fmt: skip
def test_settings_without_a_pinned_key_or_with_mistakes_are_refused(tmp_path, host, change, said):
    pull = {**{k: v for k, v in vars(host.pull()).items() if v not in (None, "")}, **change}
    file = tmp_path / "sftp.toml"
    file.write_text("[[pull]]\n" + "".join(f"{k} = {v!r}\n" for k, v in pull.items()), "utf-8")
    with pytest.raises(sftp.SftpProblem, match=said):
        sftp.load(file)


def test_the_job_fetches_a_countys_roster_and_one_dead_host_does_not_stop_it(app, session, host, tmp_path, monkeypatch):
    write_csv(host.root / "roster.csv", rows())
    write_csv(host.root / "other.csv", rows(county_code="10005", town_code="10005010"))
    key = f"{host.host_key.get_name()} {host.host_key.get_base64()}"
    file = tmp_path / "sftp.toml"
    common = f'user = "swis"\nfolder = "/"\nhost_key = "{key}"\nsettle = 0.01\npassword_env = "SFTP_TEST"\nhost = "127.0.0.1"\n'
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()[1]
    file.write_text(f'[[pull]]\nsource = "custody"\nport = {dead}\n{common}[[pull]]\nsource = "roster"\ncounty = "10004"\nport = {host.port}\n{common}', "utf-8")
    monkeypatch.setitem(app.config, "SFTP_SETTINGS", file)
    load()
    session.add(Job(kind="sftp_pull", scope="", args={}, max_attempts=3, requested_at=clock.now()))
    session.commit()
    held = lease.claim(db.engine, "worker", 30)
    runner.execute(app, held, threading.Event())
    session.rollback()
    assert session.get(Job, held.job_id).result == {"主機": 2, "收下": 1, "退回": 1, "連線失敗": 1}
    assert {(t.file_name, t.outcome, t.county_code) for t in log(session)} == {("roster.csv", "taken", "10004"), ("other.csv", "refused", "10004")}
