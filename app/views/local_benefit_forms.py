"""The forms a local benefit is written in: one small form per row, made from the type of the test; no row asks more than its type needs.

Rows are numbered in their prefix (`t0-`, `a2-`, `x1-`, `e3-`); adding and removing works on what was posted, so nothing typed is lost.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from wtforms import BooleanField, Form, HiddenField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import Length
from wtforms.widgets import TextInput

from app.core import text
from app.models.application_facts import GRADES, LOW_INCOME
from app.rules.disability import NEW_CLASSES, OLD_CLASSES, Grade
from app.rules.exclusions import Relation
from app.rules.local_definition import (
    ALWAYS,
    RHYTHMS,
    STEPS,
    TEST_TYPES,
    AmountRow,
    LocalDocument,
    LocalExclusion,
    LocalTest,
    LocalVersion,
)
from app.rules.local_examples import Told, questions_of, settings_of
from app.rules.local_form import FINDING, asked
from app.rules.local_words import EDGES, STARTS, STATUSES
from app.rules.parameters import label_of, settings

from .base_forms import WholeNumberField
from .casework_forms import CodeSelect, YesNoSelect
from .fields_roc import MoneyField, RocDateField

LIMITS = {
    "age_at_least": ("年滿幾歲", "實足年齡，例如 65"),
    "age_below": ("未滿幾歲", "實足年齡，例如 18"),
    "registered_months": ("設籍滿幾個月", "例如 6；滿一年填 12"),
    "days_in_taiwan": ("超過幾日", "例如 183，表示要超過 183 日"),
    "own_income": ("上限（元）", "最近一年度綜合所得總額，例如 500,000"),
    "own_real_estate": ("上限（元）", "土地公告現值與房屋評定價值合計，例如 5,000,000"),
    "household_movable": ("上限（元）", "全家存款、投資與有價證券合計"),
    "household_real_estate": ("上限（元）", "全家土地與房屋價值合計"),
}
VALUES: dict[str, dict[str, str]] = {
    "grade": {g.value: g.zh for g in Grade},
    "class": {**{k: f"第{k}類　{v}" for k, v in NEW_CLASSES.items()}, **{k: f"舊制{k}　{v}" for k, v in OLD_CLASSES.items()}},
    "status": STATUSES,
}
OUTCOMES = {"yes": "符合", "no": "不符合", "unknown": "尚無法認定"}
LAWS_OF_MEMBERS = {
    "low_income_living_assistance": "社會救助法（低收入戶）",
    "elderly_living_allowance": "中低收入老人生活津貼",
    "disability_living_allowance": "身心障礙者生活補助",
}
CONFIRMED = {"y": "已由本縣規定明定", "n": "本縣規定未明定，由縣府逐案認定"}


def _words(label: str, hint: str = "", size: int = 80, **kwargs: Any) -> Any:
    return StringField(label, [Length(max=size, message=f"最多 {size} 個字")], description=hint, filters=[_trimmed], **kwargs)


def _trimmed(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(label: str, hint: str = "") -> Any:
    return WholeNumberField(label, description=hint, widget=TextInput(), render_kw={"inputmode": "numeric", "autocomplete": "off"})


class TimesField(StringField):
    """How many times a statistic: `1.5`."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = text.fold(valuelist[0]) if valuelist else ""
        self.data: Any = None
        if not typed:
            return
        if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", typed) or not Fraction(typed):
            raise ValidationError(f"「{valuelist[0]}」看不懂，請填倍數，例如 1.5")
        self.data = Fraction(typed)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else "" if self.data is None else f"{float(self.data):g}"


