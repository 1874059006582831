"""Notices on screen: what waits to be notified, issuing with a look at the letter, printing, service."""

import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, SelectField, StringField

from app.commands import printing
from app.commands.base import CommandError, Refused
from app.commands.notices import bulk, issue, service
from app.commands.notices.service import NOTICE
from app.core import clock
from app.core.text import row_number
from app.extensions import db
from app.jobs import notices_issue
from app.models.application import Application
from app.models.decision import Change, Decision
from app.models.job import DONE, Job
from app.models.notice import KINDS, METHODS, Notice
from app.models.overpayment import Overpayment
from app.printing.documents import each_receiver, letter_of
from app.security import roles, web

from . import locking
from .base import CaseView, ListView, ViewInterface, describe, name_events
from .casework_changes import application_url
from .fields_roc import RocDateField
from .home import tile

ORDER = 35
BATCH = "_flt_0_batch"

describe(Notice.kind, choices=KINDS)
name_events(
    {
        "notice.issued": _l("Notice issued"),
        "notice.issue_all": _l("Issued as a batch"),
        "notice_template.saved": _l("Template saved"),
        "notice_sender.add": _l("Sender entered"),
        "notice_sender.change": _l("Sender changed"),
    }
)


class IssueForm(Form):
    """To whom and where."""

    receiver = StringField("受文者", description="通常是當事人；當事人死亡時填家屬或繼承人")
    address = StringField("送達地址", description="預設為實際居住地址，沒有時為戶籍地址")


class ServeForm(Form):
    """How and when it reached the person."""

    method = SelectField("送達方式", choices=list(METHODS.items()))
    on = RocDateField("送達日期", description="本人、同居人或受僱人簽收之日；寄存送達填寄存之日；公示送達填公告之日")
    note = StringField("收據或寄存號碼", description="寄存送達與公示送達必填")


def pdf_response(notices: Sequence[Notice], name: str) -> Response:
    """The notices as one PDF to be saved. Raises Refused."""
    content = printing.print_letters([copy for n in notices for copy in each_receiver(letter_of(n.letter))], clock.now())
    return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{name}.pdf")


def issue_url(source: str, key: int) -> str:
    """The page on which a notice is looked at and issued."""
    return url_for("NoticeView.issue", source=source, key=key)


