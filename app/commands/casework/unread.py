"""What somebody typed and the form could not understand: which field it was typed into, in words."""

import re
from typing import Any

from sqlalchemy import inspect

from app.models.application import DOCUMENTS, Application
from app.models.household import HouseholdMember
from app.models.person import Person

ROWS = {"c": "特殊情形", "i": "所得", "a": "財產", "d": "輔具", "e": "其他機關補助的輔具"}
"""Rows of the form, by the letter in the names of their fields: the first letter of the relationship they are stored in."""
BLANK = "（空白）"
"""What is kept for a field that has to be filled and was emptied."""
_ROW = re.compile(r"(?P<letter>[a-z])(?P<number>\d+)-")
_MEMBER = re.compile(r"m(?P<position>\d+)-")


def name_of(a: Application, section: str, field: str) -> str:
    """「成員　第 n 筆所得　金額」 for `m2-i0-amount` of the section "means"; the field's own words where there is only one of it."""
    if section == "documents" and "-" in field:
        code, _, _ = field.rpartition("-")
        return f"{DOCUMENTS.get(code, code)}收到日期" if field.endswith("received_on") else f"{DOCUMENTS.get(code, code)}免附原因"
    said: list[str] = []
    owner: type[Any] = Person if section == "person" else type(a)
    if found := _MEMBER.match(field):
        position, field = int(found["position"]), field[found.end() :]
        said.append(next((m.name for m in a.members if m.position == position), "新成員"))
        owner = HouseholdMember
    if found := _ROW.match(field):
        letter, number, field = found["letter"], int(found["number"]), field[found.end() :]
        said.append(f"第 {number + (letter not in 'de')} 筆{ROWS.get(letter, '')}")
        names = ("circumstances", "incomes", "assets") if owner is HouseholdMember else a.ROWS
        owner = next((inspect(owner).relationships[name].mapper.class_ for name in names if name.startswith(letter)), owner)
    return "　".join([*said, _label(a, owner, field)])


def _label(a: Application, owner: type[Any], name: str) -> str:
    for model in (owner, type(a)):
        column = inspect(model).columns.get(name)
        if column is not None and "label" in column.info:
            return str(column.info["label"])
    return str(a.label_of(name))
