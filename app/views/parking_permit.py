"""身心障礙者專用停車位識別證: its applications on screen."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.parking_permit import PermitApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 15


class PermitApplicationView(ApplicationView):
    """Applications for a parking permit."""

    datamodel = ViewInterface(PermitApplication)
    record_name = _l("Parking permit application")


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, PermitApplicationView, ORDER, "fa-car")
