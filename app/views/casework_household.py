"""Household data of a case on screen: ask for it, see the differences line by line, tick what is taken over."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.commands.base import CommandError
from app.commands.casework import household_data
from app.core import text
from app.extensions import db
from app.models.application import Application
from app.models.household_download import STATES
from app.security import web

from . import casework_forms as forms
from . import locking

KINDS = {"new": ("新增成員", "info"), "gone": ("戶籍資料沒有此人", "warn"), "changed": ("內容不同", "warn"), "note": ("待查明", "neutral")}
VALUES = {"relation": forms.RELATIONS | {"applicant": "申請人本人"}, "sex": forms.SEXES}


class HouseholdPages:
    """Routes of the household data; mixed into an application view."""

    endpoint: str
    item: Callable[[Any], Any]
    render_template: Callable[..., str]
    about: Callable[[Any], str]
    permits: Callable[[str], bool]
    log_look: Callable[..., Any]
    _purpose_key: Callable[[Any], str]

    @expose("/household/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("intake")
    def household(self, pk: str) -> ResponseReturnValue:
        """The latest look into the register; by POST, take over what is ticked."""
        item: Application = self.item(pk)
        if web.purpose_for(self._purpose_key(item)) is None or "household" not in item.SECTIONS:
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        if request.method == "GET":
            return self._household(item)
        latest = household_data.last(db.session(), item.id)
        ticked = {int(n) for n in request.form.getlist("take") if n.isdecimal()}
        try:
            if latest is None or str(latest.id) != request.form.get("download"):
                return self._household(item, "已有較新的查調結果，請重新核對下列差異"), 409
            taken = household_data.take_over(web.signed_in(), latest.id, ticked, locking.seen_version(request.form))
        except CommandError as error:
            return self._household(self.item(pk), error.message), error.status
        flash(f"已採用 {taken} 項戶籍資料，並重新試算。" if taken else "沒有採用任何一項，案件資料不變。", "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)

    @expose("/household_ask/<pk>", methods=["POST"])
    @has_access
    @permission_name("intake")
    def household_ask(self, pk: str) -> ResponseReturnValue:
        """Queue the look."""
        item: Application = self.item(pk)
        try:
            household_data.ask(web.signed_in(), item.id)
        except CommandError as error:
            return self._household(self.item(pk), error.message), error.status
        flash("已排入查調，完成後差異會列在這一頁。", "success")
        return redirect(url_for(f"{self.endpoint}.household", pk=pk), 303)

    def _household(self, item: Application, problem: str = "") -> str:
        found = household_data.last(db.session(), item.id)
        return self.render_template(
            "casework/household.html", title=f"戶籍資料查調　{item.case_no}", about=self.about(item), item=item, found=found, state=str(STATES[found.state]) if found else "",
            lines=[_line(n) for n in found.lines or []] if found else [], problem=problem, failed=bool(problem), seen_version=item.version,
            may_ask=item.editable, back=url_for(f"{self.endpoint}.show", pk=item.id), url=url_for(f"{self.endpoint}.household", pk=item.id),
            ask_url=url_for(f"{self.endpoint}.household_ask", pk=item.id),
        )  # fmt: skip


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A line with its words."""
    label, tone = KINDS[line["kind"]]
    return {**line, "label": label, "tone": tone, "old": _old(line), "new": _new(line)}


def _value(name: str, value: Any) -> str:
    if name == "person_id" and value:
        return text.mask_id(str(value))
    return str(VALUES[name].get(value, value)) if name in VALUES and value else household_data.shown(name, value)


def _old(line: dict[str, Any]) -> str:
    return f"{household_data.FIELDS[line['field']]}：{_value(line['field'], line['old'])}" if line["kind"] == "changed" else "" if line["kind"] == "new" else "列於家庭人口"


def _new(line: dict[str, Any]) -> str:
    if line["kind"] == "new":
        return "、".join(f"{household_data.FIELDS[n]} {_value(n, v)}" for n, v in line["values"].items() if n in household_data.FIELDS and n != "name" and v is not None)
    if line["kind"] == "changed":
        return f"{household_data.FIELDS[line['field']]}：{_value(line['field'], line['new'])}"
    return "採用後從家庭人口刪除" if line["kind"] == "gone" else "戶籍登記為死亡，異動資料沒有日期，請查明後填死亡日期"


