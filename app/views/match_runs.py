"""Match runs: what a run of the monthly match did, what the gates held back, and what it could not check."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core import roc
from app.exchange import codes
from app.extensions import db
from app.matching.gates import STOPS, Gate
from app.matching.rules import RULES
from app.models.doubt import Doubt, DoubtSighting
from app.models.match_run import MatchRun, NotChecked
from app.models.rule_control import HOLD_STATES, RuleHold
from app.security.roles import AUDITOR, COUNTY, MINISTRY_OFFICER

from .base import ReferenceView, ViewInterface, describe, name_events
from .home import WATCH, tile

ORDER = 60
describe(MatchRun.engine, choices={"duckdb": _l("Built-in engine"), "spark": _l("Cluster engine")})
name_events({"match.run": _l("Match run stored")})


class MatchRunView(ReferenceView):
    """The runs of the match. What a county sees of a run are its own figures."""

    datamodel = ViewInterface(MatchRun)
    route_base = "/match-runs"
    record_name = _l("Match run")
    base_order = ("id", "desc")
    list_columns = ["id", "month", "extent", "state", "engine", "rosters", "rows", "finished_at", "seconds"]
    order_columns = ["id", "month", "finished_at"]
    search_columns = ["month", "state", "engine"]
    show_fieldsets = [
        (_l("Match run"), {"fields": ["month", "extent", "state", "engine", "rosters", "rows", "started_at", "finished_at", "seconds"]})
    ]
    show_template = "matching/run.html"
    formatters_columns = {"extent": lambda raw: codes.COUNTIES.get(raw, raw) if raw else "全國"}
    default_roles = dict.fromkeys(("can_list", "can_show", "can_export"), (*COUNTY, MINISTRY_OFFICER, AUDITOR))

    def record_title(self, item: MatchRun) -> str:
        return f"{roc.show_month(item.month)}比對　第 {item.id} 次"

    def _found(self, item: MatchRun, state: str) -> list[Any]:
        """Doubts of a run by rule and grade: how many, how much."""
        found = db.session.execute(
            select(Doubt.rule_code, Doubt.grade, func.count(), func.sum(Doubt.expected_overpaid))
            .join(DoubtSighting, DoubtSighting.doubt_id == Doubt.id)
            .where(DoubtSighting.run_id == item.id, DoubtSighting.state == state)
            .group_by(Doubt.rule_code, Doubt.grade)
        ).all()
        order = list(RULES)
        return sorted(found, key=lambda r: (r[1], order.index(r[0]) if r[0] in order else 99))

    def show_context(self, item: MatchRun) -> dict[str, Any]:
        rows = self._found(item, "open")
        holds = db.session.scalars(select(RuleHold).where(RuleHold.run_id == item.id).order_by(RuleHold.id)).all()
        gates: dict[str, dict[tuple[str, str], list[int]]] = {g.value: {} for g in Gate}
        for stop in item.stops:
            total = gates[stop.gate].setdefault((stop.rule_code, stop.stop), [0, 0])
            total[0], total[1] = total[0] + stop.rows, total[1] + stop.amount
        return {
            "holds": [(h, RULES[h.rule_code].title if h.rule_code in RULES else h.rule_code, HOLD_STATES[h.state]) for h in holds],
            "shadows": [(RULES[r].title if r in RULES else r, g, n, a) for r, g, n, a in self._found(item, "shadow")],
            "by_rule": [(RULES[r].title if r in RULES else r, g, n, a) for r, g, n, a in rows],
            "total": (sum(r[2] for r in rows), sum(r[3] for r in rows)),
            "gates": [
                (g.zh, [(RULES[r].title if r in RULES else r, STOPS[s].reason, n, a) for (r, s), (n, a) in sorted(gates[g.value].items())])
                for g in Gate
            ],
            "unchecked": [
                (codes.COUNTIES.get(u.county_code, u.county_code), u.reason, [RULES[c].title for c in u.rules if c in RULES])
                for u in item.unchecked
            ]
            + [
                (codes.COUNTIES.get(h.county_code, h.county_code), h.reason, [RULES[h.rule_code].title] if h.rule_code in RULES else [])
                for h in holds
                if h.state in ("held", "dropped")
            ],
            "doubts_url": url_for("DoubtView.list", _flt_0_last_month=roc.month5(item.month))
            if self.appbuilder.sm.has_access("can_list", "DoubtView")
            else "",
        }


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        MatchRunView, "Match runs", label=_l("Match runs"), icon="fa-random", category="Matching", category_label=_l("Matching")
    )
    tile(
        _l("Sources not checked in the latest match"),
        _latest_unchecked,
        lambda: url_for("MatchRunView.list"),
        permission=("can_list", "MatchRunView"), roles=(*COUNTY, MINISTRY_OFFICER), tone="warn", group=WATCH,
    )  # fmt: skip


def _latest_unchecked() -> int | None:
    """How many things the latest run could not check; None when nothing has been matched yet."""
    run = db.session.scalar(select(MatchRun.id).where(MatchRun.state == "done").order_by(MatchRun.id.desc()).limit(1))
    if run is None:
        return None
    return db.session.scalar(select(func.count()).select_from(NotChecked).where(NotChecked.run_id == run)) or 0
