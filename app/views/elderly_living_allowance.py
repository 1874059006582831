"""中低收入老人生活津貼: its applications on screen."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.elderly_living_allowance import ElderlyApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 10


class ElderlyApplicationView(ApplicationView):
    """Applications for the living allowance for elders."""

    datamodel = ViewInterface(ElderlyApplication)
    record_name = _l("Elderly living allowance application")


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, ElderlyApplicationView, ORDER)
