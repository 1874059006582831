"""身心障礙者專用停車位識別證: its applications on screen."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from app.commands.register.permits import PERMIT_APPLICATION
from app.models.parking_permit import PermitApplication
from app.security import web

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 19


class PermitApplicationView(ApplicationView):
    """Applications for a parking permit."""

    datamodel = ViewInterface(PermitApplication)
    record_name = _l("Parking permit application")
    lifecycle = PERMIT_APPLICATION

    def _links(self, item: Any) -> dict[str, str]:
        links = super()._links(item)
        who = web.actor()
        if who is not None and PERMIT_APPLICATION.why_not(who, item, "issue") is None:
            links["issue"] = url_for("ParkingPermitView.issue")
        return links


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, PermitApplicationView, ORDER, "fa-car")
