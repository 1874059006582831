"""低收入戶生活扶助: its applications on screen, one per household."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models.low_income_living_assistance import LowIncomeApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit

ORDER = 11


class LowIncomeApplicationView(ApplicationView):
    """Applications of households for low-income living assistance."""

    datamodel = ViewInterface(LowIncomeApplication)
    record_name = _l("Low-income living assistance application")


def register(appbuilder: Any) -> None:
    add_benefit(appbuilder, LowIncomeApplicationView, ORDER, "fa-home")
