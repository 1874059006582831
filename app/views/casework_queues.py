"""What waits at a desk: one table on the home page, a row per benefit and a column per queue, counted in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.extensions import db
from app.models.application import Application
from app.rules.clocks import case_clocks
from app.security import roles, web
from app.security.actor import Actor

from .home import DESKS, Desk, DeskCell, DeskRow

QUEUES = (
    ("draft", _l("My drafts"), roles.TOWNSHIP),
    ("submitted", _l("Documents to check"), roles.TOWNSHIP),
    ("returned_for_correction", _l("Waiting for correction"), roles.TOWNSHIP),
    ("returned_to_township", _l("Returned by the county"), roles.TOWNSHIP),
    ("complete", _l("Waiting for preliminary review"), roles.TOWNSHIP),
    ("preliminary_reviewed", _l("Ready to forward"), roles.TOWNSHIP),
    ("forwarded", _l("Waiting for second review"), (roles.COUNTY_OFFICER,)),
    ("second_reviewed", _l("Waiting for the decision"), (roles.COUNTY_SUPERVISOR,)),
)
BACK = ("returned_to_township", "returned_for_correction")


@dataclass(frozen=True)
class Counter:
    """A benefit at the counter: its view and its place in the table."""

    endpoint: str
    benefit: str
    name: Any
    order: int


COUNTERS: dict[str, Counter] = {}


def queues_of(who: Actor | None) -> list[tuple[str, Any]]:
    """The queues (state, label) that a person's roles work on."""
    return [(state, label) for state, label, holders in QUEUES if who is not None and set(holders) & who.roles]


def queue_url(endpoint: str, state: str, benefit: str) -> str:
    """The list of what waits in a state: the next deadline first where a clock runs, else the longest waiting."""
    by = "due_on" if any(state in c.runs_in for c in case_clocks(benefit)) else "received_on"
    return f"{url_for(f'{endpoint}.list')}?_flt_0_state={state}&_oc_{endpoint}={by}&_od_{endpoint}=asc"


def add_counter(endpoint: str, benefit: str, name: Any, order: int) -> None:
    """Give a benefit its row."""
    COUNTERS[endpoint] = Counter(endpoint, benefit, name, order)


def applications() -> Desk | None:
    """Every benefit the signed-in person works on, with the numbers of their queues."""
    who = web.actor()
    sm = current_app.appbuilder.sm  # type: ignore[attr-defined]
    columns = queues_of(who)
    rows = [c for c in sorted(COUNTERS.values(), key=lambda c: c.order) if sm.has_access("can_list", c.endpoint)]
    if who is None or not columns or not rows:
        return None
    found = select(Application.form_kind, Application.state, func.count()).where(Application.state.in_([s for s, _ in columns]))
    numbers = {(kind, s): n for kind, s, n in db.session.execute(found.group_by(Application.form_kind, Application.state))}
    opens = who.can("casework.open")
    return Desk(
        str(_l("Applications and reviews")),
        [str(label) for _, label in columns],
        [_row(c, [s for s, _ in columns], numbers, opens and sm.has_access("can_intake", c.endpoint)) for c in rows],
    )


def _row(counter: Counter, states: Sequence[str], numbers: dict[tuple[str, str], int], opens: bool) -> DeskRow:
    cells = [
        DeskCell(n, queue_url(counter.endpoint, s, counter.benefit), "warn" if n and s in BACK else "")
        for s, n in ((s, numbers.get((counter.benefit, s), 0)) for s in states)
    ]
    new = (str(_l("New application")), url_for(f"{counter.endpoint}.open")) if opens else None
    return DeskRow(str(counter.name), url_for(f"{counter.endpoint}.list"), cells, new)


DESKS.append(applications)
