"""Builders for scenarios: a grandmother in 新竹縣 with everything looked up and nothing wrong; each test changes what it is about."""

import datetime as dt
from dataclasses import replace
from typing import Any

from app.core import roc
from app.rules.facts import (
    Asset,
    AssetKind,
    CaseFacts,
    Condition,
    ConditionKind,
    Finding,
    Income,
    IncomeKind,
    Member,
    Relation,
    Residence,
    Source,
    Status,
    Work,
)
from app.rules.parameters import Parameter, Parameters, reference

K, R = ConditionKind, Relation
HSINCHU = "10004"
MARCH_98 = roc.parse_date("98/3/15")
MARCH_113 = roc.parse_date("113/3/15")
MIN_98 = 9829
CONSUMPTION = 20_000
LIMIT = 6_500_000


def setting(name: str, value: Any, since: str = "090/1/1", county: str = HSINCHU, unit: str = "") -> Parameter:
    """A county's own approved setting."""
    return Parameter(name, "", value, unit, roc.parse_date(since), None, "縣府公告", "county", county)


def parameters(*extra: Parameter, consumption: int | None = CONSUMPTION, limit: int | None = LIMIT) -> Parameters:
    """The delivered parameters with the county settings a real county would have entered."""
    own = [*extra]
    if consumption is not None:
        own.append(setting("average_consumption", consumption))
    if limit is not None:
        own.append(setting("elderly_real_estate_limit", limit))
    return Parameters((*reference(), *own), HSINCHU)


def with_113(*extra: Parameter) -> Parameters:
    """The same for 113, whose poverty line the delivered data lack."""
    return parameters(setting("minimum_living_expense", 14_230, "113/1/1"), *extra, consumption=24_000)


def person(ref: str, relation: Relation, born: str, **more: Any) -> Member:
    """Somebody with tax data looked up and empty, living with the applicant, claimed by nobody."""
    fields: dict[str, Any] = {
        "name": ref,
        "birth": roc.parse_date(born),
        "lives_together": True,
        "same_registration": True,
        "claims_dependant": False,
        "incomes": (),
        "assets": (),
        "source": Source("戶政資料", MARCH_98),
    }
    return Member(ref, relation, **{**fields, **more})


def grandma(**more: Any) -> Member:
    return person("阿嬤", R.APPLICANT, "30/1/5", **more)


def case(*others: Member, who: Member | None = None, on: dt.date = MARCH_98, **more: Any) -> CaseFacts:
    """Applied and complete on the day, resident, never abroad, not placed, not in custody, no other benefit."""
    fields: dict[str, Any] = {
        "on": on,
        "county_code": HSINCHU,
        "application_date": on,
        "documents_complete": on,
        "residence": Residence(HSINCHU, True, 365, Source("戶政資料", on), Source("國人入出境", on)),
        "placement": Finding(False, source=Source("安置名冊", on)),
        "custody": Finding(False, source=Source("監管資料", on)),
        "other_benefits": (),
        "other_benefits_source": Source("比對", on),
        "status": Status.NONE,
    }
    return CaseFacts(members=(who or grandma(), *others), **{**fields, **more})


def pays(month: int) -> Work:
    """Employed with a certified monthly pay."""
    return Work(True, monthly_pay=month, source=Source("薪資證明", MARCH_98))


def earning(per_month: int, **more: Any) -> CaseFacts:
    """A single grandmother whose income a month is exactly this."""
    return case(who=grandma(incomes=(Income(IncomeKind.MONTHLY_PENSION, per_month, "month", counted=True),)), **more)


def is_(kind: ConditionKind, holds: bool | None = True) -> tuple[Condition, ...]:
    return (Condition(kind, holds, source=Source("證明文件", MARCH_98)),)


def owns(kind: AssetKind, value: int | None, **more: Any) -> tuple[Asset, ...]:
    return (Asset(kind, value, **more),)


__all__ = [
    "CONSUMPTION", "HSINCHU", "LIMIT", "MARCH_98", "MARCH_113", "MIN_98", "K", "R", "case", "earning", "grandma", "is_", "owns",
    "parameters", "pays", "person", "replace", "setting", "with_113",
]  # fmt: skip
