"""Steps of a record that need more than a comment: each a small form of its own, one button on the record's page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from wtforms import Form

from app.commands.base import CommandError
from app.security import web
from app.security.actor import Actor

from . import locking


@dataclass(frozen=True)
class Step:
    """`run(actor, record, form's data, version seen)` does it and may give the address to go to; `open` says whether it fits the record."""

    name: str
    label: str
    form: type[Form]
    permission: str
    run: Callable[[Actor, Any, dict[str, Any], int | None], str | None]
    open: Callable[[Any], bool] = lambda _item: True
    proposed: Callable[[Any], dict[str, Any]] = lambda _item: {}
    required: tuple[str, ...] = ()
    style: str = "default"
    choices: Callable[[Any], dict[str, list[tuple[str, str]]]] = lambda _item: {}
    """What there is to choose from that depends on the record."""


class StepForms:
    """`forms` of a record view; `show_context` has to pass `step_links(item)` on to its template."""

    forms: Sequence[Step] = ()
    endpoint: str
    item: Callable[[Any], Any]
    render_template: Callable[..., str]
    record_title: Callable[[Any], str]

    def step_links(self, item: Any) -> list[tuple[str, str, str]]:
        """(address, label, style) of the steps the signed-in person may take now."""
        who = web.signed_in()
        return [
            (url_for(f"{self.endpoint}.step", pk=item.id, name=s.name), s.label, s.style) for s in self.forms if who.can(s.permission) and s.open(item)
        ]

    @expose("/step/<pk>/<name>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def step(self, pk: str, name: str) -> ResponseReturnValue:
        """One step's form."""
        item = self.item(pk)
        back = url_for(f"{self.endpoint}.show", pk=pk)
        step = next((s for s in self.forms if s.name == name), None)
        if step is None or not web.signed_in().can(step.permission) or not step.open(item):
            return redirect(back, 303)
        form = step.form(request.form if request.method == "POST" else None, data=step.proposed(item))
        for field, offered in step.choices(item).items():
            form[field].choices = offered
        problem = ""
        if request.method == "POST" and form.validate():
            if lacking := [n for n in step.required if form[n].data in (None, "")]:
                for n in lacking:
                    form[n].errors = (*form[n].errors, f"請填{form[n].label.text}")
            else:
                try:
                    target = step.run(web.signed_in(), item, form.data, locking.seen_version(request.form))
                    flash(f"「{step.label}」完成。", "success")
                    return redirect(target or back, 303)
                except CommandError as error:
                    problem, item = error.message, self.item(pk)
        failed = bool(problem or form.errors)
        page = self.render_template(
            "payments/form.html", title=f"{step.label}　{self.record_title(item)}", form=form, problem=problem, failed=failed, back=back,
            button="確定", seen_version=item.version,
        )  # fmt: skip
        return (page, 422) if failed else page
