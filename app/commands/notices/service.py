"""Service (送達): how and when a notice reached the person, from when on the periods run; and taking back what was issued wrongly."""

import datetime as dt
from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.commands import recovery
from app.commands.base import Context, Refused, command
from app.commands.casework.own import own
from app.commands.lifecycle import Lifecycle, Move
from app.commands.working_days import calendar_of
from app.core import clock, roc
from app.models.application import Application
from app.models.notice import ACTS, METHODS, STATES, Notice
from app.models.overpayment import Overpayment
from app.rules import remedies
from app.security import roles

RECENT = dt.timedelta(days=30)
"""How long after its last day an appeal is still reckoned anew: a day off announced late moves it."""
NOTICE = Lifecycle(
    Notice,
    STATES,
    (
        Move("serve", _l("Record the service"), ("issued",), "served", "notices.serve", by="service_by_id", style="primary"),
        Move("withdraw", _l("Take the notice back"), ("issued", "served"), "withdrawn", "notices.withdraw", needs_comment=True, style="danger"),
    ),
)


@command("notices.serve", roles=roles.CASEWORKERS)
def record_service(ctx: Context, notice_id: int, method: str, on: dt.date | None, note: str = "", seen_version: int | None = None) -> None:
    """A notice was served: `on` is the day of the act. A recovery decision moves on with it. Raises Refused, Conflict."""
    notice = ctx.get(Notice, notice_id, lock=True)
    if method not in METHODS:
        raise Refused("請選擇送達方式", "E-NOTICE-SERVICE")
    if on is None or on < notice.issued_on or on > clock.today():
        raise Refused(f"送達日期須在發文日 {roc.show_date(notice.issued_on)} 與今天之間", "E-NOTICE-SERVICE")
    if method in ("deposit", "public") and not note.strip():
        raise Refused("寄存送達請填寄存機關與收據號碼，公示送達請填公告文號", "E-NOTICE-SERVICE")
    served = remedies.effective_service(method, on)
    NOTICE.advance(
        ctx, notice, "serve", note, seen_version, service_method=method, service_on=on, served_on=served, service_note=note.strip()[:200] or None,
        appeal_until=remedies.appeal_until(served, calendar_of(ctx.session, notice.county_code)) if notice.kind in ACTS else None,
    )  # fmt: skip
    _follow(ctx, notice, served)
    if notice.kind == "recovery" and notice.overpayment_id is not None and served <= clock.today():
        claim = ctx.get(Overpayment, notice.overpayment_id)
        if claim.state == "decided" and ctx.actor.can("recovery.handle"):
            recovery.record_service(ctx, claim.id, served, str(METHODS[method]))


def refresh(session: Session, county: str) -> None:
    """Reckon the last days to appeal of a county's notices anew that have not long passed, after its calendar changed."""
    calendar = calendar_of(session, county)
    recent = (Notice.county_code == county, Notice.appeal_until >= clock.today() - RECENT)
    days = session.scalars(select(Notice.served_on).where(*recent).distinct()).all()
    for served in filter(None, days):
        until = remedies.appeal_until(served, calendar)
        late = update(Notice).where(*recent, Notice.served_on == served, Notice.appeal_until != until)
        session.execute(late.values(appeal_until=until), execution_options={"synchronize_session": "fetch"})


@command("notices.serve", roles=roles.CASEWORKERS)
def record_service_of_many(ctx: Context, notice_ids: Sequence[int], method: str, on: dt.date | None, note: str = "") -> int:
    """The same service for many notices (one bundle at the post office); how many. All or none. Raises Refused."""
    for notice_id in notice_ids:
        record_service(ctx, notice_id, method, on, note)
    return len(notice_ids)


@command("notices.withdraw", roles=roles.SUPERVISORS)
def withdraw(ctx: Context, notice_id: int, comment: str, seen_version: int | None = None) -> None:
    """Take a notice back, with the reason; the decision may then be notified again. Raises Refused, Conflict."""
    notice = ctx.get(Notice, notice_id, lock=True)
    was_served = notice.state == "served"
    NOTICE.advance(ctx, notice, "withdraw", comment, seen_version)
    if was_served:
        _follow(ctx, notice, None)


def _follow(ctx: Context, notice: Notice, served: dt.date | None) -> None:
    """What the benefit itself makes of the service of its decision's notice (None: the notice was taken back)."""
    follow = own(notice.benefit, "served")
    if follow is not None and notice.decision_id is not None and notice.application_id is not None:
        follow(ctx, ctx.get(Application, notice.application_id), served)
