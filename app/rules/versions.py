"""Versions of a regulation: the one in force on a day is the last that had taken effect."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from app.core import roc

_CODE = re.compile(r"[A-Z]+-(\d{2,3})(?:-(\d{2})-(\d{2}))?")


def shown(code: str) -> str:
    """A version's code as people read it: `DLA-109-01-01/DLA-100` → 「109/01/01 版（家庭人口依 100 年版）」; a county's own benefit: 「第 3 版」."""
    law, _, household = code.partition("/")
    return _shown(law) + (f"（家庭人口依 {_shown(household)}）" if household else "")


def _shown(part: str) -> str:
    found = _CODE.fullmatch(part)
    if found is None:
        return f"第 {part.rpartition('-')[2]} 版"
    year, month, day = found.groups()
    return f"{year}/{month}/{day} 版" if month else f"{year} 年版"


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
