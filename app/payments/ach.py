"""The clearing house's file of credits (ACHP01, V10: 250 bytes a record, CRLF) and the returns that come back (ACHR01).

Positions are data: layouts/ach_*.csv. Postal payees travel as bank 7000021 with 局號 and 帳號 as one number of 14 digits.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .fixed_width import Layout, Problem, RecordError
from .line import Line
from .reconcile import RETURNED, TransferResult

POSTAL_BANK = "7000021"
BANK_CHANNELS = ("bank", "ach", "institution")
END = b"\r\n"
OUT, BACK = "ACHP01", "ACHR01"


@dataclass(frozen=True)
class Originator:
    """The paying office at the clearing house: its sending unit (7 digits), its account (bank 7, number up to 16), tax number, 交易代號 (3)."""

    sender: str
    bank: str
    account: str
    tax_id: str
    transaction: str


@dataclass(frozen=True)
class CreditFile:
    content: bytes
    count: int
    total: int
    sha256: str


@dataclass(frozen=True)
class Sent:
    """A line as it stands in the credit file under its 交易序號."""

    line_no: int
    person_id: str
    bank: str
    account: str
    amount: int


def covers(line: Line, with_post: bool) -> bool:
    """Does the credit file pay this line?"""
    return line.payee.channel in BANK_CHANNELS or (with_post and line.payee.channel == "post")


def account_of(channel: str, institution: str, account: str) -> tuple[str, str]:
    """(bank, number of 16 digits) of a payee."""
    if channel == "post":
        return POSTAL_BANK, (institution.rjust(7, "0") + account.rjust(7, "0")).rjust(16, "0")
    return institution, account.rjust(16, "0")


def reference(run_no: str) -> str:
    """The register's number as the 20 places of 用戶號碼 hold it; a return brings it back."""
    return run_no.replace("-", "")[:20]


def write(
    lines: Iterable[Line], who: Originator, run_no: str, handled_on: dt.date, day_before: dt.date, made_at: dt.time, memo: str, *, with_post: bool
) -> CreditFile:
    """The credit file of the lines that `covers` takes, numbered from 1 in their order.

    `handled_on` is the day it is handed in, `day_before` the business day before that, `memo` what the passbook shows (10 bytes).
    Every problem of every line is collected before anything is given out: raises RecordError.
    """
    header, detail, trailer = (Layout.load(f"ach_{part}") for part in ("header", "detail", "trailer"))
    problems: list[Problem] = []
    chosen = [x for x in lines if covers(x, with_post)]
    frame: Mapping[str, object] = {
        "data_code": OUT, "handled_on": handled_on, "sender": who.sender, "made_at": made_at.strftime("%H%M%S"), "day_before": day_before,
        "count": str(len(chosen)), "total": sum(x.amount for x in chosen),
    }  # fmt: skip
    records = [header.pack(0, frame, problems)]
    for sequence, x in enumerate(chosen, 1):
        bank, account = account_of(x.payee.channel, x.payee.institution, x.payee.account)
        if not x.payee.account:
            problems.append(Problem(x.line_no, "收受者帳號", "空白，請補登"))
        values: Mapping[str, object] = {
            "type": "N", "transaction": who.transaction, "sequence": str(sequence), "from_bank": who.bank, "from_account": who.account,
            "to_bank": bank, "to_account": account, "amount": x.amount, "payer_id": who.tax_id, "payee_id": x.payee.person_id,
            "reference": reference(run_no), "memo": memo,
        }  # fmt: skip
        records.append(detail.pack(x.line_no, values, problems))
    records.append(trailer.pack(0, frame, problems))
    if problems:
        raise RecordError(problems)
    content = b"".join(r + END for r in records)
    return CreditFile(content, len(chosen), sum(x.amount for x in chosen), hashlib.sha256(content).hexdigest())


def is_return_file(content: bytes) -> bool:
    """Does it begin as a file of returns does?"""
    return content.startswith(b"BOF" + BACK.encode())


