"""中低收入戶兒童少年生活補助: its applications on screen."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.child_youth_living_assistance import ChildYouthApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 12


class ChildYouthApplicationView(ApplicationView):
    """Applications for the living assistance of children and young people."""

    datamodel = ViewInterface(ChildYouthApplication)
    menu_label = _l("Child and youth assistance (menu)")
    record_name = _l("Child and youth living assistance application")


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, ChildYouthApplicationView, ORDER, "fa-child")
