"""Parameters and county settings: what is missing for the law to be applied, the values in force, the exclusion pairs; propose and approve."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from wtforms import StringField

from app.commands import parameters as commands
from app.commands.parameters import APPROVERS, EXCLUSION, PARAMETER, PROPOSERS, parameters_in_force
from app.core import clock
from app.extensions import db
from app.matching.rule_settings import rule_settings
from app.models.exclusion import ExclusionPair
from app.models.parameter import Parameter
from app.rules import exclusions as law_pairs
from app.rules import parameters as law_values
from app.rules.parameters import Missing
from app.rules.regions import county
from app.security import web
from app.security.roles import ADMINISTRATOR, ALL, COUNTY

from .base import PageView, ReferenceView, ViewInterface, describe, name_events
from .home import tile
from .replays import replays_of

ORDER = 70
READERS = tuple(r for r in ALL if r != ADMINISTRATOR)
OCCUPATION = "occupation_wage"
STYLES = {"proposed": "warn", "approved": "good", "rejected": "bad", "withdrawn": "neutral"}
ORIGINS = {"delivered": _l("Delivered with the product"), "file": _l("From a settings file"), "console": _l("Entered by hand")}
CONFIDENCE = {
    "high": _l("Sourced"),
    "medium": _l("To be confirmed"),
    "low": _l("No source found"),
    "county": _l("County's decision"),
    "": _l("No source"),
}


def _own_county() -> str | None:
    who = web.actor()
    return who.scope.county_code if who else None


class OwnAndNational(BaseFilter):
    """The nation's rows and those of the signed-in person's county; the ministry sees all."""

    name = "OwnAndNational"
    arg_name = "own"

    def apply(self, query: Any, value: Any) -> Any:
        own, who = _own_county(), web.actor()
        if own is None and who is not None and who.scope.level == "ministry":
            return query
        return query.filter(or_(self.model.county_code.is_(None), self.model.county_code == own))


def _number(value: Any) -> str:
    """A parameter's value: thousands for whole numbers, a decimal for rates."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{float(value):g}"


class _ParameterNames(Mapping[str, Any]):
    """name → Chinese label: the catalogue, one entry for occupations, and stored names outside it."""

    def __getitem__(self, name: str) -> str:
        return "職類別每月平均經常性薪資" if name == OCCUPATION else law_values.label_of(name)

    def __iter__(self) -> Any:
        return iter((*law_values.settings(), OCCUPATION))

    def __len__(self) -> int:
        return len(law_values.settings()) + 1

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


def _benefit_name(code: str) -> str:
    """The benefit's name; outside benefits of the delivered table by the name the table gives them."""
    return law_pairs.counterpart_names().get(code) or next((e.benefit_zh for e in law_pairs.reference() if e.benefit == code), code)


