"""身心障礙者資料管理: 核定 issues the card, and the notice speaks of the card."""

from app.commands.register.cards import issue as decided
from app.models.application import Application
from app.models.decision import Decision

__all__ = ["decided", "notice_values"]


def notice_values(application: Application, decision: Decision) -> dict[str, str | None]:
    """A card has a validity; nothing is paid, so nothing is said of months."""
    return {"給付項目": "身心障礙證明", "起月": None, "迄月": None}
