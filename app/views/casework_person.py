"""One person across all benefits (歸戶): cases, awards, payments, claims, household."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands.casework.assistive_device_subsidy import held
from app.commands.notices import issue
from app.core import clock
from app.extensions import db
from app.models.application import Application
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.household import HouseholdMember
from app.models.notice import KINDS
from app.models.overpayment import Overpayment
from app.models.payment import PaymentLine
from app.models.permit import ParkingPermit
from app.models.person import Person
from app.rules.device_item import ITEMS_IN_WINDOW
from app.security import roles

from .base import CaseView, ViewInterface, column_at, show
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
    }

    def record_title(self, item: Person) -> str:
        return item.name

    def show_context(self, item: Person) -> dict[str, Any]:
        session = db.session()
        cases = list(session.scalars(select(Application).where(Application.applicant_id == item.id).order_by(Application.id.desc())))
        counted = session.scalars(
            select(Application)
            .join(HouseholdMember, HouseholdMember.application_id == Application.id)
            .where(HouseholdMember.person_id == item.person_id, HouseholdMember.relation != "applicant")
            .order_by(Application.id.desc())
            .limit(SHOWN)
        )
        asked = any(case.benefit == DEVICES for case in cases)  # most people never asked for a device
        devices = held(session, item.id, item.county_code, clock.today()) if asked else []
        return {
            "cases": [(case, application_url(case)) for case in cases],
            "counted": [(case, application_url(case)) for case in counted],
            "household": cases[0].members if cases else [],
            "awards": list(session.scalars(select(Award).where(Award.recipient_id == item.id).order_by(Award.id.desc()))),
            "lines": list(
                session.scalars(
                    select(PaymentLine).where(PaymentLine.recipient_id == item.id).order_by(PaymentLine.month_to.desc(), PaymentLine.id.desc()).limit(SHOWN)
                )
            ),
            "claims": list(session.scalars(select(Overpayment).where(Overpayment.person_id == item.person_id).order_by(Overpayment.id.desc()))),
            "devices": devices,
            "devices_used": sum(d.in_window for d in devices),
            "devices_allowed": ITEMS_IN_WINDOW,
            "permits": list(session.scalars(select(ParkingPermit).where(ParkingPermit.person_id == item.id).order_by(ParkingPermit.id.desc()))),
            "tasks": list(session.scalars(select(CaseTask).where(CaseTask.person_id == item.person_id, CaseTask.county_code == item.county_code, CaseTask.state == "open").order_by(CaseTask.due_on))),
            **history_of(item.id, clock.today()),
            "notices": issue.notices_of(session, person=item),
            "notice_kinds": KINDS,
            "labelled": lambda obj, name: show(getattr(obj, name), column_at(type(obj), name)),
            "list_url": url_for(f"{self.endpoint}.list"),
        }


def register(appbuilder: Any) -> None:
    appbuilder.add_view(PersonView, "People", label=_l("People"), category="People", category_label=_l("People"), icon="fa-users")
