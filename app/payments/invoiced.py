"""A register whose money goes to institutions: its lines come from approved invoice lines, not from the awards' monthly amounts.

One line a person and institution, so that roster, reconciliation and re-payment stay by person; the institution is the payee of all of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .line import Line, Part, Payee
from .register import Register


@dataclass(frozen=True, slots=True)
class Payable:
    """An approved invoice line: NTD for one month of one award. `seq` numbers the lines of the award's month, and so its payment."""

    award_id: int
    person_key: int
    person_id: str
    name: str
    town_code: str
    month: int
    amount: int
    seq: int
    payee: Payee
    band: str = ""
    address: str = ""


def build(payables: Iterable[Payable]) -> Register:
    """The lines of a register, ordered by township, institution, name and ID number, and numbered from 1."""
    groups: dict[tuple[int, str, str, str], list[Payable]] = defaultdict(list)
    for p in payables:
        groups[(p.award_id, p.payee.person_id, p.payee.institution, p.payee.account)].append(p)
    ordered = sorted(groups.values(), key=lambda g: (g[0].town_code, g[0].payee.person_id, g[0].name, g[0].person_id, g[0].award_id))
    lines = []
    for no, group in enumerate(ordered, 1):
        group.sort(key=lambda p: (p.month, p.seq))
        last = group[-1]
        lines.append(
            Line(
                line_no=no,
                award_id=last.award_id,
                person_key=last.person_key,
                person_id=last.person_id,
                name=last.name,
                town_code=last.town_code,
                amount=sum(p.amount for p in group),
                month_from=group[0].month,
                month_to=last.month,
                payee=last.payee,
                band=last.band,
                address=last.address,
                parts=tuple(Part(p.month, p.amount, p.seq) for p in group),
            )
        )
    return Register(lines, [])
