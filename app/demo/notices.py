"""The demo's notices: who sends, a wording of the county's own, and the notices of its decisions — the old ones served, the newest waiting."""

import datetime as dt
from itertools import groupby

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.commands.notices import issue, senders, templates
from app.commands.working_days import calendar_of
from app.core import clock
from app.models.decision import Decision
from app.models.notice import Notice
from app.models.office import Office
from app.rules import remedies

from . import places
from .accounts import DIRECTOR, OFFICER, Staff

WAITING_DAYS, SERVED_AFTER, UNSERVED = 30, 5, 8
"""Decisions younger than this wait for their notice; service takes days; so many of the issued ones are not served yet."""
_POST = {"head_name": "○○○", "phone": "03-5518101"}


def fill(session: Session, staff: Staff) -> int:
    """Make them; how many notices."""
    officer, director = staff.actor(OFFICER), staff.actor(DIRECTOR)
    senders.add_sender(director, agency="新竹縣政府", head_title="縣長", word="府社福字", address="新竹縣竹北市光明六路10號", unit="社會處社會救助科", **_POST)
    for office in session.scalars(select(Office).where(Office.kind == "township", Office.county_code == places.COUNTY).order_by(Office.code)).all():
        head = {"市": "市長", "鎮": "鎮長"}.get(office.name[2:3], "鄉長")
        senders.add_sender(
            director, town_code=office.town_code, agency=office.name, head_title=head, word=f"{office.name[:2]}社字", address=f"新竹縣{office.name[:-2]}",
            unit="社會課", **_POST,
        )  # fmt: skip
    today = clock.today()
    own = templates.delivered()["rejected"]
    with clock.frozen(today - dt.timedelta(days=WAITING_DAYS)):
        row = templates.save_template(officer, "rejected", "", clock.today(), own, "縣府版，用語同系統預設")
    templates.approve_template(director, row)
    granted = templates.delivered()["granted"]
    templates.save_template(officer, "granted", "elderly_living_allowance", today, granted, "研擬中")
    return _issue(session, staff, today)


def _issue(session: Session, staff: Staff, today: dt.date) -> int:
    """The notices of older decisions, month by month, on the last day their decisions were made."""
    last = today - dt.timedelta(days=WAITING_DAYS)
    rows = session.execute(select(Decision.id, Decision.decided_at).order_by(Decision.decided_at, Decision.id)).all()
    old = [(key, clock.to_taipei(at).date()) for key, at in rows if clock.to_taipei(at).date() < last]
    made: list[int] = []
    for _, group in groupby(old, key=lambda row: (row[1].year, row[1].month)):
        month = list(group)
        day = month[-1][1]
        for start in range(0, len(month), issue.MANY):
            with clock.frozen(day):
                part = issue.issue_decisions(staff.actor(OFFICER), [key for key, _ in month[start : start + issue.MANY]], f"{day:%Y%m}")
            made += part.issued
            _serve(session, part.issued[:-UNSERVED] if day >= last - dt.timedelta(days=60) else part.issued, day)
    return len(made)


def _serve(session: Session, ids: list[int], issued_on: dt.date) -> None:
    day = issued_on + dt.timedelta(days=SERVED_AFTER)
    values = {"state": "served", "service_method": "post", "service_on": day, "served_on": day, "appeal_until": remedies.appeal_until(day, calendar_of(session, places.COUNTY))}
    session.execute(update(Notice).where(Notice.id.in_(ids)).values(**values).execution_options(synchronize_session=False))
    session.commit()
