"""Casework of the benefits, from the counter to 核定: intake, documents, review, changes."""

from . import changes, documents, exclusions, intake, review

__all__ = ["changes", "documents", "exclusions", "intake", "review"]
