"""A case for a citizen to ask about: made as the offices make it."""

from tests.casework.conftest import county_settings, desk

__all__ = ["county_settings", "desk"]
