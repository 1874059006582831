"""The one way in: prepares the database, fills the demo county on first start, runs the console and the jobs process until Ctrl-C.

`make run`; `make training` for the training console. Settings come from the environment (config.py): SWIS_HOME, SWIS_PORT, SWIS_PROFILE, DATABASE_URL.
In production systemd runs the two processes apart (deploy/).
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

HOST = "127.0.0.1"
WEB_WORKERS = 2
INVENTED = ("demo", "training")
"""Profiles that work on the generated county."""
PARENT_DEATH_SIGNAL = 1  # prctl PR_SET_PDEATHSIG


def port_is_free(port: int) -> bool:
    """Can the console listen there?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_ready(app: Flask) -> bool:
    """Is there nothing to prepare: schema as this version needs it, and, in the demo, its people?"""
    from app.commands import setup

    with app.app_context():
        if not setup.at_head(app) or (app.config["SWIS_PROFILE"] in INVENTED and not demo_mark(app, "filled").exists()):
            return False
    return app.config["SWIS_PROFILE"] != "training" or snapshot_ready(app)


def snapshot_ready(app: Flask) -> bool:
    """Training: is the state to go back to there, in the schema of this version?"""
    from app.training import snapshot

    with app.app_context():
        return snapshot.is_current(app)


def demo_mark(app: Flask, state: str) -> Path:
    """The file that says how far the demo is: `filling` or `filled`."""
    return Path(app.config["SWIS_HOME"]) / f"demo.{state}"


def prepare(app: Flask) -> None:
    """Create or migrate the database; in the demo, fill it on first start. Prints the set-up token of a new production installation."""
    from app.commands import setup

    print("準備資料庫……", flush=True)
    half_filled = demo_mark(app, "filling").exists()
    if half_filled and app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite:///"):
        remove_half_filled(app)
    token = setup.prepare(app, force=True)
    if token:
        print(f"首次設定代碼（只顯示這一次）：{token}\n請以瀏覽器開啟 /setup，輸入代碼建立第一位系統管理人員", flush=True)
    if app.config["SWIS_PROFILE"] in INVENTED and not demo_mark(app, "filled").exists():
        if is_empty(app):
            fill_demo(app)
        demo_mark(app, "filled").touch()
    if app.config["SWIS_PROFILE"] == "training":
        from app.training import snapshot

        snapshot.prepare(app)


def prepare_or_say_why(app: Flask) -> int:
    """`prepare` as a process of its own: exit code 0, or 1 with the reason."""
    from app.commands.base import CommandError

    try:
        prepare(app)
    except CommandError as error:
        print(f"{error.message}（{error.code}）", file=sys.stderr)
        return 1
    return 0


def is_empty(app: Flask) -> bool:
    """Does nobody work with this database yet?"""
    from sqlalchemy import select

    from app.extensions import db
    from app.models.user import User

    with app.app_context():
        return db.session.scalar(select(User.id).limit(1)) is None


def fill_demo(app: Flask) -> None:
    """Make the demo county; a fill that is interrupted begins anew at the next start."""
    from app import demo
    from app.extensions import db

    print("第一次啟動：建立示範縣的虛構資料，約需一分鐘……", flush=True)
    mark = demo_mark(app, "filling")
    mark.touch()
    with app.app_context(), unsynced(db.engine):
        demo.fill()
    mark.unlink()


