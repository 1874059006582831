"""身心障礙者資料管理: 核定 issues the card."""

from app.commands.register.cards import issue as decided

__all__ = ["decided"]
