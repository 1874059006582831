"""A local benefit as data: what a county writes in a form, kept as JSON, checked before anybody relies on it.

A definition has dated versions; a version has typed tests, a table of amounts, exclusions, steps, and example cases that must pass.
"""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files

from . import codec
from .disability import NEW_CLASSES, OLD_CLASSES, Card, Grade
from .exclusions import Exclusion, Relation
from .facts import CaseFacts, Finding, Status
from .versions import NoLaw


@dataclass(frozen=True, slots=True)
class LocalTest:
    """One typed test. Which fields a type needs is in TEST_TYPES. A limit is `limit` or the county setting named `parameter`.

    `edge` says what exactly the limit means: `in`, `out`, or `unclear` (the text does not say: somebody decides).
    """

    type: str
    article: str = ""
    question: str = ""
    limit: int | None = None
    parameter: str = ""
    edge: str = "in"
    before: dt.date | None = None
    values: tuple[str, ...] = ()
    times_minimum: Fraction | None = None
    times_consumption: Fraction | None = None
    code: str = ""
    expected: bool = True


@dataclass(frozen=True, slots=True)
class TestType:
    """What the console shows for a type: its Chinese name, a help sentence, the fields to fill (`limit` or `parameter` count as one)."""

    name: str
    help: str
    needs: tuple[str, ...] = ()


TEST_TYPES: dict[str, TestType] = {
    "age_at_least": TestType("年滿一定歲數", "申請人實足年齡達到幾歲", ("limit",)),
    "age_below": TestType("未滿一定歲數", "申請人實足年齡未滿幾歲", ("limit",)),
    "registered": TestType("設籍本縣", "申請人戶籍在本縣（市）"),
    "lives_here": TestType("實際居住本縣", "申請人實際居住於本縣（市）"),
    "registered_before": TestType("特定日前設籍", "本次設籍日早於某日", ("before",)),
    "registered_months": TestType("設籍滿一定期間", "至判斷日已連續設籍幾個月", ("limit",)),
    "days_in_taiwan": TestType("最近一年居住國內日數", "最近一年居住國內超過幾日", ("limit",)),
    "not_placed": TestType("未接受公費收容安置", "未接受政府公費（補助）收容安置"),
    "not_in_custody": TestType("未在監所", "未入獄服刑、因案羈押或依法拘禁"),
    "grade": TestType("障礙等級", "領有有效手冊或證明，等級為所列之一", ("values",)),
    "class": TestType("障礙類別", "手冊或證明之類別為所列之一", ("values",)),
    "status": TestType("低收或中低收身分", "列冊身分為所列之一", ("values",)),
    "own_income": TestType("個人所得總額", "最近一年度個人綜合所得總額之上限", ("limit",)),
    "own_real_estate": TestType("個人土地房屋價值", "個人所有土地及房屋價值合計之上限", ("limit",)),
    "household_income": TestType("家庭平均收入", "每人每月未超過最低生活費或平均消費支出之倍數（填二者時須同時符合）"),
    "household_movable": TestType("全家動產", "全家存款、投資、有價證券合計之上限", ("limit",)),
    "household_real_estate": TestType("全家不動產", "全家土地及房屋價值合計之上限", ("limit",)),
    "finding": TestType("縣府查核事項", "由承辦人查核後登錄是或否的事項", ("code", "question")),
}


@dataclass(frozen=True, slots=True)
class AmountRow:
    """One row of the table of amounts, the first that fits counts. Empty conditions fit everybody. NTD, or a county setting's name."""

    amount: int | None = None
    parameter: str = ""
    grades: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    age_from: int | None = None
    age_below: int | None = None
    name: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class LocalExclusion:
    """A counterpart (benefit or register code) and the relation; `article` as it shall be printed. `confirmed` False: nobody found the
    rule, so a case that has it waits for the county's finding."""

    counterpart: str
    relation: Relation
    counterpart_zh: str = ""
    article: str = ""
    note: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class NamedFinding:
    code: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class LocalFacts:
    """The case and what a local benefit can ask. `registered_since`: first day of the present registration in the county."""

    case: CaseFacts
    registered_since: dt.date | None = None
    card: Card | None = None
    own_income: int | None = None
    own_real_estate: int | None = None
    findings: tuple[NamedFinding, ...] = ()

    def finding(self, code: str) -> Finding:
        return next((f.finding for f in self.findings if f.code == code), Finding(None))


