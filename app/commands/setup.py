"""Preparing an installation: schema, roles and permissions, reference data, the first administrator. Safe to repeat, safe to race."""

import fcntl
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu, assoc_permissionview_role
from flask_migrate import upgrade
from sqlalchemy import delete, func, insert, select, text, update

from app.core import clock
from app.extensions import WRITE, db
from app.models.access import SetupToken
from app.models.audit import AuditEntry, AuditHead
from app.models.training import Installation
from app.models.user import User
from app.security import audit, installation, roles, scope
from app.security.access import subject_of

from . import accounts, load_all, reference
from .base import REGISTRY

LOCK = 7305001  # the advisory lock of "one process prepares the database"


@contextmanager
def _one_at_a_time(app: Flask) -> Iterator[None]:
    """Two processes preparing the same database take turns, on either database."""
    with open(app.config["SWIS_HOME"] / "prepare.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if db.engine.dialect.name != "postgresql":
            yield
            return
        with db.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:k)"), {"k": LOCK})
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:k)"), {"k": LOCK})


def at_head(app: Flask) -> bool:
    """Is the schema the one this version of the product needs?"""
    script = ScriptDirectory(str(app.extensions["migrate"].directory))
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == script.get_current_head()


def prepare(app: Flask, force: bool = False) -> str | None:
    """Create or migrate the database and load what every installation needs.

    Returns the one-time set-up token when this call made one (production, no user yet).
    """
    with app.app_context():
        if not force and at_head(app):
            return None
        with _one_at_a_time(app):
            if not at_head(app):
                upgrade(directory=str(app.extensions["migrate"].directory))
            return initialise()


def initialise() -> str | None:
    """Roles, permissions, reference data and the audit head on a migrated database."""
    load_all()
    with scope.use(scope.SYSTEM):
        session = db.session()
        if session.get(AuditHead, 1) is None and session.scalar(select(func.count()).select_from(AuditEntry)) == 0:
            session.add(AuditHead(id=1, seq=0, hash=audit.GENESIS))
        _sync_roles(session)
        reference.load(session)
        if current_app.config["SWIS_PROFILE"] == installation.TRAINING and session.get(Installation, 1) is None:
            session.add(Installation(id=1, kind=installation.TRAINING, made_at=clock.now()))
        session.commit()
        return _token(session)


def _sync_roles(session: Any) -> None:
    """Create roles and permissions; give the default roles a permission when it is new, never again afterwards. Set-based: one insert a table."""
    public: str = current_app.appbuilder.sm.auth_role_public  # type: ignore[attr-defined]
    grants = default_grants()
    role_id = _ids(session, Role, {*roles.ALL, public})
    verb_id = _ids(session, Permission, {verb for verb, _ in grants})
    thing_id = _ids(session, ViewMenu, {thing for _, thing in grants})
    have = set(session.execute(select(PermissionView.permission_id, PermissionView.view_menu_id)))
    new = [pair for pair in sorted(grants) if (verb_id[pair[0]], thing_id[pair[1]]) not in have]
    if not new:
        return
    session.execute(insert(PermissionView), [{"permission_id": verb_id[verb], "view_menu_id": thing_id[thing]} for verb, thing in new])
    pair_id = {(v, t): i for i, v, t in session.execute(select(PermissionView.id, PermissionView.permission_id, PermissionView.view_menu_id))}
    links = [
        {"permission_view_id": pair_id[verb_id[verb], thing_id[thing]], "role_id": role_id[name]}
        for verb, thing in new
        for name in grants[verb, thing]
    ]
    if links:
        session.execute(insert(assoc_permissionview_role), links)


def _ids(session: Any, model: Any, names: set[str]) -> dict[str, int]:
    """Primary keys by name, after adding the names that were missing."""
    have = set(session.scalars(select(model.name)))
    if missing := sorted(names - have):
        session.execute(insert(model), [{"name": name} for name in missing])
    return dict(session.execute(select(model.name, model.id)).all())


def _opening(view: Any) -> str:
    """The permission of the page a menu entry opens: who may do something else there only has no use for the entry."""
    page = getattr(view, view.default_view)
    return f"can_{getattr(page, '_permission_name', view.default_view)}"


def default_grants() -> dict[tuple[str, str], tuple[str, ...]]:
    """(permission, view menu) → roles of a fresh installation, from what commands and screens declare."""
    grants: dict[tuple[str, str], tuple[str, ...]] = {}
    for entry in REGISTRY.values():
        thing, verb = entry.permission.rsplit(".", 1)
        grants[verb, thing] = entry.roles
    builder: Any = current_app.appbuilder  # type: ignore[attr-defined]
    for view in builder.baseviews:
        declared = getattr(view, "default_roles", ())
        for permission in view.base_permissions or ():
            holders = declared.get(permission, declared.get("*", ())) if isinstance(declared, dict) else declared
            grants[permission, view.class_permission_name] = tuple(holders or ())
    for category in builder.menu.get_list():
        reach: set[str] = set()
        for item in category.childs or [category]:
            if item.name == "-" or item.baseview is None:
                continue
            view = item.baseview
            holders = set(grants.get((_opening(view), view.class_permission_name), ()))
            grants["menu_access", item.name] = tuple(r for r in roles.ALL if r in holders)
            reach |= holders
        if category.childs:
            grants["menu_access", category.name] = tuple(r for r in roles.ALL if r in reach)
    return grants


# -- the first administrator -----------------------------------------------------------------------------------------------------------------


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _token(session: Any) -> str | None:
    """A fresh set-up token while a production installation has no user."""
    if current_app.config["SWIS_PROFILE"] != "production" or session.scalar(select(func.count()).select_from(User)):
        return None
    token = secrets.token_urlsafe(24)
    session.execute(delete(SetupToken))
    session.add(SetupToken(id=1, token_hash=_hash(token), made_at=clock.now()))
    session.commit()
    return token


def use_token(session: Any, token: str, username: str, name: str, password: str) -> None:
    """Make the first administrator. Raises Refused when the token was used, is wrong, or the password is weak."""
    from .base import Refused

    session.rollback()
    session.connection(execution_options=WRITE)
    held = SetupToken.id == 1, SetupToken.token_hash == _hash(token), SetupToken.used_at.is_(None)
    if session.execute(update(SetupToken).where(*held).values(used_at=clock.now())).rowcount != 1:  # of two at once, one
        raise Refused("設定代碼不正確或已使用過，請在主機上重新執行 flask swis init 取得", "E-SETUP")
    user = accounts.first_administrator(session, username, name, password)
    made = audit.Draft("account.created", *subject_of(user), {"username": user.username, "roles": [roles.ADMINISTRATOR], "by": "setup token"})
    audit.append(
        session, current_app.config["AUDIT_KEY"], [made], actor_id=user.id, actor=user.get_full_name(), office=user.office.name if user.office else ""
    )  # fmt: skip
    session.commit()
