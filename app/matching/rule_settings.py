"""What the ministry may set about a rule: which version of it is in force, and its parameters. Names, bounds, and the rules that come of them.

A setting is a dated parameter called `match_rule.CODE.version` or `match_rule.CODE.<parameter>`; without one the rule is as delivered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any, Final

from .rules import RULES, VERSIONS, Rule

PREFIX: Final = "match_rule."
VERSION: Final = "version"
_BY_COUNTERPART: Final[Mapping[str, tuple[str, ...]]] = {
    "death": ("DEATH", "DEATH_STATUS"),
    "incarceration": ("CUSTODY",),
    "public_placement": ("PLACEMENT",),
    "absence_183": ("ABSENCE",),
    "age_65": ("AGE",),
    "moved_out": ("MOVED", "REMOVED", "REGISTERED_ELSEWHERE"),
    "missing_6m": ("MISSING",),
    "same_benefit_other_county": ("DUPLICATE", "MEMBER_TWICE"),
    "same_benefit_other_case": ("DUPLICATE", "MEMBER_TWICE"),
    "certificate_expired": ("CARD_EXPIRED", "CARD_DOWNGRADED"),
    "monthly_retirement": ("PENSION",),
    "lump_sum_retirement": ("PENSION",),
    "basic_wage_cap": ("CAP",),
}
_TWO_BENEFITS: Final = ("CHOOSE_ONE", "SUSPENDED_BY", "ELSEWHERE")
"""A counterpart not named above is another benefit, ours or another agency's."""


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """One thing to set: the rule's code, the parameter (or VERSION), what it is as delivered, and what it may be."""

    name: str
    rule: str
    what: str
    delivered: int
    allowed: tuple[int, int]


@cache
def rule_settings() -> Mapping[str, RuleSetting]:
    """Everything about the rules that can be set, by name."""
    out = []
    for code, rule in RULES.items():
        known = [v.version for v in VERSIONS[code]]
        if len(known) > 1:
            out.append(RuleSetting(f"{PREFIX}{code}.{VERSION}", code, VERSION, rule.version, (min(known), max(known))))
        out += [RuleSetting(f"{PREFIX}{code}.{p}", code, p, value, rule.bounds[p]) for p, value in rule.parameters.items()]
    return {s.name: s for s in out}


def problem(name: str, value: int | Fraction) -> str | None:
    """Why a value cannot be set, in words; None when it can, or when the name is no rule's."""
    setting = rule_settings().get(name)
    if setting is None:
        return None
    least, greatest = setting.allowed
    if not isinstance(value, int) or not least <= value <= greatest:
        return f"請填 {least} 到 {greatest} 的整數"
    if setting.what == VERSION and value not in [v.version for v in VERSIONS[setting.rule]]:
        return f"「{RULES[setting.rule].title}」沒有第 {value} 版"
    return None


def chosen(values: Mapping[str, Any]) -> Mapping[str, Rule]:
    """The rules under these settings; what is not set, or cannot be, is as delivered."""
    held = {name: int(value) for name, value in values.items() if name in rule_settings() and problem(name, value) is None}
    out = dict(RULES)
    for code, rule in RULES.items():
        version = held.get(f"{PREFIX}{code}.{VERSION}", rule.version)
        rule = next(v for v in VERSIONS[code] if v.version == version)
        out[code] = replace(rule, parameters={p: held.get(f"{PREFIX}{code}.{p}", value) for p, value in rule.parameters.items()})
    return out


def concerned(names: Iterable[str] = (), counterparts: Iterable[str] = ()) -> tuple[str, ...]:
    """The rules that may say something else when these settings, or what is set about these counterparts, are other than they were.

    The cap among them always: what others take back leaves its sum.
    """
    codes = {rule_settings()[name].rule for name in names} | {"CAP"}
    for counterpart in counterparts:
        codes.update(_BY_COUNTERPART.get(counterpart, _TWO_BENEFITS))
    return tuple(code for code in RULES if code in codes)
