"""身心障礙者托育養護補助（日間照顧及住宿式照顧費用補助）: who, at what rate and how much of the fee. Days of a month: `care_days`."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction

from app.core import money, roc
from app.core.months import Months

from . import disability, household, personal, timing
from .bands import Rate, Table, bands, rate_of
from .care_days import whole_month
from .choices import other_benefit_lines
from .disability import SINCE_101, Card
from .exclusions import Exclusion
from .facts import NOT_LOOKED_UP, CaseFacts, Finding, Relation, Source, Status
from .logic import Truth, all_of, any_of
from .means import Means, household_line, means_of
from .parameters import Missing, Parameters
from .record import Record
from .trace import Answer, Decision, Outcome, TestLine
from .versions import in_force

BENEFIT = "disability_care_subsidy"
LAW_98 = "身心障礙者生活托育養護費用補助辦法"
LAW = "身心障礙者日間照顧及住宿式照顧費用補助辦法"
SERVICES = {"day": "日間照顧", "night": "夜間式住宿照顧", "residential": "全日型住宿照顧", "community": "社區居住"}
CONFLICT = "兩項基準以「或」連接：一項屬補助級距、另一項達不予補助之數額，須由縣府認定"
ADULT_AT_18 = dt.date(2023, 1, 1)

_GENERAL = bands((75, 2, "1"), (50, 3, "3/2"), (25, 4, "2"))
_TOP = ((85, 2, "1"), (70, 3, "3/2"), (60, 4, "2"))
_FIVE = bands(*_TOP, (50, 5, "5/2"), (40, 6, "3"))
_ZERO = (6, Fraction(7, 2))
_9 = Table(f"{LAW_98}第9條", "一般", _GENERAL, False)
_10_OLD = Table(f"{LAW_98}第10條", "年滿30歲，或年滿20歲且父母之一年滿65歲", bands(*_TOP, (35, 6, "3")), False, *_ZERO)
_10 = replace(_10_OLD, bands=_FIVE)
_11 = Table(f"{LAW_98}第11條", "家庭中有二名以上身心障礙者", _FIVE, False, *_ZERO)
_5 = Table(f"{LAW}第5條", "一般", _GENERAL, True)
_6 = Table(f"{LAW}第6條", "年滿30歲、成年且父母之一年滿65歲，或家庭中有二名以上身心障礙者", _FIVE, True)


@dataclass(frozen=True, slots=True)
class Version:
    """The tables of one version: everybody, older people, families of two. `resident`: residence, 183 days, no aid of the same nature;
    `near_low`: the near-low income status has a band of its own; `adult`: §6 says 成年 instead of 20."""

    code: str
    since: dt.date
    law: str
    general: Table
    older: Table
    two: Table
    resident: bool = False
    near_low: bool = False
    adult: bool = False


VERSIONS = (
    Version("DCS-98-01-01", dt.date(2009, 1, 1), LAW_98, _9, _10_OLD, _11),
    Version("DCS-99-01-01", dt.date(2010, 1, 1), LAW_98, _9, _10, _11),
    Version("DCS-101-07-11", SINCE_101, LAW, _5, _6, _6, resident=True, near_low=True),
    Version("DCS-111-12-27", dt.date(2022, 12, 27), LAW, _5, _6, _6, resident=True, near_low=True, adult=True),
)


@dataclass(frozen=True, slots=True)
class CareFacts:
    """The case and what only care asks. `placed`: placed by the county, or the county agreed (§3, §4); `fee`: what the institution asks a
    month. `referred`: sent to an institution in another county. `parent_65`: a parent of 65 or more, where no parent is on the case.
    `disabled_in_family`: people with a disability in the family, the applicant too. `service_from`: first day of care. `decided_rate`: what the county decided on a conflict."""

    case: CaseFacts
    card: Card | None = None
    placed: Finding = NOT_LOOKED_UP
    service: str = ""
    fee: int | None = None
    referred: bool | None = None
    parent_65: Finding = NOT_LOOKED_UP
    disabled_in_family: int | None = None
    service_from: dt.date | None = None
    same_service: Finding = NOT_LOOKED_UP
    decided_rate: int | None = None


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw before 98-01-01."""
    return in_force(VERSIONS, day, LAW_98)


