"""Form fields for what Taiwanese offices write: ROC dates and months, amounts, ID numbers.

A field keeps what was typed when it is wrong, and says what to type instead.
"""

import datetime as dt
from typing import Any

from markupsafe import Markup
from wtforms import Field, StringField, ValidationError
from wtforms.widgets import TextInput, html_params

from app.core import identity, money, roc, text


class RocWidget:
    """A text input with a picker that the page's script opens; typing always works."""

    def __init__(self, picker: str, placeholder: str) -> None:
        self.picker, self.placeholder = picker, placeholder

    def __call__(self, field: Field, **kwargs: Any) -> Markup:
        name = kwargs.pop("name_", field.name)
        kwargs.setdefault("id", field.id)
        kwargs["class"] = "form-control roc-input"
        attributes = html_params(
            type="text",
            name=name,
            value=field._value(),
            inputmode="numeric",
            autocomplete="off",
            placeholder=self.placeholder,
            data_roc=self.picker,
            **kwargs,
        )
        return Markup('<span class="roc-field"><input %s></span>') % Markup(attributes)  # noqa: S704  (html_params escapes)


class TypedField(Field):
    """Base: what was typed goes through `read`, what is stored through `write`; blank is None."""

    def read(self, typed: str) -> Any:
        raise NotImplementedError

    def write(self, value: Any) -> str:
        raise NotImplementedError

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data in (None, "") else self.write(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and text.fold(valuelist[0]):
            self.data = self.read(valuelist[0])


class RocDateField(TypedField):
    """A date, typed `0980301`, `98/3/1`, `98年3月1日` and shown `98/03/01`."""

    widget = RocWidget("date", "例 98/03/01")

    def read(self, typed: str) -> dt.date:
        return roc.parse_date(typed)

    def write(self, value: dt.date) -> str:
        return roc.show_date(value)


class RocMonthField(TypedField):
    """A month number, typed `09803`, `98/3`, `98年3月` and shown `98年3月`."""

    widget = RocWidget("month", "例 98年3月")

    def read(self, typed: str) -> int:
        return roc.parse_month(typed)

    def write(self, value: int) -> str:
        return roc.show_month(value)


class MoneyField(TypedField):
    """Whole New Taiwan dollars; commas, blanks and full-width digits are accepted."""

    widget = TextInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"class": "form-control money-input", "inputmode": "numeric", "autocomplete": "off"})
        super().__init__(*args, **kwargs)

    def read(self, typed: str) -> int:
        try:
            found = int(text.fold(typed).replace(",", "").replace(" ", "").removesuffix("元"))
        except ValueError:
            raise ValidationError(f"「{typed}」不是金額，請填整數元，例如 6,000") from None
        if abs(found) > 10**15:
            raise ValidationError("金額太大，請檢查位數")
        return found

    def write(self, value: int) -> str:
        return money.show(value)


class PersonIdField(StringField):
    """A national ID or resident number. On a stored record it stays masked: left blank, the number is kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault(
            "render_kw", {"class": "form-control id-input", "autocomplete": "off", "maxlength": 20, "spellcheck": "false"}
        )
        super().__init__(*args, **kwargs)
        self.stored: str | None = None

    def process_data(self, value: Any) -> None:
        self.stored, self.data = value, value

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = identity.normal(valuelist[0]) if valuelist else ""
        self.data = typed or self.stored

    def __call__(self, **kwargs: Any) -> Markup:
        if self.stored:
            kwargs["placeholder"] = f"{text.mask_id(self.stored)}（不變更請空白）"
        return super().__call__(**kwargs)

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data != self.stored and identity.kind(self.data) == "unknown":
            raise ValidationError("身分證統一編號應為 1 個英文字母加 9 個數字，居留證號為 2 個英文字母加 8 個數字")


class YesNoField(Field):
    """A boolean as two radio buttons, so that "not answered" and "no" are never the same thing."""

    def __init__(self, *args: Any, nullable: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nullable = nullable

    def widget(self, field: Field, **kwargs: Any) -> Markup:
        answers: list[tuple[str, str, bool]] = [("y", "是", self.data is True), ("n", "否", self.data is False)]
        if self.nullable:
            answers.append(("", "未填", self.data is None))
        return Markup('<span class="radio-row">%s</span>') % Markup("").join(
            Markup('<label class="radio-inline"><input type="radio" name="%s" id="%s" value="%s"%s> %s</label>')
            % (self.name, self.id if i == 0 else f"{self.id}-{i}", value, Markup(" checked") if on else "", label)
            for i, (value, label, on) in enumerate(answers)
        )

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = {"y": True, "n": False}.get(valuelist[0] if valuelist else "")
