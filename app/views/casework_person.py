"""One person across all benefits (歸戶): cases, awards, payments, claims, household."""

import datetime as dt
import io
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from app.commands import citizen_papers, printing
from app.commands.base import CommandError, Refused
from app.commands.benefit_rows import benefit_row
from app.commands.casework.assistive_device_subsidy import held
from app.commands.notices import issue
from app.core import clock, roc
from app.core.text import row_number
from app.extensions import db
from app.models.application import Application
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.doubt import SENT, Doubt
from app.models.household import HouseholdMember
from app.models.notice import KINDS
from app.models.overpayment import Overpayment
from app.models.payment import PaymentLine
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.printing.documents import Letter
from app.rules.device_item import ITEMS_IN_WINDOW
from app.security import roles, web

from .base import CaseView, ViewInterface, column_at, name_events, show
from .casework_changes import application_url
from .disability_card import history_of

SHOWN = 24
DEVICES = "assistive_device_subsidy"


class PersonView(CaseView):
    """People of the county's files, by ID number or name."""

    datamodel = ViewInterface(Person)
    route_base = "/people"
    record_name = _l("Person")
    base_order = ("id", "desc")
    list_columns = ["name", "person_id", "birth", "sex", "town_code", "died_on"]
    order_columns = ["birth", "died_on"]
    search_columns = ["person_id", "name", "birth", "town_code"]
    show_fieldsets = [
        (_l("Person"), {"fields": ["name", "person_id", "birth", "sex", "phone", "town_code", "registered_address", "actual_address", "died_on"]}),
    ]
    show_template = "casework/person.html"
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_show": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_reveal": roles.CASEWORKERS,
        "can_paper": roles.CASEWORKERS,
    }

    def record_title(self, item: Person) -> str:
        return item.name

    def show_context(self, item: Person) -> dict[str, Any]:
        session = db.session()
        awards = list(session.scalars(select(Award).where(Award.recipient_id == item.id).order_by(Award.id.desc())))
        cases = list(session.scalars(select(Application).where(Application.applicant_id == item.id).order_by(Application.id.desc())))
        counted = session.scalars(
            select(Application)
            .join(HouseholdMember, HouseholdMember.application_id == Application.id)
            .where(HouseholdMember.person_id == item.person_id, HouseholdMember.relation != "applicant")
            .order_by(Application.id.desc())
            .limit(SHOWN)
        )
        asked = any(case.benefit == DEVICES for case in cases)  # most people never asked for a device
        sees_doubts = self.appbuilder.sm.has_access("can_show", "DoubtView")
        devices = held(session, item.id, item.county_code, clock.today()) if asked else []
        return {
            "cases": [(case, application_url(case)) for case in cases],
            "counted": [(case, application_url(case)) for case in counted],
            "household": cases[0].members if cases else [],
            "awards": awards,
            "lines": list(
                session.scalars(
                    select(PaymentLine).where(PaymentLine.recipient_id == item.id).order_by(PaymentLine.month_to.desc(), PaymentLine.id.desc()).limit(SHOWN)
                )
            ),
            "claims": list(session.scalars(select(Overpayment).where(Overpayment.person_id == item.person_id).order_by(Overpayment.id.desc()))),
            "devices": devices,
            "devices_used": sum(d.in_window for d in devices),
            "devices_allowed": ITEMS_IN_WINDOW,
            "doubts": list(session.scalars(self._doubts(item))) if sees_doubts else [],
            "sees_doubts": sees_doubts,
            "sees_claims": self.appbuilder.sm.has_access("can_show", "OverpaymentView"),
            "permits": list(session.scalars(select(ParkingPermit).where(ParkingPermit.person_id == item.id).order_by(ParkingPermit.id.desc()))),
            "tasks": list(session.scalars(select(CaseTask).where(CaseTask.person_id == item.person_id, CaseTask.county_code == item.county_code, CaseTask.state == "open").order_by(CaseTask.due_on))),
            **history_of(item.id, clock.today()),
            "notices": issue.notices_of(session, person=item),
            "notice_kinds": KINDS,
            "labelled": lambda obj, name: show(getattr(obj, name), column_at(type(obj), name)),
            "list_url": url_for(f"{self.endpoint}.list"),
            **self._papers(item, awards),
        }

    def _doubts(self, item: Person) -> Select[tuple[Doubt]]:
        """Doubts about this person's benefits that were sent to the county, the newest first."""
        mine = (Doubt.person_id == item.person_id, Doubt.county_code == item.county_code, Doubt.state.in_(SENT))
        return select(Doubt).where(*mine).order_by(Doubt.last_month.desc(), Doubt.id.desc()).limit(SHOWN)

    def _papers(self, item: Person, awards: list[Award]) -> dict[str, Any]:
        """What the officer may print for this person."""
        if not self.permits("paper"):
            return {"paper_url": None}
        session = db.session()
        sent = select(PaymentLine.run_id).where(
            PaymentLine.recipient_id == item.id, PaymentLine.status.in_(citizen_papers.SENT), PaymentLine.channel != "institution"
        )
        paid = citizen_papers.registers(session, session.scalars(sent.order_by(PaymentLine.run_id.desc()).limit(SHOWN)).all())
        running = [a.benefit for a in reversed(awards) if a.status == "active"]
        grounds = {g.benefit for g in citizen_papers.PROTECTED if g.since <= clock.today()}
        this = roc.month_of(clock.today())
        return {
            "paper_url": lambda name: url_for(f"{self.endpoint}.paper", pk=item.id, name=name),
            "paper_runs": [(r.id, f"{benefit_row(session, r.benefit).name}　{roc.show_month(r.month)}") for r in paid],
            "paper_protected": [(code, benefit_row(session, code).name) for code in dict.fromkeys(running) if code in grounds],
            "paper_year": clock.today().year - roc.EPOCH,
            "paper_months": (roc.show_month(this - 12), roc.show_month(this)),
        }

    @expose("/paper/<pk>/<name>", methods=["POST"])
    @has_access
    def paper(self, pk: str, name: str) -> ResponseReturnValue:
        """One paper about this person's own payments as PDF; logged."""
        item = self.item(pk)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        purpose = web.purpose_for(self._purpose_key(item))
        if purpose is None or name not in citizen_papers.PAPERS:
            return redirect(back, 303)
        try:
            letters, made_at = self._paper(item, name)
            content = printing.print_letters(letters, made_at)
        except (CommandError, roc.RocError) as error:
            flash(error.message if isinstance(error, CommandError) else "月份請填如 115/3", "danger")
            return redirect(back, 303)
        self.log_look("print", item, purpose)
        return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{citizen_papers.PAPERS[name]}.pdf")

    def _paper(self, item: Person, name: str) -> tuple[list[Letter], dt.datetime]:
        """The letters and the moment they were made. Raises CommandError, RocError."""
        who, form = web.signed_in(), request.form
        if name == "notice":
            return citizen_papers.notices(who, row_number(form.get("run", "")) or 0, person_id=item.id)
        if name == "statement":
            year = row_number(form.get("year", "")) or 0
            if not 90 <= year <= 300:
                raise Refused("年度請填民國年，例如 115", "E-PAPER-YEAR")
            letter, made_at = citizen_papers.statement(who, item.id, year)
        elif name == "proof":
            letter, made_at = citizen_papers.proof(who, item.id, roc.parse_month(form.get("first", "")), roc.parse_month(form.get("last", "")))
        else:
            letter, made_at = citizen_papers.protected(who, item.id, form.get("benefit", ""))
        return [letter], made_at


name_events({"person.paper": _l("Paper printed for the person"), "payment_run.notices": _l("Payment notices printed")})


def register(appbuilder: Any) -> None:
    appbuilder.add_view(PersonView, "People", label=_l("People"), category="People", category_label=_l("People"), icon="fa-users")
