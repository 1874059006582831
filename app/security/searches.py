"""What somebody searched for by personal data: kept here for that person, so that it never stands in a URL."""

import secrets
from collections.abc import Mapping

from sqlalchemy import delete, select

from app.core import clock
from app.extensions import db
from app.models.search import RememberedSearch

from . import web

KEPT = 20
"""Searches kept per person; older ones are forgotten."""


def remember(view: str, criteria: Mapping[str, str]) -> str:
    """Keep the criteria for the signed-in person; the token that stands for them."""
    who = web.actor()
    token = secrets.token_urlsafe(16)
    user_id = who.user_id if who else None
    db.session.add(RememberedSearch(token=token, user_id=user_id, view=view, criteria=dict(criteria), at=clock.now()))
    db.session.flush()
    old = select(RememberedSearch.id).where(RememberedSearch.user_id == user_id).order_by(RememberedSearch.id.desc()).offset(KEPT)
    db.session.execute(delete(RememberedSearch).where(RememberedSearch.id.in_(list(db.session.scalars(old)))))
    db.session.commit()
    return token


def recall(view: str, token: str, user_id: int | None = None) -> dict[str, str] | None:
    """The criteria behind a token, if it is this view's and this person's (the signed-in one, when no user is named)."""
    who = web.actor() if user_id is None else None
    owner = who.user_id if who else user_id
    if owner is None or "\0" in token:
        return None
    return db.session.scalar(
        select(RememberedSearch.criteria).where(
            RememberedSearch.token == token[:40], RememberedSearch.view == view, RememberedSearch.user_id == owner
        )
    )