class HeadForm(Form):
    """What a version says once."""

    law = _words("法規名稱", "照縣府公布的全名，例如「新竹縣百歲人瑞敬老金發給辦法」")
    who = _words("發給對象", "一句話，例如「設籍本縣滿一年且年滿一百歲之老人」", 120)
    effective_from = RocDateField("施行日期")
    effective_to = RocDateField("施行迄日", description="沒有落日規定時留白；下一版啟用時自動接續")
    rhythm = CodeSelect("發給週期", codes=RHYTHMS, blank="", description="金額表的金額每隔多久發一次，從起發月份算起")
    start = CodeSelect("起發月份", codes=STARTS, blank="")
    amount_article = _words("金額的條次", "金額表沒有另填條次時採用，例如「第5條」")
    household_of = CodeSelect("全家人口的算法", codes=LAWS_OF_MEMBERS, blank="", description="只有要件用到全家收入或財產時才會用到")
    steps = SelectMultipleField(
        "另外要辦的步驟", choices=[(c, t) for c, t in STEPS.items() if c not in ALWAYS], validate_choice=False,
        description="公所初審與縣府核定一定要辦；不勾縣府複審時，公所初審後直接陳報縣府核定",
    )
    confirmed = BooleanField("本縣已確認本項規定的內容")


def test_form(kind: str) -> type[Form]:
    """The fields one type of test needs."""
    needs = TEST_TYPES[kind].needs
    fields: dict[str, Any] = {"type": HiddenField()}
    if "question" in needs:
        fields |= {
            "code": HiddenField(),
            "question": _words("要查核的問題", "寫成可以回答「是」或「否」的一句話，例如「是否領有軍公教月退休金？」", 120),
            "expected": CodeSelect("符合的答案", codes={"y": "是", "n": "否"}, blank=""),
        }
    if "limit" in needs:
        label, hint = LIMITS[kind]
        fields["limit"] = MoneyField(label, description=hint) if "元" in label else _number(label, hint)
        fields["parameter"] = CodeSelect("或採縣市設定", codes=_settings(), blank="（直接填數字）")
    if kind in ("own_income", "own_real_estate"):
        fields["edge"] = CodeSelect("恰為上限時", codes={k: v.removeprefix("恰為限額者") for k, v in EDGES.items()}, blank="")
    if "before" in needs:
        fields["before"] = RocDateField("在哪一天以前設籍", description="當日不計，例如 94/08/01 表示 94年7月31日以前")
    if "values" in needs:
        fields["values"] = SelectMultipleField("符合的選項（可複選）", choices=list(VALUES[kind].items()), validate_choice=False)
    if kind == "household_income":
        fields["times_minimum"] = TimesField("最低生活費的幾倍", description="例如 1.5；不用時留白")
        fields["times_consumption"] = TimesField("平均消費支出的幾倍", description="例如 1；二者都填時須同時符合")
        fields["edge"] = CodeSelect("恰為上限時", codes={"in": "符合", "out": "不符合"}, blank="")
    fields["article"] = _words("條次", "例如「第3條第1項第1款」")
    return type("TestForm", (Form,), fields)


def _settings() -> dict[str, str]:
    return {s.name: s.label for s in settings().values() if s.scope == "county"}


class AmountForm(Form):
    """One row of the table of amounts; blank conditions fit everybody."""

    amount = MoneyField("金額（元）", description="每次發給的金額")
    parameter = CodeSelect("或採縣市設定", codes=_settings(), blank="（直接填金額）")
    name = _words("名稱", "例如「極重度」；只有一種金額時可留白", 16)
    grades = SelectMultipleField("限障礙等級", choices=list(VALUES["grade"].items()), validate_choice=False)
    statuses = SelectMultipleField("限列冊身分", choices=list(STATUSES.items()), validate_choice=False)
    age_from = _number("限幾歲以上")
    age_below = _number("限未滿幾歲")
    article = _words("條次", "留白時採上面「金額的條次」")


def exclusion_form(names: Mapping[str, str]) -> type[Form]:
    """One excluded counterpart, chosen from the benefits and states there are."""

    class ExclusionForm(Form):
        counterpart = CodeSelect("他項給付或情形", codes=names)
        relation = CodeSelect("關係", codes={r.value: r.zh for r in Relation})
        confirmed = CodeSelect("規定", codes=CONFIRMED, blank="")
        article = _words("條次", "例如「第6條第1項」")
        note = _words("說明", "例外情形，例如「放棄他項者得領」", 120)

    return ExclusionForm


