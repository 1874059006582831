"""Who has passed which task, what a right asks for, results that come and go as signed files, and the errors of real work before and after."""

import io
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.commands import accounts, training_effect, training_results
from app.commands.base import REGISTRY, CommandError
from app.core import clock
from app.core.text import row_number
from app.extensions import db
from app.models.office import County, Township
from app.models.training import TrainingSource
from app.models.user import User
from app.security import installation, roles, web
from app.training.definitions import tasks

from .accounts import thing_label, verb_label
from .base import PageView, name_events, name_records
from .base_layout import place_names

ORDER = 88
READERS = (*roles.SUPERVISORS, roles.ADMINISTRATOR)


def people_in_reach() -> list[User]:
    """The active people of the offices the signed-in person looks after."""
    offices = [o.id for o in accounts.offices_in_reach(db.session, web.signed_in())]
    statement = select(User).where(User.office_id.in_(offices), User.active).options(selectinload(User.roles)).order_by(User.office_id, User.username)
    return list(db.session.scalars(statement).unique())


def right_name(right: str) -> str:
    """A role, or a permission in Chinese."""
    if "." not in right:
        return f"角色：{right}"
    thing, verb = right.rsplit(".", 1)
    return f"{thing_label((verb, thing))}　{verb_label((verb, thing))}"


class TrainingResultsView(PageView):
    """訓練成績與條件。"""

    route_base = "/training-results"
    title = _l("Training results")
    base_permissions = ["can_index", "can_export", "can_effect"]
    default_roles = dict.fromkeys(("can_index", "can_export", "can_effect"), READERS)

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> ResponseReturnValue:
        if request.method == "POST":
            try:
                flash(self._act(request.form.get("what", "")), "success")
                return redirect(url_for("TrainingResultsView.index"), 303)
            except CommandError as error:
                flash(error.message, "danger")
        who, people = web.signed_in(), people_in_reach()
        done = training_results.passed_by(db.session(), people)
        held = training_results.requirements(db.session(), _county())
        shown = [t for t in tasks().values() if any(t.code in passed for passed in done.values()) or any(r.task == t.code for r in held)]
        rights = [*roles.ALL, *sorted(REGISTRY)]
        page = self.page(
            "training/results.html", people=people, done=done, tasks=tasks(), shown=shown, held=held, here=installation.is_training(), typed=request.form,
            may_keep=who.can("training.require"), may_export=who.can("training.export"), rights=[(r, right_name(r)) for r in rights], right_name=right_name,
            title_of=training_results.title_of, sources=self._sources(),
        )  # fmt: skip
        return page, 422 if request.method == "POST" else 200

    def _sources(self) -> list[TrainingSource]:
        return list(db.session.scalars(select(TrainingSource).where(TrainingSource.county_code.in_((_county(), ""))).order_by(TrainingSource.id)))

    def _act(self, what: str) -> str:
        who, form = web.signed_in(), request.form
        if what == "require":
            training_results.require(who, form.get("right", ""), form.get("task", ""))
            return "條件已設定：從現在起，要先通過任務才能給這個權限。"
        if what == "lift":
            training_results.lift(who, row_number(form.get("row", "")) or 0)
            return "條件已解除。"
        if what == "source":
            training_results.add_source(who, form.get("label", ""), form.get("key", ""))
            return "訓練環境已登錄。"
        file = request.files.get("file")
        found = training_results.import_results(who, file.read(training_results.LARGEST + 1) if file else b"")
        return f"匯入 {found['new']} 筆成績，{found['known']} 筆先前已匯入；{found['waiting']} 人還沒有帳號，成績會留到建立帳號時使用。"

    @expose("/export", methods=["POST"])
    @has_access
    @permission_name("export")
    def export(self) -> ResponseReturnValue:
        """The signed file of the own offices' people."""
        try:
            data, _key = training_results.export_results(web.signed_in(), [o.id for o in accounts.offices_in_reach(db.session, web.signed_in())])
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for("TrainingResultsView.index"), 303)
        return send_file(io.BytesIO(data), "application/json", as_attachment=True, download_name=f"成績_{clock.today():%Y%m%d}.json")

    @expose("/effect")
    @has_access
    @permission_name("effect")
    def effect(self) -> ResponseReturnValue:
        """Errors of real work per office and month, with the months in which somebody passed."""
        found = training_effect.effect(db.session(), people_in_reach())
        names = {**place_names(County), **place_names(Township)}
        chosen = request.args.get("place") or (found[0].place if found else "")
        return self.page(
            "training/effect.html", _l("Training and errors"), found=found, one=next((f for f in found if f.place == chosen), None), names=names,
            labels=training_effect.LABELS,
        )  # fmt: skip


def _county() -> str:
    user = db.session.get(User, web.signed_in().user_id)
    return (user.office.county_code if user and user.office else None) or ""


def register(appbuilder: Any) -> None:
    name_events({
        "training.exported": _l("Training results exported"), "training.imported": _l("Training results taken over"), "training.source": _l("Training console registered"),
        "training.required": _l("Training required for a right"), "training.lifted": _l("Training no longer required"),
    })  # fmt: skip
    name_records("training_source", _l("Training console"))
    name_records("training_requirement", _l("Training requirement"))
    appbuilder.add_view(TrainingResultsView, "Training results", label=_l("Training results"), icon="fa-check", category="Training", category_label=_l("Training"))
    appbuilder.add_link(
        "Training and errors", href="/training-results/effect", label=_l("Training and errors"), icon="fa-line-chart", category="Training", category_label=_l("Training")
    )
