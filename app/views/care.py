"""Care in institutions: the register of institutions with their fee ceilings, and the contracts of people with their absences."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, IntegerField, SelectField, StringField

from app.commands.base import CommandError, Refused
from app.commands.care import contracts, institutions
from app.core import clock
from app.extensions import db
from app.models.award import Award
from app.models.care_institution import ABSENCES, CareContract, CareInstitution
from app.models.disability_care_subsidy import SERVICES, CareApplication
from app.models.office import County
from app.rules.disability_care_subsidy import BENEFIT
from app.security import roles, web

from . import locking
from .base import ReferenceView, RegisterView, ViewInterface, describe, name_events
from .base_layout import place_names
from .fields_roc import MoneyField, RocDateField

ORDER = 17
READERS = (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR)
MENU = {"category": "Care in institutions", "category_label": _l("Care in institutions"), "category_icon": "fa-building"}

describe(CareInstitution.place_code, choices=lambda: place_names(County))  # type: ignore[arg-type]
name_events(
    {
        "care_institution.add": _l("Institution entered"),
        "care_institution.change": _l("Institution changed"),
        "care_institution.service": _l("Service and fee ceiling approved"),
        "care_contract.open": _l("Contract entered"),
        "care_contract.end": _l("Contract ended"),
        "care_contract.absence": _l("Absence noted"),
        "care_contract.absence_withdrawn": _l("Absence withdrawn"),
    }
)


def service_choices() -> list[tuple[str, str]]:
    """The kinds of care for a drop-down."""
    return [(code, str(label)) for code, label in SERVICES.items()]


def small_form(view: Any, title: str, form: Form, back: str, button: str, act: Callable[[], str], **more: Any) -> ResponseReturnValue:
    """Show a form, or do what it asks (`act` returns where to go) and say so; what is refused stands above the form."""
    problem = ""
    if request.method == "POST" and form.validate():
        try:
            return redirect(act(), 303)
        except CommandError as error:
            problem = error.message
    failed = bool(problem or form.errors)
    page = view.render_template("payments/form.html", title=title, form=form, problem=problem, failed=failed, back=back, button=button, **more)
    return (page, 422) if failed else page


class ServiceForm(Form):
    """A service of an institution and its fee ceiling from a day on."""

    service = SelectField("照顧方式", choices=service_choices)
    since = RocDateField("生效日期", description="新的收費上限自這一天起適用，之前的日數仍依原上限")
    ceiling = MoneyField("每月收費上限", description="縣府核定該機構的收費，不得高於縣府公告的上限")
    beds = IntegerField("核定人數", filters=[lambda v: v or None], description="未核定人數時留白")
    ground = StringField("核定公文文號")


class CareInstitutionView(ReferenceView):
    """Institutions: licence, services with fee ceilings, account."""

    datamodel = ViewInterface(CareInstitution)
    route_base = "/care_institutions"
    record_name = _l("Care institution")
    base_order = ("name", "asc")
    show_template = "care/institution.html"
    list_columns = ["name", "tax_no", "place_code", "licence_no", "licence_from", "licence_to", "phone"]
    order_columns = ["name", "tax_no", "licence_to"]
    search_columns = ["name", "tax_no", "licence_no", "place_code", "licence_to"]
    show_fieldsets = [
        (_l("Institution"), {"fields": ["name", "tax_no", "place_code", "address", "phone"]}),
        (_l("Licence"), {"fields": ["licence_no", "licence_from", "licence_to"]}),
        (_l("Account of the institution"), {"fields": ["payee_name", "bank_code", "account"]}),
    ]
    add_columns = edit_columns = [
        "name", "tax_no", "place_code", "address", "phone", "licence_no", "licence_from", "licence_to", "payee_name", "bank_code", "account",
    ]  # fmt: skip
    description_columns = {
        "tax_no": "8 個數字；名冊的機構代碼與轉帳檔的受款人代號",
        "licence_to": "證書沒有載明期限時留白",
        "bank_code": "總行 3 碼加分行 4 碼；郵局帳戶填 7000021",
        "account": "5 至 16 個數字，不含橫線；郵局帳戶填局號加帳號共 14 碼",
    }
    add_command = institutions.add_institution
    edit_command = institutions.change_institution
    default_roles = {
        "can_list": READERS,
        "can_show": READERS,
        "can_add": (roles.COUNTY_OFFICER,),
        "can_edit": (roles.COUNTY_OFFICER,),
        "can_reveal": READERS,
        "can_service": (roles.COUNTY_OFFICER,),
    }
    list_hint = "未登錄立案效期與核定收費的機構不能簽約，也不能請款。"

    def record_title(self, item: CareInstitution) -> str:
        return item.name

    def show_context(self, item: CareInstitution) -> dict[str, Any]:
        today = clock.today()
        left = (item.licence_to - today).days if item.licence_to else None
        return {"services": SERVICES, "licence_left": left, "today": today, "may_set": self.permits("service")}

    @expose("/service/<pk>", methods=["GET", "POST"])
    @has_access
    def service(self, pk: str) -> ResponseReturnValue:
        """Approve a service, or a new ceiling from a day on."""
        item = self.item(pk)
        form, back = ServiceForm(request.form if request.method == "POST" else None), url_for(f"{self.endpoint}.show", pk=pk)

        def act() -> str:
            institutions.set_service(
                web.signed_in(), item.id, form.service.data, form.since.data, form.ceiling.data, form.beds.data, form.ground.data or ""
            )
            flash("服務與收費上限已登錄。", "success")
            return back

        return small_form(self, f"核定服務與收費上限　{item.name}", form, back, "登錄", act)


class ContractForm(Form):
    """A contract of a person with an institution."""

    case_no = StringField("案號", description="已核定的托育養護補助案號，例如 DCS11501000001")
    institution = SelectField("機構", coerce=int)
    service = SelectField("照顧方式", choices=service_choices)
    since = RocDateField("契約起日", description="實際入住或開始使用的日期")
    until = RocDateField("契約迄日", description="最後照顧日；未定時留白")
    fee = MoneyField("每月收費")
    self_pay = MoneyField("每月自付額", description="個案或家屬自付的約定金額，僅供查對")
    bed = StringField("床位")


class EndForm(Form):
    until = RocDateField("最後照顧日", description="這一天仍計；次日起不補助")
    reason = StringField("終止原因", description="例如轉換機構、返家、死亡")


class AbsenceForm(Form):
    left_on = RocDateField("離開日期", description="這一天起算請假")
    back_on = RocDateField("返回日期", description="這一天不算請假；還沒返回時留白")
    reason = SelectField("原因", choices=lambda: [(k, str(v)) for k, v in ABSENCES.items()])


class BackForm(Form):
    back_on = RocDateField("返回日期", description="這一天不算請假")


class CareContractView(RegisterView):
    """Who is where, since when, at what fee, and when away."""

    datamodel = ViewInterface(CareContract)
    route_base = "/care_contracts"
    record_name = _l("Care contract")
    base_order = ("id", "desc")
    list_template = "care/contracts.html"
    show_template = "care/contract.html"
    list_columns = ["recipient.name", "recipient.person_id", "institution.name", "service", "since", "until", "fee"]
    order_columns = ["since", "until", "fee"]
    search_columns = ["recipient.person_id", "recipient.name", "institution.name", "service", "town_code", "since", "until"]
    show_fieldsets = [
        (_l("Care contract"), {"fields": [
            "recipient.name", "recipient.person_id", "institution.name", "service", "since", "until", "fee", "self_pay", "bed", "end_reason",
        ]}),
    ]  # fmt: skip
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.COUNTY, roles.AUDITOR),
        "can_reveal": roles.CASEWORKERS,
        "can_open": (roles.COUNTY_OFFICER,),
        "can_absence": (roles.COUNTY_OFFICER,),
    }
    list_hint = "同一人同一日只能有一份契約；轉換機構時先終止前約，新約自次日起。"

    def record_title(self, item: CareContract) -> str:
        return f"{item.recipient.name}　{item.institution.name}"

    def record_subtitle(self, item: CareContract) -> str:
        return str(SERVICES[item.service])

    def list_context(self) -> dict[str, Any]:
        return {"open_url": url_for(f"{self.endpoint}.open") if self.permits("open") else ""}

    def show_context(self, item: CareContract) -> dict[str, Any]:
        # a township sees its own people's contracts only, so it cannot say how many people are in
        notices = [contracts.fee_notice(item), contracts.places_notice(db.session(), item) if self.permits("open") else ""]
        return {"notices": [n for n in notices if n], "absences": ABSENCES, "may_note": self.permits("absence")}

    @expose("/open", methods=["GET", "POST"])
    @has_access
    def open(self) -> ResponseReturnValue:
        """Enter a contract of a granted case."""
        form = ContractForm(request.form if request.method == "POST" else None, data=_proposed(request.args.get("case", "")))
        form.institution.choices = [(i.id, i.name) for i in db.session.scalars(select(CareInstitution).order_by(CareInstitution.name))]

        def act() -> str:
            award = db.session.scalar(
                select(Award).where(Award.case_no == (form.case_no.data or "").strip(), Award.benefit == BENEFIT).order_by(Award.id.desc()).limit(1)
            )
            if award is None:
                raise Refused("查無這個案號的托育養護補助核定案，或不在您的業務範圍；請先核定再登錄契約", "E-404")
            pk = contracts.open_contract(
                web.signed_in(), recipient_id=award.recipient_id, institution_id=form.institution.data, service=form.service.data,
                since=form.since.data, until=form.until.data, fee=form.fee.data, self_pay=form.self_pay.data, bed=form.bed.data or "",
            )  # fmt: skip
            flash("契約已登錄。", "success")
            return url_for(f"{self.endpoint}.show", pk=pk)

        return small_form(self, "登錄契約", form, url_for(f"{self.endpoint}.list"), "登錄契約", act)

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("open")
    def end(self, pk: str) -> ResponseReturnValue:
        """The last day of care."""
        item = self.item(pk)
        form, back = EndForm(request.form if request.method == "POST" else None), url_for(f"{self.endpoint}.show", pk=pk)

        def act() -> str:
            contracts.end_contract(
                web.signed_in(), item.id, form.until.data, form.reason.data or "", seen_version=locking.seen_version(request.form)
            )
            flash("契約已終止。", "success")
            return back

        return small_form(self, f"終止契約　{self.record_title(item)}", form, back, "終止契約", act, seen_version=item.version)

    @expose("/absence/<pk>", methods=["GET", "POST"])
    @has_access
    def absence(self, pk: str) -> ResponseReturnValue:
        """Note days away."""
        item = self.item(pk)
        form, back = AbsenceForm(request.form if request.method == "POST" else None), url_for(f"{self.endpoint}.show", pk=pk)

        def act() -> str:
            contracts.add_absence(web.signed_in(), item.id, form.left_on.data, form.back_on.data, form.reason.data)
            flash("請假已登錄；當月請款單會依縣府的規定計算應扣日數。", "success")
            return back

        return small_form(self, f"登錄請假　{self.record_title(item)}", form, back, "登錄請假", act)

    @expose("/back/<pk>/<int:absence_id>", methods=["GET", "POST"])
    @has_access
    @permission_name("absence")
    def back(self, pk: str, absence_id: int) -> ResponseReturnValue:
        """The person is back."""
        item = self.item(pk)
        form, back = BackForm(request.form if request.method == "POST" else None), url_for(f"{self.endpoint}.show", pk=pk)

        def act() -> str:
            contracts.close_absence(web.signed_in(), item.id, absence_id, form.back_on.data)
            flash("返回日期已登錄。", "success")
            return back

        return small_form(self, f"登錄返回　{self.record_title(item)}", form, back, "登錄返回", act)

    @expose("/withdraw/<pk>/<int:absence_id>", methods=["POST"])
    @has_access
    @permission_name("absence")
    def withdraw(self, pk: str, absence_id: int) -> ResponseReturnValue:
        """An absence was entered by mistake."""
        item = self.item(pk)
        try:
            contracts.withdraw_absence(web.signed_in(), item.id, absence_id)
            flash("這筆請假已註銷，不再計算。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)


def _proposed(case_no: str) -> dict[str, Any]:
    """What the application already says about the contract."""
    case = db.session.scalar(select(CareApplication).where(CareApplication.case_no == case_no)) if case_no else None
    if case is None:
        return {}
    return {"case_no": case.case_no, "service": case.service, "since": case.service_from, "fee": case.fee}


def register(appbuilder: Any) -> None:
    appbuilder.add_view(CareInstitutionView, "Care institutions", label=_l("Care institutions"), icon="fa-building", **MENU)
    appbuilder.add_view(CareContractView, "Care contracts", label=_l("Care contracts"), icon="fa-file-text", **MENU)
