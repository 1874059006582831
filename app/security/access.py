"""The query log: who saw whose data and why, and who was refused."""

import hashlib
import hmac
import json
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.access import AccessEntry, SecurityEvent

from . import scope
from .actor import Actor


def person_hash(key: str, person_id: str) -> str:
    """A keyed hash, so that "who looked up this person" can be asked without keeping the ID in the log."""
    return hmac.new(key.encode(), person_id.encode(), hashlib.sha256).hexdigest()


def subject_of(obj: Any) -> tuple[str, str]:
    """(table, primary key) of a mapped object."""
    state = inspect(obj)
    return state.mapper.base_mapper.local_table.name, "/".join(map(str, state.mapper.primary_key_from_instance(obj)))


def entry(
    actor: Actor,
    action: str,
    subject: tuple[str, str | None],
    purpose: str,
    *,
    person: str | None = None,
    rows: int = 1,
    key: str = "",
) -> AccessEntry:
    """One log line. `action`: show | reveal | search | export | print. `person`: the ID number, hashed here."""
    return AccessEntry(
        at=clock.now(),
        user_id=actor.user_id,
        user=actor.display,
        office=actor.office,
        action=action,
        subject_table=subject[0],
        subject_id=subject[1],
        person_hash=person_hash(key, person) if person else None,
        rows=rows,
        purpose=purpose[:200],
    )


def security_event(kind: str, username: str, address: str | None, **details: Any) -> SecurityEvent:
    """One line of the security log. `kind`: signed_in | failed | locked | signed_out | denied | revoked."""
    return SecurityEvent(
        at=clock.now(),
        kind=kind,
        username=username[:128],
        address=address,
        details=json.dumps(details, ensure_ascii=False, default=str) if details else None,
    )


def exists_elsewhere(session: Session, model: type[Any], pk: Any) -> bool:
    """Is there such a row outside the scope in force? Only the yes or no leaves this function."""
    if not scope.is_scoped(model):
        return False
    column = inspect(model).primary_key[0]
    with scope.use(scope.SYSTEM), session.no_autoflush:
        return session.execute(select(column).where(column == pk)).first() is not None
