"""Rule page (規則成效): per rule version how often it was right, where, by which source and when, what was confirmed and why it was not."""

from collections.abc import Mapping
from typing import Any

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands.lifecycle import history
from app.commands.match_rules import Figures, added_up, rule_figures, top_reasons
from app.commands.matching import SOURCE_NAMES
from app.commands.rule_choice import rules_of
from app.commands.sampling import SampleFigures, recall_of, sample_figures, summed
from app.core import clock, roc
from app.exchange import codes
from app.extensions import db
from app.matching.rule_settings import PREFIX, VERSION, rule_settings
from app.matching.rules import RULES, VERSIONS
from app.matching.sampling import Recall
from app.models.doubt import DOUBT_GRADES
from app.models.parameter import Parameter
from app.models.rule_control import SHADOW_STATES, RuleShadow
from app.rules import parameters as law_values
from app.security import web
from app.security.roles import AUDITOR, COUNTY, MINISTRY_OFFICER

from .base import PageView

ORDER = 61
BREAKDOWNS = (
    ("各縣市", lambda f: f.county, lambda v: codes.COUNTIES.get(v, v)),
    ("各資料來源", lambda f: f.source, lambda v: SOURCE_NAMES.get(v, v)),
    ("各月份（首次列為疑義）", lambda f: f.month, roc.show_month),
)


def _title(rule: str) -> str:
    return RULES[rule].title if rule in RULES else rule


def listed(figures: Mapping[Any, Figures]) -> list[Figures]:
    """One line per rule version and grade that has doubts; a rule whose present version has none stands there with empty cells."""
    with_doubts = {(f.rule, f.version) for f in figures.values()}
    silent = [Figures(code, rule.version, "") for code, rule in RULES.items() if (code, rule.version) not in with_doubts]
    order = {code: n for n, code in enumerate(RULES)}
    return sorted([*figures.values(), *silent], key=lambda f: (order.get(f.rule, 99), -f.version, f.grade))


def _recalls() -> list[tuple[str, SampleFigures, Recall | None]]:
    """The samples of the last twelve months and the recall they tell of: by county, and all of them when there are several."""
    now = roc.month_of(clock.today())
    figures = sample_figures(db.session(), now - 11, now)
    counties = sorted({f.county for f in figures})
    parts = [(codes.COUNTIES.get(c, c), [f for f in figures if f.county == c]) for c in counties]
    if len(parts) > 1:
        parts.insert(0, ("全部", figures))
    return [(name, summed(part), recall_of(part)) for name, part in parts]


class RuleView(PageView):
    """規則成效。"""

    route_base = "/match-rules"
    title = _l("Rule results")
    base_permissions = ["can_index"]
    default_roles = (*COUNTY, MINISTRY_OFFICER, AUDITOR)

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        figures = added_up((f for f in rule_figures(db.session()) if f.rule in RULES), lambda f: f.key)
        shadows = {(s.rule_code, s.rule_version, s.grade): s for s in db.session.scalars(select(RuleShadow).where(RuleShadow.state != "restored"))}
        for rule, version, grade in shadows:
            figures.setdefault((rule, version, grade), Figures(rule, version, grade))
        return self.page("matching/rules.html", lines=listed(figures), rule_title=_title, shadows=shadows, recalls=_recalls())

    @expose("/<rule>/<int:version>/<grade>")
    @has_access
    @permission_name("index")
    def show(self, rule: str, version: int, grade: str) -> ResponseReturnValue:
        """One rule version and grade: by county, source and month, and the reasons against it."""
        if rule not in RULES or grade not in DOUBT_GRADES or version > max(v.version for v in VERSIONS[rule]):
            abort(404)
        rows = rule_figures(db.session(), rule, version, grade)
        tables = []
        for caption, by, name in BREAKDOWNS:
            parts = added_up(rows, by)
            tables.append((caption, [(name(key), parts[key]) for key in sorted(parts)]))
        may_list = self.appbuilder.sm.has_access("can_list", "DoubtView")
        return self.page(
            "matching/rule.html",
            title=f"{_title(rule)}　第 {version} 版　{DOUBT_GRADES[grade]}",
            rule=RULES[rule],
            total=added_up(rows, lambda f: 0).get(0, Figures(rule, version, grade)),
            tables=tables,
            shadows=self._shadows(rule, version, grade),
            reasons=top_reasons(db.session(), rule, version, grade),
            doubts_url=url_for("DoubtView.list", _flt_0_rule_code=rule, _flt_0_grade=grade) if may_list else "",
            settings=self._settings(rule),
            versions=VERSIONS[rule],
        )

    def _settings(self, rule: str) -> list[tuple[Any, Any, str, str]]:
        """What can be set about a rule: setting, value in force today, where to propose another, what waits for approval."""
        now = rules_of(db.session())(roc.month_of(clock.today()))[rule]
        may_add = web.signed_in().can("parameters.propose") and web.signed_in().scope.level == "ministry"
        proposed = select(Parameter.name, Parameter.id).where(Parameter.state == "proposed", Parameter.name.startswith(PREFIX + rule + "."))
        waiting = {name: pk for name, pk in db.session.execute(proposed)}  # noqa: C416 (rows, not tuples, to mypy)
        return [
            (
                law_values.settings()[s.name],
                now.version if s.what == VERSION else now.parameters[s.what],
                url_for("ParameterView.add", name=s.name) if may_add else "",
                url_for("ParameterView.show", pk=waiting[s.name]) if s.name in waiting else "",
            )
            for s in rule_settings().values()
            if s.rule == rule
        ]

    def _shadows(self, rule: str, version: int, grade: str) -> list[Any]:
        """Each time in shadow, with who and when, latest first."""
        found = db.session.scalars(
            select(RuleShadow)
            .where(RuleShadow.rule_code == rule, RuleShadow.rule_version == version, RuleShadow.grade == grade)
            .order_by(RuleShadow.id.desc())
        )
        return [(s, SHADOW_STATES[s.state], history(db.session(), s)) for s in found]


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        RuleView, "Rule results", label=_l("Rule results"), icon="fa-line-chart", category="Matching", category_label=_l("Matching")
    )
