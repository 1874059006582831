"""中低收入老人生活津貼: the tests, the band, the amount and the months, for every version of the law since 97-10-01."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from app.core import money, roc
from app.core.months import Months

from . import household, personal, timing
from .choices import other_benefit_lines
from .exact import less, product
from .exclusions import Exclusion
from .facts import CaseFacts, Source, Status
from .means import Means, household_line, means_of, per_capita_line, soften, status_line, total_line, with_kept_holdings
from .parameters import Missing, Parameter, Parameters, limit_for
from .trace import Answer, Decision, MissingItem, Outcome, TestLine, answer_of
from .versions import NoLaw as NoLaw
from .versions import in_force

BENEFIT = "elderly_living_allowance"
LAW = "中低收入老人生活津貼發給辦法"
FULL, HALF = "full", "half"
_1_5, _2_5 = Fraction(3, 2), Fraction(5, 2)
_ZH = {FULL: "全額", HALF: "半額"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the regulation: the article of each test (made whole, with the law's name). `status_exempts`: low-income households
    skip the means tests; `edge_named`: the text itself says which band exactly 2.5 times falls into."""

    code: str
    since: dt.date
    placement: str
    income: str
    movable: str
    real_estate: str
    custody: str
    special: str
    band: str
    status_exempts: bool = False
    edge_named: bool = False


_OLD = Version(
    "ELA-97-10-01", dt.date(2008, 10, 1), f"{LAW}第2條第1項第2款", f"{LAW}第2條第1項第3款", f"{LAW}第2條第1項第4款、第3條",
    f"{LAW}第2條第1項第5款、第4條", f"{LAW}第2條第1項第6款", f"{LAW}第2條第2項", f"{LAW}第6條第1項",
)  # fmt: skip
VERSIONS = (
    _OLD,
    replace(_OLD, code="ELA-101-01-01", since=dt.date(2012, 1, 1)),
    Version(
        "ELA-111-01-01", dt.date(2022, 1, 1), f"{LAW}第2條第1項第3款", f"{LAW}第2條第1項第2款第1目", f"{LAW}第2條第1項第2款第2目",
        f"{LAW}第2條第1項第2款第3目、第4條", f"{LAW}第2條第1項第4款", f"{LAW}第2條第1項第2款第1目但書", f"{LAW}第5條第1項", True, True,
    ),
)  # fmt: skip


@lru_cache(maxsize=1024)
def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw before 97-10-01."""
    return in_force(VERSIONS, day, LAW)


def amount_in(band: str, month: int, parameters: Parameters) -> Parameter | Missing:
    """The allowance of a band (`full`, `half`) for a month: what payment and difference runs look up."""
    return parameters.on(roc.first_day(month), f"{BENEFIT}.{band}")


def decide(facts: CaseFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge an application by the law of `facts.on`. `exclusions` are the pairs the county works with (default: the national ones).

    Since 111-01-01 somebody who already drew the allowance without a break keeps the older circle of counted people where that is
    better (§3 II). Raises NoLaw.
    """
    version = version_on(facts.on)
    law = household.member_law(BENEFIT, facts.on)
    assert law is not None
    parameters = parameters.for_county(facts.county_code)
    new = _judge(facts, parameters, version, law, exclusions)
    prior = facts.prior_award
    if law is household.ELA_96 or prior is None or prior.first_month >= roc.month(111, 1) or prior.uninterrupted is False:
        return new
    old = _judge(facts, parameters, version, household.ELA_96, exclusions)
    if not _better(old, new):
        return new
    question = "是否適用較有利之修正前應計算人口範圍？"
    limit = "111年1月1日前已領取且資格未曾中斷"
    if prior.uninterrupted:
        line = TestLine("grandfathered", f"{LAW}第3條第2項", question, "資格未曾中斷，依原規定計算較有利", limit, Outcome.MET)
        return replace(old, trace=(*old.trace, line))
    text = "111年1月1日前已領取者，資格是否未曾中斷尚未查明"
    line = TestLine("grandfathered", f"{LAW}第3條第2項", question, text, limit, Outcome.NOT_KNOWN)
    item = MissingItem("fact", "prior_award.uninterrupted", text)
    return replace(
        new, eligible=Answer.UNKNOWN, amount=None, start_month=None, months=Months(), trace=(*new.trace, line), missing=(*new.missing, item)
    )


_RANK = {Answer.NO: 0, Answer.UNKNOWN: 1, Answer.YES: 2}


def _better(old: Decision, new: Decision) -> bool:
    return (_RANK[old.eligible], old.amount or 0) > (_RANK[new.eligible], new.amount or 0)


