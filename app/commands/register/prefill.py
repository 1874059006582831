"""What the county's own register knows is filled in when a case begins: the card, the permit, the ban. Nobody types it again."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import object_session

from app.commands.base import Context
from app.commands.casework.hooks import OPENED
from app.core import clock
from app.models.application import Application
from app.models.application_facts import HoldsCard
from app.models.disability_card import DisabilityCard
from app.models.disability_register import RegisterApplication
from app.models.parking_permit import PermitApplication
from app.models.permit import ParkingPermit
from app.rules.clocks import months_after
from app.rules.parking_permit import BAN_YEARS, renewal_opens

from .reading import current_card, valid_permit


def card_columns(card: DisabilityCard, prefix: str = "card") -> dict[str, Any]:
    """The columns of a form that speak of a card."""
    return {
        f"{prefix}_held": True,
        f"{prefix}_number": card.card_no,
        f"{prefix}_grade": card.grade,
        f"{prefix}_classes": card.classes,
        f"{prefix}_issued": card.issued_on,
        f"{prefix}_expires": card.expires,
        f"{prefix}_permanent": card.permanent,
    }


def fill(ctx: Context, application: Application) -> None:
    """Fill in the card, the permit and the ban from the register, where it knows them."""
    session = object_session(application)
    assert session is not None
    card = current_card(session, application.applicant_id)
    values: dict[str, Any] = {}
    if card is not None and isinstance(application, HoldsCard):
        values |= card_columns(card) | {"card_annotated": card.annotated_on is not None or None}
    if card is not None and isinstance(application, RegisterApplication):
        values |= card_columns(card, "old")
    if isinstance(application, PermitApplication):
        if card is not None and application.mobility is None:
            values["mobility"] = card.mobility_difficulty
        permit = valid_permit(session, application.applicant_id)
        if permit is not None:
            values["other_permit"] = renewal_opens(permit.expires) > clock.today()
            values |= {"plate": permit.plate, "vehicle": permit.vehicle, "holder": permit.holder, "holder_name": permit.holder_name}
        banned = session.scalar(select(func.max(ParkingPermit.ban_until)).where(ParkingPermit.person_id == application.applicant_id))
        if banned is not None and banned >= clock.today():
            values["misuse_found"] = months_after(banned, -12 * BAN_YEARS)
    for name, value in values.items():
        setattr(application, name, value)
    session.flush()


OPENED.append(fill)
