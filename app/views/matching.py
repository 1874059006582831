"""Doubts and match runs: the county's queue, one doubt with both sides beside each other and its answer, and what a run did and did not check."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.sqla.filters import FilterInFunction
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from app.commands.base import CommandError
from app.commands.doubts import Answer, answer_doubt, suggested_validity
from app.commands.matching import SOURCE_NAMES
from app.core import clock, money, roc
from app.exchange import codes
from app.extensions import db
from app.matching.gates import STOPS, Gate
from app.matching.rules import RULES
from app.matching.wording import COUNTERPARTS
from app.models.doubt import DOUBT_GRADES, DOUBT_STATES, OUTCOMES, SENT, SIGHTINGS, Doubt, DoubtSighting
from app.models.match_run import MatchRun
from app.models.overpayment import Overpayment
from app.models.rule_control import HOLD_STATES, RuleHold
from app.rules.benefits import benefits
from app.security import web
from app.security.roles import AUDITOR, COUNTY, MINISTRY_OFFICER

from . import locking
from .base import CaseView, ReferenceView, ViewInterface, describe, name_events
from .fields_roc import MoneyField, RocDateField, RocMonthField
from .home import WATCH, tile

ORDER = 60
KINDS = {
    **COUNTERPARTS,
    **codes.BENEFIT_ELSEWHERE_KIND,
    **codes.PENSION_KIND,
    **codes.CUSTODY_KIND,
    **codes.CHANGE_EVENT,
    **{b.code: b.name for b in benefits().values()},
}
RELATIONS = {
    "suspend_a": _l("This benefit stops"),
    "choose_one": _l("One of the two"),
    "cap_sum": _l("Sum capped"),
    "top_up": _l("Difference only"),
    "info_only": _l("For information"),
    "none": _l("May be drawn together"),
}
DATES = {
    "household_change": ("事實發生日", "登記日"),
    "custody": ("入監日", "出監日"),
    "border_crossing": ("出境日", "最近一次返國"),
    "pension": ("起日", "迄日"),
}
"""What the two dates of a counterpart are."""
READERS = (*COUNTY, AUDITOR)

describe(Doubt.state, choices=DOUBT_STATES, styles={"open": "warn", "answered": "good", "withdrawn": "neutral"})
describe(Doubt.grade, choices=DOUBT_GRADES, styles={"A": "bad", "B": "warn", "C": "neutral"})
describe(Doubt.rule_code, choices={code: rule.title for code, rule in RULES.items()})
describe(Doubt.benefit, choices={b.code: b.name for b in benefits().values()})
describe(Doubt.relation, choices=RELATIONS)
describe(MatchRun.engine, choices={"duckdb": _l("Built-in engine"), "spark": _l("Cluster engine")})
describe(Doubt.outcome, choices=OUTCOMES)
name_events({"doubt.answered": _l("Doubt answered"), "match.run": _l("Match run stored"), "doubt.exported": _l("Doubts exported")})


class AnswerForm(Form):
    """The answer to a doubt. Months and amount belong to 「溢領」 alone."""

    outcome = RadioField("處理結果", [Optional()], choices=list(OUTCOMES.items()), validate_choice=False)
    reason = TextAreaField("理由", description="查證的經過與依據；下次出現相同事實時，承辦人會先看到這段文字")
    reason_code = StringField("理由代碼")
    overpaid_from = RocMonthField("溢領起月", description="只在結果為「溢領」時填寫")
    overpaid_to = RocMonthField("溢領迄月")
    overpaid_amount = MoneyField("溢領金額")
    decided_on = RocDateField("決定日期")
    valid_until = RocDateField("答復有效至", description="空白時依處理結果帶入建議期限；期限內相同事實不再列為疑義")

    def read(self) -> Answer:
        """What was typed, with the suggested validity filled in."""
        outcome = self.outcome.data or ""
        overpaid = outcome == "overpaid"
        decided = self.decided_on.data or clock.today()
        return Answer(
            outcome=outcome,
            reason=(self.reason.data or "").strip(),
            reason_code=(self.reason_code.data or "").strip(),
            overpaid_from=self.overpaid_from.data if overpaid else None,
            overpaid_to=self.overpaid_to.data if overpaid else None,
            overpaid_amount=self.overpaid_amount.data if overpaid else None,
            decided_on=decided,
            valid_until=self.valid_until.data or suggested_validity(outcome, decided),
        )


@dataclass(frozen=True)
class Side:
    """One line of the comparison: what the roster says, what the other side says, and do they agree (None: nothing to compare)?"""

    label: str
    ours: str
    theirs: str
    agree: bool | None = None


def _day(text: str | None) -> str:
    return roc.show_date(dt.date.fromisoformat(text)) if text else ""


def _name(code: str | None) -> str:
    return KINDS.get(code or "", code or "")


def sides(doubt: Doubt) -> list[Side]:
    """Both sides of a doubt beside each other."""
    other = doubt.counterpart
    source = SOURCE_NAMES.get(doubt.counterpart_source, doubt.counterpart_source)
    county = codes.COUNTIES.get(doubt.counterpart_county or "", "")
    birth = roc.show_date(doubt.birth)
    lines = [
        Side("來源", f"{codes.COUNTIES.get(doubt.county_code, doubt.county_code)}名冊", f"{source}{county and f'（{county}）'}"),
        Side("項目", _name(doubt.benefit), _name(doubt.counterpart_kind)),
        Side("紀錄編號", doubt.rec_no, doubt.counterpart_rec_no or ""),
        Side("案號", doubt.case_no, other.get("case_no") or ""),
        Side("姓名", doubt.name, other.get("name") or "", doubt.name == other["name"] if other.get("name") else None),
        Side("出生日期", birth, _day(other.get("birth")), birth == _day(other.get("birth")) if other.get("birth") else None),
        Side("金額", money.show(sum(line["paid"] for line in doubt.lines)), money.show(other.get("amount"))),
    ]
    first, second = DATES.get(doubt.counterpart_source, ("", ""))
    lines += [Side(label, "", _day(other.get(key))) for label, key in ((first, "d1"), (second, "d2")) if label and other.get(key)]
    if doubt.counterpart_source == "benefit_elsewhere":
        until = roc.show_month(other["n2"]) if other.get("n2") else "持續中"
        lines.append(Side("起訖月", "、".join(roc.show_month(m) for m in doubt.months), f"{roc.show_month(other.get('n1'))}～{until}"))
    return lines


class DoubtView(CaseView):
    """The county's doubts, the most certain and dearest first."""

    datamodel = ViewInterface(Doubt)
    route_base = "/doubts"
    record_name = _l("Doubt")
    base_order = ("rank", "desc")
    base_filters = [["state", FilterInFunction, lambda: SENT]]
    list_columns = [
        "doubt_no",
        "grade",
        "rule_code",
        "benefit",
        "name",
        "person_id",
        "expected_overpaid",
        "last_month",
        "times_seen",
        "state",
        "outcome",
    ]
    order_columns = ["doubt_no", "grade", "rule_code", "benefit", "expected_overpaid", "last_month", "times_seen", "state", "rank"]
    search_columns = [
        "grade",
        "rule_code",
        "state",
        "benefit",
        "outcome",
        "last_month",
        "doubt_no",
        "case_no",
        "person_id",
        "name",
        "mirror",
    ]
    show_fieldsets = [
        (_l("Doubt"), {"fields": ["facts", "rule_code", "grade", "relation", "law", "article", "expected_overpaid"]}),
        (_l("Recipient"), {"fields": ["name", "person_id", "birth", "benefit", "case_no", "town_code"]}),
        (_l("Memory"), {"fields": ["first_month", "last_month", "times_seen", "outcome", "valid_until"]}),
    ]
    show_template = "matching/doubt.html"
    list_template = "matching/doubts.html"
    person_path = "person_id"
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_reveal": READERS, "can_answer": COUNTY}

    def record_title(self, item: Doubt) -> str:
        return f"{RULES[item.rule_code].title if item.rule_code in RULES else item.rule_code}　{item.doubt_no}"

    def record_subtitle(self, item: Doubt) -> str:
        return f"{_name(item.benefit)}　{'、'.join(roc.show_month(m) for m in item.months)}"

    def list_context(self) -> dict[str, Any]:
        quick: list[tuple[str, dict[str, Any]]] = [
            ("待答復", {"_flt_0_state": "open"}),
            ("待答復 A 級", {"_flt_0_state": "open", "_flt_0_grade": "A"}),
            ("待答復 B 級", {"_flt_0_state": "open", "_flt_0_grade": "B"}),
            ("資訊與資料品質", {"_flt_0_state": "open", "_flt_0_grade": "C"}),
            ("已答復", {"_flt_0_state": "answered"}),
        ]
        return {"quick": [(label, url_for(f"{self.endpoint}.list", **args)) for label, args in quick]}

    def show_context(self, item: Doubt) -> dict[str, Any]:
        return self._context(item, self._form(item))

    def _form(self, item: Doubt) -> AnswerForm:
        months = item.months or [item.last_month]
        return AnswerForm(
            data={
                "overpaid_from": min(months), "overpaid_to": max(months), "overpaid_amount": item.expected_overpaid or None,
                "decided_on": clock.today(),
            }
        )  # fmt: skip

    def _context(self, item: Doubt, form: AnswerForm, problem: str = "") -> dict[str, Any]:
        rule = RULES.get(item.rule_code)
        claims = {a.overpayment_id for a in item.answers if a.overpayment_id}
        may_answer = self.permits("answer")
        following = db.session.scalar(
            select(Doubt.id)
            .where(
                Doubt.state == "open", Doubt.id != item.id, (Doubt.rank < item.rank) | ((Doubt.rank == item.rank) & (Doubt.id > item.id))
            )
            .order_by(Doubt.rank.desc(), Doubt.id)
            .limit(1)
        )
        return {
            "rule": rule,
            "badge": self.datamodel.get_values_item(item, ["state"])[0],
            "sides": sides(item),
            "lines": [{**line, "difference": line["paid"] - line["due"]} for line in item.lines],
            "answers": list(reversed(item.answers)),
            "claims": {c.id: c for c in db.session.scalars(select(Overpayment).where(Overpayment.id.in_(claims)))} if claims else {},
            "outcomes": OUTCOMES,
            "form": form if may_answer else None,
            "problem": problem,
            "answer_url": url_for(f"{self.endpoint}.answer", pk=item.id) if may_answer else "",
            "next_url": url_for(f"{self.endpoint}.show", pk=following) if following else "",
            "sightings": [(s.month, SIGHTINGS[s.state]) for s in reversed(item.sightings)],
        }

    @expose("/answer/<pk>", methods=["POST"])
    @has_access
    def answer(self, pk: str) -> ResponseReturnValue:
        """Take the answer; a fault leads back to the page with what was typed."""
        item = self.item(pk)
        key = f"{Doubt.__tablename__}:{item.id}"
        purpose = web.purpose_for(key)
        if purpose is None:
            return self._ask_purpose(item)
        form = AnswerForm(request.form)
        problem = ""
        if not form.outcome.data:
            problem = "請選擇處理結果"
        elif form.validate():
            try:
                answer_doubt(web.signed_in(), item.id, form.read(), seen_version=locking.seen_version(request.form))
                flash("答復已存檔。", "success")
                return redirect(url_for(f"{self.endpoint}.show", pk=item.id), 303)
            except CommandError as error:
                problem = error.message
                item = self.item(pk)
        page = self.render_template(
            self.show_template, title=self.record_title(item), subtitle=self.record_subtitle(item), kind_title=self.page_title("show"), item=item,
            pk=item.id, state=None, sections=self.sections(item), moves=[], waiting=[], steps=[], history=self.history(item), related=[],
            purpose=purpose, view=self, urls=self.page_urls(item, item.id), move_url=None, seen_version=item.version, actions=[],
            **self._context(item, form, problem or "請更正標示的欄位"),
        )  # fmt: skip
        return page, 422


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
        DoubtView, "Doubts", label=_l("Doubts"), icon="fa-question-circle", category="Matching", category_label=_l("Matching"),
        category_icon="fa-random",
    )  # fmt: skip
    appbuilder.add_view(
        MatchRunView, "Match runs", label=_l("Match runs"), icon="fa-random", category="Matching", category_label=_l("Matching")
    )
    for grade, tone, label in (("A", "bad", _l("Hard doubts to answer")), ("B", "warn", _l("Likely doubts to answer"))):
        tile(
            label,
            lambda grade=grade: select(Doubt.id).where(Doubt.state == "open", Doubt.grade == grade),  # type: ignore[misc]
            lambda grade=grade: url_for("DoubtView.list", _flt_0_state="open", _flt_0_grade=grade),  # type: ignore[misc]
            permission=("can_list", "DoubtView"), roles=COUNTY, tone=tone, order=40,
        )  # fmt: skip
    tile(
        _l("Sources not checked in the latest match"),
        _latest_unchecked,
        lambda: url_for("MatchRunView.list"),
        permission=("can_list", "MatchRunView"), roles=(*COUNTY, MINISTRY_OFFICER), tone="warn", group=WATCH,
    )  # fmt: skip


def _latest_unchecked() -> int | None:
    """How many things the latest run could not check; None when nothing has been matched yet."""
    from app.models.match_run import NotChecked

    run = db.session.scalar(select(MatchRun.id).where(MatchRun.state == "done").order_by(MatchRun.id.desc()).limit(1))
    if run is None:
        return None
    return db.session.scalar(select(func.count()).select_from(NotChecked).where(NotChecked.run_id == run)) or 0