@dataclass
class Row:
    """One row on the page. `title` names it; `help` says what it means."""

    number: int
    form: Form
    title: str = ""
    help: str = ""


@dataclass
class Page:
    """The whole form of a version."""

    head: HeadForm
    tests: list[Row]
    amounts: list[Row]
    exclusions: list[Row]
    required: set[str]
    optional: set[str]

    def rows(self) -> Iterable[tuple[str, Row]]:
        for name in ("tests", "amounts", "exclusions"):
            for row in getattr(self, name):
                yield name, row

    def valid(self) -> bool:
        """Check every row, so that every message is shown at once."""
        return all([self.head.validate(), *(row.form.validate() for _, row in self.rows())])

    def errors(self) -> list[tuple[str, str]]:
        """(id of the field, sentence)."""
        found = [(f.id, f"{f.label.text}：{e}") for f in self.head for e in f.errors]
        for name, row in self.rows():
            place = {"tests": "要件", "amounts": "金額表", "exclusions": "互斥"}[name]
            found += [(f.id, f"{place}第 {row.number + 1} 列　{f.label.text}：{e}") for f in row.form for e in f.errors]
        return found


def page_of(version: LocalVersion, dated: bool, names: Mapping[str, str]) -> Page:
    """The form of a stored version."""
    head = HeadForm(prefix="h-", data={
        **{n: getattr(version, n) for n in ("law", "who", "effective_to", "start", "amount_article", "household_of", "confirmed")},
        "steps": list(version.steps), "effective_from": version.effective_from if dated else None, "rhythm": version.rhythm or "monthly",
    })  # fmt: skip
    tests = []
    for i, t in enumerate(version.tests):
        data = {n: getattr(t, n) for n in ("type", "code", "question", "limit", "parameter", "edge", "before", "times_minimum", "times_consumption", "article")}
        data |= {"values": list(t.values), "expected": "y" if t.expected else "n"}
        tests.append(_test_row(i, t.type, test_form(t.type)(prefix=f"t{i}-", data=data)))
    amounts = [Row(i, AmountForm(prefix=f"a{i}-", data={f: _listed(getattr(a, f)) for f in AmountForm(None)._fields})) for i, a in enumerate(version.amounts)]
    kind = exclusion_form(names)
    exclusions = [
        Row(i, kind(prefix=f"x{i}-", data={"counterpart": x.counterpart, "relation": x.relation.value, "confirmed": "y" if x.confirmed else "n",
                                           "article": x.article, "note": x.note}))
        for i, x in enumerate(version.exclusions)
    ]  # fmt: skip
    return Page(
        head, tests, amounts, exclusions, {d.code for d in version.documents if d.required}, {d.code for d in version.documents if not d.required}
    )


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _test_row(number: int, kind: str, form: Form) -> Row:
    return Row(number, form, TEST_TYPES[kind].name, TEST_TYPES[kind].help)


def page_posted(data: Any, names: Mapping[str, str]) -> Page:
    """The form as it was sent, with the row added or removed that its button asked for; rows are numbered anew."""
    go = data.get("go", "")
    numbers = {letter: [n for n in _numbers(data, letter) if go != f"remove-{letter}{n}"] for letter in "tax"}
    kinds = {n: data.get(f"t{n}-type", "") for n in numbers["t"]}
    tests = [(kinds[n], n) for n in numbers["t"] if kinds[n] in TEST_TYPES]
    made = [_test_row(i, kind, test_form(kind)(_renumbered(data, f"t{n}-", f"t{i}-"), prefix=f"t{i}-")) for i, (kind, n) in enumerate(tests)]
    if go == "add-t" and data.get("new_type") in TEST_TYPES:
        kind, i = data["new_type"], len(made)
        made.append(_test_row(i, kind, test_form(kind)(prefix=f"t{i}-", data={"type": kind, "code": _fresh_code(made), "expected": "y", "edge": "in"})))
    amounts = [Row(i, AmountForm(_renumbered(data, f"a{n}-", f"a{i}-"), prefix=f"a{i}-")) for i, n in enumerate(numbers["a"])]
    if go == "add-a":
        amounts.append(Row(len(amounts), AmountForm(prefix=f"a{len(amounts)}-")))
    form = exclusion_form(names)
    exclusions = [Row(i, form(_renumbered(data, f"x{n}-", f"x{i}-"), prefix=f"x{i}-")) for i, n in enumerate(numbers["x"])]
    if go == "add-x":
        exclusions.append(Row(len(exclusions), form(prefix=f"x{len(exclusions)}-", data={"confirmed": "y"})))
    return Page(HeadForm(data, prefix="h-"), made, amounts, exclusions, set(data.getlist("required")), set(data.getlist("optional")))


