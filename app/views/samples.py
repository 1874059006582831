"""The random sample (抽查) on screen: the county's list, one row with what the registers say, and what was found out."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from wtforms import Form, RadioField, TextAreaField
from wtforms.validators import Optional

from app.commands.base import CommandError
from app.commands.register_entries import entries_of
from app.commands.sampling import Finding, answer_sample
from app.core import roc
from app.extensions import db
from app.models.overpayment import Overpayment
from app.models.sample import SAMPLE_OUTCOMES, SampleRow
from app.rules.benefits import benefits
from app.security import web
from app.security.roles import AUDITOR, COUNTY

from . import locking
from .base import CaseView, ViewInterface, describe, name_events
from .fields_roc import MoneyField, RocMonthField
from .home import tile
from .matching_queue import QueuePages

ORDER = 63
READERS = (*COUNTY, AUDITOR)


class FindingForm(Form):
    """What was found out. Months and amount belong to 「溢領」 alone."""

    outcome = RadioField("查核結果", [Optional()], choices=list(SAMPLE_OUTCOMES.items()), validate_choice=False)
    reason = TextAreaField("查核經過", description="查了什麼、依據為何；結果是「依法發給」時可以不填")
    overpaid_from = RocMonthField("溢領起月", description="只在結果為溢領時填寫")
    overpaid_to = RocMonthField("溢領迄月")
    overpaid_amount = MoneyField("溢領金額")

    def read(self) -> Finding:
        over = self.outcome.data == "overpaid"
        return Finding(
            self.outcome.data or "", (self.reason.data or "").strip(), self.overpaid_from.data if over else None,
            self.overpaid_to.data if over else None, self.overpaid_amount.data if over else None,
        )  # fmt: skip


class SampleView(QueuePages, CaseView):
    """Sampled rows, in the order they were drawn."""

    datamodel = ViewInterface(SampleRow)
    route_base = "/samples"
    record_name = _l("Sampled row")
    base_order = ("id", "asc")
    list_columns = ["month", "benefit", "rec_no", "name", "person_id", "amount", "state", "outcome"]
    order_columns = ["month", "benefit", "amount", "state"]
    search_columns = ["month", "state", "outcome", "benefit", "rec_no", "case_no", "person_id", "name"]
    show_fieldsets = [
        (_l("Recipient"), {"fields": ["name", "person_id", "birth", "town_code"]}),
        (_l("Roster row"), {"fields": ["month", "benefit", "case_no", "rec_no", "pay_from", "pay_to", "amount"]}),
    ]
    show_template = "matching/sample.html"
    list_hint = "每月由系統自未列疑義的給付中隨機抽出。請逐列查核是否依法發給；結果用來估計規則漏掉多少溢領。"
    person_path = "person_id"
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_reveal": READERS, "can_answer": COUNTY}

    def record_title(self, item: SampleRow) -> str:
        return f"抽查　{roc.show_month(item.month)}　{item.rec_no}"

    def neighbour(self, item: SampleRow, forward: bool) -> Select[Any]:
        there = SampleRow.id > item.id if forward else SampleRow.id < item.id
        return select(SampleRow.id).where(SampleRow.state == "open", there).order_by(SampleRow.id if forward else SampleRow.id.desc())

    def show_context(self, item: SampleRow) -> dict[str, Any]:
        data = {"outcome": item.outcome, "reason": item.reason, "overpaid_from": item.pay_from, "overpaid_to": item.pay_to, "overpaid_amount": item.amount}
        return self._context(item, FindingForm(data=data))

    def _context(self, item: SampleRow, form: FindingForm, problem: str = "") -> dict[str, Any]:
        entries, absent = entries_of(db.session(), item.person_id, item.month)
        answerable = self.permits("answer") and item.state != "flagged" and item.overpayment_id is None
        return {
            "badge": self.datamodel.get_values_item(item, ["state"])[0],
            "entries": entries,
            "absent": absent,
            "form": form if answerable else None,
            "problem": problem,
            "onward": self.onward_urls(item),
            "claim": db.session.get(Overpayment, item.overpayment_id) if item.overpayment_id else None,
            "outcomes": SAMPLE_OUTCOMES,
            "answer_url": url_for(f"{self.endpoint}.answer", pk=item.id),
        }

    @expose("/answer/<pk>", methods=["POST"])
    @has_access
    def answer(self, pk: str) -> ResponseReturnValue:
        """Take the finding; a fault leads back to the page with what was typed."""
        item = self.item(pk)
        purpose = web.purpose_for(self._purpose_key(item))
        if purpose is None:
            return self._ask_purpose(item)
        form, problem = FindingForm(request.form), ""
        if form.validate():
            try:
                answer_sample(web.signed_in(), item.id, form.read(), seen_version=locking.seen_version(request.form))
                flash("查核結果已存檔。", "success")
                if request.form.get("then") == "next":
                    return self.go_on(self.item(pk))
                return redirect(url_for(f"{self.endpoint}.show", pk=item.id), 303)
            except CommandError as error:
                problem = error.message
                item = self.item(pk)
        page = self.render_template(
            self.show_template, title=self.record_title(item), subtitle="", kind_title=self.page_title("show"), item=item, pk=item.id, state=None,
            sections=self.sections(item), moves=[], waiting=[], steps=[], history=self.history(item), related=[], purpose=purpose, view=self,
            urls=self.page_urls(item, item.id), move_url=None, seen_version=item.version, actions=[],
            **self._context(item, form, problem or "請更正標示的欄位"),
        )  # fmt: skip
        return page, 422


def register(appbuilder: Any) -> None:
    describe(SampleRow.benefit, choices={b.code: b.name for b in benefits().values()})
    describe(SampleRow.state, styles={"open": "warn", "answered": "good", "flagged": "neutral"})
    describe(SampleRow.outcome, styles={"correct": "good", "overpaid": "bad", "unclear": "neutral"})
    name_events({"sample.drawn": _l("Sample drawn"), "sample.answered": _l("Sampled row looked at")})
    appbuilder.add_view(SampleView, "Random sample", label=_l("Random sample"), icon="fa-random", category="Matching", category_label=_l("Matching"))
    tile(
        _l("Sampled rows to look at"),
        lambda: select(SampleRow.id).where(SampleRow.state == "open"),
        lambda: url_for("SampleView.list", _flt_0_state="open"),
        permission=("can_list", "SampleView"), roles=COUNTY, order=42,
    )  # fmt: skip
