"""Judging a local benefit by its definition: one line per typed test, the amount by its table, the months, and the examples."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from app.core import money, roc
from app.core.months import Months

from . import disability, household, personal
from .choices import other_benefit_lines
from .disability import Grade
from .exclusions import Exclusion, pairs_for
from .facts import Source
from .local_definition import AmountRow, Definition, Example, LocalFacts, LocalTest, LocalVersion, pairs_of, problems
from .logic import Truth, all_of
from .means import Means, household_line, means_of, per_capita_line, total_line
from .parameters import Missing, Parameter, Parameters
from .personal import birthday, some
from .record import Record
from .trace import Decision, MissingItem, Outcome, TestLine, outcome_of
from .versions import NoLaw

_STATUS_ZH = {"low": "列冊低收入戶", "near_low": "列冊中低收入戶", "none": "非列冊戶"}
_MEANS = ("household_income", "household_movable", "household_real_estate")


def decide(definition: Definition, facts: LocalFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Judge an application by the version of the day. `exclusions`: the county's pairs where it keeps its own. Raises NoLaw."""
    case = facts.case
    version = definition.on(case.on)
    parameters = parameters.for_county(case.county_code)
    record = Record()
    law = version.law or definition.law
    record.ask(*personal.alive(case, law))
    means = _means(version, facts, parameters)
    for test in version.tests:
        _TESTS[test.type](_Judge(record, facts, parameters, means, version), test)
    if not version.confirmed:
        record.by_county((
            TestLine("confirmed", law, "本縣是否已確認本項規定？", f"尚未確認：{version.to_confirm}", "經縣府確認", Outcome.NOT_KNOWN),
            MissingItem("setting", definition.code, f"尚未設定「{definition.name}」：{version.to_confirm}"),
        ))  # fmt: skip
    first, line = _start(version, facts)
    record.ask(line)
    month = max(roc.month_of(case.on), first) if first is not None else roc.month_of(case.on)
    value, band = _amount(record, version, facts, parameters, month)
    pairs = pairs_on(definition, version, case.on, exclusions)
    lines, months = other_benefit_lines(definition.code, case, parameters, pairs, first, value)
    record.ask(*lines)
    if definition.rhythm_of(version) == "once" and months:
        months = Months.of((months.spans[0][0], months.spans[0][0]))
    return record.decision(
        definition.code, f"{definition.code}-{version.number}", case.on, amount=value, band=band, months=months, means=means
    )


def pairs_on(definition: Definition, version: LocalVersion, on: dt.date, exclusions: tuple[Exclusion, ...] | None) -> tuple[Exclusion, ...]:
    """The definition's pairs, each replaced where the county has set its own; a definition without any takes the table's."""
    table = pairs_for(definition.code, on) if exclusions is None else tuple(e for e in exclusions if e.benefit == definition.code)
    own = pairs_of(definition, version)
    if not own:
        return table
    county = {e.counterpart: e for e in table if e.county_code}
    return (*(county.pop(e.counterpart, e) for e in own), *county.values())


def _means(version: LocalVersion, facts: LocalFacts, parameters: Parameters) -> Means | None:
    """The household's sums, only when a test asks for them."""
    if not any(t.type in _MEANS for t in version.tests):
        return None
    law = household.member_law(version.household_of, facts.case.on)
    return None if law is None else means_of(version.household_of, facts.case, parameters, law, version.law, version.law)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a test needs: where to write, what is known."""

    record: Record
    facts: LocalFacts
    parameters: Parameters
    means: Means | None
    version: LocalVersion

    def limit(self, test: LocalTest) -> tuple[Fraction | None, str]:
        """The limit of a test and how it reads; a missing setting is noted."""
        if test.limit is not None:
            return Fraction(test.limit), money.show(test.limit)
        found = self.parameters.on(self.facts.case.on, test.parameter)
        value = self.record.value(found)
        return (None, found.text) if value is None or isinstance(found, Missing) else (Fraction(value), found.text)

    def at_most(self, test: LocalTest, value: int | Fraction | None, limit: Fraction | None) -> Truth:
        """At most the limit; exactly the limit as the test's edge says."""
        if value is None or limit is None:
            return None
        if value == limit:
            return {"in": True, "out": False}.get(test.edge)
        return value < limit

    def line(
        self, test: LocalTest, question: str, measured: str, limit: str, truth: Truth, value: int | Fraction | None = None,
        threshold: Fraction | None = None, source: Source | None = None, code: str = "", setting: bool = False,
    ) -> None:  # fmt: skip
        note = "恰為限額，規定未明定，請縣府認定" if value is not None and value == threshold and truth is None else ""
        exact = None if value is None else Fraction(value)
        line = TestLine(
            code or test.code or test.type, test.article, test.question or question, measured, limit, outcome_of(truth), exact, threshold,
            some(source), note,
        )  # fmt: skip
        (self.record.add if setting else self.record.ask)(line)