def _fresh_code(rows: Sequence[Row]) -> str:
    taken = {r.form.code.data for r in rows if "code" in r.form}
    return next(f"q{i}" for i in range(1, 999) if f"q{i}" not in taken)


def _numbers(data: Any, letter: str) -> list[int]:
    pattern = re.compile(rf"{letter}(\d{{1,3}})-")
    return sorted({int(m[1]) for name in data if (m := pattern.match(name))})


def _renumbered(data: Any, old: str, new: str) -> Any:
    """The part of a posted form under one prefix, under another."""
    return type(data)([(new + name.removeprefix(old), value) for name in data if name.startswith(old) for value in data.getlist(name)])


def version_posted(page: Page, number: int, examples: tuple[Any, ...], to_confirm: str) -> LocalVersion:
    """The version a valid form says; only documents known by code are taken."""
    h = page.head.data
    return LocalVersion(
        number=number,
        effective_from=h["effective_from"] or dt.date(1991, 1, 1),
        effective_to=h["effective_to"],
        law=h["law"],
        who=h["who"],
        rhythm=h["rhythm"] or "monthly",
        start=h["start"] or "documents_complete",
        amount_article=h["amount_article"],
        household_of=h["household_of"] or "low_income_living_assistance",
        confirmed=bool(h["confirmed"]),
        steps=tuple(s for s in STEPS if s in ALWAYS or s in (h["steps"] or ())),
        to_confirm=to_confirm,
        tests=tuple(_test(row.form.data) for row in page.tests),
        amounts=tuple(_amount(row.form.data) for row in page.amounts),
        exclusions=tuple(_exclusion(row.form.data) for row in page.exclusions if row.form.data["counterpart"] and row.form.data["relation"]),
        documents=(*(LocalDocument(c) for c in sorted(page.required)), *(LocalDocument(c, False) for c in sorted(page.optional - page.required))),
        examples=examples,
    )


def _test(d: Mapping[str, Any]) -> LocalTest:
    kind = d["type"]
    allowed = set(VALUES.get(kind, ()))
    return LocalTest(
        kind, d["article"], d.get("question", ""), d.get("limit"), d.get("parameter") or "", d.get("edge") or "in", d.get("before"),
        tuple(v for v in d.get("values") or () if v in allowed), d.get("times_minimum"), d.get("times_consumption"),
        re.sub(r"\W", "", d.get("code") or "")[:20], d.get("expected", "y") != "n",
    )  # fmt: skip


def _amount(d: Mapping[str, Any]) -> AmountRow:
    return AmountRow(
        d["amount"], d["parameter"] or "", tuple(v for v in d["grades"] or () if v in VALUES["grade"]),
        tuple(v for v in d["statuses"] or () if v in STATUSES), d["age_from"], d["age_below"], d["name"], d["article"],
    )  # fmt: skip


def _exclusion(d: Mapping[str, Any]) -> LocalExclusion:
    return LocalExclusion(d["counterpart"], Relation(d["relation"]), "", d["article"], d["note"], d["confirmed"] != "n")


# -- example cases --------------------------------------------------------------------------------------------------------------------