class NoticeView(CaseView):
    """Issued notices: the letter as it left, its service, printing one or many."""

    datamodel = ViewInterface(Notice)
    route_base = "/notices"
    record_name = _l("Official notice")
    lifecycle = NOTICE
    base_order = ("id", "desc")
    list_template = "notices/list.html"
    show_template = "notices/show.html"
    person_path = "person_id"
    list_columns = ["number", "kind", "name", "benefit", "town_code", "issued_on", "served_on", "appeal_until", "state"]
    order_columns = ["issued_on", "served_on", "appeal_until", "state"]
    search_columns = ["number", "kind", "person_id", "name", "benefit", "town_code", "state", "issued_on", "served_on", "batch"]
    show_fieldsets = [
        (_l("Official notice"), {"fields": ["number", "kind", "benefit", "agency", "issued_on", "name", "person_id", "address", "edition", "batch"]}),
        (_l("Service"), {"fields": ["service_method", "service_on", "served_on", "appeal_until", "service_note"]}),
    ]
    progress = ((_l("Issued, not yet served"), ("issued",)), (_l("Service recorded"), ("served", "withdrawn")))
    stopped_states = ("withdrawn",)
    move_commands = {"withdraw": service.withdraw}
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_reveal": roles.CASEWORKERS,
        "can_print": roles.CASEWORKERS,
        "can_issue": roles.CASEWORKERS,
        "can_serve": roles.CASEWORKERS,
        "print_all": roles.CASEWORKERS,
        "serve_all": roles.CASEWORKERS,
    }
    list_hint = "發文後登錄送達方式與日期，救濟期間才能起算。"

    def record_title(self, item: Notice) -> str:
        return f"{KINDS[item.kind]}　{item.name}"

    def record_subtitle(self, item: Notice) -> str:
        return item.number

    def list_context(self) -> dict[str, Any]:
        batch = request.args.get(BATCH, "")
        return {"batch": batch, "batch_url": url_for(f"{self.endpoint}.print_batch") if batch and self.permits("print") else ""}

    def show_context(self, item: Notice) -> dict[str, Any]:
        who = web.signed_in()
        may_serve = self.permits("serve") and NOTICE.why_not(who, item, "serve") is None
        return {
            "letter": letter_of(item.letter),
            "print_url": url_for(f"{self.endpoint}.print", pk=item.id) if self.permits("print") else "",
            "serve_url": url_for(f"{self.endpoint}.serve", pk=item.id) if may_serve else "",
            "case_url": case_url(item),
            "days": (clock.today() - item.issued_on).days,
        }

    # -- issuing ----------------------------------------------------------------------------------------------------------
    @expose("/issue/<source>/<int:key>", methods=["GET", "POST"])
    @has_access
    def issue(self, source: str, key: int) -> ResponseReturnValue:
        """Look at the letter, correct the receiver, issue."""
        who = web.signed_in()
        try:
            about, letter = issue.preview(who, source, key)
        except Refused as error:
            flash(error.message, "danger")
            return redirect(self._back(source, key), 303)
        except CommandError:
            web.log_miss(issue.SOURCES.get(source, Decision), key)
            abort(404)
        web.log_access("show", (Notice.__tablename__, None), f"通知書發文：{KINDS[about.kind]}", person=about.person.person_id)
        form = IssueForm(request.form if request.method == "POST" else None, data={"receiver": about.receiver, "address": about.address})
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                number = issue.issue(who, source, key, form.receiver.data or "", form.address.data or "")
                web.give_purpose(f"{Notice.__tablename__}:{number}", "通知書發文")
                flash("已發文；請列印後交付送達，並登錄送達日期。", "success")
                return redirect(url_for(f"{self.endpoint}.show", pk=number), 303)
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "notices/issue.html", title=f"發文：{KINDS[about.kind]}", form=form, problem=problem, letter=letter, back=self._back(source, key)
        )
        return page, 422 if problem or form.errors else 200

    def _back(self, source: str, key: int) -> str:
        """The page of what the notice is about, when it is within reach."""
        row = db.session.get(issue.SOURCES[source], key) if source in issue.SOURCES else None
        if isinstance(row, Overpayment):
            return url_for("OverpaymentView.show", pk=row.id)
        case = row if isinstance(row, Application) else getattr(row, "application", None)
        return application_url(case) if case is not None else url_for(f"{self.endpoint}.list")

    # -- printing ---------------------------------------------------------------------------------------------------------
    @expose("/print/<pk>", methods=["POST"])
    @has_access
    def print(self, pk: str) -> ResponseReturnValue:
        """One notice as PDF, as it was issued; logged."""
        item = self.item(pk)
        purpose = web.purpose_for(self._purpose_key(item))
        if purpose is None:
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        try:
            answer = pdf_response([item], item.number)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        self.log_look("print", item, purpose)
        return answer

    def _print_many(self, items: Sequence[Notice], name: str) -> ResponseReturnValue | None:
        try:
            answer = pdf_response(items, name)
        except CommandError as error:
            flash(error.message, "danger")
            return None
        web.log_accesses("print", [(self._subject(item), item.person_id) for item in items], f"通知書合併列印（{name}）")
        return answer

    @action("print_all", _l("Print together"), "", "", multiple=True, single=False)
    def print_all(self, items: Sequence[Notice]) -> ResponseReturnValue | None:
        """The ticked notices as one PDF."""
        return self._print_many(items, f"通知書{len(items)}件")

    @expose("/print_batch", methods=["POST"])
    @has_access
    @permission_name("print")
    def print_batch(self) -> ResponseReturnValue:
        """All notices that were issued together, as one PDF."""
        batch = request.form.get("batch", "")
        items = db.session.scalars(select(Notice).where(Notice.batch == batch, Notice.state != "withdrawn").order_by(Notice.address, Notice.id).limit(issue.MANY + 1)).all()
        if items and len(items) <= issue.MANY and (answer := self._print_many(items, f"通知書_{batch}")):
            return answer
        if len(items) > issue.MANY:
            flash(f"這一批超過 {issue.MANY} 件，請在「大批列印檔案」下載，或分次勾選列印。", "warning")
        return redirect(f"{url_for(f'{self.endpoint}.list')}?{urlencode({BATCH: batch})}", 303)

    # -- service ----------------------------------------------------------------------------------------------------------
    @expose("/serve/<pk>", methods=["GET", "POST"])
    @has_access
    def serve(self, pk: str) -> ResponseReturnValue:
        """Record how and when one notice was served."""
        item = self.item(pk)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        if web.purpose_for(self._purpose_key(item)) is None:
            return redirect(back)
        form, problem = self._serve_form(), ""
        if request.method == "POST" and form.validate():
            try:
                service.record_service(
                    web.signed_in(), item.id, form.method.data, form.on.data, form.note.data or "", seen_version=locking.seen_version(request.form)
                )
                flash("已登錄送達。", "success")
                return redirect(back, 303)
            except CommandError as error:
                problem, item = error.message, self.item(pk)
        return self._serve_page(form, problem, f"登錄送達　{item.number}", back, [item], item.version)

    @action("serve_all", _l("Record the service"), "", "", multiple=True, single=False)
    def serve_all(self, items: Sequence[Notice]) -> ResponseReturnValue | None:
        """The same service for the ticked notices: asks for method and date."""
        waiting = [n for n in items if n.state == "issued"]
        if not waiting:
            flash("勾選的通知書都已登錄送達或已撤回。", "warning")
            return None
        return self._serve_page(ServeForm(data={"on": clock.today()}), "", f"登錄送達　{len(waiting)} 件", url_for(f"{self.endpoint}.list"), waiting)

    @expose("/serve_many", methods=["POST"])
    @has_access
    @permission_name("serve")
    def serve_many(self) -> ResponseReturnValue:
        """Take in what `serve_all` asked."""
        keys = {row_number(v) for v in request.form.getlist("notice")} - {None}
        items = list(db.session.scalars(select(Notice).where(Notice.id.in_(keys)).order_by(Notice.id).limit(100)))
        form, problem, back = self._serve_form(), "", url_for(f"{self.endpoint}.list")
        if items and form.validate():
            try:
                done = service.record_service_of_many(web.signed_in(), [n.id for n in items], form.method.data, form.on.data, form.note.data or "")
                flash(f"已登錄 {done} 件送達。", "success")
                return redirect(back, 303)
            except CommandError as error:
                problem = error.message
        return self._serve_page(form, problem or "請先勾選通知書", f"登錄送達　{len(items)} 件", back, items)

    def _serve_form(self) -> ServeForm:
        return ServeForm(request.form if request.method == "POST" else None, data={"on": clock.today()})

    def _serve_page(
        self, form: ServeForm, problem: str, title: str, back: str, items: Sequence[Notice], seen: int | str = ""
    ) -> ResponseReturnValue:
        many = "" if seen != "" else url_for(f"{self.endpoint}.serve_many")
        page = self.render_template(
            "notices/serve.html", title=title, form=form, problem=problem, back=back, items=items, many_url=many, seen_version=seen, kinds=KINDS
        )
        return page, 422 if problem or form.errors else 200