def decide(facts: CareFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge an application by the law of the day; `band` is the rate (`rate75`), the amount that of a whole month. Raises NoLaw."""
    case = facts.case
    version = version_on(case.on)
    parameters = parameters.for_county(case.county_code)
    law = household.member_law(BENEFIT, case.on)
    assert law is not None
    means = means_of(BENEFIT, case, parameters, law, version.law, version.law)
    # the law asks for income alone: what is missing about property holds nothing up
    means = replace(means, missing=tuple(m for m in means.missing if m not in (*means.movable.missing, *means.real_estate.missing)))
    record = Record()
    _personal(record, facts, version)
    percent, fixed = _rate(record, facts, parameters, version, means)
    value = _amount(record, facts, parameters, version, percent)
    first, start_line = personal.start(BENEFIT, case)
    record.ask(start_line)
    begins = max(filter(None, (case.documents_complete, facts.service_from)), default=None)
    if first is not None and begins is not None:
        first = max(first, roc.month_of(begins))
    lines, months = other_benefit_lines(BENEFIT, case, parameters, exclusions, first, value)
    record.ask(*lines)
    return record.decision(
        BENEFIT, f"{version.code}/{law.code}", case.on, amount=value, band=f"rate{percent}" if percent else "", months=months, means=means,
        means_asked=not fixed, valid_from=begins if version.resident else None,
    )  # fmt: skip


def _personal(record: Record, facts: CareFacts, version: Version) -> None:
    case, law = facts.case, version.law
    record.ask(*personal.alive(case, f"{LAW}第9條第4項" if version.resident else law))
    record.ask(disability.card_line(facts.card, f"{law}第2條第1款" if version.resident else f"{law}第2條", case.on))
    if version.resident:
        record.ask(*personal.residence(case, f"{law}第2條第2款", facts.referred))
        record.ask(personal.days(case.residence, f"{law}第2條第3款"))
        same = "是否接受政府其他相同性質之服務或補助？"
        record.ask(personal.finding("same_service", f"{law}第2條第5款", same, "未接受", "已接受", facts.same_service))
    else:
        record.ask(personal.residence(case, f"{law}第14條")[0])
    service = SERVICES.get(facts.service, "")
    article = f"{law}{'第3條' if facts.service == 'day' else '第4條'}"
    question = "是否經縣（市）主管機關同意安置於所定機構或單位？"
    if facts.service == "community" and not version.resident:
        record.ask(TestLine("placed", article, question, service, "社會福利機構、精神復健機構、護理之家、榮譽國民之家", Outcome.NOT_MET))
    else:
        placed = personal.required(
            "placed", article, question, f"同意安置（{service or '照顧方式尚未登錄'}）", "未經同意安置", facts.placed
        )
        record.ask(placed if service or facts.placed.holds is not True else replace(placed, outcome=Outcome.NOT_KNOWN))


def in_conflict(decision: Decision) -> bool:
    """Do the two measures of 「或」 contradict each other, so that the county has to find the rate?"""
    return any(line.note == CONFLICT for line in decision.trace)


def _rate(record: Record, facts: CareFacts, parameters: Parameters, version: Version, means: Means) -> tuple[int | None, bool]:
    """The percentage (None = not known), and whether the status alone fixed it."""
    case = facts.case
    question = "補助比例為何？"
    if case.status is Status.LOW:
        text = "列冊低收入戶，全額補助"
        record.add(TestLine("rate", f"{version.general.article}第1款", question, text, "低收入戶全額", Outcome.MET, Fraction(100)))
        return 100, True
    tables = _tables(record, facts, version)
    if case.status is None:
        text = "是否為列冊低收入戶尚未查明"
        record.ask(TestLine("rate", version.general.article, question, text, "低收入戶全額；其餘依級距", Outcome.NOT_KNOWN))
        return None, False
    if case.status is Status.NEAR_LOW and version.near_low:
        if tables is None:
            return None, True
        best = max(t.bands[0].rate for t in tables)
        article = next(t.article for t in tables if t.bands[0].rate == best)
        record.add(TestLine("rate", article, question, f"列冊中低收入戶，補助{best}%", "中低收入戶", Outcome.MET, Fraction(best)))
        return best, True
    record.add(household_line(case, means))
    minimum = record.value(parameters.on(case.on, "minimum_living_expense"))
    consumption = record.value(parameters.on(case.on, "average_consumption"))
    if tables is None:
        return None, False
    limits = (None if minimum is None else Fraction(minimum), None if consumption is None else Fraction(consumption))
    rates = [(t, rate_of(t, means.per_capita, *limits)) for t in tables]
    if any(r.percent is None for _, r in rates):
        record.add(TestLine("rate", tables[0].article, question, rates[0][1].text if len(rates) == 1 else "每人每月收入或級距金額尚未查明",
                            "依每人每月收入所屬級距", Outcome.NOT_KNOWN, means.per_capita))  # fmt: skip
        return None, False
    table, rate = max(rates, key=lambda pair: pair[1].percent or 0)
    return _settled(record, facts, means, table, rate), False


def _settled(record: Record, facts: CareFacts, means: Means, table: Table, rate: Rate) -> int | None:
    measured = f"每人每月{money.show_exact(means.per_capita or 0)}元，補助{rate.percent}%（{table.name}）"
    sources = tuple(dict.fromkeys(s for line in means.income.lines for s in line.sources))
    note, outcome, percent = "", Outcome.MET, rate.percent
    if rate.conflict is not False:
        note = CONFLICT
        if rate.conflict is None:
            note = "是否另達不予補助之數額尚未查明"
        if facts.decided_rate is None:
            outcome, percent = Outcome.NOT_KNOWN, None
        else:
            percent = facts.decided_rate
            measured += f"；縣府認定補助{percent}%"
    if percent == 0:
        outcome = Outcome.NOT_MET
    line = TestLine("rate", table.article, "補助比例為何？", measured, rate.text, outcome, means.per_capita, None, sources, note)
    record.ask(line)
    return percent


def _tables(record: Record, facts: CareFacts, version: Version) -> tuple[Table, ...] | None:
    """The tables that apply; None while it is not known which. Where two do, the better one counts."""
    case = facts.case
    age = case.applicant.age_on(case.on)
    grown = 18 if version.adult and case.on >= ADULT_AT_18 else 20
    old: Truth = None if age is None else age >= 30
    young: Truth = None if age is None else age >= grown
    older = any_of(old, all_of(young, _parent_65(facts)))
    two: Truth = None if facts.disabled_in_family is None else facts.disabled_in_family >= 2
    article = version.older.article if version.resident else f"{version.older.article}、第11條"
    question = f"是否年滿30歲、年滿{grown}歲且父母之一年滿65歲，或家庭中有二名以上身心障礙者？"
    born = "出生日期尚未查明" if age is None else f"{age}歲"
    parent = {True: "父母之一年滿65歲", False: "父母均未滿65歲", None: "父母年齡尚未查明"}[_parent_65(facts)]
    family = "家中身心障礙人數尚未查明" if facts.disabled_in_family is None else f"家中身心障礙者{facts.disabled_in_family}人"
    text = f"{born}，{parent}，{family}"
    # one table serves both reasons since 101; before, each reason has its own and the better of the two counts
    if any_of(older, two) is None or (
        version.older is not version.two and None in (older, two) and version.older.bands != version.two.bands
    ):
        record.ask(TestLine("table", article, question, text, "適用較優級距", Outcome.NOT_KNOWN))
        return None
    found = tuple(t for t, holds in ((version.older, older), (version.two, two)) if holds) or (version.general,)
    note = "同時符合二條者，適用較有利之級距（條文未明定，建議）" if len(set(found)) > 1 else ""
    record.add(TestLine("table", article, question, text, f"適用{found[0].article}", Outcome.MET, note=note))
    return found


def _parent_65(facts: CareFacts) -> Truth:
    case = facts.case
    parents = [m for m in case.members if m.relation is Relation.PARENT and (m.death is None or m.death > case.on)]
    known = [m.age_on(case.on) for m in parents]
    if any(a is not None and a >= 65 for a in known):
        return True
    if any(a is None for a in known):
        return None
    return False if len(parents) >= 2 else facts.parent_65.holds


def _amount(record: Record, facts: CareFacts, parameters: Parameters, version: Version, percent: int | None) -> int | None:
    """The fee up to the county's ceiling, times the rate, to the nearest dollar."""
    if percent is None or record.failed():
        return None
    question, article = "每月補助多少？", version.general.article
    if not facts.service or facts.fee is None:
        text = "照顧方式尚未登錄" if not facts.service else "機構收費尚未登錄"
        record.ask(TestLine("amount", article, question, text, "", Outcome.NOT_KNOWN))
        return None
    found = parameters.on(facts.case.on, f"disability_care_ceiling.{facts.service}")
    ceiling = record.value(found)
    if isinstance(found, Missing) or ceiling is None:
        limit = found.text if isinstance(found, Missing) else ""
        record.add(TestLine("amount", article, question, f"實際收費{money.show(facts.fee)}元", limit, Outcome.NOT_KNOWN))
        return None
    base = min(facts.fee, int(ceiling))
    amount = whole_month(facts.fee, int(ceiling), percent)
    over = facts.fee > ceiling
    measured = f"收費{money.show(facts.fee)}元{f'，以上限{found.text}元計' if over else ''}×{percent}%＝{money.show(amount)}元"
    note = "先就收費與上限取低再乘比率，四捨五入至元：計算順序法無明文，此為建議，請縣府確認" if over or base * percent % 100 else ""
    sources = (Source(found.source, found.effective_from),)
    record.add(
        TestLine("amount", article, question, measured, f"收費上限{found.text}元", Outcome.MET, Fraction(amount), None, sources, note)
    )
    return amount


def stopped(decision: Decision, reason: timing.StopReason, fact: dt.date) -> tuple[timing.Stop, Months]:
    """When the subsidy ends after something happened on `fact`, and the months of the decision that stay wholly or partly due."""
    end = timing.stop(BENEFIT, reason, fact)
    last = roc.month_of(end.day - dt.timedelta(days=1))
    due = decision.months & Months.of((0, last)) if decision.eligible is Answer.YES else Months()
    return end, due
