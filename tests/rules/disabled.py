"""Builders for disability scenarios: a woman of 40 with a moderate card, living alone, everything looked up and nothing wrong."""

import datetime as dt
from typing import Any

from app.core import roc
from app.rules.disability import Card, Grade
from app.rules.facts import Condition, ConditionKind, Finding, Income, IncomeKind, Member, Source, Work
from app.rules.trace import Decision, Outcome, TestLine

from .families import MARCH_98, R, case, is_, person

NO, YES_ = Finding(False), Finding(True)


def day(text: str) -> dt.date:
    return roc.parse_date(text)


def ah_mei(conditions: tuple[Condition, ...] = (), **more: Any) -> Member:
    """She cannot work because of her disability; `conditions` come on top."""
    unable = (*is_(ConditionKind.DISABLED_CANNOT_WORK), *conditions)
    return person("阿美", R.APPLICANT, "58/1/5", **{"work": Work(False), **more}, conditions=unable)


def gets(per_month: int) -> tuple[Income, ...]:
    """A counted income a month, and so the income per person of somebody who lives alone."""
    return (Income(IncomeKind.OTHER, per_month, "month", counted=True),)


def card(grade: Grade | None = Grade.MODERATE, **more: Any) -> Card:
    fields: dict[str, Any] = {
        "grade": grade, "classes": ("05",), "issued": day("95/1/1"), "permanent": True, "source": Source("身心障礙資料", MARCH_98),
    }  # fmt: skip
    return Card(True, **{**fields, **more})


def her_case(*others: Member, income: int = 0, on: dt.date = MARCH_98, who: Member | None = None, **more: Any) -> Any:
    return case(*others, who=who or ah_mei(incomes=gets(income)), on=on, **more)


def line_of(decision: Decision, code: str) -> TestLine:
    return next(x for x in decision.trace if x.code == code)


def outcome(decision: Decision, code: str) -> Outcome:
    return line_of(decision, code).outcome
