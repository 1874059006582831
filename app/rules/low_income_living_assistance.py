"""低收入戶生活扶助: is the household low income, in which class, what is it paid, and from when does a change count."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction

from app.core import roc

from . import household, personal, timing
from .choices import other_benefit_lines
from .exclusions import Exclusion
from .facts import NOTHING_REPORTED, CaseFacts, Finding, Member, Residence
from .logic import Truth, all_of
from .low_income_amounts import BENEFIT, LAW, SINCE_100, LowIncomeMember, amounts
from .means import Means, household_line, limit_line, means_of, per_capita_line
from .parameters import Missing, Parameters
from .record import Record
from .regions import region_on
from .trace import Answer, Decision, MissingItem, Outcome, SumLine, TestLine, outcome_of
from .versions import in_force

ITEMS = {"0": "第0類", "1": "第1款", "2": "第2款", "3": "第3款", "4": "第4類"}


@dataclass(frozen=True, slots=True)
class Version:
    """`resident`: all members of the household live there, more than 183 days in Taiwan (§4 VI)."""

    code: str
    since: dt.date
    resident: bool
    refusal: str


VERSIONS = (
    Version("LILA-97-01-16", dt.date(2008, 1, 16), False, "第15條"),
    Version("LILA-100-07-01", SINCE_100, True, "第15條第4項"),
)
_KEPT_UNTIL = dt.date(2011, 12, 31)


@dataclass(frozen=True, slots=True)
class LowIncomeFacts:
    """The case and what only low income asks. `visited`: the home visit of §10 II. `fraud`: §9; `refused`: training or work refused, §15.

    `county_class`: the class the county found where its own criteria apply. `prior_class`: the class registered on 100-06-30.
    """

    case: CaseFacts
    members: tuple[LowIncomeMember, ...] = ()
    visited: dt.date | None = None
    fraud: Finding = NOTHING_REPORTED
    refused: Finding = NOTHING_REPORTED
    county_class: str = ""
    prior_class: str = ""

    def about(self, ref: str) -> LowIncomeMember:
        return next((m for m in self.members if m.ref == ref), LowIncomeMember(ref))


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw before 97-01-16."""
    return in_force(VERSIONS, day, LAW)


