"""Answers above the county's amount: what waits for a second person, and his or her decision."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands.doubts import CHECK, approve_answer, send_back_answer
from app.models.answer_check import AnswerCheck
from app.rules.benefits import benefits
from app.security.roles import AUDITOR, COUNTY

from .base import ReferenceView, ViewInterface, describe, name_events
from .home import tile

ORDER = 61
READERS = (*COUNTY, AUDITOR)


class AnswerCheckView(ReferenceView):
    """Answers that wait for a second person."""

    datamodel = ViewInterface(AnswerCheck)
    route_base = "/answer-checks"
    record_name = _l("Answer to be checked")
    base_order = ("id", "desc")
    list_columns = ["doubt.doubt_no", "benefit", "overpaid_from", "overpaid_to", "overpaid_amount", "state", "proposed_at"]
    order_columns = ["overpaid_amount", "proposed_at"]
    search_columns = ["state", "benefit", "overpaid_amount"]
    show_fieldsets = [
        (
            _l("Answer to be checked"),
            {"fields": ["doubt.doubt_no", "benefit", "overpaid_from", "overpaid_to", "overpaid_amount", "check_above", "reason", "reason_code", "decided_by", "decided_on", "proposed_at", "checked_at"]},
        )
    ]
    show_template = "matching/check.html"
    lifecycle = CHECK
    move_commands = {"approve": approve_answer, "send_back": send_back_answer}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_move": COUNTY}
    list_hint = "溢領金額超過縣府設定的答復，由提出人以外的同仁核可後才成立、才開立溢領案。"

    def record_title(self, item: AnswerCheck) -> str:
        return f"溢領答復　{item.doubt.doubt_no}"

    def show_context(self, item: AnswerCheck) -> dict[str, Any]:
        may = self.appbuilder.sm.has_access("can_show", "DoubtView")
        return {"doubt_url": url_for("DoubtView.show", pk=item.doubt_id) if may else ""}


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        AnswerCheckView, "Answers to be checked", label=_l("Answers to be checked"), icon="fa-check-square-o", category="Matching",
        category_label=_l("Matching"),
    )  # fmt: skip
    describe(AnswerCheck.state, styles={"waiting": "warn", "approved": "good", "returned": "neutral"})
    describe(AnswerCheck.benefit, choices={b.code: b.name for b in benefits().values()})
    tile(
        _l("Answers to be checked"),
        lambda: select(AnswerCheck.id).where(AnswerCheck.state == "waiting"),
        lambda: url_for("AnswerCheckView.list", _flt_0_state="waiting"),
        permission=("can_list", "AnswerCheckView"), roles=COUNTY, tone="warn", order=41,
    )  # fmt: skip
    name_events({"answer_check.proposed": _l("Sent to a second person")})
