"""The web's way in: server-side sessions, lock-out, the signed-in person as an Actor, security headers."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import current_user, logout_user
from sqlalchemy import func, select, update
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.extensions import db
from app.models.access import Purpose, SecurityEvent, WebSession
from app.models.user import User

from . import access, roles, scope
from .actor import Actor, scope_of

FAILURES, LOCK_MINUTES = 5, 15
OPEN_ENDPOINTS = {"static", "appbuilder.static", "AuthView.login", "AuthView.logout", "SetupView.form"}
OPEN_BLUEPRINT = "citizen"
"""The pages for people without an account."""


# -- who is asking -----------------------------------------------------------------------------------------------------------------------


def actor() -> Actor | None:
    """The signed-in person of this request, or None. Read once per request."""
    if "swis_actor" not in g:
        user = current_user if current_user and current_user.is_authenticated else None
        g.swis_actor = actor_for(user) if user else None
    return g.swis_actor


def signed_in() -> Actor:
    """The signed-in person; 401 when there is none."""
    who = actor()
    if who is None:
        abort(401)
    return who


def actor_for(user: Any) -> Actor:
    """An Actor with the user's permissions, in one query."""
    permissions = current_app.appbuilder.sm.permissions_of(user)  # type: ignore[attr-defined]
    names = frozenset(r.name for r in user.roles)
    sees = bool(names - {roles.ADMINISTRATOR})
    office = user.office
    return Actor(
        user.id,
        user.username,
        user.get_full_name(),
        office.name if office else "",
        scope_of(user, sees),
        frozenset(f"{view}.{permission}" for permission, view in permissions),
        names,
        user.office_id,
    )


def _scope_in_force() -> scope.Scope | None:
    from flask import has_request_context

    if not has_request_context():
        return None
    who = actor()
    return who.scope if who else None


# -- sessions ----------------------------------------------------------------------------------------------------------------------------


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(user: User) -> None:
    """Start a server-side session for a person who has just proved who he or she is."""
    token = secrets.token_urlsafe(32)
    session.clear()
    session["sid"] = token
    now = clock.now()
    db.session.add(WebSession(id=_digest(token), user_id=user.id, created_at=now, seen_at=now, address=request.remote_addr))
    db.session.commit()


def session_id() -> str | None:
    return _digest(session["sid"]) if "sid" in session else None


def revoke(user_id: int, except_id: str | None = None) -> None:
    """End a user's sessions (password change, deactivation). The caller commits."""
    statement = update(WebSession).where(WebSession.user_id == user_id, WebSession.revoked_at.is_(None))
    if except_id:
        statement = statement.where(WebSession.id != except_id)
    db.session.execute(statement.values(revoked_at=clock.now()))


def close_session() -> None:
    """Sign out: the cookie is worthless from now on, also a copy of it."""
    sid = session_id()
    if sid:
        db.session.execute(update(WebSession).where(WebSession.id == sid).values(revoked_at=clock.now()))
        db.session.commit()
    logout_user()
    session.clear()


def _session_holds() -> bool:
    sid = session_id()
    row = db.session.get(WebSession, sid) if sid else None
    if row is None or row.revoked_at or row.user_id != current_user.id:
        return False
    now = clock.now()
    idle = dt.timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])
    absolute = dt.timedelta(hours=current_app.config["SESSION_ABSOLUTE_HOURS"])
    if now - row.seen_at > idle or now - row.created_at > absolute:
        return False
    if now - row.seen_at > dt.timedelta(minutes=1):
        db.session.execute(update(WebSession).where(WebSession.id == sid).values(seen_at=now))
        db.session.commit()
    return True


# -- lock-out ----------------------------------------------------------------------------------------------------------------------------


def note(kind: str, username: str, **details: Any) -> None:
    """Write the security log."""
    db.session.add(access.security_event(kind, username, request.remote_addr, **details))
    db.session.commit()


