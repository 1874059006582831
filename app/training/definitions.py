"""What a task is: one file of data each in `tasks/`, read once and checked when it is read."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.commands import training_results

FOLDER = Path(__file__).with_name("tasks")


@dataclass(frozen=True)
class Check:
    """One thing that is looked at afterwards. `why` explains it to whoever got it wrong."""

    code: str
    label: str
    points: int
    why: str


@dataclass(frozen=True)
class Task:
    """`begin` is the endpoint where the work begins; `enough` the points (of 100) that pass; `must` checks without which nobody passes."""

    code: str
    title: str
    role: str
    subsystem: str
    kind: str
    brief: str
    steps: tuple[str, ...]
    begin: str
    minutes: int
    enough: int
    must: frozenset[str]
    checks: tuple[Check, ...]
    setup: dict[str, Any]


def _read(path: Path) -> Task:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    checks = tuple(Check(**c) for c in data["checks"])
    task = Task(
        path.stem, data["title"], data["role"], data["subsystem"], data["kind"], data["brief"].strip(), tuple(data["steps"]), data["begin"],
        data["minutes"], data.get("enough", 80), frozenset(data.get("must", ())), checks, data.get("setup", {}),
    )  # fmt: skip
    if sum(c.points for c in checks) != 100 or not task.must <= {c.code for c in checks}:
        raise ValueError(f"{path.name}: the points of the checks must add up to 100, and what must be right must be checked")
    return task


@cache
def tasks() -> dict[str, Task]:
    """All tasks by code, by role and then by name."""
    found = [_read(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {t.code: t for t in sorted(found, key=lambda t: (t.role, t.code))}


training_results.TITLES.update({t.code: t.title for t in tasks().values()})
