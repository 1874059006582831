"""The household of a case and its sums under one counted-member rule, and the lines that hold them against a limit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from app.core import money

from .ability import Ability, abilities
from .assets import land_law, movable, real_estate
from .exact import Quotient, at_most, less, product
from .facts import CaseFacts, Member, PriorHoldings, Source, Status
from .household import Judged, MemberLaw, judged, member_lines
from .income import household_income, income_law
from .lazy import Text, written
from .logic import Truth, all_of
from .parameters import Missing, Number, Parameter, Parameters, limit_for
from .sheet import Sum
from .trace import CountedMember, MissingItem, Outcome, TestLine, outcome_of


@dataclass(slots=True)
class Means:
    """`persons` and `per_head` are None while somebody's place in the household or an amount is not known."""

    law: MemberLaw
    members: tuple[Member, ...]
    ability: dict[str, Ability]
    judged: Judged
    persons: int | None
    income: Sum
    per_head: Quotient | None
    movable: Sum
    real_estate: Sum
    missing: tuple[MissingItem, ...]

    @property
    def household(self) -> tuple[CountedMember, ...]:
        """Everybody of the case, counted or not, with clause and reason."""
        return member_lines(self.members, self.judged)

    @property
    def counted(self) -> tuple[Member, ...]:
        return tuple(self.members[i] for i in self.judged.counted)

    @property
    def per_capita(self) -> Fraction | None:
        """Income a month per person."""
        return None if self.per_head is None else self.per_head.exact()


def means_of(benefit: str, facts: CaseFacts, parameters: Parameters, law: MemberLaw, movable_article: str, land_article: str) -> Means:
    """Count the household, then add up its income and assets."""
    ability = abilities(facts.members, facts.on)
    found = judged(facts, law, ability)
    members = tuple([facts.members[i] for i in found.counted])
    persons = None if found.unclear else len(members)
    income = household_income(members, ability, facts.on, income_law(benefit, facts.on), parameters)
    things = movable(members, parameters, movable_article)
    land = real_estate(members, land_law(benefit, facts.on), land_article)
    total = income.value
    per_head = Quotient(total.numerator, total.denominator * persons) if persons and total is not None else None
    missing = (*_unclear(facts.members, found), *income.missing, *things.missing, *land.missing)
    return Means(
        law, facts.members, ability, found, persons, income, per_head, things, land, tuple(dict.fromkeys(missing)) if missing else ()
    )


def _unclear(members: tuple[Member, ...], found: Judged) -> tuple[MissingItem, ...]:
    """A question about everybody who may have to be counted."""
    lines = member_lines(members, found) if found.unclear else ()
    return tuple(MissingItem("fact", f"{x.ref}.counted", f"{x.name or x.relation}：{x.reason}") for x in lines if x.counted is None)


def household_line(facts: CaseFacts, means: Means) -> TestLine:
    """How many people count; not known while one is unclear."""
    outcome = Outcome.MET if means.persons else Outcome.NOT_KNOWN

    def line() -> TestLine:
        household = means.household
        names = "、".join(line.name or line.relation for line in household if line.counted)
        unclear = "、".join(line.name or line.relation for line in household if line.counted is None)
        measured = f"應計算人口{means.persons}人：{names}" if means.persons else f"{unclear}應否列入尚未查明"
        sources = _distinct(s for line in household for s in line.sources)
        return TestLine("household", means.law.name, "全家應計算人口有哪些人？", measured, "至少申請人一人", outcome, sources=sources)

    return TestLine.when_read("household", outcome, line)


def per_capita_line(
    code: str,
    article: str,
    question: str,
    means: Means,
    times: Fraction,
    found: Parameter | Missing,
    label: str,
    missing: list[MissingItem],
    below: bool = False,
) -> TestLine:
    """Is the household income per person at most (`below`: less than) `times` the parameter?"""
    if isinstance(found, Missing):
        missing.append(MissingItem("setting", found.name, found.text))
        return TestLine(code, article, question, _per_capita_text(means), found.text, Outcome.NOT_KNOWN, means.per_capita)
    assert found.value is not None
    limit = product(found.value, times)
    truth = None if means.per_head is None else (less if below else at_most)(means.per_head, limit)
    outcome = outcome_of(truth)

    def line() -> TestLine:
        text = f"{'未達' if below else ''}{label}{found.text}元×{float(times):g}＝{money.show_exact(limit)}元{'' if below else '以下'}"
        source = Source(found.source, found.effective_from)
        sources = _distinct((source, *(s for line in means.income.lines for s in line.sources)))
        return TestLine(code, article, question, _per_capita_text(means), text, outcome, means.per_capita, limit, sources)

    return TestLine.when_read(code, outcome, line)


