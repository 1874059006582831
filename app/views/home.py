"""The home page: today's work as numbers that link to lists. Each view module adds its own tiles.

    tile(_l("Waiting for preliminary review"), lambda: select(Application.id).where(Application.state == "complete"),
         lambda: url_for("ApplicationView.list", _flt_0_state="complete"), permission=("can_list", "ApplicationView"), roles=(TOWN_SUPERVISOR,))
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_appbuilder import IndexView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock, roc
from app.extensions import db
from app.security import web
from app.security.roles import ALL

from .base_interface import COUNT_CAP

log = logging.getLogger("swis.home")

TODO, WATCH, START = _l("To do"), _l("To watch"), _l("Start here")
TONES = ("", "good", "warn", "bad")


@dataclass(frozen=True)
class Tile:
    """`count` gives a SELECT to be counted, a number, or None for "not known" (shown as such, never as 0).

    `tone` colours a number above zero. A tile without `count` is a way in (`group` START): a button with a label."""

    label: Any
    count: Callable[[], Select[Any] | int | None] | None
    link: Callable[[], str]
    roles: frozenset[str] = frozenset()
    permission: tuple[str, str] | None = None
    group: Any = TODO
    hint: Any = ""
    tone: str = ""
    order: int = 50


@dataclass(frozen=True)
class Shown:
    """A tile as the page draws it: `number` is None for "not known"."""

    label: str
    url: str
    hint: str
    tone: str
    number: int | None
    counted: bool

    @property
    def text(self) -> str:
        if self.number is None:
            return "尚未計算"
        return f"{COUNT_CAP:,}+" if self.number > COUNT_CAP else f"{self.number:,}"


@dataclass(frozen=True)
class DeskCell:
    """What waits in one queue; `tone` as of a tile."""

    number: int
    url: str
    tone: str = ""


@dataclass(frozen=True)
class DeskRow:
    """One kind of work: its list, a cell per queue, (label, address) of a way to begin something new."""

    name: str
    url: str
    cells: list[DeskCell]
    new: tuple[str, str] | None = None


@dataclass(frozen=True)
class Desk:
    """Kinds of work that share their queues, as one table."""

    title: str
    columns: list[str]
    rows: list[DeskRow]


TILES: list[Tile] = []
DESKS: list[Callable[[], Desk | None]] = []
"""Each answers with the table of the signed-in person, or None when they have no part in it."""


def tile(
    label: Any,
    count: Callable[[], Select[Any] | int | None] | None,
    link: Callable[[], str],
    *,
    roles: Iterable[str] = (),
    permission: tuple[str, str] | None = None,
    group: Any = TODO,
    hint: Any = "",
    tone: str = "",
    order: int = 50,
) -> None:
    """Put a number (or a way in) on the home page of these roles; `permission` is what the linked page needs, e.g. ("can_list", "XView")."""
    if tone not in TONES:
        raise ValueError(tone)
    made = Tile(label, count, link, frozenset(roles), permission, group, hint, tone, order)
    same = (str(label), made.roles, permission)  # registered once more by another application of this process
    TILES[:] = [t for t in TILES if (str(t.label), t.roles, t.permission) != same]
    TILES.append(made)


def _number(tile: Tile) -> Select[Any] | int | None:
    """What is to be counted, or the number; None when it cannot be known now (and that is logged)."""
    assert tile.count is not None
    try:
        found = tile.count()
    except Exception:
        db.session.rollback()
        log.exception("the count of tile %s failed", tile.label)
        return None
    if not isinstance(found, Select):
        return found
    return select(func.count()).select_from(found.order_by(None).limit(COUNT_CAP + 1).subquery())


def _numbers(tiles: Sequence[Tile]) -> list[int | None]:
    """The numbers of these tiles: all counting in one query. When that fails each is counted alone, so that one bad tile hides no other."""
    found = [_number(t) for t in tiles]
    counts = {i: f for i, f in enumerate(found) if isinstance(f, Select)}
    numbers = [None if isinstance(f, Select) else f for f in found]
    if not counts:
        return numbers
    try:
        row = db.session.execute(select(*(f.scalar_subquery() for f in counts.values()))).one()
        for i, number in zip(counts, row, strict=True):
            numbers[i] = int(number)
    except SQLAlchemyError:
        db.session.rollback()
        for i, count in counts.items():
            try:
                numbers[i] = int(db.session.scalar(count) or 0)
            except SQLAlchemyError:
                db.session.rollback()
                log.exception("the count of tile %s failed", tiles[i].label)
    return numbers


def shown_tiles() -> dict[str, list[Shown]]:
    """The signed-in person's tiles by group. A count that fails is "not known" and is logged; the page still comes."""
    who = web.actor()
    sm = current_app.appbuilder.sm  # type: ignore[attr-defined]
    mine = [
        t
        for t in sorted(TILES, key=lambda t: t.order)
        if who is not None and (not t.roles or t.roles & who.roles) and (not t.permission or sm.has_access(*t.permission))
    ]
    counted = [t for t in mine if t.count is not None]
    numbers = dict(zip(map(id, counted), _numbers(counted), strict=True))
    groups: dict[str, list[Shown]] = {}
    for t in mine:
        number = numbers.get(id(t))
        shown = Shown(str(t.label), t.link(), str(t.hint), t.tone if number else "", number, t.count is not None)
        groups.setdefault(str(t.group), []).append(shown)
    return groups


class HomeView(IndexView):
    """Start page per role."""

    route_base = ""
    default_view = "index"
    base_permissions = ["can_index"]
    default_roles = ALL

    @expose("/")
    @has_access
    def index(self) -> Any:
        today = clock.today()
        weekday = "一二三四五六日"[today.weekday()]
        groups, desks = shown_tiles(), [d for d in (make() for make in DESKS) if d]
        return self.render_template(
            "base/home.html",
            title=str(_l("Today's work")),
            groups=groups,
            desks=desks,
            today=f"民國{roc.show_date(today)}（星期{weekday}）",
            who=web.actor(),
        )
