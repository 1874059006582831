"""Parking permits: issue and print in one screen, single or in bulk; lost, given back, cancelled, misused."""

import io
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from wtforms import Form, StringField

from app.commands import printing
from app.commands.base import CommandError
from app.commands.casework import facts
from app.commands.casework.judge import decide
from app.commands.register import permits
from app.commands.register.permits import PERMIT_APPLICATION
from app.core import clock, roc
from app.extensions import db
from app.models.office import County, Township
from app.models.parking_permit import PermitApplication
from app.models.permit import ParkingPermit
from app.rules.clocks import months_after
from app.rules.trace import Answer
from app.security import roles, web

from . import casework_forms as forms
from .base import RegisterView, ViewInterface, name_events
from .base_layout import CARDS, place_names
from .base_steps import Step, StepForms
from .fields_roc import RocDateField
from .home import tile

ORDER = 20
AT_ONCE = 25
"""Rows of the issue screen; the rest comes when these are printed."""
BULK = 100

name_events({
    "parking_permit.issued": _l("Permit issued"),
    "parking_permit.printed": _l("Permit printed"),
    "parking_permit.ended": _l("Permit ended"),
    "parking_permit.expired": _l("Permits expired"),
})  # fmt: skip


class ReissueForm(Form):
    on = RocDateField("日期")
    why = forms.CodeSelect("補發原因", codes=permits.REISSUES)
    plate = StringField("新車牌號碼", description="換車時填；遺失、破損留白沿用原車牌")
    note = StringField("說明")


class EndForm(Form):
    on = RocDateField("日期", description="繳還、註銷或查證違規的日期")
    how = forms.CodeSelect("處理方式", codes={"returned": "繳還", "cancelled": "註銷", "misused": "違規使用，註銷並三年內不得申請"})
    reason = StringField("原因")


def _reissue(who: Any, item: ParkingPermit, data: dict[str, Any], seen: int | None) -> str:
    new = permits.reissue(who, item.id, data["why"] or "", data["on"], data["plate"] or "", data["note"] or "", seen_version=seen)
    return url_for("ParkingPermitView.issue", tick=new)


def _end(who: Any, item: ParkingPermit, data: dict[str, Any], seen: int | None) -> None:
    permits.end(who, item.id, data["how"] or "", data["on"], data["reason"] or "", seen_version=seen)


def _today(_item: Any) -> dict[str, Any]:
    return {"on": clock.today()}


def _valid(item: ParkingPermit) -> bool:
    return item.status == "valid"


