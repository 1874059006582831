"""身心障礙者資料管理: applications for a card or certificate on screen."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.disability_register import RegisterApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 13


class RegisterApplicationView(ApplicationView):
    """Applications for a disability card or certificate."""

    datamodel = ViewInterface(RegisterApplication)
    record_name = _l("Disability register application")


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, RegisterApplicationView, ORDER, "fa-id-card-o")
