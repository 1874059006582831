"""An agency's SFTP server on loopback, for tests: paramiko's own, with a folder, a host key, and one key and password it lets in."""

import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko

PASSWORD = "correct horse"


class Folder(paramiko.SFTPServerInterface):
    """A folder of this machine as the server's root. `growing` names grow at every look."""

    root: Path
    growing: set[str]
    served: list[str]

    def _at(self, path: str) -> Path:
        return self.root / path.strip("/")

    def list_folder(self, path: str) -> Any:
        if not self._at(path).is_dir():
            return paramiko.SFTP_NO_SUCH_FILE
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
    asked: list[str]

    def check_auth_password(self, username: str, password: str) -> int:
        self.asked.append(username)
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
        self.root, self.served, self.growing, self.asked = root, [], set(), []
        self.host_key, self.user_key = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        folder = type("Here", (Folder,), {"root": self.root, "growing": self.growing, "served": self.served})
        door = type("Here", (Door,), {"key": self.user_key, "asked": self.asked})
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
        """May be done twice."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)  # a thread waits in accept, which closing alone does not end
        self._listener.close()
        for transport in self._open:
            transport.close()

    @property
    def public_key(self) -> str:
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    @property
    def fingerprint(self) -> str:
        return str(self.host_key.fingerprint)
