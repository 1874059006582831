"""What an award is worth in each month, derived from the changes recorded on it. Nothing is ever overwritten.

A change holds from its effective month until the next change of the same sort by effective month; of two with the same month the later
recorded one (higher `seq`) holds. `end` closes the award for good: its month is the first one not paid.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core import roc
from app.core.months import FOREVER, Months

from .line import CHANNELS, Payee

KINDS = ("grant", "amount", "account", "suspend", "resume", "end")
STOPS = ("suspend", "end")
LIVING = frozenset(("grant", "resume"))


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded change. `amount` for grant and amount, `payee` for grant and account; `recorded_on` is what a cut-off compares."""

    seq: int
    kind: str
    month: int
    recorded_on: dt.date
    amount: int | None = None
    payee: Payee | None = None
    band: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """The award is worth `amount` (NTD) in every month from `first` to `last`; with `every` n, in `first` and each nth month after it."""

    first: int
    last: int
    amount: int
    band: str = ""
    every: int = 1

    def due_months(self, since: int, until: int) -> range:
        """The months of this segment that pay, within `since` to `until`."""
        start = self.first if since <= self.first else self.first + -(-(since - self.first) // self.every) * self.every
        return range(start, min(self.last, until) + 1, self.every)


def known_at(changes: Iterable[Change], cutoff: dt.date) -> list[Change]:
    """The changes a register with this cut-off follows: everything recorded by then, and every stop, even a later one."""
    return [c for c in changes if c.recorded_on <= cutoff or c.kind in STOPS]


def segments(
    changes: Sequence[Change], died_on: dt.date | None = None, to_month: int | None = None, every: int = 1
) -> list[Segment]:
    """The months an award runs, with its amounts, in order. The month of death is due, later ones are not (老津辦法§11「次月」).

    An award paid every nth month (`every`) pays in the month of its grant and each nth one after it, whatever changed in between.
    """
    if not changes:
        return []
    ordered = sorted(changes, key=lambda c: (c.month, c.seq))
    limits = [c.month - 1 for c in ordered if c.kind == "end"]
    if died_on is not None:
        limits.append(roc.month_of(died_on))
    if to_month is not None:
        limits.append(to_month)
    last = min(limits, default=FOREVER)
    out: list[Segment] = []
    running, amount, band, anchor = False, 0, "", ordered[0].month
    for i, change in enumerate(ordered):
        if change.kind in ("grant", "amount"):
            amount = change.amount if change.amount is not None else amount
            band = change.band if change.band is not None else band
        if change.kind in LIVING:
            running = True
        elif change.kind in STOPS:
            running = False
        until = min(last, ordered[i + 1].month - 1 if i + 1 < len(ordered) else last)
        if running and change.month <= until:
            first = change.month + (anchor - change.month) % every
            if out and out[-1].last + 1 == change.month and (out[-1].amount, out[-1].band) == (amount, band):
                out[-1] = Segment(out[-1].first, until, amount, band, every)
            elif first <= until:
                out.append(Segment(first, until, amount, band, every))
    return out


def months(parts: Iterable[Segment]) -> Months:
    """The months covered by segments, those between two payments too."""
    return Months.of(*((s.first, s.last) for s in parts))


def due(parts: Iterable[Segment], month: int) -> int:
    """What is due for one month: whole NTD, 0 outside the segments."""
    return next((s.amount for s in parts if s.first <= month <= s.last and (month - s.first) % s.every == 0), 0)


def payee_in(changes: Sequence[Change], month: int) -> Payee | None:
    """Where the money of a payment made in `month` goes: the latest account in force by then; None too while there was only a status without cash."""
    ordered = sorted((c for c in changes if c.payee is not None and c.month <= month), key=lambda c: (c.month, c.seq))
    payee = ordered[-1].payee if ordered else None
    return payee if payee and payee.channel in CHANNELS else None
