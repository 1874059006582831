"""Applications: work queues, the review page with the trace, the moves, the sheet for the citizen. One base for every benefit."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload
from wtforms import Form, IntegerField, StringField, TextAreaField

from app.commands.base import CommandError
from app.commands.casework import arrival_tasks, deadlines, documents, exclusions, facts, household_history, intake, received_means, review
from app.commands.casework.problems import Incomplete
from app.commands.casework.steps import APPLICATION
from app.core import clock, money, roc
from app.core.months import FOREVER
from app.extensions import db
from app.models.application import CLOSED, DOCUMENTS, FIRST_RESULTS, PURPOSES, Application
from app.models.award import Award
from app.models.decision import Change, Decision
from app.models.household import HouseholdMember
from app.models.notice import KINDS as NOTICE_KINDS
from app.models.payment import Payment, PaymentLine
from app.models.person import Person
from app.rules import clocks, codec
from app.rules.trace import Answer, Outcome
from app.rules.trace import Decision as Judgement
from app.security import roles, web
from app.security.actor import Actor

from . import casework_forms as forms
from . import locking, notices
from .base import CaseView, Cell, MoveButton, column_at, describe, name_events, show
from .base_layout import APPLICATIONS
from .casework_household import HouseholdPages
from .casework_intake import IntakePages
from .casework_queues import add_counter, queue_url, queues_of

describe(HouseholdMember.relation, choices={"applicant": "申請人本人", **forms.RELATIONS})
describe(Person.sex, choices=forms.SEXES)
name_events(
    {
        "application.opened": _l("Draft opened"),
        "application.saved": _l("Application saved"),
        "application.means_filled": _l("Received tax and pension data filled in"),
        "application.household_asked": _l("Household data asked for"),
        "application.household_read": _l("Household data read"),
        "application.household_taken": _l("Household data taken over"),
        "application.document": _l("Document noted"),
        "application.exclusions_checked": _l("Exclusions checked"),
        "application.exception": _l("Lawful exception recorded"),
        "application.reopened": _l("Reopened for a change"),
        "decision.made": _l("Decision made"),
        "case_change.recorded": _l("Change recorded"),
        "correction_notice.issued": _l("Correction notice issued"),
        "person.moved": _l("Moved to another township"),
    }
)


def _passed(result: str) -> Any:
    def run(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
        review.first_review(actor, pk, result, comment, seen_version=seen_version)

    return run


def _approve(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    review.approve(actor, pk, comment, seen_version=seen_version)


def _reject(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    review.reject(actor, pk, comment, seen_version=seen_version)


def _second(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    review.second_review(actor, pk, comment, seen_version=seen_version)


def _return(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    review.return_to_township(actor, pk, comment, seen_version=seen_version)


def _complete(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    documents.mark_documents_complete(actor, pk, seen_version=seen_version)


def _check(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    exclusions.check_exclusions(actor, pk)


def _fill(actor: Actor, pk: int, comment: str, seen_version: Any) -> None:
    received_means.fill_means(actor, pk)


class CorrectionForm(Form):
    """A 補正通知."""

    items = TextAreaField("要補正的內容（每行一項）")
    days = IntegerField("期限（日）", default=documents.PERIOD)


class VisitForm(Form):
    """初審 after a home visit."""

    result = forms.CodeSelect("初審結果", codes=FIRST_RESULTS)
    visited_on = forms.field_of(Application, "visited_on")
    visit_report = forms.field_of(Application, "visit_report")
    opinion = TextAreaField("初審意見")


class ExceptionForm(Form):
    """A lawful exception to an exclusion, or the county's finding that both may be drawn."""

    code = StringField("認定代碼", description="縣府自訂的例外代碼，例如 E01")
    reason = StringField("理由", description="法令依據或已放棄他項津貼的日期與文號")


