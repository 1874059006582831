"""The rules as delivered, and versions that may take their place. A new rule is a new declared object in one of these files; nothing else changes."""

from collections.abc import Mapping
from typing import Final

from . import card, facts, pairs, residence, shape
from .base import HARD, INFO, LETTER, LIKELY, Rule

RULES: Final[Mapping[str, Rule]] = {
    r.code: r for r in sorted((*facts.RULES, *residence.RULES, *card.RULES, *pairs.RULES, *shape.RULES), key=lambda r: r.strength)
}

VERSIONS: Final[Mapping[str, tuple[Rule, ...]]] = {
    code: (rule, *(candidate for candidate in pairs.CANDIDATES if candidate.code == code)) for code, rule in RULES.items()
}
"""Every version of a rule the product knows: the one it is delivered with, and candidates."""

__all__ = ["HARD", "INFO", "LETTER", "LIKELY", "RULES", "VERSIONS", "Rule"]
