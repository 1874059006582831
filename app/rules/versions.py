"""Versions of a regulation: the one in force on a day is the last that had taken effect."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol, TypeVar

from app.core import roc


class NoLaw(ValueError):
    """The day lies before the first version of the law the product knows; the message is Chinese."""


class Dated(Protocol):
    @property
    def since(self) -> dt.date: ...


V = TypeVar("V", bound=Dated)


def in_force(versions: Sequence[V], day: dt.date, law: str) -> V:
    """The version of `law` on a day; `versions` in order of time. Raises NoLaw."""
    found = next((v for v in reversed(versions) if v.since <= day), None)
    if found is None:
        first = roc.show_date(versions[0].since)
        raise NoLaw(f"{roc.show_date(day)}早於{first}，系統未收錄當時之{law}，請以紙本法規審核")
    return found
