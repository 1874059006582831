"""申復與訴願 on screen: what was filed against which decision, whether in time, the outcome proposed and settled."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.commands import objections
from app.extensions import db
from app.models.application import Application
from app.models.objection import KINDS, OUTCOMES, Objection
from app.security import roles

from .base import RegisterView, ViewInterface, name_events
from .base_steps import Step, StepForms
from .casework_changes import application_url
from .fields_roc import RocDateField
from .home import tile

ORDER = 31
READERS = (*roles.TOWNSHIP, *roles.COUNTY, roles.AUDITOR)


class ObjectionForm(Form):
    """What was filed."""

    kind = RadioField(_l("Kind of objection"), choices=list(KINDS.items()), validators=[InputRequired("請選擇")])
    filed_on = RocDateField(_l("Filed on"))
    grounds = TextAreaField(_l("Grounds of the objection"), validators=[InputRequired("請填理由"), Length(max=2000)])


class OutcomeForm(Form):
    """What is to come of it."""

    outcome = RadioField(_l("Outcome of the objection"), choices=list(OUTCOMES.items()), validators=[InputRequired("請選擇")])
    text = TextAreaField(_l("Reasons of the outcome"), validators=[InputRequired("請填理由"), Length(max=2000)])
    ruling = StringField(_l("Number of the ruling"), validators=[Optional(), Length(max=60)], description="訴願必填")


def _propose(who: Any, item: Objection, data: dict[str, Any], seen: int | None) -> None:
    objections.propose(who, item.id, data["outcome"], data["text"], data["ruling"] or "", seen)


class ObjectionView(StepForms, RegisterView):
    """One page per objection."""

    datamodel = ViewInterface(Objection)
    route_base = "/objections"
    record_name = _l("Objection")
    lifecycle = objections.OBJECTION
    base_order = ("id", "desc")
    show_template = "campaigns/objection.html"
    list_columns = ["name", "kind", "benefit", "town_code", "filed_on", "until", "outcome", "state"]
    order_columns = ["filed_on", "until"]
    search_columns = ["kind", "benefit", "town_code", "state", "outcome", "filed_on"]
    show_fieldsets = [
        (_l("Objection"), {"fields": ["name", "kind", "benefit", "filed_on", "until", "grounds"]}),
        (_l("Outcome of the objection"), {"fields": ["outcome", "outcome_text", "outcome_no", "settled_on"]}),
    ]
    progress = ((_l("Objection filed"), ("open",)), (_l("Outcome proposed"), ("proposed",)), (_l("Objection settled"), ("settled", "withdrawn")))
    stopped_states = ("withdrawn",)
    move_commands = {"settle": objections.settle, "send_back": objections.send_back, "withdraw": objections.withdraw}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": roles.COUNTY}
    list_hint = "對核定不服而提出的申復與訴願；由總清查案件頁登錄。改核的案件另立一案重新審查。"
    empty_message = "沒有申復或訴願。"
    forms = (Step("propose", "擬處理結果", OutcomeForm, "objections.propose", _propose, lambda o: o.state in ("open", "proposed"), style="primary"),)

    def record_title(self, item: Objection) -> str:
        return f"{item.name}　{KINDS[item.kind]}"

    def show_context(self, item: Objection) -> dict[str, Any]:
        reopened = db.session.get(Application, item.reopened_id) if item.reopened_id else None
        return {
            "links": self.step_links(item), "late": objections.late(item), "decision": item.decision, "case_url": application_url(item.application),
            "reopened": reopened, "reopened_url": application_url(reopened) if reopened else "",
        }  # fmt: skip


def register(appbuilder: Any) -> None:
    name_events({"objection.filed": _l("Objection filed")})
    appbuilder.add_view(
        ObjectionView, "Objections", label=_l("Objections"), icon="fa-gavel", category="Yearly review", category_label=_l("Yearly review campaign")
    )
    tile(
        _l("Objections to answer"),
        lambda: select(Objection.id).where(Objection.state.in_(("open", "proposed"))),
        lambda: url_for("ObjectionView.list", _flt_0_state="open"),
        permission=("can_list", "ObjectionView"), roles=(roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR), order=36,
    )  # fmt: skip
