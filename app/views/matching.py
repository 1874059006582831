"""Doubts and match runs: the county's queue, one doubt with both sides beside each other and its answer, and what a run did and did not check."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.filters import FilterInFunction
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from app.commands.base import CommandError
from app.commands.doubts import Answer, answer_doubt, suggested_validity, waiting_check
from app.commands.doubts_bulk import Line, answer_many, rehearse
from app.commands.matching import SOURCE_NAMES
from app.commands.register_entries import entries_of
from app.core import clock, money, roc
from app.exchange import codes
from app.extensions import db
from app.matching.advice import advice
from app.matching.rules import RULES
from app.matching.wording import COUNTERPARTS
from app.models.answer_check import AnswerCheck
from app.models.doubt import DOUBT_GRADES, DOUBT_STATES, OUTCOMES, SENT, SIGHTINGS, Doubt
from app.models.overpayment import Overpayment
from app.rules.benefits import benefits
from app.security import web
from app.security.roles import AUDITOR, COUNTY

from . import locking
from .base import CaseView, ViewInterface, describe, name_events
from .fields_roc import MoneyField, RocDateField, RocMonthField
from .home import tile
from .matching_queue import QueuePages

ORDER = 60
KINDS = {
    **COUNTERPARTS,
    **codes.BENEFIT_ELSEWHERE_KIND,
    **codes.PENSION_KIND,
    **codes.CUSTODY_KIND,
    **codes.CHANGE_EVENT,
    **{b.code: b.name for b in benefits().values()},
}
RELATIONS = {
    "suspend_a": _l("This benefit stops"),
    "choose_one": _l("One of the two"),
    "cap_sum": _l("Sum capped"),
    "top_up": _l("Difference only"),
    "info_only": _l("For information"),
    "none": _l("May be drawn together"),
}
DATES = {
    "household_change": ("事實發生日", "登記日"),
    "custody": ("入監日", "出監日"),
    "border_crossing": ("出境日", "最近一次返國"),
    "pension": ("起日", "迄日"),
}
"""What the two dates of a counterpart are."""
READERS = (*COUNTY, AUDITOR)

describe(Doubt.state, choices=DOUBT_STATES, styles={"open": "warn", "answered": "good", "withdrawn": "neutral"})
describe(Doubt.grade, choices=DOUBT_GRADES, styles={"A": "bad", "B": "warn", "C": "neutral"})
describe(Doubt.rule_code, choices={code: rule.title for code, rule in RULES.items()})
describe(Doubt.benefit, choices={b.code: b.name for b in benefits().values()})
describe(Doubt.relation, choices=RELATIONS)
describe(Doubt.outcome, choices=OUTCOMES)
name_events({"doubt.answered": _l("Doubt answered"), "doubt.exported": _l("Doubts exported")})


class AnswerForm(Form):
    """The answer to a doubt. Months and amount belong to 「溢領」 alone."""

    outcome = RadioField("處理結果", [Optional()], choices=list(OUTCOMES.items()), validate_choice=False)
    reason = TextAreaField("理由", description="查證的經過與依據；下次出現相同事實時，承辦人會先看到這段文字")
    reason_code = StringField("理由代碼")
    overpaid_from = RocMonthField("溢領起月", description="只在結果為「溢領」時填寫")
    overpaid_to = RocMonthField("溢領迄月")
    overpaid_amount = MoneyField("溢領金額")
    decided_on = RocDateField("決定日期")
    valid_until = RocDateField("答復有效至", description="空白時依處理結果帶入建議期限；期限內相同事實不再列為疑義")

    def read(self) -> Answer:
        """What was typed, with the suggested validity filled in."""
        outcome = self.outcome.data or ""
        overpaid = outcome == "overpaid"
        decided = self.decided_on.data or clock.today()
        return Answer(
            outcome=outcome,
            reason=(self.reason.data or "").strip(),
            reason_code=(self.reason_code.data or "").strip(),
            overpaid_from=self.overpaid_from.data if overpaid else None,
            overpaid_to=self.overpaid_to.data if overpaid else None,
            overpaid_amount=self.overpaid_amount.data if overpaid else None,
            decided_on=decided,
            valid_until=self.valid_until.data or suggested_validity(outcome, decided),
        )


@dataclass(frozen=True)
class Side:
    """One line of the comparison: what the roster says, what the other side says, and do they agree (None: nothing to compare)?"""

    label: str
    ours: str
    theirs: str
    agree: bool | None = None


def _day(text: str | None) -> str:
    return roc.show_date(dt.date.fromisoformat(text)) if text else ""


def _name(code: str | None) -> str:
    return KINDS.get(code or "", code or "")


def sides(doubt: Doubt) -> list[Side]:
    """Both sides of a doubt beside each other."""
    other = doubt.counterpart
    source = SOURCE_NAMES.get(doubt.counterpart_source, doubt.counterpart_source)
    county = codes.COUNTIES.get(doubt.counterpart_county or "", "")
    birth = roc.show_date(doubt.birth)
    lines = [
        Side("來源", f"{codes.COUNTIES.get(doubt.county_code, doubt.county_code)}名冊", f"{source}{county and f'（{county}）'}"),
        Side("項目", _name(doubt.benefit), _name(doubt.counterpart_kind)),
        Side("紀錄編號", doubt.rec_no, doubt.counterpart_rec_no or ""),
        Side("案號", doubt.case_no, other.get("case_no") or ""),
        Side("姓名", doubt.name, other.get("name") or "", doubt.name == other["name"] if other.get("name") else None),
        Side("出生日期", birth, _day(other.get("birth")), birth == _day(other.get("birth")) if other.get("birth") else None),
        Side("金額", money.show(sum(line["paid"] for line in doubt.lines)), money.show(other.get("amount"))),
    ]
    first, second = DATES.get(doubt.counterpart_source, ("", ""))
    lines += [Side(label, "", _day(other.get(key))) for label, key in ((first, "d1"), (second, "d2")) if label and other.get(key)]
    if doubt.counterpart_source == "benefit_elsewhere":
        until = roc.show_month(other["n2"]) if other.get("n2") else "持續中"
        lines.append(Side("起訖月", "、".join(roc.show_month(m) for m in doubt.months), f"{roc.show_month(other.get('n1'))}～{until}"))
    return lines


class BulkForm(Form):
    """One answer for the ticked doubts. Months and amount are each doubt's own."""

    outcome = RadioField("處理結果", [Optional()], choices=list(OUTCOMES.items()), validate_choice=False)
    reason = TextAreaField("理由", description="這些疑義共同的查證經過與依據")
    reason_code = StringField("理由代碼")
    decided_on = RocDateField("決定日期")
    valid_until = RocDateField("答復有效至", description="空白時依處理結果帶入建議期限")

    def read(self) -> Answer:
        """What was typed, with the suggested validity filled in."""
        outcome, decided = self.outcome.data or "", self.decided_on.data or clock.today()
        return Answer(
            outcome=outcome, reason=(self.reason.data or "").strip(), reason_code=(self.reason_code.data or "").strip(), decided_on=decided,
            valid_until=self.valid_until.data or suggested_validity(outcome, decided),
        )  # fmt: skip


