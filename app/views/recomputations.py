"""Recomputations on screen: the runs with their counts, and what would change for whom, by which parameter."""

from typing import Any
from urllib.parse import urlencode

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, select

from app.extensions import db
from app.models.application import Application
from app.models.award import Award
from app.models.recomputation import Recomputation, RecomputationLine
from app.security import roles

from .base import ListView, ViewInterface, describe
from .casework_changes import application_url

describe(RecomputationLine.outcome, styles={"changed": "warn", "stops": "bad", "unknown": "neutral"})


def changes_in_words(changed: list[list[str]] | None) -> str:
    """「最低生活費：14,230元/人改為15,515元/人（114/1/1 起）；…」."""
    return "；".join(f"{name}：{before}改為{now}" + (f"（{since} 起）" if since else "") for name, before, now, since in changed or [])


class RecomputationView(ListView):
    """One line a run; it leads to what would change."""

    datamodel = ViewInterface(Recomputation)
    route_base = "/recomputations"
    record_name = _l("Recomputations")
    base_order = ("id", "desc")
    list_columns = ["benefit", "judged_on", "same", "changed", "stops", "unknown", "finished_at"]
    order_columns = ["judged_on", "finished_at"]
    search_columns = ["benefit", "judged_on"]
    personal = False
    base_permissions = ["can_list", "can_export"]
    default_roles = {"can_list": (*roles.COUNTY, roles.AUDITOR), "can_export": (*roles.COUNTY, roles.AUDITOR)}
    list_hint = "執行中案件以某一天的參數重新認定的結果；從「背景作業 → 執行中案件重新計算」啟動。點一列看哪些案件會改變、停止或無法認定。"
    empty_message = "還沒有重新計算過。"

    def table(self, *args: Any, **kwargs: Any) -> Any:
        """Each row leads to its lines."""
        made = super().table(*args, **kwargs)
        base = url_for("RecomputationLineView.list")
        made.rows = [type(r)(r.pk, f"{base}?{urlencode({'_flt_0_recomputation_id': r.pk})}", r.cells) for r in made.rows]
        return made


def band_in_words(band: str) -> str:
    """A band as its benefit calls it."""
    names = {code: name for form in inspect(Application).self_and_descendants for code, name in form.class_.BANDS.items()}
    return str(names.get(band, band))


class RecomputationLineView(ListView):
    """What would change for whom; a recomputation itself changes nothing."""

    datamodel = ViewInterface(RecomputationLine)
    route_base = "/recomputation_lines"
    record_name = _l("What a recomputation would change")
    base_order = ("id", "asc")
    list_columns = [
        "award.case_no", "award.recipient.name", "town_code", "outcome", "amount_before", "amount_after", "band_after", "why", "changed_by",
    ]  # fmt: skip
    order_columns = ["outcome", "amount_before", "amount_after"]
    search_columns = ["recomputation_id", "outcome", "award.case_no", "town_code", "benefit"]
    formatters_columns = {"changed_by": changes_in_words, "band_after": band_in_words}
    base_permissions = ["can_list", "can_export"]
    default_roles = {"can_list": (*roles.COUNTY, roles.AUDITOR), "can_export": (*roles.COUNTY, roles.AUDITOR)}
    list_hint = "這裡只是試算，案件沒有變動；確定要改的，請到案件登錄異動或辦理年度複查。參數欄空白，是年齡、期間等事實改變，不是參數。"
    empty_message = "沒有會改變的案件。"

    def table(self, *args: Any, **kwargs: Any) -> Any:
        """Each row leads to its case; one query for all of them."""
        made = super().table(*args, **kwargs)
        found = db.session.execute(
            select(RecomputationLine.id, Application)
            .join(Award, Award.id == RecomputationLine.award_id)
            .join(Application, Application.id == Award.application_id)
            .where(RecomputationLine.id.in_([row.pk for row in made.rows]))
        ).all()
        urls = {key: application_url(case) for key, case in found}
        made.rows = [type(r)(r.pk, urls.get(r.pk, ""), r.cells) for r in made.rows]
        return made


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        RecomputationView, "Recomputations", label=_l("Recomputations"), category="People", category_label=_l("People"), icon="fa-calculator"
    )
    appbuilder.add_view_no_menu(RecomputationLineView)