@contextlib.contextmanager
def unsynced(engine: Engine) -> Iterator[None]:
    """SQLite does not wait for the disk at each of some thousand commits: what is interrupted begins anew anyway. At the end all is on the disk."""
    if engine.dialect.name != "sqlite":
        yield
        return
    engine.dispose()

    def relax(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(engine, "connect", relax)
        engine.dispose()
        os.sync()


def remove_half_filled(app: Flask) -> None:
    """Throw away a database in which nothing is but half a demo county."""
    database = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    demo_mark(app, "filling").unlink()


def console(app: Flask) -> None:
    """Serve the web console (this process becomes gunicorn's master)."""
    from gunicorn.app.base import BaseApplication

    class Console(BaseApplication):
        def load_config(self) -> None:
            settings = {
                "bind": f"{HOST}:{app.config['SWIS_PORT']}",
                "workers": WEB_WORKERS,
                "worker_class": "gthread",  # one thread: requests one by one, idle connections cost nothing
                "threads": 1,
                "timeout": 120,
                "graceful_timeout": 5,
                "loglevel": "warning",
                "control_socket_disable": True,
                "when_ready": lambda _server: welcome(app),
            }
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    Console().run()


def jobs(app: Flask) -> None:
    """Run the jobs process."""
    from app.jobs import load
    from app.jobs.process import JobsProcess, Settings

    load()
    JobsProcess(app, Settings(grace=5)).serve()


def welcome(app: Flask) -> None:
    """Where to go and who to be."""
    print(f"\n社政資訊整合系統　http://{HOST}:{app.config['SWIS_PORT']}　（Ctrl-C 停止）", flush=True)
    if app.config["SWIS_PROFILE"] in INVENTED:
        from app.demo import ACCOUNTS

        what = "訓練環境，與正式資料分開；學員的帳號由系統管理人員建立" if app.config["SWIS_PROFILE"] == "training" else "示範環境"
        print(f"{what}，資料均為虛構。每個角色一個帳號：")
        for account in ACCOUNTS:
            print("　" + account_line(account), flush=True)


def account_line(account: Any) -> str:
    """One demo account as a line: user name, password, who it is."""
    username, password, *who = account
    return f"{username:<14} {password:<18} " + "　".join(str(part) for part in who)


def child(task: Callable[[Flask], None], app: Flask) -> int:
    """Run `task` in a fork of this (warm) process, which does not outlive its parent; the pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() == parent:
            task(app)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


def supervise(app: Flask) -> int:
    """Run both processes: start the jobs process again when it dies, leave when the console does or somebody says stop."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    running = {child(console, app): console, child(jobs, app): jobs}
    failed = False
    while not stopping:
        pid, _status = os.waitpid(-1, os.WNOHANG)
        task = running.pop(pid, None) if pid else None
        if task is jobs:
            print("作業程序意外停止，重新啟動", file=sys.stderr, flush=True)
            time.sleep(1)
            running[child(jobs, app)] = jobs
        elif task is console:
            print("主控台意外停止", file=sys.stderr, flush=True)
            stopping = failed = True
        elif not pid:
            time.sleep(0.2)
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in running:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    print("\n已停止。")
    return 1 if failed else 0


def main() -> int:
    """Exit code 0 after a stop, 1 when it could not start or the console died."""
    import config

    try:
        settings = config.load()
    except config.UnsafeSetting as error:
        print(f"無法啟動：{error}。", file=sys.stderr)
        return 1
    port = settings["SWIS_PORT"]
    if not port_is_free(port):
        print(
            f"無法啟動：連接埠 {port} 已經有程式使用（可能是另一個已啟動的本系統）。"
            f"請先停止它，或換一個連接埠，例如：SWIS_PORT={port + 1} make run",
            file=sys.stderr,
        )
        return 1
    from app import create_app
    from app.extensions import db

    try:
        app = create_app(settings)
    except config.UnsafeSetting as error:
        print(f"無法啟動：{error}。", file=sys.stderr)
        return 1
    if sys.argv[1:] == ["prepare"]:
        return prepare_or_say_why(app)
    if not is_ready(app) and subprocess.run([sys.executable, __file__, "prepare"], check=False).returncode:
        print("無法啟動：資料庫沒有準備完成，原因如上。", file=sys.stderr)
        return 1
    with app.app_context():
        db.engine.dispose()  # no connection is shared with the forks
    return supervise(app)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\n已中斷。")
