"""One device of 身心障礙者輔具費用補助: table, rate, four items in two years, years of use, apply before buying, and the claim."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from app.core import money, roc
from app.core.months import Months

from . import disability, personal
from .choices import other_benefit_lines
from .clocks import Calendar, months_after
from .disability import SINCE_101, Card, Grade
from .exclusions import Exclusion
from .facts import NOT_LOOKED_UP, NOTHING_REPORTED, CaseFacts, Finding, Source, Status
from .logic import Truth, all_of, any_of
from .parameters import Parameters
from .record import Record
from .trace import Decision, Outcome, TestLine, outcome_of
from .versions import in_force

BENEFIT = "assistive_device_subsidy"
LAW_88 = "身心障礙者醫療及輔助器具費用補助辦法"
LAW = "身心障礙者輔具費用補助辦法"
ITEMS_IN_WINDOW = 4
RATES = {Status.LOW: 100, Status.NEAR_LOW: 75, Status.NONE: 50}


@dataclass(frozen=True, slots=True)
class Version:
    """Where the tests stand. `regulated` False: the table of amounts was not published, the county judges by its own paper.
    `all_before`: anything bought before the decision is refused, not only what must be assessed."""

    code: str
    since: dt.date
    law: str
    regulated: bool
    resident: str
    rate: str
    window: str
    special: str
    bought: str
    assessed: str
    claim: str
    all_before: bool


VERSIONS = (
    Version("ADS-96-12-27", dt.date(2007, 12, 27), LAW_88, False, "", "第4條", "第4條", "", "", "", "", False),
    Version(
        "ADS-101-07-11", SINCE_101, LAW, True, "第3條", "第2條第3項", "第4條第3項", "第4條第5項", "第10條", "第6條", "第9條第2項", False
    ),
    Version("ADS-112-01-01", dt.date(2023, 1, 1), LAW, True, "第6條", "第3條", "第7條", "第7條", "第16條", "第10條", "第14條", True),
)
_GRACE_UNTIL = dt.date(2012, 12, 31)


@dataclass(frozen=True, slots=True)
class DeviceItem:
    """A row of the table of devices: NTD at most, years of use, whether an assessment is required, whether the rate does not bind.

    `classes` and `grades`: whom the table is for (none given = every card holder). `counted` False: not one of the four items.
    """

    code: str
    name: str
    max_amount: int | None
    min_years: int | None
    assessed: bool | None = True
    full_rate: bool = False
    source: Source | None = None
    classes: tuple[str, ...] = ()
    grades: tuple[Grade, ...] = ()
    counted: bool = True


@dataclass(frozen=True, slots=True)
class PriorDevice:
    """An item granted before, on the day of the decision. `counted` False: transferred or recycled, not counted. Medical devices count."""

    code: str
    day: dt.date
    counted: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One item asked for. `history` None = not looked up. `qualifies`: class, grade and need as the table asks. `report`: day of the
    assessment report (or diagnosis). `special`: urgent need accepted as a special case. `county_amount`: before 101, NTD by the county's table."""

    case: CaseFacts
    card: Card | None = None
    item: DeviceItem | None = None
    qualifies: Finding = NOT_LOOKED_UP
    report: dt.date | None = None
    bought: dt.date | None = None
    history: tuple[PriorDevice, ...] | None = None
    recycled: bool = False
    special: Finding = NOTHING_REPORTED
    county_rules: Finding = NOT_LOOKED_UP
    county_amount: int | None = None


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw."""
    return in_force(VERSIONS, day, LAW_88)


def decide(facts: DeviceFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge one item; the amount is what may be paid at most, once. Raises NoLaw."""
    case = facts.case
    version = version_on(case.on)
    parameters = parameters.for_county(case.county_code)
    record = Record()
    record.ask(*personal.alive(case, version.law))
    record.ask(personal.residence(case, f"{version.law}第5條" if version.regulated else version.law)[0])
    record.ask(disability.card_line(facts.card, f"{version.law}{version.resident}", case.on))
    if version.regulated:
        record.ask(personal.days(case.residence, f"{version.law}{version.resident}"))
    if facts.item is None:
        record.ask(TestLine("item", f"{version.law}{version.rate}", "申請何項輔具？", "尚未登錄", "補助基準表所列項目", Outcome.NOT_KNOWN))
        return record.decision(BENEFIT, version.code, case.on)
    item = facts.item
    if version.regulated:
        table = "是否符合補助基準表之補助對象及評估結果？"
        record.ask(_class_line(facts, version, item))
        record.ask(personal.required("qualifies", f"{LAW}{version.resident}", table, "符合", "不符合", facts.qualifies))
        record.ask(_report_line(facts, version, item))
    else:
        what = "輔助器具補助標準表之補助對象、最高補助額及最低使用年限"
        record.by_county(personal.county_rule("county_rules", LAW_88, f"{item.name}是否符合補助標準表？", what, facts.county_rules))
    record.ask(_bought_line(facts, version, item))
    special = facts.special.holds
    record.ask(_window_line(facts, version, item, special), _years_line(facts, version, item, special))
    month = roc.month_of(case.on)
    value = _amount(record, facts, version, item)
    lines, _ = other_benefit_lines(BENEFIT, case, parameters, exclusions, month, value)
    record.ask(*lines)
    return record.decision(BENEFIT, version.code, case.on, amount=value, band=item.code, months=Months.each([month]))


