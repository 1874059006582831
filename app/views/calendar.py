"""The board of deliveries: county × kind × month coloured by state, what is still owed, and what a county set for itself."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands import calendar
from app.commands.base import CommandError
from app.commands.deliveries import SENDERS
from app.core import clock, roc
from app.core.text import row_number
from app.exchange import codes
from app.extensions import db
from app.models.exchange import SOURCES
from app.models.match_run import MatchRun
from app.security import web
from app.security.roles import AUDITOR, COUNTY

from .base import PageView, name_events
from .home import WATCH, tile

ORDER = 42
STYLES = {
    calendar.NOT_YET: "neutral", calendar.DUE: "info", calendar.LATE: "bad", calendar.RECEIVED: "good", calendar.REPLACED: "good",
    calendar.NOTHING: "neutral", calendar.RETURNED: "warn", calendar.NOT_EXPECTED: "neutral",
}  # fmt: skip
MONTHS = 6


class BoardView(PageView):
    """A county sees its kinds over the last months; the ministry sees every county for one month; both see the national sources."""

    route_base = "/exchange-board"
    title = _l("Delivery board")
    default_roles = {"can_index": (*SENDERS, AUDITOR), "can_settings": SENDERS}

    @expose("/")
    @has_access
    def index(self) -> str:
        who = web.signed_in()
        own = who.scope.county_code
        today = clock.today()
        try:
            month = roc.parse_month(request.args.get("month", ""))
        except roc.RocError:
            month = roc.month_of(today) - 1
        months = list(range(month - MONTHS + 1, month + 1)) if own else [month]
        counties = calendar.counties_at(db.session(), month)
        shown = {own: counties.get(own, codes.COUNTIES.get(own, own))} if own else counties
        found = calendar.cells(db.session(), months if own else list(range(month - MONTHS + 1, month + 1)), shown, today)
        by_place = {(c.county, c.source, c.kind, c.month): c for c in found}
        national = [s for s in SOURCES if any(c.source == s and not c.county for c in found)]
        span = list(range(month - MONTHS + 1, month + 1))
        return self.page(
            "exchange/board.html", month=month, months=span, counties=shown, own=own, kinds=codes.KINDS, sources=SOURCES, national=national,
            cell=by_place.get, styles=STYLES, wording=calendar.WORDING, owed=calendar.outstanding(db.session(), shown, today),
            counts=_counts([c for c in found if c.month == month and c.county]), today=today,
            may_send=who.can("UploadView.can_index"), may_open=who.can("BatchView.can_show"),
        )  # fmt: skip

    @expose("/settings", methods=["GET", "POST"])
    @has_access
    def settings(self) -> ResponseReturnValue:
        """Which kinds a county pays at all, and whether it wants its files earlier than the calendar says."""
        who, problem = web.signed_in(), ""
        if request.method == "POST":
            due = request.form.get("due", "").strip()
            try:
                calendar.set_expected(
                    who, request.form.get("county", ""), "roster", request.form.get("kind", ""), request.form.get("expected") == "Y",
                    row_number(due), request.form.get("reason", ""),
                )  # fmt: skip
                flash("已調整送件行事曆。", "success")
                return redirect(url_for("BoardView.settings"), 303)
            except CommandError as error:
                problem = error.message
        own = who.scope.county_code
        rules = [r for r in calendar.rules_at(db.session(), roc.month_of(clock.today())) if r.deliverer == "county"]
        page = self.page(
            "exchange/board_settings.html", title=_l("Delivery calendar"), rules=rules, problem=problem, kinds=codes.KINDS, own=own,
            counties={own: codes.COUNTIES[own]} if own else calendar.counties_at(db.session(), roc.month_of(clock.today())),
            settings=calendar.own_settings(db.session()), national=[r for r in _in_force() if r.deliverer == "national"], sources=SOURCES,
        )  # fmt: skip
        return page, 422 if problem else 200


def _in_force() -> list[Any]:
    return calendar.rules_at(db.session(), roc.month_of(clock.today()))


def _counts(cells: list[calendar.Cell]) -> list[tuple[str, str, int]]:
    """(wording, tone, how many) of every state that occurs, worst first."""
    order = (calendar.LATE, calendar.RETURNED, calendar.DUE, calendar.RECEIVED, calendar.REPLACED, calendar.NOTHING, calendar.NOT_YET, calendar.NOT_EXPECTED)
    counted = {state: sum(c.state == state for c in cells) for state in order}
    return [(calendar.WORDING[state], STYLES[state], number) for state, number in counted.items() if number]


def _owed() -> int:
    who = web.signed_in()
    own = who.scope.county_code
    counties = [own] if own else list(calendar.counties_at(db.session(), roc.month_of(clock.today()) - 1))
    return len(calendar.outstanding(db.session(), counties))


def source_ages(county: str) -> list[calendar.SourceAge]:
    """For an eligibility result: how old the registers are today."""
    return [a for a in calendar.ages(db.session(), roc.month_of(clock.today()), county) if not a.kind]


def run_ages(run: MatchRun) -> list[calendar.SourceAge]:
    """For a match run: how old the deliveries it read were that day."""
    day = clock.to_taipei(run.started_at).date()
    return calendar.ages(db.session(), run.month, web.signed_in().scope.county_code, {read["batch"] for read in run.inputs}, day)


def register(appbuilder: Any) -> None:
    current_app.jinja_env.globals.update(source_ages=source_ages, run_ages=run_ages)
    name_events({"calendar.set": _l("Delivery calendar changed")})
    appbuilder.add_view(
        BoardView, "Delivery board", label=_l("Delivery board"), icon="fa-calendar-check-o", category="Exchange",
        category_label=_l("Data exchange"),
    )  # fmt: skip
    board = ("can_index", "BoardView")
    tile(
        _l("Files still to be delivered"), _owed, lambda: url_for("BoardView.index") + "#owed", roles=COUNTY, permission=board, tone="bad", order=44,
        hint=_l("Late, returned, or due within five days"),
    )  # fmt: skip
    tile(
        _l("Files counties still owe"), _owed, lambda: url_for("BoardView.index") + "#owed", roles=set(SENDERS) - set(COUNTY), permission=board,
        tone="warn", group=WATCH, order=44,
    )  # fmt: skip
