"""Rules in shadow and doubts held back: what was found and not sent, why, and the buttons of those who decide."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import rule_control as commands
from app.core import roc
from app.exchange import codes
from app.matching.rules import RULES
from app.models.rule_control import RuleHold, RuleShadow
from app.security.roles import AUDITOR, COUNTY, MINISTRY_OFFICER

from .base import ReferenceView, ViewInterface, describe, name_events
from .home import tile

ORDER = 62
READERS = (*COUNTY, MINISTRY_OFFICER, AUDITOR)
_READ = dict.fromkeys(("can_list", "can_show", "can_export"), READERS)


def title_of(rule: str) -> str:
    """A rule's Chinese title."""
    return RULES[rule].title if rule in RULES else rule


class RuleShadowView(ReferenceView):
    """Rule versions in shadow."""

    datamodel = ViewInterface(RuleShadow)
    route_base = "/rule-shadows"
    record_name = _l("Rule in shadow")
    base_order = ("id", "desc")
    list_columns = ["rule_code", "rule_version", "grade", "state", "confirmed", "answered", "entered_at", "entered_by"]
    order_columns = ["rule_code", "entered_at"]
    search_columns = ["rule_code", "state"]
    show_fieldsets = [
        (_l("Rule in shadow"), {"fields": ["rule_code", "rule_version", "grade", "confirmed", "answered", "reason", "entered_by", "entered_at", "restored_at"]})
    ]
    lifecycle = commands.SHADOW
    move_commands = {"ask": commands.ask_to_restore, "restore": commands.restore, "refuse": commands.refuse_to_restore}
    default_roles = _READ
    list_hint = "影子執行的規則照常比對，結果留存可查、不送縣市；恢復送出須一人申請、另一人核准，下一次比對起生效。"

    def record_title(self, item: RuleShadow) -> str:
        return f"{title_of(item.rule_code)}　第 {item.rule_version} 版 {item.grade} 級"


class RuleHoldView(ReferenceView):
    """Doubts held back."""

    datamodel = ViewInterface(RuleHold)
    route_base = "/rule-holds"
    record_name = _l("Held back doubts")
    base_order = ("id", "desc")
    list_columns = ["month", "county_code", "rule_code", "state", "found", "usual", "held_at"]
    order_columns = ["month", "held_at"]
    search_columns = ["month", "rule_code", "state"]
    show_fieldsets = [
        (_l("Held back doubts"), {"fields": ["month", "county_code", "rule_code", "rule_version", "found", "usual", "reason", "held_at", "decided_at"]})
    ]
    formatters_columns = {"usual": lambda n: f"{n:g}", "county_code": lambda c: codes.COUNTIES.get(c, c)}
    lifecycle = commands.HOLD
    move_commands = {"release": commands.release, "drop": commands.drop}
    default_roles = _READ
    list_hint = "疑義突然超過以往時先暫停送出，請查明資料或規則是否有誤，再送出或不送出；暫停期間視為未比對。"

    def record_title(self, item: RuleHold) -> str:
        return f"{codes.COUNTIES.get(item.county_code, item.county_code)}　{roc.show_month(item.month)}　{title_of(item.rule_code)}"


def register(appbuilder: Any) -> None:
    titles = {code: rule.title for code, rule in RULES.items()}
    for model in (RuleShadow, RuleHold):
        describe(model.rule_code, choices=titles)
    describe(RuleShadow.state, styles={"shadow": "warn", "asked": "info", "restored": "good"})
    describe(RuleHold.state, styles={"held": "warn", "released": "good", "dropped": "bad", "superseded": "neutral"})
    name_events(
        {
            "rule_shadow.entered": _l("Rule put in shadow"),
            "rule_shadow.ask": _l("Return asked for"),
            "rule_shadow.restore": _l("Return approved"),
            "rule_shadow.refuse": _l("Return refused"),
            "rule_hold.entered": _l("Doubts held back"),
            "rule_hold.release": _l("Released to the county"),
            "rule_hold.drop": _l("Dropped"),
        }
    )
    category = {"category": "Matching", "category_label": _l("Matching")}
    appbuilder.add_view(RuleShadowView, "Rules in shadow", label=_l("Rules in shadow"), icon="fa-moon-o", **category)
    appbuilder.add_view(RuleHoldView, "Held back doubts", label=_l("Held back doubts"), icon="fa-pause", **category)
    tile(
        _l("Held back doubts"),
        lambda: select(RuleHold.id).where(RuleHold.state == "held"),
        lambda: url_for("RuleHoldView.list", _flt_0_state="held"),
        permission=("can_list", "RuleHoldView"), roles=(MINISTRY_OFFICER,), tone="warn", order=41,
    )  # fmt: skip