class ParameterView(ReferenceView):
    """The dated values."""

    datamodel = ViewInterface(Parameter)
    route_base = "/parameters"
    record_name = _l("Parameter")
    base_filters = [["id", OwnAndNational, lambda: None]]
    base_order = ("name", "asc")
    list_columns = ["name", "region", "county_code", "value", "unit", "effective_from", "effective_to", "state", "source"]
    search_columns = ["name", "county_code", "region", "state", "effective_from"]
    show_fieldsets = [
        (_l("Parameter"), {"fields": ["name", "county_code", "region", "value", "unit", "effective_from", "effective_to"]}),
        (_l("Source"), {"fields": ["source", "confidence", "origin", "note", "entered_at", "approved_at"]}),
    ]
    add_fieldsets = [
        (_l("Parameter"), {"fields": ["name", "occupation", "value", "unit", "effective_from", "effective_to"]}),
        (_l("Source"), {"fields": ["source", "note"]}),
    ]
    add_form_extra_fields = {"occupation": StringField(_l("Occupation"), description="選「職類別每月平均經常性薪資」時填寫，例如 木工")}
    description_columns = {
        "value": "金額填整數；利率與比例填小數，例如 0.01325",
        "unit": "留白時採目錄的單位",
        "effective_to": "留白表示繼續適用",
        "source": "公告文號或資料出處",
    }
    formatters_columns = {"value": _number}
    add_command = commands.propose_parameter
    lifecycle = PARAMETER
    move_commands = {"approve": commands.approve_parameter, "reject": commands.reject_parameter, "withdraw": commands.withdraw_parameter}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_add": PROPOSERS}
    show_template = "parameters/parameter.html"
    list_hint = "已核定的案件保留當時適用的數值；要變更時新增一筆較晚生效的設定，由第二人核准後生效。"

    def show_context(self, item: Parameter) -> dict[str, Any]:
        """With the replays of what a match rule is set to."""
        return {**super().show_context(item), **(replays_of("parameter", item) if item.name in rule_settings() else {})}

    def record_title(self, item: Parameter) -> str:
        return law_values.label_of(item.name)

    def add_values(self, form: Any) -> dict[str, Any]:
        values = super().add_values(form)
        occupation = (values.pop("occupation") or "").strip()
        if values["name"] == OCCUPATION:
            values["name"] = f"{OCCUPATION}.{occupation}"
        return values


class ExclusionView(ReferenceView):
    """The exclusion pairs."""

    datamodel = ViewInterface(ExclusionPair)
    route_base = "/exclusions"
    record_name = _l("Exclusion pair")
    base_filters = [["id", OwnAndNational, lambda: None]]
    base_order = ("benefit", "asc")
    list_columns = [
        "benefit",
        "counterpart",
        "relation",
        "enabled",
        "county_code",
        "effective_from",
        "law",
        "article",
        "confidence",
        "state",
    ]
    search_columns = ["benefit", "counterpart", "relation", "county_code", "enabled", "state"]
    show_fieldsets = [
        (
            _l("Exclusion pair"),
            {"fields": ["benefit", "counterpart", "relation", "enabled", "county_code", "effective_from", "effective_to", "exception"]},
        ),
        (_l("Source"), {"fields": ["law", "article", "source", "confidence", "origin", "note", "entered_at", "approved_at"]}),
    ]
    add_columns = ["benefit", "counterpart", "relation", "enabled", "effective_from", "effective_to", "law", "article", "note"]
    description_columns = {
        "enabled": "「否」表示本縣（市）停用這一對；與沒有設定不同",
        "law": "留白時沿用全國列的法規與條次",
        "effective_to": "留白表示繼續適用",
    }
    add_command = commands.propose_exclusion
    lifecycle = EXCLUSION
    move_commands = {"approve": commands.approve_exclusion, "reject": commands.reject_exclusion, "withdraw": commands.withdraw_exclusion}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_add": PROPOSERS}
    formatters_columns = {"benefit": _benefit_name, "article": law_pairs.article_text}
    list_hint = "縣市有自己的設定時取代全國列；沒有設定與設定為停用是兩回事，統計也分開列。"

    show_template = "parameters/exclusion.html"

    def show_context(self, item: ExclusionPair) -> dict[str, Any]:
        """With the nation's pair beside a county's setting that is looser."""
        return {**super().show_context(item), "looser_than": commands.looser_than_law(db.session(), item), **replays_of("pair", item)}

    def record_title(self, item: ExclusionPair) -> str:
        names = law_pairs.counterpart_names()
        return f"{names.get(item.benefit, item.benefit_zh or item.benefit)}／{names.get(item.counterpart, item.counterpart)}"


@dataclass(frozen=True)
class SettingLine:
    """One parameter of the catalogue on a day: in force (`value`, `dates`, `source`) or missing, and what waits for approval."""

    label: str
    article: str
    note: str
    mandatory: bool
    value: str
    unit: str
    dates: str
    source: str
    add_url: str
    waiting_url: str

    @property
    def missing(self) -> bool:
        return not self.value