def decide(facts: LowIncomeFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge an application or a yearly review by the law of `facts.case.on`; `band` is `class1` …, `payments` the parts. Raises NoLaw.

    Who was registered before 100-07-01 keeps that class until 100-12-31 unless §9 or §14 ends it, and gets more if the new law gives more.
    """
    new = _judge(facts, parameters, exclusions, "")
    case, prior = facts.case, facts.case.prior_award
    if not facts.prior_class or not SINCE_100 <= case.on <= _KEPT_UNTIL or prior is None or prior.first_month >= roc.month_of(SINCE_100):
        return new
    old = _judge(facts, parameters, exclusions, facts.prior_class)
    return new if (new.amount or 0) >= (old.amount or 0) and new.eligible is Answer.YES else old


def _judge(facts: LowIncomeFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None, kept: str) -> Decision:
    case = facts.case
    version = version_on(case.on)
    parameters = parameters.for_county(case.county_code)
    law = household.member_law(BENEFIT, case.on)
    assert law is not None
    record = Record()
    means = means_of(BENEFIT, case, parameters, law, f"{LAW}第4條第1項", f"{LAW}第4條第1項")
    people = _people(facts, means)
    _circumstances(record, facts, version, people)
    if kept:
        record.add(_kept_line(kept))
        income_class = kept
    else:
        record.add(*_means(case, parameters, means, record.missing))
        income_class = "" if record.failed() else _class(record, facts, parameters, means)
    first, start_line = personal.start(BENEFIT, case)
    record.ask(start_line)
    lines, months = other_benefit_lines(BENEFIT, case, parameters, exclusions, first, None)
    record.ask(*lines)
    month = max(roc.month_of(case.on), first) if first is not None else roc.month_of(case.on)
    value: int | None = None
    payments: tuple[SumLine, ...] = ()
    if income_class and not record.failed():
        value, payments = amounts(record, tuple(people), income_class, month, case.on, parameters)
    return record.decision(
        BENEFIT, f"{version.code}/{law.code}", case.on, amount=value, band=f"class{income_class}" if income_class else "", months=months,
        means=means, means_asked=not kept, payments=payments,
    )  # fmt: skip


def _people(facts: LowIncomeFacts, means: Means) -> list[tuple[Member, LowIncomeMember]]:
    """Counted members of the registered household, the applicant first; who is unclear stays in so that it is asked."""
    inside = {line.ref for line in means.household if line.counted is not False}
    out = []
    for member in facts.case.members:
        extra = facts.about(member.ref)
        is_applicant = member is facts.case.applicant
        if is_applicant and extra.other_benefits is None:
            extra = replace(extra, other_benefits=facts.case.other_benefits)
        if is_applicant and extra.residence is None:
            extra = replace(extra, residence=facts.case.residence)
        listed = True if is_applicant else member.same_registration if extra.listed is None else extra.listed
        if member.ref in inside and listed is not False:
            out.append((member, replace(extra, listed=listed)))
    return sorted(out, key=lambda pair: pair[0] is not facts.case.applicant)


def _circumstances(record: Record, facts: LowIncomeFacts, version: Version, people: list[tuple[Member, LowIncomeMember]]) -> None:
    case = facts.case
    record.ask(*personal.alive(case, f"{LAW}第14條"))
    here = personal.residence(case, f"{LAW}第4條第1項")
    record.ask(here[0])
    for member, extra in people:
        if extra.listed is None:
            text = f"{member.name or member.relation.zh}：是否為同一戶籍之列冊成員尚未查明"
            record.ask(TestLine(f"listed.{member.ref}", f"{LAW}第4條第1項", "列冊成員有哪些人？", text, "", Outcome.NOT_KNOWN))
        if version.resident:
            record.ask(*_resident(case, member, extra))
    if len(people) == 1:
        record.ask(
            personal.finding(
                "placement", f"{LAW}第11條第1項但書", "是否以公費收容安置代替現金給付？", "未安置", "公費收容安置中", case.placement
            )
        )
    visited = f"{roc.show_date(facts.visited)}訪視" if facts.visited else "尚未派員調查"
    truth = True if facts.visited else None
    record.ask(
        TestLine("visit", f"{LAW}第10條第2項", "是否派員調查家庭環境及經濟狀況？", visited, "受理之日起5日內調查", outcome_of(truth))
    )
    record.ask(
        personal.finding("fraud", f"{LAW}第9條", "是否提供不實資料、隱匿拒絕提供或以詐欺取得？", "無此情事", "經查屬實", facts.fraud)
    )
    refused = "是否不願接受訓練、輔導或工作？"
    record.ask(personal.finding("refused", f"{LAW}{version.refusal}", refused, "無此情事", "不願接受", facts.refused))


def _resident(case: CaseFacts, member: Member, extra: LowIncomeMember) -> tuple[TestLine, TestLine]:
    home = extra.residence or Residence()
    name = member.name or member.relation.zh
    article = f"{LAW}第4條第6項"
    lives = {None: "尚未查明", True: "實際居住", False: "未實際居住"}[home.lives_there]
    question = f"{name}是否實際居住戶籍所在地之縣（市）？"
    return (
        TestLine(
            f"lives_there.{member.ref}",
            article,
            question,
            lives,
            "實際居住",
            outcome_of(home.lives_there),
            sources=personal.some(home.source),
        ),
        personal.days(home, article, f"days_in_taiwan.{member.ref}", name),
    )


def _means(case: CaseFacts, parameters: Parameters, means: Means, missing: list[MissingItem]) -> tuple[TestLine, ...]:
    """At most the minimum living expense a person; movable assets and real estate within the announced amounts."""
    article, on = f"{LAW}第4條第1項", case.on
    poverty = parameters.on(on, "minimum_living_expense")
    question = "家庭總收入平均每人每月是否在最低生活費以下？"
    things = parameters.on(on, "low_income_movable_limit")
    land = parameters.on(on, "low_income_real_estate_limit")
    return (
        household_line(case, means),
        per_capita_line("income_minimum", article, question, means, Fraction(1), poverty, "最低生活費", missing),
        limit_line("movable", article, "家庭動產是否未超過公告金額？", means.movable, things, means.persons, missing),
        limit_line("real_estate", article, "家庭不動產是否未超過公告金額？", means.real_estate, land, means.persons, missing),
    )


def _kept_line(kept: str) -> TestLine:
    return TestLine(
        "kept", f"{LAW}第46條第3項但書", "100年7月1日前審核通過之低收入戶是否維持資格？", f"原列{ITEMS.get(kept, kept)}", "維持至100年12月31日",
        Outcome.MET, note="非有第9條或第14條情事，資格維持至100年12月31日",
    )  # fmt: skip


def _class(record: Record, facts: LowIncomeFacts, parameters: Parameters, means: Means) -> str:
    """1: nobody can work, no income, no real estate; 2: at most a third can work and income at most two thirds of the line; 3: the rest.

    These criteria are those of 臺灣省; elsewhere the county states the class it found.
    """
    case = facts.case
    article, question = f"{LAW}第11條第2項", "列冊第幾款？"
    region = region_on(case.county_code, case.on)
    if region != "臺灣省":
        known = facts.county_class in ITEMS
        text = ITEMS[facts.county_class] if known else f"{region or '本縣（市）'}之等級條件未查得公開條文，請縣府認定後登錄"
        record.by_county((
            TestLine("class", article, question, text, "依直轄市或該省公告之等級", outcome_of(True if known else None)),
            None if known else MissingItem("setting", "low_income_class", f"尚未設定「低收入戶等級條件」：{text}"),
        ))  # fmt: skip
        return facts.county_class if known else ""
    poverty = parameters.on(case.on, "minimum_living_expense")
    able = [means.ability[m.ref].able for m in means.counted]
    line = None if isinstance(poverty, Missing) else poverty.value
    first = all_of(_none_able(able), _is_zero(means.income.total), _is_zero(means.real_estate.total))
    poor: Truth = None if means.per_capita is None or line is None else means.per_capita * 3 <= line * 2
    second = all_of(_a_third_able(able, means.persons), poor)
    limit = "第1款：全家無工作能力、無收益及恆產；第2款：有工作能力者不超過1/3且每人每月不超過最低生活費2/3；其餘第3款"
    workers = f"應計算人口{means.persons}人，有工作能力{sum(a is True for a in able)}人"
    if first is None or (first is False and second is None):
        record.ask(TestLine("class", article, question, f"{workers}；工作能力、收入或財產尚未查明", limit, Outcome.NOT_KNOWN))
        return ""
    found = "1" if first else "2" if second else "3"
    record.add(TestLine("class", article, question, f"{workers}，{ITEMS[found]}", limit, Outcome.MET, means.per_capita))
    return found


def _none_able(able: list[Truth]) -> Truth:
    return all_of(*(None if a is None else not a for a in able))


def _a_third_able(able: list[Truth], persons: int | None) -> Truth:
    if persons is None:
        return None
    certain, possible = sum(a is True for a in able), sum(a is not False for a in able)
    return True if possible * 3 <= persons else False if certain * 3 > persons else None


def _is_zero(total: Fraction | None) -> Truth:
    return None if total is None else total == 0


@dataclass(frozen=True, slots=True)
class Change:
    """From one decision to the next: from which month, who came and went, both classes and amounts. `sourced` False = by practice."""

    month: int
    article: str
    sourced: bool
    joined: tuple[str, ...]
    left: tuple[str, ...]
    class_before: str
    class_after: str
    amount_before: int
    amount_after: int | None


def change(before: Decision, after: Decision, fact: dt.date) -> Change:
    """A member joined or left, or income and assets changed on `fact`: more counts from that month, less or nothing from the next."""
    was = {c.ref for c in before.household if c.counted}
    now = {c.ref for c in after.household if c.counted}
    more = (after.amount or 0) > (before.amount or 0)
    if after.eligible is Answer.NO:
        turn = timing.stop(BENEFIT, timing.StopReason.MEANS, fact)
    else:
        turn = timing.change(BENEFIT, more, fact)
    return Change(
        turn.month, turn.article, turn.sourced, tuple(sorted(now - was)), tuple(sorted(was - now)), before.band, after.band,
        before.amount or 0, after.amount,
    )  # fmt: skip


def near_low_income(facts: LowIncomeFacts, parameters: Parameters) -> Decision:
    """Is the household near-low income (§4-1, since 100-07-01)? A status, no cash: `band` is `near_low`, the amount 0. Raises NoLaw."""
    case = facts.case
    if case.on < SINCE_100:
        in_force(VERSIONS[1:], case.on, f"{LAW}第4條之1")
    parameters = parameters.for_county(case.county_code)
    article = f"{LAW}第4條之1第1項"
    law = household.member_law(BENEFIT, case.on)
    assert law is not None
    means = means_of(BENEFIT, case, parameters, law, f"{article}第2款", f"{article}第2款")
    record = Record()
    record.ask(personal.residence(case, f"{LAW}第4條之1第2項")[0])
    for member, extra in _people(facts, means):
        record.ask(*_resident(case, member, extra))
    income = parameters.on(case.on, "near_low_income_limit")
    things, land = parameters.on(case.on, "near_low_income_movable_limit"), parameters.on(case.on, "near_low_income_real_estate_limit")
    question = "家庭總收入平均每人每月是否未超過中低收入戶限額？"
    record.add(
        household_line(case, means),
        per_capita_line("income", f"{article}第1款", question, means, Fraction(1), income, "中低收入戶收入限額", record.missing),
        limit_line("movable", f"{article}第2款", "家庭動產是否未超過公告金額？", means.movable, things, means.persons, record.missing),
        limit_line(
            "real_estate", f"{article}第2款", "家庭不動產是否未超過公告金額？", means.real_estate, land, means.persons, record.missing
        ),
    )
    first, start_line = personal.start(BENEFIT, case)
    record.ask(start_line)
    return record.decision(
        "near_low_income_household", f"LILA-100-07-01/{law.code}", case.on, amount=0, band="near_low", start=first, means=means
    )
