"""身心障礙者專用停車位識別證: what its application form asks beyond the common fields. Nothing is paid; the permit ends with the card."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application, name_documents
from .application_facts import CARD, HERE, HoldsCard, LivesHere

HOLDERS = {
    "self": _l("The disabled person"),
    "spouse_or_first": _l("Spouse or first-degree relative"),
    "other_relative": _l("Other relative"),
    "stranger": _l("Not a relative"),
}
VEHICLES = {
    "car": _l("Private car"),
    "car_truck": _l("Private car and truck"),
    "light_truck": _l("Private light truck"),
    "taxi": _l("Taxi"),
    "other": _l("Other vehicle"),
}
name_documents({"driving_licence": _l("Driving licence"), "vehicle_licence": _l("Vehicle licence")})


class PermitApplication(LivesHere, HoldsCard, Application):
    """`special_plate` and `other_permit` are looked up (motor office; own permits), so they are asked and never assumed."""

    __tablename__ = "parking_permit_application"
    BENEFIT = "parking_permit"
    LABEL = _l("Parking permit")
    DECISION_WORD = "府社停字"
    SECTIONS = ("person", "facts", "documents")
    DOCUMENTS = (
        ("application_form", True),
        ("identity", True),
        ("disability_card", True),
        ("driving_licence", True),
        ("vehicle_licence", True),
        ("household_transcript", False),
        ("power_of_attorney", False),
    )
    FACTS = (
        *HERE, *CARD, "mobility", "mobility_since", "mobility_until", "holder", "holder_name", "same_home", "vehicle", "plate", "owner_is_self",
        "driver_is_self", "special_plate", "other_permit", "misuse_found",
    )  # fmt: skip
    ASKED = ("lives_at_registration", "card_held", "mobility", "holder", "vehicle", "plate", "special_plate", "other_permit")

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    mobility: Mapped[bool | None] = mapped_column(info={"label": _l("Assessed as having difficulty to move")})
    mobility_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Mobility assessed on")})
    mobility_until: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Mobility to be assessed again by")})
    holder: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Who will hold the permit"), "choices": HOLDERS})
    holder_name: Mapped[str | None] = mapped_column(String(50), info={"label": _l("Name of the holder")})
    same_home: Mapped[bool | None] = mapped_column(info={"label": _l("Holder registered in the same household or address")})
    vehicle: Mapped[str | None] = mapped_column(String(12), info={"label": _l("Kind of vehicle"), "choices": VEHICLES})
    plate: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Plate number"), "hint": "例如 ABC-1234"})
    owner_is_self: Mapped[bool | None] = mapped_column(info={"label": _l("The disabled person owns the vehicle")})
    driver_is_self: Mapped[bool | None] = mapped_column(info={"label": _l("The disabled person drives")})
    special_plate: Mapped[bool | None] = mapped_column(info={"label": _l("Special plate already issued"), "hint": "向監理機關查詢的結果"})
    other_permit: Mapped[bool | None] = mapped_column(info={"label": _l("Another valid permit exists"), "hint": "本人、配偶或親屬已領有本證者選「是」；本縣核發的由系統查對"})
    misuse_found: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Misuse established on"), "hint": "沒有違規時留白"})
