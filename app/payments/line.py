"""What a payment register is made of: payees, lines, and the hash that freezes them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

CHANNELS = ("post", "bank", "ach", "cash", "institution")
CHANNEL_NAMES = {"post": "郵局", "bank": "銀行", "ach": "跨行代付", "cash": "現金印領", "institution": "機構"}


@dataclass(frozen=True, slots=True)
class Payee:
    """Who gets the money and where. `institution` is the 7-digit 局號 or bank head and branch; cash needs neither."""

    channel: str
    person_id: str
    name: str
    institution: str = ""
    account: str = ""

    @property
    def account_key(self) -> tuple[str, str] | None:
        """What makes two accounts the same; None without an account."""
        return (self.institution, self.account) if self.account else None


@dataclass(frozen=True, slots=True)
class Part:
    """One month of one award inside a line: whole NTD. `seq` numbers the differences of a month (0 = the regular payment)."""

    month: int
    amount: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer (or signature) of a run. A re-payment line carries no parts: the months stay with the line it repeats."""

    line_no: int
    award_id: int
    person_key: int
    person_id: str
    name: str
    town_code: str
    amount: int
    month_from: int
    month_to: int
    payee: Payee
    band: str = ""
    address: str = ""
    parts: tuple[Part, ...] = ()
    deduction: int = 0
    """NTD kept back by signed consent; `amount` is what is transferred, both together what is granted."""
    adjusts: int | None = None
    """The line of the same register that this one pays with another amount."""

    @property
    def gross(self) -> int:
        """What the line grants: the transfer and what is kept back."""
        return self.amount + self.deduction

    def canonical(self) -> str:
        """The facts the freeze covers, as one line of text."""
        p = self.payee
        more = (f"扣抵{self.deduction}",) if self.deduction else ()
        return "|".join(
            (
                str(self.line_no),
                str(self.award_id),
                self.person_id,
                self.name,
                self.town_code,
                self.band,
                str(self.amount),
                str(self.month_from),
                str(self.month_to),
                p.channel,
                p.person_id,
                p.name,
                p.institution,
                p.account,
                *more,
            )
        )


def content_hash(lines: Iterable[Line]) -> str:
    """SHA-256 (hex) of the lines in the order of their numbers; changing any frozen fact changes it."""
    digest = hashlib.sha256()
    for line in sorted(lines, key=lambda x: x.line_no):
        digest.update(line.canonical().encode("utf-8"))
        digest.update(b"\n")
    return digest.hexdigest()