def _age(judge: _Judge, test: LocalTest) -> None:
    who = judge.facts.case.applicant
    years = who.age_on(judge.facts.case.on)
    limit, text = judge.limit(test)
    least = test.type == "age_at_least"
    truth: Truth = None if years is None or limit is None else years >= limit if least else years < limit
    measured = "出生日期尚未查明" if years is None else f"{years}歲（{roc.show_date(who.birth)}生）"
    shown = text if limit is None else f"{text}歲以上" if least else f"未滿{text}歲"
    judge.line(test, "年齡是否符合？", measured, shown, truth, years, limit, who.source, setting=limit is None)


def _registered(judge: _Judge, test: LocalTest) -> None:
    registered, lives = personal.residence(judge.facts.case, test.article)
    judge.record.ask(registered if test.type == "registered" else lives)


def _registered_before(judge: _Judge, test: LocalTest) -> None:
    since, before = judge.facts.registered_since, test.before
    assert before is not None
    measured = "設籍日期尚未查明" if since is None else f"{roc.show_date(since)}設籍"
    limit = f"{roc.show_date(before)}以前設籍（當日不計）"
    judge.line(test, "是否於規定日期前設籍？", measured, limit, None if since is None else since < before)


def _registered_months(judge: _Judge, test: LocalTest) -> None:
    since, on = judge.facts.registered_since, judge.facts.case.on
    limit, text = judge.limit(test)
    months = None if since is None else roc.month_of(on) - roc.month_of(since) - (on.day < since.day)
    measured = "設籍日期尚未查明" if months is None else f"{roc.show_date(since)}設籍，滿{months}個月"
    truth: Truth = None if months is None or limit is None else months >= limit
    shown = text if limit is None else f"滿{text}個月"
    judge.line(test, "設籍是否滿規定期間？", measured, shown, truth, months, limit, setting=limit is None)


def _days(judge: _Judge, test: LocalTest) -> None:
    home = judge.facts.case.residence
    limit, text = judge.limit(test)
    truth: Truth = None if home.days_in_taiwan is None or limit is None else home.days_in_taiwan > limit
    measured = "尚未查明" if home.days_in_taiwan is None else f"{home.days_in_taiwan}日"
    shown = text if limit is None else f"超過{text}日"
    judge.line(
        test, "最近一年居住國內日數是否足夠？", measured, shown, truth, home.days_in_taiwan, limit, home.days_source, setting=limit is None
    )


def _state(judge: _Judge, test: LocalTest) -> None:
    case = judge.facts.case
    if test.type == "not_placed":
        question = "是否接受政府公費收容安置？"
        judge.record.ask(personal.finding("placement", test.article, question, "未接受", "接受安置", case.placement))
    else:
        question = "是否入獄服刑、因案羈押或依法拘禁？"
        judge.record.ask(personal.finding("custody", test.article, question, "否", "在監所", case.custody))


def _grade(judge: _Judge, test: LocalTest) -> None:
    card, on = judge.facts.card, judge.facts.case.on
    truth = disability.valid_on(card, on)
    if card is not None and truth is not False:
        truth = all_of(truth, None if card.grade is None else card.grade.value in test.values)
    limit = "、".join(Grade(v).zh for v in test.values)
    judge.line(test, "手冊或證明有效且等級符合？", disability.card_text(card, on), limit, truth, source=card.source if card else None)


def _class(judge: _Judge, test: LocalTest) -> None:
    card, on = judge.facts.card, judge.facts.case.on
    truth = disability.valid_on(card, on)
    if card is not None and truth is not False:
        truth = all_of(truth, None if not card.classes else any(c in test.values for c in card.classes))
    names = {**disability.OLD_CLASSES, **disability.NEW_CLASSES}
    measured = "、".join(names.get(c, c) for c in card.classes) if card and card.classes else disability.card_text(card, on)
    judge.line(test, "障礙類別是否符合？", measured, "、".join(names[v] for v in test.values), truth, source=card.source if card else None)


