"""身心障礙者輔具費用補助: an application for one or more devices, each judged by itself, earlier ones counted before later ones."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from app.core import roc
from app.core.months import Months

from . import device_item
from .device_item import BENEFIT, DeviceFacts, DeviceItem, PriorDevice
from .disability import Card
from .exclusions import Exclusion
from .facts import NOT_LOOKED_UP, NOTHING_REPORTED, CaseFacts, Finding
from .parameters import Parameters
from .trace import Answer, Decision, MissingItem, SumLine, TestLine


@dataclass(frozen=True, slots=True)
class RequestedDevice:
    """One device asked for. `ref` names its row; `item` None = not in the county's catalogue; the rest as in `DeviceFacts`."""

    ref: str
    item: DeviceItem | None = None
    qualifies: Finding = NOT_LOOKED_UP
    report: dt.date | None = None
    bought: dt.date | None = None
    recycled: bool = False
    county_rules: Finding = NOT_LOOKED_UP
    county_amount: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceApplicationFacts:
    """What an application asks for and what is known about the person. `history` None = earlier devices were not looked up."""

    case: CaseFacts
    card: Card | None = None
    requested: tuple[RequestedDevice, ...] = ()
    history: tuple[PriorDevice, ...] | None = None
    special: Finding = NOTHING_REPORTED


Judged = tuple[RequestedDevice, Decision]


def decide_each(
    facts: DeviceApplicationFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None
) -> tuple[Judged, ...]:
    """Each device by itself, in order; one that is granted counts for those after it. Raises NoLaw."""
    history = facts.history
    out: list[Judged] = []
    for asked in facts.requested:
        one = DeviceFacts(
            facts.case, facts.card, asked.item, asked.qualifies, asked.report, asked.bought, history, asked.recycled, facts.special,
            asked.county_rules, asked.county_amount,
        )  # fmt: skip
        found = device_item.decide(one, parameters, exclusions)
        if found.eligible is Answer.YES and history is not None and asked.item is not None:
            counted = asked.item.counted and not asked.recycled
            history = (*history, PriorDevice(asked.item.code, facts.case.on, counted, asked.item.name))
        out.append((asked, found))
    return tuple(out)


def decide(facts: DeviceApplicationFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """Yes when at least one device is granted and none is open; the amount is the sum of what may be paid at most. Raises NoLaw."""
    each = decide_each(facts, parameters, exclusions)
    if not each:
        return device_item.decide(DeviceFacts(facts.case, facts.card, history=facts.history, special=facts.special), parameters, exclusions)
    answers = {d.eligible for _, d in each}
    answer = Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.YES if Answer.YES in answers else Answer.NO
    yes = answer is Answer.YES
    granted = [(asked, d) for asked, d in each if d.eligible is Answer.YES]
    month = roc.month_of(facts.case.on)
    return Decision(
        benefit=BENEFIT,
        rule_version=each[0][1].rule_version,
        on=facts.case.on,
        eligible=answer,
        amount=sum(d.amount or 0 for _, d in granted) if yes else None if answer is Answer.UNKNOWN else 0,
        band="",
        start_month=month if yes else None,
        months=Months.each([month]) if yes else Months(),
        per_capita=None,
        household_income=None,
        persons=None,
        trace=_together(each),
        missing=_missing(each),
        payments=tuple(
            SumLine(asked.ref, facts.case.applicant.name, name_of(asked), Fraction(d.amount or 0), "最高補助金額", _amount_article(d))
            for asked, d in granted
        )
        if yes
        else (),
    )


def name_of(asked: RequestedDevice) -> str:
    """What the device is called on the trace."""
    return asked.item.name if asked.item else f"第{asked.ref}項"


def _amount_article(found: Decision) -> str:
    return next((line.article for line in found.trace if line.code == "amount"), "")


def _together(each: Sequence[Judged]) -> tuple[TestLine, ...]:
    """What is the same for every device once, then each device's own lines under its name."""
    if len(each) == 1:
        return each[0][1].trace
    common = [line for line in each[0][1].trace if all(line in d.trace for _, d in each[1:])]
    own = [
        replace(line, code=f"{asked.ref}.{line.code}", question=f"{name_of(asked)}：{line.question}")
        for asked, d in each
        for line in d.trace
        if line not in common
    ]
    return (*common, *own)


def _missing(each: Sequence[Judged]) -> tuple[MissingItem, ...]:
    if len(each) == 1:
        return each[0][1].missing
    shared = [m for m in each[0][1].missing if all(m in d.missing for _, d in each[1:])]
    own = [replace(m, text=f"{name_of(asked)}：{m.text}") for asked, d in each for m in d.missing if m not in shared]
    return (*shared, *own)
