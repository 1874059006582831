"""Tasks in running cases that received records or the disability register opened: the queue, one task with its answer, and how long the county waits."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands.base import CommandError
from app.commands.casework import arrival_tasks
from app.commands.casework.arrival_facts import READINGS
from app.commands.casework.steps import TASK
from app.commands.deliveries import SENDERS
from app.core import clock
from app.core.text import row_number
from app.exchange import codes
from app.extensions import db
from app.models.application import Application
from app.models.case_task import TASK_KINDS, ArrivalWait, CaseTask
from app.models.decision import CHANGE_KINDS
from app.models.exchange import SOURCES
from app.models.office import County
from app.security import roles, web

from .base import CaseView, MoveButton, ViewInterface, name_events
from .base_layout import place_names
from .casework_changes import application_url
from .home import WATCH, tile

ORDER = 31


class CaseTaskView(CaseView):
    """What registers reported about running cases. What is still in its waiting period stands in the list but not in the day's number."""

    datamodel = ViewInterface(CaseTask)
    route_base = "/case_tasks"
    record_name = _l("Reported event")
    lifecycle = TASK
    base_order = ("act_from", "asc")
    list_columns = ["kind", "case_no", "name", "benefit", "town_code", "happened_on", "effective_month", "due_on", "act_from", "state"]
    order_columns = ["happened_on", "effective_month", "due_on", "act_from", "state"]
    search_columns = ["case_no", "kind", "benefit", "town_code", "source", "state", "happened_on", "effective_month", "act_from"]
    show_fieldsets = [
        (_l("Reported event"), {"fields": ["kind", "facts", "case_no", "benefit", "name", "person_id", "happened_on", "until", "effective_month", "article"]}),
        (_l("Where it comes from"), {"fields": ["source", "batch_id", "opened_at", "act_from", "due_on"]}),
    ]  # fmt: skip
    queues: tuple[tuple[str, dict[str, str]], ...] = (
        ("待處理", {"_flt_0_state": "open"}),
        ("證明將到期", {"_flt_0_state": "open", "_flt_0_kind": "expiring"}),
        ("等級變更", {"_flt_0_state": "open", "_flt_0_kind": "card_changed"}),
        ("證明註銷、遷出", {"_flt_0_state": "open", "_flt_0_kind": "card_ended"}),
        ("得重新鑑定", {"_flt_0_state": "open", "_flt_0_kind": "may_apply"}),
        ("應通知", {"_flt_0_state": "open", "_flt_0_kind": "notify"}),
        ("證明待領取", {"_flt_0_state": "open", "_flt_0_kind": "pick_up"}),
        ("退匯徵兆", {"_flt_0_state": "open", "_flt_0_kind": "returned"}),
        ("識別證得換發", {"_flt_0_state": "open", "_flt_0_kind": "permit_renew"}),
        ("全部", {}),
    )
    list_template = "casework/tasks.html"
    show_template = "casework/task.html"
    person_path = "person_id"
    progress = ((_l("To be handled"), ("open",)), (_l("Handled"), ("done", "dismissed", "withdrawn")))
    stopped_states = ("withdrawn", "dismissed")
    move_commands = {"record": arrival_tasks.record, "settle": arrival_tasks.settle, "dismiss": arrival_tasks.dismiss}
    list_hint = "收到的戶籍、監管、入出境、安置、他機關給付與鑑定資料，以及手冊、證明的到期、註銷與等級變更，凡與發放中的案件有關的都列在這裡；來源撤銷、更正或換證時會自動結清。"
    default_roles = {
        **dict.fromkeys(("can_list", "can_show", "can_export"), (*roles.CASEWORKERS, roles.AUDITOR)),
        "can_reveal": roles.CASEWORKERS,
        "can_waits": SENDERS,
    }

    def record_title(self, item: CaseTask) -> str:
        return f"{TASK_KINDS[item.kind]}　{item.case_no}"

    def moves(self, item: CaseTask) -> Sequence[MoveButton]:
        proposed = bool(item.change_kind) and item.happened_on <= clock.today()
        return [m for m in super().moves(item) if m.name != "record" or proposed]

    def waiting(self, item: CaseTask) -> Sequence[str]:
        if item.state != "open":
            return super().waiting(item)
        if item.act_from > clock.today():
            return ["還在等待期內：等待期間來源若撤銷，這件通報會自動撤回；要先處理也可以。"]
        if item.change_kind:
            return [f"下一步：查明屬實後按「登錄異動」，系統會帶入「{CHANGE_KINDS[item.change_kind]}」與發生日期，由另一位同仁審核生效。"]
        return ["下一步：開啟案件查核，處理後選「另行處理」並寫明結果；不影響發給時選「不需異動」並寫理由。"]

    def show_context(self, item: CaseTask) -> dict[str, Any]:
        case = db.session.scalar(select(Application).where(Application.id == item.application_id)) if item.application_id else None
        change = url_for("ChangeView.show", pk=item.change_id) if item.change_id else ""
        card = url_for("DisabilityCardView.show", pk=item.card_id) if item.card_id else ""
        permit = url_for("ParkingPermitView.show", pk=item.permit_id) if item.permit_id else ""
        return {"case_url": application_url(case) if case is not None else "", "change_url": change, "card_url": card, "permit_url": permit}

    def list_context(self) -> dict[str, Any]:
        base, given = url_for(f"{self.endpoint}.list"), {k: v for k, v in request.args.items() if k in ("_flt_0_state", "_flt_0_kind")}
        return {"queues": [(label, f"{base}?{urlencode(args)}" if args else base, args == given) for label, args in self.queues]}

    @expose("/waits", methods=["GET", "POST"])
    @has_access
    def waits(self) -> ResponseReturnValue:
        """How many days the county lets pass before it acts on a source's reports."""
        who, problem = web.signed_in(), ""
        if request.method == "POST":
            days = row_number(request.form.get("days", "").strip() or "-")
            try:
                arrival_tasks.set_wait(
                    who, request.form.get("county") or None, request.form.get("source", ""), -1 if days is None else days, request.form.get("reason", "")
                )
                flash("已調整等待日數，之後收到的資料適用。", "success")
                return redirect(url_for("CaseTaskView.waits"), 303)
            except CommandError as error:
                problem = error.message
        own = who.scope.county_code
        page = self.render_template(
            "casework/task_waits.html", title="通報處理的等待日數", problem=problem, sources={s: SOURCES[s] for s in READINGS}, own=own,
            counties={own: codes.COUNTIES[own]} if own else place_names(County), back=url_for("CaseTaskView.list" if self.permits("list") else "BoardView.index"),
            rows=list(db.session.scalars(select(ArrivalWait).order_by(ArrivalWait.county_code, ArrivalWait.source))),
        )  # fmt: skip
        return page, 422 if problem else 200


def register(appbuilder: Any) -> None:
    name_events({"case_task.synchronised": _l("Reported events compared with the registers"), "arrival_wait.set": _l("Waiting period changed"),
                 "case_task.opened": _l("Tasks opened"), "case_task.closed": _l("Tasks closed")})
    appbuilder.add_view(
        CaseTaskView, "Reported events", label=_l("Reported events"), category="People", category_label=_l("People"), icon="fa-bell-o"
    )
    tile(
        _l("Reported events to handle"),
        lambda: select(CaseTask.id).where(CaseTask.state == "open", CaseTask.act_from <= clock.today()),
        lambda: f"{url_for('CaseTaskView.list')}?_flt_0_state=open",
        roles=roles.CASEWORKERS,
        permission=("can_list", "CaseTaskView"),
        tone="warn",
        order=29,
    )
    tile(
        _l("Reported events in their waiting period"),
        lambda: select(CaseTask.id).where(CaseTask.state == "open", CaseTask.act_from > clock.today()),
        lambda: f"{url_for('CaseTaskView.list')}?_flt_0_state=open",
        roles=roles.CASEWORKERS,
        permission=("can_list", "CaseTaskView"),
        group=WATCH,
        order=29,
    )
