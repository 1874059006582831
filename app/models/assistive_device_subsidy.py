"""身心障礙者輔具費用補助: what its application form asks beyond the common fields. The devices themselves are rows (`device.py`)."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .application import Application, name_documents
from .application_facts import CARD, HERE, STATUS, STAY, HoldsCard, Listed, LivesHere, StaysInTaiwan
from .device import DeviceElsewhere, DeviceRequest

name_documents({"assessment_report": _l("Assessment report or diagnosis"), "quotation": _l("Quotation")})


class DeviceApplication(LivesHere, StaysInTaiwan, HoldsCard, Listed, Application):
    """`history_checked_on`: the day earlier devices were looked up; until then nobody knows how many of the four are left.
    `special`: the county accepts an urgent case beyond the four items or within the years of use."""

    __tablename__ = "assistive_device_application"
    BENEFIT = "assistive_device_subsidy"
    LABEL = _l("Assistive devices")
    DECISION_WORD = "府社輔字"
    AMOUNT_LABEL = "最高補助金額合計"
    PAID_ON_CLAIM = True
    SECTIONS = ("person", "facts", "devices", "documents", "account")
    ROWS = {
        "devices": ("item_code", "spec", "provision", "recycled", "bought_on"),
        "elsewhere": ("item_code", "granted_on", "agency"),
    }
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("disability_card", True),
        ("passbook", True),
        ("assessment_report", False),
        ("quotation", False),
        ("power_of_attorney", False),
    )
    FACTS = (*CARD, *HERE, *STAY, *STATUS, "history_checked_on", "special")
    ASKED = ("card_held", "lives_at_registration", "days_in_taiwan", "low_income_status", "history_checked_on")

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    history_checked_on: Mapped[dt.date | None] = mapped_column(
        Date, info={"label": _l("Earlier devices looked up on"), "hint": "查詢本縣及全國輔具補助紀錄的日期；其他機關補助過的輔具登錄在「申請輔具」節"}
    )
    special: Mapped[bool | None] = mapped_column(
        info={"label": _l("Accepted as a special case"), "hint": "情形特殊且急迫，經縣府認定得逾四項或未達年限申請；沒有時留白"}
    )
    devices: Mapped[list[DeviceRequest]] = relationship(back_populates="application", order_by=DeviceRequest.position, cascade="all, delete-orphan")
    elsewhere: Mapped[list[DeviceElsewhere]] = relationship(
        back_populates="application", order_by=DeviceElsewhere.position, cascade="all, delete-orphan"
    )
