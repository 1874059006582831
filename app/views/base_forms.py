"""Forms made from the models: one field per column, by the column's kind, with messages that say what to do."""

from collections.abc import Iterable
from typing import Any

from flask_appbuilder.forms import DynamicForm
from sqlalchemy import Text, inspect
from wtforms import Field, IntegerField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from app.core import text

from .base_values import choices_of, column_at, kind_of, show
from .fields_roc import MoneyField, PersonIdField, RocDateField, RocMonthField, YesNoField
from .remote import Lookup, RemoteSelectField

LARGEST = 2**31 - 1
"""What an integer column holds."""
SMALL = 200
"""Relations without a look-up are drawn as a drop-down of at most this many rows."""


class Required(InputRequired):
    """Something must have been typed or chosen; says which field."""

    def __call__(self, form: Any, field: Field) -> None:
        chosen = isinstance(field, (SelectField, YesNoField))
        if isinstance(field, PersonIdField) and field.stored:
            return
        self.message = f"請{'選擇' if chosen else '填寫'}{field.label.text}"
        super().__call__(form, field)


class WholeNumberField(IntegerField):
    """An integer; commas and full-width digits are accepted."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = text.fold(valuelist[0]).replace(",", "") if valuelist else ""
        self.data = None
        if not typed:
            return
        try:
            self.data = int(typed)
        except ValueError:
            raise ValidationError(f"「{valuelist[0]}」不是整數，請只填數字") from None
        if abs(self.data) > LARGEST:
            self.data = None
            raise ValidationError(f"「{valuelist[0]}」太大，請檢查位數")


class ChoiceField(SelectField):
    """A drop-down of a coded column's values; the data is the stored value, not its text."""

    def __init__(self, label: Any = None, validators: Any = None, *, column: Any = None, nullable: bool = True, **kwargs: Any) -> None:
        super().__init__(label, validators, coerce=self._read, validate_choice=False, **kwargs)
        self.column, self.nullable = column, nullable
        self.choices = None

    def _values(self) -> dict[str, Any]:
        return {str(getattr(value, "name", value)): value for value in choices_of(self.column)}

    def _read(self, sent: Any) -> Any:
        if sent in (None, "", "None"):
            return None
        values = self._values()
        return values.get(str(getattr(sent, "name", sent)), sent)

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        yield ("", "請選擇" if not self.nullable else "（未填）", self.data is None, {})
        for key, value in self._values().items():
            yield (key, show(value, self.column), value == self.data, {})

    def has_groups(self) -> bool:
        return False

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and self.data not in self._values().values():
            raise ValidationError(f"請從清單中選擇{self.label.text}")


class RelatedField(SelectField):
    """A drop-down of a small related table."""

    def __init__(self, label: Any = None, validators: Any = None, *, view: Any = None, column: str = "", **kwargs: Any) -> None:
        super().__init__(label, validators, coerce=self._read, validate_choice=False, **kwargs)
        self.view, self.related_column = view, column
        self.choices = None

    @property
    def _related(self) -> Any:
        return self.view.datamodel.get_related_interface(self.related_column)

    def _read(self, sent: Any) -> Any:
        if sent in (None, "", "None"):
            return None
        return self._related.get(sent) if isinstance(sent, (str, int)) else sent

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if valuelist and valuelist[0] and self.data is None:
            raise ValidationError(f"請從清單中選擇{self.label.text}")

    def iter_choices(self) -> Iterable[tuple[Any, ...]]:
        yield ("", "請選擇", self.data is None, {})
        related = self._related
        for row in related.session.query(related.obj).order_by(related.get_pk()).limit(SMALL):
            yield (str(related.get_pk_value(row)), str(row), row is self.data, {})

    def has_groups(self) -> bool:
        return False

    def pre_validate(self, form: Any) -> None:
        return


def field_for(view: Any, name: str) -> Any:
    """The (unbound) field of one column or relation of the view's model."""
    interface, label = view.datamodel, view.label_columns.get(name, name)
    hint = view.description_columns.get(name, "")
    extra = list(view.validators_columns.get(name, []))
    required = not interface.is_nullable(name) and not _has_default(interface.obj, name)
    if interface.is_relation_many_to_one(name):
        lookup: Lookup | None = view.remote_columns.get(name)
        if lookup is not None:
            return RemoteSelectField(label, extra, description=hint, view=view, column=name, lookup=lookup, required=required)
        return RelatedField(label, [Required() if required else Optional(), *extra], description=hint, view=view, column=name)
    column = column_at(interface.obj, name)
    kind, start = kind_of(column), interface.get_col_default(name)
    validators: list[Any] = [Required() if required else Optional(), *extra]
    if kind == "choice":
        return ChoiceField(label, validators, description=hint, column=column, nullable=not required, default=start)
    if kind == "boolean":
        return YesNoField(label, validators if required else extra, description=hint, nullable=interface.is_nullable(name), default=start)
    made: dict[str, Any] = {
        "date": RocDateField,
        "month": RocMonthField,
        "money": MoneyField,
        "person_id": PersonIdField,
        "number": WholeNumberField,
    }
    if kind in made:
        return made[kind](label, validators, description=hint, default=start)
    length = interface.get_max_length(name)
    if length > 0:
        validators.append(Length(max=length, message=f"最多 {length} 個字"))
    long = column is not None and (isinstance(column.type, Text) or length > 200)
    return (TextAreaField if long else StringField)(label, validators, description=hint, default=start, filters=[_trimmed])


def build_form(view: Any, names: Iterable[str], extra: dict[str, Any] | None = None) -> type[DynamicForm]:
    """A form class with a field per name; `extra` fields replace or add to the model's."""
    fields = {name: (extra or {}).get(name) or field_for(view, name) for name in names}
    return type("RecordForm", (DynamicForm,), {**fields, **{k: v for k, v in (extra or {}).items() if k not in fields}})


def values_of(view: Any, form: Any, names: Iterable[str]) -> dict[str, Any]:
    """What the form says, ready for a command: columns by name, relations as the key of their foreign-key column."""
    out: dict[str, Any] = {}
    mapper = inspect(view.datamodel.obj)
    for name in names:
        data = form[name].data
        if view.datamodel.is_relation_many_to_one(name):
            (local, _remote) = mapper.relationships[name].local_remote_pairs[0]
            out[mapper.get_property_by_column(local).key] = None if data is None else view.datamodel.get_related_interface(name).get_pk_value(data)
        elif data is not None or view.datamodel.is_nullable(name) or not _has_default(view.datamodel.obj, name):
            out[name] = data
    return out


def _has_default(model: type[Any], name: str) -> bool:
    column = column_at(model, name)
    return column is not None and (column.default is not None or column.server_default is not None)


def _trimmed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.strip() or None
