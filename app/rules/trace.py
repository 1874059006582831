"""What a rule answers: a decision, and one line per test so that a citizen can follow it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from app.core.months import Months

from . import codec
from .facts import Source
from .lazy import Later, put

if TYPE_CHECKING:
    from .means import Means


class Outcome(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NOT_KNOWN = "not_known"

    @property
    def zh(self) -> str:
        return {"met": "符合", "not_met": "不符合", "not_known": "尚未查明"}[self.value]


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @property
    def zh(self) -> str:
        return {"yes": "符合", "no": "不符合", "unknown": "尚無法認定"}[self.value]


@dataclass(frozen=True, slots=True)
class TestLine(Later):
    """One test: `measured` and `limit` are what people read, `value` and `threshold` the exact numbers (when there are any)."""

    __test__ = False

    code: str
    article: str
    question: str
    measured: str
    limit: str
    outcome: Outcome
    value: Fraction | None = None
    threshold: Fraction | None = None
    sources: tuple[Source, ...] = ()
    note: str = ""

    @staticmethod
    def when_read(code: str, outcome: Outcome, make: "Callable[[], TestLine]") -> "TestLine":
        """The verdict now, the sentences when somebody reads them."""
        self: TestLine = object.__new__(TestLine)
        put(self, "code", code)
        put(self, "outcome", outcome)
        put(self, "_make", make)
        return self


@dataclass(frozen=True, slots=True)
class MissingItem:
    """Something the decision waits for. `kind` is `setting` (a county parameter) or `fact` (about this case)."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class CountedMember:
    """One person of the household: counted or not (None = not known), by which clause and why."""

    ref: str
    name: str
    relation: str
    counted: bool | None
    article: str
    reason: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class SumLine:
    """One amount that went into a total: monthly income, a deposit, a piece of land. `amount` None = not known."""

    ref: str
    name: str
    item: str
    amount: Fraction | None
    basis: str
    article: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision(Later):
    """The answer of a rule. `amount` is NTD a month (once for benefits paid once): None while unknown, 0 when refused and for registers.
    `months` are the months it can be paid for. `payments` say which person each part of the amount is for. Registers have validity dates;
    `valid_to` None = no last day."""

    benefit: str
    rule_version: str
    on: dt.date
    eligible: Answer
    amount: int | None
    band: str
    start_month: int | None
    months: Months
    per_capita: Fraction | None
    household_income: Fraction | None
    persons: int | None
    trace: tuple[TestLine, ...]
    household: tuple[CountedMember, ...] = ()
    income: tuple[SumLine, ...] = ()
    movable: tuple[SumLine, ...] = ()
    real_estate: tuple[SumLine, ...] = ()
    missing: tuple[MissingItem, ...] = ()
    payments: tuple[SumLine, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @staticmethod
    def of_means(means: "Means | None", **known: Any) -> "Decision":
        """The answer now (`known` fields); the household and its sums when somebody reads them."""
        if means is None:
            return Decision(per_capita=None, household_income=None, persons=None, **known)
        sums = means

        def whole() -> Decision:
            return Decision(
                per_capita=sums.per_capita,
                household_income=sums.income.total if sums.persons else None,
                persons=sums.persons,
                household=sums.household,
                income=sums.income.lines,
                movable=sums.movable.lines,
                real_estate=sums.real_estate.lines,
                **known,
            )

        return Decision.later(whole, **known)

    def to_json(self) -> str:
        return codec.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> "Decision":
        return codec.loads(cls, text)

    def failed(self) -> tuple[TestLine, ...]:
        """The tests that were not met: the reasons of a refusal."""
        return tuple(line for line in self.trace if line.outcome is Outcome.NOT_MET)

    def open_questions(self) -> tuple[TestLine, ...]:
        """The tests that could not be answered."""
        return tuple(line for line in self.trace if line.outcome is Outcome.NOT_KNOWN)


def answer_of(lines: tuple[TestLine, ...]) -> Answer:
    """All met = yes; one not met = no; else unknown."""
    found = [line.outcome for line in lines]
    if Outcome.NOT_MET in found:
        return Answer.NO
    return Answer.UNKNOWN if Outcome.NOT_KNOWN in found or not found else Answer.YES


_OUTCOMES = {True: Outcome.MET, False: Outcome.NOT_MET, None: Outcome.NOT_KNOWN}


def outcome_of(truth: bool | None) -> Outcome:
    return _OUTCOMES[truth]
