"""Overpayments: the ledger, and the page of one claim with its months, its plan and the money that came back."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, IntegerField, SelectField, StringField, TextAreaField

from app.commands import recovery
from app.commands.base import CommandError, Refused
from app.commands.notices import issue
from app.commands.recovery import CLAIM, OPEN
from app.core import clock
from app.extensions import db
from app.matching.rules import RULES
from app.models.award import Award
from app.models.notice import KINDS, Notice
from app.models.overpayment import METHODS, ORIGINS, Overpayment
from app.security import roles, web
from app.security.actor import Actor

from . import locking
from .base import CaseView, MoveButton, ViewInterface, describe, name_events
from .fields_roc import MoneyField, RocDateField, RocMonthField
from .home import tile

ORDER = 45
HEARING = dt.timedelta(days=15)
"""What is proposed for hearing the person (practice; the office may give more)."""

describe(Overpayment.rule_code, choices={code: rule.title for code, rule in RULES.items()})
describe(Overpayment.state, styles={
    "opened": "warn", "heard": "info", "decided": "info", "served": "warn", "settled": "good", "referred": "bad", "written_off": "neutral",
    "dropped": "neutral",
})  # fmt: skip


class OpenForm(Form):
    """A claim that does not come from a doubt: an audit list, a change, the person's own report."""

    case_no = StringField("案號")
    origin = SelectField("來源", choices=[(k, v) for k, v in ORIGINS.items() if k in ("change", "audit", "report", "return")])
    origin_ref = StringField("來源文號或編號", description="同一來源只會立一件案")
    first_month = RocMonthField("溢領起月", description="留白時依停發、變更紀錄逐月計算")
    last_month = RocMonthField("溢領迄月")
    amount = MoneyField("溢領金額", description="留白時由系統計算；填寫時須與帳上相符")
    reason = TextAreaField("溢領原因")


class InviteForm(Form):
    opinion_by = RocDateField("陳述意見期限")


class OpinionForm(Form):
    opinion = TextAreaField("陳述意見內容")


class DecideForm(Form):
    decision_no = StringField("處分文號")
    article = StringField("法令依據", description="留白時採該給付的追繳條文")
    days = IntegerField("繳還期限（日）", description="法律已有規定時為 60 日")


class ServeForm(Form):
    served_on = RocDateField("送達日期")
    service = StringField("送達方式", description="例如 郵務送達、寄存送達")


class PlanForm(Form):
    parts = IntegerField("期數", description="填期數或每期金額其中一項")
    monthly = MoneyField("每期金額")
    first_due = RocDateField("第一期繳款日")


class RepaymentForm(Form):
    amount = MoneyField("金額")
    received_on = RocDateField("收款日期")
    method = SelectField("繳款方式", choices=list(METHODS.items()))
    slip_no = StringField("繳款書（或同意書）編號", description="同一編號只能登錄一次；以津貼抵扣須有本人簽章的同意書")


def _reasoned(command: Callable[..., Any]) -> Callable[..., Any]:
    def move(actor: Actor, pk: int, comment: str, seen_version: int | None) -> Any:
        return command(actor, pk, comment, seen_version=seen_version)

    return move