class ApplicationView(IntakePages, HouseholdPages, CaseView):
    """What every benefit's application screens share. A benefit sets `datamodel` and `record_name`; the rest is made from its model."""

    benefit = ""
    record_name = _l("Application")
    menu_label: Any = ""
    """The benefit's name in the menu, where its full name does not fit one line."""
    personal = True
    lifecycle = APPLICATION
    base_order = ("id", "desc")
    list_template = "casework/list.html"
    show_template = "casework/show.html"
    list_columns = ["case_no", "applicant.name", "applicant.person_id", "town_code", "purpose", "received_on", "documents_complete_on", "state"]
    order_columns = ["case_no", "received_on", "documents_complete_on", "state"]
    search_columns = ["case_no", "applicant.person_id", "applicant.name", "town_code", "state", "purpose", "received_on"]
    stopped_states = ("rejected", "withdrawn")
    progress = (
        (_l("Intake"), ("draft", "submitted", "returned_for_correction", "returned_to_township", "withdrawn")),
        (_l("Preliminary review"), ("complete",)),
        (_l("Forwarding"), ("preliminary_reviewed",)),
        (_l("Second review"), ("forwarded",)),
        (_l("Approval step"), ("second_reviewed",)),
        (_l("Decision step"), ("approved", "rejected")),
    )
    move_commands = {
        "mark_complete": _complete,
        "first_pass": _passed("pass"),
        "first_fail": _passed("fail"),
        "first_visit": _passed("needs_visit"),
        "forward": review.forward,
        "forward_to_decide": review.forward,
        "check_exclusions": _check,
        "fill_means": _fill,
        "second_review": _second,
        "return_to_township": _return,
        "approve": _approve,
        "reject": _reject,
        "withdraw": intake.withdraw,
    }
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_reveal": roles.CASEWORKERS,
        "can_intake": roles.TOWNSHIP,
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        model = getattr(cls, "datamodel", None) and cls.datamodel.obj
        if model is not None:
            cls.benefit, cls.route_base = model.BENEFIT, f"/{model.BENEFIT}"
            if isinstance(model.FACTS, tuple):  # else every case says itself what it asks
                cls.show_fieldsets = fieldsets(model.SECTIONS, model.FACTS)
            if clocks.case_clocks(cls.benefit):
                cls.list_columns = [*cls.list_columns[:-1], "due_on", cls.list_columns[-1]]
                cls.order_columns = [*cls.order_columns, "due_on"]
            cls.datamodel.record_options = (joinedload(model.applicant), joinedload(model.documents), joinedload(model.corrections))

    def record_title(self, item: Application) -> str:
        return f"{item.case_no}　{item.applicant.name}"

    def record_subtitle(self, item: Application) -> str:
        return "" if item.purpose == "new" else str(PURPOSES[item.purpose])

    # -- moves ----------------------------------------------------------------------------------------------------------
    def moves(self, item: Application) -> Sequence[MoveButton]:
        who = web.actor()
        if who is None:
            return []
        found = {m.name: MoveButton(m.name, m.label, m.style, m.needs_comment) for m in APPLICATION.open_to(who, item)}
        buttons = []
        if "first_review" in found:
            buttons += [
                MoveButton("first_pass", _l("Propose approval"), "primary", True),
                MoveButton("first_fail", _l("Propose rejection"), "default", True),
            ]
            if item.state == "complete":
                buttons.append(MoveButton("first_visit", _l("Needs a home visit"), "default", True))
        if item.state in ("forwarded", "second_reviewed") and who.can("casework.exclusions"):
            buttons.append(MoveButton("check_exclusions", _l("Check exclusions now")))
        if item.editable and "means" in item.SECTIONS and who.can("casework.save") and self.permits("intake"):
            buttons.append(MoveButton("fill_means", _l("Fill in received tax and pension data")))
        buttons += [b for name, b in found.items() if name in self.move_commands]
        return buttons

    def waiting(self, item: Application) -> Sequence[str]:
        who = web.actor()
        if who is not None and self.permits("intake") and who.can("casework.submit"):
            if item.state == "draft":
                return ["下一步：按上方「繼續填寫」填完各節，在「確認送出」送出。"]
            if item.state in ("returned_for_correction", "returned_to_township"):
                return ["下一步：按上方「修改申請資料」補登文件或更正內容，在「確認送出」再送出一次。"]
        return super().waiting(item)

    # -- the page -------------------------------------------------------------------------------------------------------
    def show_context(self, item: Application) -> dict[str, Any]:
        session = db.session()
        decision = self.decision_of(item)
        if decision is None:
            facts.load_household(session, item)
        judged = codec.from_plain(Judgement, decision.judgement) if decision else self.judged(item)
        award, payments = self._award(item)
        today = clock.today()
        return {
            "decision": decision,
            "judged": judged,
            "outcomes": TONES,
            "answers": {Answer.YES: "good", Answer.NO: "bad", Answer.UNKNOWN: "warn"},
            "award": award,
            "payments": payments,
            "carried": self._carried(award, payments),
            "history_spans": household_history.spans(session, award) if award and award.household_no else [],
            "changes": self._changes(item),
            "document_names": DOCUMENTS,
            "relations": {"applicant": "申請人本人", **forms.RELATIONS},
            "circumstances": forms.CIRCUMSTANCES,
            "checks": item.exclusions or {"hits": [], "sources": [], "shared": []},
            "unchecked": exclusions.unchecked(item),
            "lacking": review.evidence(item, today, judged.amount if judged else None) if item.state in ("forwarded", "second_reviewed") else [],
            "clocks": deadlines.running(session, item, today),
            "alerts": self.alerts(item, today),
            "links": self._links(item),
            "notices": (written := notices.of_case(item)),
            "notice_buttons": notices.buttons(item, web.actor(), written),
            "notice_kinds": NOTICE_KINDS,
            "tasks": arrival_tasks.open_for(session, item.id) if item.state == "approved" else [],
            "show_month": roc.show_month,
            "forever": FOREVER,
            "iso_date": dt.date.fromisoformat,
            "today": today,
            "exact": lambda v: "" if v is None else money.show_exact(v),
            "first_results": FIRST_RESULTS,
            "labelled": lambda obj, name: show(getattr(obj, name), column_at(type(obj), name)),
        }

    def decision_of(self, item: Application) -> Decision | None:
        """The last decision of this application, when it is decided."""
        return item.decisions[-1] if item.state in ("approved", "rejected") and item.decisions else None

    def _award(self, item: Application) -> tuple[Award | None, list[Payment]]:
        """The person's newest award of the benefit and its last twelve payments, in one query."""
        paid = and_(Payment.award_id == Award.id, Payment.live)
        rows = db.session.execute(
            select(Award, Payment)
            .outerjoin(Payment, paid)
            .where(Award.recipient_id == item.applicant_id, Award.benefit == item.benefit)
            .order_by(Award.id.desc(), Payment.month.desc())
            .limit(12)
        ).all()
        award = rows[0][0] if rows else None
        return award, [payment for of, payment in rows if of is award and payment is not None]

    def _carried(self, award: Award | None, payments: Sequence[Payment]) -> dict[int, PaymentLine]:
        """The newest line that carries each payment (the last one after a return), by the payment's id."""
        if award is None or not payments:
            return {}
        lines = select(PaymentLine).where(PaymentLine.award_id == award.id, PaymentLine.root_run_id.in_({p.run_id for p in payments}))
        newest = {(x.root_run_id, x.root_line_no): x for x in db.session.scalars(lines.order_by(PaymentLine.id))}
        return {p.id: newest[p.run_id, p.line_no] for p in payments if (p.run_id, p.line_no) in newest}

    def _changes(self, item: Application) -> list[Change]:
        """What happened to the case since; only a running case has changes."""
        if item.state != "approved":
            return []
        return list(db.session.scalars(select(Change).where(Change.application_id == item.id).order_by(Change.id.desc())))

    def progress_of(self, item: Application) -> Sequence[tuple[Any, Sequence[str]]]:
        """A case without a second review does not wait for one."""
        return [row for row in self.progress if "second_review" in item.STEPS or row[1] != ("forwarded",)]

    def alerts(self, item: Application, today: dt.date) -> list[tuple[str, str]]:
        """(tone, sentence) pairs for the top of the page."""
        out = []
        if item.applicant.died_on:
            out.append(("bad", f"申請人已於 {roc.show_date(item.applicant.died_on)} 死亡"))
        for hit in exclusions.unresolved(item) if item.state not in CLOSED else []:
            out.append(("bad", f"互斥：{hit['name']}（{roc.show_month(hit['first'])}起，{hit['source']}），{hit['article']}"))
        for notice in item.corrections:
            if notice.answered_on is None and item.state == "returned_for_correction":
                late = notice.due_on < today
                out.append(("bad" if late else "warn", f"補正期限 {roc.show_date(notice.due_on)}{'，已逾期' if late else ''}：{'、'.join(notice.items)}"))
        return out

    def _links(self, item: Application) -> dict[str, str]:
        who = web.actor()
        links = {"sheet": url_for(f"{self.endpoint}.sheet", pk=item.id), "sources": url_for(f"{self.endpoint}.sources", pk=item.id)}
        if who is None:
            return links
        if self.permits("intake") and item.editable and who.can("casework.save"):
            links["intake"] = url_for(f"{self.endpoint}.intake", pk=item.id, section="person" if item.state == "draft" else "summary")
        if self.permits("intake") and item.editable and "household" in item.SECTIONS and who.can("casework.save"):
            links["household"] = url_for(f"{self.endpoint}.household", pk=item.id)
        if APPLICATION.why_not(who, item, "request_correction") is None:
            links["correction"] = url_for(f"{self.endpoint}.correction", pk=item.id)
        due = deadlines.asks_visit(item) and item.visited_on is None
        if (item.first_result == "needs_visit" or due) and APPLICATION.why_not(who, item, "first_review") is None:
            links["visit"] = url_for(f"{self.endpoint}.visit", pk=item.id)
        if item.state == "approved" and who.can("casework.record_change"):
            links["change"] = url_for("ChangeView.record", application=item.id)
        if item.state in ("forwarded", "second_reviewed") and who.can("casework.second_review"):
            links["exception"] = url_for(f"{self.endpoint}.exception", pk=item.id, hit=0)[:-1]
        links["person"] = url_for("PersonView.show", pk=item.applicant_id)
        return links

    # -- pages of their own ---------------------------------------------------------------------------------------------
    @expose("/sheet/<pk>")
    @has_access
    @permission_name("show")
    def sheet(self, pk: str) -> ResponseReturnValue:
        """The calculation with its articles, for the citizen: 家庭應計人口及收入財產計算表."""
        item = self.item(pk)
        purpose = web.purpose_for(self._purpose_key(item))
        if purpose is None:
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        self.log_look("print", item, purpose)
        return self.render_template(
            "casework/sheet.html",
            title=f"審核結果計算表　{item.case_no}",
            item=item,
            back=url_for(f"{self.endpoint}.show", pk=pk),
            **self.show_context(item),
        )

    @expose("/sources/<pk>")
    @has_access
    @permission_name("show")
    def sources(self, pk: str) -> ResponseReturnValue:
        """How old the registers are that an exclusion check looks into."""
        item = self.item(pk)
        return self.render_template("casework/sources.html", title="資料來源的新舊", item=item, back=url_for(f"{self.endpoint}.show", pk=pk))

    @expose("/correction/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("intake")
    def correction(self, pk: str) -> ResponseReturnValue:
        """Write a correction notice."""
        item = self.item(pk)
        missing = [str(DOCUMENTS.get(d.code, d.code)) for d in item.documents if d.missing]
        form = CorrectionForm(request.form if request.method == "POST" else None, data={"items": "\n".join(missing), "days": documents.PERIOD})
        return self._small_form(
            item, form, "補正通知",
            lambda: documents.request_correction(
                web.signed_in(), item.id, (form.items.data or "").splitlines(), form.days.data or 0, seen_version=locking.seen_version(request.form)
            ),
        )  # fmt: skip

    @expose("/visit/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("intake")
    def visit(self, pk: str) -> ResponseReturnValue:
        """初審 with the report of a home visit."""
        item = self.item(pk)
        form = VisitForm(request.form if request.method == "POST" else None, obj=item if request.method == "GET" else None)
        return self._small_form(
            item, form, "登錄訪視與初審",
            lambda: review.first_review(
                web.signed_in(), item.id, form.result.data or "", form.opinion.data or "", form.visited_on.data, form.visit_report.data or "",
                seen_version=locking.seen_version(request.form),
            ),
        )  # fmt: skip

    @expose("/exception/<pk>/<int:hit>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def exception(self, pk: str, hit: int) -> ResponseReturnValue:
        """Record a lawful exception to one exclusion."""
        item = self.item(pk)
        hits = (item.exclusions or {}).get("hits", [])
        if hit >= len(hits):
            abort(404)
        form = ExceptionForm(request.form if request.method == "POST" else None)
        return self._small_form(
            item, form, f"登錄互斥認定：{hits[hit]['name']}",
            lambda: exclusions.record_exception(web.signed_in(), item.id, hit, form.code.data or "", form.reason.data or ""),
        )  # fmt: skip

    def _small_form(self, item: Application, form: Form, title: str, act: Any, intro: str = "", seen: int | None = None) -> ResponseReturnValue:
        back = url_for(f"{self.endpoint}.show", pk=item.id)
        if web.purpose_for(self._purpose_key(item)) is None:
            return redirect(back)
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                act()
                flash(f"「{title}」完成。", "success")
                return redirect(back, 303)
            except Incomplete as error:
                problem, item = place(form, error), self.item(item.id)
            except CommandError as error:
                problem, item = error.message, self.item(item.id)
        failed = bool(problem or form.errors)
        page = self.render_template(
            "casework/small_form.html", title=f"{title}　{item.case_no}", form=form, problem=problem, failed=failed, back=back, seen_version=seen or item.version,
            intro=intro,
        )
        return (page, 422) if failed else page

    # -- queues ---------------------------------------------------------------------------------------------------------
    def _cells(self, item: Any) -> Sequence[Any]:
        """The deadline is said in days left and coloured."""
        cells = list(super()._cells(item))
        if "due_on" in self.list_columns and item.due_on is not None:
            words, tone = deadlines.label(item)
            cell = Cell(f"{roc.show_date(item.due_on)}　{words}")
            cell.raw, cell.kind, cell.style = item.due_on, "date", tone
            cells[self.list_columns.index("due_on")] = cell
        return cells

    def list_context(self) -> dict[str, Any]:
        who = web.actor()
        return {
            "queues": [
                (label, queue_url(self.endpoint, state, self.benefit), request.args.get("_flt_0_state") == state) for state, label in queues_of(who)
            ],
            "open_url": url_for(f"{self.endpoint}.open") if self.permits("intake") and who is not None and who.can("casework.open") else "",
        }


def place(form: Form, error: Incomplete) -> str:
    """Put each problem at its field; what has no field on this form comes back as one text."""
    left = []
    for p in error.problems:
        if p.field in form:
            form[p.field].errors = [*form[p.field].errors, p.message]
        else:
            left.append(p.message)
    return "；".join(left)


TONES = {Outcome.MET: "good", Outcome.NOT_MET: "bad", Outcome.NOT_KNOWN: "warn"}


def fieldsets(sections: Sequence[str], facts: Sequence[str]) -> list[tuple[Any, dict[str, list[str]]]]:
    """The record's fields for the page, from what the benefit declares."""
    account = ["channel", "institution", "account", "payee_name", "payee_person_id", "payee_reason", "protected_account"]
    return [
        (_l("Applicant"), {"fields": [
            "applicant.name", "applicant.person_id", "applicant.birth", "applicant.sex", "applicant.phone",
            "applicant.registered_address", "applicant.actual_address", "agent_name", "agent_relation", "agent_phone",
        ]}),
        (_l("Application"), {"fields": [
            "case_no", "purpose", "received_on", "documents_complete_on", "household_taken_on", "consent_on", "affidavit_on",
            *(["effective_month"] if "account" in sections else ["valid_from", "valid_to"]),
        ]}),
        (_l("Residence and status"), {"fields": list(facts)}),
        *([(_l("Payment account"), {"fields": account})] if "account" in sections else []),
    ]  # fmt: skip


def add_benefit(appbuilder: Any, view: type[ApplicationView], order: int, icon: str = "fa-user") -> None:
    """Register a benefit's applications: the screen, its place in the menu, its queues on the home page."""
    model = view.datamodel.obj
    name = english(model.LABEL)
    appbuilder.add_view(
        view, f"{name} applications", label=view.menu_label or model.LABEL, icon=icon, **APPLICATIONS
    )
    add_counter(view.__name__, model.BENEFIT, model.LABEL, order)


def english(label: Any) -> str:
    """The msgid of a label: the language-free name of a menu."""
    return str(label._args[0])
