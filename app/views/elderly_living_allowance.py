"""中低收入老人生活津貼: its applications on screen."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.elderly_living_allowance import ElderlyApplication

from .base import ViewInterface
from .casework import ApplicationView, tiles

ORDER = 10


class ElderlyApplicationView(ApplicationView):
    """Applications for the living allowance for elders."""

    datamodel = ViewInterface(ElderlyApplication)
    benefit = ElderlyApplication.BENEFIT
    route_base = "/elderly_living_allowance"
    record_name = _l("Elderly living allowance application")
    show_fieldsets = [
        (_l("Applicant"), {"fields": [
            "applicant.name", "applicant.person_id", "applicant.birth", "applicant.sex", "applicant.phone",
            "applicant.registered_address", "applicant.actual_address", "agent_name", "agent_relation", "agent_phone",
        ]}),
        (_l("Application"), {"fields": [
            "case_no", "purpose", "received_on", "documents_complete_on", "household_taken_on", "consent_on", "affidavit_on", "effective_month",
        ]}),
        (_l("Residence and status"), {"fields": list(ElderlyApplication.FACTS)}),
        (_l("Payment account"), {"fields": ["channel", "institution", "account", "payee_name", "payee_person_id", "payee_reason", "protected_account"]}),
    ]  # fmt: skip


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        ElderlyApplicationView, "Elderly applications", label=_l("Applications and reviews"), category="Elderly living allowance",
        category_label=_l("Elderly living allowance"), icon="fa-user",
    )  # fmt: skip
    tiles(ElderlyApplicationView, _l("Elderly living allowance"), 10)
