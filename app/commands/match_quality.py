"""How good the match was, per county and month: precision, estimated recall, days until an answer, what was not checked."""

from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.matching.precision import wilson
from app.matching.sampling import Recall
from app.models.doubt import Doubt, DoubtAnswer, DoubtSighting
from app.models.match_run import MatchRun

from .match_rules import rule_figures
from .match_statistics import not_checked
from .sampling import SampleFigures, recall_of, sample_figures


@dataclass
class Quality:
    """One county's month. Doubts of the grades A and B, counted once under the month they were first listed; C asks for information. `days`:
    from the match that listed a doubt to its first answer. `unchecked`: reasons why rules were not asked."""

    month: int
    county: str
    sent: int = 0
    answered: int = 0
    confirmed: int = 0
    days: list[float] = field(default_factory=list)
    sample: SampleFigures | None = None
    unchecked: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """Confirmed among answered (0–1); None when nothing was answered."""
        return self.confirmed / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson interval of the precision."""
        return wilson(self.confirmed, self.answered)

    @property
    def recall(self) -> Recall | None:
        """Estimated from the random sample; None when nothing of it has been looked at."""
        return recall_of([self.sample]) if self.sample else None

    @property
    def days_to_answer(self) -> float | None:
        """The median in days; None when nothing was answered."""
        return median(self.days) if self.days else None


def quality_rows(session: Session, first: int, last: int) -> list[Quality]:
    """Every county and month from `first` to `last` that was matched, within the scope in force; latest month first."""
    out: dict[tuple[int, str], Quality] = {}

    def of(month: int, county: str) -> Quality:
        return out.setdefault((month, county), Quality(month, county))

    for f in rule_figures(session):
        if first <= f.month <= last and f.grade != "C":
            q = of(f.month, f.county)
            q.sent, q.answered, q.confirmed = q.sent + f.sent, q.answered + f.answered, q.confirmed + f.confirmed
    for s in sample_figures(session, first, last):
        of(s.month, s.county).sample = s
    _days(session, out, first, last)
    matched = session.scalars(select(MatchRun.month).where(MatchRun.state == "done", MatchRun.month.between(first, last)).distinct())
    for month in matched:
        for county, reason in not_checked(session, month):
            of(month, county).unchecked.append(reason)
    return sorted(out.values(), key=lambda q: (-q.month, q.county))


def _days(session: Session, out: dict[tuple[int, str], Quality], first: int, last: int) -> None:
    listed = (
        select(DoubtSighting.doubt_id, func.min(MatchRun.finished_at).label("at"))
        .join(MatchRun, MatchRun.id == DoubtSighting.run_id)
        .group_by(DoubtSighting.doubt_id)
        .subquery()
    )
    answered = select(DoubtAnswer.doubt_id, func.min(DoubtAnswer.answered_at).label("at")).group_by(DoubtAnswer.doubt_id).subquery()
    rows = session.execute(
        select(Doubt.first_month, Doubt.county_code, listed.c.at, answered.c.at)
        .join(listed, listed.c.doubt_id == Doubt.id)
        .join(answered, answered.c.doubt_id == Doubt.id)
        .where(Doubt.first_month.between(first, last), Doubt.mirror.is_(False), Doubt.grade != "C")
    )
    for month, county, found, said in rows:
        if (month, county) in out and said >= found:  # a later match of the month does not make an answer early
            out[month, county].days.append((said - found).total_seconds() / 86_400)