def case_url(item: Notice) -> str:
    """The page of the case or claim a notice is about; empty when it is out of reach."""
    if item.overpayment_id is not None:
        return url_for("OverpaymentView.show", pk=item.overpayment_id)
    case = db.session.scalar(select(Application).where(Application.id == item.application_id))
    return application_url(case) if case is not None else ""


class DecisionsDue(BaseFilter):
    """Only decisions that still have to be notified."""

    name = "DecisionsDue"
    arg_name = "due"

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(Decision.id.in_(issue.decisions_due()))


class ChangesDue(BaseFilter):
    """Only changes that still have to be notified."""

    name = "ChangesDue"
    arg_name = "due"

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(Change.id.in_(issue.changes_due()))


class DecisionNoticeView(ListView):
    """Decisions whose notice was not issued yet."""

    datamodel = ViewInterface(Decision)
    route_base = "/decisions_to_notify"
    record_name = _l("Notice of a decision")
    list_title = _l("Decisions to notify")
    list_template = "notices/due.html"
    base_filters = [["id", DecisionsDue, lambda: None]]
    base_order = ("id", "asc")
    list_columns = ["decision_no", "application.case_no", "application.applicant.name", "benefit", "town_code", "outcome", "decided_at"]
    order_columns = ["decision_no", "decided_at"]
    search_columns = ["decision_no", "benefit", "town_code", "outcome"]
    exclude_route_methods = {*ListView.exclude_route_methods, "show"}
    default_roles = {
        "can_list": (*roles.COUNTY, roles.AUDITOR),
        "can_export": (*roles.COUNTY, roles.AUDITOR),
        "can_all": roles.COUNTY,
        "issue_ticked": roles.COUNTY,
    }
    list_hint = "核定（不予核定）後還沒有發文的案件。勾選後發文，或全部交由背景作業發文並產生一個列印檔。"
    empty_message = "沒有待發文的核定案。"

    def table(self, *args: Any, **kwargs: Any) -> Any:
        made = super().table(*args, **kwargs)
        urls = {d.id: application_url(d.application) for d in db.session.scalars(select(Decision).where(Decision.id.in_([r.pk for r in made.rows])))}
        made.rows = [type(r)(r.pk, urls.get(r.pk, ""), r.cells) for r in made.rows]
        return made

    def list_context(self) -> dict[str, Any]:
        return {"all_url": url_for(f"{self.endpoint}.all") if self.permits("all") else "", "benefit": request.args.get("_flt_0_benefit", "")}

    @action("issue_ticked", _l("Issue the notices"), "", "", multiple=True, single=False)
    def issue_ticked(self, items: Sequence[Decision]) -> ResponseReturnValue | None:
        """Issue the notices of the ticked decisions; then they can be printed as one file."""
        who = web.signed_in()
        batch = f"{clock.to_taipei(clock.now()):%m%d%H%M%S}-{who.user_id}"
        try:
            done = issue.issue_decisions(who, [d.id for d in items], batch)
        except CommandError as error:
            flash(error.message, "danger")
            return None
        for case_no, reason in done.refused:
            flash(f"{case_no} 沒有發文：{reason}", "warning")
        if not done.issued:
            return None
        flash(f"已發文 {len(done.issued)} 件；請按「整批列印」。", "success")
        return redirect(f"{url_for('NoticeView.list')}?{urlencode({BATCH: batch})}", 303)

    @expose("/all", methods=["POST"])
    @has_access
    def all(self) -> ResponseReturnValue:
        """Issue and print everything that waits, in the background."""
        try:
            job = bulk.issue_all(web.signed_in(), request.form.get("benefit", ""))
            flash(f"已排入背景作業（第 {job} 號）；完成後在「大批列印檔案」下載。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.list"), 303)


