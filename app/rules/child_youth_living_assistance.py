"""中低收入戶兒童少年生活補助（弱勢兒少生活扶助）: whom it is for, the difference beside other living aid, and when a child is too old."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from app.core import money, roc
from app.core.months import Months

from . import household, personal
from .bands import Rate, Table, bands, rate_of
from .choices import other_benefit_lines
from .exclusions import Exclusion, Relation, counterpart_names, pairs_for
from .facts import NOT_LOOKED_UP, NOTHING_REPORTED, CaseFacts, Finding, OtherBenefit, Status
from .means import means_of
from .parameters import Parameters
from .record import Record
from .trace import Decision, Outcome, TestLine
from .versions import in_force

BENEFIT = "child_youth_living_assistance"
LAW_92 = "兒童及少年福利法"
LAW = "弱勢兒童及少年生活扶助與托育及醫療費用補助辦法"
AGE_OUT = 18
CATEGORIES = {
    "near_low": ("第3條第1項第1款", "遭遇困境之中低收入戶內兒童、少年"),
    "pregnancy": ("第3條第1項第2款", "因懷孕或生育而遭遇困境之兒童、少年及其子女"),
    "assessed": ("第3條第1項第3款", "經評估無力撫育及無扶養義務人或撫養義務人無力維持其生活"),
}
_98_CATEGORIES = {
    "child": ("第19條第1項第5款", "無力撫育未滿12歲之子女", 12),
    "youth": ("第19條第1項第6款", "無謀生能力或在學之少年", 18),
}


@dataclass(frozen=True, slots=True)
class Version:
    """`regulated`: the central regulation is in force; before it, the county's own rules decide."""

    code: str
    since: dt.date
    regulated: bool


VERSIONS = (Version("CYLA-97-08-06", dt.date(2008, 8, 6), False), Version("CYLA-102-01-01", dt.date(2013, 1, 1), True))


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """The child is the applicant of the case; `case.status` is that of the household. `category`: one of CATEGORIES (before 102: `child`,
    `youth`). `hardship`: 遭遇困境, or what the category asks. `county_means`: before 102, the county's own means rules."""

    case: CaseFacts
    category: str = ""
    hardship: Finding = NOT_LOOKED_UP
    county_means: Finding = NOT_LOOKED_UP
    fraud: Finding = NOTHING_REPORTED


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw."""
    return in_force(VERSIONS, day, LAW_92)


def decide(facts: ChildFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge an application; the amount is the difference where lower aid of the same nature is drawn (§5). Raises NoLaw."""
    case = facts.case
    version = version_on(case.on)
    parameters = parameters.for_county(case.county_code)
    record = Record()
    law = LAW if version.regulated else LAW_92
    record.ask(*personal.alive(case, f"{LAW}第14條" if version.regulated else LAW_92))
    record.ask(personal.residence(case, f"{LAW}第3條第2項" if version.regulated else law)[0])
    limit = _category(record, facts, version)
    placed = "是否接受政府公費安置？"
    article = f"{LAW}第5條第1項" if version.regulated else law
    record.ask(personal.finding("placement", article, placed, "未安置", "公費安置中", case.placement))
    if version.regulated:
        untrue = "是否提供不實資料、拒絕或隱匿提供，或以虛偽證明、詐欺申領？"
        record.ask(personal.finding("fraud", f"{LAW}第14條", untrue, "無此情事", "經查屬實", facts.fraud))
    first, start_line = personal.start(BENEFIT, case)
    record.ask(start_line)
    month = max(roc.month_of(case.on), first) if first is not None else roc.month_of(case.on)
    value = _amount(record, parameters, month, version)
    if version.regulated:
        value, months = _same_nature(record, case, exclusions, first, month, value)
    else:
        lines, months = other_benefit_lines(BENEFIT, case, parameters, exclusions, first, value)
        record.ask(*lines)
    if case.applicant.birth is not None:
        months &= Months.of((0, age_out_month(case.applicant.birth, limit) - 1))
    return record.decision(BENEFIT, version.code, case.on, amount=value, band=facts.category, months=months)


def age_out_month(born: dt.date, age: int = AGE_OUT) -> int:
    """The first month that is no longer due: the one after the birthday's (no article names the month; a proposal)."""
    return roc.month_of(personal.birthday(born, age)) + 1


def _category(record: Record, facts: ChildFacts, version: Version) -> int:
    """The lines of the category; returns the age at which the entitlement ends."""
    case = facts.case
    if not version.regulated:
        article, text, limit = _98_CATEGORIES.get(facts.category, ("第19條第1項", "", AGE_OUT))
        record.ask(personal.under_age(case, f"{LAW_92}{article}", limit))
        if facts.category == "youth":
            record.ask(personal.age(case, f"{LAW_92}第2條", 12))
        record.ask(_category_line(facts, f"{LAW_92}{article}", text))
        what = "兒童少年生活補助之收入、財產要件"
        record.by_county(personal.county_rule("county_means", LAW_92, "收入、財產是否符合縣府所定要件？", what, facts.county_means))
        return limit
    record.ask(personal.under_age(case, f"{LAW}第3條第1項", AGE_OUT))
    article, text = CATEGORIES.get(facts.category, ("第3條第1項", ""))
    if facts.category == "near_low":
        holds = None if case.status is None else case.status is Status.NEAR_LOW
        name = {None: "尚未查明", True: "列冊中低收入戶", False: "非列冊中低收入戶"}[holds]
        outcome = Outcome.NOT_KNOWN if holds is None else Outcome.MET if holds else Outcome.NOT_MET
        record.ask(TestLine("status", f"{LAW}{article}", "是否為中低收入戶內兒童、少年？", name, "列冊中低收入戶", outcome))
    record.ask(_category_line(facts, f"{LAW}{article}", text))
    return AGE_OUT


