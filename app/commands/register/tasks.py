"""Tasks of the disability register in the cases that hang on it: opened once per thing that happened, closed by what settles them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from app.commands.base import Context
from app.core import clock
from app.models.audit import Step
from app.models.case_task import REGISTER, CaseTask
from app.security import scope

CHUNK = 500


def row(of: Any, key: str, kind: str, **values: Any) -> dict[str, Any]:
    """The columns of a task: `of` says where (county, township) and whose (`benefit`, `case_no`, `person_id`, `name`); dates as given."""
    today = clock.today()
    return {
        **{c: getattr(of, c) for c in ("county_code", "town_code", "benefit", "case_no", "person_id", "name") if c not in values},
        "source": REGISTER, "key": key, "kind": kind, "state": "open", "change_kind": "", "award_id": None, "application_id": None,
        "card_id": None, "permit_id": None, "until": None, "effective_month": None, "article": "", "details": {}, "act_from": today,
        "due_on": today, "batch_id": None, "change_id": None, "version": 1, **values,
    }  # fmt: skip


def open_tasks(ctx: Context, rows: Sequence[Mapping[str, Any]], source: str = REGISTER) -> int:
    """Open the tasks that were never opened before, by their `key` within the `source` (which the rows carry too); how many.

    A card changes what other programmes owe, so the rows may be of benefits the actor does not look after.
    """
    opened = 0
    with scope.use(scope.SYSTEM):
        for start in range(0, len(rows), CHUNK):
            part = {(r["county_code"], r["benefit"], r["case_no"], r["key"]): r for r in rows[start : start + CHUNK]}
            there = select(CaseTask.county_code, CaseTask.benefit, CaseTask.case_no, CaseTask.key).where(
                CaseTask.source == source, CaseTask.key.in_({r["key"] for r in part.values()})
            )
            known = {tuple(name) for name in ctx.session.execute(there)}
            if fresh := [{**r, "opened_at": ctx.now} for name, r in part.items() if name not in known]:
                ctx.session.execute(insert(CaseTask), fresh)
                opened += len(fresh)
    if opened:
        ctx.audit("case_task.opened", (CaseTask.__tablename__, "*"), count=opened, kinds=sorted({str(r["kind"]) for r in rows}))
    return opened


def close_tasks(ctx: Context, outcome: str, *criteria: ColumnElement[bool], source: str = REGISTER) -> int:
    """Close the open tasks of the `source` that fit all criteria, saying in their history what settled them; how many."""
    ctx.session.flush()
    with scope.use(scope.SYSTEM):
        keys = list(ctx.session.scalars(select(CaseTask.id).where(CaseTask.source == source, CaseTask.state == "open", *criteria)))
        if not keys:
            return 0
        ctx.session.execute(
            update(CaseTask)
            .where(CaseTask.id.in_(keys), CaseTask.state == "open")
            .values(state="done", handled_by_id=ctx.actor.user_id, version=CaseTask.version + 1)
            .execution_options(synchronize_session="fetch")
        )
        steps = [
            {"subject_table": CaseTask.__tablename__, "subject_id": k, "move": "settle", "from_state": "open", "to_state": "done",
             "actor_id": ctx.actor.user_id, "actor": ctx.actor.display, "comment": outcome[:200], "at": ctx.now}
            for k in keys
        ]  # fmt: skip
        ctx.session.execute(insert(Step), steps)
    ctx.audit("case_task.closed", (CaseTask.__tablename__, "*"), count=len(keys), outcome=outcome[:200])
    return len(keys)
