"""Reading the register: the card in use, the timeline of a holder, and how the register stood on any day."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.text import fold
from app.models.disability_card import DisabilityCard, DisabilityEvent
from app.models.permit import ParkingPermit
from app.rules.disability import Card, Grade
from app.rules.register_timeline import Entry, State, state_on


def current_card(session: Session, holder_id: int, *, lock: bool = False) -> DisabilityCard | None:
    """The holder's card in use (it may be past its last day)."""
    statement = select(DisabilityCard).where(DisabilityCard.holder_id == holder_id, DisabilityCard.status == "current")
    return session.scalar(statement.with_for_update(of=DisabilityCard) if lock else statement)


def valid_permit(session: Session, person_id: int, *, lock: bool = False) -> ParkingPermit | None:
    """The person's permit in use (it may be past its last day until the night)."""
    statement = select(ParkingPermit).where(ParkingPermit.person_id == person_id, ParkingPermit.status == "valid")
    return session.scalar(statement.with_for_update(of=ParkingPermit) if lock else statement)


def timeline(session: Session, holder_id: int) -> list[DisabilityEvent]:
    """Everything that happened to the holder's cards, oldest first."""
    return list(
        session.scalars(
            select(DisabilityEvent).where(DisabilityEvent.holder_id == holder_id).order_by(DisabilityEvent.happened_on, DisabilityEvent.id)
        )
    )


def codes_of(classes: str | None) -> tuple[str, ...]:
    """`７、1` as `("7", "1")`."""
    return tuple(part for part in fold(classes or "").replace("、", ",").replace(";", ",").replace(" ", ",").split(",") if part)


def as_card(card: DisabilityCard) -> Card:
    """The stored card as the fact that rules stand on."""
    return Card(
        True, Grade(card.grade), codes_of(card.classes), card.issued_on, card.expires, card.permanent, card.annotated_on is not None or None,
        card.ended_on if card.status == "cancelled" else None, card.card_no,
    )  # fmt: skip


def state_at(events: Iterable[DisabilityEvent], day: dt.date) -> State:
    """How the register stood on a day, from the timeline."""
    return state_on(
        (
            Entry(e.kind, e.happened_on, e.card_no or "", Grade(e.grade) if e.grade else None, codes_of(e.classes), e.expires, e.permanent)
            for e in events
        ),
        day,
    )
