"""From a benefit's code to its rule and to the kind of facts the rule wants. A benefit's rule is the module of its name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints

from .benefits import benefits
from .exclusions import Exclusion
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


@cache
def _laws() -> dict[str, Law]:
    """Every benefit of the list whose module decides; one judged by a county's definition has none."""
    found = {m.name for m in iter_modules(import_module(__package__).__path__)} & set(benefits())
    modules = {code: import_module(f"{__package__}.{code}") for code in sorted(found)}
    return {
        code: Law(get_type_hints(m.decide)["facts"], m.decide)
        for code, m in modules.items()
        if get_type_hints(m.decide)["facts"] is not LocalFacts
    }


def law_of(benefit: str, definitions: dict[str, Definition] | None = None) -> Law:
    """The law of a benefit: a module, or a county's definition (`definitions` by code first, else the delivered ones). Raises KeyError."""
    if benefit in _laws():
        return _laws()[benefit]
    definition = (definitions or {}).get(benefit) or delivered()[benefit]
    return Law(LocalFacts, lambda facts, parameters, exclusions: decide_local(definition, facts, parameters, exclusions))


def facts_of(benefit: str) -> type:
    """The kind of facts a benefit's rule wants; a benefit without a module is judged by a definition."""
    found = _laws().get(benefit)
    return LocalFacts if found is None else found.facts
