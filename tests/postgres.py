"""A private PostgreSQL for the tests: found on this machine, started in a temporary directory (in memory where there is some), gone at exit.

    cluster = postgres.cluster()                       # started once per process, on first use
    url = cluster.create_database("scratch")           # empty
    url = cluster.create_database_from_template("scratch", "template_app")     # about 0.1 s in memory, whatever it holds

It listens on a Unix socket only. The role `swis` owns the databases and is no superuser, so row-level security and
rights bite as in production. Nothing is synced to disk: this cluster is for tests alone.
`python tests/postgres.py` says whether a PostgreSQL is at hand.
"""

import atexit
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from psycopg import sql

if __package__:
    from . import scratch
else:
    import scratch  # run as a script

OLDEST = 15
MISSING = (
    f"找不到 PostgreSQL {OLDEST} 以上版本的伺服器程式（initdb、postgres）。"
    "請安裝套件 postgresql（Debian／Ubuntu：apt-get install postgresql），或以 SWIS_PG_BIN 指出其 bin 目錄。"
)
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "max_connections": "100",
    "autovacuum": "off",
    "timezone": "UTC",
}


class PostgresMissing(RuntimeError):
    """No usable PostgreSQL on this machine; the message says how to get one."""


def bin_directory() -> Path | None:
    """The directory of the newest PostgreSQL server programs of at least version 15, or None."""
    named = os.environ.get("SWIS_PG_BIN")
    candidates = [Path(named)] if named else list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    if on_path and not named:
        candidates.append(Path(on_path).resolve().parent)
    versions = [(_version(path), path) for path in candidates if (path / "postgres").exists() and (path / "initdb").exists()]
    return max((pair for pair in versions if pair[0] >= OLDEST), default=(0, None))[1]


def _version(path: Path) -> int:
    said = subprocess.run([path / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    digits = "".join(c for c in said.split()[2].split(".")[0] if c.isdigit()) if len(said.split()) > 2 else ""
    return int(digits or 0)


class Cluster:
    """One running server. `url(name)` is the SQLAlchemy address of a database in it."""

    def __init__(self) -> None:
        programs = bin_directory()
        if programs is None:
            raise PostgresMissing(MISSING)
        self.home = scratch.make("swis-pg")
        self._as_user = self._unprivileged()
        run = functools.partial(subprocess.run, check=True, capture_output=True, text=True, cwd="/")
        data = self.home / "data"
        run([*self._as_user, programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self.log = (self.home / "log").open("w")
        self.process = subprocess.Popen(
            [*self._as_user, programs / "postgres", "-D", data, "-k", self.home, *options], stdout=self.log, stderr=self.log, cwd="/"
        )
        self._pid = os.getpid()
        atexit.register(self.stop)
        self._wait()
        self._execute(sql.SQL("CREATE ROLE swis LOGIN CREATEDB"), user="postgres")

    def _unprivileged(self) -> list[str]:
        """The command prefix that leaves root (the server refuses to run as root) and dies with this process."""
        setpriv = shutil.which("setpriv")
        if os.geteuid() == 0:
            if not setpriv:
                raise PostgresMissing("以 root 執行測試時需要 setpriv（套件 util-linux），才能以一般使用者啟動 PostgreSQL。")
            shutil.chown(self.home, "postgres", "postgres")
            return [setpriv, "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT", "--"]
        return [setpriv, "--pdeathsig=INT", "--"] if setpriv else []

    def _wait(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._execute(sql.SQL("SELECT 1"), user="postgres")
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("PostgreSQL did not start:\n" + (self.home / "log").read_text()) from None
                time.sleep(0.05)

    def _execute(self, *statements: sql.Composable, user: str = "swis") -> None:
        with psycopg.connect(host=str(self.home), user=user, dbname="postgres", autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def url(self, name: str) -> str:
        """The SQLAlchemy address of database `name`."""
        return f"postgresql+psycopg://swis@/{name}?host={self.home}"

    def create_database(self, name: str) -> str:
        """(Re)create an empty database; its address."""
        return self.create_database_from_template(name, "template1")

    def create_database_from_template(self, name: str, template: str) -> str:
        """(Re)create database `name` as a copy of `template` (to which nobody may be connected); its address."""
        self.drop_database(name)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop database `name` if it is there, throwing out whoever is connected."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server and remove its directory (only in the process that started it, not in a fork of it)."""
        if os.getpid() != self._pid:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # "fast": disconnect everybody and stop
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


@functools.cache
def cluster() -> Cluster:
    """The server of this process, started on first use. PostgresMissing when there is none to start."""
    return Cluster()


if __name__ == "__main__":
    found = bin_directory()
    print(f"PostgreSQL: {found}" if found else MISSING)
    sys.exit(0 if found else 1)
