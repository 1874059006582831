"""The post office's deposit file (媒體轉存) and its delivery slip (委託郵局代存總表).

80 bytes a record, no header and no trailer: the totals travel on the slip. Source and positions: layouts/post_office_80.csv.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from .fixed_width import Layout, Problem, RecordError
from .line import Line

NEWLINES = {"crlf": b"\r\n", "lf": b"\n"}


@dataclass(frozen=True)
class Payer:
    """The paying office's own numbers at the post office: handling office (7 digits) and deposit account (up to 8)."""

    name: str
    office: str
    account: str


@dataclass(frozen=True)
class DeliverySlip:
    """What the paper going with the file says."""

    payer: Payer
    value_date: dt.date
    count: int
    total: int
    sha256: str


@dataclass(frozen=True)
class DepositFile:
    content: bytes
    slip: DeliverySlip


def write(lines: Iterable[Line], payer: Payer, value_date: dt.date, *, layout: Layout | None = None, newline: str = "crlf") -> DepositFile:
    """The deposit file of the lines paid through the post office (others are not looked at).

    Every problem of every line is collected before anything is given out: raises RecordError.
    """
    layout = layout or Layout.load("post_office_80")
    problems: list[Problem] = []
    records: list[bytes] = []
    total = 0
    for line in lines:
        if line.payee.channel != "post":
            continue
        values = {
            "payer_office": payer.office,
            "payer_account": payer.account,
            "value_date": value_date,
            "institution": line.payee.institution,
            "account": line.payee.account,
            "person_id": line.payee.person_id,
            "name": line.payee.name,
            "amount": line.amount,
        }
        records.append(layout.pack(line.line_no, values, problems))
        total += line.amount
    if not payer.account:
        problems.insert(0, Problem(0, "委存帳號", "空白，請先在發放單位設定登錄委存帳號"))
    if problems:
        raise RecordError(problems)
    end = NEWLINES[newline]
    content = b"".join(r + end for r in records)
    return DepositFile(content, DeliverySlip(payer, value_date, len(records), total, hashlib.sha256(content).hexdigest()))


def read(content: bytes, layout: Layout | None = None) -> list[dict[str, object]]:
    """The records of a deposit file, either line end. Raises RecordError for a truncated or foreign file."""
    layout = layout or Layout.load("post_office_80")
    records = content.replace(b"\r\n", b"\n").split(b"\n")
    if records[-1] == b"":
        records.pop()
    problems: list[Problem] = []
    out = [layout.unpack(no, record, problems) for no, record in enumerate(records, 1)]
    if problems:
        raise RecordError(problems)
    return out
