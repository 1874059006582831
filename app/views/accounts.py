"""Users and roles: who works where, and what each role may do. For the administrator and the supervisors."""

from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.security.sqla.models import PermissionView, Role
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.commands import accounts
from app.commands.base import CommandError
from app.commands.benefit_rows import local_rows
from app.core.text import row_number
from app.extensions import db
from app.models.user import User
from app.rules.benefits import benefits
from app.security import roles, web

from .base import PageView

ORDER = 90


class UsersView(PageView):
    """帳號：單位、角色、業務，停用與重設密碼。"""

    route_base = "/users"
    title = _l("Users")
    base_permissions = ["can_index", "can_add", "can_change", "can_reset"]
    default_roles = (roles.ADMINISTRATOR,)

    def _offices(self) -> Any:
        return accounts.offices_in_reach(db.session, web.signed_in())

    def _user(self, pk: int) -> User:
        user = db.session.get(User, pk)
        if user is None or (user.office_id is not None and user.office_id not in {o.id for o in self._offices()}):
            abort(404)
        return user

    @expose("/")
    @has_access
    def index(self) -> Any:
        offices = self._offices()
        users = db.session.scalars(
            select(User)
            .where(User.office_id.in_([o.id for o in offices]))
            .options(selectinload(User.roles))
            .order_by(User.office_id, User.username)
        ).all()
        return self.page("accounts/users.html", users=users)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        form = request.form
        if request.method == "POST":
            try:
                accounts.create_user(
                    web.signed_in(),
                    username=form.get("username", ""),
                    family=form.get("family", ""),
                    given=form.get("given", ""),
                    office_id=_number(form.get("office_id")),
                    role_names=form.getlist("roles"),
                    password=form.get("password", ""),
                    benefits=form.getlist("benefits"),
                )
                flash("帳號已建立，第一次登入時要變更密碼。", "success")
                return redirect(url_for("UsersView.index"), 303)
            except CommandError as error:
                flash(error.message, "danger")
        return self._form(_l("Add user"), None, form)

    @expose("/change/<int:pk>", methods=["GET", "POST"])
    @has_access
    def change(self, pk: int) -> Any:
        user, form = self._user(pk), request.form
        if request.method == "POST":
            try:
                accounts.change_user(
                    web.signed_in(),
                    pk,
                    _number(form.get("office_id")),
                    form.getlist("roles"),
                    form.getlist("benefits"),
                    form.get("active") == "1",
                )
                flash("帳號已更新。", "success")
                return redirect(url_for("UsersView.index"), 303)
            except CommandError as error:
                flash(error.message, "danger")
                user = self._user(pk)
        return self._form(_l("Change user"), user, form)

    @expose("/reset/<int:pk>", methods=["POST"])
    @has_access
    def reset(self, pk: int) -> Any:
        self._user(pk)
        try:
            accounts.reset_password(web.signed_in(), pk, request.form.get("password", ""))
            flash("密碼已重設，這個帳號的登入都已失效，下次登入要變更密碼。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for("UsersView.change", pk=pk), 303)

    def _form(self, title: Any, user: User | None, form: Any) -> Any:
        chosen = set(form.getlist("roles")) if form else {r.name for r in user.roles} if user else set()
        programmes = set(form.getlist("benefits")) if form else set((user.benefits if user else None) or [])
        office_id = _number(form.get("office_id")) if form else user.office_id if user else None
        page = self.page(
            "accounts/user.html",
            title,
            user=user,
            typed=form,
            offices=self._offices(),
            office_id=office_id,
            all_roles=roles.ALL,
            chosen=chosen,
            benefits=[*benefits().values(), *local_rows(db.session()).values()],
            programmes=programmes,
        )
        return (page, 422) if form else page


class RolesView(PageView):
    """角色權限：每個角色可以做什麼。"""

    route_base = "/roles"
    title = _l("Roles")
    base_permissions = ["can_index", "can_change"]
    default_roles = {
        "can_index": (roles.ADMINISTRATOR, roles.COUNTY_SUPERVISOR, roles.AUDITOR),
        "can_change": (roles.ADMINISTRATOR, roles.COUNTY_SUPERVISOR),
    }

    @expose("/")
    @has_access
    def index(self) -> Any:
        found = {r.name: r for r in db.session.scalars(select(Role).options(selectinload(Role.permissions), selectinload(Role.user)))}
        listed = [found[n] for n in roles.ALL if n in found]
        return self.page("accounts/roles.html", roles=listed)

    @expose("/change/<name>", methods=["GET", "POST"])
    @has_access
    def change(self, name: str) -> Any:
        role = db.session.scalar(select(Role).where(Role.name == name))
        if role is None or name not in roles.ALL:
            abort(404)
        pairs = [(p.permission.name, p.view_menu.name) for p in db.session.scalars(select(PermissionView))]
        held = {(p.permission.name, p.view_menu.name) for p in role.permissions}
        if request.method == "POST":
            wanted = {p for p in pairs if key_of(p) in set(request.form.getlist("permission"))}
            try:
                accounts.set_role_permissions(web.signed_in(), name, sorted(wanted - held), sorted(held - wanted))
                flash(f"「{name}」的權限已更新。", "success")
                return redirect(url_for("RolesView.index"), 303)
            except CommandError as error:
                flash(error.message, "danger")
                held = wanted
        groups: dict[str, list[Any]] = {}
        for pair in sorted(pairs, key=lambda p: (p[0] == "menu_access", p[1], p[0])):
            groups.setdefault(thing_label(pair), []).append((key_of(pair), verb_label(pair), pair in held))
        return self.page("accounts/role.html", role.name, role=role, groups=groups)


def _number(value: Any) -> int:
    return row_number(value or "") or 0


def key_of(pair: tuple[str, str]) -> str:
    return f"{pair[1]}.{pair[0]}"


def thing_label(pair: tuple[str, str]) -> str:
    """What a permission is about, in Chinese: the menu, the screen or the field of work."""
    if pair[0] == "menu_access":
        return "選單"
    for view in current_app.appbuilder.baseviews:  # type: ignore[attr-defined]
        if view.class_permission_name == pair[1]:
            name = getattr(view, "record_name", "") or getattr(view, "title", "")
            return f"畫面：{name}" if name else _(f"thing:{pair[1]}")
    return f"作業：{_(f'thing:{pair[1]}')}"


def verb_label(pair: tuple[str, str]) -> str:
    """What a permission allows, in Chinese."""
    return _(pair[1]) if pair[0] == "menu_access" else _(f"verb:{pair[0]}")


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        UsersView,
        "Users",
        label=_l("Users"),
        icon="fa-user",
        category="Administration",
        category_label=_l("Administration"),
        category_icon="fa-cogs",
    )
    appbuilder.add_view(RolesView, "Roles", label=_l("Roles"), icon="fa-key", category="Administration")