class DoubtView(QueuePages, CaseView):
    """The county's doubts, the most certain and dearest first."""

    datamodel = ViewInterface(Doubt)
    route_base = "/doubts"
    record_name = _l("Doubt")
    base_order = ("rank", "desc")
    base_filters = [["state", FilterInFunction, lambda: SENT]]
    list_columns = [
        "doubt_no",
        "grade",
        "rule_code",
        "benefit",
        "name",
        "person_id",
        "expected_overpaid",
        "last_month",
        "due_on",
        "state",
        "outcome",
    ]
    order_columns = ["doubt_no", "grade", "rule_code", "benefit", "expected_overpaid", "last_month", "due_on", "state", "rank"]
    search_columns = [
        "grade",
        "rule_code",
        "state",
        "benefit",
        "outcome",
        "first_month",
        "last_month",
        "due_on",
        "doubt_no",
        "case_no",
        "person_id",
        "name",
        "mirror",
    ]
    show_fieldsets = [
        (_l("Doubt"), {"fields": ["facts", "rule_code", "grade", "relation", "law", "article", "expected_overpaid"]}),
        (_l("Recipient"), {"fields": ["name", "person_id", "birth", "benefit", "case_no", "town_code"]}),
        (_l("Memory"), {"fields": ["first_month", "last_month", "times_seen", "due_on", "outcome", "valid_until"]}),
    ]
    show_template = "matching/doubt.html"
    list_template = "matching/doubts.html"
    person_path = "person_id"
    default_roles = {
        "can_list": READERS, "can_show": READERS, "can_export": READERS, "can_reveal": READERS, "can_answer": COUNTY, "answer_ticked": COUNTY,
    }  # fmt: skip

    def record_title(self, item: Doubt) -> str:
        return f"{RULES[item.rule_code].title if item.rule_code in RULES else item.rule_code}　{item.doubt_no}"

    def record_subtitle(self, item: Doubt) -> str:
        return f"{_name(item.benefit)}　{'、'.join(roc.show_month(m) for m in item.months)}"

    def list_context(self) -> dict[str, Any]:
        quick: list[tuple[str, dict[str, Any]]] = [
            ("待答復", {"_flt_0_state": "open"}),
            ("待答復 A 級", {"_flt_0_state": "open", "_flt_0_grade": "A"}),
            ("待答復 B 級", {"_flt_0_state": "open", "_flt_0_grade": "B"}),
            ("資訊與資料品質", {"_flt_0_state": "open", "_flt_0_grade": "C"}),
            ("已逾期", _late()),
            ("已答復", {"_flt_0_state": "answered"}),
        ]
        return {"quick": [(label, url_for(f"{self.endpoint}.list", **args)) for label, args in quick]}

    def show_context(self, item: Doubt) -> dict[str, Any]:
        return self._context(item, self._form(item))

    def _form(self, item: Doubt) -> AnswerForm:
        months = item.months or [item.last_month]
        return AnswerForm(
            data={
                "overpaid_from": min(months), "overpaid_to": max(months), "overpaid_amount": item.expected_overpaid or None,
                "decided_on": clock.today(),
            }
        )  # fmt: skip

    def _context(self, item: Doubt, form: AnswerForm, problem: str = "") -> dict[str, Any]:
        rule = RULES.get(item.rule_code)
        claims = {a.overpayment_id for a in item.answers if a.overpayment_id}
        may_answer = self.permits("answer")
        waiting = waiting_check(db.session(), item.id)
        entries, absent = entries_of(db.session(), item.person_id, item.last_month)
        return {
            "rule": rule,
            "badge": self.datamodel.get_values_item(item, ["state"])[0],
            "sides": sides(item),
            "lines": [{**line, "difference": line["paid"] - line["due"]} for line in item.lines],
            "answers": list(reversed(item.answers)),
            "claims": {c.id: c for c in db.session.scalars(select(Overpayment).where(Overpayment.id.in_(claims)))} if claims else {},
            "outcomes": OUTCOMES,
            "form": form if may_answer and waiting is None else None,
            "pending": waiting,
            "onward": self.onward_urls(item),
            "entries": entries,
            "absent": absent,
            "advice": advice(rule.family if rule else ""),
            "problem": problem,
            "answer_url": url_for(f"{self.endpoint}.answer", pk=item.id) if may_answer else "",
            "sightings": [(s.month, SIGHTINGS[s.state]) for s in reversed(item.sightings)],
        }

    @expose("/answer/<pk>", methods=["POST"])
    @has_access
    def answer(self, pk: str) -> ResponseReturnValue:
        """Take the answer; a fault leads back to the page with what was typed."""
        item = self.item(pk)
        key = f"{Doubt.__tablename__}:{item.id}"
        purpose = web.purpose_for(key)
        if purpose is None:
            return self._ask_purpose(item)
        form = AnswerForm(request.form)
        problem = ""
        if not form.outcome.data:
            problem = "請選擇處理結果"
        elif form.validate():
            try:
                made = answer_doubt(web.signed_in(), item.id, form.read(), seen_version=locking.seen_version(request.form))
                waits = isinstance(made, AnswerCheck)
                flash("溢領金額超過縣府設定，已送請第二人核可。" if waits else "答復已存檔。", "success")
                if request.form.get("then") == "next":
                    return self.go_on(self.item(pk))
                return redirect(url_for(f"{self.endpoint}.show", pk=item.id), 303)
            except CommandError as error:
                problem = error.message
                item = self.item(pk)
        page = self.render_template(
            self.show_template, title=self.record_title(item), subtitle=self.record_subtitle(item), kind_title=self.page_title("show"), item=item,
            pk=item.id, state=None, sections=self.sections(item), moves=[], waiting=[], steps=[], history=self.history(item), related=[],
            purpose=purpose, view=self, urls=self.page_urls(item, item.id), move_url=None, seen_version=item.version, actions=[],
            **self._context(item, form, problem or "請更正標示的欄位"),
        )  # fmt: skip
        return page, 422


    def neighbour(self, item: Doubt, forward: bool) -> Select[Any]:
        """Dearest first, as the list; what waits for a second person has been worked on."""
        waiting = select(AnswerCheck.id).where(AnswerCheck.doubt_id == Doubt.id, AnswerCheck.state == "waiting").exists()
        lower, higher = Doubt.rank < item.rank, Doubt.rank > item.rank
        same = Doubt.rank == item.rank
        there = lower | (same & (Doubt.id < item.id)) if forward else higher | (same & (Doubt.id > item.id))
        order = (Doubt.rank.desc(), Doubt.id.desc()) if forward else (Doubt.rank, Doubt.id)
        return select(Doubt.id).where(Doubt.state == "open", ~waiting, there).order_by(*order)

    # -- one answer for many --------------------------------------------------------------------------------------------
    @action("answer_ticked", _l("Answer together"), "", "", multiple=True, single=False)
    def answer_ticked(self, items: Sequence[Doubt]) -> ResponseReturnValue:
        """Ask for the answer to the ticked doubts."""
        return self._bulk_page([(d.id, d.version) for d in items], BulkForm(data={"decided_on": clock.today()}))

    @expose("/bulk", methods=["POST"])
    @has_access
    @permission_name("answer")
    def bulk(self) -> ResponseReturnValue:
        """Rehearse the answer, and store it when the person has seen what it would do."""
        chosen = [(int(pk), int(version)) for pk, _, version in (v.partition(":") for v in request.form.getlist("doubt")) if pk.isdigit() and version.isdigit()]
        form, lines, problem = BulkForm(request.form), [], ""
        store = request.form.get("step") == "store"
        if not form.outcome.data:
            problem = "請選擇處理結果"
        elif form.validate():
            try:
                lines = (answer_many if store else rehearse)(web.signed_in(), chosen, form.read())
            except CommandError as error:
                problem = error.message
        if problem or form.errors:
            return self._bulk_page(chosen, form, problem=problem or "請更正標示的欄位"), 422
        if not store:
            return self._bulk_page(chosen, form, lines)
        done = sum(line.result != "refused" for line in lines)
        flash(f"已答復 {done} 筆；{len(lines) - done} 筆沒有存檔。" if done < len(lines) else f"已答復 {done} 筆。", "success" if done else "warning")
        if done == len(lines):
            return redirect(url_for(f"{self.endpoint}.list", _flt_0_state="open"), 303)
        return self._bulk_page([], form, lines)

    def _bulk_page(self, chosen: Sequence[tuple[int, int]], form: BulkForm, lines: Sequence[Line] = (), problem: str = "") -> str:
        wanted = [line.doubt_id for line in lines] or [key for key, _ in chosen]
        found = {d.id: d for d in db.session.scalars(select(Doubt).where(Doubt.id.in_(wanted[:100])))}
        doubts = [found[key] for key in wanted if key in found]
        web.log_accesses("show", [((Doubt.__tablename__, None), d.person_id) for d in doubts], "批次答復疑義")
        return self.render_template(
            "matching/bulk.html",
            title=f"批次答復　{len(doubts)} 筆",
            form=form,
            problem=problem,
            chosen=chosen,
            lines={line.doubt_id: line for line in lines},
            doubts=doubts,
            rules={code: rule.title for code, rule in RULES.items()},
            kinds=KINDS,
            total=sum(line.result != "refused" for line in lines),
            back=url_for(f"{self.endpoint}.list", _flt_0_state="open"),
        )


