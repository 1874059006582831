"""The intake form, made from the models: one small form per section, and one per row of household, income and assets.

What is typed and cannot be read is kept as typed (`Draft.unread`) and shown again with its message; the rest is saved.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import Length
from wtforms.widgets import TextInput

from app.commands.casework.problems import Problem
from app.models.application import Application
from app.models.household import AssetLine, Circumstance, HouseholdMember, IncomeLine
from app.rules import facts

from .base_forms import ChoiceField, WholeNumberField
from .base_values import column_at, kind_of
from .fields_roc import MoneyField, PersonIdField, RocDateField, RocMonthField

SEXES = {"M": "男", "F": "女"}
RELATIONS = {r.value: r.zh for r in facts.Relation if r is not facts.Relation.APPLICANT}
CIRCUMSTANCES = {k.value: k.zh for k in facts.ConditionKind}
INCOMES = {k.value: k.zh for k in facts.IncomeKind}
ASSETS = {k.value: k.zh for k in facts.AssetKind}
EXEMPTIONS = {k.value: k.zh for k in facts.LandExemption}
PERIODS = {"year": "全年", "month": "每月"}
SOURCES = {"tax": "財稅資料", "register": "機關提供", "declared": "申請人檢附"}


class YesNoSelect(SelectField):
    """Yes, no, or not known yet: a short drop-down for tables."""

    def __init__(self, label: Any = None, validators: Any = None, *, unknown: str = "未查明", **kwargs: Any) -> None:
        super().__init__(label, validators, choices=[("", unknown), ("y", "是"), ("n", "否")], coerce=self._read, validate_choice=False, **kwargs)

    @staticmethod
    def _read(value: Any) -> bool | None:
        return {"y": True, "n": False, True: True, False: False}.get(value)

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        for value, label in self.choices:
            yield (value, label, self._read(value) is self.data, {})


class CodeSelect(SelectField):
    """A code from a fixed list; blank is None. Without a `blank` text there is no blank choice."""

    def __init__(self, label: Any = None, validators: Any = None, *, codes: Mapping[Any, Any], blank: str = "請選擇", **kwargs: Any) -> None:
        choices = [*([("", blank)] if blank else []), *((str(k), str(v)) for k, v in codes.items())]
        super().__init__(label, validators, choices=choices, coerce=lambda v: None if v in (None, "", "None") else str(v), validate_choice=False, **kwargs)
        self.codes, self.blank = codes, blank

    def offer(self, codes: Mapping[Any, Any]) -> None:
        """Set the list when it depends on the record."""
        self.codes, self.choices = codes, [*([("", self.blank)] if self.blank else []), *((str(k), str(v)) for k, v in codes.items())]

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        for value, label in self.choices:
            yield (value, label, (self.data or "") == value, {})

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and self.data not in {str(k) for k in self.codes}:
            raise ValidationError(f"請從清單中選擇{self.label.text}")


class NumberSelect(CodeSelect):
    """Like `CodeSelect`, for whole numbers."""

    data: Any

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        self.data = None if self.data is None else int(self.data)


def field_of(model: type[Any], name: str, **options: Any) -> Any:
    """An unbound field for a column, by the column's kind. `codes` makes it a drop-down; `table` keeps booleans short."""
    column = column_at(model, name)
    assert column is not None, name
    label = options.pop("label", None) or column.info.get("label", name)
    hint = options.pop("hint", column.info.get("hint", ""))
    if (codes := options.pop("codes", None)) is not None:
        return CodeSelect(label, codes=codes, description=hint, **options)
    kind = kind_of(column)
    if kind == "choice":
        return ChoiceField(label, column=column, description=hint)
    if kind == "boolean":
        return YesNoSelect(label, description=hint) if column.nullable else BooleanField(label, description=hint)
    if kind == "number":  # a text box: full-width digits from an input method are understood, a number box would swallow them
        return WholeNumberField(label, description=hint, widget=TextInput(), render_kw={"inputmode": "numeric", "autocomplete": "off"})
    simple: dict[str, Any] = {"date": RocDateField, "month": RocMonthField, "money": MoneyField, "person_id": PersonIdField}
    if kind in simple:
        return simple[kind](label, description=hint)
    size = getattr(column.type, "length", None)
    checks = [Length(max=size, message=f"最多 {size} 個字")] if size else []
    return (StringField if size else TextAreaField)(label, checks, description=hint, filters=[_trimmed])


