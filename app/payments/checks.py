"""What is looked at just before money leaves: findings about lines, hard (it must not be paid) or soft (a named person ticks it).

A source that was not consulted is a finding of its own; "not checked" never reads as clean.
"""

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.core import identity, roc

from .line import Line
from .register import monthly, show_account

HARD = "hard"
SOFT = "soft"

TITLES = {
    "dead": "死亡後仍發放",
    "death_month": "當月死亡",
    "moved_out": "已遷出本縣",
    "custody": "在監在押",
    "custody_month": "當月入監",
    "placed": "公費安置",
    "exclusion": "與其他給付互斥",
    "cap": "合計超過上限",
    "duplicate_person": "同人重複發放",
    "shared_account": "多人共用帳戶",
    "account_format": "帳戶格式不符",
    "other_payee": "領款人非本人",
    "account_changed": "帳戶與上月不同",
    "large_change": "金額變動過大",
    "arrears": "補發多月",
    "id_checksum": "統一編號檢查碼不符",
    "total_change": "總額變動過大",
    "omitted": "應發而未列冊",
    "not_checked": "資料來源尚未查核",
    "payer": "發放單位設定不完整",
    "budget": "預算不足",
    "deduction": "依同意書扣抵",
    "adjusted": "金額經調整",
    "rare_name": "戶名有難字或過長",
    "file": "轉帳檔無法產生",
}


@dataclass(frozen=True)
class Finding:
    """`line_no` 0 = about the whole register. `key` stays the same while the facts do, so a tick survives a new check."""

    code: str
    severity: str
    line_no: int
    award_id: int | None
    message: str

    @property
    def key(self) -> str:
        text = f"{self.code}|{self.award_id}|{self.message}"
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class OtherBenefit:
    """Another benefit the person draws. `relation` as in exclusions.csv: choose_one, suspend_a, cap_sum, …; `name` for people."""

    name: str
    relation: str
    first: int
    last: int
    law: str = ""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What the sources say about one person. Custody and placement are (from, to) dates, to None = still."""

    died_on: dt.date | None = None
    moved_out_on: dt.date | None = None
    moved_to: str = ""
    custody: tuple[tuple[dt.date, dt.date | None], ...] = ()
    placement: tuple[tuple[dt.date, dt.date | None], ...] = ()
    others: tuple[OtherBenefit, ...] = ()
    household: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A source of facts and the date its data goes up to (None = none was received)."""

    name: str
    until: dt.date | None


@dataclass(frozen=True)
class Limits:
    """When a soft finding is made. `change` and `total_change` in percent of last month."""

    change: int = 50
    total_change: int = 20
    arrears_months: int = 3
    sharing: int = 2


@dataclass(frozen=True)
class CheckInput:
    """Everything a check looks at. `paid_elsewhere`: award → run number of another live payment of the same months."""

    lines: Sequence[Line]
    month: int
    people: Mapping[int, PersonFacts]
    sources: Sequence[Source]
    previous: Mapping[int, Line] = field(default_factory=dict)
    previous_total: int | None = None
    paid_elsewhere: Mapping[int, str] = field(default_factory=dict)
    omitted: Sequence[tuple[int, str]] = ()
    limits: Limits = Limits()
    kind: str = "regular"
    once: bool = False
    """Paid once per decision: a person may stand on a register twice, and no month compares with the one before."""
    payer_missing: str = ""
    """What the paying office still has to set before its files can be written (Chinese), or empty."""
    budget_short: str = ""
    """What the register lacks in the year's budget (Chinese), or empty."""
    deductions: Mapping[int, tuple[str, int, str]] = field(default_factory=dict)
    """line_no → (consent document, NTD kept back, what is wrong with it now or "")."""
    adjustments: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    """line_no → (NTD of the line it replaces, why)."""


_POST = re.compile(r"\d{7}$")
_BANK = re.compile(r"\d{7}$")
_BANK_ACCOUNT = re.compile(r"\d{5,16}$")
_FARMERS_MAX = 14
_NOTHING = PersonFacts()


