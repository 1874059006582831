"""Tries: begin one with material of its own, answer its questions, let it be checked, give it up. Every try is a row and stays."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.commands.base import Context, NotFound, Refused, command
from app.core import clock
from app.extensions import db
from app.models.training import ABANDONED, FAILED, OPEN, PASSED, TrainingTry
from app.security import roles, scope
from app.security.actor import Actor

from . import kinds
from .definitions import Task, tasks
from .snapshot import refuse_outside
from .work import Work


def task_of(code: str) -> Task:
    """Raises NotFound."""
    if code not in tasks():
        raise NotFound("沒有這項訓練任務", "E-404")
    return tasks()[code]


def begin(actor: Actor, code: str) -> int:
    """A new try of a task, or the one under way; its number. The material is made first, by the county's own staff. Raises Refused."""
    refuse_outside()
    task = task_of(code)
    if not actor.can("training.play"):
        raise Refused("您的角色不能練習任務", "E-PERM")
    if task.role not in actor.roles:
        raise Refused(f"這項任務給「{task.role}」練習；請以這個角色的帳號登入", "E-TRAINING")
    under_way = db.session.scalar(select(TrainingTry.id).where(TrainingTry.user_id == actor.user_id, TrainingTry.task == code, TrainingTry.state == OPEN))
    if under_way is not None:
        return under_way
    with scope.use(scope.SYSTEM):
        material = kinds.KINDS[task.kind].prepare(Work(db.session(), actor), task.setup)
        db.session.commit()
    return _open(actor, code, material)


@command("training.play", roles=roles.ALL)
def _open(ctx: Context, code: str, material: dict[str, Any]) -> int:
    row = TrainingTry(user_id=ctx.actor.user_id, task=code, material=material, began_at=clock.now())
    ctx.session.add(row)
    ctx.audit("training.begun", row, task=code)
    return row.id


def own(ctx: Context, try_id: int) -> TrainingTry:
    """The person's own try, still open. Raises NotFound, Refused."""
    row = ctx.session.scalar(select(TrainingTry).where(TrainingTry.id == try_id, TrainingTry.user_id == ctx.actor.user_id))
    if row is None:
        raise NotFound("查無這次練習", "E-404")
    if row.state != OPEN:
        raise Refused("這次練習已經結束，可以再練一次", "E-TRAINING")
    return row


@command("training.play", roles=roles.ALL)
def give_up(ctx: Context, try_id: int) -> None:
    """End a try without a score."""
    row = own(ctx, try_id)
    row.state, row.finished_at = ABANDONED, ctx.now
    ctx.audit("training.given_up", row, task=row.task)


@command("training.play", roles=roles.ALL)
def finish(ctx: Context, try_id: int, answers: Mapping[str, str] | None = None) -> str:
    """Look at what was done and score it; the try's state. Raises Refused when a question has no answer yet."""
    row = own(ctx, try_id)
    task = task_of(row.task)
    row.answers = {q["code"]: (answers or {}).get(q["code"], "").strip() for q in row.material.get("questions", ())}
    if missing := [q["label"] for q in row.material.get("questions", ()) if not row.answers[q["code"]]]:
        raise Refused(f"請先回答：{'、'.join(missing)}", "E-TRAINING")
    with scope.use(scope.SYSTEM):
        right = kinds.KINDS[task.kind].check(Work(ctx.session, ctx.actor), row, task.setup)
    row.findings = [
        {"label": c.label, "right": bool(right[c.code]), "points": c.points if right[c.code] else 0, "of": c.points, "why": c.why} for c in task.checks
    ]
    row.points = sum(f["points"] for f in row.findings)
    passed = row.points >= task.enough and all(right[code] for code in task.must)
    row.state, row.finished_at = PASSED if passed else FAILED, ctx.now
    ctx.audit("training.finished", row, task=row.task, points=row.points, passed=passed)
    return row.state


