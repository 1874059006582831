"""What can be asked of the figures: subjects with their measures and dimensions. A closed list, declared here and nowhere else.

Names of benefits, bands, grades and states come from the benefits' own descriptors, so a further benefit is there without a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, case, extract, func
from sqlalchemy.orm import Session

from app.commands.benefit_rows import BenefitNames, band_names
from app.core import roc
from app.models.application import PURPOSES, STATES, Application
from app.models.application_facts import GRADES
from app.models.award import CHANNELS
from app.models.device import DEVICE_STATES, GRANTED, PROVISIONS, DeviceRequest
from app.models.figures import AGES, DRAWING, MOVEMENTS, StatisticCell, StatisticFact
from app.models.low_income_living_assistance import CAUSES
from app.models.office import County, Township
from app.models.overpayment import ORIGINS, Overpayment
from app.models.overpayment import STATES as CLAIM_STATES
from app.models.parking_permit import VEHICLES
from app.models.person import Person
from app.rules.disability import NEW_CLASSES, OLD_CLASSES
from app.security.scope import Scope, current

from .refresh import MULTIPLE

SEXES = {"M": "男", "F": "女"}
GROUPS = ((0, "未滿18歲"), (18, "18–29歲"), (30, "30–44歲"), (45, "45–64歲"), (65, "65–74歲"), (75, "75–84歲"), (85, "85歲以上"))
NONE = ""
"""The value of a dimension that a row has none of."""

Names = Callable[[Session], Mapping[str, Any]]


@dataclass(frozen=True)
class Dimension:
    """`column` of the entity asked; `names` value → label in the order of the table, empty where `show` says the label of any value."""

    code: str
    label: Any
    column: Callable[[Any], Any]
    names: Names = lambda _session: {}
    show: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Measure:
    """`value` is summed or counted; `counted` is how many persons or cases stand behind it, which decides whether a cell is small.

    `stock`: stands at the end of a month, so it is never added up over months. `distinct`: whom it counts once, so that totals are asked again.
    """

    code: str
    label: Any
    unit: str
    value: Callable[[Any], ColumnElement[Any]]
    counted: Callable[[Any], ColumnElement[Any]] | None = None
    stock: bool = False
    distinct: bool = False


@dataclass(frozen=True)
class Subject:
    """`entity` is what is read under a scope (None: not answerable there); `month` its month; `join` what else the columns need."""

    code: str
    label: Any
    entity: Callable[[Scope], Any]
    month: Callable[[Any], ColumnElement[int]]
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure]
    join: Callable[[Any], Any] = lambda statement: statement
    day: Callable[[Any], ColumnElement[Any]] | None = None
    """The date the month is taken from; None where the entity has a month."""
    computed: bool = field(default=False)
    """From the monthly figures, so that their freshness is shown."""


# -- names -------------------------------------------------------------------------------------------------------------------------------


def _towns(session: Session) -> dict[str, str]:
    county = current().county_code
    rows = session.query(Township.code, Township.name, County.code, County.name).join(County, County.code == Township.county_code).order_by(Township.code)
    return {code: name if at == county else f"{of}{name}" for code, name, at, of in rows}


def _counties(session: Session) -> dict[str, str]:
    return {c.code: c.name for c in session.query(County).order_by(County.code)}


def _bands(session: Session) -> dict[str, str]:
    """What bands, card classes and kinds of vehicle are called; a code two benefits use has both names."""
    found: dict[str, list[str]] = {}
    for code in BenefitNames(session):
        for band, name in band_names(code).items():
            if str(name) not in found.setdefault(band, []):
                found[band].append(str(name))
    names = {band: "／".join(several) for band, several in found.items()}
    names |= {c: f"第{c}類 {n}" for c, n in NEW_CLASSES.items()} | {c: f"{n}（舊制{c}）" for c, n in OLD_CLASSES.items()}
    return names | {MULTIPLE: "跨兩類以上"} | {k: str(v) for k, v in VEHICLES.items()}


def _of(choices: Mapping[str, Any]) -> Names:
    return lambda _session: choices


def _group(age_from: Any) -> ColumnElement[str]:
    return case(*((age_from >= first, str(first)) for first, _ in reversed(GROUPS)), else_="0")


def show_age(value: str) -> str:
    """The finest age groups as people write them."""
    at = int(value)
    later = [age for age in AGES if age > at]
    return f"{at}歲以上" if not later else f"{at}歲" if later[0] == at + 1 else f"{at}–{later[0] - 1}歲"


def _month(value: str) -> str:
    return roc.show_month(int(value))


def _year(value: str) -> str:
    return f"{int(value) - roc.EPOCH}年"


# -- the monthly figures -----------------------------------------------------------------------------------------------------------------


def _figures(scope: Scope) -> Any:
    """A township reads its own facts; a county and the ministry read them added up, for there the township is only a column."""
    return StatisticFact if scope.level == "township" else StatisticCell


def _persons(scope: Scope) -> Any:
    return None if scope.level == "ministry" else StatisticFact


def place(e: Any) -> Any:
    """The township's code."""
    return e.place if e is StatisticCell else e.town_code


