"""What a lifecycle adds to a record page: its buttons, whose turn it is, the progress indicator and the history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.commands.base import CommandError
from app.commands.lifecycle import Lifecycle
from app.extensions import db
from app.security import web

from . import locking
from .base_lists import ListPages
from .base_timeline import TimelineEntry, timeline
from .base_values import Cell, column_at


@dataclass(frozen=True)
class MoveButton:
    """A button on the record page. `style`: primary | default | danger. `confirm`: a question asked before it is done."""

    name: str
    label: Any
    style: str = "default"
    needs_comment: bool = False
    confirm: str = ""


@dataclass(frozen=True)
class ProgressStep:
    """One step of the indicator on top of a record. `state`: done | current | todo | stopped."""

    label: str
    state: str
    note: str = ""


class LifecyclePages(ListPages):
    """`lifecycle` and `move_commands` of a model view (see `base.CaseView`)."""

    lifecycle: Lifecycle | None = None
    move_commands: dict[str, Callable[..., Any]] = {}
    progress: Sequence[tuple[Any, Sequence[str]]] = ()
    stopped_states: Sequence[str] = ()

    def moves(self, item: Any) -> Sequence[MoveButton]:
        """The buttons the signed-in person may press now; the lifecycle's by default."""
        who = web.actor()
        if self.lifecycle is None or who is None:
            return []
        return [
            MoveButton(m.name, m.label, m.style, m.needs_comment)
            for m in self.lifecycle.open_to(who, item)
            if m.name in self.move_commands
        ]

    def waiting(self, item: Any) -> Sequence[str]:
        """Why the signed-in person cannot move the record on: made by the same person, or somebody else's turn."""
        who = web.actor()
        if self.lifecycle is None or who is None or not self.move_commands:
            return []
        state = getattr(item, self.lifecycle.column)
        onward = [m for m in self.lifecycle.moves.values() if state in m.sources and (m.when is None or m.when(item))]
        lines = [f"「{m.label}」：{self.lifecycle.why_not(who, item, m.name)}" for m in onward if who.can(m.permission) and self.lifecycle.why_not(who, item, m.name)]
        others = "、".join(str(m.label) for m in onward if not who.can(m.permission))
        return [*lines, f"由其他同仁辦理：{others}"] if others else lines

    def progress_of(self, item: Any) -> Sequence[tuple[Any, Sequence[str]]]:
        """The steps this record goes through; `progress` by default."""
        return self.progress

    def steps(self, item: Any) -> Sequence[ProgressStep]:
        """The progress indicator, from `progress`: (label, the states in which the record stands at this step)."""
        progress = self.progress_of(item)
        if not progress or self.lifecycle is None:
            return []
        state = getattr(item, self.lifecycle.column)
        stopped = state in self.stopped_states
        at = next((i for i, (_, states) in enumerate(progress) if state in states), None)
        if at is None:
            return [ProgressStep(str(label), "todo") for label, _ in progress]
        last = len(progress) - 1
        here = "stopped" if stopped else "done" if at == last else "current"
        note = str(self.lifecycle.labels.get(state, ""))
        return [
            ProgressStep(str(label), "done" if i < at else here if i == at else "todo", note if i == at else "")
            for i, (label, _) in enumerate(progress)
        ]

    def _state(self, item: Any) -> Cell | None:
        if self.lifecycle is None:
            return None
        column = column_at(type(item), self.lifecycle.column)
        return Cell.of(getattr(item, self.lifecycle.column), column)

    def history(self, item: Any) -> Sequence[TimelineEntry]:
        """What happened to the record, newest first."""
        return timeline(db.session(), item, self.lifecycle)

    # -- lifecycle moves ------------------------------------------------------------------------------------------------
    @expose("/move/<pk>/<name>", methods=["POST"])
    @has_access
    @permission_name("show")
    def move(self, pk: str, name: str) -> ResponseReturnValue:
        """Press a lifecycle button: calls its command as `command(actor, pk, comment=…, seen_version=…)`, which checks everything again."""
        item = self.item(pk)
        command = self.move_commands.get(name)
        if command is None:
            abort(404)
        key = self.datamodel.get_pk_value(item)
        label = next((str(m.label) for m in self.moves(item) if m.name == name), name)
        try:
            command(web.signed_in(), key, comment=request.form.get("comment", "").strip(), seen_version=locking.seen_version(request.form))
            flash(f"「{label}」完成。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(self.after_move(key, name), 303)

    def after_move(self, pk: Any, name: str) -> str:
        """Where to go after a lifecycle button."""
        return url_for(f"{self.endpoint}.show", pk=pk)