def _status(judge: _Judge, test: LocalTest) -> None:
    status = judge.facts.case.status
    measured = "尚未查明" if status is None else _STATUS_ZH[status.value]
    truth: Truth = None if status is None else status.value in test.values
    judge.line(test, "列冊身分是否符合？", measured, "、".join(_STATUS_ZH[v] for v in test.values), truth)


def _own(judge: _Judge, test: LocalTest) -> None:
    income = test.type == "own_income"
    value = judge.facts.own_income if income else judge.facts.own_real_estate
    limit, text = judge.limit(test)
    question = "個人綜合所得總額是否未超過限額？" if income else "個人土地及房屋價值是否未超過限額？"
    measured = "尚未查調" if value is None else f"{money.show(value)}元"
    shown = text if limit is None else f"{text}元{'以下' if test.edge == 'in' else '（未達）' if test.edge == 'out' else ''}"
    judge.line(test, question, measured, shown, judge.at_most(test, value, limit), value, limit, setting=limit is None)


def _household_income(judge: _Judge, test: LocalTest) -> None:
    means, on, missing = judge.means, judge.facts.case.on, judge.record.missing
    if means is None:
        return
    judge.record.add(household_line(judge.facts.case, means))
    below = test.edge == "out"
    for name, label, times in (
        ("minimum_living_expense", "最低生活費", test.times_minimum),
        ("average_consumption", "臺灣地區平均每人每月消費支出", test.times_consumption),
    ):
        if times is not None:
            question = test.question or f"家庭總收入平均每人每月是否{'未達' if below else '未超過'}{label}{float(times):g}倍？"
            found = judge.parameters.on(on, name)
            judge.record.add(per_capita_line(f"income.{name}", test.article, question, means, times, found, label, missing, below))


def _household_assets(judge: _Judge, test: LocalTest) -> None:
    means = judge.means
    if means is None:
        return
    limit, text = judge.limit(test)
    movable = test.type == "household_movable"
    question = test.question or ("全家動產是否未超過限額？" if movable else "全家不動產是否未超過限額？")
    whole = means.movable if movable else means.real_estate
    number = None if limit is None else int(limit)
    judge.record.add(total_line(test.type, test.article, question, whole, number, text if limit is None else f"{text}元以下"))


def _finding(judge: _Judge, test: LocalTest) -> None:
    found = judge.facts.finding(test.code)
    truth: Truth = None if found.holds is None else found.holds == test.expected
    measured = {None: "尚未查核", True: "是", False: "否"}[found.holds]
    judge.line(test, test.question, measured, "是" if test.expected else "否", truth, source=found.source)


_TESTS: dict[str, Callable[[_Judge, LocalTest], None]] = {
    "age_at_least": _age, "age_below": _age, "registered": _registered, "lives_here": _registered, "registered_before": _registered_before,
    "registered_months": _registered_months, "days_in_taiwan": _days, "not_placed": _state, "not_in_custody": _state, "grade": _grade,
    "class": _class, "status": _status, "own_income": _own, "own_real_estate": _own, "household_income": _household_income,
    "household_movable": _household_assets, "household_real_estate": _household_assets, "finding": _finding,
}  # fmt: skip


def _start(version: LocalVersion, facts: LocalFacts) -> tuple[int | None, TestLine]:
    """The month of application or of complete documents; not before an age test holds."""
    case = facts.case
    day = case.documents_complete if version.start == "documents_complete" else case.application_date
    question = "自何月起發給？"
    if day is None:
        what = "備齊文件日期" if version.start == "documents_complete" else "申請日期"
        return None, TestLine("start", version.law, question, f"{what}尚未登錄", "", Outcome.NOT_KNOWN)
    month, note = roc.month_of(day), ""
    least = max((t.limit for t in version.tests if t.type == "age_at_least" and t.limit is not None), default=0)
    if case.applicant.birth is not None and least and (turned := roc.month_of(birthday(case.applicant.birth, least))) > month:
        month, note = turned, f"申請當時未滿{least}歲，自年滿之月起"
    return month, TestLine("start", version.law, question, f"{roc.show_month(month)}起", "", Outcome.MET, note=note)


