"""停車位識別證: 核定 makes the permit."""

from app.commands.register.permits import issue as decided

__all__ = ["decided"]
