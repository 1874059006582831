"""自願扣抵同意書: recorded by one person, approved by another, withdrawn whenever the person says so."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import StringField

from app.commands import offsets
from app.commands.offsets import CONSENT
from app.models.offset_consent import OffsetConsent
from app.security import roles

from .base import RegisterView, ViewInterface, describe, name_events
from .home import tile

ORDER = 46
describe(OffsetConsent.state, styles={"entered": "warn", "approved": "good", "refused": "neutral", "withdrawn": "neutral"})


class OffsetConsentView(RegisterView):
    """Consents with what they allow."""

    datamodel = ViewInterface(OffsetConsent)
    route_base = "/offset_consents"
    record_name = _l("Offset consent")
    base_order = ("id", "desc")
    lifecycle = CONSENT
    move_commands = {"approve": offsets.approve_consent, "refuse": offsets.refuse_consent, "withdraw": offsets.withdraw_consent}
    add_command = offsets.enter_consent
    list_columns = ["document_no", "overpayment.claim_no", "award.case_no", "signed_by", "monthly_limit", "from_month", "to_month", "state"]
    order_columns = ["document_no", "from_month", "state"]
    search_columns = ["document_no", "overpayment.claim_no", "benefit", "town_code", "state"]
    show_fieldsets = [
        (_l("Offset consent"), {"fields": ["document_no", "overpayment.claim_no", "award.case_no", "benefit", "signed_by", "signed_as", "signed_on"]}),
        (_l("What it allows"), {"fields": ["monthly_limit", "from_month", "to_month", "withdrawn_on"]}),
    ]
    add_columns = ["document_no", "signed_by", "signed_as", "signed_on", "monthly_limit", "from_month", "to_month"]
    add_form_extra_fields = {"claim_no": StringField("追繳案號"), "case_no": StringField("從哪一案扣抵（案號）")}
    description_columns = {
        "document_no": "同意書正本的編號，同一編號只能登錄一次",
        "monthly_limit": "本人同意每月最多扣抵的金額；扣抵後至少發給縣府設定的數額",
        "to_month": "留白表示扣到繳清或撤回為止",
    }
    default_roles = {
        "can_list": roles.READERS,
        "can_show": roles.READERS,
        "can_add": (roles.COUNTY_OFFICER,),
        "can_export": (*roles.SUPERVISORS, roles.ACCOUNTANT, roles.AUDITOR),
    }
    list_hint = "津貼不得扣押；只有本人簽署同意才可從津貼扣抵溢領，隨時可以撤回。核准後造冊時自動扣抵，入帳時登錄在追繳案。"

    def record_title(self, item: OffsetConsent) -> str:
        return item.document_no


def register(appbuilder: Any) -> None:
    name_events({"offset_consent.enter": _l("Offset consent entered")})
    appbuilder.add_view(OffsetConsentView, "Offset consents", label=_l("Offset consents"), icon="fa-handshake-o", category="Payments", category_label=_l("Payments"))
    tile(
        _l("Consents to approve"), lambda: select(OffsetConsent.id).where(OffsetConsent.state == "entered"), lambda: "/offset_consents/list/?_flt_0_state=entered",
        roles=(roles.COUNTY_SUPERVISOR,), permission=("can_list", "OffsetConsentView"), order=66,
    )  # fmt: skip
