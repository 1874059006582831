"""`make run`: one command starts console and jobs process, one Ctrl-C stops both, and a taken port is said in words."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import config

PATIENCE = 300
"""Seconds a condition may take on a machine that is busy with other things."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "SWIS_HOME": str(tmp_path), "SWIS_PORT": str(free_port()), "SWIS_PROFILE": "test"}


@pytest.fixture
def product(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The product as `make run` starts it, in a process group of its own."""
    run = subprocess.Popen(
        [sys.executable, "run.py"], cwd=config.ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    yield run
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


def answers(port: str) -> bool:
    """Does the sign-in page come?"""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=30) as page:
                return page.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    return False


def comes(condition: Callable[[], bool]) -> bool:
    """Does it come true?"""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def group(pid: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            rest = stat.read_text().rpartition(")")[2].split()
            if int(rest[2]) == pid and rest[0] != "Z":
                found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
def test_one_command_starts_everything_and_one_signal_stops_it(product: subprocess.Popen[str], environment: dict[str, str]) -> None:
    assert answers(environment["SWIS_PORT"])
    assert comes(lambda: len(group(product.pid)) >= 5), "the parent, gunicorn and its two workers, the jobs process"
    os.killpg(product.pid, signal.SIGINT)
    assert product.wait(PATIENCE) == 0
    assert comes(lambda: group(product.pid) == [])


def test_a_taken_port_is_said_in_words(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment["SWIS_PORT"] = str(taken.getsockname()[1])
        run = subprocess.run([sys.executable, "run.py"], cwd=config.ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 1
    assert f"連接埠 {environment['SWIS_PORT']} 已經有程式使用" in run.stderr


def test_unsafe_production_settings_are_said_in_words(environment: dict[str, str]) -> None:
    environment["SWIS_PROFILE"] = "production"
    run = subprocess.run([sys.executable, "run.py"], cwd=config.ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 1 and "SECRET_KEY" in run.stderr
