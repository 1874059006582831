"""Flask-AppBuilder's security manager, hardened: our users, our way in, no token login, one permission query a request."""

from typing import Any

from flask import g, has_request_context
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_appbuilder.security.sqla.models import Permission, PermissionView, ViewMenu, assoc_permissionview_role
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core import clock
from app.models.user import User

from . import passwords, web


class SecurityManager(FabSecurityManager):
    """Registers none of the stock security screens: each has a hole this product cannot have (see docs/decisions)."""

    user_model = User
    auth_view_class: Any  # the sign-in screen; the factory sets it, so that this room knows no screens

    def register_views(self) -> None:
        """The only way in is ours; the views package registers the screens for users and roles."""
        self.auth_view = self.appbuilder.add_view_no_menu(self.auth_view_class())

    def get_user_by_id(self, pk: Any) -> Any:
        """The user with office, roles and groups, in one query: every request asks for them."""
        return self.session.get(User, pk, options=(joinedload(User.roles), joinedload(User.groups)))

    def _pairs(self, role_ids: tuple[int, ...]) -> frozenset[tuple[str, str]]:
        link = assoc_permissionview_role
        rows = self.session.execute(
            select(Permission.name, ViewMenu.name)
            .select_from(PermissionView)
            .join(Permission, PermissionView.permission_id == Permission.id)
            .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
            .join(link, link.c.permission_view_id == PermissionView.id)
            .where(link.c.role_id.in_(role_ids))
        )
        return frozenset((p, v) for p, v in rows)

    def pairs_of_roles(self, role_ids: tuple[int, ...]) -> frozenset[tuple[str, str]]:
        """(permission, view menu) pairs of these roles; one query per request."""
        if not has_request_context():
            return self._pairs(role_ids)
        cache = g.setdefault("swis_permissions", {})
        if role_ids not in cache:
            cache[role_ids] = self._pairs(role_ids)
        return cache[role_ids]

    def permissions_of(self, user: Any) -> frozenset[tuple[str, str]]:
        return self.pairs_of_roles(tuple(sorted(r.id for r in user.roles)))

    def exist_permission_on_roles(self, view_name: str, permission_name: str, role_ids: list[int]) -> bool:
        return (permission_name, view_name) in self.pairs_of_roles(tuple(sorted(role_ids)))

    def _get_user_permission_view_menus(self, user: Any, permission_name: str, view_menus_name: list[str]) -> set[str]:
        if user is None:
            return set()
        return {v for p, v in self.permissions_of(user) if p == permission_name}

    def auth_user_db(self, username: str, password: str) -> User | None:
        """The user, or None. Wrong names and wrong passwords cost the same; five failures lock the name."""
        name = (username or "").strip().lower()[:128]
        if not name or web.locked_out(name):
            web.note("locked" if name else "failed", name)
            return None
        user = self.find_user(username=name)
        stored = user.password if user and user.is_active else None
        good = passwords.matches(stored or _dummy_hash(), password or "") and stored is not None
        if not good or user is None:
            web.note("failed", name)
            return None
        user.last_login = clock.now()
        user.login_count = (user.login_count or 0) + 1
        web.note("signed_in", name)
        return user


def _dummy_hash() -> str:
    """A hash nobody's password has, so that an unknown name takes as long as a known one."""
    global _DUMMY
    if _DUMMY is None:
        _DUMMY = passwords.hashed("no such user: the same work is done")
    return _DUMMY


_DUMMY: str | None = None
