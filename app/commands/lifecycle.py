"""Lifecycles: one table of moves per thing, one function that makes a move."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, select, update

from app.models.audit import Step
from app.security.access import subject_of
from app.security.actor import Actor

from .base import STALE, Conflict, Context, Refused


@dataclass(frozen=True)
class Move:
    """From `sources` to `target`. `by` names the column that records who did it; the person must differ from those in `differs_from`."""

    name: str
    label: Any
    sources: tuple[str, ...]
    target: str
    permission: str
    by: str | None = None
    differs_from: tuple[str, ...] = ()
    needs_comment: bool = False
    style: str = "default"
    when: Callable[[Any], bool] | None = None
    """For which records the move exists at all; None = for all."""


LIFECYCLES: list["Lifecycle"] = []
"""Every lifecycle of the product, for `flask swis verify`."""


class Lifecycle:
    """The moves of one model. `column` holds the state; `labels` are its states' names for people; `after` runs when a move was made."""

    def __init__(
        self, model: type[Any], labels: dict[str, Any], moves: Sequence[Move], column: str = "state", after: Callable[[Context, Any], None] | None = None
    ) -> None:
        self.model, self.column, self.labels, self.after = model, column, labels, after
        self.moves = {m.name: m for m in moves}
        LIFECYCLES.append(self)

    def why_not(self, actor: Actor, obj: Any, name: str) -> str | None:
        """Why the actor may not make this move now (Chinese), or None. Draws the buttons and guards the command."""
        move = self.moves[name]
        state = getattr(obj, self.column)
        if state not in move.sources:
            return f"目前狀態是「{self.labels.get(state, state)}」，不能「{move.label}」"
        if move.when is not None and not move.when(obj):
            return f"本案的辦理步驟沒有「{move.label}」"
        if not actor.can(move.permission):
            return "您的角色沒有這項權限，需要時請洽單位主管設定"
        if actor.user_id is not None and any(getattr(obj, c) == actor.user_id for c in move.differs_from):
            return "同一人不可以同時經手與審核，請由另一位同仁處理"
        return None

    def open_to(self, actor: Actor, obj: Any) -> list[Move]:
        """The moves the actor may make now, in the table's order."""
        return [m for m in self.moves.values() if self.why_not(actor, obj, m.name) is None]

    def advance(self, ctx: Context, obj: Any, name: str, comment: str = "", seen_version: int | None = None, **values: Any) -> None:
        """Make the move by a conditional UPDATE (state and version as seen), with its history row and its audit row.

        `values` are further columns set in the same statement. Raises Refused, Conflict.
        """
        move = self.moves[name]
        if reason := self.why_not(ctx.actor, obj, name):
            raise Refused(reason, "E-MOVE")
        if move.needs_comment and not comment.strip():
            raise Refused(f"「{move.label}」要填寫理由", "E-COMMENT")
        ctx.session.flush()
        before, version = getattr(obj, self.column), seen_version if seen_version is not None else obj.version
        if move.by:
            values[move.by] = ctx.actor.user_id
        key = inspect(self.model).primary_key[0]
        pk = getattr(obj, key.key)
        won = ctx.session.execute(
            update(self.model)
            .where(key == pk, getattr(self.model, self.column) == before, self.model.version == version)
            .values({self.column: move.target, "version": version + 1, **values})
            .execution_options(synchronize_session=False)
        )
        if won.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict(STALE, "E-STALE")
        ctx.session.refresh(obj)
        table, _ = subject_of(obj)
        ctx.session.add(
            Step(
                subject_table=table,
                subject_id=pk,
                move=name,
                from_state=before,
                to_state=move.target,
                actor_id=ctx.actor.user_id,
                actor=ctx.actor.display,
                comment=comment.strip() or None,
                at=ctx.now,
            )
        )
        ctx.audit(f"{table}.{name}", (table, pk), before=before, after=move.target)
        if self.after is not None:
            self.after(ctx, obj)


def history(session: Any, obj: Any) -> list[Step]:
    """The moves of a record so far, oldest first."""
    table, pk = subject_of(obj)
    return list(session.scalars(select(Step).where(Step.subject_table == table, Step.subject_id == int(pk)).order_by(Step.id)))
