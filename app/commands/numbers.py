"""Running numbers without gaps or doubles, taken inside the command's transaction."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models.series import Series


def take(session: Session, key: str, count: int = 1) -> int:
    """The first of `count` fresh numbers of a series, starting at 1. Holds the series' row until the transaction ends."""
    won = session.execute(update(Series).where(Series.key == key).values(last=Series.last + count).execution_options(synchronize_session=False))
    if won.rowcount == 0:  # type: ignore[attr-defined]
        session.add(Series(key=key, last=count))
        session.flush()
        return 1
    last = session.execute(select(Series.last).where(Series.key == key)).scalar_one()
    return last - count + 1
