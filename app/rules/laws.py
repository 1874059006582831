"""From a benefit's code to its rule and to the kind of facts the rule wants."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import (
    assistive_device_subsidy,
    child_youth_living_assistance,
    disability_care_subsidy,
    disability_living_allowance,
    disability_register,
    elderly_living_allowance,
    low_income_living_assistance,
    parking_permit,
)
from .exclusions import Exclusion
from .facts import CaseFacts
from .local_benefit import decide as decide_local
from .local_definition import Definition, LocalFacts, delivered
from .parameters import Parameters
from .trace import Decision

Rule = Callable[[Any, Parameters, tuple[Exclusion, ...] | None], Decision]


@dataclass(frozen=True, slots=True)
class Law:
    """`facts` is the dataclass `decide` takes; stored facts are read back with `codec.loads(law.facts, text)`."""

    facts: type
    decide: Rule


_LAWS: dict[str, Law] = {
    "elderly_living_allowance": Law(CaseFacts, elderly_living_allowance.decide),
    "low_income_living_assistance": Law(low_income_living_assistance.LowIncomeFacts, low_income_living_assistance.decide),
    "child_youth_living_assistance": Law(child_youth_living_assistance.ChildFacts, child_youth_living_assistance.decide),
    "disability_register": Law(disability_register.RegisterFacts, disability_register.decide),
    "disability_living_allowance": Law(disability_living_allowance.DisabilityLivingFacts, disability_living_allowance.decide),
    "disability_care_subsidy": Law(disability_care_subsidy.CareFacts, disability_care_subsidy.decide),
    "parking_permit": Law(parking_permit.PermitFacts, parking_permit.decide),
    "assistive_device_subsidy": Law(assistive_device_subsidy.DeviceFacts, assistive_device_subsidy.decide),
}


def law_of(benefit: str, definitions: dict[str, Definition] | None = None) -> Law:
    """The law of a benefit: a module, or a county's definition (`definitions` by code first, else the delivered ones). Raises KeyError."""
    if benefit in _LAWS:
        return _LAWS[benefit]
    definition = (definitions or {}).get(benefit) or delivered()[benefit]
    return Law(LocalFacts, lambda facts, parameters, exclusions: decide_local(definition, facts, parameters, exclusions))