_QUESTIONS: dict[str, Any] = {
    "birth": lambda: RocDateField("申請人出生日期"),
    "registered": lambda: YesNoSelect("戶籍在本縣"),
    "lives_at_registration": lambda: YesNoSelect("實際居住本縣"),
    "registered_since": lambda: RocDateField("本次設籍本縣日期"),
    "days_in_taiwan": lambda: _number("最近一年居住國內日數"),
    "public_placement": lambda: YesNoSelect("接受公費安置"),
    "in_custody": lambda: YesNoSelect("在監或在押"),
    "card_grade": lambda: CodeSelect("障礙等級", codes={**GRADES, "none": "沒有手冊或證明"}, blank="未查明"),
    "card_class": lambda: CodeSelect("障礙類別", codes=VALUES["class"], blank="未查明"),
    "low_income_status": lambda: CodeSelect("列冊身分", codes=LOW_INCOME, blank="未查明"),
    "own_income": lambda: MoneyField("個人所得總額（全年）"),
    "own_real_estate": lambda: MoneyField("個人土地房屋價值"),
    "household_income": lambda: MoneyField("每月收入（一人一戶）"),
    "movable": lambda: MoneyField("存款（一人一戶）"),
    "real_estate": lambda: MoneyField("房屋土地（一人一戶）"),
}
SETTING = "setting_"


def example_form(version: LocalVersion, names: Mapping[str, str]) -> type[Form]:
    """The form of one example: its name, what must come out, and only the facts this version's tests ask."""
    questions = asked(version).questions
    fields: dict[str, Any] = {
        "name": _words("案例名稱", "說出重點，例如「差一天滿百歲」", 40),
        "on": RocDateField("審核日"),
        "eligible": CodeSelect("應有的結果", codes=OUTCOMES, blank=""),
        "amount": MoneyField("應發金額（元）", description="結果為「符合」時填"),
    }
    for name in questions_of(version):
        if name == "draws":
            fields[name] = CodeSelect("領有他項給付", codes={x.counterpart: names.get(x.counterpart, x.counterpart) for x in version.exclusions}, blank="沒有")
        else:
            fields[name] = YesNoSelect(questions[name]) if name.startswith(FINDING) else _QUESTIONS[name]()
    for i, parameter in enumerate(settings_of(version)):
        fields[f"{SETTING}{i}"] = _number(f"縣市設定「{label_of(parameter)}」", "本例所用的數值；留白採本縣目前的設定")
    return type("ExampleForm", (Form,), fields)


def example_data(told: Told, version: LocalVersion) -> dict[str, Any]:
    """The answers of an example for its form."""
    numbers = {f"{SETTING}{i}": told.settings.get(p) for i, p in enumerate(settings_of(version))}
    return {"name": told.name, "on": told.on, "eligible": told.eligible, "amount": told.amount, **told.values, **numbers}


def told_posted(form: Form, version: LocalVersion, today: dt.date) -> Told:
    """The answers a valid form says."""
    d = form.data
    used = {p: d[f"{SETTING}{i}"] for i, p in enumerate(settings_of(version)) if d[f"{SETTING}{i}"] is not None}
    values = {name: d[name] for name in questions_of(version) if name in d}
    eligible = d.get("eligible") or "yes"
    return Told(d.get("name") or "（未命名）", d["on"] or today, eligible, d.get("amount") if eligible == "yes" else None, values, used)


def examples_posted(data: Any, form: type[Form], today: dt.date) -> list[Row]:
    """The examples as they were sent, with one added, copied or removed as the button asked."""
    go = data.get("go", "")
    numbers = [n for n in _numbers(data, "e") if go != f"remove-e{n}"]
    rows = [Row(i, form(_renumbered(data, f"e{n}-", f"e{i}-"), prefix=f"e{i}-")) for i, n in enumerate(numbers)]
    if go == "add-e":
        rows.append(Row(len(rows), form(prefix=f"e{len(rows)}-", data={"on": today, "eligible": "yes"})))
    elif go.startswith("copy-e") and go.removeprefix("copy-e").isdigit():
        source, i = go.removeprefix("copy-"), len(rows)
        rows.append(Row(i, form(_renumbered(data, f"{source}-", f"e{i}-"), prefix=f"e{i}-")))
    return rows
