"""The register (發放清冊) of a month: its lines from the awards, what differs from the last one, and its control totals.

Pure: the facts come in, lines go out, in one pass over the awards.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.core import roc
from app.core.months import Months

from .entitlement import Change, Segment, due, known_at, payee_in, segments
from .line import CHANNEL_NAMES, Line, Part, Payee

REGULAR = "regular"
DIFFERENCE = "difference"
REPAY = "repay"
CYCLES = {"monthly": 1, "two_monthly": 2, "quarterly": 3}


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """An award as a register sees it. Months up to `paid_until` were paid before this product kept the books."""

    award_id: int
    person_key: int
    person_id: str
    name: str
    town_code: str
    changes: Sequence[Change]
    address: str = ""
    died_on: dt.date | None = None
    to_month: int | None = None
    paid_until: int | None = None
    every: int = 1
    paid: Mapping[int, int] = field(default_factory=dict)
    """Live payments already made or planned: month → NTD (regular and differences together). A regular register can do with
    `paid_months` instead, which is small however long the history."""
    paid_months: Months = field(default_factory=Months)
    paid_parts: Mapping[int, int] = field(default_factory=dict)
    """How many live payments a month already has, for numbering the next difference."""

    def entitlement(self, cutoff: dt.date) -> list[Segment]:
        """What the award is worth, as known at the cut-off."""
        return segments(known_at(self.changes, cutoff), self.died_on, self.to_month, self.every)


@dataclass(frozen=True)
class Omitted:
    """An award that has something to pay but cannot be put on the register, and why."""

    award_id: int
    reason: str


@dataclass(frozen=True)
class Register:
    lines: list[Line]
    omitted: list[Omitted]


def cycle(month: int, rhythm: str) -> tuple[int, int]:
    """First and last month a register of `month` pays for: the cycle ends with its pay month."""
    return month - CYCLES[rhythm] + 1, month


def regular_parts(award: AwardFacts, worth: Sequence[Segment], last: int, since: int = 0) -> list[Part]:
    """Months due and never paid from `since` up to `last` (this cycle and its arrears), oldest first. A status without cash has none."""
    out: list[Part] = []
    if award.paid_until is not None:
        since = max(since, award.paid_until + 1)
    for s in worth:
        if not s.amount:
            continue
        out.extend(Part(m, s.amount) for m in s.due_months(since, last) if m not in award.paid and m not in award.paid_months)
    return out


def difference_parts(award: AwardFacts, worth: Sequence[Segment], last: int, since: int = 0) -> list[Part]:
    """Months from `since` to `last` already paid for less than is due now (補發差額), oldest first."""
    out: list[Part] = []
    for month in sorted(m for m in award.paid if since <= m <= last):
        more = due(worth, month) - award.paid[month]
        if more > 0:
            out.append(Part(month, more, award.paid_parts.get(month, 1)))
    return out


def build(awards: Iterable[AwardFacts], *, kind: str, month: int, cutoff: dt.date, last: int | None = None, since: int = 0) -> Register:
    """The lines of a regular or difference register of `month`, paying for the months `since` to `last` (default `month`).

    Ordered by township, name and ID number, and numbered from 1. An award without a payee account is left out and said so.
    """
    choose = {REGULAR: regular_parts, DIFFERENCE: difference_parts}[kind]
    last = month if last is None else last
    chosen: list[tuple[AwardFacts, list[Part], Payee, str]] = []
    omitted: list[Omitted] = []
    for award in awards:
        worth = award.entitlement(cutoff)
        parts = choose(award, worth, last, since)
        if not parts:
            continue
        payee = payee_in(known_at(award.changes, cutoff), month)
        if payee is None:
            omitted.append(Omitted(award.award_id, "尚未登錄領款帳戶，請先補登再重新造冊"))
            continue
        chosen.append((award, parts, payee, _band(worth, parts[-1].month)))
    chosen.sort(key=lambda c: (c[0].town_code, c[0].name, c[0].person_id, c[0].award_id))
    lines = [
        Line(
            line_no=no,
            award_id=a.award_id,
            person_key=a.person_key,
            person_id=a.person_id,
            name=a.name,
            town_code=a.town_code,
            amount=sum(p.amount for p in parts),
            month_from=parts[0].month,
            month_to=parts[-1].month,
            payee=payee,
            band=band,
            address=a.address,
            parts=tuple(parts),
        )
        for no, (a, parts, payee, band) in enumerate(chosen, 1)
    ]
    return Register(lines, omitted)


def _band(worth: Sequence[Segment], month: int) -> str:
    return next((s.band for s in worth if s.first <= month <= s.last), "")


@dataclass(frozen=True)
class Totals:
    """Control totals: rows and NTD transferred, altogether and by township, band and channel; and what consents kept back."""

    count: int
    amount: int
    by_town: dict[str, tuple[int, int]]
    by_band: dict[str, tuple[int, int]]
    by_channel: dict[str, tuple[int, int]]
    deducted: int = 0

    def as_json(self) -> dict[str, object]:
        return {
            "count": self.count,
            "amount": self.amount,
            "by_town": {k: list(v) for k, v in sorted(self.by_town.items())},
            "by_band": {k: list(v) for k, v in sorted(self.by_band.items())},
            "by_channel": {k: list(v) for k, v in sorted(self.by_channel.items())},
            **({"deducted": self.deducted} if self.deducted else {}),
        }


def totals(lines: Sequence[Line]) -> Totals:
    """The control totals of a register."""

    def by(keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        count: Counter[str] = Counter()
        amount: Counter[str] = Counter()
        for key, line in zip(keys, lines, strict=True):
            count[key] += 1
            amount[key] += line.amount
        return {k: (count[k], amount[k]) for k in count}

    return Totals(
        len(lines),
        sum(x.amount for x in lines),
        by(x.town_code for x in lines),
        by(x.band for x in lines),
        by(x.payee.channel for x in lines),
        sum(x.deduction for x in lines),
    )


@dataclass(frozen=True)
class Difference:
    """One award that is not as in the last register. `kind`: new | dropped | amount | account."""

    kind: str
    award_id: int
    person_id: str
    name: str
    before: str
    after: str


DIFFERENCE_NAMES = {"new": "新增", "dropped": "減少", "amount": "金額變更", "account": "帳戶變更"}


def compare(lines: Sequence[Line], previous: Sequence[Line]) -> list[Difference]:
    """What changed since the last register: who is new, who dropped out, whose amount or account is another."""
    before = {x.award_id: x for x in previous}
    now = {x.award_id: x for x in lines}
    out: list[Difference] = []
    for award_id, x in now.items():
        y = before.get(award_id)
        if y is None:
            out.append(Difference("new", award_id, x.person_id, x.name, "", f"{x.amount:,} 元"))
            continue
        if x.amount != y.amount:
            out.append(Difference("amount", award_id, x.person_id, x.name, _amount(y), _amount(x)))
        if (x.payee.channel, x.payee.account_key) != (y.payee.channel, y.payee.account_key):
            out.append(Difference("account", award_id, x.person_id, x.name, show_account(y.payee), show_account(x.payee)))
    out.extend(Difference("dropped", k, y.person_id, y.name, f"{y.amount:,} 元", "") for k, y in before.items() if k not in now)
    return out


def monthly(line: Line) -> int:
    """The amount of the line's last month (the whole line when it has no parts)."""
    return line.parts[-1].amount if line.parts else line.amount


def _amount(line: Line) -> str:
    if line.month_from == line.month_to:
        return f"{line.amount:,} 元"
    return f"{line.amount:,} 元（{roc.show_month(line.month_from)}至{roc.show_month(line.month_to)}）"


def show_account(payee: Payee) -> str:
    """Channel and the last four digits."""
    return CHANNEL_NAMES.get(payee.channel, payee.channel) + (f" ****{payee.account[-4:]}" if payee.account else "")
