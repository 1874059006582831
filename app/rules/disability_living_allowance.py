"""身心障礙者生活補助: card, means, grade and status, the basic-wage cap, for every version of the law since 98-01-01."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction

from app.core import money, roc
from app.core.months import Months

from . import disability, household, personal
from .caps import capped
from .choices import other_benefit_lines
from .disability import Card, Grade
from .exclusions import Exclusion
from .facts import NOT_LOOKED_UP, NOTHING_REPORTED, CaseFacts, ConditionKind, Finding, OtherBenefit, Status
from .means import Means, household_line, limit_line, means_of, per_capita_line, soften, status_line, with_kept_holdings
from .parameters import Missing, Parameter, Parameters
from .record import Record
from .trace import Decision, MissingItem, Outcome, TestLine
from .versions import in_force

BENEFIT = "disability_living_allowance"
LAW_98 = "身心障礙者生活托育養護費用補助辦法"
LAW = "身心障礙者生活補助費發給辦法"
NAME = "身心障礙者生活補助費"
CARE = "disability_care_subsidy"
_HOUSED = ("night", "residential")


@dataclass(frozen=True, slots=True)
class Version:
    """One version: the law's name and where each test stands. `resident`: residence and 183 days; `exempts`: listed households skip the
    means tests; `keeps`: earlier recipients keep their holdings; `doubled`: real estate against twice the low-income limit of 臺灣省;
    `day_care_stops`: day care ends the allowance too; `more_stops`: conscription and being missing end it."""

    code: str
    since: dt.date
    law: str
    card: str
    income: str
    movable: str
    land: str
    placement: str
    care: str
    misuse: str
    custody: str
    death: str
    band: str
    cap: str
    resident: bool = False
    exempts: bool = False
    keeps: bool = False
    doubled: bool = False
    day_care_stops: bool = True
    more_stops: bool = False


_98 = Version(
    "DLA-98-01-01", dt.date(2009, 1, 1), LAW_98, "第2條", "第6條第1項第1款", "第6條第1項第3款", "第6條第1項第2款", "第6條第1項第4款",
    "第8條第1項第2款", "第8條第1項第4款", "第8條第1項第5款", "第8條第1項第1款", "第7條第1項", "第6條第4項",
)  # fmt: skip
_101 = Version(
    "DLA-101-07-11", dt.date(2012, 7, 11), LAW, "第2條第1項", "第2條第1項第4款第3目之1", "第2條第1項第4款第3目之2", "第2條第1項第4款第3目之3",
    "第2條第1項第3款", "第4條第1項第2款", "第4條第1項第4款", "第4條第1項第6款", "第4條第1項第1款", "第3條第1項", "第2條第4項",
    resident=True, exempts=True, day_care_stops=False, more_stops=True,
)  # fmt: skip
VERSIONS = (
    _98,
    replace(_98, code="DLA-101-01-01", since=dt.date(2012, 1, 1)),
    _101,
    replace(_101, code="DLA-102-01-01", since=dt.date(2013, 1, 1), keeps=True),
    replace(_101, code="DLA-109-01-01", since=dt.date(2020, 1, 1), keeps=True, doubled=True),
)


@dataclass(frozen=True, slots=True)
class DisabilityLivingFacts:
    """The case and what only this allowance asks. `case.placement` is placement paid by the government; `institution` is living in a
    welfare institution, psychiatric rehabilitation, nursing home or veterans home; `misuse`: the money was not used for the person."""

    case: CaseFacts
    card: Card | None = None
    institution: Finding = NOT_LOOKED_UP
    misuse: Finding = NOTHING_REPORTED


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw before 98-01-01."""
    return in_force(VERSIONS, day, LAW_98)


def amount_in(band: str, month: int, parameters: Parameters) -> Parameter | Missing:
    """The allowance of a band (`low_severe`, `other_mild` …) for a month."""
    status, _, grade = band.partition("_")
    rate = f"{'low_income' if status == 'low' else 'other'}_{'moderate_plus' if Grade(grade).moderate_plus else 'mild'}"
    return parameters.on(roc.first_day(month), f"{BENEFIT}.{rate}")