def _judge(
    facts: CaseFacts, parameters: Parameters, version: Version, law: household.MemberLaw, exclusions: tuple[Exclusion, ...] | None
) -> Decision:
    means = means_of(BENEFIT, facts, parameters, law, version.movable, version.real_estate)
    missing: list[MissingItem] = []
    personal = _personal_lines(facts, version)
    tested = _means_lines(facts, parameters, version, means, missing)
    band, band_lines = _band(facts, parameters, version, means, tested)
    first, start_line = _start(facts)
    month = max(roc.month_of(facts.on), first) if first is not None else roc.month_of(facts.on)
    found = amount_in(band, month, parameters) if band else None
    value = int(found.value) if isinstance(found, Parameter) and found.value is not None else None
    if isinstance(found, Missing):
        missing.append(MissingItem("setting", found.name, found.text))
        band_lines += (TestLine("amount", version.band, "每月發給多少？", "尚未設定", found.text, Outcome.NOT_KNOWN),)
    others, months = other_benefit_lines(BENEFIT, facts, parameters, exclusions, first, value)
    trace = (*personal, *tested, *band_lines, start_line, *others)
    answer = answer_of(trace)
    yes = answer is Answer.YES
    if not yes:
        asked = (*personal, start_line, *others, *(x for x in tested if x.code == "status"))
        missing += [MissingItem("fact", x.code, f"{x.question}{x.measured}") for x in asked if x.outcome is Outcome.NOT_KNOWN]
    asked_for = tuple(dict.fromkeys((*missing, *(() if _exempt(facts, version) else means.missing))))
    return Decision.of_means(
        means,
        benefit=BENEFIT,
        rule_version=f"{version.code}/{law.code}",
        on=facts.on,
        eligible=answer,
        amount=value if yes else 0 if answer is Answer.NO else None,
        band=band if yes else "",
        start_month=months.spans[0][0] if yes else None,
        months=months if yes else Months(),
        trace=trace,
        missing=asked_for,
    )


def _personal_lines(facts: CaseFacts, version: Version) -> tuple[TestLine, ...]:
    """Alive, 65, living in the county of registration, more than 183 days in Taiwan, not placed, not in custody."""
    first = f"{LAW}第2條第1項第1款"
    return (
        *personal.alive(facts, f"{LAW}第11條"),
        personal.age(facts, first, 65),
        *personal.residence(facts, first),
        personal.days(facts.residence, first),
        personal.finding("placement", version.placement, "是否接受政府公費收容安置？", "未接受", "接受安置", facts.placement),
        personal.finding("custody", version.custody, "是否入獄服刑、因案羈押或依法拘禁？", "否", "在監所", facts.custody),
    )


def _exempt(facts: CaseFacts, version: Version) -> bool:
    return version.status_exempts and facts.status in (Status.LOW, Status.NEAR_LOW)


def _means_lines(
    facts: CaseFacts, parameters: Parameters, version: Version, means: Means, missing: list[MissingItem]
) -> tuple[TestLine, ...]:
    """Household, income against both limits, movable assets, real estate; one line instead where the status exempts."""
    listed = status_line(facts.status, f"{LAW}第2條第2項") if version.status_exempts else None
    if listed:
        return (listed,)
    on, article = facts.on, version.income
    poverty = parameters.on(on, "minimum_living_expense")
    spending = parameters.on(on, "average_consumption")
    lines = [
        household_line(facts, means),
        per_capita_line(
            "income_minimum", article, "家庭總收入平均每人每月是否未超過最低生活費2.5倍？", means, _2_5, poverty, "最低生活費", missing
        ),
        per_capita_line(
            "income_consumption", article, "家庭總收入平均每人每月是否未超過平均消費支出1.5倍？", means, _1_5, spending,
            "臺灣地區平均每人每月消費支出", missing,
        ),
    ]  # fmt: skip
    if facts.special_approval:
        note = f"經中央主管機關專案核定（{facts.special_approval}）"
        lines[1:] = [replace(x, outcome=Outcome.MET, article=version.special, note=note) for x in lines[1:]]
    lines.append(_movable_line(facts, parameters, version, means, missing))
    lines.append(_real_estate_line(facts, parameters, version, means, missing))
    return soften(tuple(lines), facts.status, f"{LAW}第2條第2項") if version.status_exempts else tuple(lines)


