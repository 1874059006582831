"""How right each rule version was: what was sent, what the counties answered, what was confirmed and recovered. One grouped query."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.matching.precision import wilson
from app.models.doubt import Doubt, DoubtAnswer
from app.models.overpayment import Overpayment

OVERPAID: Final = ("overpaid", "already_recovered")
"""Answers that say there was an overpayment: found now, or known and taken back before."""
STOPPED: Final = ("stopped_no_overpayment",)
DATA: Final = ("our_data_error",)
"""Confirms a doubt of grade C, which asks about the data; a doubt about a payment it does not."""
SHARED: Final = 2
"""So many answers must have given a free text before it is shown: a sentence that several share names nobody."""
RuleKey = tuple[str, int, str]


@dataclass
class Figures:
    """Doubts of one rule version and grade, counted once each, under the month they were first listed. The last answer to a doubt counts;
    a waiting one is neither right nor wrong. `recovered`: NTD that came back of the claims these answers opened. `seconds`: spent on `timed` answers given on the doubt's own page."""

    rule: str
    version: int
    grade: str
    county: str = ""
    source: str = ""
    month: int = 0
    sent: int = 0
    answered: int = 0
    overpaid: int = 0
    stopped: int = 0
    data: int = 0
    shadow: int = 0
    amount: int = 0
    recovered: int = 0
    seconds: int = 0
    timed: int = 0

    @property
    def key(self) -> RuleKey:
        return self.rule, self.version, self.grade

    @property
    def waiting(self) -> int:
        return self.sent - self.answered

    @property
    def confirmed(self) -> int:
        return self.overpaid + self.stopped + self.data

    @property
    def precision(self) -> float | None:
        """Confirmed among answered (0–1); None when nothing was answered."""
        return self.confirmed / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson interval of the precision."""
        return wilson(self.confirmed, self.answered)

    @property
    def minutes(self) -> float | None:
        """Minutes from opening a doubt to answering it, on average; None when no answer was timed."""
        return self.seconds / self.timed / 60 if self.timed else None


SUMS: Final = tuple(f.name for f in fields(Figures))[6:]


def _count(*conditions: Any) -> Any:
    return func.sum(case((and_(*conditions), 1), else_=0))


def rule_figures(session: Session, rule: str | None = None, version: int | None = None, grade: str | None = None) -> list[Figures]:
    """The figures by rule, version, grade, county, source and first month, within the scope in force. The mirror of a pair is the same doubt
    told twice and is not counted; a doubt that a corrected roster took back unanswered was never one."""
    last = select(func.max(DoubtAnswer.id)).group_by(DoubtAnswer.doubt_id, DoubtAnswer.run_month)
    money = (
        select(
            DoubtAnswer.doubt_id,
            func.sum(case((Overpayment.state == "dropped", 0), else_=DoubtAnswer.overpaid_amount)).label("amount"),
            func.sum(Overpayment.repaid).label("recovered"),
        )
        .outerjoin(Overpayment, Overpayment.id == DoubtAnswer.overpayment_id)
        .where(DoubtAnswer.id.in_(last), DoubtAnswer.outcome == "overpaid")
        .group_by(DoubtAnswer.doubt_id)
        .subquery()
    )
    spent = (
        select(DoubtAnswer.doubt_id, func.sum(DoubtAnswer.seconds_spent).label("seconds"), func.count(DoubtAnswer.seconds_spent).label("timed"))
        .where(DoubtAnswer.seconds_spent.is_not(None))
        .group_by(DoubtAnswer.doubt_id)
        .subquery()
    )
    answered = Doubt.outcome.is_not(None)
    sent = or_(Doubt.state.in_(("open", "answered")), answered)
    by = (Doubt.rule_code, Doubt.rule_version, Doubt.grade, Doubt.county_code, Doubt.counterpart_source, Doubt.first_month)
    found = (
        select(
            *by,
            _count(sent),
            _count(answered),
            _count(Doubt.outcome.in_(OVERPAID)),
            _count(Doubt.outcome.in_(STOPPED)),
            _count(Doubt.outcome.in_(DATA), Doubt.grade == "C"),
            _count(Doubt.state == "shadow", ~answered),
            func.coalesce(func.sum(money.c.amount), 0),
            func.coalesce(func.sum(money.c.recovered), 0),
            func.coalesce(func.sum(spent.c.seconds), 0),
            func.coalesce(func.sum(spent.c.timed), 0),
        )
        .outerjoin(money, money.c.doubt_id == Doubt.id)
        .outerjoin(spent, spent.c.doubt_id == Doubt.id)
        .where(Doubt.mirror.is_(False), or_(sent, Doubt.state == "shadow"))
        .group_by(*by)
        .order_by(*by)
    )
    for column, value in ((Doubt.rule_code, rule), (Doubt.rule_version, version), (Doubt.grade, grade)):
        if value is not None:
            found = found.where(column == value)
    return [Figures(*row[:6], *(int(n) for n in row[6:])) for row in session.execute(found)]  # PostgreSQL's sums are decimals


def added_up(rows: Iterable[Figures], by: Callable[[Figures], Any]) -> dict[Any, Figures]:
    """The figures summed by whatever `by` says of a row."""
    out: dict[Any, Figures] = {}
    for row in rows:
        total = out.setdefault(by(row), Figures(row.rule, row.version, row.grade))
        for name in SUMS:
            setattr(total, name, getattr(total, name) + getattr(row, name))
    return out


def measured(rows: Iterable[Figures]) -> dict[RuleKey, tuple[int, int]]:
    """Confirmed and answered by rule version and grade."""
    return {key: (f.confirmed, f.answered) for key, f in added_up(rows, lambda r: r.key).items()}


@dataclass(frozen=True)
class Reason:
    """A reason counties gave for "no overpayment", and how often."""

    text: str
    count: int


def top_reasons(session: Session, rule: str, version: int, grade: str, limit: int = 8) -> Sequence[Reason]:
    """The commonest reasons for "no overpayment" among the last answers: the code, else the text when several answers share it."""
    last = select(func.max(DoubtAnswer.id)).group_by(DoubtAnswer.doubt_id)
    said = case((DoubtAnswer.reason_code != "", DoubtAnswer.reason_code), else_=DoubtAnswer.reason)
    rows = session.execute(
        select(said, func.count(), func.max(DoubtAnswer.reason_code))
        .join(Doubt, Doubt.id == DoubtAnswer.doubt_id)
        .where(
            DoubtAnswer.id.in_(last), DoubtAnswer.outcome == "no_overpayment", Doubt.mirror.is_(False),
            Doubt.rule_code == rule, Doubt.rule_version == version, Doubt.grade == grade,
        )
        .group_by(said)
        .order_by(func.count().desc(), said)
    ).all()  # fmt: skip
    shown = [Reason(text, count) for text, count, code in rows if text and (code or count >= SHARED)]
    rest = sum(count for text, count, code in rows if not (text and (code or count >= SHARED)))
    return [*shown[:limit], *([Reason("其他（各別敘述）", rest + sum(r.count for r in shown[limit:]))] if rest or len(shown) > limit else [])]
