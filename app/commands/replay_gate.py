"""No setting of the match is put in force untried: a proposed pair needs a finished replay, once anything has been matched."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models.exclusion import ExclusionPair
from app.models.match_replay import MatchReplay
from app.models.match_run import MatchRun


def replay_needed(session: Session, pair: ExclusionPair) -> str | None:
    """Why a proposed pair may not be put in force yet, in words; None when it has been replayed or nothing has been matched so far."""
    if session.scalar(select(MatchReplay.id).where(MatchReplay.pair_id == pair.id, MatchReplay.finished_at.is_not(None)).limit(1)) is not None:
        return None
    extents = or_(MatchRun.extent == "", MatchRun.extent == pair.county_code) if pair.county_code else MatchRun.extent == ""
    if session.scalar(select(MatchRun.id).where(MatchRun.state == "done", extents).limit(1)) is None:
        return None
    return "啟用前要先試算：請在這一頁選已比對的月份按「試算」，看過會多出、會少掉哪些疑義之後再核准"
