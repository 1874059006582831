"""Test lines about the applicant that many benefits share: alive, age, where the person lives, placement, custody, start of payment."""

import datetime as dt
from fractions import Fraction

from app.core import roc

from . import timing
from .facts import CaseFacts, ConditionKind, Finding, Member, Residence, Source
from .logic import Truth, negate
from .regions import county, county_on
from .trace import MissingItem, Outcome, TestLine, outcome_of


def some(*sources: Source | None) -> tuple[Source, ...]:
    return tuple(s for s in sources if s)


def alive(facts: CaseFacts, article: str) -> tuple[TestLine, ...]:
    """A line only when the applicant has died."""
    who = facts.applicant
    if who.death is None or who.death > facts.on:
        return ()
    text = f"{roc.show_date(who.death)}死亡"
    return (TestLine("alive", article, "申請人是否生存？", text, "生存", Outcome.NOT_MET, sources=some(who.source)),)


def age(facts: CaseFacts, article: str, least: int) -> TestLine:
    """Is the applicant at least so many full years old?"""
    who = facts.applicant
    years = who.age_on(facts.on)
    outcome = outcome_of(None if years is None else years >= least)

    def line() -> TestLine:
        texts = (f"是否年滿{least}歲？", _born(who, years), f"{least}歲以上")
        return TestLine("age", article, *texts, outcome, None if years is None else Fraction(years), Fraction(least), some(who.source))

    return TestLine.when_read("age", outcome, line)


def under_age(facts: CaseFacts, article: str, limit: int) -> TestLine:
    """Is the applicant younger than so many full years?"""
    who = facts.applicant
    years = who.age_on(facts.on)
    outcome = outcome_of(None if years is None else years < limit)

    def line() -> TestLine:
        texts = (f"是否未滿{limit}歲？", _born(who, years), f"未滿{limit}歲")
        return TestLine("age", article, *texts, outcome, None if years is None else Fraction(years), Fraction(limit), some(who.source))

    return TestLine.when_read("age", outcome, line)


def _born(who: Member, years: int | None) -> str:
    return "出生日期尚未查明" if years is None else f"{years}歲（{roc.show_date(who.birth)}生）"


def residence(facts: CaseFacts, article: str, referred: bool | None = False) -> tuple[TestLine, TestLine]:
    """Registered in this county, and living there (or, for care, `referred` to an institution elsewhere)."""
    home = facts.residence
    here, there = county_on(facts.county_code, facts.on), county_on(home.registered_county or "", facts.on)
    registered: Truth = None if home.registered_county is None else here is not None and here == there

    def first() -> TestLine:
        place = "尚未查明" if home.registered_county is None else getattr(county(home.registered_county), "name", home.registered_county)
        limit = here.name if here else facts.county_code
        question = "戶籍是否在本縣（市）？"
        return TestLine("registered", article, question, place, limit, outcome_of(registered), sources=some(home.source))

    holds: Truth = home.lives_there
    asked_where = holds is not True and referred is not False  # care may be given in another county
    if asked_where:
        holds = True if referred else None

    def second() -> TestLine:
        lives = {None: "尚未查明", True: "實際居住", False: "未實際居住"}[home.lives_there]
        if asked_where:
            lives = "經戶籍所在地主管機關轉介至其他縣市之機構" if referred else f"{lives}，是否經轉介至其他縣市尚未查明"
        question = "是否實際居住戶籍所在地之縣（市）？"
        return TestLine("lives_there", article, question, lives, "實際居住", outcome_of(holds), sources=some(home.source))

    return (
        TestLine.when_read("registered", outcome_of(registered), first),
        TestLine.when_read("lives_there", outcome_of(holds), second),
    )


def days(home: Residence, article: str, code: str = "days_in_taiwan", who: str = "") -> TestLine:
    """More than 183 days in Taiwan in the last year?"""
    count = home.days_in_taiwan
    outcome = outcome_of(None if count is None else count > 183)

    def line() -> TestLine:
        stay = "尚未查明" if count is None else f"{count}日"
        value = None if count is None else Fraction(count)
        question, source = f"{who}最近一年居住國內是否超過183日？", some(home.days_source or home.source)
        return TestLine(code, article, question, stay, "超過183日", outcome, value, Fraction(183), source)

    return TestLine.when_read(code, outcome, line)


def finding(code: str, article: str, question: str, no: str, yes: str, found: Finding) -> TestLine:
    """A state that must not hold (placement, custody)."""
    outcome = outcome_of(negate(found.holds))

    def line() -> TestLine:
        since = f"（{roc.show_date(found.since)}起）" if found.since else ""
        measured = {None: "尚未查明", True: yes + since, False: no}[found.holds]
        return TestLine(code, article, question, measured, no, outcome, sources=some(found.source))

    return TestLine.when_read(code, outcome, line)


def required(code: str, article: str, question: str, yes: str, no: str, found: Finding) -> TestLine:
    """A state that must hold (approved placement, hardship, assessed need)."""
    measured = {None: "尚未查明", True: yes, False: no}[found.holds]
    return TestLine(code, article, question, measured, yes, outcome_of(found.holds), sources=some(found.source))


def county_rule(code: str, law: str, question: str, what: str, found: Finding) -> tuple[TestLine, MissingItem | None]:
    """A test whose rule nobody published: the county judges by its own paper and says so. Until then it is not known."""
    measured = {None: f"{what}未查得公開條文，請縣府依自訂規定或紙本法規認定後登錄", True: "縣府認定符合", False: "縣府認定不符合"}[
        found.holds
    ]
    line = TestLine(code, law, question, measured, f"{what}（縣府規定）", outcome_of(found.holds), sources=some(found.source))
    return line, None if found.holds is not None else MissingItem("setting", code, f"尚未設定「{what}」：{measured}")


def condition(facts: CaseFacts, kind: ConditionKind, article: str) -> TestLine | None:
    """A circumstance of the applicant that stops payment (conscripted, missing); None when nobody claims it."""
    holds = facts.applicant.has(kind, facts.on)
    if holds is False:
        return None
    measured = "是" if holds else "尚未查明"
    return TestLine(
        kind.value, article, f"是否{kind.zh}？", measured, "否", outcome_of(negate(holds)), sources=facts.applicant.source_of(kind)
    )


def start(benefit: str, facts: CaseFacts) -> tuple[int | None, TestLine]:
    """The first month by the law of the day, and its line."""
    found = timing.start(benefit, facts.on, facts.application_date, facts.documents_complete)
    if found is None:
        return None, TestLine("start", "", "自何月起發給？", "備齊文件日期尚未登錄", "", Outcome.NOT_KNOWN)
    note = "" if found.sourced else "本項依實務辦理"
    return found.month, TestLine("start", found.article, "自何月起發給？", f"{roc.show_month(found.month)}起", "", Outcome.MET, note=note)


def birthday(born: dt.date, years: int) -> dt.date:
    """The day somebody has lived so many full years; who was born on 29 February has on 1 March of a common year."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return dt.date(born.year + years, 3, 1)
