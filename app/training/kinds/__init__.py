"""Kinds of tasks: how the material of one try is made, and how what was done with it is found in the database.

A kind has `prepare(work, setup)` → material (kept as JSON; `paper`: what the trainee reads, `questions`: what is asked, `file`: what is
downloaded) and `check(work, row, setup)` → whether each check of the task came out right.
"""

from typing import Any, Protocol

from app.models.training import TrainingTry

from ..work import Work


class Kind(Protocol):
    """Material in, rows out."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]: ...

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]: ...


from . import casework, exchange, matching, money, office  # noqa: E402

KINDS: dict[str, Kind] = {**casework.KINDS, **exchange.KINDS, **matching.KINDS, **money.KINDS, **office.KINDS}
