"""Overpayments: the ledger, and the page of one claim with its months, its plan and the money that came back."""

import datetime as dt
import io
from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form

from app.commands import printing, recovery, recovery_end, recovery_slips, recovery_watch
from app.commands.base import CommandError, Refused
from app.commands.notices import issue
from app.commands.recovery import CLAIM, OPEN
from app.core import clock
from app.core.text import row_number
from app.extensions import db
from app.matching.rules import RULES
from app.models.award import Award
from app.models.notice import KINDS, Notice
from app.models.overpayment import METHODS, RELATIONS, Overpayment
from app.payments.recovery import ground
from app.security import roles, web
from app.security.actor import Actor

from . import locking
from .base import CaseView, MoveButton, ViewInterface, describe, name_events
from .home import tile
from .recovery_forms import STEP_FORMS, OpenForm

ORDER = 45
HEARING = dt.timedelta(days=15)
"""What is proposed for hearing the person (practice; the office may give more)."""

describe(Overpayment.rule_code, choices={code: rule.title for code, rule in RULES.items()})
describe(Overpayment.state, styles={
    "opened": "warn", "heard": "info", "decided": "info", "served": "warn", "settled": "good", "referred": "bad", "written_off": "neutral",
    "dropped": "neutral",
})  # fmt: skip


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
        (_l("Recovery procedure"), {"fields": ["known_on", "revoke_by", "lapses_on", "opinion_by", "opinion", "decision_no", "decided_on", "article", "pay_by", "served_on", "service", "enforce_by"]}),
        (_l("End of the claim"), {"fields": ["final_on", "referred_on", "referral_no", "referred_to", "authority", "closed_on"]}),
    ]  # fmt: skip
    progress = (
        (_l("Opening the claim"), ("opened",)),
        (_l("Hearing the person"), ("heard",)),
        (_l("Recovery decision"), ("decided",)),
        (_l("Service and payment"), ("served", "referred")),
        (_l("Claim closed"), ("settled", "written_off", "dropped")),
    )
    stopped_states = ("written_off", "dropped")
    move_commands = {"write_off": _reasoned(recovery_end.write_off), "drop": _reasoned(recovery.drop)}
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
            "ageing": recovery_watch.ageing(db.session(), clock.today()),
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
            "relations": RELATIONS,
            "papers": [recovery_end.PAPERS[code] for code in item.referral_files],
            "heir_url": self._heir_url(item),
            "prints": self._prints(item),
            "due": (due := recovery_watch.due_of(item, today)),
            "late": due is not None and due < today and item.balance > 0 and item.state in OPEN,
            "limits": recovery_watch.limits(item, today),
        }  # fmt: skip

    def _notice_links(self, item: Overpayment) -> list[tuple[str, str]]:
        """(label, address) of the notices that can be issued about a claim now."""
        if not web.signed_in().can("notices.issue") or web.signed_in().scope.level == "township":
            return []
        out = []
        for kind, source, states in (("hearing", "hearing", ("heard",)), ("recovery", "claim", ("decided", "served", "referred"))):
            known = select(Notice.id).where(Notice.overpayment_id == item.id, Notice.kind == kind, Notice.state != "withdrawn")
            if item.state in states and db.session.scalar(known.limit(1)) is None:
                out.append((f"發{KINDS[kind]}", url_for("NoticeView.issue", source=source, key=item.id)))
        if item.state in ("served", "referred") and item.balance > 0:
            out.append((f"發{KINDS['reminder']}", url_for("NoticeView.issue", source="reminder", key=item.id)))
        return out

    def moves(self, item: Overpayment) -> Sequence[MoveButton]:
        who = web.signed_in()
        return [MoveButton(m.name, m.label, m.style, m.needs_comment) for m in CLAIM.open_to(who, item) if m.name in self.move_commands]

    def _open_steps(self, item: Overpayment) -> list[tuple[str, str]]:
        """(form, label) of the steps with a form that the signed-in person may take now."""
        who = web.signed_in()
        out = [(n, str(CLAIM.moves[n].label)) for n in ("invite", "decide", "serve", "refer") if CLAIM.why_not(who, item, n) is None]
        if out and out[-1][0] == "refer":  # only when something is overdue
            due = recovery_watch.due_of(item, clock.today())
            out = out if due is not None and due < clock.today() else []
        if item.state in ("opened", "heard", "decided") and who.can("recovery.handle"):
            out.append(("heir", "登錄繼承人"))
        if item.state == "heard" and who.can("recovery.handle"):
            out.append(("opinion", "登錄陳述意見"))
        if item.state in ("decided", "served", "referred") and item.balance > 0 and who.can("recovery.handle"):
            out.append(("plan", "訂分期"))
        if item.state in OPEN and who.can("recovery.receive"):
            out.append(("repayment", "登錄繳款"))
        return out

    def _heir_url(self, item: Overpayment) -> Callable[[int], str] | None:
        """The page on which one heir's service is noted, while it may be."""
        if item.state != "decided" or not web.signed_in().can("recovery.handle"):
            return None
        return lambda heir: url_for(f"{self.endpoint}.step", pk=item.id, name="heir_served", heir=heir)

    def _prints(self, item: Overpayment) -> list[tuple[str, str]]:
        """(label, address) of the papers that can be printed now."""
        who, out = web.signed_in(), []
        if item.state in ("decided", "served", "referred") and item.balance and who.can("recovery.print_slips"):
            out.append(("列印繳款書", url_for(f"{self.endpoint}.paper", pk=item.id, name="slips")))
        if item.state == "referred" and who.can("recovery.print"):
            out.append(("列印移送書", url_for(f"{self.endpoint}.paper", pk=item.id, name="referral")))
        return out

    @expose("/paper/<pk>/<name>", methods=["POST"])
    @has_access
    @permission_name("show")
    def paper(self, pk: str, name: str) -> ResponseReturnValue:
        """Slips or the referral as PDF; logged."""
        item = self.item(pk)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        purpose = web.purpose_for(self._purpose_key(item))
        if purpose is None or name not in ("slips", "referral"):
            return redirect(back, 303)
        try:
            if name == "slips":
                content, file = printing.print_slips(*recovery_slips.slips(web.signed_in(), item.id)), "繳款書"
            else:
                letter, made_at = recovery_end.referral_letter(web.signed_in(), item.id)
                content, file = printing.print_letters([letter], made_at), "移送書"
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(back, 303)
        self.log_look("print", item, purpose)
        return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{file}_{item.claim_no}.pdf")

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
        heir = row_number(request.args.get("heir", ""))
        label = dict(self._open_steps(item)).get(name)
        if name == "heir_served" and heir is not None and self._heir_url(item):
            label = "登錄繼承人送達"
        if name not in STEP_FORMS or label is None or web.purpose_for(self._purpose_key(item)) is None:
            return redirect(back, 303)
        form = STEP_FORMS[name](request.form if request.method == "POST" else None, data=self._proposed(item))
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                self._take(name, item, form, heir, locking.seen_version(request.form))
                flash(f"「{label}」完成。", "success")
                return redirect(back, 303)
            except CommandError as error:
                problem, item = error.message, self.item(pk)
        return self._form(f"{label}　{item.claim_no}", form, problem, back, item.version)

    def _proposed(self, item: Overpayment) -> dict[str, Any]:
        today = clock.today()
        law = ground(item.benefit, today)
        slip = next(iter(recovery_slips.open_slips(item, today)), ("", item.balance, None, ""))
        return {
            "opinion_by": today + HEARING, "received_on": today, "served_on": today, "amount": slip[1], "slip_no": slip[0],
            "days": law.days, "article": law.article,
        }  # fmt: skip

    def _take(self, name: str, item: Overpayment, form: Any, heir: int | None, seen: int | None) -> None:
        who, f = web.signed_in(), {k: v for k, v in form.data.items() if v not in (None, "", [])}
        required = {"invite": "opinion_by", "serve": "served_on", "heir_served": "served_on", "plan": "first_due", "repayment": "received_on"}.get(name)
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
        elif name == "heir":
            given = {key: f.get(key, "") for key in ("person_id", "name", "relation", "address")}
            recovery.name_heir(who, item.id, **given, seen_version=seen)
        elif name == "heir_served" and heir is not None:
            recovery.record_heir_service(who, item.id, heir, f["served_on"], f.get("service", ""))
        elif name == "refer":
            recovery_end.refer(
                who, item.id, referral_no=f.get("referral_no", ""), referred_to=f.get("referred_to", ""), papers=f.get("papers", []),
                final_on=f.get("final_on"), seen_version=seen,
            )  # fmt: skip
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
        "overpayment.heir": _l("Heir entered"),
        "overpayment.heir_served": _l("Served on an heir"),
        "overpayment.slips_printed": _l("Payment slips printed"),
        "overpayment.referral_printed": _l("Referral printed"),
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
