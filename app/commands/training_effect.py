"""What training changed: errors of real work per office and month, beside the dates on which the office's people passed their tasks.

Each measure is two counts by (place, month), set-based and within the asker's row scope: what went wrong, and of how many. Where nothing was
done there is no rate: it is not known, and never zero.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, Select, cast, extract, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from app.core import clock, roc
from app.models.application import Application, CorrectionNotice
from app.models.audit import Step
from app.models.doubt import DoubtAnswer
from app.models.exchange import Batch
from app.models.payment import PaymentLine
from app.models.user import User

from .training_results import passed_by

MONTHS = 12


@dataclass(frozen=True)
class Count:
    """What went wrong, of how many."""

    wrong: int = 0
    of: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.wrong + other.wrong, self.of + other.of)

    @property
    def rate(self) -> float | None:
        return self.wrong / self.of if self.of else None

    @property
    def text(self) -> str:
        return f"{self.wrong:,}／{self.of:,}（{self.rate:.1%}）" if self.rate is not None else "－"


@dataclass
class OfficeEffect:
    """One place: its months with a count per measure, who passed when, and the sums before and since the first passing."""

    place: str
    months: dict[int, dict[str, Count]] = field(default_factory=dict)
    passed: dict[int, int] = field(default_factory=dict)

    @property
    def first_passed(self) -> int | None:
        return min(self.passed, default=None)

    def total(self, measure: str, since: bool) -> Count:
        """All months before the first passing, or from it on."""
        edge = self.first_passed
        return sum((c.get(measure, Count()) for m, c in self.months.items() if edge is not None and (m >= edge) is since), Count())


def _month(day: Any) -> Any:
    """The month number. Its figures stand in the text: PostgreSQL takes two parameters of one value for two expressions to group by."""
    return cast(extract("year", day) * literal_column("12") + extract("month", day) - literal_column("1"), Integer)


def _by(place: Any, day: Any, count: Any, since: dt.date) -> Select[Any]:
    return select(place, _month(day), count).where(day >= since).group_by(place, _month(day))


def _steps(moves: Iterable[str], since: dt.date) -> Select[Any]:
    return (
        _by(Application.town_code, Step.at, func.count(), since)
        .join(Step, (Step.subject_id == Application.id) & (Step.subject_table == "application"))
        .where(Step.move.in_(tuple(moves)))
    )


def measures(since: dt.date) -> dict[str, tuple[str, Select[Any], Select[Any]]]:
    """code → (label, what went wrong, of how many)."""
    earlier, later = DoubtAnswer, aliased(DoubtAnswer)
    reversed_ = (later.doubt_id == earlier.doubt_id) & (later.id > earlier.id) & (later.outcome != earlier.outcome)
    uploads = _by(Batch.county_code, Batch.received_at, func.count(), since).where(Batch.received_by_id.is_not(None))
    lines = _by(PaymentLine.town_code, PaymentLine.result_at, func.count(), since)
    answers = _by(earlier.county_code, earlier.answered_at, func.count(earlier.id.distinct()), since)
    return {
        "corrections": (
            "收件後補正", _by(CorrectionNotice.town_code, CorrectionNotice.issued_on, func.count(), since),
            _by(Application.town_code, Application.received_on, func.count(), since).where(Application.state != "draft"),
        ),
        "returned": ("複審退回", _steps(("return_to_township",), since), _steps(("forward", "forward_to_decide"), since)),
        "uploads": ("上傳被退", uploads.where(Batch.state == "rejected"), uploads),
        "transfers": ("撥款退匯", lines.where(PaymentLine.return_code.is_not(None)), lines),
        "answers": ("答復後來更改", answers.join(later, reversed_), answers),
    }  # fmt: skip


LABELS = {code: label for code, (label, _, _) in measures(dt.date(2000, 1, 1)).items()}


def effect(session: Session, people: Iterable[User], today: dt.date | None = None) -> list[OfficeEffect]:
    """The places of the asker's scope that did anything in the last MONTHS months, by code; `people`: whose passing is marked."""
    last = roc.month_of(today or clock.today())
    since = roc.first_day(last - MONTHS + 1)
    counts: dict[str, dict[int, dict[str, Count]]] = defaultdict(lambda: defaultdict(dict))
    for code, (_label, wrong, of) in measures(since).items():
        for statement, make in ((of, lambda n: Count(0, n)), (wrong, lambda n: Count(n, 0))):
            for place, month, number in session.execute(statement):
                here = counts[place][month]
                here[code] = here.get(code, Count()) + make(number)
    people = list(people)
    done = passed_by(session, people)
    passed: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for user in people:
        place = (user.office.town_code or user.office.county_code or "") if user.office else ""
        for at in done[user.id].values():
            passed[place][roc.month_of(clock.to_taipei(at).date())] += 1
    return [
        OfficeEffect(place, {m: dict(counts[place].get(m, {})) for m in range(last - MONTHS + 1, last + 1)}, dict(passed[place]))
        for place in sorted(set(counts) | {p for p in passed if p})
    ]