def _trimmed(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def form_class(model: type[Any], names: Sequence[str], **options: Mapping[str, Any]) -> type[Form]:
    """A plain form of some columns."""
    return type("Part", (Form,), {name: field_of(model, name, **options.get(name, {})) for name in names})


def facts_form(item: Application, first: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> type[Form]:
    """The form of what a case asks: columns, and questions of the county that have none."""
    fields = {
        name: YesNoSelect(item.label_of(name)) if column_at(type(item), name) is None else field_of(type(item), name, **options.get(name, {}))
        for name in (*first, *item.FACTS)
    }
    return type("Part", (Form,), fields)


CircumstanceForm = form_class(
    Circumstance, ("kind", "proven", "since", "until", "proof"), kind={"codes": CIRCUMSTANCES}, proof={"label": "證明文件"}
)
IncomeForm = form_class(
    IncomeLine,
    ("kind", "payer", "amount", "per", "source", "principal", "counted"),
    kind={"codes": INCOMES}, per={"codes": PERIODS, "blank": "", "label": "期間"}, source={"codes": SOURCES, "blank": "", "label": "來源"},
    principal={"label": "存款本金"}, counted={"label": "縣府列計"},
)  # fmt: skip


class AssetForm(
    form_class(  # type: ignore[misc]
        AssetLine,
        ("kind", "location", "value", "share_num", "share_den", "source", "exemption", "certified"),
        kind={"codes": ASSETS}, location={"label": "坐落、存放處"}, share_num={"label": "持分分子"}, share_den={"label": "分母"},
        source={"codes": SOURCES, "blank": "", "label": "來源"}, exemption={"codes": EXEMPTIONS, "blank": "列計", "label": "不列計原因"},
        certified={"label": "已證明"},
    )
):  # fmt: skip
    """One thing a member owns; the share is at most the whole."""

    def validate_share_num(self, field: Any) -> None:
        part, whole = self.share_num.data, self.share_den.data
        if (part is not None and part < 1) or (whole is not None and whole < 1) or (part or 1) > (whole or 1):
            raise ValidationError("持分不可大於 1：全部持有填 1 與 1，持有一半填 1 與 2")

    validate_share_den = validate_share_num


MemberForm = form_class(
    HouseholdMember,
    ("relation", "name", "person_id", "birth", "sex", "via", "death", "same_registration", "lives_together", "claims_dependant",
     "employed", "occupation", "monthly_pay"),
    relation={"codes": RELATIONS}, sex={"codes": SEXES},
)  # fmt: skip
WorkForm = form_class(HouseholdMember, ("employed", "occupation", "monthly_pay"))
MeansForm = form_class(HouseholdMember, ("tax_year",), tax_year={"label": "已查調財稅年度"})
ROWS: dict[str, tuple[type[Form], str]] = {
    "circumstances": (CircumstanceForm, "c"),
    "incomes": (IncomeForm, "i"),
    "assets": (AssetForm, "a"),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "incomes": {"per": "year", "source": "declared"},
    "assets": {"share_num": 1, "share_den": 1, "source": "declared"},
}

@dataclass
class RowForm:
    """One row under a member: its form and its number."""

    form: Form
    number: int
    blank: bool = False


@dataclass
class MemberPart:
    """A member on the form: its own fields and the rows below."""

    position: int
    form: Form
    member: HouseholdMember | None = None
    rows: dict[str, list[RowForm]] = field(default_factory=dict)

    @property
    def forms(self) -> list[Form]:
        """The member's own form and those of the rows below."""
        return [self.form, *(r.form for rows in self.rows.values() for r in rows)]

    @property
    def said(self) -> bool:
        """The product has something to say about a field here."""
        return any(f.said for form in self.forms for f in form)

    @property
    def applicant(self) -> bool:
        return self.member is not None and self.member.relation == "applicant"


@dataclass
class Read:
    """What a posted section says: values understood, texts not understood, messages by field."""

    values: dict[str, Any] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    errors: list[tuple[str, str, str]] = field(default_factory=list)
    """(id of the input, label, message)"""


def read_form(form: Form, section: str, out: Read, prefix: str = "", whose: str = "") -> dict[str, Any]:
    """The values of a form that could be read; the others go to `out`. `whose`: which of several like rows it is, for the messages."""
    form.validate()
    values = {}
    for f in form:
        name = f.short_name
        if f.errors:
            typed = f.raw_data[0] if f.raw_data else ""
            out.unread[f"{section}.{prefix}{name}"] = str(typed)[:200]
            out.errors += [(f.id, f"{whose}　{f.label.text}" if whose else str(f.label.text), str(e)) for e in f.errors]
        else:
            values[name] = f.data
    return values


def refill(form: Form, section: str, unread: Mapping[str, str] | None, prefix: str = "") -> None:
    """Put back what could not be read the last time, with its message."""
    for f in form:
        typed = (unread or {}).get(f"{section}.{prefix}{f.short_name}")
        if typed is None:
            continue
        f.raw_data = [typed]
        f.process_errors, f.data = [], None
        try:
            f.process_formdata([typed])
        except ValueError as error:
            f.process_errors.append(str(error))
        own_check = getattr(type(form), f"validate_{f.short_name}", None)
        f.validate(form, (own_check,) if own_check else ())
        f.errors = tuple(f.errors) or ("請重新填寫",)


def tell(made: Mapping[str, Any], problems: Iterable[Problem]) -> None:
    """Put what is wrong with a section's content at its fields (`field.said`). `made`: what the section's template gets."""
    at: dict[str, list[Problem]] = {}
    for p in problems:
        at.setdefault(p.anchor, []).append(p)
    rows = [r.form for key in ("rows", "elsewhere") for r in made.get(key, ())]
    members = [form for part in made.get("parts", ()) for form in part.forms]
    for form in (*made.get("forms", ()), *(form for _, _, form in made.get("papers", ())), *members, *rows):
        for f in form:
            f.said = [] if f.errors else at.get(f.name, [])


def is_blank(form: Form) -> bool:
    """Nothing typed or chosen in this row."""
    own = {name: value for kind in DEFAULTS.values() for name, value in kind.items()}
    for f in form:
        typed = f.raw_data[0] if f.raw_data else ""
        if str(typed).strip() and str(typed) != str(own.get(f.short_name, "")):
            return False
    return True


_POSITION = re.compile(r"m(\d+)-")


def positions(formdata: Iterable[str]) -> list[int]:
    """The members a posted form speaks of."""
    return sorted({int(m[1]) for name in formdata if (m := _POSITION.match(name))})


def row_numbers(formdata: Iterable[str], position: int, letter: str) -> list[int]:
    pattern = re.compile(rf"m{position}-{letter}(\d+)-")
    return sorted({int(m[1]) for name in formdata if (m := pattern.match(name))})


def member_part(
    member: HouseholdMember,
    form: type[Form],
    kinds: Sequence[str],
    section: str,
    unread: Mapping[str, str] | None,
    formdata: Any = None,
) -> MemberPart:
    """A member's part of the page, as stored or as just posted, with a blank row of each kind to go on."""
    prefix = f"m{member.position}-"
    part = MemberPart(member.position, form(formdata, obj=member, prefix=prefix), member)
    refill(part.form, section, unread, prefix)
    for kind in kinds:
        row, letter = ROWS[kind]
        if formdata is not None:
            numbers = row_numbers(formdata, member.position, letter)
            part.rows[kind] = [RowForm(row(formdata, prefix=f"{prefix}{letter}{n}-"), n) for n in numbers]
            continue
        lines = list(getattr(member, kind))
        rows = [RowForm(row(obj=line, prefix=f"{prefix}{letter}{i}-"), i) for i, line in enumerate(lines)]
        for r in rows:
            refill(r.form, section, unread, f"{prefix}{letter}{r.number}-")
        part.rows[kind] = [*rows, blank_row(prefix, kind, len(lines))]
    return part


def blank_row(prefix: str, kind: str, number: int) -> RowForm:
    row, letter = ROWS[kind]
    return RowForm(row(prefix=f"{prefix}{letter}{number}-", data=DEFAULTS.get(kind, {})), number, True)


def blank_member(position: int, kinds: Sequence[str]) -> MemberPart:
    """An empty member to fill in."""
    prefix = f"m{position}-"
    part = MemberPart(position, MemberForm(prefix=prefix))
    part.rows = {kind: [blank_row(prefix, kind, 0)] for kind in kinds}
    return part


def posted_rows(formdata: Any, position: int, kinds: Sequence[str], section: str, out: Read, whose: str = "") -> dict[str, list[dict[str, Any]]]:
    """The rows a posted form gives a member; blank ones are left out and the rest numbered anew."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds:
        row, letter = ROWS[kind]
        lines: list[dict[str, Any]] = []
        for number in row_numbers(formdata, position, letter):
            form = row(formdata, prefix=f"m{position}-{letter}{number}-")
            if is_blank(form):
                continue
            values = read_form(form, section, out, f"m{position}-{letter}{len(lines)}-", whose)
            defaults = {"kind": "other" if kind == "incomes" else None} | DEFAULTS.get(kind, {})
            lines.append({k: defaults.get(k) if v is None and k in defaults else v for k, v in values.items()})
        found[kind] = [line for line in lines if line.get("kind")]
    return found


def via_choices(application: Application) -> dict[str, str]:
    """The children a grandchild or child-in-law can be related through."""
    return {str(m.position): m.name for m in application.members if m.relation == "child"}


def member_forms(application: Application) -> tuple[type[Form], type[Form]]:
    """The forms of the applicant and of the other members: the common fields and what this benefit asks of everybody in the household."""
    names = application.MEMBER_FACTS
    extra = {name: field_of(HouseholdMember, name) for name in names}
    via = NumberSelect("經由子女", codes=via_choices(application), blank="（無）")
    return type("Part", (WorkForm,), extra), type("Part", (MemberForm,), {**extra, "via": via})