class ChangeNoticeView(ListView):
    """Changes in effect whose notice was not issued yet."""

    datamodel = ViewInterface(Change)
    route_base = "/changes_to_notify"
    record_name = _l("Notice of a case change")
    list_title = _l("Changes to notify")
    base_filters = [["id", ChangesDue, lambda: None]]
    base_order = ("id", "asc")
    list_columns = ["application.case_no", "kind", "benefit", "town_code", "happened_on", "effective_month"]
    order_columns = ["happened_on", "effective_month"]
    search_columns = ["kind", "benefit", "town_code", "effective_month"]
    exclude_route_methods = {*ListView.exclude_route_methods, "show"}
    default_roles = {"can_list": (*roles.COUNTY, roles.AUDITOR), "can_export": (*roles.COUNTY, roles.AUDITOR)}
    list_hint = "已生效而還沒有發文的變更、停止與終止；點案號看信件內容並發文。"
    empty_message = "沒有待發文的異動。"

    def table(self, *args: Any, **kwargs: Any) -> Any:
        made = super().table(*args, **kwargs)
        writes = self.appbuilder.sm.has_access("can_issue", NoticeView.class_permission_name)
        made.rows = [type(r)(r.pk, issue_url("change", r.pk) if writes else url_for("ChangeView.show", pk=r.pk), r.cells) for r in made.rows]
        return made


class OwnPrints(BaseFilter):
    """Only the files that the signed-in person asked for."""

    name = "OwnPrints"
    arg_name = "own_prints"

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(Job.kind == bulk.KIND, Job.started_by_id == web.signed_in().user_id)


