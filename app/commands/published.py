"""The published statistics of ROC 98 (審計部與監察院調查報告附表4), loaded as history."""

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.core import roc
from app.models.statistic import PublishedStatistic

from .reference import read_rows, reference_loader

FIGURES = ("submitted", "doubtful", "county_defined", "overpaid_count", "overpaid_amount")


@reference_loader
def load_published(session: Session) -> None:
    """Load the 571 published rows once."""
    if session.scalar(select(func.count()).select_from(PublishedStatistic)):
        return
    rows = [
        {
            "month": roc.parse_month(row["month"]),
            "county_code": row["county_code"],
            "data_kind": row["data_kind"],
            **{name: int(row[name]) if row[name] else None for name in FIGURES},
        }
        for row in read_rows("published_statistics.csv")
    ]
    session.execute(insert(PublishedStatistic), rows)
