"""Questions that were kept: saved, shared with the own county, forgotten. Only the question is kept; the answer is always the reader's own."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.commands.base import Context, NotFound, Refused, command
from app.models.statistic_question import SavedQuestion
from app.security.actor import Actor
from app.security.roles import ACCOUNTANT, AUDITOR, CASEWORKERS, MINISTRY_OFFICER

from .ask import Question, check

KEEPERS = (*CASEWORKERS, ACCOUNTANT, MINISTRY_OFFICER)
ASKERS = (*KEEPERS, AUDITOR)
LONGEST = 60


def kept(session: Session, who: Actor) -> Sequence[SavedQuestion]:
    """One's own questions and those shared by the own county, by name."""
    mine = SavedQuestion.owner_id == who.user_id
    shared = SavedQuestion.shared & (SavedQuestion.home == (who.scope.county_code or ""))
    return session.scalars(select(SavedQuestion).where(or_(mine, shared)).order_by(SavedQuestion.name, SavedQuestion.id)).all()


@command("figures.save_question", roles=KEEPERS)
def keep(ctx: Context, question: Question, name: str, shared: bool = False) -> int:
    """Keep a question under a name; the same name of one's own is replaced. Its key. Raises Refused."""
    name = name.strip()
    if not name or len(name) > LONGEST:
        raise Refused(f"請填查詢名稱，最多 {LONGEST} 字", "E-FIGURES-NAME")
    check(question, ctx.actor.scope)
    row = ctx.session.scalars(select(SavedQuestion).where(SavedQuestion.owner_id == ctx.actor.user_id, SavedQuestion.name == name)).one_or_none()
    if row is None:
        row = SavedQuestion(owner_id=ctx.actor.user_id, home=ctx.actor.scope.county_code or "", name=name, created_by_id=ctx.actor.user_id)
        ctx.session.add(row)
    row.asked, row.shared, row.changed_by_id = question.plain(), shared, ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("saved_question.keep", row, shared=shared)
    return row.id


@command("figures.save_question", roles=KEEPERS)
def forget(ctx: Context, question_id: int) -> None:
    """Delete a question of one's own. Raises NotFound."""
    row = ctx.session.scalars(select(SavedQuestion).where(SavedQuestion.id == question_id, SavedQuestion.owner_id == ctx.actor.user_id)).one_or_none()
    if row is None:
        raise NotFound("查無這個查詢；別人分享的查詢由分享的人刪除", "E-404")
    ctx.audit("saved_question.forget", row)
    ctx.session.delete(row)
