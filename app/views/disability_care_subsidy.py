"""身心障礙者托育養護補助: its applications on screen, and the county's finding of the rate where the law contradicts itself."""

import datetime as dt
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from wtforms import Form, SelectField, TextAreaField

from app.commands.casework.care_rate import decide_rate
from app.models.disability_care_subsidy import RATES, CareApplication
from app.rules.disability_care_subsidy import in_conflict
from app.security import web

from . import locking
from .base import ViewInterface, name_events
from .casework import ApplicationView, add_benefit

ORDER = 16

name_events({"application.rate": _l("Rate found by the county")})


class RateForm(Form):
    """縣府認定之補助比例."""

    rate = SelectField("補助比例", choices=[(str(r), f"{r}%" if r else "不予補助") for r in RATES])
    reason = TextAreaField("理由與依據")


class CareApplicationView(ApplicationView):
    """Applications for the care subsidy."""

    datamodel = ViewInterface(CareApplication)
    menu_label = _l("Care subsidy (menu)")
    record_name = _l("Disability care subsidy application")
    show_template = "care/application.html"

    def alerts(self, item: Any, today: dt.date) -> list[tuple[str, str]]:
        out = super().alerts(item, today)
        if item.state in ("forwarded", "second_reviewed") and item.decided_rate is None and (judged := self.judged(item)) and in_conflict(judged):
            out.append(("warn", "兩項基準以「或」連接而結果牴觸：請縣府承辦人「認定補助比例」並敘明理由，再送核定"))
        return out

    def show_context(self, item: Any) -> dict[str, Any]:
        context = super().show_context(item)
        judged, who = context["judged"], web.actor()
        asked = item.state in ("forwarded", "second_reviewed") and judged is not None and in_conflict(judged)
        opens = item.state == "approved" and who is not None and who.can("care.contract")
        return {
            **context,
            "may_decide_rate": asked and who is not None and who.can("care.rate"),
            "contract_url": url_for("CareContractView.open", case=item.case_no) if opens else "",
        }

    @expose("/rate/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def rate(self, pk: str) -> ResponseReturnValue:
        """Record the county's finding of the rate."""
        item = self.item(pk)
        form = RateForm(request.form if request.method == "POST" else None)
        return self._small_form(
            item, form, "認定補助比例",
            lambda: decide_rate(
                web.signed_in(), item.id, int(form.rate.data), form.reason.data or "", seen_version=locking.seen_version(request.form)
            ),
        )  # fmt: skip


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, CareApplicationView, ORDER, "fa-home")
