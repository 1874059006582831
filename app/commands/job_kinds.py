"""What can be run as a job: kinds by stable names. `app.jobs` holds one file per kind; commands and screens read the register here.

    @job("match", label=_l("Monthly match"), arguments=(Argument("month", _l("Month"), "month"),))
    def run(ctx: JobContext) -> Iterator[None]: ...
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Run = Callable[[Any], Iterator[None]]


@dataclass(frozen=True)
class Argument:
    """One thing a person fills in to start a kind. `type`: text | int | month | date | choice (`choices`: code → what is shown)."""

    name: str
    label: Any
    type: str = "text"
    required: bool = True
    choices: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Kind:
    """`name` is stored in rows, so it never changes. `label` is for people."""

    name: str
    label: Any
    run: Run
    schedule: str | None = None
    """Crontab line in Taipei time; None: only when somebody asks."""
    idempotent: bool = True
    """May a run whose end is not known be repeated by itself? False for acts outside the database: then a person decides."""
    permission: str = "jobs.start"
    """What a person needs to start it, beside `jobs.start`."""
    arguments: tuple[Argument, ...] = ()
    by_hand: bool = True
    """Offered on the job grid. False for kinds that other screens start with arguments of their own."""
    on_behalf: bool = False
    """Run with the row scope and the permissions of the person who asked, instead of the system's."""
    max_attempts: int = 3
    """Interrupted attempts in a row without any progress, after which it is given up."""
    chunk_minutes: float = 30
    """A chunk that takes longer is taken for stuck: the lease is let go."""


KINDS: dict[str, Kind] = {}


def job(name: str, *, label: Any, **options: Any) -> Callable[[Run], Run]:
    """Register a generator function as the job kind `name`; `options` are the fields of `Kind`."""

    def register(run: Run) -> Run:
        known = KINDS.get(name)
        if known is not None and known.run.__module__ != run.__module__:
            raise ValueError(f"job kind {name!r} is registered twice")
        KINDS[name] = Kind(name, label, run, **options)
        return run

    return register