class ParkingPermitView(StepForms, RegisterView):
    """Permits as issued, and the screen that issues them."""

    datamodel = ViewInterface(ParkingPermit)
    route_base = "/parking_permits"
    record_name = _l("Permit")
    base_order = ("id", "desc")
    list_template = "register/list.html"
    show_template = "register/permit.html"
    list_columns = ["permit_no", "person.name", "plate", "town_code", "issued_on", "expires", "label_no", "print_count", "status"]
    order_columns = ["permit_no", "issued_on", "expires"]
    search_columns = ["permit_no", "plate", "label_no", "person.person_id", "person.name", "town_code", "status", "expires"]
    show_fieldsets = [
        (_l("Permit"), {"fields": ["permit_no", "label_no", "plate", "vehicle", "holder", "holder_name", "issued_on", "expires", "print_count", "printed_at"]}),
        (_l("Disabled person"), {"fields": ["person.name", "person.person_id", "person.birth", "person.phone", "person.registered_address"]}),
        (_l("End of the permit"), {"fields": ["ended_on", "end_reason", "ban_until"]}),
    ]  # fmt: skip
    person_path = "person.person_id"
    empty_message = "還沒有核發的識別證。"
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_reveal": roles.CASEWORKERS,
        "can_issue": roles.CASEWORKERS,
    }
    forms = (
        Step("reissue", "補發", ReissueForm, "permits.reissue", _reissue, _valid, _today, ("on", "why")),
        Step("end", "繳還、註銷", EndForm, "permits.end", _end, _valid, _today, ("on", "how", "reason")),
    )

    def record_title(self, item: ParkingPermit) -> str:
        return f"{item.permit_no}　{item.plate}"

    def list_context(self) -> dict[str, Any]:
        today, base = clock.today(), url_for(f"{self.endpoint}.list")
        given = {k: v for k, v in request.args.items() if k.startswith("_flt_")}
        soon = {"_flt_0_status": "valid", "_flt_0_expires": roc.show_date(today), "_flt_1_expires": roc.show_date(months_after(today, 1))}
        tabs: list[tuple[str, dict[str, str]]] = [
            ("有效", {"_flt_0_status": "valid"}), ("一個月內到期", soon), ("違規禁止申請中", {"_flt_0_status": "misused"}), ("全部", {})
        ]  # fmt: skip
        return {
            "queues": [(label, f"{base}?{urlencode(args)}" if args else base, args == given) for label, args in tabs],
            "issue_url": url_for(f"{self.endpoint}.issue") if self.permits("issue") else "",
        }

    def show_context(self, item: ParkingPermit) -> dict[str, Any]:
        links = self.step_links(item)
        if item.status == "valid" and web.signed_in().can("permits.print"):
            words = "再印一次" if item.print_count else "列印"
            links.insert(0, (url_for(f"{self.endpoint}.issue", tick=item.id), words, "primary" if not item.print_count else "default"))
        return {"step_links": links, "person_url": url_for("PersonView.show", pk=item.person_id)}

    # -- issue and print in one screen -------------------------------------------------------------------------------------
    @expose("/issue", methods=["GET", "POST"])
    @has_access
    def issue(self) -> ResponseReturnValue:
        """Everything that can be issued or printed now: a label number each, one button."""
        who = web.signed_in()
        wanted = {int(k) for k in request.args.get("tick", "").split(",") if k.isdigit()}
        cases = self._cases() if who.can("permits.issue") else []
        waiting = self._unprinted(wanted)
        problems: dict[str, str] = {}
        typed = request.form if request.method == "POST" else {}
        if request.method == "POST":
            printed = self._issue(cases, waiting, problems)
            if printed:
                flash(f"已核發 {len(printed)} 張；請按「下載 PDF 列印」。", "success")
            if printed and not problems:
                return redirect(url_for(f"{self.endpoint}.print", ids=",".join(map(str, printed))), 303)
            if not problems:
                problems[""] = "請先勾選要核發列印的識別證"
            cases, waiting = self._cases() if who.can("permits.issue") else [], self._unprinted(wanted)
        page = self.render_template(
            "register/issue.html", title="停車位識別證：核發列印", cases=cases, waiting=waiting, problems=problems, typed=typed, wanted=wanted,
            towns=place_names(Township), back=url_for(f"{self.endpoint}.list"), answers=_ANSWERS,
        )  # fmt: skip
        return (page, 422) if problems else page

    def _cases(self) -> list[tuple[PermitApplication, Any]]:
        """Applications the signed-in person may issue now, the longest waiting first, with what the rule says."""
        who, session = web.signed_in(), db.session()
        states = PERMIT_APPLICATION.moves["issue"].sources
        ids = list(
            session.scalars(
                select(PermitApplication.id).where(PermitApplication.state.in_(states)).order_by(PermitApplication.received_on, PermitApplication.id).limit(AT_ONCE)
            )
        )  # fmt: skip
        found = [a for a in facts.load(session, ids) if isinstance(a, PermitApplication) and PERMIT_APPLICATION.why_not(who, a, "issue") is None]
        return [(a, decide(session, a, clock.today())) for a in sorted(found, key=lambda a: (a.received_on, a.id))]

    def _unprinted(self, wanted: set[int]) -> list[ParkingPermit]:
        """Permits in use that were never printed, and those asked for again."""
        query = select(ParkingPermit).where(ParkingPermit.status == "valid").options(joinedload(ParkingPermit.person))
        query = query.where((ParkingPermit.print_count == 0) | ParkingPermit.id.in_(wanted))
        return list(db.session.scalars(query.order_by(ParkingPermit.permit_no).limit(BULK)))

    def _issue(self, cases: list[tuple[PermitApplication, Any]], waiting: list[ParkingPermit], problems: dict[str, str]) -> list[int]:
        """Issue the ticked applications one by one, print the ticked permits together; the ids of what is to be printed."""
        who, printed = web.signed_in(), []
        ticked = set(request.form.getlist("tick"))
        for key, label in [(a.id, request.form.get(f"label-a{a.id}", "")) for a, _ in cases if f"a{a.id}" in ticked]:
            try:
                printed.append(permits.issue_at_once(who, key, label))
            except CommandError as error:
                problems[f"a{key}"] = error.message
        labels = {p.id: request.form.get(f"label-p{p.id}", "") for p in waiting if f"p{p.id}" in ticked}
        if labels:
            try:
                printed += permits.print_permits(who, labels)
            except CommandError as error:
                problems[f"p{next(iter(labels))}" if len(labels) == 1 else ""] = error.message
        return printed

    @expose("/print")
    @has_access
    @permission_name("issue")
    def print(self) -> ResponseReturnValue:
        """What was issued just now, and the button that makes its PDF; what was never printed by the issue screen is not shown."""
        found = self._printed()
        if not found:
            return redirect(url_for(f"{self.endpoint}.issue"), 303)
        for permit in found:
            self.log_look("show", permit, "停車位識別證列印")
        pdf = url_for(f"{self.endpoint}.pdf", ids=",".join(str(p.id) for p in found))
        return self.render_template(
            "register/permit_print.html", title="停車位識別證", permits=found, back=url_for(f"{self.endpoint}.issue"), county=county_name, pdf_url=pdf
        )

    @expose("/pdf")
    @has_access
    @permission_name("issue")
    def pdf(self) -> ResponseReturnValue:
        """The permits with their receipts as one PDF, a page each; logged."""
        found, towns = self._printed(), place_names(Township)
        if not found:
            return redirect(url_for(f"{self.endpoint}.issue"), 303)
        made = [permits.document(p, f"{county_name(p.county_code)}政府", towns.get(p.town_code, p.town_code)) for p in found]
        try:
            content = printing.print_permits(made, clock.now())
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.print", ids=",".join(str(p.id) for p in found)), 303)
        web.log_accesses("print", [(self._subject(p), p.person.person_id) for p in found], "停車位識別證列印")
        name = found[0].permit_no if len(found) == 1 else f"停車位識別證{len(found)}張"
        return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{name}.pdf")

    def _printed(self) -> list[ParkingPermit]:
        """The permits of the address that were printed and are in use."""
        ids = [int(k) for k in request.args.get("ids", "").split(",") if k.isdigit()][:BULK]
        query = select(ParkingPermit).where(ParkingPermit.id.in_(ids), ParkingPermit.print_count > 0, ParkingPermit.status == "valid")
        return list(db.session.scalars(query.options(joinedload(ParkingPermit.person)).order_by(ParkingPermit.permit_no)))


_ANSWERS = {Answer.YES: ("符合", "good"), Answer.NO: ("不符合", "bad"), Answer.UNKNOWN: ("待查明", "warn")}


def county_name(code: str) -> str:
    """The name of a county."""
    return place_names(County).get(code, code)


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        ParkingPermitView, "Permits issued", label=_l("Permits and printing"), **CARDS, icon="fa-car"
    )
    page = ("can_issue", "ParkingPermitView")
    states = PERMIT_APPLICATION.moves["issue"].sources
    tile(_l("Permits to issue and print"), lambda: select(PermitApplication.id).where(PermitApplication.state.in_(states)),
         lambda: url_for("ParkingPermitView.issue"), roles=roles.COUNTY, permission=page, order=33, hint=_l("Parking permit"))  # fmt: skip
    tile(_l("Permits not printed yet"), lambda: select(ParkingPermit.id).where(ParkingPermit.status == "valid", ParkingPermit.print_count == 0),
         lambda: url_for("ParkingPermitView.issue"), roles=roles.CASEWORKERS, permission=page, order=34, hint=_l("Parking permit"))  # fmt: skip
