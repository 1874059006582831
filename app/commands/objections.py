"""Objections (申復、訴願) against a decision: filed in time or late, an outcome proposed by one person and settled by another, decided anew where revised."""

import datetime as dt
from typing import Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import clock, roc
from app.models.decision import Decision
from app.models.notice import Notice
from app.models.objection import KINDS, OUTCOMES, STATES, Objection
from app.rules import remedies
from app.security.roles import COUNTY_OFFICER, COUNTY_SUPERVISOR, TOWNSHIP

from .base import Context, Refused, command
from .casework.changes import copy_of
from .lifecycle import Lifecycle, Move
from .notices.issue import reviewed_in
from .working_days import calendar_of

OBJECTION: Final = Lifecycle(
    Objection,
    STATES,
    (
        Move("propose", _l("Propose the outcome"), ("open", "proposed"), "proposed", "objections.propose", by="proposed_by_id"),
        Move("settle", _l("Settle as proposed"), ("proposed",), "settled", "objections.settle", by="settled_by_id", differs_from=("proposed_by_id",),
             style="primary"),
        Move("send_back", _l("Back to whoever proposed"), ("proposed",), "open", "objections.settle", needs_comment=True),
        Move("withdraw", _l("Withdrawn by the person"), ("open", "proposed"), "withdrawn", "objections.propose", needs_comment=True, style="danger"),
    ),
)  # fmt: skip


@command("objections.file", roles=(*TOWNSHIP, COUNTY_OFFICER))
def file(ctx: Context, decision_id: int, kind: str, filed_on: dt.date | None, grounds: str) -> int:
    """Somebody objects to a decision; the objection's id. One that comes late is taken in all the same, and says so. Raises Refused."""
    decision = ctx.get(Decision, decision_id)
    if kind not in KINDS:
        raise Refused("請選擇申復或訴願", "E-OBJECTION")
    if filed_on is None or not clock.to_taipei(decision.decided_at).date() <= filed_on <= clock.today():
        raise Refused("提出日期請填核定之後到今天之間的日期", "E-DATE")
    if not grounds.strip():
        raise Refused("請填當事人不服的理由", "E-GROUNDS")
    own = remedies.own_remedy(decision.benefit, clock.to_taipei(decision.decided_at).date())
    if kind == "own" and own is None:
        raise Refused("這項給付的法規沒有申復；請當事人提起訴願", "E-OBJECTION")
    standing = select(Objection.id).where(Objection.decision_id == decision_id, Objection.kind == kind, Objection.state != "withdrawn")
    if ctx.session.scalar(standing.limit(1)):
        raise Refused("這項核定已經登錄過同一種救濟（以一次為限），請在「申復與訴願」查看", "E-OBJECTION-TWICE")
    application = decision.application
    row = Objection(
        decision_id=decision.id, application_id=application.id, name=application.applicant.name, kind=kind, filed_on=filed_on,
        until=_until(ctx, decision, own.days if kind == "own" and own else None), grounds=grounds.strip()[:2000], benefit=decision.benefit,
        county_code=decision.county_code, town_code=decision.town_code, created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("objection.filed", row, kind=kind)
    return row.id


def _until(ctx: Context, decision: Decision, days: int | None) -> dt.date | None:
    """The last day to object. None while the notice was not served: the period has not begun."""
    notice = ctx.session.scalar(select(Notice).where(Notice.decision_id == decision.id, Notice.state == "served"))
    if notice is None or notice.served_on is None:
        return None
    if days is None:
        return notice.appeal_until
    return calendar_of(ctx.session, decision.county_code).next_working(notice.served_on + dt.timedelta(days=days))


def late(row: Objection) -> bool:
    """Did it come after its last day?"""
    return row.until is not None and row.filed_on > row.until


@command("objections.propose", roles=(COUNTY_OFFICER,))
def propose(ctx: Context, objection_id: int, outcome: str, text: str, ruling: str = "", seen_version: int | None = None) -> None:
    """What is to come of it, with reasons; an appeal is ruled on by the authority above, whose number is needed. Raises Refused, Conflict."""
    row = ctx.get(Objection, objection_id, lock=True)
    if outcome not in OUTCOMES:
        raise Refused("請選擇維持原處分、重新核定或不受理", "E-OUTCOME")
    if outcome == "inadmissible" and row.kind == "own" and not late(row):
        raise Refused(f"沒有逾期（期限 {roc.show_date(row.until) if row.until else '自送達後起算，尚未送達'}），不能不受理", "E-OUTCOME")
    if not text.strip():
        raise Refused("請填理由", "E-COMMENT")
    if row.kind == "appeal" and not ruling.strip():
        raise Refused("訴願由上級機關決定，請填訴願決定書文號（自行撤銷時填撤銷函文號）", "E-RULING")
    OBJECTION.advance(ctx, row, "propose", text, seen_version, outcome=outcome, outcome_text=text.strip()[:2000], outcome_no=ruling.strip()[:60] or None)


@command("objections.settle", roles=(COUNTY_SUPERVISOR,))
def settle(ctx: Context, objection_id: int, comment: str = "", seen_version: int | None = None) -> int | None:
    """As proposed. What is revised becomes an application of its own, judged and decided like any other; its id. Raises Refused, Conflict."""
    row = ctx.get(Objection, objection_id, lock=True)
    copy_id = None
    if reason := OBJECTION.why_not(ctx.actor, row, "settle"):
        raise Refused(reason, "E-MOVE")
    if row.outcome == "revised":
        review = reviewed_in(ctx.session, row.decision)
        decided = review.judged_for if review else clock.to_taipei(row.decision.decided_at).date()
        month = row.decision.start_month or roc.month_of(decided)
        copy = copy_of(ctx, row.application, "recertification", clock.today(), month)
        ctx.audit("application.reopened", copy, previous=row.application.case_no, objection=row.id)
        copy_id = copy.id
    OBJECTION.advance(ctx, row, "settle", comment, seen_version, settled_on=clock.today(), reopened_id=copy_id)
    return copy_id


@command("objections.settle", roles=(COUNTY_SUPERVISOR,))
def send_back(ctx: Context, objection_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Another outcome is to be proposed. Raises Refused, Conflict."""
    OBJECTION.advance(ctx, ctx.get(Objection, objection_id, lock=True), "send_back", comment, seen_version)


@command("objections.propose", roles=(COUNTY_OFFICER,))
def withdraw(ctx: Context, objection_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """The person takes it back. Raises Refused, Conflict."""
    OBJECTION.advance(ctx, ctx.get(Objection, objection_id, lock=True), "withdraw", comment, seen_version)
