"""What a rule writes down while it judges one case, and the decision made of it."""

import datetime as dt
from collections.abc import Iterable

from app.core.months import Months

from .means import Means
from .parameters import Missing, Number, Parameter
from .trace import Answer, Decision, MissingItem, Outcome, SumLine, TestLine, answer_of


class Record:
    """Test lines in order, and everything the decision still waits for."""

    def __init__(self) -> None:
        self.lines: list[TestLine] = []
        self.missing: list[MissingItem] = []

    def add(self, *lines: TestLine | None) -> None:
        """Lines whose open questions are explained elsewhere (sums of means, settings)."""
        self.lines += [x for x in lines if x is not None]

    def ask(self, *lines: TestLine | None) -> None:
        """Lines about a plain fact: one that is not known is a question to the case worker."""
        for x in lines:
            if x is None:
                continue
            self.lines.append(x)
            if x.outcome is Outcome.NOT_KNOWN:
                self.missing.append(MissingItem("fact", x.code, f"{x.question}{x.measured}"))

    def by_county(self, found: tuple[TestLine, MissingItem | None]) -> None:
        """A line the county judges by its own paper."""
        line, item = found
        self.lines.append(line)
        if item:
            self.missing.append(item)

    def value(self, found: Parameter | Missing) -> Number | None:
        """The value of a parameter; a missing one is noted."""
        if isinstance(found, Missing):
            self.missing.append(MissingItem("setting", found.name, found.text))
            return None
        return found.value

    def failed(self) -> bool:
        return any(x.outcome is Outcome.NOT_MET for x in self.lines)

    def decision(
        self,
        benefit: str,
        version: str,
        on: dt.date,
        *,
        amount: int | None = None,
        band: str = "",
        start: int | None = None,
        months: Months | None = None,
        means: Means | None = None,
        means_asked: bool = True,
        payments: Iterable[SumLine] = (),
        valid_from: dt.date | None = None,
        valid_to: dt.date | None = None,
    ) -> Decision:
        """Yes with amount and months, no with 0, or unknown with neither. `means_asked` False: a listed status made the sums idle.

        A yes without an amount cannot be: it becomes unknown.
        """
        trace = tuple(self.lines)
        answer = answer_of(trace)
        if answer is Answer.YES and amount is None:
            answer = Answer.UNKNOWN
        yes = answer is Answer.YES
        due = months if months is not None else Months() if start is None else Months.of((start, None))
        return Decision.of_means(
            means,
            benefit=benefit,
            rule_version=version,
            on=on,
            eligible=answer,
            amount=amount if yes else 0 if answer is Answer.NO else None,
            band=band if yes else "",
            start_month=due.spans[0][0] if yes and due else None,
            months=due if yes else Months(),
            trace=trace,
            missing=tuple(dict.fromkeys((*self.missing, *(means.missing if means and means_asked else ())))),
            payments=tuple(payments) if yes else (),
            valid_from=valid_from if yes else None,
            valid_to=valid_to if yes else None,
        )