def _category_line(facts: ChildFacts, article: str, text: str) -> TestLine:
    question = "屬何種補助對象，是否遭遇困境？"
    if not text:
        return TestLine("category", article, question, "補助對象類別尚未登錄", "各款情形之一", Outcome.NOT_KNOWN)
    return personal.required("category", article, question, text, "經訪視評估不符", facts.hardship)


def _amount(record: Record, parameters: Parameters, month: int, version: Version) -> int | None:
    found = parameters.on(roc.first_day(month), BENEFIT)
    value = record.value(found)
    article = f"{LAW}第4條" if version.regulated else LAW_92
    if value is None:
        record.add(TestLine("amount", article, "每月扶助多少？", "尚未設定", getattr(found, "text", ""), Outcome.NOT_KNOWN))
        return None
    record.add(TestLine("amount", article, "每月扶助多少？", f"每月{money.show(int(value))}元", "", Outcome.MET, Fraction(value)))
    return int(value)


def _same_nature(
    record: Record, case: CaseFacts, exclusions: tuple[Exclusion, ...] | None, first: int | None, month: int, value: int | None
) -> tuple[int | None, Months]:
    """§5: aid of the same nature lets only the difference be paid; what is of the same nature the county finds (§5 II)."""
    months = Months.of((month if first is None else first, None))
    article, question = f"{LAW}第5條", "是否領取政府其他相同性質之生活類補助或津貼？"
    if case.other_benefits is None:
        record.ask(TestLine("other_benefits", article, question, "尚未查核", "未領取，或額度較低而補其差額", Outcome.NOT_KNOWN))
        return None, months
    rows = pairs_for(BENEFIT, case.on) if exclusions is None else tuple(e for e in exclusions if e.benefit == BENEFIT and e.enabled)
    running = [o for o in case.other_benefits if o.first <= month and (o.last is None or month <= o.last)]
    if not running:
        sources = personal.some(case.other_benefits_source)
        record.ask(TestLine("other_benefits", article, question, "查核結果：未領取", "未領取，或補其差額", Outcome.MET, sources=sources))
        return value, months
    drawn: int | None = 0
    for other in running:
        line, counted = _other(other, next((e for e in rows if e.counterpart == other.kind), None), article)
        record.ask(line)
        drawn = None if drawn is None or counted is None else drawn + counted
    if value is None or drawn is None:
        return None, months
    if not drawn:
        return value, months
    left = max(0, value - drawn)
    measured = f"扶助{money.show(value)}元－已領{money.show(drawn)}元＝{money.show(left)}元"
    outcome = Outcome.MET if left else Outcome.NOT_MET
    note = "補助其差額" if left else "已領額度不低於生活扶助，不予重複扶助"
    record.ask(
        TestLine("top_up", f"{LAW}第5條第1項但書", "差額多少？", measured, "額度低於生活扶助者補其差額", outcome, Fraction(left), note=note)
    )
    return left, months


def _other(other: OtherBenefit, pair: Exclusion | None, article: str) -> tuple[TestLine, int | None]:
    """The line of one other benefit, and the amount that counts against the assistance (None = not known)."""
    name = (pair.counterpart_zh if pair else "") or counterpart_names().get(other.kind, other.kind)
    measured = name + (f"：每月{money.show(other.amount)}元" if other.amount is not None else "：金額尚未查明")
    sources = personal.some(other.source)
    question = f"{name}是否屬相同性質之生活類補助？"

    def line(outcome: Outcome, note: str) -> TestLine:
        return TestLine(f"other.{other.kind}", article, question, measured, "相同性質者補其差額", outcome, sources=sources, note=note)

    if pair and pair.relation in (Relation.INFO_ONLY, Relation.NONE):
        return line(Outcome.MET, "非相同性質"), 0
    if pair and pair.relation is Relation.SUSPEND_A:
        return line(Outcome.NOT_MET, "停發期間不得發給"), 0
    same = True if pair and pair.confidence == "high" else None if other.compatible is None else not other.compatible
    if same is None:
        return line(Outcome.NOT_KNOWN, "是否相同性質由縣（市）主管機關認定"), None
    if not same:
        return line(Outcome.MET, "縣府認定非相同性質"), 0
    if other.amount is None:
        return line(Outcome.NOT_KNOWN, "相同性質，須查明金額以計算差額"), None
    return line(Outcome.MET, "相同性質，不予重複，補其差額"), other.amount


_MEDICAL = Table(f"{LAW}第11條第1項第1款", "醫療費用補助", bands((75, 2, "1"), (50, 3, "3/2"), (25, 4, "2")), False)


def medical_rate(case: CaseFacts, parameters: Parameters, full: bool = False) -> Rate:
    """The rate of medical aid (§11, since 102-01-01) for the child's own circle of counted people; `full`: §9 (1)–(5), everything paid.

    Raises NoLaw before 102-01-01.
    """
    in_force(VERSIONS[1:], case.on, LAW)
    if full:
        return Rate(100, None, False, "第9條第1款至第5款之對象，全額補助")
    law = household.member_law(BENEFIT, case.on)
    assert law is not None
    parameters = parameters.for_county(case.county_code)
    means = means_of(BENEFIT, case, parameters, law, _MEDICAL.article, _MEDICAL.article)
    found = [parameters.on(case.on, name) for name in ("minimum_living_expense", "average_consumption")]
    minimum, consumption = (Fraction(v) if (v := getattr(f, "value", None)) is not None else None for f in found)
    return rate_of(_MEDICAL, means.per_capita, minimum, consumption)
