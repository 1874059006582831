"""People who sign in: making accounts, changing roles, deactivating, passwords."""

from typing import Any

from flask import current_app
from sqlalchemy import func, select

from app.core import clock
from app.models.office import Office
from app.models.user import User
from app.security import passwords, roles, web
from app.security.actor import Actor

from . import training_results
from .base import Context, NotFound, Refused, command


def _policy() -> passwords.PasswordPolicy:
    return passwords.LONG if current_app.config.get("PASSWORD_POLICY") == "long" else passwords.LAW


def _sm() -> Any:
    return current_app.appbuilder.sm  # type: ignore[attr-defined]


def check_password(password: str, username: str) -> None:
    """Raises Refused with everything that is wrong with it."""
    if problems := _policy().problems(password, username):
        raise Refused("；".join(problems), "E-PASSWORD")


def _roles(names: list[str], office: Office) -> list[Any]:
    if not names:
        raise Refused("請至少選一個角色", "E-ROLE")
    if why := roles.conflict(set(names)):
        raise Refused(why, "E-ROLE")
    for name in names:
        kinds = roles.OFFICE_KINDS.get(name)
        if kinds and office.kind not in kinds:
            raise Refused(f"「{name}」不適用於{office.name}，請改選單位或角色", "E-ROLE")
    found = [_sm().find_role(n) for n in names]
    if None in found:
        raise Refused("選的角色不存在，請重新整理頁面", "E-ROLE")
    return found


def new_user(
    session: Any, *, username: str, family: str, given: str, office: Office, role_names: list[str], password: str, must_change: bool
) -> User:
    """Build a user row without asking who may: for the commands below and for the demo."""
    user = User(
        username=username.strip().lower(),
        last_name=family,
        first_name=given,
        email=f"{username.strip().lower()}@invalid",
        active=True,
        office_id=office.id,
        password=passwords.hashed(password, current_app.config.get("PASSWORD_HASH", "scrypt")),
        must_change_password=must_change,
        password_changed_at=clock.now(),
    )
    user.roles = _roles(role_names, office)
    session.add(user)
    session.flush()
    return user


def offices_in_reach(session: Any, actor: Actor) -> list[Office]:
    """The offices whose people an administrator looks after: the ministry's all, a county's and its townships', a township's own."""
    own = session.get(Office, actor.office_id) if actor.office_id else None
    if own is None:
        return []
    statement = select(Office).order_by(Office.id)
    if own.kind == "county":
        statement = statement.where(Office.county_code == own.county_code)
    elif own.kind == "township":
        statement = statement.where(Office.id == own.id)
    return list(session.scalars(statement))


def _office(ctx: Context, office_id: int) -> Office:
    for office in offices_in_reach(ctx.session, ctx.actor):
        if office.id == office_id:
            return office
    raise NotFound("查無這個單位，或不在您的管理範圍", "E-404")


def _user(ctx: Context, user_id: int) -> User:
    user = ctx.get(User, user_id)
    if user.office_id is not None:
        _office(ctx, user.office_id)
    return user


def first_administrator(session: Any, username: str, name: str, password: str) -> User:
    """The installation's first administrator, at the first county or ministry office. Raises Refused."""
    username = username.strip().lower()
    if not username or not name.strip():
        raise Refused("請填帳號與姓名", "E-USER")
    check_password(password, username)
    office = session.scalar(select(Office).where(Office.kind == "ministry").order_by(Office.id))
    return new_user(
        session,
        username=username,
        family=name.strip()[:1],
        given=name.strip()[1:] or "",
        office=office,
        role_names=[roles.ADMINISTRATOR],
        password=password,
        must_change=False,
    )


@command("accounts.create", roles=(roles.ADMINISTRATOR,))
def create_user(
    ctx: Context,
    username: str,
    family: str,
    given: str,
    office_id: int,
    role_names: list[str],
    password: str,
    benefits: list[str] | None = None,
) -> int:
    """A new account; the first password must be changed at the first sign-in. Raises Refused."""
    username = username.strip().lower()
    if not username or not family.strip():
        raise Refused("請填帳號與姓名", "E-USER")
    if ctx.session.scalar(select(User.id).where(func.lower(User.username) == username)):
        raise Refused(f"帳號「{username}」已經有人使用，請換一個", "E-USER")
    check_password(password, username)
    office = _office(ctx, office_id)
    user = new_user(
        ctx.session,
        username=username,
        family=family.strip(),
        given=given.strip(),
        office=office,
        role_names=role_names,
        password=password,
        must_change=True,
    )
    user.benefits = benefits or None
    training_results.refuse_unpassed(ctx.session, user, office.county_code, training_results.rights_of(user.roles))
    ctx.audit("account.created", user, username=username, office=office.name, roles=role_names)
    return user.id


