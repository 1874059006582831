"""身心障礙者資料管理: who gets a card or certificate, until when it is valid, when it must be renewed, and what hangs on it."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.core import roc
from app.core.months import Months

from . import personal, timing
from .clocks import months_after
from .disability import ACT, SINCE_101, Card, Grade, valid_on
from .exclusions import Exclusion
from .facts import NOT_LOOKED_UP, CaseFacts, Finding, Source
from .parameters import Parameters
from .record import Record
from .trace import Decision, Outcome, TestLine, outcome_of
from .versions import in_force

BENEFIT = "disability_register"
OLD_ISSUE = "身心障礙手冊核發辦法"
OLD_ASSESSMENT = "身心障礙者鑑定作業辦法"
ISSUE = "身心障礙者福利與服務需求評估及證明核發辦法"
ASSESSMENT = "身心障礙者鑑定作業辦法"
PERMANENT_NEEDS_YEARS = 5


@dataclass(frozen=True, slots=True)
class Version:
    """`limit_years`: longest validity. `provisional_days`: last day after the sixth birthday for under-6 provisional grades.
    `needs`: a needs assessment comes before issue. `endless`: a condition that cannot improve gets no last day."""

    code: str
    since: dt.date
    limit_years: int | None
    provisional_days: int | None
    provisional_article: str
    needs: bool
    endless: bool


VERSIONS = (
    Version("DREG-96", dt.date(2007, 8, 21), None, None, "", False, True),
    Version("DREG-101-07-11", SINCE_101, 5, 60, f"{ASSESSMENT}第6條第2項", True, False),
    Version("DREG-109-12-15", dt.date(2020, 12, 15), 5, 90, f"{ASSESSMENT}第9條第2項", True, False),
    Version("DREG-110-01-20", dt.date(2021, 1, 20), 5, 90, f"{ASSESSMENT}第9條第2項", True, True),
)


class Issue(StrEnum):
    """Why a document is made."""

    FIRST = "first"
    REASSESSED = "reassessed"
    EXCHANGED = "exchanged"
    REPLACED = "replaced"
    MOVED_IN = "moved_in"

    @property
    def zh(self) -> str:
        return {"first": "初次核發", "reassessed": "重新鑑定", "exchanged": "換發", "replaced": "補發", "moved_in": "遷入註記"}[self.value]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the hospital found. `qualifies`: reaches a legal grade. `irreversible`: cannot improve or recover (附表三), or a permanent card.

    `provisional`: a child under 6 whose grade cannot be told apart yet. `reassess`: the date by which to assess again.
    """

    number: str = ""
    day: dt.date | None = None
    hospital: str = ""
    classes: tuple[str, ...] = ()
    grade: Grade | None = None
    qualifies: bool | None = None
    irreversible: bool | None = None
    provisional: bool | None = False
    reassess: dt.date | None = None
    received: dt.date | None = None
    needs_assessed: dt.date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """One issue of a card. `old` is the card that is replaced; `loss` the statement that it was lost or damaged."""

    case: CaseFacts
    assessment: Assessment | None = None
    issue: Issue = Issue.FIRST
    old: Card | None = None
    loss: Finding = NOT_LOOKED_UP
    issued: dt.date | None = None


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw."""
    return in_force(VERSIONS, day, OLD_ISSUE)


def decide(facts: RegisterFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """May the document be issued, and from when to when is it valid? `parameters` and `exclusions` play no part (no exclusions by law)."""
    case, on = facts.case, facts.case.on
    version = version_on(on)
    law = ISSUE if version.needs else OLD_ISSUE
    record = Record()
    record.ask(*personal.alive(case, f"{ACT}第15條第3項" if version.needs else law))
    record.ask(personal.residence(case, f"{ACT}第7條第3項" if version.needs else law)[0])
    complete = case.documents_complete
    text = "尚未備齊" if complete is None else f"{roc.show_date(complete)}備齊"
    outcome = outcome_of(True if complete else None)
    record.ask(TestLine("documents", f"{law}第3條" if version.needs else law, "照片、身分證明等文件是否備齊？", text, "備齊", outcome))
    if facts.issue in (Issue.REPLACED, Issue.EXCHANGED, Issue.MOVED_IN):
        return _reissue(facts, version, law, record)
    found = facts.assessment
    record.ask(*_assessment_lines(case, version, found))
    issued = facts.issued or on
    last, line = expiry(version, issued, found, case.applicant.birth)
    record.ask(line)
    ends = None if last is None else roc.month_of(last)
    return record.decision(
        BENEFIT, version.code, on, amount=0, band=found.grade.value if found and found.grade else "",
        months=Months.of((roc.month_of(issued), ends)), valid_from=issued, valid_to=last,
    )  # fmt: skip


def _assessment_lines(case: CaseFacts, version: Version, found: Assessment | None) -> list[TestLine]:
    law = ASSESSMENT if version.needs else OLD_ASSESSMENT
    got = found or Assessment()
    sources = personal.some(got.source)
    done = "尚未收到鑑定表" if got.day is None else f"{roc.show_date(got.day)} {got.hospital}鑑定".replace("  ", " ")
    lines = [TestLine("assessed", law, "是否完成鑑定？", done, "鑑定機構完成鑑定", outcome_of(True if got.day else None), sources=sources)]
    grade = f"{got.grade.zh}（{'、'.join(got.classes) or '類別未載'}）" if got.grade else "等級尚未查明"
    measured = {True: grade, False: "未達法定等級", None: "尚未查明"}[got.qualifies]
    truth = (True if got.grade and got.classes else None) if got.qualifies else got.qualifies
    article = f"{ACT}第5條" if version.needs else law
    lines.append(TestLine("grade", article, "是否符合法定身心障礙類別及等級？", measured, "符合", outcome_of(truth), sources=sources))
    if got.provisional:
        age = case.applicant.age_on(got.day or case.on)
        young = None if age is None else age < 6
        text = "出生日期尚未查明" if age is None else f"{age}歲"
        lines.append(
            TestLine("provisional", version.provisional_article or law, "暫判定是否為未滿6歲？", text, "未滿6歲", outcome_of(young))
        )
    if version.needs:
        text = "尚未完成" if got.needs_assessed is None else f"{roc.show_date(got.needs_assessed)}完成"
        outcome = outcome_of(True if got.needs_assessed else None)
        lines.append(TestLine("needs", f"{ISSUE}第2條第1項第4款", "是否完成需求評估？", text, "完成", outcome, sources=sources))
    return lines


def _reissue(facts: RegisterFacts, version: Version, law: str, record: Record) -> Decision:
    """A copy, an exchange or a move: the new document keeps grade and last day of the old one."""
    case, old = facts.case, facts.old
    article = f"{law}第5條" if facts.issue is Issue.MOVED_IN and version.needs else f"{law}第3條第3項" if version.needs else law
    truth = valid_on(old, case.on)
    text = {True: "有效", False: "已失效，應重新申請鑑定", None: "尚未查明"}[truth]
    sources = personal.some(old.source if old else None)
    record.ask(TestLine("card", article, "原手冊或證明是否仍有效？", text, "有效", outcome_of(truth), sources=sources))
    if facts.issue is Issue.REPLACED:
        record.ask(personal.required("loss", article, "是否遺失、滅失或破損？", "已切結遺失、滅失或破損", "未遺失", facts.loss))
    issued = facts.issued or case.on
    grade = old.grade.value if old and old.grade else ""
    last = old.expires if old else None
    ends = None if last is None else roc.month_of(last)
    return record.decision(
        BENEFIT, version.code, case.on, amount=0, band=grade, months=Months.of((roc.month_of(issued), ends)), valid_from=issued,
        valid_to=last,
    )  # fmt: skip


def expiry(version: Version, issued: dt.date, found: Assessment | None, birth: dt.date | None) -> tuple[dt.date | None, TestLine]:
    """The last valid day (None = none, or not known: the line says which) of what is issued on a day."""
    question = "有效期限至何日？"
    article = f"{ACT}第14條第1項" if version.needs else OLD_ISSUE

    def line(last: dt.date | None, limit: str, note: str = "", where: str = article) -> tuple[dt.date | None, TestLine]:
        text = f"至{roc.show_date(last)}" if last else "無註記有效期限"
        return last, TestLine("expiry", where, question, text, limit, Outcome.MET, note=note)

    def open_question(text: str, where: str = article) -> tuple[None, TestLine]:
        return None, TestLine("expiry", where, question, text, "", Outcome.NOT_KNOWN)

    got = found or Assessment()
    if got.provisional and version.provisional_days:
        if birth is None:
            return open_question("出生日期尚未查明", version.provisional_article)
        last = personal.birthday(birth, 6) + dt.timedelta(days=version.provisional_days)
        if last < issued:
            return open_question("已逾滿6歲後重新鑑定之期限，應先重新鑑定", version.provisional_article)
        return line(last, f"滿6歲後第{version.provisional_days}日", "未滿6歲暫判定", version.provisional_article)
    if got.irreversible and version.endless:
        note = f"每{PERMANENT_NEEDS_YEARS}年進行需求評估" if version.needs else ""
        return line(None, "無法減輕或恢復，無須重新鑑定", note)
    if version.limit_years is None:
        if got.reassess is None and not got.irreversible:
            return open_question("鑑定表未載重新鑑定日期，亦未載永久")
        return line(got.reassess, "依鑑定表所載重新鑑定日期")
    longest = months_after(issued, 12 * version.limit_years)
    if got.irreversible:
        return line(longest, f"最長{version.limit_years}年", "無須重新鑑定，期滿逕予核發", f"{ACT}第14條第1項、第2項但書")
    return line(min(longest, got.reassess or longest), f"最長{version.limit_years}年，或重新鑑定日期")


class RenewalState(StrEnum):
    ENDLESS = "endless"
    EARLY = "early"
    OPEN = "open"
    NOTICE = "notice"
    EXTENDED = "extended"
    EXPIRED = "expired"

    @property
    def zh(self) -> str:
        return {
            "endless": "無有效期限",
            "early": "尚未屆申請期間",
            "open": "得申請重新鑑定",
            "notice": "應書面通知申請重新鑑定",
            "extended": "逾期，具正當理由得補辦",
            "expired": "已逾期",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Renewal:
    """The dates of a renewal: may apply from, notice by, last day, last day with an accepted reason."""

    state: RenewalState
    opens: dt.date | None
    notify_by: dt.date | None
    expires: dt.date | None
    extended_to: dt.date | None
    article: str


def renewal(card: Card, on: dt.date, applied: bool = False, reason_accepted: bool = False) -> Renewal:
    """Where a card stands on a day: 90 days before its end the holder may apply, 60 days before the county must remind whoever has not,
    and with a reason accepted before the end it can be done within 60 days after (§14). A permanent card needs none.

    Before 101-07-11 no such rule is known: only the last day counts. Raises ValueError when neither end nor permanence is known.
    """
    article = f"{ACT}第14條"
    if card.expires is None:
        if not card.permanent:
            raise ValueError("手冊或證明之有效期限尚未查明，無法排定重新鑑定")
        return Renewal(RenewalState.ENDLESS, None, None, None, None, article)
    end = card.expires
    if on < SINCE_101:
        state = RenewalState.EXPIRED if on > end else RenewalState.OPEN
        return Renewal(state, None, None, end, None, OLD_ISSUE)
    opens, notify = end - dt.timedelta(days=90), end - dt.timedelta(days=60)
    extended = end + dt.timedelta(days=60) if reason_accepted else None
    if on > end:
        state = RenewalState.EXTENDED if extended and on <= extended else RenewalState.EXPIRED
    elif on < opens:
        state = RenewalState.EARLY
    else:
        state = RenewalState.NOTICE if on >= notify and not applied else RenewalState.OPEN
    return Renewal(state, opens, notify, end, extended, article)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a change of the card does to a benefit that hangs on it: `action` stop, recompute or review; from which day."""

    benefit: str
    action: str
    day: dt.date
    article: str
    text: str
    sourced: bool