def check(given: CheckInput) -> list[Finding]:
    """All findings of a register, hard ones first, then by line."""
    out: list[Finding] = []
    for line in given.lines:
        person = given.people.get(line.person_key, _NOTHING)
        out.extend(_alive_and_here(line, person))
        out.extend(_other_benefits(line, person))
        out.extend(_account(line))
        out.extend(_against_last(line, given))
        out.extend(_deduction_and_adjustment(line, given))
    out.extend(_duplicates(given))
    out.extend(_whole(given))
    return sorted(out, key=lambda f: (f.severity != HARD, f.line_no, f.code))


def _finding(line: Line, code: str, severity: str, message: str) -> Finding:
    return Finding(code, severity, line.line_no, line.award_id, message)


def _alive_and_here(line: Line, person: PersonFacts) -> Iterable[Finding]:
    if person.died_on is not None:
        death = roc.month_of(person.died_on)
        said = f"{roc.show_date(person.died_on)} 死亡"
        if line.month_to > death:
            yield _finding(line, "dead", HARD, f"{said}，次月起不得發放；請停發此案後重新造冊，或暫緩本筆")
        elif line.month_to == death:
            yield _finding(line, "death_month", SOFT, f"{said}，當月仍應發給；請確認帳戶可入帳或改由法定繼承人請領")
    if person.moved_out_on is not None and line.month_to > roc.month_of(person.moved_out_on):
        to = f"至{person.moved_to}" if person.moved_to else ""
        yield _finding(line, "moved_out", HARD, f"{roc.show_date(person.moved_out_on)} 遷出{to}，次月起由新戶籍地辦理；請停發後重新造冊")
    for begin, end in person.custody:
        first, last = roc.month_of(begin), None if end is None else roc.month_of(end)
        if line.month_to > first and (last is None or line.month_from <= last):
            until = "迄今" if end is None else f"至 {roc.show_date(end)}"
            yield _finding(line, "custody", HARD, f"{roc.show_date(begin)} 入監在押{until}；請停發後重新造冊，或暫緩本筆")
        elif line.month_to == first:
            yield _finding(line, "custody_month", SOFT, f"{roc.show_date(begin)} 入監在押，當月仍應發給；請確認次月停發")
    for begin, end in person.placement:
        if line.month_to > roc.month_of(begin) and (end is None or line.month_from <= roc.month_of(end)):
            yield _finding(line, "placed", HARD, f"{roc.show_date(begin)} 起由政府公費安置；請停發後重新造冊，或暫緩本筆")


def _other_benefits(line: Line, person: PersonFacts) -> Iterable[Finding]:
    for other in person.others:
        if other.first > line.month_to or other.last < line.month_from:
            continue
        law = f"（{other.law}）" if other.law else ""
        if other.relation in ("choose_one", "suspend_a"):
            yield _finding(line, "exclusion", HARD, f"同期領有{other.name}，不得併領{law}；請確認擇領並停發其一")
        elif other.relation in ("cap_sum", "top_up"):
            yield _finding(line, "cap", SOFT, f"同期領有{other.name}，請確認合計未超過上限{law}")


def _account(line: Line) -> Iterable[Finding]:
    p = line.payee
    if line.amount <= 0:
        yield _finding(line, "account_format", HARD, f"金額 {line.amount} 元不可發放，請確認核定金額")
    if p.channel == "post" and not (_POST.match(p.institution) and _POST.match(p.account)):
        yield _finding(line, "account_format", HARD, "郵局帳戶須為局號 7 碼加帳號 7 碼，不足者左邊補零；請更正帳戶")
    if p.channel in ("bank", "ach", "institution"):
        if not _BANK.match(p.institution) or not _BANK_ACCOUNT.match(p.account):
            yield _finding(line, "account_format", HARD, "銀行帳戶須為總分行代號 7 碼加帳號 5 至 16 碼數字；請更正帳戶")
        elif p.institution.startswith(("6", "9")) and len(p.account) > _FARMERS_MAX:
            yield _finding(line, "account_format", HARD, f"農漁會帳號不超過 {_FARMERS_MAX} 碼；請更正帳戶")
    if p.person_id != line.person_id and p.channel != "institution":
        yield _finding(line, "other_payee", SOFT, f"由{p.name}領款，請確認監護或委託文件仍有效")
    if not identity.checksum_ok(line.person_id):
        yield _finding(line, "id_checksum", SOFT, "統一編號檢查碼不符，請與戶籍資料核對")