def total_line(code: str, article: str, question: str, total: Sum, limit: Number | None, text: Text) -> TestLine:
    """Is a sum of assets at most `limit`? Land whose exemption is still pending is no obstacle when even with it the limit holds."""
    value = total.value
    if value is None and total.most is not None and limit is not None and at_most(total.most, limit):
        value = total.most
    outcome = outcome_of(None if value is None or limit is None else at_most(value, limit))

    def line() -> TestLine:
        exact = None if value is None else value.exact()
        measured = "尚未查明" if exact is None else f"{money.show_exact(exact)}元"
        if exact is not None and total.value is None:
            measured += "（認定中之土地亦計入）"
        sources = _distinct(s for line in total.lines for s in line.sources)
        threshold = None if limit is None else Fraction(limit)
        return TestLine(code, article, question, measured, written(text), outcome, exact, threshold, sources)

    return TestLine.when_read(code, outcome, line)


def limit_line(
    code: str, article: str, question: str, total: Sum, found: Parameter | Missing, persons: int | None, missing: list[MissingItem],
    times: int = 1,
) -> TestLine:  # fmt: skip
    """Is a sum of assets at most `times` a parameter whose unit may depend on the number of counted people?"""
    if isinstance(found, Missing):
        missing.append(MissingItem("setting", found.name, found.text))
        return total_line(code, article, question, total, None, found.text)
    limit = limit_for(found, persons) if persons else None
    if limit is None:
        why = "應計算人口數尚未查明" if not persons else f"{persons}人之限額未見於公告（{found.text}{found.unit}），請縣府登錄"
        if persons:
            missing.append(MissingItem("setting", found.name, why))
        return total_line(code, article, question, total, None, why)
    whole = limit

    def text() -> str:
        base = f"（{found.text}{found.unit}，計{persons}人）" if whole != found.value else ""
        shown = money.show_exact(whole)
        return (f"{shown}元×{times}＝{money.show_exact(whole * times)}元以下" if times > 1 else f"{shown}元以下") + base

    return total_line(code, article, question, total, limit * times, text)


def status_line(status: Status | None, article: str) -> TestLine | None:
    """Low and near-low income households skip the tests of income and assets; None where the status does not say so."""
    if status not in (Status.LOW, Status.NEAR_LOW):
        return None
    name = "列冊低收入戶" if status is Status.LOW else "列冊中低收入戶"
    return TestLine("means", article, "家庭總收入及財產是否符合基準？", f"{name}，免審查", "低收入戶、中低收入戶免審查", Outcome.MET)


def soften(lines: tuple[TestLine, ...], status: Status | None, article: str) -> tuple[TestLine, ...]:
    """While the status is not known a failed test refuses nobody: a listed household would not have been asked."""
    if status is not None or all(x.outcome is Outcome.MET for x in lines):
        return lines
    open_lines = tuple(replace(x, outcome=Outcome.NOT_KNOWN) if x.outcome is Outcome.NOT_MET else x for x in lines)
    text = "是否為列冊低收入戶或中低收入戶尚未查明"
    return (*open_lines, TestLine("status", article, "是否免審查收入及財產？", text, "低收入戶、中低收入戶免審查", Outcome.NOT_KNOWN))


def keeps_holdings(facts: CaseFacts, parameters: Parameters, prior: PriorHoldings) -> Truth:
    """Last year's recipient, nothing added, and the value rose no more than the area's announced land value."""
    rise = parameters.on(facts.on, "announced_land_value_rise")
    within: Truth = None
    if not isinstance(rise, Missing) and rise.value is not None and prior.land_last_year and prior.land_this_year is not None:
        within = Fraction(prior.land_this_year - prior.land_last_year, prior.land_last_year) <= rise.value
    return all_of(prior.received_last_year, prior.unchanged, within)


def with_kept_holdings(line: TestLine, facts: CaseFacts, parameters: Parameters, article: str, missing: list[MissingItem]) -> TestLine:
    """The real-estate line of somebody who already drew the benefit: kept when `keeps_holdings`."""
    if line.outcome is Outcome.MET or facts.prior_award is None:
        return line
    kept = keeps_holdings(facts, parameters, facts.prior_holdings or PriorHoldings())
    if kept is None:
        text = "前一年度已領取者，不動產是否未增加且地價漲幅未超過調增幅度尚未查明"
        missing.append(MissingItem("fact", "prior_holdings", text))
        return replace(line, outcome=Outcome.NOT_KNOWN, note=text)
    if kept:
        note = "前一年度已領取，不動產未增加且地價漲幅未超過本地調增幅度，不受限額限制"
        return replace(line, outcome=Outcome.MET, article=article, note=note)
    return line


def _per_capita_text(means: Means) -> str:
    each, total = means.per_capita, means.income.total
    if each is None or total is None:
        return "尚未查明"
    return f"每人每月{money.show_exact(each)}元（家庭總收入每月{money.show_exact(total)}元÷{means.persons}人）"


def _distinct(sources: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(sources))
