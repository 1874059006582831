"""停車位識別證: 核定 makes the permit, and the notice speaks of the permit."""

from app.commands.register.permits import issue as decided
from app.models.application import Application
from app.models.decision import Decision

__all__ = ["decided", "notice_values"]


def notice_values(application: Application, decision: Decision) -> dict[str, str | None]:
    """A permit has a validity; nothing is paid, so nothing is said of months."""
    return {"給付項目": "身心障礙者專用停車位識別證", "起月": None, "迄月": None}
