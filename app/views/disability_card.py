"""The disability register: cards, the one timeline of their holder, the register as it stood on any day, and whom to notify."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import Form, StringField, TextAreaField

from app.commands.base import CommandError
from app.commands.register import cards
from app.commands.register.reading import as_card, codes_of, state_at, timeline
from app.commands.register.watch import renewal_under_way
from app.core import clock, roc
from app.extensions import db
from app.models.case_task import CaseTask
from app.models.disability_card import END_REASONS, DisabilityCard, DisabilityEvent
from app.rules.disability import NEW_CLASSES, OLD_CLASSES, card_text
from app.rules.disability_register import renewal
from app.security import roles, web

from . import casework_forms as forms
from .base import RegisterView, ViewInterface, column_at, name_events, show
from .base_layout import CARDS
from .base_steps import Step, StepForms
from .fields_roc import RocDateField
from .home import WATCH, tile

ORDER = 14

name_events({
    "disability_card.issued": _l("Card issued"),
    "disability_card.picked_up": _l("Card picked up"),
    "disability_card.notified": _l("Notified of the re-assessment"),
    "disability_card.extended": _l("Delay accepted"),
    "disability_card.annotated": _l("Old card annotated"),
    "disability_card.reassessment_ordered": _l("Re-assessment ordered"),
    "disability_card.cancelled": _l("Card cancelled"),
    "disability_card.moved_within": _l("Moved within the county"),
    "disability_card.moved_out": _l("Moved out of the county"),
    "disability_event.assessed": _l("Assessments received"),
})  # fmt: skip


class DayForm(Form):
    on = RocDateField("日期")


class ReasonForm(Form):
    on = RocDateField("日期")
    reason = TextAreaField("理由")


class OrderForm(Form):
    on = RocDateField("通知送達日期", description="自送達之次日起 60 日內重新鑑定")
    reason = TextAreaField("障礙情況改變的事實")


class CancelForm(Form):
    on = RocDateField("註銷日期", description="自這一天起失效；依附的給付由系統列入待辦")
    reason = forms.CodeSelect("註銷原因", codes=END_REASONS)
    note = StringField("說明")


class MoveForm(Form):
    on = RocDateField("遷出日期")
    place = StringField("遷往縣市")


def _today(_item: Any) -> dict[str, Any]:
    return {"on": clock.today()}


def _current(item: DisabilityCard) -> bool:
    return item.status == "current"


def _run(command: Any, *names: str) -> Any:
    def run(who: Any, item: DisabilityCard, data: dict[str, Any], seen: int | None) -> str | None:
        command(who, item.id, data["on"], *(data.get(n) or "" for n in names), seen_version=seen)
        return None

    return run


class DisabilityCardView(StepForms, RegisterView):
    """Cards as they stand. A card's page shows everything that happened to its holder's cards."""

    datamodel = ViewInterface(DisabilityCard)
    route_base = "/disability_cards"
    record_name = _l("Disability card")
    base_order = ("id", "desc")
    list_template = "register/list.html"
    show_template = "register/card.html"
    list_columns = ["card_no", "holder.name", "holder.person_id", "town_code", "grade", "classes", "issued_on", "expires", "status"]
    order_columns = ["card_no", "issued_on", "expires"]
    search_columns = ["card_no", "holder.person_id", "holder.name", "town_code", "status", "grade", "expires", "issued_on"]
    show_fieldsets = [
        (_l("Holder"), {"fields": ["holder.name", "holder.person_id", "holder.birth", "holder.phone", "holder.registered_address"]}),
        (_l("Disability card"), {"fields": [
            "card_no", "issue", "grade", "classes", "issued_on", "expires", "permanent", "needs_due_on", "assessment_no", "assessed_on", "mobility_difficulty",
        ]}),
        (_l("Renewal and pick-up"), {"fields": ["picked_up_on", "notified_on", "extended_to", "annotated_on", "ended_on", "end_reason"]}),
    ]  # fmt: skip
    person_path = "holder.person_id"
    empty_message = "還沒有核發的手冊或證明。核定身心障礙者資料申請案時會自動建立。"
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_reveal": roles.CASEWORKERS,
        "can_notify": roles.COUNTY,
    }
    forms = (
        Step("pick_up", "登錄領取", DayForm, "register.keep", _run(cards.pick_up), lambda i: _current(i) and i.picked_up_on is None, _today, ("on",), "primary"),
        Step("annotate", "註記暫用舊證", DayForm, "register.keep", _run(cards.annotate), lambda i: _current(i) and i.annotated_on is None, _today, ("on",)),
        Step("extend", "同意展延60日", ReasonForm, "register.dispose", _run(cards.extend, "reason"), lambda i: _current(i) and i.expires is not None and i.extended_to is None, _today, ("on", "reason")),
        Step("order", "限期重新鑑定", OrderForm, "register.dispose", _run(cards.order_reassessment, "reason"), _current, _today, ("on", "reason")),
        Step("move_out", "遷出", MoveForm, "register.dispose", _run(cards.move_out, "place"), _current, _today, ("on", "place")),
        Step("cancel", "註銷", CancelForm, "register.dispose", _run(cards.cancel, "reason", "note"), _current, _today, ("on", "reason")),
    )  # fmt: skip

    def record_title(self, item: DisabilityCard) -> str:
        return f"{item.card_no}　{item.holder.name}"

    def record_subtitle(self, item: DisabilityCard) -> str:
        return card_text(as_card(item), clock.today())

    def list_context(self) -> dict[str, Any]:
        today, base = clock.today(), url_for(f"{self.endpoint}.list")
        until = {n: {"_flt_0_status": "current", "_flt_0_expires": roc.show_date(today), "_flt_1_expires": roc.show_date(today + dt.timedelta(days=n))} for n in (90, 60)}
        given = {k: v for k, v in request.args.items() if k.startswith("_flt_")}
        tabs: list[tuple[str, dict[str, str]]] = [
            ("90日內到期", until[90]),
            ("60日內到期", until[60]),
            ("已逾期未換證", {"_flt_0_status": "current", "_flt_1_expires": roc.show_date(today - dt.timedelta(days=1))}),
            ("全部", {}),
        ]
        queues = [(label, f"{base}?{urlencode(args)}" if args else base, args == given) for label, args in tabs]
        queues.insert(3, ("待領取", f"{url_for('CaseTaskView.list')}?_flt_0_state=open&_flt_0_kind=pick_up", False))
        if self.permits("notify"):
            queues.insert(2, ("應通知名單", url_for(f"{self.endpoint}.notify"), False))
        return {"queues": queues, "issue_url": ""}

    def show_context(self, item: DisabilityCard) -> dict[str, Any]:
        asked, problem = clock.today(), ""
        if typed := request.args.get("on", "").strip():
            try:
                asked = roc.parse_date(typed)
            except ValueError as error:
                problem = str(error)
        today = clock.today()
        card = as_card(item)
        under_way = any(self._renewals(item))
        return {
            **history_of(item.holder_id, asked),
            "on_problem": problem,
            "typed": typed or roc.show_date(asked),
            "step_links": self.step_links(item),
            "renewal": renewal(card, today, under_way, item.extended_to is not None) if item.status == "current" else None,
            "tasks": list(db.session.scalars(select(CaseTask).where(CaseTask.card_id == item.id).order_by(CaseTask.state.desc(), CaseTask.due_on))),
            "labelled": lambda obj, name: show(getattr(obj, name), column_at(type(obj), name)),
            "person_url": url_for("PersonView.show", pk=item.holder_id),
        }

    def _renewals(self, item: DisabilityCard) -> list[int]:
        return list(db.session.scalars(select(DisabilityCard.id).where(DisabilityCard.id == item.id, renewal_under_way(item.holder_id))))

    @expose("/notify", methods=["GET", "POST"])
    @has_access
    def notify(self) -> ResponseReturnValue:
        """Whom to notify in writing (60 days before the end), and one button that says it was done."""
        found = list(
            db.session.execute(
                select(DisabilityCard, CaseTask.due_on)
                .join(CaseTask, CaseTask.card_id == DisabilityCard.id)
                .where(CaseTask.kind == "notify", CaseTask.state == "open")
                .options(joinedload(DisabilityCard.holder))
                .order_by(CaseTask.due_on, CaseTask.id)
                .limit(500)
            )
        )  # fmt: skip
        form = DayForm(request.form if request.method == "POST" else None, data={"on": clock.today()})
        problem = ""
        if request.method == "POST" and form.validate():
            wanted = {int(k) for k in request.form.getlist("card") if k.isdigit()}
            try:
                if form.on.data is None or not wanted:
                    problem = "請填通知日期，並勾選已寄發通知的人"
                else:
                    done = cards.notified(web.signed_in(), [c.id for c, _ in found if c.id in wanted], form.on.data)
                    flash(f"已登錄 {done} 人書面通知。", "success")
                    return redirect(url_for(f"{self.endpoint}.notify"), 303)
            except CommandError as error:
                problem = error.message
        if request.method == "GET" and found:
            web.log_access("print", (DisabilityCard.__tablename__, None), "重新鑑定應通知名單", rows=len(found))
        failed = bool(problem or form.errors)
        page = self.render_template(
            "register/notify.html", title="重新鑑定應通知名單", rows=found, form=form, problem=problem, failed=failed, back=url_for(f"{self.endpoint}.list")
        )
        return (page, 422) if failed else page


def history_of(holder_id: int, on: dt.date) -> dict[str, Any]:
    """The timeline of a holder and how the register stood on a day, for the card's and the person's page."""
    events = timeline(db.session(), holder_id)
    return {"events": events, "state_on": state_at(events, on), "on": on, "class_words": class_words, "card_words": card_text, "event_words": event_words}


def class_words(classes: str | None) -> str:
    """`1 神經系統構造及精神、心智功能` for every code."""
    return "、".join(f"{c} {OLD_CLASSES.get(c) or NEW_CLASSES.get(c) or ''}".strip() for c in codes_of(classes))


def event_words(event: DisabilityEvent) -> str:
    """What an event says, in one sentence."""
    parts = []
    if event.grade:
        parts.append(f"{show(event.grade, column_at(DisabilityEvent, 'grade'))}（{class_words(event.classes)}）")
    if event.card_no and event.kind not in ("assessed",):
        parts.append(event.card_no)
    if event.expires:
        parts.append(f"效期至 {roc.show_date(event.expires)}")
    elif event.permanent:
        parts.append("無註記有效期限")
    if event.assessment_no:
        parts.append(f"鑑定 {event.assessment_no}")
    parts += [x for x in (event.hospital, event.reason) if x]
    if event.due_on:
        word = {"assessed": "重新鑑定", "notified": "效期", "extended": "展延至", "reassessment_ordered": "期限"}.get(event.kind, "期限")
        parts.append(f"{word} {roc.show_date(event.due_on)}")
    return "；".join(parts)


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        DisabilityCardView, "Disability cards", label=_l("Cards and timeline"), **CARDS,
        icon="fa-id-card-o",
    )  # fmt: skip

    def unclaimed() -> Any:
        return select(CaseTask.id).where(CaseTask.state == "open", CaseTask.kind == "pick_up", CaseTask.due_on < clock.today())

    tile(_l("Notify of the re-assessment"), lambda: select(CaseTask.id).where(CaseTask.state == "open", CaseTask.kind == "notify"),
         lambda: url_for("DisabilityCardView.notify"), roles=roles.COUNTY, permission=("can_notify", "DisabilityCardView"), order=32, tone="warn",
         hint="證明效期前60日")  # fmt: skip
    tile(_l("Cards to be picked up"), unclaimed, lambda: f"{url_for('CaseTaskView.list')}?_flt_0_state=open&_flt_0_kind=pick_up",
         roles=roles.CASEWORKERS, permission=("can_list", "CaseTaskView"), group=WATCH, order=60, hint="逾30日未領")  # fmt: skip
