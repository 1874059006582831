"""The applicant's other benefits against the exclusion pairs: one line each, and the months that are left."""

from collections.abc import Callable
from fractions import Fraction

from app.core import money, roc
from app.core.months import FOREVER, Months

from .exclusions import Exclusion, Relation, counterpart_names, pairs_for
from .facts import CaseFacts, OtherBenefit
from .parameters import Missing, Parameters
from .trace import Outcome, TestLine

QUESTION = "是否領有須擇一之其他津貼？"


def other_benefit_lines(
    benefit: str, facts: CaseFacts, parameters: Parameters, pairs: tuple[Exclusion, ...] | None, first: int | None, amount: int | None
) -> tuple[tuple[TestLine, ...], Months]:
    """Lines and payable months from `first` on. Not checked is "not known"; nothing found after checking is "met"."""
    months = Months.of((roc.month_of(facts.on) if first is None else first, None))
    if not facts.other_benefits:
        outcome = Outcome.NOT_KNOWN if facts.other_benefits is None else Outcome.MET

        def line() -> TestLine:
            measured = "尚未查核" if facts.other_benefits is None else "查核結果：未領有"
            source = (facts.other_benefits_source,) if facts.other_benefits_source else ()
            article, limit = _choice(_rows(benefit, facts, pairs))
            return TestLine("other_benefits", article, QUESTION, measured, limit, outcome, sources=source)

        return (TestLine.when_read("other_benefits", outcome, line),), months
    rows = _rows(benefit, facts, pairs)
    article, limit = _choice(rows)
    lines = []
    for other in facts.other_benefits:
        found = [e for e in rows if e.counterpart == other.kind]
        if not found:
            lines.append(_unlisted(other, article, limit))
        for pair in found:
            found_line, months = _line(pair, other, facts, parameters, months, amount)
            lines.append(found_line)
    return tuple(lines), months


def _rows(benefit: str, facts: CaseFacts, pairs: tuple[Exclusion, ...] | None) -> tuple[Exclusion, ...]:
    """The pairs the county works with for the benefit (default: the national ones)."""
    return pairs_for(benefit, facts.on) if pairs is None else tuple(e for e in pairs if e.benefit == benefit and e.enabled)


def _choice(rows: tuple[Exclusion, ...]) -> tuple[str, str]:
    """The article that lets a person choose one, and between which."""
    choose = [e for e in rows if e.relation is Relation.CHOOSE_ONE]
    article = next((e.article_zh for e in choose if e.article_zh), "")
    names = "、".join(e.counterpart_zh for e in choose if e.confidence == "high")
    return article, f"僅得擇一：{names}" if names else ""


def _line(
    pair: Exclusion, other: OtherBenefit, facts: CaseFacts, parameters: Parameters, months: Months, amount: int | None
) -> tuple[TestLine, Months]:
    name = pair.counterpart_zh or counterpart_names().get(other.kind, other.kind)
    drawn = Months.of((other.first, other.last))
    measured = f"{name}：{_span(other)}" + (f"，每月{money.show(other.amount)}元" if other.amount is not None else "")
    sources = (other.source,) if other.source else ()

    def line(outcome: Outcome, limit: str, note: str = "", value: Fraction | None = None, threshold: Fraction | None = None) -> TestLine:
        question = f"與{name}之關係：{pair.relation.zh}"
        return TestLine(f"other.{other.kind}", pair.article_zh, question, measured, limit, outcome, value, threshold, sources, note)

    if not months & drawn:
        return line(Outcome.MET, pair.relation.zh, "給付月份不重疊"), months
    if pair.confidence == "low" and other.compatible is None:
        return line(Outcome.NOT_KNOWN, pair.relation.zh, f"法源未查得，請縣府於互斥設定確認。{pair.exception}".rstrip("。") + "。"), months
    if pair.confidence != "high" and other.compatible:
        return line(Outcome.MET, pair.relation.zh, "縣府已認定得併領"), months
    if pair.confidence == "low" and other.compatible is False:
        return line(Outcome.NOT_MET, pair.relation.zh, "縣府已認定不得併領"), months
    if pair.relation is Relation.CHOOSE_ONE or (pair.relation is Relation.SUSPEND_A and _suspends(other)):
        left = months - drawn
        now = max(roc.month_of(facts.on), months.spans[0][0])
        if not any(start <= now for start, _ in left.spans):
            todo = "須先放棄他項津貼，或改領他項" if pair.relation is Relation.CHOOSE_ONE else "停發期間不得發給"
            return line(Outcome.NOT_MET, pair.relation.zh, todo), months
        return line(Outcome.MET, pair.relation.zh, f"重疊月份不發給；可發給{_months_text(left)}"), left
    if pair.relation is Relation.SUSPEND_A:
        if other.compatible is None:
            return line(Outcome.NOT_KNOWN, pair.relation.zh, f"請縣府認定：{pair.exception}"), months
        return line(Outcome.MET if other.compatible else Outcome.NOT_MET, pair.relation.zh, "依縣府認定"), months
    if pair.relation is Relation.CAP_SUM:
        return _cap(line, other, facts, parameters, amount), months
    return line(Outcome.MET, pair.relation.zh, pair.exception), months


def _cap(line: Callable[..., TestLine], other: OtherBenefit, facts: CaseFacts, parameters: Parameters, amount: int | None) -> TestLine:
    """The sum of what the government pays one person may not exceed the basic wage."""
    wage = parameters.on(facts.on, "basic_wage")
    if isinstance(wage, Missing):
        return line(Outcome.NOT_KNOWN, wage.text)
    assert wage.value is not None
    limit = f"合計不得超過基本工資{wage.text}元"
    if other.amount is None or amount is None:
        return line(Outcome.NOT_KNOWN, limit, "他項津貼金額尚未查明" if other.amount is None else "本津貼金額尚未決定")
    total = amount + other.amount
    outcome = Outcome.MET if total <= wage.value else Outcome.NOT_KNOWN
    note = "" if outcome is Outcome.MET else "合計超過上限，減發哪一項法無明文，請縣府認定"
    return line(outcome, limit, note, Fraction(total), Fraction(wage.value))


def _suspends(other: OtherBenefit) -> bool:
    """Care by day may go together with the allowance (the county finds); residential care and every other suspending state may not."""
    return other.kind != "disability_care_subsidy" or other.detail in ("residential", "night")


def _unlisted(other: OtherBenefit, article: str, limit: str) -> TestLine:
    name = counterpart_names().get(other.kind, other.agency or other.kind)
    outcome = Outcome.NOT_KNOWN if other.compatible is None else Outcome.MET if other.compatible else Outcome.NOT_MET
    note = "未列於互斥規定，請縣府認定得否併領" if other.compatible is None else "依縣府認定"
    sources = (other.source,) if other.source else ()
    return TestLine(
        f"other.{other.kind}", article, f"得否與{name}併領？", f"{name}：{_span(other)}", limit, outcome, sources=sources, note=note
    )


def _span(other: OtherBenefit) -> str:
    return f"{roc.show_month(other.first)}起" + (f"至{roc.show_month(other.last)}" if other.last is not None else "領取中")


def _months_text(months: Months) -> str:
    """`98年3月起`, `98年3月至98年5月`."""
    return "、".join(f"{roc.show_month(a)}起" if b >= FOREVER else f"{roc.show_month(a)}至{roc.show_month(b)}" for a, b in months.spans)