def _class_line(facts: DeviceFacts, version: Version, item: DeviceItem) -> TestLine | None:
    """Is the person's class and grade among those the table names for the item? No line for an item open to every card holder."""
    if not (item.classes or item.grades):
        return None
    held = facts.card or Card(None)
    article, question = f"{LAW}{version.resident}及補助基準表", "障礙類別及等級是否為本項輔具之補助對象？"
    limits = ["第" + "、".join(item.classes) + "類"] if item.classes else []
    limits += ["、".join(g.zh for g in item.grades)] if item.grades else []
    measured = f"第{'、'.join(held.classes)}類" if held.classes else "類別尚未查明"
    measured += f"，{held.grade.zh}" if held.grade else "，等級尚未查明"
    in_class: Truth = True if not item.classes else None if not held.classes else bool(set(held.classes) & set(item.classes))
    in_grade: Truth = True if not item.grades else None if held.grade is None else held.grade in item.grades
    return TestLine("class", article, question, measured, "；".join(limits), outcome_of(all_of(in_class, in_grade)))


def _report_line(facts: DeviceFacts, version: Version, item: DeviceItem) -> TestLine | None:
    question = "是否完成輔具評估或檢附診斷書？"
    if item.assessed is False:
        return None
    article = f"{LAW}{version.assessed}"
    if facts.report is None:
        text = "是否須評估尚未查明" if item.assessed is None else "尚未收到評估報告書"
        return TestLine("report", article, question, text, "完成評估", Outcome.NOT_KNOWN)
    return TestLine("report", article, question, f"{roc.show_date(facts.report)}報告", "完成評估", Outcome.MET)


def _bought_line(facts: DeviceFacts, version: Version, item: DeviceItem) -> TestLine | None:
    """Apply before buying: since 101 for what must be assessed (bought by 101-12-31 excused), since 112 for everything."""
    if not version.regulated:
        return None
    article, question = f"{LAW}{version.bought}", "是否於核定前先行購買？"
    if facts.bought is None or facts.bought > facts.case.on:
        return TestLine("bought", article, question, "尚未購買", "核定後購買", Outcome.MET)
    measured = f"{roc.show_date(facts.bought)}購買，早於核定"
    refused: Truth = True if version.all_before else item.assessed
    note = ""
    if refused and not version.all_before and facts.bought <= _GRACE_UNTIL:
        refused, note = False, "101年12月31日以前購買，經評估認符需求者得予補助（第10條但書）"
    elif refused is False:
        note = "本項目不須評估，先行購買不影響補助"
    return TestLine(
        "bought", article, question, measured, "核定後購買", Outcome.NOT_KNOWN if refused is None else outcome_of(not refused), note=note
    )


def counted_in_window(history: tuple[PriorDevice, ...], on: dt.date) -> int:
    """Items that count in the two-year window of a day: this calendar year and the one before (the text says 每二年度; a proposal)."""
    return sum(p.counted and on.year - 1 <= p.day.year and p.day <= on for p in history)


def _window_line(facts: DeviceFacts, version: Version, item: DeviceItem, special: Truth) -> TestLine | None:
    if facts.recycled or not item.counted or not version.regulated:
        return None
    article, question = f"{LAW}{version.window}", "二年度內是否未逾四項？"
    if facts.history is None:
        return TestLine("window", article, question, "以往補助紀錄尚未查調", "每人每二年度四項", Outcome.NOT_KNOWN)
    used = counted_in_window(facts.history, facts.case.on)
    year = facts.case.on.year - roc.EPOCH
    measured = f"{year - 1}、{year}年度已補助{used}項，本次為第{used + 1}項"
    note = "「每二年度」以本年度及前一年度計（條文未明定，建議）"
    truth: Truth = used < ITEMS_IN_WINDOW
    if not truth and special is not False:
        truth, note = special, "逾四項，以專案（特殊情形且急迫）申請" if special else "是否准以專案申請尚未查明"
        article = f"{LAW}{version.special}"
    return TestLine(
        "window", article, question, measured, "每人每二年度四項", outcome_of(truth), Fraction(used), Fraction(ITEMS_IN_WINDOW), note=note
    )


def next_allowed(item: DeviceItem, history: tuple[PriorDevice, ...]) -> dt.date | None:
    """The first day the same item may be granted again; None when it never was, or its years of use are not known."""
    same = [p.day for p in history if p.code == item.code]
    if not same or item.min_years is None:
        return None
    return months_after(max(same), 12 * item.min_years) + dt.timedelta(days=1)


