"""What a rule is: a declared object with its law, its question and its select. Nothing else decides what is a doubt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, case, literal
from sqlalchemy.sql.expression import Select

from ..sql import text
from ..tables import condition, work

HARD, LIKELY, INFO = 1, 2, 3
LETTER = {HARD: "A", LIKELY: "B", INFO: "C"}


@dataclass(frozen=True)
class Rule:
    """`needs`: sources without which the rule is not checked; `strength`: which of several doubts about one payment speaks (lowest first).

    `parameters` are what the ministry may set otherwise (`bounds`: least and greatest); they reach the select and the sentence.

    `select` gives rows of `tables.EVIDENCE`; `law` and `article` stand in where no condition row names them. `facts` are the compared
    facts (columns of EVIDENCE) whose change makes an answered doubt a new one. `change`: of a later version, what it does otherwise.
    """

    code: str
    version: int
    title: str
    family: str
    question: str
    law: str
    article: str
    needs: tuple[str, ...]
    strength: int
    select: Callable[[Mapping[str, int]], Select[Any]]
    sentence: Callable[[Any], str]
    parameters: Mapping[str, int] = field(default_factory=dict)
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    mirrored: bool = False
    change: str = ""

    def build(self) -> Select[Any]:
        """The select with the rule's parameters."""
        return self.select(self.parameters)


def condition_on(w: Any, e: Any, key: ColumnElement[Any] | str) -> ColumnElement[bool]:
    """The join to the county's condition for this month and benefit: one stored key. `key` names the counterpart."""
    return e.c.pair_key == w.c.skey.op("||")(text(key) if isinstance(key, str) else key)


def first_stop(*tests: tuple[Any, str]) -> ColumnElement[Any]:
    """The code of the first test that holds, NULL when none does. Ask in the order of the gates."""
    return case(*((test, literal(code)) for test, code in tests), else_=None)


def relevance(w: Any, e: Any) -> tuple[tuple[Any, str], ...]:
    """Stops every rule about a payment shares: nothing paid, no law, switched off by the county."""
    return (
        (w.c.paid <= 0, "no_payment"),
        (e.c.pair_key.is_(None), "no_rule"),
        (e.c.relation == "off", "county_off"),
    )


def lawful(e: Any) -> tuple[tuple[Any, str], ...]:
    """Stops of a relation that is no reason to recover."""
    return ((e.c.relation == "none", "lawful_together"), (e.c.relation == "info", "info_only"))


def person_grade(agrees: Any) -> ColumnElement[Any]:
    """A when name and birth both agree, B when one does."""
    return case((agrees >= 2, HARD), else_=LIKELY)


def doubtful_line(w: Any) -> ColumnElement[Any]:
    """B for a line whose status says it was not to be paid although an amount stands there."""
    return case((w.c.status == "suspended", LIKELY), else_=HARD)


def exempt_grade(w: Any) -> ColumnElement[Any]:
    """B for a line with a lawful exception of the county, where an exception is hard to imagine but must be looked at."""
    return case((w.c.exempt == 1, LIKELY), else_=HARD)


def run_lines(w: Any) -> ColumnElement[bool]:
    """This run's rows only."""
    return w.c.run == 1


def aliases(a: str = "w", e: str = "e") -> tuple[Any, Any]:
    """Working rows and conditions under short names."""
    return work.alias(a), condition.alias(e)
