"""The household of a case and its sums under one counted-member rule, and the lines that hold them against a limit."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from app.core import money

from .assets import AssetSum, land_law, movable, real_estate
from .facts import CaseFacts, Source
from .household import Family, MemberLaw, counted_members
from .income import IncomeSum, household_income, income_law
from .parameters import Missing, Number, Parameter, Parameters
from .trace import CountedMember, MissingItem, Outcome, TestLine, outcome_of


@dataclass(frozen=True, slots=True)
class Means:
    """`persons` and `per_capita` are None while somebody's place in the household or an amount is not known."""

    law: MemberLaw
    household: tuple[CountedMember, ...]
    persons: int | None
    income: IncomeSum
    per_capita: Fraction | None
    movable: AssetSum
    real_estate: AssetSum
    missing: tuple[MissingItem, ...]


def means_of(benefit: str, facts: CaseFacts, parameters: Parameters, law: MemberLaw, movable_article: str, land_article: str) -> Means:
    """Count the household, then add up its income and assets."""
    household = counted_members(facts, law)
    inside = {line.ref for line in household if line.counted}
    members = tuple(m for m in facts.members if m.ref in inside)
    unclear = tuple(line for line in household if line.counted is None)
    persons = None if unclear else len(members)
    rule = income_law(benefit, facts.on)
    income = household_income(members, Family(facts.members, facts.on).ability, facts.on, rule, parameters)
    things = movable(members, parameters, movable_article)
    land = real_estate(members, land_law(benefit, facts.on), land_article)
    per_capita = income.total / persons if persons and income.total is not None else None
    missing = (
        *(MissingItem("fact", f"{line.ref}.counted", f"{line.name or line.relation}：{line.reason}") for line in unclear),
        *income.missing,
        *things.missing,
        *land.missing,
    )
    return Means(law, household, persons, income, per_capita, things, land, tuple(dict.fromkeys(missing)))


def household_line(facts: CaseFacts, means: Means) -> TestLine:
    """How many people count; not known while one is unclear."""
    names = "、".join(line.name or line.relation for line in means.household if line.counted)
    unclear = "、".join(line.name or line.relation for line in means.household if line.counted is None)
    measured = f"應計算人口{means.persons}人：{names}" if means.persons else f"{unclear}應否列入尚未查明"
    sources = _distinct(s for line in means.household for s in line.sources)
    outcome = Outcome.MET if means.persons else Outcome.NOT_KNOWN
    return TestLine("household", means.law.name, "全家應計算人口有哪些人？", measured, "至少申請人一人", outcome, sources=sources)


def per_capita_line(
    code: str,
    article: str,
    question: str,
    means: Means,
    times: Fraction,
    found: Parameter | Missing,
    label: str,
    missing: list[MissingItem],
) -> TestLine:
    """Is the household income per person at most `times` the parameter?"""
    measured = _per_capita_text(means)
    if isinstance(found, Missing):
        missing.append(MissingItem("setting", found.name, found.text))
        return TestLine(code, article, question, measured, found.text, Outcome.NOT_KNOWN, means.per_capita)
    assert found.value is not None
    limit = found.value * times
    text = f"{label}{found.text}元×{float(times):g}＝{money.show_exact(limit)}元以下"
    truth = None if means.per_capita is None else means.per_capita <= limit
    sources = (Source(found.source, found.effective_from), *_distinct(s for line in means.income.lines for s in line.sources))
    return TestLine(code, article, question, measured, text, outcome_of(truth), means.per_capita, Fraction(limit), _distinct(sources))


def total_line(code: str, article: str, question: str, total: AssetSum, limit: Number | None, text: str) -> TestLine:
    """Is a sum of assets at most `limit`? Land whose exemption is still pending is no obstacle when even with it the limit holds."""
    measured = "尚未查明" if total.total is None else f"{money.show_exact(total.total)}元"
    value = total.total
    if value is None and total.at_most is not None and limit is not None and total.at_most <= limit:
        value = total.at_most
        measured = f"{money.show_exact(value)}元（認定中之土地亦計入）"
    truth = None if value is None or limit is None else value <= limit
    sources = _distinct(s for line in total.lines for s in line.sources)
    return TestLine(code, article, question, measured, text, outcome_of(truth), value, None if limit is None else Fraction(limit), sources)


def _per_capita_text(means: Means) -> str:
    if means.per_capita is None or means.income.total is None:
        return "尚未查明"
    return f"每人每月{money.show_exact(means.per_capita)}元（家庭總收入每月{money.show_exact(means.income.total)}元÷{means.persons}人）"


def _distinct(sources: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(sources))