def _years_line(facts: DeviceFacts, version: Version, item: DeviceItem, special: Truth) -> TestLine | None:
    """The same item not again within its years of use, unless as a special case."""
    if not version.regulated:
        return None
    article, question = f"{LAW}{version.window}", "同一項目是否已逾最低使用年限？"
    limit = "最低使用年限尚未登錄" if item.min_years is None else f"最低使用年限{item.min_years}年"
    if facts.history is None:
        return TestLine("years", article, question, "以往補助紀錄尚未查調", limit, Outcome.NOT_KNOWN)
    same = [p.day for p in facts.history if p.code == item.code]
    if not same:
        return TestLine("years", article, question, "未曾補助同一項目", limit, Outcome.MET)
    last = roc.show_date(max(same))
    again = next_allowed(item, facts.history)
    if again is None:
        return TestLine("years", article, question, f"{last}曾補助", limit, Outcome.NOT_KNOWN)
    truth: Truth = any_of(facts.case.on >= again, special)
    note = "未達最低使用年限，以專案（特殊情形且急迫）申請" if facts.case.on < again and special else ""
    return TestLine("years", article, question, f"{last}曾補助，{roc.show_date(again)}起得再申請", limit, outcome_of(truth), note=note)


def _amount(record: Record, facts: DeviceFacts, version: Version, item: DeviceItem) -> int | None:
    question, article = "最高補助多少？", f"{version.law}{version.rate}"
    if not version.regulated:
        if facts.county_amount is None:
            record.ask(TestLine("amount", article, question, "補助標準表金額尚未登錄", "縣府依標準表登錄", Outcome.NOT_KNOWN))
            return None
        text = f"{money.show(facts.county_amount)}元（依縣府登錄之標準表）"
        record.add(TestLine("amount", article, question, text, "", Outcome.MET, Fraction(facts.county_amount)))
        return facts.county_amount
    status = facts.case.status
    if item.max_amount is None or (status is None and not item.full_rate):
        text = "最高補助金額尚未登錄" if item.max_amount is None else "是否為列冊低收入戶或中低收入戶尚未查明"
        record.ask(TestLine("amount", article, question, text, "低收100%、中低收75%、其他50%", Outcome.NOT_KNOWN))
        return None
    rate = 100 if item.full_rate or status is None else RATES[status]
    amount = int(Fraction(item.max_amount * rate, 100) + Fraction(1, 2))
    why = "不受補助額度限制之項目" if item.full_rate else {100: "低收入戶", 75: "中低收入戶", 50: "非低收入戶及非中低收入戶"}[rate]
    measured = f"{item.name}最高{money.show(item.max_amount)}元×{rate}%＝{money.show(amount)}元（{why}）"
    sources = personal.some(item.source)
    record.add(
        TestLine("amount", article, question, measured, "低收100%、中低收75%、其他50%", Outcome.MET, Fraction(amount), sources=sources)
    )
    return amount


@dataclass(frozen=True, slots=True)
class Claim:
    """What a receipt is paid: NTD (0 = nothing, None = not known) and why."""

    amount: int | None
    line: TestLine


def claim(
    approved: int,
    served: dt.date | None,
    receipt: int | None,
    receipt_on: dt.date | None,
    claimed_on: dt.date,
    decided_on: dt.date,
    calendar: Calendar,
) -> Claim:
    """Pay a claim: within 6 months of service of the decision, bought after it, the receipt up to the approved amount. Raises NoLaw."""
    version = version_on(decided_on)
    article, question = f"{version.law}{version.claim}", "請款是否符合並撥付多少？"
    limit = f"送達後6個月內檢據請款，最高{money.show(approved)}元"

    def line(measured: str, outcome: Outcome, note: str = "") -> TestLine:
        return TestLine("claim", article, question, measured, limit, outcome, note=note)

    if served is None or receipt is None or receipt_on is None:
        what = "核定通知送達日" if served is None else "購買憑證金額或日期"
        return Claim(None, line(f"{what}尚未登錄", Outcome.NOT_KNOWN))
    until = calendar.next_working(months_after(served, 6))
    if claimed_on > until:
        return Claim(0, line(f"{roc.show_date(claimed_on)}請款，已逾{roc.show_date(until)}", Outcome.NOT_MET))
    if version.all_before and receipt_on < decided_on:
        return Claim(0, line(f"憑證日期{roc.show_date(receipt_on)}早於核定日{roc.show_date(decided_on)}", Outcome.NOT_MET))
    paid = min(approved, receipt)
    note = "實際購買金額低於核定金額，依憑證撥付" if receipt < approved else ""
    return Claim(paid, line(f"憑證{money.show(receipt)}元，撥付{money.show(paid)}元", Outcome.MET, note))
