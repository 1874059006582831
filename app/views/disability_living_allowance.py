"""身心障礙者生活補助: its applications on screen."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.disability_living_allowance import DisabilityLivingApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 15


class DisabilityLivingApplicationView(ApplicationView):
    """Applications for the living allowance of disabled people."""

    datamodel = ViewInterface(DisabilityLivingApplication)
    record_name = _l("Disability living allowance application")


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, DisabilityLivingApplicationView, ORDER, "fa-wheelchair")
