"""The match rules in force by month: as delivered, with the versions and parameters that two people have set."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.matching.rule_settings import PREFIX, chosen
from app.matching.rules import Rule
from app.models.parameter import Parameter

RulesByMonth = Callable[[int], Mapping[str, Rule]]


def rules_of(session: Session, instead: Mapping[str, Any] | None = None) -> RulesByMonth:
    """The rules as set on the first day of a month; `instead`: values tried in the place of those, as if they had always been in force."""
    rows = session.execute(
        select(Parameter.name, Parameter.value, Parameter.effective_from, Parameter.effective_to)
        .where(Parameter.name.startswith(PREFIX), Parameter.state == "approved", Parameter.county_code.is_(None))
        .order_by(Parameter.effective_from.is_not(None), Parameter.effective_from, Parameter.id)
    ).all()

    @cache
    def rules(month: int) -> Mapping[str, Rule]:
        day = roc.first_day(month)
        now = {n: v for n, v, first, last in rows if (first is None or first <= day) and (last is None or day <= last)}
        return chosen({**now, **(instead or {})})

    return rules
