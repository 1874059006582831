"""On whose behalf something is done: a signed-in person or the system itself."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .scope import NOTHING, SYSTEM, Scope


@dataclass(frozen=True)
class Actor:
    """`permissions` are "thing.verb" strings (Flask-AppBuilder: permission "verb" on view menu "thing")."""

    user_id: int | None
    username: str
    display: str
    office: str
    scope: Scope
    permissions: frozenset[str] = field(default_factory=frozenset)
    roles: frozenset[str] = field(default_factory=frozenset)
    office_id: int | None = None

    def can(self, permission: str) -> bool:
        return any(fnmatchcase(permission, p) for p in self.permissions) if self.user_id is None else permission in self.permissions

    @classmethod
    def system(cls, name: str) -> "Actor":
        """The product itself: command line and jobs."""
        return cls(None, name, name, "系統", SYSTEM, frozenset({"*"}))


def scope_of(user: Any, sees_cases: bool) -> Scope:
    """The row scope of a user: the office's reach, narrowed to the programmes; nothing for people who may see no cases."""
    office = user.office
    if office is None or not sees_cases:
        return NOTHING
    benefits = None if user.benefits is None else frozenset(user.benefits)
    return Scope(office.kind, office.county_code, office.town_code, benefits)
