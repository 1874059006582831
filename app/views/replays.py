"""Replays (試算) on screen: what a proposed setting would change, month by month, and each confirmed doubt it would lose."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands import replays as commands
from app.commands.base import CommandError
from app.commands.parameters import PROPOSERS
from app.core import roc
from app.extensions import db
from app.matching.rules import RULES
from app.models.match_replay import MatchReplay
from app.security import web
from app.security.roles import AUDITOR, COUNTY, MINISTRY_OFFICER

from .base import ReferenceView, ViewInterface, name_events

ORDER = 64


class MatchReplayView(ReferenceView):
    """Replays, the latest first. Figures of all; the cases named are those of the person's own county."""

    datamodel = ViewInterface(MatchReplay)
    route_base = "/match-replays"
    record_name = _l("Replay of a setting")
    base_order = ("id", "desc")
    list_columns = ["id", "about", "first_month", "last_month", "gained", "lost", "confirmed_lost", "finished_at"]
    order_columns = ["id", "first_month", "finished_at"]
    search_columns = ["first_month", "last_month", "confirmed_lost"]
    show_fieldsets = [
        (_l("Replay of a setting"), {"fields": ["about", "first_month", "last_month", "gained", "lost", "confirmed_lost", "started_at", "finished_at"]})
    ]
    show_template = "matching/replay.html"
    list_hint = "設定啟用前，用已比對月份當時收到的資料試算：會多出、會少掉哪些疑義，曾確認的逐筆列出。到待核准的互斥設定或比對規則參數按「試算」。"
    default_roles = {
        **dict.fromkeys(("can_list", "can_show", "can_export"), (*COUNTY, MINISTRY_OFFICER, AUDITOR)), "can_start": PROPOSERS,
    }  # fmt: skip

    def record_title(self, item: MatchReplay) -> str:
        return f"試算　{item.about}"

    def show_context(self, item: MatchReplay) -> dict[str, Any]:
        minutes = commands.minutes_each(db.session())
        saved, time_saved = commands.work_saved(item, minutes)
        return {
            "months": item.months,
            "cases": item.cases,
            "rules": {code: rule.title for code, rule in RULES.items()},
            "saved": saved,
            "time_saved": time_saved,
            "minutes": minutes,
            "setting_url": _setting_url("pair" if item.pair_id else "parameter", item.pair_id or item.parameter_id),
            "may_open": self.appbuilder.sm.has_access("can_show", "DoubtView"),
        }

    @expose("/start", methods=["POST"])
    @has_access
    def start(self) -> ResponseReturnValue:
        """Queue a replay; the job's page shows how far it is."""
        kind = "parameter" if request.form.get("parameter") else "pair"
        typed = request.form.get(kind, "")
        back = _setting_url(kind, int(typed)) if typed.isdigit() else url_for("ExclusionView.list")
        try:
            first, last = (roc.parse_month(request.form.get(name, "")) for name in ("first", "last"))
            job = commands.request_replay(web.signed_in(), int(typed) if typed.isdigit() else 0, first, last, kind)
        except roc.RocError:
            flash("請填試算的起月與迄月，例如 09803。", "danger")
            return redirect(back, 303)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(back, 303)
        flash("已排入試算，完成後在這裡與「設定試算」看結果。", "success")
        return redirect(url_for("JobView.show", pk=job), 303)


def _setting_url(kind: str, row_id: int | None) -> str:
    """The page of the setting; empty for a settings file, which has none."""
    view = "ExclusionView" if kind == "pair" else "ParameterView"
    return url_for(f"{view}.show", pk=row_id) if row_id else ""


def replays_of(kind: str, item: Any) -> dict[str, Any]:
    """For a setting's page: its replays, and the matched months a proposal can be tried on (None: not offered to this person)."""
    who, months = web.actor(), None
    if who is not None and item.state == "proposed" and who.can("matching.replay") and item.county_code == who.scope.county_code:
        runs = commands.runs_to_replay(db.session(), item.county_code)[-commands.USUAL_MONTHS :]
        months = (runs[0].month, runs[-1].month) if runs else None
    return {"replays": commands.done_with(db.session(), kind, item.id), "replay_months": months, "replay_kind": kind}


def register(appbuilder: Any) -> None:
    name_events({"match_replay.begun": _l("Replay begun"), "match_replay.finished": _l("Replay finished")})
    appbuilder.add_view(
        MatchReplayView, "Replays of settings", label=_l("Replays of settings"), icon="fa-history", category="Matching", category_label=_l("Matching")
    )