def _movable_line(facts: CaseFacts, parameters: Parameters, version: Version, means: Means, missing: list[MissingItem]) -> TestLine:
    found = parameters.on(facts.on, "elderly_movable_limit")
    question = "全家存款本金、投資及有價證券合計是否未超過限額？"
    if isinstance(found, Missing):
        missing.append(MissingItem("setting", found.name, found.text))
        return total_line("movable", version.movable, question, means.movable, None, found.text)
    limit = limit_for(found, means.persons) if means.persons else None

    def text() -> str:
        if limit is None:
            return "人數尚未查明"
        return f"{money.show_exact(limit)}元（一人{found.text}元，每增加一人加25萬元，計{means.persons}人）"

    return total_line("movable", version.movable, question, means.movable, limit, text)


def _real_estate_line(facts: CaseFacts, parameters: Parameters, version: Version, means: Means, missing: list[MissingItem]) -> TestLine:
    article = version.real_estate
    question = "全家土地及房屋是否未超過合理之價值？" if version.status_exempts else "全家土地及房屋是否未逾越合理之居住空間？"
    found = parameters.on(facts.on, "elderly_real_estate_limit")
    if isinstance(found, Missing):
        missing.append(MissingItem("setting", found.name, found.text))
        line = total_line("real_estate", article, question, means.real_estate, None, found.text)
    else:
        whole = means.real_estate if means.persons else replace(means.real_estate, value=None, most=None)
        line = total_line("real_estate", article, question, whole, found.value, lambda: f"{found.text}元以下（本縣評定基準）")
    return with_kept_holdings(line, facts, parameters, f"{LAW}第4條第2項", missing) if version.status_exempts else line


def _band(
    facts: CaseFacts, parameters: Parameters, version: Version, means: Means, tested: tuple[TestLine, ...]
) -> tuple[str, tuple[TestLine, ...]]:
    """Full below 1.5 times the minimum living expense, half from there up; no line when the means tests already failed."""
    if Outcome.NOT_MET in [x.outcome for x in tested]:
        return "", ()
    article, question = version.band, "發給全額或半額？"
    found = parameters.on(facts.on, "minimum_living_expense")
    exempt = _exempt(facts, version)
    per_head = means.per_head
    if per_head is None or isinstance(found, Missing):
        if exempt:
            text = "列冊身分，依社會救助法每人每月不超過最低生活費1.5倍"
            return FULL, (TestLine("band", article, question, text, "未達1.5倍：全額", Outcome.MET),)
        return "", (
            TestLine("band", article, question, "每人每月收入或最低生活費尚未查明", "未達1.5倍全額，1.5倍以上半額", Outcome.NOT_KNOWN),
        )
    assert found.value is not None
    value = found.value
    edge = product(value, _1_5)
    band = FULL if less(per_head, edge) else HALF

    def line() -> TestLine:
        per_capita, top = per_head.exact(), product(value, _2_5)
        note = ""
        if per_capita == top and not version.edge_named:
            note = f"恰為2.5倍：{version.band.removeprefix(LAW)}未明定所屬級距，第2條以「未超過」認其符合資格，建議發給半額"
        limit = f"未達{money.show_exact(edge)}元（1.5倍）全額；{money.show_exact(edge)}元以上至{money.show_exact(top)}元（2.5倍）半額"
        measured = f"每人每月{money.show_exact(per_capita)}元，{_ZH[band]}"
        source = (Source(found.source, found.effective_from),)
        return TestLine("band", article, question, measured, limit, Outcome.MET, per_capita, edge, source, note)

    return band, (TestLine.when_read("band", Outcome.MET, line),)


def _start(facts: CaseFacts) -> tuple[int | None, TestLine]:
    """The first month, not before the month of the 65th birthday."""
    found = timing.start(BENEFIT, facts.on, facts.application_date, facts.documents_complete)
    question = "自何月起發給？"
    if found is None:
        what = "申請日期尚未登錄" if facts.on < dt.date(2022, 1, 1) else "備齊文件日期尚未登錄"
        return None, TestLine("start", f"{LAW}第7條第2項" if facts.on >= dt.date(2022, 1, 1) else "", question, what, "", Outcome.NOT_KNOWN)
    month, note = found.month, "" if found.sourced else "本項依實務辦理"
    birth = facts.applicant.birth
    if birth is not None and month < (turned := roc.month(birth.year - roc.EPOCH + 65, birth.month)):
        month, note = turned, "申請當時未滿65歲，自年滿65歲之月起"
    article = found.article
    return month, TestLine.when_read(
        "start", Outcome.MET, lambda: TestLine("start", article, question, f"{roc.show_month(month)}起", "", Outcome.MET, note=note)
    )