def _against_last(line: Line, given: CheckInput) -> Iterable[Finding]:
    last = given.previous.get(line.award_id)
    if last is not None:
        if (last.payee.channel, last.payee.account_key) != (line.payee.channel, line.payee.account_key):
            text = f"帳戶由{show_account(last.payee)}改為{show_account(line.payee)}，請確認有本人申請"
            yield _finding(line, "account_changed", SOFT, text)
        before, after = monthly(last), monthly(line)
        if before and abs(after - before) * 100 >= before * given.limits.change:
            yield _finding(line, "large_change", SOFT, f"每月金額由 {before:,} 元變為 {after:,} 元，請確認核定")
    months = line.month_to - line.month_from + 1
    if given.kind == "regular" and months > given.limits.arrears_months:
        text = f"一次發放 {roc.show_month(line.month_from)}至{roc.show_month(line.month_to)}共 {line.amount:,} 元，請確認補發期間"
        yield _finding(line, "arrears", SOFT, text)


def _deduction_and_adjustment(line: Line, given: CheckInput) -> Iterable[Finding]:
    if line.line_no in given.adjustments:
        before, reason = given.adjustments[line.line_no]
        yield _finding(line, "adjusted", SOFT, f"系統計算 {before:,} 元，調整為 {line.amount:,} 元（{reason}），請確認依據")
    if line.line_no not in given.deductions:
        return
    document, amount, problem = given.deductions[line.line_no]
    if problem:
        yield _finding(line, "deduction", HARD, problem)
    else:
        text = f"應發 {line.gross:,} 元，依同意書 {document} 扣抵 {amount:,} 元，實發 {line.amount:,} 元；請確認同意仍有效"
        yield _finding(line, "deduction", SOFT, text)


def _duplicates(given: CheckInput) -> Iterable[Finding]:
    by_person: dict[str, list[Line]] = defaultdict(list)
    by_account: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in given.lines:
        by_person[line.person_id].append(line)
        if line.payee.account_key is not None and line.payee.channel != "institution":
            by_account[line.payee.account_key].append(line)
    for lines in () if given.once else by_person.values():
        for line in lines[1:]:
            if _moved_between_institutions(lines[0], line):
                continue
            yield _finding(line, "duplicate_person", HARD, f"與本冊第 {lines[0].line_no} 筆為同一人；請停發其一後重新造冊，或暫緩本筆")
    for line in given.lines:
        if run_no := given.paid_elsewhere.get(line.award_id):
            yield _finding(line, "duplicate_person", HARD, f"同月份已列於清冊 {run_no}；請暫緩本筆")
    for lines in by_account.values():
        homes = {given.people.get(x.person_key, PersonFacts()).household or f"person {x.person_key}" for x in lines}
        if len(homes) > given.limits.sharing:
            for line in lines:
                yield _finding(line, "shared_account", SOFT, f"{len(homes)} 戶共用同一帳戶，請確認領款授權")


def _moved_between_institutions(first: Line, line: Line) -> bool:
    """One award, two institutions: each is paid its own days of the month by its own invoice."""
    return line.award_id == first.award_id and line.payee.channel == "institution" and line.payee != first.payee


def _whole(given: CheckInput) -> Iterable[Finding]:
    if given.payer_missing:
        yield Finding("payer", HARD, 0, None, given.payer_missing)
    if given.budget_short:
        yield Finding("budget", SOFT, 0, None, given.budget_short)
    for source in given.sources:
        if source.until is None:
            yield Finding("not_checked", SOFT, 0, None, f"{source.name}：尚未取得資料，本次未查核")
        elif source.until < roc.first_day(given.month):
            yield Finding("not_checked", SOFT, 0, None, f"{source.name}：資料只到 {roc.show_date(source.until)}，其後的異動本次未查核")
    total = sum(x.amount for x in given.lines)
    before = given.previous_total
    if before and abs(total - before) * 100 >= before * given.limits.total_change:
        yield Finding("total_change", SOFT, 0, None, f"總額由上次 {before:,} 元變為 {total:,} 元，請確認原因")
    for award_id, reason in given.omitted:
        yield Finding("omitted", SOFT, 0, award_id, reason)
