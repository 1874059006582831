"""Imports that are killed, run out of disk, come twice at once, lose their connection or their file: every row is counted once, nothing is left over."""

import errno
import http.client
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from app.commands import exchange, verify_exchange
from app.commands.base import Refused
from app.commands.exchange import import_file
from app.core import roc
from app.exchange import codes, snapshots
from app.exchange.delivery import read_delivery
from app.extensions import db
from app.models.exchange import Batch
from app.models.transfer import Transfer
from app.models.upload import Upload
from app.security import scope
from app.security.actor import Actor
from tests import seed
from tests.exchange.making import rows, write_csv
from tests.exchange.test_transfers import make

SYSTEM = Actor.system("faults")
KILLS = 50  # on each of the two databases
PATIENCE = 300
"""Seconds something may take on a machine that is busy with other things."""
ROWS, BAD = 60, 7
MONTHS = [roc.month(98, 1) + n for n in range(10)]
COUNTIES = sorted(codes.COUNTIES)[:10]


def files(folder: Path, count: int) -> list[Path]:
    """Files of different slots, each with a few rows that are refused."""
    folder.mkdir()
    made = []
    for number in range(count):
        county, month = COUNTIES[number % 10], MONTHS[number // 10]
        data = rows(count=ROWS, county_code=county, town_code=f"{county}010", ref_month=roc.month5(month), start_month=roc.month5(month - 1),
                    pay_month_from=roc.month5(month), pay_month_to=roc.month5(month))  # fmt: skip
        for n in range(BAD):
            data[n * 5]["birth"] = "0980230"
        made.append(write_csv(folder / f"{number:03}.csv", data))
    return made


def left_over(session: Any, home: Path) -> list[str]:
    """Files nobody names after the nightly sweep of a day later, half-written ones among them."""
    with scope.use(scope.SYSTEM):
        verify_exchange.sweep(session, time.time() + verify_exchange.OLD + 60)
        wanted = verify_exchange.named(session)
    kept = [str(p.relative_to(home)) for f in verify_exchange.FOLDERS for p in (home / f).rglob("*") if p.is_file()]
    return sorted(set(kept) ^ wanted)


def tidy(home: Path) -> None:
    for folder in (*verify_exchange.FOLDERS, verify_exchange.ASIDE):
        shutil.rmtree(home / folder, ignore_errors=True)


@pytest.fixture
def home(app: Any) -> Iterator[Path]:
    """The installation's folder, without files of other tests."""
    place = Path(app.config["SWIS_HOME"])
    tidy(place)
    yield place
    tidy(place)


def test_an_import_killed_at_a_hundred_random_moments_is_made_whole_by_sending_again(app, session, home, tmp_path):
    sent = files(tmp_path / "files", KILLS)
    session.close()
    db.engine.dispose()
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.importing", app.config["SQLALCHEMY_DATABASE_URI"], str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdin and run.stdout
    random.seed(98)
    killed, longest = 0, 0.3
    try:
        assert run.stdout.readline() == "ready\n"

        def order(text: str) -> int:
            run.stdin.write(text + "\n")
            run.stdin.flush()
            return int(run.stdout.readline())

        for path in sent:
            pid, began = order(str(path)), time.monotonic()
            gone = threading.Timer(random.uniform(0, longest), lambda pid=pid: os.kill(pid, signal.SIGKILL))
            gone.start()
            status = int(run.stdout.readline())
            gone.cancel()
            gone.join()
            killed += os.WIFSIGNALED(status)
            if status == 0:
                longest = 0.7 * longest + 0.3 * (time.monotonic() - began)
        order(f"all {tmp_path / 'files'}")
        assert int(run.stdout.readline()) == 0
    finally:
        run.stdin.close()
        run.wait(PATIENCE)
    batches = session.scalars(select(Batch).order_by(Batch.id)).all()
    assert killed > KILLS / 4
    assert len(batches) == len({b.slot for b in batches}) == KILLS and {b.state for b in batches} == {"accepted"}
    assert {(b.rows, b.accepted, b.rejected) for b in batches} == {(ROWS, ROWS - BAD, BAD)}
    assert all(snapshots.read(home / b.snapshot_path).height == b.accepted for b in batches)
    assert left_over(session, home) == []


WRITES = (("fsync", os, "fsync"), ("rename", Path, "rename"), ("parquet", pl.DataFrame, "write_parquet"), ("csv", pl.DataFrame, "write_csv"))


def test_a_full_disk_at_every_write_leaves_nothing_half_done(app, session, home, tmp_path, monkeypatch):
    (sent,) = files(tmp_path / "files", 1)
    points, turn = 0, 0

    def full(name: str, real: Any) -> Any:
        def write(*args: Any, **kwargs: Any) -> Any:
            nonlocal points
            points += 1
            if points == turn:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        return write

    for name, owner, attribute in WRITES:
        monkeypatch.setattr(owner, attribute, full(name, getattr(owner, attribute)))
    refused = 0
    while True:
        points, turn = 0, turn + 1
        try:
            import_file(SYSTEM, "roster", sent)
        except Refused as error:
            assert error.code == "E-EXC-DISK" and "空間" in error.message
            refused += 1
            assert session.scalar(select(func.count()).select_from(Batch)) == 0
            assert [p for p in home.rglob(".*.part*") if p.is_file()] == []
            continue
        break
    assert refused == turn - 1 >= 6, "every write point was full once"
    batch = session.scalars(select(Batch)).one()
    assert (batch.rows, batch.accepted, batch.rejected) == (ROWS, ROWS - BAD, BAD)
    assert left_over(session, home) == []


@pytest.mark.parametrize("folder", ["received", "snapshots", "errors"])
def test_a_disk_that_is_really_full_refuses_the_file_and_takes_it_once_there_is_room(app, session, home, tmp_path, folder):
    (sent,) = files(tmp_path / "files", 1)
    place = home / folder
    place.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.strip()}")
    try:
        with (place / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
            while True:
                filler.write(b"x" * 1024)
        with pytest.raises(Refused) as refused:
            import_file(SYSTEM, "roster", sent)
        assert refused.value.code == "E-EXC-DISK"
        assert session.scalar(select(func.count()).select_from(Batch)) == 0
        assert [p for p in place.rglob("*.part*") if p.is_file()] == []
    finally:
        subprocess.run(["umount", str(place)], check=True)
    done = import_file(SYSTEM, "roster", sent)
    assert (done.rows, done.accepted, done.rejected) == (ROWS, ROWS - BAD, BAD)
    assert left_over(session, home) == []


def test_the_same_file_twice_at_once_is_one_batch(app, session, home, tmp_path):
    sent = files(tmp_path / "files", 4)
    session.close()
    for path in sent:
        start, out = threading.Barrier(2), []

        def send(path: Path = path, start: threading.Barrier = start, out: list[Any] = out) -> None:
            with app.app_context():
                start.wait(PATIENCE)
                out.append(import_file(SYSTEM, "roster", path))
                db.session.remove()

        both = [threading.Thread(target=send) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(PATIENCE)
        first, second = sorted(out, key=lambda r: r.duplicate_of is not None)
        assert (first.duplicate_of, second.duplicate_of) == (None, first.batch_no)
    assert session.scalar(select(func.count()).select_from(Batch)) == len(sent)
    assert left_over(session, home) == []


@pytest.fixture
def served(app: Any) -> Iterator[int]:
    """The product on a loopback port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(PATIENCE)
    server.server_close()


def _form(path: Path, **typed: str) -> tuple[bytes, str]:
    mark = "cut-here"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in typed.items()]
    parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'.encode())
    return b"".join(parts) + path.read_bytes() + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _cut(port: int, address: str, body: bytes, headers: dict[str, str], share: float) -> int | None:
    """Send a share of the body and hang up; the status when there was one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.putrequest("POST", address)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[: int(len(body) * share)])
    assert connection.sock is not None
    if share < 1:
        connection.sock.shutdown(1)
    try:
        return connection.getresponse().status
    except (http.client.HTTPException, ConnectionError):
        return None
    finally:
        connection.close()


def test_a_connection_cut_at_99_percent_takes_nothing_in(app, session, home, tmp_path, served):
    data = rows(count=3000)
    path = write_csv(tmp_path / "a.csv", data)
    token = make()
    db.session.commit()
    body, kind = _form(path, source="roster")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    assert _cut(served, "/incoming", body, headers, 0.99) in (None, 400)

    client = http.client.HTTPConnection("127.0.0.1", served, timeout=PATIENCE)
    client.request("POST", "/login/", f"username=officer.10004&password={seed.PASSWORD}", {"Content-Type": "application/x-www-form-urlencoded"})
    answer = client.getresponse()
    cookie = answer.getheader("Set-Cookie", "").split(";")[0]
    answer.read()
    assert answer.status == 302 and cookie
    body, kind = _form(path, source="roster", mode="new")
    assert _cut(served, "/upload/", body, {"Cookie": cookie, "Content-Type": kind}, 0.99) in (None, 400)

    db.session.rollback()
    with scope.use(scope.SYSTEM):
        counted = [session.scalar(select(func.count()).select_from(model)) for model in (Batch, Transfer, Upload)]
    assert counted == [0, 0, 0]
    assert left_over(session, home) == []
    body, kind = _form(path, source="roster")
    assert _cut(served, "/incoming", body, headers, 1.0) == 200, "the same file, whole"


def test_a_file_replaced_while_it_is_read_is_taken_in_as_it_was(app, session, home, tmp_path):
    (sent,) = files(tmp_path / "files", 1)
    before = sent.read_bytes()

    def replaced(path: Path, *args: Any) -> Any:
        write_csv(tmp_path / "other.csv", rows(count=5)).replace(sent)
        return read_delivery(path, *args)

    done = exchange.import_file(SYSTEM, "roster", sent, reader=replaced)
    batch = session.get(Batch, done.batch_no)
    assert (batch.rows, batch.accepted, batch.rejected) == (ROWS, ROWS - BAD, BAD)
    assert (home / batch.raw_path).read_bytes() == before
    assert left_over(session, home) == []
