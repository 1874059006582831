"""身心障礙癱瘓者生活津貼: the county's own programme. No regulation was found, so its rules are a definition the county confirms."""

from . import local_benefit, local_definition
from .exclusions import Exclusion
from .local_definition import Definition, LocalFacts
from .parameters import Parameters
from .trace import Decision

BENEFIT = "paralysis_living_allowance"


def decide(
    facts: LocalFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None, definition: Definition | None = None
) -> Decision:
    """Judge by the county's `definition`; without one by the delivered proposal, which stays "not known" until the county confirms."""
    return local_benefit.decide(definition or local_definition.delivered()[BENEFIT], facts, parameters, exclusions)