@command("accounts.change", roles=(roles.ADMINISTRATOR,))
def change_user(ctx: Context, user_id: int, office_id: int, role_names: list[str], benefits: list[str] | None, active: bool) -> None:
    """Office, roles, programmes, active or not. Deactivation ends the person's sessions at once. Raises Refused."""
    user = _user(ctx, user_id)
    if user.id == ctx.actor.user_id:
        raise Refused("不能變更自己的角色或停用自己的帳號，請由另一位系統管理人員處理", "E-USER")
    office = _office(ctx, office_id)
    before = {"office": user.office.name if user.office else None, "roles": sorted(r.name for r in user.roles), "active": user.active}
    held = training_results.rights_of(user.roles) if user.active and user.office_id == office.id else set()
    user.office_id, user.roles, user.benefits, user.active = office.id, _roles(role_names, office), benefits or None, active
    if active:
        training_results.refuse_unpassed(ctx.session, user, office.county_code, training_results.rights_of(user.roles) - held)
    if not active:
        web.revoke(user.id)
    ctx.audit("account.changed", user, before=before, after={"office": office.name, "roles": sorted(role_names), "active": active})


@command("accounts.reset_password", roles=(roles.ADMINISTRATOR,))
def reset_password(ctx: Context, user_id: int, password: str) -> None:
    """A temporary password, to be changed at the next sign-in; ends the person's sessions. Raises Refused."""
    user = _user(ctx, user_id)
    check_password(password, user.username)
    user.password, user.must_change_password = passwords.hashed(password), True
    web.revoke(user.id)
    ctx.audit("account.password_reset", user)


@command("accounts.own_password", roles=roles.ALL)
def change_own_password(ctx: Context, old: str, new: str, keep_session: str | None) -> None:
    """Asks the old password; every other session of the person ends. Raises Refused."""
    user = ctx.get(User, ctx.actor.user_id)
    if web.locked_out(user.username):
        raise Refused(f"連續輸入錯誤，請 {web.LOCK_MINUTES} 分鐘後再試", "E-LOCKED")
    if not passwords.matches(user.password, old):
        raise WrongPassword("目前的密碼不正確", "E-PASSWORD")
    if passwords.matches(user.password, new):
        raise Refused("新密碼不可與目前的相同", "E-PASSWORD")
    check_password(new, user.username)
    user.password, user.must_change_password, user.password_changed_at = passwords.hashed(new), False, clock.now()
    web.revoke(user.id, except_id=keep_session)
    ctx.audit("account.password_changed", user)


class WrongPassword(Refused):
    """The old password was wrong; the caller notes the failure, so that guessing here locks the account too."""


POWERS = frozenset({"accounts", "roles", "UsersView", "RolesView"})
"""What makes people and their rights: a supervisor who could hand these out could have them handed back."""


@command("roles.change", roles=(roles.ADMINISTRATOR, roles.COUNTY_SUPERVISOR))
def set_role_permissions(ctx: Context, role_name: str, add: list[tuple[str, str]], remove: list[tuple[str, str]]) -> None:
    """Give and take permissions ((permission, view menu) pairs) of a role. Raises Refused."""
    sm = _sm()
    role = sm.find_role(role_name)
    if role is None or role_name == sm.auth_role_public:
        raise Refused("這個角色不能變更", "E-ROLE")
    administers = ctx.actor.can("accounts.change")
    if role_name in (roles.AUDITOR, roles.ADMINISTRATOR) and not administers:
        raise Refused(f"「{role_name}」的權限只能由系統管理人員變更", "E-ROLE")
    if not administers and any(thing in POWERS and (verb, thing) != ("own_password", "accounts") for verb, thing in (*add, *remove)):
        raise Refused("管理帳號與角色的權限只能由系統管理人員給予或收回", "E-ROLE")
    mine = {r.id for r in ctx.get(User, ctx.actor.user_id).roles} if ctx.actor.user_id else set()
    if role.id in mine:
        raise Refused("不能變更自己擔任的角色，請由另一位主管處理", "E-ROLE")
    pairs = {(p.permission.name, p.view_menu.name): p for p in role.permissions}
    gained = {f"{thing}.{verb}" for verb, thing in add}
    for holder in ctx.session.scalars(select(User).where(User.roles.any(id=role.id), User.active)).unique() if gained else ():
        training_results.refuse_unpassed(ctx.session, holder, holder.office.county_code if holder.office else None, gained)
    for key in add:
        pair = sm.find_permission_view_menu(*key)
        if pair is None:
            raise Refused("選的權限不存在，請重新整理頁面", "E-ROLE")
        pairs[key] = pair
    for key in remove:
        pairs.pop(key, None)
    role.permissions = list(pairs.values())
    ctx.audit("role.changed", role, added=sorted(add), removed=sorted(remove))
