"""The rules in force. A new rule is a new declared object in one of these files; nothing else changes."""

from collections.abc import Mapping
from typing import Final

from . import card, facts, pairs, residence, shape
from .base import HARD, INFO, LETTER, LIKELY, Rule

RULES: Final[Mapping[str, Rule]] = {
    r.code: r for r in sorted((*facts.RULES, *residence.RULES, *card.RULES, *pairs.RULES, *shape.RULES), key=lambda r: r.strength)
}

__all__ = ["HARD", "INFO", "LETTER", "LIKELY", "RULES", "Rule"]
