"""The disability register and the parking permits: what approvals, commands, deliveries and the night write on each holder's timeline."""

from . import assessments, cards, dependants, permits, prefill, problems, watch

__all__ = ["assessments", "cards", "dependants", "permits", "prefill", "problems", "watch"]
