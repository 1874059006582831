"""Training on screen: the tasks of the person's roles, one task with its paper, its steps and what came of it, and the way back to the beginning."""

import io
from typing import Any

from flask import abort, flash, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.routing import BuildError

from app.commands.base import CommandError, NotFound
from app.extensions import db
from app.models.training import OPEN, TRY_STATES, TrainingTry
from app.rules.benefits import benefits
from app.security import installation, roles, web
from app.training import snapshot, tries
from app.training.definitions import Task, tasks

from .base import PageView, name_events, name_records

ORDER = 88
SUBSYSTEMS = {
    "matching": "比對與疑義", "payments": "撥款", "exchange": "資料交換", "recovery": "追繳", "rules": "法規設定", "audit": "稽核", "administration": "系統管理",
}  # fmt: skip
STYLES = {"open": "info", "passed": "good", "failed": "warn", "abandoned": "neutral"}


def subsystem_name(task: Task) -> str:
    """What the task is about, in words."""
    found = benefits().get(task.subsystem)
    return found.name if found else SUBSYSTEMS[task.subsystem]


def own_tries(code: str | None = None) -> list[TrainingTry]:
    """The signed-in person's tries, newest first."""
    statement = select(TrainingTry).where(TrainingTry.user_id == web.signed_in().user_id).order_by(TrainingTry.id.desc())
    return list(db.session.scalars(statement if code is None else statement.where(TrainingTry.task == code)))


class TrainingView(PageView):
    """訓練：任務、成績、重置。"""

    route_base = "/training"
    title = _l("Training tasks")
    base_permissions = ["can_index", "can_restart"]
    default_roles = {"can_index": roles.ALL, "can_restart": (*roles.SUPERVISORS, roles.ADMINISTRATOR)}

    @expose("/")
    @has_access
    def index(self) -> Any:
        who = web.signed_in()
        best: dict[str, TrainingTry] = {}
        for row in own_tries():
            if row.task not in best or (row.state == "passed" and best[row.task].state != "passed"):
                best[row.task] = row
        mine = [t for t in tasks().values() if t.role in who.roles]
        return self.page(
            "training/index.html", here=installation.is_training(), may_reset=who.can("training.reset"), tasks=mine, best=best, states=TRY_STATES,
            styles=STYLES, subsystem_name=subsystem_name,
        )  # fmt: skip

    @expose("/task/<code>", methods=["GET", "POST"])
    @has_access
    @permission_name("index")
    def task(self, code: str) -> Any:
        """One task: begin, answer, let it be checked, give up."""
        if not installation.is_training():
            return redirect(url_for("TrainingView.index"))
        try:
            task = tries.task_of(code)
        except NotFound:
            abort(404)
        if request.method == "POST":
            try:
                self._act(code)
                return redirect(url_for("TrainingView.task", code=code), 303)
            except CommandError as error:
                flash(error.message, "danger")
        mine = own_tries(code)
        page = self.page(
            "training/task.html", task.title, task=task, row=mine[0] if mine else None, tries=mine, states=TRY_STATES, styles=STYLES,
            subsystem=subsystem_name(task), begin_url=_begin_url(task), typed=request.form, mine=task.role in web.signed_in().roles,
        )  # fmt: skip
        return page, 422 if request.method == "POST" else 200

    def _act(self, code: str) -> None:
        who, what = web.signed_in(), request.form.get("what", "")
        if what == "begin":
            tries.begin(who, code)
            return
        row = next((t for t in own_tries(code) if t.state == OPEN), None)
        if row is None:
            raise NotFound("沒有進行中的練習，請按「開始練習」", "E-TRAINING")
        if what == "give_up":
            tries.give_up(who, row.id)
            flash("這次練習已放棄，可以重新開始。", "info")
        else:
            tries.finish(who, row.id, request.form)

    @expose("/file/<int:pk>")
    @has_access
    @permission_name("index")
    def file(self, pk: int) -> Any:
        """The file of the person's own try."""
        row = db.session.scalar(select(TrainingTry).where(TrainingTry.id == pk, TrainingTry.user_id == web.signed_in().user_id))
        if row is None or "file" not in row.material:
            abort(404)
        content = io.BytesIO(row.material["file"]["text"].encode("utf-8-sig"))
        return send_file(content, "text/csv; charset=utf-8", as_attachment=True, download_name=row.material["file"]["name"])

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


def _begin_url(task: Task) -> str:
    try:
        return url_for(task.begin)
    except BuildError:
        return url_for("HomeView.index")


def register(appbuilder: Any) -> None:
    name_events({
        "training.reset": _l("Training county reset"), "training.begun": _l("Training task begun"), "training.finished": _l("Training task checked"),
        "training.given_up": _l("Training task given up"),
    })  # fmt: skip
    name_records("installation", _l("Installation"))
    name_records("training_try", _l("Try at a training task"))
    appbuilder.add_view(
        TrainingView, "Training tasks", label=_l("Training tasks"), icon="fa-graduation-cap", category="Training", category_label=_l("Training"),
        category_icon="fa-graduation-cap",
    )  # fmt: skip