class OverpaymentView(CaseView):
    """One page per claim; what needs more than a comment has a small form of its own."""

    datamodel = ViewInterface(Overpayment)
    route_base = "/overpayments"
    record_name = _l("Overpayment")
    lifecycle = CLAIM
    base_order = ("id", "desc")
    list_template = "recovery/list.html"
    show_template = "recovery/show.html"
    list_columns = [
        "claim_no",
        "name",
        "person_id",
        "benefit",
        "first_month",
        "last_month",
        "amount",
        "repaid",
        "balance",
        "pay_by",
        "state",
    ]
    label_columns = {"balance": _l("Balance to recover")}
    order_columns = ["claim_no", "amount", "pay_by", "state"]
    search_columns = ["claim_no", "person_id", "name", "benefit", "town_code", "state", "origin", "pay_by"]
    show_fieldsets = [
        (_l("Overpayment"), {"fields": ["claim_no", "name", "person_id", "benefit", "first_month", "last_month", "origin", "origin_ref", "rule_code", "reason"]}),
        (_l("Recovery procedure"), {"fields": ["known_on", "revoke_by", "lapses_on", "opinion_by", "opinion", "decision_no", "decided_on", "article", "pay_by", "served_on", "service"]}),
    ]  # fmt: skip
    progress = (
        (_l("Opening the claim"), ("opened",)),
        (_l("Hearing the person"), ("heard",)),
        (_l("Recovery decision"), ("decided",)),
        (_l("Service and payment"), ("served", "referred")),
        (_l("Claim closed"), ("settled", "written_off", "dropped")),
    )
    stopped_states = ("written_off", "dropped")
    move_commands = {"refer": _reasoned(recovery.refer), "write_off": _reasoned(recovery.write_off), "drop": _reasoned(recovery.drop)}
    default_roles = {
        "can_list": (*roles.COUNTY, roles.TOWN_CLERK, roles.TOWN_SUPERVISOR, roles.ACCOUNTANT, roles.AUDITOR),
        "can_show": (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR),
        "can_export": (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR),
        "can_reveal": (*roles.COUNTY, roles.ACCOUNTANT),
        "can_open": roles.COUNTY,
    }

    def record_title(self, item: Overpayment) -> str:
        return f"{item.claim_no}　{item.name}"

    def record_subtitle(self, item: Overpayment) -> str:
        return recovery.title(item)

    def list_context(self) -> dict[str, Any]:
        return {
            "open_url": url_for(f"{self.endpoint}.open") if self.permits("open") else "",
            "ageing": recovery.ageing(db.session(), clock.today()),
        }

    def show_context(self, item: Overpayment) -> dict[str, Any]:
        today = clock.today()
        return {
            "plan": recovery.plan_in_force(item, today),
            "methods": METHODS,
            "notices": issue.notices_of(db.session(), overpayment_id=item.id),
            "notice_kinds": KINDS,
            "notice_links": self._notice_links(item),
            "steps_open": self._open_steps(item),
            "late": item.pay_by is not None and item.pay_by < today and item.balance > 0 and item.state in OPEN,
            "limits": [
                (name, day) for name, day in (("撤銷期限", item.revoke_by), ("請求權時效", item.lapses_on))
                if item.state in OPEN and (day - today).days <= 180
            ],
        }  # fmt: skip

    def _notice_links(self, item: Overpayment) -> list[tuple[str, str]]:
        """(label, address) of the notices that can be issued about a claim now."""
        if not web.signed_in().can("notices.issue") or web.signed_in().scope.level == "township":
            return []
        out = []
        if item.state in ("decided", "served", "referred"):
            known = select(Notice.id).where(Notice.overpayment_id == item.id, Notice.kind == "recovery", Notice.state != "withdrawn")
            if db.session.scalar(known.limit(1)) is None:
                out.append((f"發{KINDS['recovery']}", url_for("NoticeView.issue", source="claim", key=item.id)))
        if item.state in ("served", "referred") and item.balance > 0:
            out.append((f"發{KINDS['reminder']}", url_for("NoticeView.issue", source="reminder", key=item.id)))
        return out

    def moves(self, item: Overpayment) -> Sequence[MoveButton]:
        who = web.signed_in()
        return [MoveButton(m.name, m.label, m.style, m.needs_comment) for m in CLAIM.open_to(who, item) if m.name in self.move_commands]

    def _open_steps(self, item: Overpayment) -> list[tuple[str, str]]:
        """(form, label) of the steps with a form that the signed-in person may take now."""
        who = web.signed_in()
        out = [(n, str(CLAIM.moves[n].label)) for n in ("invite", "decide", "serve") if CLAIM.why_not(who, item, n) is None]
        if item.state == "heard" and who.can("recovery.handle"):
            out.append(("opinion", "登錄陳述意見"))
        if item.state in ("decided", "served", "referred") and item.balance > 0 and who.can("recovery.handle"):
            out.append(("plan", "訂分期"))
        if item.state in OPEN and who.can("recovery.receive"):
            out.append(("repayment", "登錄繳款"))
        return out

    # -- forms ----------------------------------------------------------------------------------------------------------
    @expose("/open", methods=["GET", "POST"])
    @has_access
    def open(self) -> ResponseReturnValue:
        """Open a claim by case number."""
        form = OpenForm(request.form if request.method == "POST" else None)
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                award = db.session.scalar(
                    select(Award).where(Award.case_no == (form.case_no.data or "").strip()).order_by(Award.id.desc()).limit(1)
                )
                if award is None:
                    raise Refused("查無這個案號，或不在您的業務範圍", "E-404")
                claim = recovery.open_overpayment(
                    web.signed_in(), origin=form.origin.data, origin_ref=(form.origin_ref.data or "").strip() or None, benefit=award.benefit,
                    award_id=award.id, reason=(form.reason.data or "").strip() or "溢領", first_month=form.first_month.data,
                    last_month=form.last_month.data, amount=form.amount.data,
                )  # fmt: skip
                web.give_purpose(f"{Overpayment.__tablename__}:{claim.id}", "溢領追繳")
                flash("已立案。", "success")
                return redirect(url_for(f"{self.endpoint}.show", pk=claim.id), 303)
            except CommandError as error:
                problem = error.message
        return self._form("溢領立案", form, problem, url_for(f"{self.endpoint}.list"), None)

    @expose("/step/<pk>/<name>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def step(self, pk: str, name: str) -> ResponseReturnValue:
        """One step of the procedure that needs dates or amounts."""
        item = self.item(pk)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        forms: dict[str, type[Form]] = {
            "invite": InviteForm, "opinion": OpinionForm, "decide": DecideForm, "serve": ServeForm, "plan": PlanForm, "repayment": RepaymentForm,
        }  # fmt: skip
        label = dict(self._open_steps(item)).get(name)
        if name not in forms or label is None or web.purpose_for(self._purpose_key(item)) is None:
            return redirect(back, 303)
        form = forms[name](request.form if request.method == "POST" else None, data=self._proposed(item))
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                self._take(name, item, form, locking.seen_version(request.form))
                flash(f"「{label}」完成。", "success")
                return redirect(back, 303)
            except CommandError as error:
                problem, item = error.message, self.item(pk)
        return self._form(f"{label}　{item.claim_no}", form, problem, back, item.version)

    def _proposed(self, item: Overpayment) -> dict[str, Any]:
        today = clock.today()
        return {"opinion_by": today + HEARING, "received_on": today, "served_on": today, "amount": item.balance, "days": recovery.days_by_law(item.benefit)}

    def _take(self, name: str, item: Overpayment, form: Any, seen: int | None) -> None:
        who, f = web.signed_in(), {k: v for k, v in form.data.items() if v not in (None, "")}
        required = {"invite": "opinion_by", "serve": "served_on", "plan": "first_due", "repayment": "received_on"}.get(name)
        if required and required not in f:
            raise Refused(f"請填寫{form[required].label.text}", "E-REC-DATE")
        if name == "invite":
            recovery.invite_opinion(who, item.id, f["opinion_by"], seen_version=seen)
        elif name == "opinion":
            recovery.record_opinion(who, item.id, f.get("opinion", ""), seen_version=seen)
        elif name == "decide":
            recovery.decide(
                who, item.id, decision_no=f.get("decision_no", ""), article=f.get("article", ""), days=f.get("days"), seen_version=seen
            )
        elif name == "serve":
            recovery.record_service(who, item.id, f["served_on"], f.get("service", ""), seen_version=seen)
        elif name == "plan":
            recovery.make_plan(who, item.id, first_due=f["first_due"], parts=f.get("parts"), monthly=f.get("monthly"), seen_version=seen)
        else:
            recovery.record_repayment(
                who, item.id, amount=f.get("amount", 0), received_on=f["received_on"], method=f.get("method", ""), slip_no=f.get("slip_no", ""),
                seen_version=seen,
            )  # fmt: skip

    def _form(self, title: str, form: Form, problem: str, back: str, seen: int | None) -> ResponseReturnValue:
        failed = bool(problem or form.errors)
        page = self.render_template(
            "payments/form.html", title=title, form=form, problem=problem, failed=failed, back=back, button="確定", seen_version=seen or ""
        )
        return (page, 422) if failed else page


name_events(
    {
        "overpayment.open": _l("Opening the claim"),
        "overpayment.opinion": _l("Opinion recorded"),
        "overpayment.plan": _l("Instalments agreed"),
        "overpayment.repaid": _l("Money received"),
    }
)


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        OverpaymentView, "Overpayments", label=_l("Overpayment ledger"), icon="fa-undo", category="Payments", category_label=_l("Payments"),
        category_icon="fa-money",
    )  # fmt: skip
    page = ("can_list", "OverpaymentView")

    def link(state: str) -> Any:
        return lambda: f"{url_for('OverpaymentView.list')}?_flt_0_state={state}"

    def overdue() -> Any:
        return select(Overpayment.id).where(Overpayment.state == "served", Overpayment.pay_by < clock.today())

    tile(_l("Overpayments to handle"), lambda: select(Overpayment.id).where(Overpayment.state == "opened"), link("opened"),
         roles=(roles.COUNTY_OFFICER,), permission=page, order=70)  # fmt: skip
    tile(_l("Overpayments to decide"), lambda: select(Overpayment.id).where(Overpayment.state == "heard"), link("heard"),
         roles=(roles.COUNTY_SUPERVISOR,), permission=page, order=71)  # fmt: skip
    tile(
        _l("Overpayments overdue"), overdue, link("served"), roles=(*roles.COUNTY, roles.ACCOUNTANT), permission=page, order=72, tone="bad"
    )