@dataclass(frozen=True, slots=True)
class ExampleSetting:
    """A county setting an example stands on, whatever the county has entered."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Example:
    """A case that must come out as written before the version may be activated. `fails`: codes of the tests that are not met."""

    name: str
    facts: LocalFacts
    eligible: str
    amount: int | None = None
    fails: tuple[str, ...] = ()
    settings: tuple[ExampleSetting, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalDocument:
    """A document of the checklist, by its code."""

    code: str
    required: bool = True


RHYTHMS = {"monthly": "每月", "two_monthly": "每兩個月", "quarterly": "每季", "yearly": "每年", "once": "一次"}
"""How often the amount of the table is paid, counted from the month of start."""
MONTHS_BETWEEN = {"monthly": 1, "two_monthly": 2, "quarterly": 3, "yearly": 12, "once": 1}
STEPS = {
    "visit": "訪視（陳報前派員訪視並登錄紀錄）",
    "preliminary_review": "公所初審",
    "second_review": "縣府複審",
    "approval": "縣府核定",
    "yearly_review": "每年複查（核定滿一年前開待辦）",
}
"""The steps a case may take, in their order: the lifecycle of applications knows these and no others."""
ALWAYS = ("preliminary_review", "approval")
"""Steps nobody may leave out: two offices and two people stand behind every amount."""
UNITS = {"person": "個人", "household": "一戶"}


@dataclass(frozen=True, slots=True)
class LocalVersion:
    """One version. `household_of`: the benefit whose counted-member rule means tests use. `to_confirm`: what the county must still
    confirm (printed; it stops approval while `confirmed` is no). `who` and `rhythm` empty: the definition's."""

    number: int
    effective_from: dt.date
    effective_to: dt.date | None = None
    law: str = ""
    tests: tuple[LocalTest, ...] = ()
    amounts: tuple[AmountRow, ...] = ()
    exclusions: tuple[LocalExclusion, ...] = ()
    steps: tuple[str, ...] = ("preliminary_review", "second_review", "approval")
    household_of: str = "low_income_living_assistance"
    start: str = "documents_complete"
    amount_article: str = ""
    to_confirm: str = ""
    confirmed: bool = True
    examples: tuple[Example, ...] = ()
    who: str = ""
    rhythm: str = ""
    documents: tuple[LocalDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A local benefit. `rhythm` one of RHYTHMS; `unit` person or household."""

    code: str
    name: str
    short_name: str
    who: str
    law: str
    county_code: str = ""
    rhythm: str = "monthly"
    unit: str = "person"
    versions: tuple[LocalVersion, ...] = ()

    def on(self, day: dt.date) -> LocalVersion:
        """The version in force: the one with the latest start. Raises NoLaw."""
        found = [v for v in self.versions if v.effective_from <= day and (v.effective_to is None or day <= v.effective_to)]
        if not found:
            raise NoLaw(f"「{self.name}」在該日沒有生效的版本，請縣府於地方津貼設定登錄")
        return max(found, key=lambda v: (v.effective_from, v.number))

    def rhythm_of(self, version: LocalVersion) -> str:
        """How often a version pays."""
        return version.rhythm or self.rhythm

    def with_version(self, version: LocalVersion) -> "Definition":
        """A further version; an equal number is replaced."""
        return replace(self, versions=(*(v for v in self.versions if v.number != version.number), version))


def loads(text: str) -> Definition:
    """A definition from JSON. Raises ValueError (json, unknown codes) or TypeError (missing fields)."""
    return codec.loads(Definition, text)


def dumps(definition: Definition) -> str:
    return codec.dumps(definition)


@cache
def delivered() -> dict[str, Definition]:
    """The local benefits the product is delivered with, by code."""
    folder = files(__package__) / "data" / "local"
    found = [loads(f.read_text("utf-8")) for f in sorted(folder.iterdir(), key=lambda f: f.name) if f.name.endswith(".json")]
    return {d.code: d for d in found}


def problems(version: LocalVersion) -> tuple[str, ...]:
    """What is wrong with a version as written, in the words of the form; empty = it can be tried."""
    out: list[str] = []
    if not version.tests:
        out.append("至少須有一項要件")
    if not version.amounts:
        out.append("金額表至少須有一列")
    if version.effective_to is not None and version.effective_to < version.effective_from:
        out.append("施行迄日早於施行起日")
    if version.start not in ("documents_complete", "application"):
        out.append("起發月份須選擇「備齊文件當月」或「申請當月」")
    for i, test in enumerate(version.tests, 1):
        out += [f"第{i}項要件：{text}" for text in _test_problems(test)]
    codes = [t.code for t in version.tests if t.type == "finding"]
    if len(codes) != len(set(codes)):
        out.append("縣府查核事項的代碼重複")
    for i, row in enumerate(version.amounts, 1):
        if (row.amount is None) == (not row.parameter):
            out.append(f"金額表第{i}列：金額與縣市設定名稱請擇一填寫")
        elif row.amount is not None and row.amount <= 0:
            out.append(f"金額表第{i}列：金額須大於0")
        if set(row.grades) - {g.value for g in Grade}:
            out.append(f"金額表第{i}列：障礙等級不在選項內")
        if set(row.statuses) - {s.value for s in Status}:
            out.append(f"金額表第{i}列：身分不在選項內")
    if set(version.steps) - set(STEPS):
        out.append("辦理步驟不在選項內")
    out += [f"辦理步驟須有「{STEPS[s]}」" for s in ALWAYS if s not in version.steps]
    if not version.examples:
        out.append("至少須有一個測試案例")
    return tuple(out)


def _test_problems(test: LocalTest) -> list[str]:
    kind = TEST_TYPES.get(test.type)
    if kind is None:
        return [f"要件類型「{test.type}」不在清單內"]
    out = []
    for needed in kind.needs:
        if needed == "limit" and (test.limit is None) == (not test.parameter):
            out.append(f"{kind.name}：限額與縣市設定名稱請擇一填寫")
        elif needed != "limit" and not getattr(test, needed):
            out.append(f"{kind.name}：缺少{_FIELD_ZH[needed]}")
    most = _MOST.get(test.type)
    if test.limit is not None and (test.limit < 0 or (most is not None and test.limit > most)):
        out.append(f"{kind.name}：數值應在 0 到 {most} 之間" if most else f"{kind.name}：數值不可為負數")
    choices = {"grade": {g.value for g in Grade}, "status": {s.value for s in Status}, "class": {*OLD_CLASSES, *NEW_CLASSES}}
    if test.type in choices and set(test.values) - choices[test.type]:
        out.append(f"{kind.name}：所選值不在選項內")
    if test.type == "household_income" and test.times_minimum is None and test.times_consumption is None:
        out.append(f"{kind.name}：最低生活費倍數與平均消費支出倍數至少填一項")
    if test.edge not in ("in", "out", "unclear"):
        out.append(f"{kind.name}：恰為限額時須選擇符合、不符合或未明定")
    if not test.article:
        out.append(f"{kind.name}：請填條次")
    return out


_MOST = {"age_at_least": 150, "age_below": 150, "registered_months": 1800, "days_in_taiwan": 366}
"""The largest limit that can mean anything."""
_FIELD_ZH = {"before": "日期", "values": "選項", "code": "代碼", "question": "問題"}


def pairs_of(definition: Definition, version: LocalVersion) -> tuple[Exclusion, ...]:
    """The exclusions of a version in the form all rules use."""
    return tuple(
        Exclusion(
            definition.code, x.counterpart, x.relation, x.article or version.law or definition.law, "", version.effective_from,
            exception=x.note, confidence="high" if x.confirmed else "low", benefit_zh=definition.name, counterpart_zh=x.counterpart_zh,
            county_code=definition.county_code,
        )
        for x in version.exclusions
    )  # fmt: skip
