"""The demo county: 新竹縣 with invented people, cases in every state and several months of payments, made by a seeded generator."""

from .accounts import ACCOUNTS
from .filling import DEFAULT_HOUSEHOLDS, DEFAULT_SEED, fill

__all__ = ["ACCOUNTS", "DEFAULT_HOUSEHOLDS", "DEFAULT_SEED", "fill"]