def decide(facts: DisabilityLivingFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge an application by the law of `facts.case.on`. Raises NoLaw."""
    case = facts.case
    version = version_on(case.on)
    parameters = parameters.for_county(case.county_code)
    law = household.member_law(BENEFIT, case.on)
    assert law is not None
    record = Record()
    means = means_of(BENEFIT, case, parameters, law, f"{version.law}{version.movable}", f"{version.law}{version.land}")
    _personal(record, facts, version)
    listed = status_line(case.status, f"{version.law}第2條第1項第4款") if version.exempts else None
    if listed:
        record.add(listed)
    else:
        record.add(*_means(case, parameters, version, means, record.missing))
    first, start_line = personal.start(BENEFIT, case)
    band = _band(record, facts, version)
    month = max(roc.month_of(case.on), first) if first is not None else roc.month_of(case.on)
    value = _amount(record, version, band, month, parameters)
    record.ask(start_line)
    rest, care = _without_care(case)
    record.ask(_care(case, version, care, month))
    lines, months = other_benefit_lines(BENEFIT, rest, parameters, exclusions, first, value)
    record.ask(*lines)
    for other in care:
        if version.day_care_stops or other.detail in _HOUSED:
            months -= Months.of((other.first, other.last))
    if value is not None and not record.failed():
        cap = capped(value, case.other_benefits, month, case.on, parameters, f"{version.law}{version.cap}", NAME)
        record.ask(cap.line)
        value = cap.amount
    return record.decision(
        BENEFIT, f"{version.code}/{law.code}", case.on, amount=value, band=band, months=months, means=means, means_asked=listed is None
    )


def _personal(record: Record, facts: DisabilityLivingFacts, version: Version) -> None:
    case, law = facts.case, version.law
    record.ask(*personal.alive(case, f"{law}{version.death}"))
    record.ask(disability.card_line(facts.card, f"{law}{version.card}", case.on))
    if version.resident:
        record.ask(*personal.residence(case, f"{law}第2條第1項第1款"))
        record.ask(personal.days(case.residence, f"{law}第2條第1項第2款"))
    else:
        record.ask(personal.residence(case, f"{law}第14條")[0])
    placed = "是否經政府補助收容安置？"
    record.ask(personal.finding("placement", f"{law}{version.placement}", placed, "未安置", "收容安置中", case.placement))
    housed = "是否安置於社會福利機構、精神復健機構、護理之家或榮譽國民之家？"
    record.ask(personal.finding("institution", f"{law}{version.care}", housed, "未安置", "安置中", facts.institution))
    used = "補助費是否未真正用於照顧受補助人？"
    record.ask(personal.finding("misuse", f"{law}{version.misuse}", used, "無此情事", "經查未用於受補助人", facts.misuse))
    custody = "是否入獄服刑、因案羈押或依法拘禁？"
    record.ask(personal.finding("custody", f"{law}{version.custody}", custody, "否", "在監所", case.custody))
    if version.more_stops:
        record.ask(personal.condition(case, ConditionKind.CONSCRIPT, f"{law}第4條第1項第5款"))
        record.ask(personal.condition(case, ConditionKind.MISSING_6M, f"{law}第4條第1項第7款"))


def _means(case: CaseFacts, parameters: Parameters, version: Version, means: Means, missing: list[MissingItem]) -> tuple[TestLine, ...]:
    """Less than 2.5 times the minimum living expense, at most 1.5 times the average consumption, both assets within their limits."""
    on, law = case.on, version.law
    article = f"{law}{version.income}"
    poverty, spending = parameters.on(on, "minimum_living_expense"), parameters.on(on, "average_consumption")
    first = "家庭總收入平均每人每月是否未達最低生活費2.5倍？"
    second = "家庭總收入平均每人每月是否未超過平均消費支出1.5倍？"
    things = "全家存款本金及有價證券合計是否未超過限額？"
    lines = (
        household_line(case, means),
        per_capita_line("income_minimum", article, first, means, Fraction(5, 2), poverty, "最低生活費", missing, below=True),
        per_capita_line("income_consumption", article, second, means, Fraction(3, 2), spending, "臺灣地區平均每人每月消費支出", missing),
        limit_line(
            "movable",
            f"{law}{version.movable}",
            things,
            means.movable,
            parameters.on(on, "disability_movable_limit"),
            means.persons,
            missing,
        ),
        _land(case, parameters, version, means, missing),
    )
    return soften(lines, case.status, f"{law}第2條第1項第4款") if version.exempts else lines


def _land(case: CaseFacts, parameters: Parameters, version: Version, means: Means, missing: list[MissingItem]) -> TestLine:
    article, question = f"{version.law}{version.land}", "全家土地及房屋價值合計是否未超過限額？"
    if version.doubled:
        found, times = parameters.on(case.on, "low_income_real_estate_limit", "臺灣省"), 2
        question = "全家土地及房屋價值合計是否未超過臺灣省低收入戶不動產限額之2倍？"
    else:
        found, times = parameters.on(case.on, "disability_real_estate_limit"), 1
    line = limit_line("real_estate", article, question, means.real_estate, found, means.persons, missing, times)
    return with_kept_holdings(line, case, parameters, f"{version.law}第2條第2項但書", missing) if version.keeps else line


def _band(record: Record, facts: DisabilityLivingFacts, version: Version) -> str:
    """`low_` or `other_` and the grade; empty while grade or status is not known, or the case failed already."""
    if record.failed():
        return ""
    article, question = f"{version.law}{version.band}", "適用何項核發標準？"
    limit = "低收入戶、非低收入戶；極重度至中度、輕度"
    grade = facts.card.grade if facts.card else None
    status = facts.case.status
    if grade is None or status is None:
        what = "障礙等級" if grade is None else "是否為列冊低收入戶"
        record.ask(TestLine("band", article, question, f"{what}尚未查明", limit, Outcome.NOT_KNOWN))
        return ""
    low = status is Status.LOW
    measured = f"{'列冊低收入戶' if low else '非低收入戶'}、{grade.zh}"
    source = personal.some(facts.card.source if facts.card else None)
    record.add(TestLine("band", article, question, measured, limit, Outcome.MET, sources=source))
    return f"{'low' if low else 'other'}_{grade.value}"


def _amount(record: Record, version: Version, band: str, month: int, parameters: Parameters) -> int | None:
    if not band:
        return None
    found = amount_in(band, month, parameters)
    value = record.value(found)
    article, question = f"{version.law}{version.band}", "每月核發多少？"
    if value is None:
        record.add(TestLine("amount", article, question, "尚未設定", getattr(found, "text", ""), Outcome.NOT_KNOWN))
        return None
    record.add(TestLine("amount", article, question, f"每月{money.show(int(value))}元", "", Outcome.MET, Fraction(value)))
    return int(value)


def _without_care(case: CaseFacts) -> tuple[CaseFacts, tuple[OtherBenefit, ...]]:
    """The case without care subsidies, which this law treats by the kind of care."""
    if case.other_benefits is None:
        return case, ()
    care = tuple(o for o in case.other_benefits if o.kind == CARE)
    return replace(case, other_benefits=tuple(o for o in case.other_benefits if o.kind != CARE)), care


def _care(case: CaseFacts, version: Version, care: tuple[OtherBenefit, ...], month: int) -> TestLine | None:
    """Care paid by the government ends the allowance: all of it until 101-07-10, then only night and residential care."""
    running = [o for o in care if o.first <= month and (o.last is None or month <= o.last)]
    if not running:
        return None
    article, question = f"{version.law}{version.care}", "是否領有托育養護（日間照顧及住宿式照顧）費用補助？"
    kinds = {"day": "日間照顧", "night": "夜間式住宿照顧", "residential": "全日型住宿照顧"}
    text = "、".join(kinds.get(o.detail, "照顧方式尚未查明") for o in running)
    sources = tuple(o.source for o in running if o.source)
    if version.day_care_stops or any(o.detail in _HOUSED for o in running):
        outcome, note = Outcome.NOT_MET, "經安置獲該項補助者，生活補助費應停發"
    elif any(o.detail not in kinds for o in running):
        outcome, note = Outcome.NOT_KNOWN, "日間照顧得併領，夜間式及全日住宿應停發"
    else:
        outcome, note = Outcome.MET, "日間照顧得併領生活補助費"
    limit = "未領有托育或養護補助" if version.day_care_stops else "未接受夜間式或全日型住宿照顧補助"
    return TestLine("care", article, question, text, limit, outcome, sources=sources, note=note)
