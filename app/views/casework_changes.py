"""Changes of running cases: recorded at the township or the county, applied by another person at the county."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, StringField

from app.commands.base import CommandError
from app.commands.casework import changes
from app.commands.casework.steps import CHANGE
from app.commands.notices import issue
from app.core import clock, roc
from app.extensions import db
from app.models.application import CHANNELS, Application
from app.models.decision import CHANGE_KINDS, Change
from app.models.office import County, Township
from app.security import roles, web
from app.security.access import subject_of

from . import casework_forms as forms
from .base import CaseView, ViewInterface
from .base_layout import place_names
from .fields_roc import PersonIdField, RocDateField
from .home import tile

ACCOUNT_FIELDS = ("channel", "institution", "account", "payee_name", "payee_person_id", "payee_reason")


class ChangeForm(Form):
    """What happened. Fields of a kind that was not chosen are ignored."""

    kind = forms.CodeSelect("異動種類", codes=CHANGE_KINDS)
    happened_on = RocDateField("發生日期", description="事實發生的日期，不是申報或登記的日期；停發月份由此計算")
    reported_on = RocDateField("申報日期")
    note = StringField("說明")
    channel = forms.CodeSelect("新帳戶：撥款方式", codes=CHANNELS)
    institution = StringField("新帳戶：局號或總分行代號")
    account = StringField("新帳戶：帳號")
    payee_name = StringField("新帳戶：領款人姓名")
    payee_person_id = PersonIdField("新帳戶：領款人統一編號")
    payee_reason = StringField("新帳戶：非本人領款的依據")
    county_code = forms.CodeSelect("遷往縣市", codes={})
    town_code = forms.CodeSelect("遷往本縣鄉鎮市", codes={})
    address = StringField("新戶籍地址")

    def details(self) -> dict[str, Any]:
        """What the chosen kind keeps."""
        names: Sequence[str] = {
            "account": ACCOUNT_FIELDS,
            "move_out": ("county_code", "address"),
            "move_within": ("town_code", "address"),
        }.get(self.kind.data or "", ())
        return {n: (self[n].data or "").strip() or None for n in names}


class ChangeView(CaseView):
    """The list of changes and their page."""

    datamodel = ViewInterface(Change)
    route_base = "/case_changes"
    record_name = _l("Case change")
    lifecycle = CHANGE
    base_order = ("id", "desc")
    list_columns = ["application.case_no", "kind", "town_code", "happened_on", "reported_on", "effective_month", "state"]
    order_columns = ["happened_on", "reported_on", "effective_month", "state"]
    search_columns = ["application.case_no", "kind", "town_code", "state", "happened_on", "effective_month"]
    show_fieldsets = [
        (_l("Case change"), {"fields": ["application.case_no", "application.applicant.name", "kind", "happened_on", "reported_on", "effective_month", "article", "note"]}),
    ]
    show_template = "casework/change.html"
    person_path = "application.applicant.person_id"
    progress = ((_l("Recorded, not yet decided"), ("recorded",)), (_l("In effect"), ("applied", "refused")))
    stopped_states = ("refused",)
    move_commands = {"apply": changes.apply_change, "refuse": changes.refuse_change}
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_record": (*roles.TOWNSHIP, roles.COUNTY_OFFICER),
    }

    def record_title(self, item: Change) -> str:
        return f"{CHANGE_KINDS[item.kind]}　{item.application.case_no}"

    def show_context(self, item: Change) -> dict[str, Any]:
        case = item.application
        reopened = db.session.get(Application, item.reopened_id) if item.reopened_id else None
        who = web.signed_in()
        due = who.can("notices.issue") and who.scope.level != "township" and db.session.scalar(issue.changes_due().where(Change.id == item.id))
        return {
            "notice_url": url_for("NoticeView.issue", source="change", key=item.id) if due else "",
            "details": _details(item),
            "case_url": application_url(case),
            "reopened_url": application_url(reopened) if reopened else "",
        }

    @expose("/record/<int:application>", methods=["GET", "POST"])
    @has_access
    def record(self, application: int) -> ResponseReturnValue:
        """Record a change of one case."""
        case = db.session.scalar(select(Application).where(Application.id == application))
        if case is None:
            web.log_miss(Application, application)
            return redirect(url_for(f"{self.endpoint}.list"))
        back = application_url(case)
        if web.purpose_for(":".join(subject_of(case))) is None:
            return redirect(back)
        form = ChangeForm(request.form if request.method == "POST" else None, data=_proposed(case))
        towns = {code: name for code, name in place_names(Township).items() if code.startswith(case.county_code)}
        form.town_code.offer(towns)
        counties = db.session.scalars(select(County).where(County.valid_to.is_(None), County.code != case.county_code).order_by(County.code))
        form.county_code.offer({c.code: c.name for c in counties})
        problem = ""
        if request.method == "POST" and form.validate():
            if not form.kind.data or form.happened_on.data is None:
                problem = "請選擇異動種類並填發生日期"
            else:
                try:
                    pk = changes.record_change(
                        web.signed_in(), case.id, form.kind.data, form.happened_on.data, form.reported_on.data, form.details(), form.note.data or ""
                    )
                    web.give_purpose(f"{Change.__tablename__}:{pk}", "帳戶或資料異動")
                    flash("異動已登錄，請另一位同仁審核生效。", "success")
                    return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
                except CommandError as error:
                    problem = error.message
        failed = bool(problem or form.errors)
        page = self.render_template(
            "casework/change_form.html", title=f"登錄異動　{case.case_no}", form=form, problem=problem, failed=failed, back=back, case=case,
        )  # fmt: skip
        return (page, 422) if failed else page


def _proposed(case: Application) -> dict[str, Any]:
    """What a task that led here already says: the kind and the day."""
    out: dict[str, Any] = {"reported_on": clock.today(), "payee_name": case.applicant.name}
    if (kind := request.args.get("kind", "")) in CHANGE_KINDS:
        out["kind"] = kind
    try:
        out["happened_on"] = roc.parse_date(request.args["happened_on"])
    except (KeyError, ValueError):
        out.pop("happened_on", None)
    return out


def _details(item: Change) -> list[tuple[str, str]]:
    labels = {name: str(getattr(ChangeForm, name).args[0]).partition("：")[2] or str(getattr(ChangeForm, name).args[0]) for name in
              (*ACCOUNT_FIELDS, "county_code", "town_code", "address")}  # fmt: skip
    hidden = {"account", "payee_person_id"}
    names = {"channel": CHANNELS, "county_code": place_names(County), "town_code": place_names(Township)}
    return [
        (labels.get(k, k), f"****{str(v)[-4:]}" if k in hidden else str(names.get(k, {}).get(v, v))) for k, v in item.details.items() if v
    ]


def application_url(application: Application) -> str:
    """The page of an application, whatever its benefit."""
    endpoint = type(application).__name__ + "View"
    return url_for(f"{endpoint}.show", pk=application.id)


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        ChangeView, "Case changes", label=_l("Changes of cases"), category="People", category_label=_l("People"),
        icon="fa-exchange",
    )  # fmt: skip
    tile(
        _l("Changes to decide"),
        lambda: select(Change.id).where(Change.state == "recorded"),
        lambda: f"{url_for('ChangeView.list')}?_flt_0_state=recorded",
        roles=roles.COUNTY,
        permission=("can_list", "ChangeView"),
        order=30,
    )


