"""Reading processes kept warm: what a file is read in, with everything imported already.

A worker takes one task at a time, with ceilings on memory, CPU time and wall clock set anew for each. Whatever goes wrong in one (a limit,
a crash) ends it, and the next task gets another; one that has done many tasks, grown large or waited long ends by itself. Workers end
with the process that started them. Processes and not forks of one process: the libraries inside run threads a fork does not survive.
"""

import atexit
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_START: Final = 60.0  # seconds a worker may take to be there, and to be ended by its own alarm
_IDLE: Final = 600.0  # seconds a worker waits for the next task
_TASKS: Final = 200  # after so many a worker makes way for a new one
_LARGE: Final = 700 << 10  # so does one that once held so many KiB
_KEPT: Final = 2  # idle workers at most
_lock = threading.Lock()
_idle: list[tuple[int, "subprocess.Popen[bytes]"]] = []  # (the process that started it, the worker)


def run(folder: Path, wall: float) -> bool:
    """Let a worker do the task in `folder`; False when it died or had to be ended. OSError when none can be started."""
    done = _try(folder, wall)
    return _try(folder, wall) is True if done is None else done


def _try(folder: Path, wall: float) -> bool | None:
    """As `run`; None when the worker had just ended of its own accord without taking the task."""
    worker = _take()
    assert worker.stdin is not None and worker.stdout is not None
    answer = b""
    try:
        worker.stdin.write(str(folder).encode() + b"\n")
        worker.stdin.flush()
        if select.select([worker.stdout], [], [], wall + _START)[0]:
            answer = os.read(worker.stdout.fileno(), 1)
    except BrokenPipeError:
        pass
    if answer == b"+":
        _give_back(worker)
        return True
    code = _end(worker)
    if answer == b"-":
        return True
    return None if code == 0 else False


def _take() -> "subprocess.Popen[bytes]":
    with _lock:
        while _idle:
            owner, worker = _idle.pop()
            if owner == os.getpid() and worker.poll() is None:
                return worker
    environment = {"PATH": os.environ.get("PATH", ""), "POLARS_MAX_THREADS": "2", "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"}
    return subprocess.Popen(
        [sys.executable, "-m", "app.exchange.confined"], env=environment, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _give_back(worker: "subprocess.Popen[bytes]") -> None:
    with _lock:
        if len(_idle) < _KEPT:
            _idle.append((os.getpid(), worker))
            return
    _end(worker)


def _end(worker: "subprocess.Popen[bytes]") -> int:
    """End a worker and clear it away; its exit code."""
    try:
        code = worker.wait(0.2)
    except subprocess.TimeoutExpired:
        worker.kill()
        code = worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # a task it never took is still in the pipe
                pass
    return code


@atexit.register
def _end_all() -> None:
    with _lock:
        for owner, worker in _idle:
            if owner == os.getpid():
                worker.kill()
                _end(worker)
        _idle.clear()


def serve(work: Callable[[Path], None]) -> None:
    """Be a worker: for each folder named on standard input do `work(folder)`, and answer `+` (give me another) or `-` (I am done)."""
    home = os.getcwd()
    for done in range(1, _TASKS + 1):
        if not select.select([0], [], [], _IDLE)[0]:
            return
        named = b""
        while not named.endswith(b"\n"):
            if not (byte := os.read(0, 1)):
                return
            named += byte
        folder = Path(named[:-1].decode())
        os.environ["TMPDIR"] = str(folder)
        os.chdir(folder)
        work(folder)
        os.chdir(home)
        signal.setitimer(signal.ITIMER_REAL, 0)
        last = done == _TASKS or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _LARGE
        os.write(1, b"-" if last else b"+")
        if last:
            return


def limit(memory: int, cpu: int, wall: float) -> None:
    """Put the ceilings on this process for the task at hand: bytes of address space, seconds of CPU from now, seconds of wall clock.
    What passes them is ended."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall)