def consequences(before: Card, after: Card | None, day: dt.date) -> tuple[Consequence, ...]:
    """What changes for the benefits of the holder: `day` is the last valid day, the day of cancellation, or the new card's first day.

    A lost card stops payments by each benefit's own clock and voids the permit. A new grade raises the living allowance from the
    same month and lowers it from the next; what was paid in between under the annotated old card is recovered or paid (§15).
    """
    since_101 = day >= SINCE_101
    if after is None or valid_on(after, day) is False:
        out = []
        for benefit in ("disability_living_allowance", "disability_care_subsidy"):
            end = timing.stop(benefit, timing.StopReason.CERTIFICATE, day)
            out.append(Consequence(benefit, "stop", end.day, end.article, "手冊、證明失效，停發補助", end.sourced))
        permit = "身心障礙者專用停車位設置管理辦法第11條第1項"
        out.append(Consequence("parking_permit", "stop", day, permit, "申請原因消滅，繳還註銷識別證", since_101))
        devices = "身心障礙者輔具費用補助辦法"
        out.append(Consequence("assistive_device_subsidy", "review", day, devices, "核定後未購買之輔具應再確認資格", False))
        return tuple(out)
    if before.grade is after.grade or before.grade is None or after.grade is None:
        return ()
    raised = list(Grade).index(after.grade) > list(Grade).index(before.grade)
    change = timing.change("disability_living_allowance", raised, day)
    words = f"{before.grade.zh}改為{after.grade.zh}"
    basis = f"{ACT}第15條第2項、{change.article}" if since_101 else change.article
    return (
        Consequence("disability_living_allowance", "recompute", change.day, basis, f"{words}，重新核定金額", change.sourced),
        Consequence("parking_permit", "review", day, f"{ACT}第56條第2項", f"{words}，確認行動不便評估結果", since_101),
        Consequence("assistive_device_subsidy", "review", day, "身心障礙者輔具費用補助辦法", f"{words}，確認各項目資格", False),
    )
