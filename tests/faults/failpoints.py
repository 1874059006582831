"""Stopping a command at its n-th step: every statement, commit, forced write and rename is a step, found by itself and not placed by hand.

    with failing(engine, n, stop) as steps:
        command()
    steps.fired       # False: the command has fewer steps than n

A step is stopped before it happens; a commit, a forced write and a rename also right after, so 2 steps each.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event


class Crash(BaseException):
    """The process is gone, as far as the code under test can tell: nothing catches it."""


class Steps:
    """Counts steps; the n-th is stopped by `stop`. `said` names them, for the message of a failing test."""

    def __init__(self, n: int, stop: Callable[[], Any]) -> None:
        self.n, self.stop, self.said, self.fired = n, stop, list[str](), False

    def step(self, name: str) -> None:
        if self.fired:
            return
        self.said.append(name)
        if len(self.said) == self.n:
            self.fired = True
            self.stop()


def crash() -> None:
    raise Crash


@contextmanager
def failing(engine: Engine, n: int, stop: Callable[[], Any] = crash) -> Iterator[Steps]:
    """Stop the n-th step of whatever runs inside."""
    steps = Steps(n, stop)

    def statement(_c: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        steps.step(" ".join(text.split())[:70])

    def around(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            steps.step(f"before {name}")
            answer = real(*args, **kwargs)
            steps.step(f"after {name}")
            return answer

        return call

    event.listen(engine, "before_cursor_execute", statement)
    patches = [
        mock.patch.object(engine.dialect, "do_commit", around("commit", engine.dialect.do_commit)),
        mock.patch.object(os, "fsync", around("fsync", os.fsync)),
        mock.patch.object(Path, "replace", around("rename", Path.replace)),
    ]
    for patch in patches:
        patch.start()
    try:
        yield steps
    finally:
        for patch in reversed(patches):
            patch.stop()
        event.remove(engine, "before_cursor_execute", statement)