class SettingsView(PageView):
    """What the law needs from this county on a day: in force, missing, waiting for approval."""

    route_base = "/county-settings"
    title = _l("County settings")
    default_roles = {"can_index": READERS}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        day, typed, problem = self.asked_day()
        own = _own_county() or ""
        place = county(own)
        lines = _lines(own, day)
        return self.page(
            "parameters/settings.html",
            lines=lines,
            missing=[x for x in lines if x.missing and x.mandatory],
            day=day,
            typed=typed,
            problem=problem,
            place=place.name if place else "全國",
        )


def _lines(own: str, day: Any) -> list[SettingLine]:
    in_force = parameters_in_force(db.session(), own)
    may_add = web.signed_in().can("parameters.propose")
    ours = or_(Parameter.county_code.is_(None), Parameter.county_code == own)
    proposals = select(Parameter.name, Parameter.id).where(Parameter.state == "proposed", ours)
    waiting = {name: pk for name, pk in db.session.execute(proposals)}  # noqa: C416 (rows, not tuples, to mypy)
    lines = []
    for s in law_values.settings().values():
        found = in_force.on(day, s.name)
        row = None if isinstance(found, Missing) else found
        lines.append(
            SettingLine(
                label=s.label,
                article=s.law + law_pairs.article_text(s.article),
                note=s.note,
                mandatory=s.mandatory,
                value=row.text if row else "",
                unit=row.unit if row else s.unit,
                dates=row.dates if row else "",
                source=row.source if row else "",
                add_url=url_for("ParameterView.add", name=s.name) if may_add else "",
                waiting_url=url_for("ParameterView.show", pk=waiting[s.name]) if s.name in waiting else "",
            )
        )
    return lines


def _missing_today() -> int | None:
    own = _own_county()
    return len(parameters_in_force(db.session(), own).missing_on(clock.today())) if own else None


def register(appbuilder: Any) -> None:
    for model in (Parameter, ExclusionPair):
        describe(model.state, styles=STYLES)
        describe(model.origin, choices=ORIGINS)
        describe(model.confidence, choices=CONFIDENCE)
    describe(Parameter.name, choices=_ParameterNames())
    describe(
        ExclusionPair.benefit, choices={code: name for code, name in law_pairs.counterpart_names().items() if code in law_pairs.benefits()}
    )
    describe(ExclusionPair.counterpart, choices=law_pairs.counterpart_names())
    describe(ExclusionPair.relation, choices={r.value: r.zh for r in law_pairs.Relation})
    name_events({"parameter.proposed": _l("Entered for approval"), "exclusion.proposed": _l("Entered for approval")})
    category = {"category": "Rules", "category_label": _l("Rules and settings")}
    appbuilder.add_view(SettingsView, "County settings", label=_l("County settings"), icon="fa-sliders", **category)
    appbuilder.add_view(ParameterView, "Parameters", label=_l("Parameters"), icon="fa-balance-scale", **category)
    appbuilder.add_view(ExclusionView, "Exclusions", label=_l("Exclusions"), icon="fa-random", **category)
    tile(
        _l("Missing county settings"),
        _missing_today,
        lambda: url_for("SettingsView.index"),
        roles=COUNTY,
        permission=("can_index", "SettingsView"),
        hint=_l("Without them the law cannot be applied"),
        tone="bad",
        order=30,
    )
    _to_approve(Parameter, _l("Parameters to approve"), "ParameterView")
    _to_approve(ExclusionPair, _l("Exclusion pairs to approve"), "ExclusionView")


def _to_approve(model: type[Parameter] | type[ExclusionPair], label: Any, view: str) -> None:
    """A tile with the proposals of the signed-in person's own authority."""

    def count() -> Any:
        own = _own_county()
        return select(model.id).where(model.state == "proposed", model.county_code.is_(None) if own is None else model.county_code == own)

    def link() -> str:
        return url_for(f"{view}.list", _flt_0_state="proposed")

    tile(label, count, link, roles=APPROVERS, permission=("can_list", view), tone="warn", order=35)