def _weight(e: Any) -> Any:
    return StatisticCell.rows if e is StatisticCell else 1


def _rows(*movements: str) -> Callable[[Any], ColumnElement[Any]]:
    return lambda e: func.sum(case((e.movement.in_(movements), _weight(e)), else_=0))


def _money(name: str) -> Callable[[Any], ColumnElement[Any]]:
    return lambda e: func.sum(getattr(e, name))


def _paid_rows(e: Any) -> ColumnElement[Any]:
    return func.sum(e.paid_rows) if e is StatisticCell else func.sum(case((e.paid > 0, 1), else_=0))


def _dims(*dimensions: Dimension) -> dict[str, Dimension]:
    return {d.code: d for d in dimensions}


def _measures(*measures: Measure) -> dict[str, Measure]:
    return {m.code: m for m in measures}


_BENEFIT = Dimension("benefit", _l("Benefit"), lambda e: e.benefit, lambda session: BenefitNames(session))
_COUNTY = Dimension("county", _l("County"), lambda e: e.county_code, _counties)
_SEX = Dimension("sex", _l("Sex"), lambda e: e.sex, _of(SEXES))
_FIGURE_DIMENSIONS = _dims(
    Dimension("month", _l("Month"), lambda e: e.month, show=_month),
    Dimension("year", _l("Year"), lambda e: e.month // 12, show=_year),
    _COUNTY,
    Dimension("town", _l("Township"), place, _towns),
    _BENEFIT,
    Dimension("band", _l("Band or class"), lambda e: e.band, _bands),
    Dimension("grade", _l("Disability grade"), lambda e: e.grade, _of(GRADES)),
    _SEX,
    Dimension("group", _l("Age group"), lambda e: _group(e.age_from), _of({str(first): name for first, name in GROUPS})),
    Dimension("age", _l("Age, finest groups"), lambda e: e.age_from, show=show_age),
    Dimension("channel", _l("Payment channel"), lambda e: e.channel, _of(CHANNELS)),
    Dimension("cause", _l("Main cause of poverty"), lambda e: e.cause, _of(CAUSES)),
    Dimension("movement", _l("Movement"), lambda e: e.movement, _of(MOVEMENTS)),
)
_FIGURE_MEASURES = _measures(
    Measure("drawing", _l("Recipients or holders at the end of the period"), "人（戶）", _rows(*DRAWING), stock=True),
    Measure("covered", _l("Persons of the households at the end of the period"), "人",
            lambda e: func.sum(case((e.movement.in_(DRAWING), e.persons), else_=0)), stock=True),
    Measure("months", _l("Months drawn"), "人月", _rows(*DRAWING)),
    Measure("new", _l("New or drawing again"), "人（戶）", _rows("new", "resumed")),
    Measure("changed", _l("Changed amount or grade"), "人（戶）", _rows("changed")),
    Measure("stopped", _l("Stopped in the period"), "人（戶）", _rows("stopped")),
    Measure("due", _l("Amount due"), "元", _money("due"), lambda e: func.sum(case((e.due > 0, _weight(e)), else_=0))),
    Measure("paid", _l("Amount paid"), "元", _money("paid"), _paid_rows),
    Measure("fund_central", _l("Paid by central government"), "元", _money("fund_central"), _paid_rows),
    Measure("fund_county", _l("Paid by the county"), "元", _money("fund_county"), _paid_rows),
    Measure("fund_town", _l("Paid by the township"), "元", _money("fund_town"), _paid_rows),
    Measure("fund_none", _l("Paid without funding shares"), "元", _money("fund_none"), _paid_rows),
)  # fmt: skip
_PERSON_MEASURES = _measures(
    Measure("persons", _l("Different persons in the period"), "人", lambda e: func.count(func.distinct(case((e.movement.in_(DRAWING), e.recipient_id)))), distinct=True),
)

# -- straight from the registers ---------------------------------------------------------------------------------------------------------


def _month_of(day: ColumnElement[Any]) -> ColumnElement[int]:
    return extract("year", day) * 12 + extract("month", day) - 1


def _count(*conditions: Callable[[Any], ColumnElement[bool]]) -> Callable[[Any], ColumnElement[Any]]:
    return lambda e: func.sum(case((conditions[0](e), 1), else_=0)) if conditions else func.count(e.id)


def _casework(entity: Any) -> Callable[[Scope], Any]:
    return lambda scope: None if scope.level == "ministry" else entity


def _dated(day: Callable[[Any], ColumnElement[Any]]) -> Dimension:
    return Dimension("month", _l("Month"), lambda e: _month_of(day(e)), show=_month)


_TOWN = Dimension("town", _l("Township"), lambda e: e.town_code, _towns)
_APPLICATIONS = Subject(
    "applications", _l("Applications"), _casework(Application), lambda e: _month_of(e.received_on),
    _dims(
        _dated(lambda e: e.received_on), _TOWN, _BENEFIT, Dimension("state", _l("State"), lambda e: e.state, _of(STATES)),
        Dimension("purpose", _l("Kind of application"), lambda e: e.purpose, _of(PURPOSES)),
        Dimension("sex", _l("Sex"), lambda _e: Person.sex, _of(SEXES)),
    ),
    _measures(
        Measure("received", _l("Applications received"), "件", _count()),
        Measure("approved", _l("Of these approved"), "件", _count(lambda e: e.state == "approved")),
        Measure("rejected", _l("Of these rejected"), "件", _count(lambda e: e.state == "rejected")),
        Measure("pending", _l("Of these still open"), "件", _count(lambda e: e.state.not_in(("approved", "rejected", "withdrawn")))),
    ),
    join=lambda statement: statement.join(Person, Person.id == Application.applicant_id), day=lambda e: e.received_on,
)  # fmt: skip


def _items(session: Session) -> dict[str, str]:
    rows = session.query(DeviceRequest.item_code, func.max(DeviceRequest.item_name)).group_by(DeviceRequest.item_code).order_by(DeviceRequest.item_code)
    return {code: f"{code} {name or ''}".strip() for code, name in rows}


_DEVICES = Subject(
    "devices", _l("Assistive devices"), _casework(DeviceRequest), lambda e: _month_of(e.decided_on),
    _dims(
        _dated(lambda e: e.decided_on), _TOWN, Dimension("item", _l("Device"), lambda e: e.item_code, _items),
        Dimension("provision", _l("How it is given"), lambda e: e.provision, _of(PROVISIONS)),
        Dimension("state", _l("State"), lambda e: e.state, _of(DEVICE_STATES)), Dimension("sex", _l("Sex"), lambda _e: Person.sex, _of(SEXES)),
    ),
    _measures(
        Measure("devices", _l("Devices approved"), "件", _count(lambda e: e.state.in_((*GRANTED, "closed")))),
        Measure("approved_amount", _l("Approved amount"), "元", lambda e: func.sum(func.coalesce(e.approved_amount, 0)), lambda e: func.count(e.approved_amount)),
        Measure("payable_amount", _l("Amount by the receipts"), "元", lambda e: func.sum(func.coalesce(e.payable_amount, 0)), lambda e: func.count(e.payable_amount)),
    ),
    join=lambda s: s.join(Application, Application.id == DeviceRequest.application_id).join(Person, Person.id == Application.applicant_id),
    day=lambda e: e.decided_on,
)  # fmt: skip
_CLAIMS = Subject(
    "claims", _l("Overpayments"), _casework(Overpayment), lambda e: _month_of(e.known_on),
    _dims(
        _dated(lambda e: e.known_on), _TOWN, _BENEFIT, Dimension("origin", _l("Claim origin"), lambda e: e.origin, _of(ORIGINS)),
        Dimension("state", _l("State"), lambda e: e.state, _of(CLAIM_STATES)),
    ),
    _measures(
        Measure("claims", _l("Claims opened"), "件", _count()),
        Measure("claimed", _l("Amount to pay back"), "元", lambda e: func.sum(e.amount), _count()),
        Measure("repaid", _l("Amount paid back"), "元", lambda e: func.sum(e.repaid), _count(lambda e: e.repaid > 0)),
        Measure("open", _l("Amount still owed"), "元", lambda e: func.sum(e.amount - e.repaid - e.written_off), _count(lambda e: e.amount > e.repaid + e.written_off)),
    ),
    day=lambda e: e.known_on,
)  # fmt: skip


@cache
def subjects() -> Mapping[str, Subject]:
    """All subjects by code."""
    found = (
        Subject("benefits", _l("Benefits and registers by month"), _figures, lambda e: e.month, _FIGURE_DIMENSIONS, _FIGURE_MEASURES, computed=True),
        Subject("people", _l("Different persons"), _persons, lambda e: e.month, _FIGURE_DIMENSIONS, _PERSON_MEASURES, computed=True),
        _APPLICATIONS, _DEVICES, _CLAIMS,
    )  # fmt: skip
    return {s.code: s for s in found}


def offered(scope: Scope) -> dict[str, Subject]:
    """The subjects that can be answered under a scope: the ministry gets what holds no person."""
    return {code: s for code, s in subjects().items() if s.entity(scope) is not None}
