"""No setting of the match is put in force untried: a proposal needs a finished replay, once anything has been matched."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.matching.rule_settings import rule_settings
from app.models.exclusion import ExclusionPair
from app.models.match_replay import MatchReplay
from app.models.match_run import MatchRun
from app.models.parameter import Parameter


def replay_needed(session: Session, row: ExclusionPair | Parameter) -> str | None:
    """Why a proposal may not be put in force yet, in words; None when it has been replayed, is no setting of the match, or nothing has been
    matched so far."""
    if isinstance(row, Parameter) and row.name not in rule_settings():
        return None
    column = MatchReplay.pair_id if isinstance(row, ExclusionPair) else MatchReplay.parameter_id
    if session.scalar(select(MatchReplay.id).where(column == row.id, MatchReplay.finished_at.is_not(None)).limit(1)) is not None:
        return None
    extents = or_(MatchRun.extent == "", MatchRun.extent == row.county_code) if row.county_code else MatchRun.extent == ""
    if session.scalar(select(MatchRun.id).where(MatchRun.state == "done", extents).limit(1)) is None:
        return None
    return "啟用前要先試算：請在這一頁選已比對的月份按「試算」，看過會多出、會少掉哪些疑義之後再核准"