def _amount(record: Record, version: LocalVersion, facts: LocalFacts, parameters: Parameters, month: int) -> tuple[int | None, str]:
    """The first row that fits. A row that might fit keeps the amount not known; no row at all is a gap in the table."""
    question = "每次發給多少？"
    for row in version.amounts:
        fits = _fits(row, facts)
        article = row.article or version.amount_article or version.law
        if fits is None:
            record.ask(TestLine("amount", article, question, "適用金額所需之等級、身分或年齡尚未查明", row.name, Outcome.NOT_KNOWN))
            return None, ""
        if not fits:
            continue
        found: Parameter | Missing | None = parameters.on(roc.first_day(month), row.parameter) if row.parameter else None
        value = row.amount if found is None else record.value(found)
        if value is None:
            record.add(TestLine("amount", article, question, "尚未設定", getattr(found, "text", ""), Outcome.NOT_KNOWN))
            return None, ""
        record.add(TestLine("amount", article, question, f"{money.show(int(value))}元", row.name, Outcome.MET, Fraction(value)))
        return int(value), row.name
    record.ask(TestLine("amount", version.amount_article or version.law, question, "金額表沒有適用的列，請縣府補正", "", Outcome.NOT_KNOWN))
    return None, ""


def _fits(row: AmountRow, facts: LocalFacts) -> Truth:
    age = facts.case.applicant.age_on(facts.case.on)
    grade = facts.card.grade if facts.card else None
    status = facts.case.status
    return all_of(
        True if not row.grades else None if grade is None else grade.value in row.grades,
        True if not row.statuses else None if status is None else status.value in row.statuses,
        True if row.age_from is None else None if age is None else age >= row.age_from,
        True if row.age_below is None else None if age is None else age < row.age_below,
    )


@dataclass(frozen=True, slots=True)
class Tried:
    """An example and how it came out; `wrong` says in Chinese what differs, empty = it passed. No decision: the version was not in force."""

    name: str
    wrong: tuple[str, ...]
    decision: Decision | None

    @property
    def passed(self) -> bool:
        return not self.wrong


def try_examples(definition: Definition, version: LocalVersion, parameters: Parameters) -> tuple[Tried, ...]:
    """Run a version's own examples, each with the settings it names. The version is tried alone, as if it were in force."""
    alone = Definition(
        definition.code, definition.name, definition.short_name, definition.who, definition.law, definition.county_code, definition.rhythm,
        definition.unit, (version,),
    )  # fmt: skip
    return tuple(_try(alone, e, parameters) for e in version.examples)


def _try(alone: Definition, example: Example, parameters: Parameters) -> Tried:
    county = example.facts.case.county_code
    own = [Parameter(s.name, "", s.value, "", dt.date.min, None, "測試案例", "example", county) for s in example.settings]
    named = {s.name for s in example.settings}
    rows = (*(r for r in parameters.rows() if r.name not in named), *own)
    try:
        found = decide(alone, example.facts, Parameters(rows, county))
    except NoLaw:
        return Tried(example.name, (f"審核日{roc.show_date(example.facts.case.on)}不在本版施行期間，請改日期",), None)
    wrong = []
    if found.eligible.value != example.eligible:
        wrong.append(f"結果應為「{_ANSWER_ZH[example.eligible]}」，實際為「{found.eligible.zh}」")
    if example.amount is not None and found.amount != example.amount:
        got = "未定" if found.amount is None else f"{money.show(found.amount)}元"
        wrong.append(f"金額應為{money.show(example.amount)}元，實際為{got}")
    failed = {line.code for line in found.failed()}
    if example.fails and failed != set(example.fails):
        wrong.append(f"不符合的要件應為{'、'.join(example.fails)}，實際為{'、'.join(sorted(failed)) or '無'}")
    return Tried(example.name, tuple(wrong), found)


_ANSWER_ZH = {"yes": "符合", "no": "不符合", "unknown": "尚無法認定"}


def ready(definition: Definition, version: LocalVersion, parameters: Parameters) -> tuple[str, ...]:
    """What still stands against activating a version: problems as written, then examples that fail. Empty = a second person may activate."""
    found = problems(version)
    if found:
        return found
    return tuple(f"測試案例「{t.name}」：{w}" for t in try_examples(definition, version, parameters) for w in t.wrong)