def _late() -> dict[str, Any]:
    """The search for open doubts whose day has passed."""
    return {"_flt_0_state": "open", "_flt_1_due_on": roc.show_date(clock.today() - dt.timedelta(days=1))}


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        DoubtView, "Doubts", label=_l("Doubts"), icon="fa-question-circle", category="Matching", category_label=_l("Matching"),
        category_icon="fa-random",
    )  # fmt: skip
    for grade, tone, label in (("A", "bad", _l("Hard doubts to answer")), ("B", "warn", _l("Likely doubts to answer"))):
        tile(
            label,
            lambda grade=grade: select(Doubt.id).where(Doubt.state == "open", Doubt.grade == grade),  # type: ignore[misc]
            lambda grade=grade: url_for("DoubtView.list", _flt_0_state="open", _flt_0_grade=grade),  # type: ignore[misc]
            permission=("can_list", "DoubtView"), roles=COUNTY, tone=tone, order=40,
        )  # fmt: skip
    tile(
        _l("Doubts past their day"), lambda: select(Doubt.id).where(Doubt.state == "open", Doubt.due_on < clock.today()),
        lambda: url_for("DoubtView.list", **_late()), permission=("can_list", "DoubtView"), roles=COUNTY, tone="bad", order=39,
    )  # fmt: skip
