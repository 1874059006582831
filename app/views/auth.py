"""The one way in and out: sign-in, sign-out, own password, the first administrator."""

from typing import Any

from flask import current_app, flash, g, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.utils.base import get_safe_redirect
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from app.commands import accounts, setup
from app.commands.base import CommandError
from app.extensions import db
from app.security import roles, web


class LoginForm(FlaskForm):
    """帳號與密碼。"""

    username = StringField(_l("User name"), validators=[InputRequired("請輸入帳號")])
    password = PasswordField(_l("Password"), validators=[InputRequired("請輸入密碼")])


class PasswordForm(FlaskForm):
    """The old password is asked, also of somebody who is signed in."""

    old = PasswordField(_l("Current password"), validators=[InputRequired("請輸入目前的密碼")])
    new = PasswordField(_l("New password"), validators=[InputRequired("請輸入新密碼")])
    again = PasswordField(_l("New password again"), validators=[InputRequired("請再輸入一次新密碼")])


class SetupForm(FlaskForm):
    """The first administrator of an installation."""

    token = PasswordField(_l("Set-up token"), validators=[InputRequired("請輸入設定代碼")])
    username = StringField(_l("User name"), validators=[InputRequired("請輸入帳號")])
    name = StringField(_l("Name"), validators=[InputRequired("請輸入姓名")])
    password = PasswordField(_l("Password"), validators=[InputRequired("請輸入密碼")])


class AuthView(BaseView):
    """Sign-in and sign-out. The only screens open to everybody, with the set-up page while there is no user."""

    route_base = ""
    default_view = "login"
    base_permissions: list[str] = []

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        if current_user.is_authenticated:
            return redirect(url_for("HomeView.index"))
        form = LoginForm()
        if form.validate_on_submit():
            user = self.appbuilder.sm.auth_user_db(form.username.data, form.password.data)
            if user is not None:
                wanted = request.args.get("next", "")
                target = get_safe_redirect(wanted) if wanted else url_for("HomeView.index")
                login_user(user, remember=False)
                web.open_session(user)
                # open_session starts an empty cookie; flask-login's mark goes into it
                login_user(user, remember=False)
                return redirect(target)
            flash(
                f"帳號或密碼不正確。連續錯誤 {web.FAILURES} 次會鎖定 {web.LOCK_MINUTES} 分鐘，鎖定期間請洽系統管理人員。",
                "danger",
            )
        from app.views.demo_hint import accounts_hint

        return self.render_template("auth/login.html", form=form, title="登入", demo_accounts=accounts_hint(current_app))

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        if current_user.is_authenticated:
            web.note("signed_out", current_user.username)
        web.close_session()
        flash("您已登出。", "info")
        return redirect(url_for("AuthView.login"))


class PasswordView(BaseView):
    """變更自己的密碼。"""

    route_base = "/password"
    default_view = "form"
    base_permissions = ["can_form"]
    default_roles = roles.ALL

    @expose("/", methods=["GET", "POST"])
    @has_access
    def form(self) -> Any:
        form = PasswordForm()
        if form.validate_on_submit():
            who = web.signed_in()
            try:
                if form.new.data != form.again.data:
                    raise accounts.Refused("兩次輸入的新密碼不同，請重新輸入", "E-PASSWORD")
                accounts.change_own_password(who, form.old.data, form.new.data, web.session_id())
                flash("密碼已變更，其他裝置的登入都已失效。", "success")
                return redirect(url_for("HomeView.index"))
            except accounts.WrongPassword as error:
                web.note("failed", who.username)
                flash(error.message, "danger")
            except CommandError as error:
                flash(error.message, "danger")
        return self.render_template("auth/form.html", form=form, title="變更密碼", must=g.user.must_change_password)


class SetupView(BaseView):
    """首次設定：以一次性代碼建立第一位系統管理人員。"""

    route_base = "/setup"
    default_view = "form"
    base_permissions: list[str] = []

    @expose("/", methods=["GET", "POST"])
    def form(self) -> Any:
        form = SetupForm()
        if form.validate_on_submit():
            try:
                setup.use_token(db.session(), form.token.data, form.username.data, form.name.data, form.password.data)
                flash("系統管理人員已建立，請登入。", "success")
                return redirect(url_for("AuthView.login"))
            except CommandError as error:
                db.session.rollback()
                flash(error.message, "danger")
        return self.render_template("auth/form.html", form=form, title="首次設定")


def register(appbuilder: Any) -> None:
    appbuilder.add_view_no_menu(PasswordView())
    appbuilder.add_view_no_menu(SetupView())
