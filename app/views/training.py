"""Training on screen: the way back to the beginning."""

from typing import Any

from flask import flash, redirect, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands.base import CommandError
from app.security import installation, roles, web
from app.training import snapshot

from .base import PageView, name_events, name_records

ORDER = 88


class TrainingView(PageView):
    """訓練：任務、成績、重置。"""

    route_base = "/training"
    title = _l("Training")
    base_permissions = ["can_index", "can_restart"]
    default_roles = {"can_index": roles.ALL, "can_restart": (*roles.SUPERVISORS, roles.ADMINISTRATOR)}

    @expose("/")
    @has_access
    def index(self) -> Any:
        return self.page("training/index.html", here=installation.is_training(), may_reset=web.signed_in().can("training.reset"))

    @expose("/reset", methods=["POST"])
    @has_access
    @permission_name("restart")
    def reset(self) -> Any:
        """Queue the reset; a second click finds the first."""
        try:
            job = snapshot.request_reset(web.signed_in())
            flash(f"重置已排入背景作業（第 {job} 號），約一分鐘內完成；帳號與成績都會保留。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for("TrainingView.index"), 303)


def register(appbuilder: Any) -> None:
    name_events({"training.reset": _l("Training county reset")})
    name_records("installation", _l("Installation"))
    appbuilder.add_view(
        TrainingView, "Training tasks", label=_l("Training tasks"), icon="fa-graduation-cap", category="Training", category_label=_l("Training"),
        category_icon="fa-graduation-cap",
    )  # fmt: skip