class PrintedFileView(ListView):
    """Only the person who asked for a printed file sees and gets it."""

    datamodel = ViewInterface(Job)
    route_base = "/printed"
    record_name = _l("Printed notices")
    opens = "file"
    list_title = _l("Printed notices")
    base_filters = [["id", OwnPrints, lambda: None]]
    base_order = ("id", "desc")
    list_columns = ["id", "result", "state", "requested_at"]
    order_columns = ["id", "requested_at"]
    formatters_columns = {"result": lambda result: f"發文 {(result or {}).get('發文', 0)} 件，未發文 {(result or {}).get('未發文', 0)} 件" if result else ""}
    personal = False
    exclude_route_methods = {*ListView.exclude_route_methods, "export", "search"}
    default_roles = {"can_list": roles.COUNTY, "can_file": roles.COUNTY}
    list_hint = f"保留 {notices_issue.KEPT_DAYS} 天；通知書本身隨時可以重新列印。"
    empty_message = "還沒有大批列印的檔案。"

    def row_url(self, item: Job) -> str:
        return url_for(f"{self.endpoint}.file", pk=item.id) if item.state == DONE and (item.result or {}).get("雜湊") else ""

    @expose("/file/<pk>")
    @has_access
    def file(self, pk: str) -> ResponseReturnValue:
        """The printed file, for the person who asked for it."""
        item = self.item(pk)
        digest = (item.result or {}).get("雜湊", "")
        path = notices_issue.file_of(item.id, digest)
        if item.state != DONE or not digest or not path.exists():
            flash("檔案還沒有完成，或已超過保留期限；請到通知書清單重新列印。", "warning")
            return redirect(url_for(f"{self.endpoint}.list"), 303)
        return send_file(path, as_attachment=True, download_name=f"通知書_{item.id}{path.suffix}")


def register(appbuilder: Any) -> None:
    menu = {"category": "Notices", "category_label": _l("Notices"), "category_icon": "fa-envelope"}
    appbuilder.add_view(NoticeView, "Notice list", label=_l("Official notice"), icon="fa-envelope", **menu)
    appbuilder.add_view(DecisionNoticeView, "Decisions to notify", label=_l("Decisions to notify"), icon="fa-paper-plane", **menu)
    appbuilder.add_view(ChangeNoticeView, "Changes to notify", label=_l("Changes to notify"), icon="fa-paper-plane-o", **menu)
    appbuilder.add_view(PrintedFileView, "Printed notices", label=_l("Printed notices"), icon="fa-print", **menu)

    tile(_l("Decisions to notify"), issue.decisions_due, lambda: url_for("DecisionNoticeView.list"),
         roles=(roles.COUNTY_OFFICER,), permission=("can_list", "DecisionNoticeView"), order=56)  # fmt: skip
    tile(_l("Changes to notify"), issue.changes_due, lambda: url_for("ChangeNoticeView.list"),
         roles=(roles.COUNTY_OFFICER,), permission=("can_list", "ChangeNoticeView"), order=57)  # fmt: skip
    tile(
        _l("Notices to serve"), issue.unserved, lambda: f"{url_for('NoticeView.list')}?_flt_0_state=issued&_oc_NoticeView=issued_on&_od_NoticeView=asc",
        roles=(roles.COUNTY_OFFICER, roles.TOWN_CLERK), permission=("can_list", "NoticeView"), order=58,
    )  # fmt: skip


def buttons(item: Application, who: Any, written: Sequence[Notice]) -> list[tuple[str, str]]:
    """(label, address) of the notices that can be issued from a case's page now, besides those of its changes. `written` = `of_case`."""
    if who is None or not who.can("notices.issue"):
        return []
    session, out = db.session(), []
    town = who.scope.level == "township"
    if not town and item.state in ("approved", "rejected") and item.decisions:
        last = item.decisions[-1]
        if not any(n.decision_id == last.id and n.state != "withdrawn" for n in written):
            out.append((f"發{KINDS[last.outcome]}", issue_url("decision", last.id)))
    if town and item.corrections:
        latest = item.corrections[-1]
        known = session.scalar(select(Notice.id).where(Notice.correction_id == latest.id, Notice.state != "withdrawn").limit(1))
        if known is None and latest.answered_on is None:
            out.append((f"發{KINDS['correction']}", issue_url("correction", latest.id)))
    if town and item.benefit == issue.LOW_INCOME and item.state == "approved":
        out.append((f"核發{KINDS['certificate']}", issue_url("certificate", item.id)))
    return out


def of_case(item: Application) -> list[Notice]:
    """The notices of a case, for its page."""
    return issue.notices_of(db.session(), application_id=item.id)