def locked_out(username: str) -> bool:
    """Five failures since the last success lock the name for 15 minutes, whether or not such a user exists."""
    name = username.lower()
    since = clock.now() - dt.timedelta(minutes=LOCK_MINUTES)
    success = db.session.scalar(
        select(func.max(SecurityEvent.id)).where(SecurityEvent.username == name, SecurityEvent.kind.in_(("signed_in", "unlocked")))
    )
    failures = select(func.count()).where(SecurityEvent.username == name, SecurityEvent.kind == "failed", SecurityEvent.at > since)
    if success:
        failures = failures.where(SecurityEvent.id > success)
    return (db.session.scalar(failures) or 0) >= FAILURES


# -- purpose of looking at a case -----------------------------------------------------------------------------------------------------------


def purpose_for(subject: str) -> str | None:
    """The purpose given in this session for this case (`application:12`), if any."""
    return db.session.scalar(
        select(Purpose.text).where(Purpose.session_id == session_id(), Purpose.subject == subject).order_by(Purpose.id.desc()).limit(1)
    )


def give_purpose(subject: str, text: str) -> None:
    db.session.add(Purpose(session_id=session_id() or "", subject=subject, text=text[:200], at=clock.now()))
    db.session.commit()


def log_access(action: str, subject: tuple[str, str | None], purpose: str, *, person: str | None = None, rows: int = 1) -> None:
    """Write the query log for the signed-in person. Fails closed: no actor, no data."""
    who = signed_in()
    session = db.session()
    session.add(access.entry(who, action, subject, purpose, person=person, rows=rows, key=current_app.config["AUDIT_KEY"]))
    expires, session.expire_on_commit = session.expire_on_commit, False  # the line alone was written: what was read stays read
    try:
        session.commit()
    finally:
        session.expire_on_commit = expires


def log_accesses(action: str, rows: Iterable[tuple[tuple[str, str | None], str | None]], purpose: str) -> None:
    """Write the query log for many records at once: (subject, the person's ID number) each."""
    who, key = signed_in(), current_app.config["AUDIT_KEY"]
    db.session.add_all([access.entry(who, action, subject, purpose, person=person, key=key) for subject, person in rows])
    db.session.commit()


def log_miss(model: type[Any], pk: Any) -> None:
    """A record that was asked for and not found: if it belongs to another office, the attempt is logged."""
    who = actor()
    if who and access.exists_elsewhere(db.session(), model, pk):
        note("denied", who.username, what=request.endpoint, table=model.__tablename__, id=pk)


# -- the request -------------------------------------------------------------------------------------------------------------------------


def _before_request() -> BaseResponse | None:
    if request.endpoint in OPEN_ENDPOINTS or request.endpoint is None or request.blueprint == OPEN_BLUEPRINT:
        return None
    if current_user.is_authenticated:
        if not _session_holds():
            logout_user()
            session.clear()
            return redirect(url_for("AuthView.login"))
        if current_user.must_change_password and request.endpoint not in ("PasswordView.form",):
            return redirect(url_for("PasswordView.form"))
    elif request.method == "GET":
        return redirect(url_for("AuthView.login"))
    else:
        abort(401)
    return None


def _headers(response: Response) -> Response:
    nonce = getattr(g, "csp_nonce", "")
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:;"
        " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint not in ("static", "appbuilder.static"):
        response.headers["Cache-Control"] = "no-store"
    return response


class RowNumber(IntegerConverter):
    """A number in an address that no database integer can hold names nothing: 404."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **kwargs})


def install(app: Flask) -> None:
    """Hook sessions, scope and headers into the application."""
    app.url_map.converters["int"] = RowNumber
    scope.provide(_scope_in_force)

    def nonce() -> str:
        if "csp_nonce" not in g:
            g.csp_nonce = secrets.token_urlsafe(16)
        return g.csp_nonce

    app.jinja_env.globals["csp_nonce"] = nonce
    app.before_request(_before_request)
    app.after_request(_headers)