def sent(lines: Sequence[Line], with_post: bool) -> dict[int, Sent]:
    """The lines of the credit file by 交易序號, as `write` numbered them."""
    chosen = (x for x in lines if covers(x, with_post))
    return {
        n: Sent(x.line_no, x.person_id, *account_of(x.payee.channel, x.payee.institution, x.payee.account), x.amount)
        for n, x in enumerate(chosen, 1)
    }


def read_returns(content: bytes, run_no: str, file: Mapping[int, Sent]) -> list[TransferResult]:
    """The returned lines of a register (`file`: what was sent, by 交易序號). All of the file fits or it is refused: raises RecordError.

    A return swaps the sides: what was 提回行 is now 提出行, and 原提示交易序號 names the line.
    """
    header, detail, trailer = (Layout.load(f"ach_{part}") for part in ("header", "detail", "trailer"))
    rows = content.replace(END, b"\n").split(b"\n")
    if rows[-1] == b"":
        rows.pop()
    problems: list[Problem] = []
    if len(rows) < 2:
        raise RecordError([Problem(0, "整檔", "沒有首錄與尾錄，檔案可能被截斷，請重新取檔")])
    first, last = header.unpack(0, rows[0], problems), trailer.unpack(len(rows) - 1, rows[-1], problems)
    for frame, name in ((first, "首錄"), (last, "尾錄")):
        if frame and frame.get("data_code") != BACK:
            problems.append(Problem(0, name, f"資料代號應為「{BACK}」，檔案是「{frame.get('data_code')}」，可能不是退件檔"))
    read = [(no, detail.unpack(no, row, problems)) for no, row in enumerate(rows[1:-1], 1)]
    if problems:
        raise RecordError(problems)
    found: dict[int, TransferResult] = {}
    for no, row in read:
        result = _returned(no, row, run_no, file, found, problems)
        if result is not None:
            found[result.line_no] = result
    said = (int(str(last["count"])), last["total"])
    if said != (len(read), sum(int(str(row["amount"])) for _, row in read)):
        problems.append(Problem(0, "尾錄", f"筆數或金額合計與明細不符（尾錄 {said[0]:,} 筆 {said[1]:,} 元），檔案可能被截斷，請重新取檔"))
    if problems:
        raise RecordError(problems)
    return list(found.values())


def _returned(
    no: int, row: Mapping[str, object], run_no: str, file: Mapping[int, Sent], found: Mapping[int, TransferResult], problems: list[Problem]
) -> TransferResult | None:
    number = str(row["original_sequence"]).strip()
    line = file.get(int(number)) if number.isdigit() else None
    if row["reference"] != reference(run_no):
        problems.append(Problem(no, "用戶號碼", f"「{row['reference']}」不是清冊 {run_no} 送出的，請選正確的檔案"))
    elif line is None:
        problems.append(Problem(no, "原提示交易序號", f"「{number}」不在送出的檔案裡，請確認檔案"))
    elif line.line_no in found:
        problems.append(Problem(no, "原提示交易序號", f"「{number}」在檔案中出現兩次，請確認檔案"))
    elif (row["from_bank"], row["from_account"]) != (line.bank, line.account):
        problems.append(Problem(no, "提出行與帳號", f"與清冊第 {line.line_no} 筆的收受帳戶不同，請確認檔案"))
    elif row["amount"] != line.amount:
        problems.append(Problem(no, "金額", f"{row['amount']:,} 元與清冊第 {line.line_no} 筆 {line.amount:,} 元不同，請確認檔案"))
    elif not str(row["return_code"]).strip().isdigit():
        problems.append(Problem(no, "退件理由代號", "空白或不是數字，無法知道退件原因，請洽金融機構"))
    else:
        return TransferResult(no, run_no, line.line_no, line.person_id, line.amount, RETURNED, str(row["return_code"]).strip())
    return None
