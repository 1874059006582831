"""What is wrong with an application before it may be submitted or decided, each at its field and saying what to do.

`refuse` stops, `warn` is shown and may be right, `unknown` leads to "not known" in the rule.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import object_session

from app.commands.base import Refused
from app.core import identity, roc
from app.models.application import CLOSED, DOCUMENTS, Application
from app.models.award import STATUS_BENEFITS
from app.models.household import HouseholdMember
from app.security import scope

from . import unread
from .hooks import PROBLEMS
from .own import own

ADULT = 15
"""A parent is at least this much older than the child."""
FIRST_YEAR = 80
"""The oldest ROC year of tax data anybody could still hold."""
DAYS = 366
"""A year has no more days."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`section` and `field` say where on the form; `member` is the position of the person it concerns (0 = the case)."""

    section: str
    field: str
    message: str
    level: str = "refuse"
    member: int = 0

    @property
    def anchor(self) -> str:
        """The field's name on the form, to jump to."""
        return f"m{self.member}-{self.field}" if self.member else self.field


class Incomplete(Refused):
    """The application is not ready; `problems` are the places to put right."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("；".join(p.message for p in problems[:5]), "E-INCOMPLETE")
        self.problems = problems


def find(application: Application, today: dt.date) -> list[Problem]:
    """Everything that is missing or contradictory, in the order of the form."""
    asked = application.SECTIONS
    return [
        *_common(application, today),
        *_people(application, today),
        *_counted_twice(application),
        *(_means(application, today) if "means" in asked else ()),
        *(more(application, today) if (more := own(application.benefit, "problems")) else ()),
        *(_account(application) if "account" in asked else ()),
        *(problem for find_more in PROBLEMS for problem in find_more(application, today)),
    ]


def refuse_if_any(application: Application, today: dt.date) -> None:
    """Raises Incomplete when something must be put right first."""
    if hard := [p for p in find(application, today) if p.level == "refuse"]:
        raise Incomplete(hard)


def latest_tax_year(day: dt.date) -> int:
    """The ROC year of the newest tax data on a day: those of year N arrive in the autumn of N+1 (財稅資料中心的交換時程)."""
    return day.year - roc.EPOCH - (1 if day.month >= 10 else 2)


def _common(a: Application, today: dt.date) -> Iterator[Problem]:
    for name, text in (a.unread or {}).items():
        section, _, at = name.partition(".")
        where = unread.name_of(a, section, at)
        yield Problem(section, at, f"請填{where}" if text == unread.BLANK else f"{where}「{text}」看不懂，請依欄位說明重填")
    if a.received_on > today:
        yield Problem("person", "received_on", "收件日期不可晚於今天")
    if not a.applicant.registered_address:
        yield Problem("person", "registered_address", "請填戶籍地址")
    if a.consent_on is None and "means" in a.SECTIONS:
        yield Problem("documents", "consent_on", "請登錄申請人簽署查調同意書的日期，否則不得查調財稅與戶籍資料")
    for name in ("consent_on", "affidavit_on", "household_taken_on"):
        if (day := getattr(a, name)) is not None and day > today:
            section = _registry_section(a) if name == "household_taken_on" else "documents"
            yield Problem(section, name, f"{Application.__table__.c[name].info['label']}不可晚於今天")
    for d in a.documents:
        if d.received_on and d.received_on > today:
            yield Problem("documents", f"{d.code}-received_on", f"{DOCUMENTS.get(d.code, d.code)}的收到日期不可晚於今天")
    if a.agent_name and not a.agent_relation:
        yield Problem("person", "agent_relation", "由代理人申請時，請填代理人與申請人的關係")
    if lacking := [str(DOCUMENTS.get(d.code, d.code)) for d in a.documents if d.missing]:
        yield Problem("documents", "received_on", f"還沒收到：{'、'.join(lacking)}", "unknown")
    for name in a.ASKED:
        if getattr(a, name) is None:
            yield Problem("facts", name, f"「{a.label_of(name)}」尚未查明", "unknown")
    days = getattr(a, "days_in_taiwan", None)
    if days is not None and not 0 <= days <= DAYS:
        yield Problem("facts", "days_in_taiwan", f"最近一年居住國內日數應在 0 到 {DAYS} 之間")


def _registry_section(a: Application) -> str:
    """Where the form asks for the day the household data were taken."""
    return "household" if "household" in a.SECTIONS else "facts"


def _people(a: Application, today: dt.date) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    by_position = {m.position: m for m in a.members}
    applicants = [m for m in a.members if m.relation == "applicant"]
    if a.household_taken_on is None:
        yield Problem(_registry_section(a), "household_taken_on", "尚未查調戶籍資料，請登錄查調日期並核對家庭人口", "unknown")
    if len(applicants) != 1:
        yield Problem("household", "members", "家庭人口要有申請人本人，而且只有一位")
    for m in a.members:
        if m.birth is None:
            yield Problem("household", "birth", f"請填{m.name}的出生日期", member=m.position)
        elif m.birth > today:
            yield Problem("household", "birth", f"{m.name}的出生日期在今天之後，請檢查年份", member=m.position)
        if m.person_id:
            if m.person_id in seen:
                yield Problem("household", "person_id", f"{m.name}與{seen[m.person_id]}的統一編號相同，請核對證件", member=m.position)
            seen[m.person_id] = m.name
            if not identity.checksum_ok(m.person_id):
                yield Problem("household", "person_id", f"{m.name}的統一編號檢查碼不符，請核對證件；證件確實如此可保留", "warn", m.position)
            elif m.sex and identity.sex_of(m.person_id) not in (None, m.sex):
                yield Problem("household", "sex", f"{m.name}的性別與統一編號第二碼不一致，請核對證件", "warn", m.position)
        elif m.relation in ("applicant", "spouse", "child"):
            yield Problem("household", "person_id", f"請填{m.name}的統一編號，才能查調財稅資料", "warn", m.position)
        if m.death and m.birth and m.death < m.birth:
            yield Problem("household", "death", f"{m.name}的死亡日期早於出生日期，請檢查", member=m.position)
        if m.relation in ("child_spouse", "grandchild") and m.via not in by_position:
            yield Problem("household", "via", f"請選{m.name}是經由哪一位子女的親屬", member=m.position)
        yield from _ages(m, by_position.get(m.via or 0) or (applicants[0] if applicants else None))
        for spouse in (s for s in a.members if s.relation == "spouse" and m.relation == "child"):
            if m.birth and spouse.birth and m.birth < spouse.birth:
                words = f"{m.name}的出生日期早於{spouse.name}（申請人的配偶），請核對；確為申請人前婚子女可保留"
                yield Problem("household", "birth", words, "warn", m.position)
        for n, c in enumerate(m.circumstances):
            if c.since and c.until and c.until < c.since:
                yield Problem("household", f"c{n}-until", f"{m.name}特殊情形的迄日早於起日，請檢查", member=m.position)
            if c.proven and not c.proof:
                yield Problem("household", f"c{n}-proof", f"{m.name}的特殊情形已認定，請填證明文件", member=m.position)


def _ages(m: HouseholdMember, parent: HouseholdMember | None) -> Iterator[Problem]:
    if m.relation == "parent" and parent is not None and m.birth and parent.birth and m.birth > parent.birth:
        yield Problem("household", "birth", f"{m.name}是父母，出生日期卻晚於{parent.name}，請核對親子關係或日期", member=m.position)
    if m.relation not in ("child", "grandchild") or parent is None or parent is m or not (m.birth and parent.birth):
        return
    if m.birth < parent.birth:
        yield Problem("household", "birth", f"{m.name}的出生日期早於{parent.name}，請核對親子關係或日期", member=m.position)
    elif m.birth.year - parent.birth.year < ADULT:
        yield Problem("household", "birth", f"{m.name}與{parent.name}只差 {m.birth.year - parent.birth.year} 歲，請核對", "warn", m.position)


def _counted_twice(a: Application) -> Iterator[Problem]:
    """A member who is counted in another open case of the same benefit: it may be right for a while, but not for both to be granted."""
    session = object_session(a)
    ids = {m.person_id: m for m in a.members if m.person_id and m.relation != "applicant"}
    if session is None or not ids:
        return
    statement = (
        select(HouseholdMember.person_id)
        .join(Application, Application.id == HouseholdMember.application_id)
        .where(
            HouseholdMember.person_id.in_(ids), HouseholdMember.counted.is_(True), Application.id != a.id, Application.benefit == a.benefit,
            Application.county_code == a.county_code, Application.state.not_in(CLOSED),
        )
    )  # fmt: skip
    with scope.use(scope.SYSTEM), session.no_autoflush:
        found = {number for number in session.scalars(statement) if number}
    for number in sorted(found):
        m = ids[number]
        yield Problem("household", "person_id", f"{m.name}也列計於另一件審核中的同項申請案，請確認應列計於哪一戶", "warn", m.position)


def _means(a: Application, today: dt.date) -> Iterator[Problem]:
    need = latest_tax_year(today)
    for m in a.members:
        if m.counted is False or m.death:
            continue
        if m.tax_year is None:
            yield Problem("means", "tax_year", f"{m.name}的財稅資料尚未查調", "unknown", m.position)
        elif not FIRST_YEAR <= m.tax_year <= today.year - roc.EPOCH:
            yield Problem("means", "tax_year", f"{m.name}的財稅年度 {m.tax_year} 不對，請填民國年，例如 {need}", member=m.position)
        elif m.tax_year < need:
            yield Problem("means", "tax_year", f"{m.name}的財稅資料是 {m.tax_year} 年度，應查調 {need} 年度", "unknown", m.position)
        for n, line in enumerate(m.incomes):
            if line.amount is None:
                yield Problem("means", f"i{n}-amount", f"{m.name}的一筆所得沒有金額", "unknown", m.position)
            elif line.amount < 0 and line.kind != "property_transaction":
                yield Problem("means", f"i{n}-amount", f"{m.name}的所得不可為負數", member=m.position)
        for n, asset in enumerate(m.assets):
            if asset.value is None:
                yield Problem("means", f"a{n}-value", f"{m.name}的一筆財產沒有價值", "unknown", m.position)
            elif asset.value < 0:
                yield Problem("means", f"a{n}-value", f"{m.name}的財產價值不可為負數", member=m.position)


def _account(a: Application) -> Iterator[Problem]:
    """A status that may come without cash needs no account before cash is granted (`review.evidence` asks for it then)."""
    if a.channel is None and a.benefit in STATUS_BENEFITS:
        yield Problem("account", "channel", "還沒有撥款帳戶：列冊而沒有現金給付（第三款）不必填；有現金給付時，核定前要登錄", "unknown")
        return
    yield from account_problems(a)


def account_problems(a: Any) -> Iterator[Problem]:
    """What is wrong with the payee and account of `a` (an application, or anything with its account fields and `applicant`)."""
    if a.channel is None:
        yield Problem("account", "channel", "請選擇撥款方式並填帳戶")
        return
    institution, account = a.institution or "", a.account or ""
    if a.channel == "cash" and (institution or account):
        yield Problem("account", "account", "現金印領不填局號與帳號，請清空")
    if a.channel == "post" and not (institution.isdigit() and len(institution) == 7 and account.isdigit() and len(account) == 7):
        yield Problem("account", "account", "郵局帳戶應為局號 7 碼與帳號 7 碼，不足 7 碼請在左邊補 0")
    if a.channel == "bank":
        if not (institution.isdigit() and len(institution) == 7):
            yield Problem("account", "institution", "金融機構代號應為總行 3 碼加分行 4 碼，共 7 個數字")
        if not (account.isdigit() and 5 <= len(account) <= 16):
            yield Problem("account", "account", "銀行帳號應為 5 至 16 個數字，不含橫線")
    if a.payee_person_id and a.payee_person_id != a.applicant.person_id and not a.payee_reason:
        yield Problem("account", "payee_reason", "領款人不是申請人本人，請填監護、輔助或法定繼承的依據")
    if not a.payee_name:
        yield Problem("account", "payee_name", "請填領款人姓名")
